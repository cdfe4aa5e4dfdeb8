"""A DICOM file as a float image, with what is needed to read it rightly."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np


class ImageFormatError(ValueError):
    """A file is not an image that can be shown to a model; the message says what it is."""


@dataclass(frozen=True)
class DicomImage:
    """One frame of a DICOM file.

    Attributes
    ----------
    pixels : numpy.ndarray
        float32, (H, W), in [0, 1]; bright is dense, whatever the file's polarity.
    spacing_mm : tuple of float, or None
        Distance of rows and of columns; None when the file does not say, or says zero.
    modality, photometric : str
        As in the file: "DX" or "CT"; "MONOCHROME1" or "MONOCHROME2".
    window : tuple of float
        Lowest and highest value of the file's own scale that were mapped to 0 and 1.
    """

    pixels: np.ndarray
    spacing_mm: tuple[float, float] | None
    modality: str
    photometric: str
    window: tuple[float, float]


def read_dicom(path: str | os.PathLike) -> DicomImage:
    """Read a single-frame greyscale DICOM file.

    The modality and value-of-interest transforms of the file are applied, then its window
    is mapped to [0, 1] and ``MONOCHROME1`` is inverted.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    DicomImage
        Pixels, spacing and the window used.

    Raises
    ------
    ImageFormatError
        If the file is not DICOM, has no pixels, several frames, colour, or a single value.

    References
    ----------
    DICOM PS3.3, C.7.6.3.1.2 (photometric interpretation) and C.11.2 (VOI LUT).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> image = read_dicom(get_testdata_file("CT_small.dcm"))
    >>> image.pixels.shape, image.modality, round(image.spacing_mm[0], 3)
    ((128, 128), 'CT', 0.661)
    """
    import pydicom
    from pydicom.errors import InvalidDicomError
    from pydicom.pixels import apply_modality_lut, apply_voi_lut

    try:
        dataset = pydicom.dcmread(path)
    except InvalidDicomError as problem:
        raise ImageFormatError(f"{path}: not a DICOM file: {problem}") from problem
    photometric = dataset.get("PhotometricInterpretation")
    if photometric is None or "PixelData" not in dataset:
        raise ImageFormatError(f"{path}: this DICOM file has no pixels")
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageFormatError(f"{path}: is {photometric}, expected greyscale (MONOCHROME1 or 2)")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames != 1:
        raise ImageFormatError(f"{path}: has {frames} frames, expected one; choose a frame first")
    try:
        stored = dataset.pixel_array
    except Exception as problem:  # each decoder raises its own for a damaged or foreign stream
        raise ImageFormatError(f"{path}: its pixels can't be decoded: {problem}") from problem
    values = apply_voi_lut(apply_modality_lut(stored, dataset), dataset).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise ImageFormatError(f"{path}: every pixel is {low:g}; nothing is shown")
    pixels = (values - low) / (high - low)
    if photometric == "MONOCHROME1":
        pixels = 1 - pixels
    spacing = dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing")
    return DicomImage(
        pixels=pixels.astype(np.float32),
        spacing_mm=_positive(spacing),
        modality=str(dataset.get("Modality", "")),
        photometric=str(photometric),
        window=(low, high),
    )


def _positive(spacing):
    steps = tuple(float(step) for step in spacing or ())
    return steps if len(steps) == 2 and min(steps) > 0 else None
