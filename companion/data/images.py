"""One image file as the array that a model takes."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from companion.checks import check_image
from companion.data.dicom import ImageFormatError, read_dicom


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read a greyscale PNG, JPEG or DICOM file.

    Nothing is converted in silence: colour, 16-bit and palette pictures are refused, since
    each needs a decision (which channel, which window) that a reader can't make for you.

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
        If the file is empty, no image, damaged, colour, or of more than 8 bits (PNG).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> read_image(get_testdata_file("CT_small.dcm")).shape
    (128, 128)
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(132)
    if not head:
        raise ImageFormatError(f"{path}: the file is empty")
    if head[128:] == b"DICM":
        return read_dicom(path).pixels
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            if picture.mode != "L":
                raise ImageFormatError(
                    f"{path}: pixels are of mode {picture.mode!r}, expected 8-bit grey ('L'); "
                    f"convert it on purpose, with a window of your choice"
                )
            return np.asarray(picture, np.float32) / 255
    except UnidentifiedImageError as problem:
        raise ImageFormatError(
            f"{path}: expected PNG, JPEG or DICOM, found a file that starts with {head[:8]!r}"
        ) from problem
    except (OSError, SyntaxError, Image.DecompressionBombError) as problem:
        raise ImageFormatError(f"{path}: damaged or too large: {problem}") from problem


def center_square(image: np.ndarray, size: int) -> np.ndarray:
    """Cut the largest centred square out of an image and resize it.

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
        If `image` is not a finite (H, W) float array in [0, 1].

    References
    ----------
    Yang et al., Scientific Data 10, 41 (2023): centre crop, then cubic interpolation.

    Examples
    --------
    >>> center_square(np.full((4, 2), 0.25), 1)
    array([[0.25]], dtype=float32)
    """
    check_image(image)
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
        If `image` is not uint8 (H, W).

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    >>> png_bytes(np.zeros((28, 28), np.uint8)) < png_bytes(noise)
    True
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"image must be uint8 (H, W), got {image.dtype} {image.shape}")
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
        float64, (N, H, W).

    Examples
    --------
    >>> enlarge(np.array([[[0.0, 1.0]]]), (1, 4)).tolist()
    [[[0.0, 0.25, 0.75, 1.0]]]
    """
    height, width = size
    enlarged = [
        Image.fromarray(coarse.astype(np.float32)).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        for coarse in maps
    ]
    return np.array([np.asarray(picture, float) for picture in enlarged])
