"""A moving ultrasound image from a DICOM file: its frames, when each was shown, and how large."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass

import numpy as np

from companion.data._dicom_file import count_frames, open_dataset
from companion.data._dicom_values import ImageFormatError, get, number

_MOST_VALUES = 2**29
_CENTIMETRES = 3
#: What each of red, green and blue adds to brightness (ITU-R BT.601).
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Cine:
    """Frames of a cine loop, cut to where the ultrasound image is.

    Attributes
    ----------
    frames : numpy.ndarray
        float32, (T, H, W), in [0, 1].
    time_s : numpy.ndarray
        float64, (T,): when each frame is shown, the first at 0.
    spacing_mm : tuple of float, or None
        Distance of rows and of columns, if the file says it in centimetres.
    """

    frames: np.ndarray
    time_s: np.ndarray
    spacing_mm: tuple[float, float] | None


def read_cine(path: str | os.PathLike) -> Cine:
    """Read the frames of an ultrasound cine loop, without the writing around the image.

    Parameters
    ----------
    path : path
        A DICOM file of several frames, grey or in colour.

    Returns
    -------
    Cine
        Frames, times, and the size of a pixel.

    Raises
    ------
    ImageFormatError
        If the file is no DICOM file, has one frame only, is no ultrasound image, does not say
        how long a frame is shown, or names not just one region of a two-dimensional image; or
        if the region lies outside the frame: then the calibration is of another size of it, as
        in a copy that was made smaller.

    References
    ----------
    DICOM PS3.3: C.7.6.5 (cine), C.8.5.5 (ultrasound regions).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> cine = read_cine(get_testdata_file("color3d_jpeg_baseline.dcm"))
    >>> cine.frames.shape, [round(side, 3) for side in cine.spacing_mm]
    ((120, 384, 512), [0.51, 0.51])
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's; what matters here is refused by name
            return _cine_of(open_dataset(path))
    except ImageFormatError as problem:
        raise ImageFormatError(f"{path}: {problem}") from problem.__cause__


def _cine_of(dataset):
    frames = count_frames(dataset)
    if frames < 2:
        raise ImageFormatError("has one frame, which does not move")
    modality = get(dataset, "Modality")
    if modality != "US":
        raise ImageFormatError(f"is {modality}, expected US, an ultrasound image")
    milliseconds = number(dataset, "FrameTime")
    if milliseconds <= 0:
        raise ImageFormatError(f"FrameTime is {milliseconds:g}, expected milliseconds above 0")
    rows, columns, spacing = _region(dataset)
    try:
        pixels = dataset.pixel_array
    except Exception as problem:  # each decoder raises its own for broken bytes
        raise ImageFormatError(f"its pixels can't be decoded: {problem}") from problem
    if pixels.dtype != np.uint8 or pixels.shape[0] != frames or pixels.ndim not in (3, 4):
        raise ImageFormatError(f"has {pixels.dtype} {pixels.shape}, expected {frames} of 8 bits")
    inside = pixels[:, rows, columns]
    grey = inside @ _GREY if inside.ndim == 4 else inside.astype(np.float32)
    times = np.arange(frames) * milliseconds / 1000
    return Cine((grey / 255).astype(np.float32), times, spacing)


def _region(dataset):
    """Return rows and columns of the only two-dimensional region, and the size of its pixels."""
    height, width = (int(number(dataset, name)) for name in ("Rows", "Columns"))
    if count_frames(dataset) * height * width * 3 > _MOST_VALUES:
        raise ImageFormatError(f"has {height} x {width} pixels in each frame, which is too many")
    regions = [
        region
        for region in get(dataset, "SequenceOfUltrasoundRegions") or ()
        if get(region, "RegionSpatialFormat") == 1
    ]
    if len(regions) != 1:
        raise ImageFormatError(f"names {len(regions)} regions of an image, expected one")
    region = regions[0]
    left, top, right, bottom = (
        number(region, f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    )
    if not (0 <= left < right and 0 <= top < bottom):
        raise ImageFormatError(f"its region is {left, top, right, bottom}, which is none")
    if right >= width or bottom >= height:
        raise ImageFormatError(
            f"its region ends at column {right:g} and row {bottom:g} of a frame of {width} x "
            f"{height}: the calibration is of another size"
        )
    rows, columns = slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1)
    return rows, columns, _spacing(region)


def _spacing(region):
    names = ("UnitsYDirection", "UnitsXDirection", "DeltaY", "DeltaX")
    names = [f"Physical{name}" for name in names]
    if any(get(region, name) is None for name in names):
        return None
    *units, down, right = (number(region, name) for name in names)
    if units != [_CENTIMETRES] * 2 or 0 in (down, right):
        return None
    return 10 * abs(down), 10 * abs(right)
