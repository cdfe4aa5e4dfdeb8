"""A DICOM file as a float image, with what is needed to read it rightly.

``python -m companion.data.dicom FILE...`` says what files are, without naming a patient.
"""

from __future__ import annotations

import argparse
import math
import operator
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from companion.data import _dicom_file as file
from companion.data import _dicom_geometry as geometry
from companion.data._dicom_facts import block, facts_of
from companion.data._dicom_values import (
    ImageFormatError,
    get,
    number,
    padding_mask,
    rescale,
    stored_range,
    to_grey,
)


@dataclass(frozen=True, eq=False)
class DicomImage:
    """One frame of a DICOM file, in the three stages that its numbers go through.

    Attributes
    ----------
    stored : numpy.ndarray
        Integers, (H, W), as the file keeps them, signed or not; bits that it says are not used
        are cut off.
    values : numpy.ndarray
        float64, (H, W): `stored` after the file's rescaling, before a window: Hounsfield units
        in CT, the stored numbers in a file without a rescale; NaN in the padding. Not inverted.
    pixels : numpy.ndarray
        float32, (H, W), in [0, 1]: `values` through a window; bright is dense, whatever the
        file's polarity; padding is 0.
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
        Distance of rows and of columns; None when the file says nothing, zero, or the scale of
        another picture.
    spacing_from : str, or None
        The attribute that `spacing_mm` was read from. "ImagerPixelSpacing" is measured at the
        detector, where the patient's shadow is larger than the patient.
    orientation : tuple of float, or None
        Six direction cosines: of a row, in the direction of growing columns, then of a column;
        towards the patient's left, back and head (LPS).
    position_mm : tuple of float, or None
        Where the centre of the first pixel lies, in the same three directions.
    missing : dict of str to str
        For each of "spacing_mm", "orientation", "position_mm" that is None: why.
    modality, photometric : str
        As in the file: "DX" or "CT"; "MONOCHROME1" or "MONOCHROME2".
    frame, frames : int
        Which frame this is, from 0, and how many the file has.
    """

    stored: np.ndarray
    values: np.ndarray
    pixels: np.ndarray
    padding: np.ndarray
    units: str
    window: tuple[float, float] | None
    spacing_mm: tuple[float, float] | None
    spacing_from: str | None
    orientation: tuple[float, ...] | None
    position_mm: tuple[float, float, float] | None
    missing: dict[str, str]
    modality: str
    photometric: str
    frame: int
    frames: int


def read_dicom(
    path: str | os.PathLike,
    *,
    window: tuple[float, float] | None = None,
    frame: int | None = None,
) -> DicomImage:
    """Read one frame of a greyscale DICOM file.

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
    frame : int, optional
        Which frame, from 0; needed where the file has several.

    Returns
    -------
    DicomImage
        The stored numbers, their values, grey pixels, padding, the scale used, geometry.

    Raises
    ------
    ImageFormatError
        If the file is not DICOM, is no picture (a dose, a segmentation, a plan), has colour, has
        several frames and none is chosen or one that it has not, contradicts itself, or lacks
        what is needed to read it.
    ValueError
        If `window` is not two finite numbers, the width at least 1.
    TypeError
        If `frame` is not a whole number.

    References
    ----------
    DICOM PS3.3: C.7.6.3.1.2 (photometric interpretation), C.7.5.1.1.2 (padding),
    C.7.6.2.1.1 (orientation and position), C.8.5.5 (ultrasound regions), C.11.1 (modality LUT)
    and C.11.2 (VOI LUT, window).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> image = read_dicom(get_testdata_file("CT_small.dcm"), window=(40, 400))
    >>> image.pixels.shape, image.modality, image.window, round(image.spacing_mm[0], 3)
    ((128, 128), 'CT', (-160.0, 239.0), 0.661)
    >>> at = (64, 64)
    >>> int(image.stored[at]), float(image.values[at]), round(float(image.pixels[at]), 3)
    (1928, 904.0, 1.0)
    """
    window = None if window is None else _checked(window)
    frame = None if frame is None else operator.index(frame)
    # What pydicom warns of and matters here is refused by name below.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return image_of(file.open_dataset(path), window, frame)
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


