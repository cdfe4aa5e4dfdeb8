"""From stored numbers to values, and from values to grey: what a DICOM file says about both."""

from __future__ import annotations

import math
import re

import numpy as np


class ImageFormatError(ValueError):
    """A file is not an image that can be shown to a model; the message says what it is."""


def get(dataset, keyword):
    """Return what an attribute holds, or None where it is absent or empty."""
    try:
        value = dataset.get(keyword)
    except Exception as problem:  # an attribute is parsed when it is asked for, and may be broken
        raise ImageFormatError(f"{keyword} can't be read: {problem}") from problem
    empty = value is None or (hasattr(value, "__len__") and len(value) == 0)
    return None if empty else value


def number(dataset, keyword):
    """Return the first number of an attribute, which must be there and finite."""
    value = get(dataset, keyword)
    if value is None:
        state = "empty" if keyword in dataset else "missing"
        raise ImageFormatError(f"{keyword} is {state}, expected a number")
    try:
        found = float(value if isinstance(value, str) else np.ravel(value)[0])
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise ImageFormatError(f"{keyword} is {value}, expected a finite number")
    return found


def coded(value):
    """Return a coded word as the standard writes it; of anything else only that it is none."""
    return str(value) if re.fullmatch("[A-Z0-9_ ]{1,16}", str(value)) else "not a coded word"


def stored_range(bits, signed):
    """Return the least and the greatest number that so many bits can hold."""
    return (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if signed else (0.0, 2.0**bits - 1)


def padding_mask(cells, dataset, signed):
    """Return where the file says that there is no image (PS3.3 C.7.5.1.1.2)."""
    if get(dataset, "PixelPaddingValue") is None:
        if get(dataset, "PixelPaddingRangeLimit") is not None:
            raise ImageFormatError("PixelPaddingRangeLimit stands without a PixelPaddingValue")
        return np.zeros(cells.shape, bool)
    ends = [number(dataset, "PixelPaddingValue")]
    if get(dataset, "PixelPaddingRangeLimit") is not None:
        ends.append(number(dataset, "PixelPaddingRangeLimit"))
    # Writers often give the padding of signed pixels as an unsigned number, or the reverse.
    low, high = stored_range(8 * cells.dtype.itemsize, signed)
    ends = [end - (high - low + 1) * (end > high) + (high - low + 1) * (end < low) for end in ends]
    return (cells >= min(ends)) & (cells <= max(ends))


def rescale(stored, dataset, ends):
    """Apply the modality transform; return the values, the range they can have, and their units."""
    keywords = ("RescaleSlope", "RescaleIntercept")
    rescaled = any(keyword in dataset for keyword in keywords)
    if get(dataset, "ModalityLUTSequence") is not None:
        if rescaled:
            raise ImageFormatError("ModalityLUTSequence and RescaleSlope exclude each other")
        values, highest = _look_up(stored, dataset, "ModalityLUTSequence", ends)
        return values, (0.0, highest), "rescaled"
    if not rescaled:
        return stored.astype(np.float64), ends, "stored"
    slope, intercept = (number(dataset, keyword) for keyword in keywords)
    if slope == 0:
        raise ImageFormatError("RescaleSlope is 0, which leaves nothing of the image")
    low, high = sorted(end * slope + intercept for end in ends)
    return stored * slope + intercept, (low, high), "rescaled"


def to_grey(values, dataset, ends, window=None):
    """Map values to [0, 1]; return the grey, whether a window did it, and the window's ends."""
    if window is not None:
        center, width = window
        low, high = _ends(center, width, "LINEAR")
        return _ramp(values, low, high), True, (low, high)
    if get(dataset, "VOILUTSequence") is not None:
        found, highest = _look_up(values, dataset, "VOILUTSequence", ends)
        return found / highest, True, None
    if get(dataset, "WindowCenter") is None and get(dataset, "WindowWidth") is None:
        return _ramp(values, *ends), False, ends
    center, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    function = str(get(dataset, "VOILUTFunction") or "LINEAR").strip().upper()
    low, high = _ends(center, width, function)
    if function == "SIGMOID":  # 1 / (1 + exp(-4 z)), which does not overflow in this form
        return 0.5 + 0.5 * np.tanh(2 * (values - center) / width), True, None
    return _ramp(values, low, high), True, (low, high)


def _ends(center, width, function):
    """Return the values that a window maps to 0 and to 1 (PS3.3 C.11.2.1.2.1 and C.11.2.1.3)."""
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise ImageFormatError(
            f"VOILUTFunction is {coded(function)}, expected LINEAR, LINEAR_EXACT or SIGMOID"
        )
    if width <= 0 or (function == "LINEAR" and width < 1):
        least = "at least 1" if function == "LINEAR" else "above 0"
        raise ImageFormatError(f"WindowWidth is {width:g}, expected {least} for {function}")
    if function == "LINEAR":
        # A window of w whole numbers has w - 1 steps, and its middle lies half a step lower.
        center, width = center - 0.5, width - 1
    return center - width / 2, center + width / 2


def _ramp(values, low, high):
    if low == high:
        return (values > low).astype(np.float64)
    return np.clip((values - low) / (high - low), 0, 1)


def _look_up(values, dataset, keyword, ends):
    """Put values through the first table of a sequence; return them and the table's greatest."""
    item = get(dataset, keyword)[0]
    descriptor, data = get(item, "LUTDescriptor"), get(item, "LUTData")
    for name, found in (("LUTDescriptor", descriptor), ("LUTData", data)):
        if found is None:
            raise ImageFormatError(f"the item of {keyword} has no {name}")
    try:
        count, first, bits = (int(number) for number in descriptor)
    except (TypeError, ValueError):
        raise ImageFormatError(
            f"LUTDescriptor of {keyword} is {descriptor}, expected three numbers"
        ) from None
    count = count % 2**16 or 2**16
    if not 8 <= bits <= 16:
        raise ImageFormatError(f"{keyword} has entries of {bits} bits, expected 8 to 16")
    table = table_entries(data, count, bits, dataset)
    if len(table) != count:
        raise ImageFormatError(
            f"LUTData of {keyword} has {len(table)} entries, LUTDescriptor says {count}"
        )
    if table.max() >= 2**bits:
        raise ImageFormatError(
            f"LUTData of {keyword} reaches {table.max()}, more than {bits} bits can hold"
        )
    # The first value is signed where the input is, in whatever form it was written.
    if ends[0] < 0:
        first = (first + 2**15) % 2**16 - 2**15
    else:
        first %= 2**16
    rows = np.clip(np.rint(values).astype(np.int64) - first, 0, count - 1)
    return table[rows].astype(np.float64), 2.0**bits - 1


def table_entries(data, count, bits, dataset):
    """Return a table's entries, which are bytes, words, or two bytes in a word."""
    if isinstance(data, bytes):
        if bits == 8 and len(data) in (count, count + count % 2):
            return np.frombuffer(data, np.uint8)[:count]
        little = dataset.original_encoding[1] is not False
        return np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little else ">u2")
    table = np.atleast_1d(np.asarray(data)).astype(np.int64) % 2**16
    if bits == 8 and len(table) == (count + 1) // 2 < count:
        return table.astype("<u2").view(np.uint8)[:count]
    return table
