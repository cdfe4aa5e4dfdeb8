"""A DICOM header without what points at a person, by a list of what may stay.

The standard's profile (PS3.15, annex E) lists what must go: several hundred attributes, more in
every edition, and none of a maker's private ones by name. A list of what may stay is short,
forgets nothing that is new, and can be read. Libraries exist that apply the profile and its
options (``deid``, ``idiscore``); pydicom itself has none. They are rules and settings to be
learned, and one of them is under the GPL; what is needed here are two pages, tested against the
profile's table.

Not solved here: what is drawn into the pixels (names in ultrasound, on screenshots), and a face,
which can be rendered from a CT or an MR of the head.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import os
import re
import tempfile
import uuid
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.data import _allowed as allowed
from companion.data import _allowed_copy as copying
from companion.data import _dicom_file as file
from companion.data._dicom_values import ImageFormatError, get
from companion.data.dicom import image_of

if TYPE_CHECKING:
    import pydicom

_DRAWN_INTO = ("US", "IVUS", "SC", "OT", "ES", "XC", "GM", "DOC")
_SCREENS = ("SCREEN SAVE", "SCREENSHOT", "SCREEN CAPTURE")
_TEN_YEARS = 3652  # days


def deidentify(
    source: pydicom.Dataset | str | os.PathLike,
    *,
    key: bytes,
    keep: Iterable[str] = (),
    burned_in: str = "refuse",
) -> pydicom.Dataset:
    """Return a new data set with the pixels, what is needed to read them, and nobody's name.

    Only listed attributes stay: numbers, words out of closed lists, tables. Identifiers (UIDs)
    and the patient's ID are replaced by keyed ones, so that with one key slices stay in their
    series and films with their patient. Dates are moved back by a number of whole days, the
    same for all of a patient's; times of day, which a moved date would betray, go. Private
    attributes, free text, comments, curves and overlays go, and so do overlays in the unused
    bits and whatever lies behind the pixels or inside a compressed stream: pixels are kept
    unpacked. The source is not changed.

    Parameters
    ----------
    source : pydicom.Dataset or path
        A data set or a file with an image.
    key : bytes
        At least 16 secret bytes. Who has them can tell which new name belongs to an old one; who
        loses them can't add a film to a patient any more.
    keep : iterable of str, optional
        Of "PatientAge", "PatientSex", "PatientSize", "PatientWeight" what to keep as well; ages
        above 89 years become 90.
    burned_in : {"refuse", "accept"}, optional
        What to do where names are often part of the pixels: ultrasound, secondary captures,
        endoscopy and photographs, or a header that says so. This function can't remove them.

    Returns
    -------
    pydicom.Dataset
        With its file meta information, as `write_dicom` writes it.

    Raises
    ------
    ImageFormatError
        If it is no image or can't be decoded, has no PatientID or SOPInstanceUID, or may have
        text burned in.
    ValueError
        If `key` is short, or `keep` or `burned_in` is none of those.

    See Also
    --------
    residual : Looks for what stayed.
    write_dicom : Writes the result.

    References
    ----------
    DICOM PS3.15, annex E: the Basic Application Level Confidentiality Profile, here with the
    option of modified dates.

    Examples
    --------
    >>> from pydicom import dcmread
    >>> from pydicom.data import get_testdata_file
    >>> original = dcmread(get_testdata_file("CT_small.dcm"))
    >>> result = deidentify(original, key=bytes(16))
    >>> len(original), len(result), str(original.PatientName), str(result.PatientName)
    (258, 51, 'CompressedSamples^CT1', '')
    >>> original.PatientID, result.PatientID, result.RescaleIntercept
    ('1CT1', '7be6ae234974c06b', '-1024.0')
    """
    from pydicom import Dataset

    keep = tuple(keep)
    if not isinstance(key, bytes) or len(key) < 16:
        raise ValueError("key must be at least 16 secret bytes, for instance secrets.token_bytes()")
    if not set(keep) <= set(allowed.ON_REQUEST):
        raise ValueError(f"keep may hold {', '.join(allowed.ON_REQUEST)}, got {', '.join(keep)}")
    if burned_in not in ("refuse", "accept"):
        raise ValueError(f'burned_in must be "refuse" or "accept", got {burned_in!r}')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of what is not kept anyway
        if isinstance(source, Dataset):
            return _deidentified(source, key, keep, burned_in)
        try:
            return _deidentified(file.open_dataset(source), key, keep, burned_in)
        except ImageFormatError as problem:
            raise ImageFormatError(f"{source}: {problem}") from problem.__cause__


def _deidentified(original, key, keep, burned_in):
    from pydicom import Dataset

    file.check_kind(original)
    file.check_pixels(original)
    kind = file.kind_of(original)
    if kind.name == str(kind):
        raise ImageFormatError("SOPClassUID is missing or none of the standard's")
    if burned_in == "refuse":
        _refuse_text_in_pixels(original)
    patient = str(get(original, "PatientID") or "").strip()
    if not patient:
        raise ImageFormatError("PatientID is missing or empty: all such patients would become one")
    result = Dataset()
    for keyword in allowed.EMPTIED:
        setattr(result, keyword, "")
    copying.copy_numbers(
        original, result, [name for group in allowed.NUMBERS.values() for name in group]
    )
    for keyword, words in allowed.WORDS.items():
        copying.copy_words(original, result, keyword, words)
    copying.copy_padding(original, result)
    copying.copy_sequences(original, result)
    copying.copy_characteristics(original, result, keep)
    for keyword in allowed.RENEWED:
        if get(original, keyword) is not None:
            setattr(result, keyword, _renewed(get(original, keyword), key))
    if "SOPInstanceUID" not in result:
        raise ImageFormatError("SOPInstanceUID is missing: the file can't be given a new one")
    result.SOPClassUID = kind
    back = datetime.timedelta(days=1 + _digest(key, "days", patient) % _TEN_YEARS)
    for keyword in allowed.SHIFTED:
        copying.shift_date(original, result, keyword, back)
    result.PatientID = f"{_digest(key, 'patient', patient):064x}"[:16]
    result.PatientIdentityRemoved = "YES"
    result.LongitudinalTemporalInformationModified = "MODIFIED"
    result.DeidentificationMethod = "Allow-list, keyed IDs and UIDs, dates shifted, pixels as is"
    copying.copy_pixels(original, result)
    if result.PhotometricInterpretation.startswith("MONOCHROME"):
        _check_same(original, result)
    return result


def _check_same(original, result):
    """Refuse what means another picture now, because an attribute was no number and left out."""
    before, after = (image_of(dataset, None, 0) for dataset in (original, result))
    same = np.array_equal(before.values, after.values, equal_nan=True)
    if not (same and np.array_equal(before.pixels, after.pixels)):
        raise ImageFormatError(
            "its values would be others without what is left out of its header, such as a table "
            "or a slope that can't be read"
        )


def _refuse_text_in_pixels(original):
    modality = str(get(original, "Modality") or "")
    kinds = get(original, "ImageType") or []
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    kind = file.kind_of(original).name
    reasons = [
        reason
        for reason, holds in (
            ("BurnedInAnnotation is YES", get(original, "BurnedInAnnotation") == "YES"),
            (f"the modality is {modality}", modality in _DRAWN_INTO),
            (f"it is a {kind}", re.search("Secondary Capture|Ultrasound", kind)),
            ("ImageType says that it is a screen", set(kinds) & set(_SCREENS)),
        )
        if holds
    ]
    if reasons:
        raise ImageFormatError(
            f"names may be part of its pixels ({'; '.join(reasons)}), where they are not removed: "
            f'look at every frame, then say burned_in="accept"'
        )


def _digest(key, purpose, text):
    """Return a number that only who has the key can find, and find again."""
    return int.from_bytes(hmac.digest(key, f"{purpose}\0{text}".encode(), hashlib.sha256), "big")


def _renewed(uid, key):
    """Return a UID made of a keyed digest, in the form that UIDs made of UUIDs have."""
    digest = _digest(key, "uid", str(uid).strip().strip("\0")).to_bytes(32, "big")
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"


def write_dicom(dataset: pydicom.Dataset, path: str | os.PathLike) -> Path:
    """Write a data set, beside its place first, and never over a file that is there.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With its file meta information, as `deidentify` returns it.
    path : path
        Where to write it, in a folder that exists.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    FileExistsError
        If something is there already, such as the original.

    See Also
    --------
    deidentify : Makes what is to be written.

    Examples
    --------
    >>> import tempfile
    >>> from pydicom.data import get_testdata_file
    >>> result = deidentify(get_testdata_file("CT_small.dcm"), key=bytes(16))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_dicom(result, Path(folder) / "a.dcm").stat().st_size > 2 * 128 * 128
    True
    """
    path = Path(path)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    os.close(handle)
    try:
        dataset.save_as(beside, enforce_file_format=True)
        os.link(beside, path)  # fails where a file is, which a move would replace
    finally:
        os.unlink(beside)
    return path