def image_of(dataset, window, frame):
    """Return one frame of a data set in its three stages."""
    file.check_kind(dataset)
    file.check_pixels(dataset)
    frames = file.count_frames(dataset)
    frame = file.choose_frame(frames, frame)
    photometric = file.check_photometric(dataset)
    bits, signed = int(number(dataset, "BitsStored")), bool(number(dataset, "PixelRepresentation"))
    cells = file.decode(dataset, frame, frames)
    padding = padding_mask(cells, dataset, signed)
    stored = file.cut_unused_bits(cells, bits, int(number(dataset, "HighBit")))
    values, ends, units = rescale(stored, dataset, stored_range(bits, signed))
    pixels, windowed, window = to_grey(values, dataset, ends, window)
    if photometric == "MONOCHROME1":
        pixels = 1 - pixels
    pixels[padding], values[padding] = 0, np.nan
    return DicomImage(
        stored=stored,
        values=values,
        pixels=pixels.astype(np.float32),
        padding=padding,
        units="windowed" if windowed else units,
        window=window,
        **_geometry(dataset, stored.shape, frames),
        modality=str(get(dataset, "Modality") or ""),
        photometric=photometric,
        frame=frame,
        frames=frames,
    )


def _geometry(dataset, shape, frames):
    """Return what is known of where the picture lies, and why the rest is not."""
    asked = {
        "spacing_mm": lambda: geometry.spacing(dataset, shape),
        "orientation": lambda: geometry.orientation(dataset),
        "position_mm": lambda: geometry.position(dataset, frames),
    }
    found, missing = {}, {}
    for name, ask in asked.items():
        try:
            found[name] = ask()
        except geometry.NotSaid as reason:
            found[name], missing[name] = None, str(reason)
    found["spacing_mm"], found["spacing_from"] = found["spacing_mm"] or (None, None)
    return found | {"missing": missing}


def describe_dicom(path: str | os.PathLike) -> dict[str, object]:
    """Say what a DICOM file is, from its header, without anything that names a person.

    Pixels are decoded only to tell whether the file can be read, and of several frames the
    first alone; colour and what is no picture are described, too.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    dict
        Each of "kind", "modality", "size", "frames", "bits", "signed", "photometric", "rescale",
        "spacing_mm", "window", "padding", "transfer_syntax", "refused": what it is, None where
        the file does not say so. "kind" is the SOP class; "size" is (rows, columns); "bits" are
        those used and those taken by a pixel; "rescale" is (slope, intercept), "window" (centre,
        width); "refused" is why `read_dicom` does not read it, None if it does.

    Raises
    ------
    ImageFormatError
        If the file is not DICOM, or too damaged to say anything.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> facts = describe_dicom(get_testdata_file("CT_small.dcm"))
    >>> facts["kind"], facts["size"], facts["bits"], facts["signed"], facts["rescale"]
    ('CT Image Storage', (128, 128), (16, 16), True, (1.0, -1024.0))
    >>> describe_dicom(get_testdata_file("SC_rgb_rle.dcm"))["refused"]
    'is RGB, expected greyscale (MONOCHROME1 or 2)'
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = file.open_dataset(path)
        except ImageFormatError as problem:
            raise ImageFormatError(f"{path}: {problem}") from problem.__cause__
        try:
            image_of(dataset, None, 0)
            refused = None
        except ImageFormatError as problem:
            refused = str(problem)
        return facts_of(dataset) | {"refused": refused}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what files are; return 1 if one of them was refused."""
    parser = argparse.ArgumentParser(
        prog="python -m companion.data.dicom",
        description="Say what DICOM files are, without naming a patient.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    files = parser.parse_args(arguments).files
    refused = 0
    for path in files:
        try:
            facts = describe_dicom(path)
        except (ImageFormatError, OSError) as problem:
            facts = {"refused": str(problem).removeprefix(f"{path}: ")}
        refused += facts["refused"] is not None
        print(block(path, facts), end="\n\n")
    if refused:
        print(f"{refused} of {len(files)} refused", file=sys.stderr)
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main())
