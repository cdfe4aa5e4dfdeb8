"""A DICOM file as a float image, with what is needed to read it rightly."""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from companion.data._dicom_values import (
    ImageFormatError,
    get,
    number,
    padding_mask,
    rescale,
    stored_range,
    to_grey,
)

#: What has pixels and is no picture of a patient: doses, contours, segmentations.
_NO_PICTURES = ("RTDOSE", "RTSTRUCT", "RTPLAN", "RTRECORD", "SEG", "SR", "KO", "PR", "REG", "M3D")


@dataclass(frozen=True, eq=False)
class DicomImage:
    """One frame of a DICOM file.

    Attributes
    ----------
    pixels : numpy.ndarray
        float32, (H, W), in [0, 1]; bright is dense, whatever the file's polarity; padding is 0.
    values : numpy.ndarray
        float64, (H, W): what `pixels` were mapped from, before a window: Hounsfield units in CT,
        the stored numbers in a file without a rescale; NaN in the padding. Not inverted.
    padding : numpy.ndarray
        bool, (H, W): where the file says that there is no image.
    units : {"windowed", "rescaled", "stored"}
        What 0 and 1 of `pixels` stand for. "windowed": the ends of the file's window or table,
        or of the window asked for. Without one, the ends of what the file's bits can hold:
        "rescaled" after its slope and intercept, "stored" where it has none.
    window : tuple of float, or None
        The two of `values` that were mapped to 0 and 1, before inversion; None where a table or
        a sigmoid does it.
    spacing_mm : tuple of float, or None
        Distance of rows and of columns, at the detector if the file says no more; None when it
        says nothing, or zero.
    modality, photometric : str
        As in the file: "DX" or "CT"; "MONOCHROME1" or "MONOCHROME2".
    """

    pixels: np.ndarray
    values: np.ndarray
    padding: np.ndarray
    units: str
    window: tuple[float, float] | None
    spacing_mm: tuple[float, float] | None
    modality: str
    photometric: str


def read_dicom(path: str | os.PathLike, *, window: tuple[float, float] | None = None) -> DicomImage:
    """Read a single-frame greyscale DICOM file.

    The grey scale is the file's, never its content's: slices of one series under one window
    have one contrast.

    Parameters
    ----------
    path : path
        The file.
    window : tuple of float, optional
        Centre and width, in the units of `values`, instead of the file's own window: (40, 400)
        shows soft tissue in CT. The file's first window is used when absent, and before it the
        file's first table (VOI LUT).

    Returns
    -------
    DicomImage
        Grey pixels, the values behind them, padding, the scale used, spacing.

    Raises
    ------
    ImageFormatError
        If the file is not DICOM, is no picture (a dose, a segmentation, a plan), has several
        frames or colour, contradicts itself, or lacks what is needed to read it.
    ValueError
        If `window` is not two finite numbers, the width at least 1.

    References
    ----------
    DICOM PS3.3: C.7.6.3.1.2 (photometric interpretation), C.7.5.1.1.2 (padding),
    C.11.1 (modality LUT) and C.11.2 (VOI LUT, window).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> image = read_dicom(get_testdata_file("CT_small.dcm"), window=(40, 400))
    >>> image.pixels.shape, image.modality, image.window, round(image.spacing_mm[0], 3)
    ((128, 128), 'CT', (-160.0, 239.0), 0.661)
    >>> float(image.values.min()), read_dicom(get_testdata_file("CT_small.dcm")).units
    (-896.0, 'rescaled')
    """
    if window is not None:
        window = _checked(window)
    # What pydicom warns of and matters here is refused by name below.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _image(_dataset(path), window)
        except ImageFormatError as problem:
            raise ImageFormatError(f"{path}: {problem}") from problem.__cause__


def _checked(window):
    try:
        center, width = (float(part) for part in window)
    except (TypeError, ValueError):
        raise ValueError(f"window must be (centre, width), got {window!r}") from None
    if not (math.isfinite(center) and math.isfinite(width) and width >= 1):
        raise ValueError(f"window must be finite with a width of at least 1, got {window!r}")
    return center, width


def _dataset(path):
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        dataset = pydicom.dcmread(path)
    except InvalidDicomError as problem:
        raise ImageFormatError(
            "not a DICOM file: the letters DICM are missing after the first 128 bytes. A data "
            "set without this header must get one first, for instance by DCMTK's dcmconv"
        ) from problem
    except OSError:
        raise
    except Exception as problem:  # a damaged file breaks the parser in many places
        raise ImageFormatError(f"can't be read as DICOM: {problem}") from problem
    if len(dataset) == 0:  # pydicom drops all of a data set that ends in the middle of an item
        raise ImageFormatError("nothing can be read behind its header: damaged or cut off")
    return dataset


