"""What of a header stayed after it was de-identified: a second look, by other rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from companion.data._allowed import WORDS

if TYPE_CHECKING:
    import pydicom


class Residue(NamedTuple):
    """A value that should have gone, without the value.

    Attributes
    ----------
    was : str
        Where it stood in the original: keywords and item numbers from the top.
    found : str
        Where it stands in the result.
    """

    was: str
    found: str


_TEXTS = ("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT", "DA", "DT", "TM", "UI")
_CODED = {word for words in WORDS.values() for word in words}
_SHORT = 4  # shorter texts are everywhere


def residual(original: pydicom.Dataset, result: pydicom.Dataset) -> list[Residue]:
    """Find texts, dates and identifiers of the original that stand anywhere in the result.

    Searched for are all values of text, of persons' names also each part, of dates, times and
    UIDs that are not the standard's own, and whatever private attributes hold; at any depth,
    in the file meta information too, and inside longer texts or bytes, pixels included. Values
    of fewer than four characters are not searched for, nor numbers and coded words, which say
    nothing alone: a private "AXIAL" is no residue.

    Parameters
    ----------
    original, result : pydicom.Dataset
        Before and after.

    Returns
    -------
    list of Residue
        What stayed, and where; empty if nothing was found, which is no proof.

    See Also
    --------
    deidentify : Makes the result.

    Examples
    --------
    >>> from companion.data import deidentify
    >>> from pydicom import dcmread
    >>> from pydicom.data import get_testdata_file
    >>> original = dcmread(get_testdata_file("CT_small.dcm"))
    >>> residual(original, deidentify(original, key=bytes(16)))
    []
    >>> len({residue.was for residue in residual(original, original)})
    48
    """
    places = [(where, _as_text(value)) for where, _, value in _walk(result)]
    found = []
    for where, element, value in _walk(original):
        for text in _identifying(element, value):
            # Digits count as a whole: a date is not found in the middle of a long number.
            edge = r"(?<!\d){}(?!\d)" if text.isdigit() else "{}"
            pattern = re.compile(edge.format(re.escape(text)), re.IGNORECASE)
            found += [Residue(where, place) for place, text in places if pattern.search(text)]
    return list(dict.fromkeys(found))


def _walk(dataset, above="") -> Iterator[tuple]:
    """Yield each value with its element and its place, items of sequences and meta included."""
    meta = getattr(dataset, "file_meta", None)
    if meta is not None:
        yield from _walk(meta, "file meta / ")
    for tag in list(dataset.keys()):  # not its elements: one may fail to be read
        try:
            element = dataset[tag]
        except Exception:  # the raw bytes of what can't be parsed
            element = dataset.get_item(tag)
            yield f"{above}{tag}", element, element.value
            continue
        where = f"{above}{element.keyword or tag}"
        if element.VR == "SQ":
            for index, item in enumerate(element.value):
                yield from _walk(item, f"{where}[{index}] / ")
            continue
        value = element.value
        many = hasattr(value, "__iter__") and not isinstance(value, str | bytes | bytearray)
        for part in value if (many and element.VR != "PN") or element.VM > 1 else [value]:
            yield where, element, part


def _as_text(value):
    return value.decode("latin-1") if isinstance(value, bytes | bytearray) else str(value)


def _identifying(element, value):
    """Return the texts to search for of one value."""
    from pydicom.uid import UID

    private = element.tag.is_private and isinstance(value, str | bytes)
    if not (element.VR in _TEXTS or private) or value is None:
        return []
    text = _as_text(value).strip("\0 ")
    software = element.keyword == "ImplementationClassUID"
    if element.VR == "UI" and (software or UID(text).name != text):
        return []
    if element.VR != "PN" and text.upper() in _CODED:
        return []
    texts = {text} | (set(re.split(r"[\^= ]+", text)) if element.VR == "PN" else set())
    return [text for text in texts if len(text) >= _SHORT]
