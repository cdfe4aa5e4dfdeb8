"""Copying the listed attributes of a data set into a new one: each as what it must be, or not."""

from __future__ import annotations

import datetime
import re

import numpy as np

from companion.data import _allowed as allowed
from companion.data import _dicom_file as file
from companion.data._dicom_values import (
    ImageFormatError,
    coded,
    get,
    number,
    padding_mask,
    table_entries,
)

_OLDEST = 89  # years; an older age is rare enough to point at a person


def _values(dataset, keyword):
    """Return the values of an attribute as a list, none if they can't be read."""
    try:
        found = get(dataset, keyword)
    except ImageFormatError:
        return []
    if found is None:
        return []
    single = isinstance(found, str | bytes) or not hasattr(found, "__len__")
    return [found] if single else list(found)


def copy_numbers(original, result, keywords):
    """Copy what is a number in each of its values, and nothing that only looks like one."""
    from pydicom.datadict import dictionary_VR
    from pydicom.valuerep import DSfloat

    for keyword in keywords:
        try:
            numbers = [float(value) for value in _values(original, keyword)]
        except (TypeError, ValueError):
            continue
        if not numbers or not np.isfinite(numbers).all():
            continue
        kind = dictionary_VR(keyword)
        if kind == "DS":
            numbers = [DSfloat(value, auto_format=True) for value in numbers]
        elif kind not in ("FD", "FL"):
            if any(value != int(value) for value in numbers):
                continue
            numbers = [int(value) for value in numbers]
        setattr(result, keyword, numbers if len(numbers) > 1 else numbers[0])


def copy_words(original, result, keyword, words):
    """Copy an attribute's words up to the first that is not among those it may hold."""
    kept = []
    for word in _values(original, keyword):
        if word not in words:
            break
        kept.append(str(word))
    if kept:
        setattr(result, keyword, kept if len(kept) > 1 else kept[0])


def copy_padding(original, result):
    signed = result.get("PixelRepresentation") == 1
    for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        found = _values(original, keyword)
        if found and isinstance(found[0], int):
            value = found[0] % 2**16
            value -= 2**16 * (signed and value >= 2**15)
            result.add_new(keyword, "SS" if signed else "US", value)


def copy_sequences(original, result):
    from pydicom import Dataset

    for keyword in allowed.TABLES:
        tables = [_table(item) for item in _values(original, keyword)]
        if tables and None not in tables:
            setattr(result, keyword, tables)
    regions = []
    for item in _values(original, allowed.REGIONS):
        regions.append(Dataset())
        copy_numbers(item, regions[-1], allowed.REGION_NUMBERS)
    if regions:
        setattr(result, allowed.REGIONS, regions)


def _table(item):
    """Return a look-up table without its explanation; None if it is not one of numbers."""
    from pydicom import Dataset

    descriptor, data = _values(item, "LUTDescriptor"), _values(item, "LUTData")
    if len(descriptor) != 3 or not all(isinstance(part, int) for part in descriptor):
        return None
    data = data[0] if len(data) == 1 and isinstance(data[0], bytes) else data
    count = descriptor[0] % 2**16 or 2**16
    try:
        entries = table_entries(data, count, descriptor[2], item)
    except (TypeError, ValueError):
        return None
    if len(entries) != count:
        return None
    table = Dataset()
    table.add_new("LUTDescriptor", "SS" if descriptor[1] < 0 else "US", descriptor)
    table.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return table


def copy_characteristics(original, result, keep):
    """Copy what was asked for of the patient: numbers, a sex, an age that is not rare."""
    copy_numbers(
        original, result, [name for name in keep if name in ("PatientSize", "PatientWeight")]
    )
    if "PatientSex" in keep:
        copy_words(original, result, "PatientSex", allowed.SEXES)
    age = re.fullmatch(r"(\d{3})([YMWD])", str(get(original, "PatientAge") or ""))
    if "PatientAge" in keep and age:
        old = age[2] == "Y" and int(age[1]) > _OLDEST
        result.PatientAge = f"{_OLDEST + 1:03}Y" if old else age[0]


def shift_date(original, result, keyword, back):
    """Copy a date, moved back; what is no date is left out."""
    found = re.fullmatch(r"(\d{4})\.?(\d\d)\.?(\d\d)", str(get(original, keyword) or "").strip())
    try:
        day = datetime.date(*map(int, found.groups())) - back if found else None
    except (ValueError, OverflowError):
        return
    if day:
        setattr(result, keyword, f"{day:%Y%m%d}" if day.year > 999 else f"{day.year:04}{day:%m%d}")


def copy_pixels(original, result):
    """Copy what the pixels hold, unpacked, without what else their bytes may hide."""
    from pydicom import FileMetaDataset
    from pydicom.pixels import pixel_array
    from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, ExplicitVRLittleEndian

    photometric = result.get("PhotometricInterpretation")
    if photometric is None:
        raise ImageFormatError(
            f"is {coded(get(original, 'PhotometricInterpretation'))}, expected grey, RGB or YBR"
        )
    frames = file.count_frames(original)
    if photometric.startswith("MONOCHROME"):
        cells = np.stack([file.decode(original, frame, frames) for frame in range(frames)])
        signed = bool(number(original, "PixelRepresentation"))
        bits, high = (int(number(original, name)) for name in ("BitsStored", "HighBit"))
        padding = padding_mask(cells, original, signed)
        cells = file.cut_unused_bits(cells, bits, high)
        if (padding_mask(cells, result, signed) != padding).any():
            raise ImageFormatError("its padding is known by the unused bits, which are cut off")
    else:
        try:
            cells = pixel_array(original)
        except Exception as problem:  # each decoder raises its own
            raise ImageFormatError(f"its pixels can't be decoded: {problem}") from problem
        result.PhotometricInterpretation, result.PlanarConfiguration = "RGB", 0
    data = cells.astype(cells.dtype.newbyteorder("<")).tobytes()
    result.add_new(
        "PixelData", "OB" if cells.dtype.itemsize == 1 else "OW", data + b"\0" * (len(data) % 2)
    )
    result.file_meta = FileMetaDataset()
    result.file_meta.MediaStorageSOPClassUID = result.SOPClassUID
    result.file_meta.MediaStorageSOPInstanceUID = result.SOPInstanceUID
    result.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    result.file_meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
