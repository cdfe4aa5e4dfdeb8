"""Where a picture lies and how large its pixels are, or why its file does not say so."""

from __future__ import annotations

import math

import numpy as np

from companion.data._dicom_values import ImageFormatError, get, number

#: How far a direction's length, or the angle of two, may be off: files write six digits or fewer.
_OFF = 1e-3
_PLANE, _CM = 1, 3  # PS3.3 C.8.5.5.1: a region that is an image in space; a unit of centimetres


class NotSaid(Exception):
    """What a file does not say, or says in a way that can't be used; the text is the reason."""


def numbers(dataset, keyword, count):
    """Return so many finite numbers of an attribute, or raise the reason why there are none."""
    found = get(dataset, keyword)
    if found is None:
        raise NotSaid(f"{keyword} is {'empty' if keyword in dataset else 'missing'}")
    try:
        parts = tuple(float(part) for part in found)
    except (TypeError, ValueError):
        raise ImageFormatError(f"{keyword} is {found}, expected {count} numbers") from None
    if len(parts) != count or not all(map(math.isfinite, parts)):
        raise NotSaid(f"{keyword} is {list(parts)}, expected {count} finite numbers")
    return parts


def orientation(dataset):
    """Return the direction cosines of a row and of a column: six, two perpendicular units."""
    found = numbers(dataset, "ImageOrientationPatient", 6)
    row, column = np.reshape(found, (2, 3))
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if max(abs(length - 1) for length in lengths) > _OFF or abs(row @ column) > _OFF:
        raise NotSaid(
            f"ImageOrientationPatient is {list(found)}, expected two perpendicular directions of "
            f"length 1"
        )
    return found


def position(dataset, frames):
    """Return where the centre of the first pixel lies, in mm."""
    found = numbers(dataset, "ImagePositionPatient", 3)
    if frames > 1:
        raise NotSaid(f"ImagePositionPatient is one position for {frames} frames")
    return found


def spacing(dataset, shape):
    """Return the distance of rows and of columns in mm, and the attribute that says it."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        if get(dataset, keyword) is None:
            continue
        steps = numbers(dataset, keyword, 2)
        if min(steps) <= 0:
            raise NotSaid(f"{keyword} is {list(steps)}, expected two numbers above 0")
        return steps, keyword
    if get(dataset, "SequenceOfUltrasoundRegions") is not None:
        return _ultrasound_spacing(dataset, shape), "SequenceOfUltrasoundRegions"
    raise NotSaid("neither PixelSpacing nor ImagerPixelSpacing is given")


def _ultrasound_spacing(dataset, shape):
    """Return the spacing of the one region in space that an ultrasound picture has."""
    regions = [
        region
        for region in get(dataset, "SequenceOfUltrasoundRegions")
        if get(region, "RegionSpatialFormat") == _PLANE
    ]
    steps = {_of_region(region, shape) for region in regions}
    if len(steps) != 1:
        raise NotSaid(
            f"SequenceOfUltrasoundRegions has {len(regions)} regions in space with {len(steps)} "
            f"different scales, expected one scale"
        )
    return steps.pop()


def _of_region(region, shape):
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1",
             "RegionLocationMaxY1")  # fmt: skip
    left, top, right, bottom = (number(region, name) for name in names)
    height, width = shape
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise NotSaid(
            f"SequenceOfUltrasoundRegions calibrates columns {left:g} to {right:g} and rows "
            f"{top:g} to {bottom:g}, the picture has {width} columns and {height} rows: the scale "
            f"is another picture's"
        )
    units = [get(region, f"PhysicalUnits{axis}Direction") for axis in "YX"]
    if units != [_CM, _CM]:
        raise NotSaid(f"SequenceOfUltrasoundRegions has units {units}, expected centimetres (3)")
    steps = tuple(10 * abs(number(region, f"PhysicalDelta{axis}")) for axis in "YX")
    if min(steps) <= 0:
        raise NotSaid(f"SequenceOfUltrasoundRegions has steps {list(steps)} mm, expected above 0")
    return steps
