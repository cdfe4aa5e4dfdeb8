"""One image file as the array that a model takes."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base

from companion.checks import check_array, check_image
from companion.data.dicom import ImageFormatError, read_dicom

#: The gamma of a file that is shown as it is stored.
DISPLAY_GAMMA = 0.45455


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read a greyscale PNG, JPEG or DICOM file, upright.

    Nothing is converted in silence: colour, 16-bit and palette pictures, and DICOM without a
    window, are refused, since each needs a decision (which channel, which window) that a reader
    can't make for you. A turn that the file asks for (EXIF orientation) is carried out; a colour
    profile is not applied.

    Parameters
    ----------
    path : path
        The file; what it is shows in its first bytes, not in its name.

    Returns
    -------
    numpy.ndarray
        float32, (H, W), in [0, 1].

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImageFormatError
        If the file is empty, no image, damaged, colour, of several frames, partly transparent,
        of another gamma, of more than 8 bits (PNG) or without a window (DICOM).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> read_image(get_testdata_file("MR_small.dcm")).shape
    (64, 64)
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(132)
    if not head:
        raise ImageFormatError(f"{path}: the file is empty")
    if head[128:] == b"DICM":
        return _read_windowed(path)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            return _read_grey(picture)
    except ImageFormatError as problem:
        raise ImageFormatError(f"{path}: {problem}") from None
    except UnidentifiedImageError as problem:
        raise ImageFormatError(
            f"{path}: expected PNG, JPEG or DICOM, found a file that starts with {head[:8]!r}"
        ) from problem
    except Exception as problem:  # Pillow raises many kinds for broken bytes
        raise ImageFormatError(f"{path}: damaged or too large: {problem}") from problem


def _read_windowed(path):
    """Read a DICOM file whose grey scale somebody chose, or whose bits are few."""
    image = read_dicom(path)
    if image.units != "windowed" and image.window[1] - image.window[0] > 255:
        raise ImageFormatError(
            f"{path}: has no window, and its values may lie anywhere from {image.window[0]:g} to "
            f"{image.window[1]:g}; read it with read_dicom(path, window=(centre, width))"
        )
    return image.pixels


def _read_grey(picture):
    """Return an opened PNG or JPEG as it is meant to be seen, or raise."""
    if picture.mode != "L":
        raise ImageFormatError(
            f"pixels are of mode {picture.mode!r}, expected 8-bit grey ('L'); "
            f"convert it on purpose, with a window of your choice"
        )
    frames = getattr(picture, "n_frames", 1)
    if frames != 1:
        raise ImageFormatError(f"has {frames} frames, expected one")
    if "transparency" in picture.info:
        raise ImageFormatError("is partly transparent (tRNS), expected a grey in every pixel")
    gamma = picture.info.get("gamma", DISPLAY_GAMMA)
    if abs(gamma - DISPLAY_GAMMA) > 0.001:
        raise ImageFormatError(
            f"has a gamma (gAMA) of {gamma:g}, expected {DISPLAY_GAMMA} or none; its greys would "
            f"be shown as others than they are stored"
        )
    orientation = picture.getexif().get(Base.Orientation, 1)
    if orientation not in range(1, 9):
        raise ImageFormatError(f"has an EXIF orientation of {orientation!r}, expected 1 to 8")
    return np.asarray(ImageOps.exif_transpose(picture), np.float32) / 255


def center_square(image: np.ndarray, size: int) -> np.ndarray:
    """Crop an image to its largest centred square and resize it.

    This is how PneumoniaMNIST was made from the published films.

    Parameters
    ----------
    image : numpy.ndarray
        float, (H, W), in [0, 1].
    size : int
        Height and width of the result, at least 1.

    Returns
    -------
    numpy.ndarray
        float32, (size, size), in [0, 1].

    Raises
    ------
    ValueError
        If `image` is not a finite (H, W) float array in [0, 1], or `size` is below 1.

    References
    ----------
    Yang et al., Scientific Data 10, 41 (2023): centre crop, then cubic interpolation.

    Examples
    --------
    >>> center_square(np.full((4, 2), 0.25), 1)
    array([[0.25]], dtype=float32)
    """
    image = np.asarray(image)
    check_image(image)
    if size != int(size) or size < 1:
        raise ValueError(f"size must be a whole number of at least 1, got {size}")
    size = int(size)
    height, width = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(np.ascontiguousarray(image, np.float32))
    box = (left, top, left + side, top + side)
    resized = square.resize((size, size), Image.Resampling.BICUBIC, box=box)
    # Cubic interpolation overshoots at edges by design; that is not bad input.
    return np.clip(np.asarray(resized), 0, 1)


def png_bytes(image: np.ndarray) -> int:
    """Return how many bytes an image takes as a PNG file: smooth images compress better.

    Parameters
    ----------
    image : numpy.ndarray
        uint8, (H, W).

    Returns
    -------
    int
        The size of the file, in bytes; it may differ a little between versions of zlib.

    Raises
    ------
    ValueError
        If `image` is not uint8 (H, W), or is empty.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    >>> png_bytes(np.zeros((28, 28), np.uint8)) < png_bytes(noise)
    True
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(
            f"image must be uint8 (H, W) and not empty, got {image.dtype} {image.shape}"
        )
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.tell()


def enlarge(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Enlarge coarse maps to the size of the film by linear interpolation.

    Parameters
    ----------
    maps : numpy.ndarray
        float, (N, h, w).
    size : tuple of int
        H and W, at least h and w.

    Returns
    -------
    numpy.ndarray
        float64, (N, H, W), of the precision of float32.

    Raises
    ------
    ValueError
        If `maps` are not finite numbers (N, h, w), or `size` is smaller.

    Examples
    --------
    >>> enlarge(np.array([[[0.0, 1.0]]]), (1, 4)).tolist()
    [[[0.0, 0.25, 0.75, 1.0]]]
    """
    maps = np.asarray(maps)
    if maps.dtype.kind in "biu":
        maps = maps.astype(np.float64)
    check_array("maps", maps, "N h w")
    height, width = size
    if height < maps.shape[1] or width < maps.shape[2]:
        raise ValueError(f"size must be at least that of the maps {maps.shape[1:]}, got {size}")
    resized = (
        Image.fromarray(np.ascontiguousarray(coarse, np.float32)).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        for coarse in maps
    )
    return np.array([np.asarray(picture, float) for picture in resized])
