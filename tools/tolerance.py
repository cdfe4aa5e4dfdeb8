"""Outputs of a cell held against the stored ones: text to the letter, numbers within a tolerance.

A cell tagged ``tolerance-0.02`` passes where every number b stands in the place of a stored
number a with ``|a - b| <= 0.02 * max(1, |a|)``: absolute below one, relative above.
So 0.94 may be 0.92 to 0.96, and 28 must be 28. NaN equals NaN only.
Text between the numbers must be the same; padding that depends on a number's width is left out.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from html.parser import HTMLParser

#: What a cell may be tagged with, beside ``tolerance-NUMBER``: a tag that is misspelt is an error.
TAGS = {
    "real-data", "warns", "raises-exception",
    "nbval-ignore-output", "nbval-check-output", "nbval-skip", "nbval-raises-exception",
    "hide-input", "hide-output", "hide-cell", "remove-input", "remove-output", "remove-cell",
    "scroll-output", "full-width", "tab-numpy", "tab-torch", "tab-keras",
    "tab-keras-torch",
}  # fmt: skip

#: Looked at, or different in each run: not compared.
NOT_COMPARED = re.compile(r"image/|application/vnd\.jupyter\.widget")

#: How Python shows a warning; what TensorFlow logs in C is none. That tqdm draws its bar as text
#: where ipywidgets is not installed, says pooch's import of it, depends on the reader's Jupyter.
WARNING = re.compile(r"^(?:.*\W)?\w*Warning: (?!IProgress not found).*$", re.M)

NUMBER = re.compile(
    r"(?:(?<![\w)\]])(?P<sign>[-+\u2212]))?"  # the hyphen of 3-5 or a-1 is text
    r"(?:(?<!\w)|(?<=\d[x×]))"  # the 2 of conv2d is text, 28x28 are two numbers
    r"(?P<size>(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
    r"|(?:nan|NaN|inf|Inf)(?!\w))"
)
#: Rules of tables are as long as their columns are wide.
RULE = re.compile(r"([-=─━═])\1+")
BLANKS = re.compile(r"[ \t]+")
AROUND_LINES = re.compile(r" ?\n ?")
BEFORE_CLOSING = re.compile(r" (?=[\])}|])")


def tolerance_of(tags: Iterable[str]) -> float | None:
    """Return the tolerance that a cell's tags ask for, or None; an unknown tag is an error."""
    tags, found = list(tags), []
    for tag in tags:
        number = tag.removeprefix("tolerance-")
        if re.fullmatch(r"\d*\.?\d+(e-\d+)?", number) and number != tag:
            if not 0 < float(number) < 1:
                raise ValueError(f"the tag {tag!r} must name a number between 0 and 1")
            found.append(float(number))
        elif tag not in TAGS:
            raise ValueError(
                f"unknown tag {tag!r}: not tolerance-NUMBER, nor any of {sorted(TAGS)}"
            )
    if len(found) > 1:
        raise ValueError(f"one tolerance a cell, got the tags {tags}")
    if found and "nbval-ignore-output" in tags:
        raise ValueError(f"a cell that is ignored needs no tolerance, got the tags {tags}")
    return found[0] if found else None


def warning_in(outputs: Iterable[dict]) -> str | None:
    """Return the first Python warning among a cell's outputs on stderr, or None."""
    for output in outputs:
        if output["output_type"] == "stream" and output["name"] == "stderr":
            found = WARNING.search(output["text"])
            if found:
                return found[0].strip()
    return None


def difference(
    stored: Iterable[dict],
    new: Iterable[dict],
    tolerance: float | None,
    clean: Callable[[str], str] = str,
) -> str | None:
    """Say where a cell's new outputs differ from the stored ones; None if they agree."""
    before, now = _texts(stored, clean), _texts(new, clean)
    for kind in sorted(before.keys() | now.keys()):
        old_texts, new_texts = before.get(kind, []), now.get(kind, [])
        if len(old_texts) != len(new_texts):
            return f"{kind}: {len(old_texts)} outputs stored, {len(new_texts)} computed"
        for old, text in zip(old_texts, new_texts, strict=True):
            if tolerance is None:
                found = None if old == text else _quote("stored", old, "computed", text)
            else:
                found = text_difference(_visible(kind, old), _visible(kind, text), tolerance)
            if found:
                return f"{kind}: {found}"
    return None