def _image(dataset, window):
    _check_kind(dataset)
    photometric = _check_photometric(dataset)
    bits, signed = int(number(dataset, "BitsStored")), bool(number(dataset, "PixelRepresentation"))
    cells = _decode(dataset)
    padding = padding_mask(cells, dataset, signed)
    unused = 8 * cells.dtype.itemsize - bits
    if unused < 0 or bits < 1 or number(dataset, "HighBit") != bits - 1:
        raise ImageFormatError(
            f"BitsStored {bits} and HighBit {get(dataset, 'HighBit')} in cells of "
            f"{8 * cells.dtype.itemsize} bits: expected the lowest bits of each cell"
        )
    # Other data may lie in the unused bits; the shift back keeps the sign of signed cells.
    ends = stored_range(bits, signed)
    values, ends, units = rescale((cells << unused) >> unused, dataset, ends)
    pixels, windowed, window = to_grey(values, dataset, ends, window)
    if photometric == "MONOCHROME1":
        pixels = 1 - pixels
    pixels[padding], values[padding] = 0, np.nan
    return DicomImage(
        pixels=pixels.astype(np.float32),
        values=values,
        padding=padding,
        units="windowed" if windowed else units,
        window=window,
        spacing_mm=_spacing(dataset),
        modality=str(get(dataset, "Modality") or ""),
        photometric=photometric,
    )


def _check_kind(dataset):
    """Refuse by name what is no single picture."""
    from pydicom.uid import UID

    kind = get(dataset, "SOPClassUID") or get(dataset.file_meta, "MediaStorageSOPClassUID")
    kind = UID(str(kind or ""))
    if kind in ("1.2.840.10008.1.3.10",) or (kind.type == "SOP Class" and "Image" not in kind.name):
        raise ImageFormatError(f"is a {kind.name}, expected an image")
    modality = get(dataset, "Modality")
    if modality in _NO_PICTURES:
        raise ImageFormatError(f"is of modality {modality}, expected an image")
    if get(dataset, "PixelData") is None:
        raise ImageFormatError("this DICOM file has no pixels (PixelData)")
    frames = get(dataset, "NumberOfFrames")
    if frames is not None and number(dataset, "NumberOfFrames") != 1:
        raise ImageFormatError(f"has {frames} frames, expected one; choose a frame first")
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        if get(dataset, keyword) is not None:
            raise ImageFormatError(
                f"keeps its scale in {keyword}, which is not read; expected a classic "
                f"single-frame file"
            )


def _check_photometric(dataset):
    """Return MONOCHROME1 or MONOCHROME2, or raise."""
    photometric = get(dataset, "PhotometricInterpretation")
    if photometric is None:
        raise ImageFormatError(
            "PhotometricInterpretation is missing or empty; without it nobody knows whether "
            "high values are bright"
        )
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageFormatError(f"is {photometric}, expected greyscale (MONOCHROME1 or 2)")
    if number(dataset, "SamplesPerPixel") != 1:
        raise ImageFormatError(
            f"is {photometric} with SamplesPerPixel {get(dataset, 'SamplesPerPixel')}, expected 1"
        )
    shape = get(dataset, "PresentationLUTShape")
    if (photometric, shape) in (("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")):
        raise ImageFormatError(
            f"is {photometric} with PresentationLUTShape {shape}: one says that low values are "
            f"bright, the other that they are dark"
        )
    return str(photometric)


def _decode(dataset):
    """Return the stored cells (H, W), unused bits and all."""
    from pydicom.pixels import get_decoder, pixel_array

    syntax = get(dataset.file_meta, "TransferSyntaxUID")
    if syntax is None:
        raise ImageFormatError("TransferSyntaxUID is missing; the pixels can't be decoded")
    shape = tuple(int(number(dataset, keyword)) for keyword in ("Rows", "Columns"))
    if min(shape) < 1:
        raise ImageFormatError(f"has Rows and Columns {shape}, expected at least 1")
    try:
        if syntax.is_compressed and not get_decoder(syntax).is_available:
            raise ImageFormatError(
                f"its pixels are compressed as {syntax.name}, for which no decoder is installed; "
                f"decompress it first, or install pylibjpeg with its plugins"
            )
        frames = _count_frames(dataset, syntax, shape)
        if frames > 1:
            raise ImageFormatError(f"its pixels hold {frames} frames, expected one")
        cells = pixel_array(dataset, correct_unused_bits=False)
    except ImageFormatError:
        raise
    except Exception as problem:  # each decoder raises its own for a damaged or foreign stream
        said = " ".join(str(problem).split())
        raise ImageFormatError(f"its pixels can't be decoded: {said}") from problem
    if cells.shape != shape:
        raise ImageFormatError(f"its pixels are {cells.shape}, expected (Rows, Columns) {shape}")
    return cells


def _count_frames(dataset, syntax, shape):
    """Return how many frames the pixels hold, whatever NumberOfFrames says."""
    from pydicom.encaps import generate_fragments, parse_basic_offsets

    if not syntax.is_encapsulated:
        size = math.prod(shape) * number(dataset, "BitsAllocated") / 8
        return int(len(dataset.PixelData) // size)
    stream = BytesIO(dataset.PixelData)
    parse_basic_offsets(stream)
    fragments = list(generate_fragments(stream))
    if "RLE" in syntax.name:  # one fragment a frame
        return len(fragments)
    # A frame may take several fragments; its first begins with the code's own start marker.
    return sum(part.startswith((b"\xff\xd8", b"\xff\x4f")) for part in fragments)


def _spacing(dataset):
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        found = get(dataset, keyword)
        if found is None:
            continue
        try:
            steps = tuple(float(step) for step in found)
        except (TypeError, ValueError):
            raise ImageFormatError(f"{keyword} is {found}, expected two numbers") from None
        if len(steps) == 2 and all(0 < step < math.inf for step in steps):
            return steps
        return None
    return None