def text_difference(stored: str, new: str, tolerance: float) -> str | None:
    """Say where two texts differ by more than their numbers' tolerance; None if they agree."""
    old_words, old_numbers = _parts(stored)
    new_words, new_numbers = _parts(new)
    words = zip(old_words, new_words, strict=False)  # the count of numbers is looked at below
    for place, (old, word) in enumerate(words):
        if old != word:
            return f"after {place} numbers " + _quote("stored", old, "computed", word)
        if place < min(len(old_numbers), len(new_numbers)):
            pair = old_numbers[place], new_numbers[place]
            if not _close(*pair, tolerance):
                written = [f"{sign}{size}" for sign, size in pair]
                return (
                    f"number {place + 1}: stored {written[0]}, computed {written[1]}, "
                    f"tolerance {tolerance:g}, after {old[-40:]!r}"
                )
    if len(old_numbers) != len(new_numbers):
        return f"{len(old_numbers)} numbers stored, {len(new_numbers)} computed"
    return None


def _close(stored, new, tolerance):
    """A plus that is written out stays so, unless the number turned negative."""
    if ("+" in (stored[0], new[0])) and stored[0] != new[0] and "" in (stored[0], new[0]):
        return False
    a, b = (_value(*number) for number in (stored, new))
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b):
        return a == b
    # Decimal numbers such as 0.94 and 0.92 are no exact sums of powers of two.
    return abs(a - b) <= tolerance * max(1.0, abs(a)) + 1e-12


def _value(sign, size):
    return float(size.replace(",", "")) * (1 if sign in ("", "+") else -1)


def _parts(text):
    """Split a text into what stands between the numbers, and the numbers as (sign, size)."""
    words, numbers, end = [], [], 0
    for found in NUMBER.finditer(text):
        words.append(_unpadded(text[end : found.start()]).removesuffix(" "))
        numbers.append((found["sign"] or "", found["size"]))
        end = found.end()
    words.append(_unpadded(text[end:]))
    words[0] = words[0].removeprefix(" ")
    words[-1] = words[-1].rstrip()
    return words, numbers


def _unpadded(text):
    text = BLANKS.sub(" ", RULE.sub(r"\1\1", text))
    return BEFORE_CLOSING.sub("", AROUND_LINES.sub("\n", text))


def _texts(outputs, clean):
    """Gather what is compared by kind, in order; printed text that came in parts is joined."""
    found, printed = defaultdict(list), ""
    for output in outputs:
        if output["output_type"] == "stream":
            printed += output["text"] if output["name"] == "stdout" else ""
        elif output["output_type"] == "error":
            found["error"].append(f"{output['ename']}: {clean(output['evalue'])}")
        else:
            for kind, content in output["data"].items():
                if not NOT_COMPARED.match(kind):
                    found[kind].append(clean(content) if isinstance(content, str) else str(content))
    if printed:
        found["stdout"].append(clean(printed))
    return found


def _visible(kind, text):
    """Return what is shown of an HTML output, one element a line; other texts as they are."""
    if kind != "text/html":
        return text
    shown = _Shown()
    shown.feed(text)
    shown.close()
    return "\n".join(shown.parts)


class _Shown(HTMLParser):
    """Keeps elements, what they hold and where they lead; leaves out how they are styled."""

    KEPT = ("href", "src", "alt", "title", "colspan", "rowspan")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts, self.unseen = [], 0

    def handle_starttag(self, tag, attrs):
        self.unseen += tag in ("style", "script")
        kept = "".join(f" {name}={value}" for name, value in attrs if name in self.KEPT)
        self.parts.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag):
        self.unseen -= tag in ("style", "script")
        self.parts.append(f"</{tag}>")

    def handle_data(self, data):
        if data.strip() and not self.unseen:
            self.parts.append(data.strip())


def _quote(*names_and_texts):
    return "\n".join(
        f"{name} {text[:1500]!r}"
        for name, text in zip(names_and_texts[::2], names_and_texts[1::2], strict=True)
    )
