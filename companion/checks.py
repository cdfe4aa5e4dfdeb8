"""What the NumPy layers accept: arrays of floats without gaps, and sizes given once or twice."""

from __future__ import annotations

import math

import numpy as np


def check_array(name: str, array: np.ndarray, axes: str) -> None:
    """Raise unless an array holds finite floats and has the axes it should have.

    Parameters
    ----------
    name : str
        What the caller calls it.
    array : numpy.ndarray
        To be checked.
    axes : str
        One word an axis, ``"N C H W"``.

    Raises
    ------
    ValueError
        If it is no float32 or float64 array, has another number of axes, is empty,
        or holds NaN or infinity.

    Examples
    --------
    >>> check_array("images", np.zeros((2, 3)), "N C H W")
    Traceback (most recent call last):
    ...
    ValueError: images must be (N, C, H, W), got shape (2, 3)
    """
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64):
        found = getattr(array, "dtype", type(array).__name__)
        raise ValueError(f"{name} must be a float32 or float64 array, got {found}")
    letters = axes.split()
    if array.ndim != len(letters):
        raise ValueError(f"{name} must be ({', '.join(letters)}), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        # Fast: this is finite only if every value is. It may also overflow, hence the second look.
        suspicious = not math.isfinite(np.vdot(array, array))
    if suspicious and not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise ValueError(f"{name} must be finite, got {bad} values that are NaN or infinite")


def check_shape(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise unless an array of finite floats has this very shape.

    Parameters
    ----------
    name : str
        What the caller calls it.
    array : numpy.ndarray
        To be checked.
    shape : tuple of int
        What it must be.

    Raises
    ------
    ValueError
        Saying what was found and what was expected.

    Examples
    --------
    >>> check_shape("bias", np.zeros(3), (4,))
    Traceback (most recent call last):
    ...
    ValueError: bias must have shape (4,), got (3,)
    """
    if np.shape(array) != shape:
        raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")
    check_array(name, array, " ".join(map(str, shape)))


def check_unit_range(name: str, values: np.ndarray) -> None:
    """Raise unless all values are finite and in [0, 1], as those of a scaled film are.

    Parameters
    ----------
    name : str
        What the caller calls it.
    values : numpy.ndarray
        To be checked, not empty.

    Raises
    ------
    ValueError
        Saying what was found.

    Examples
    --------
    >>> check_unit_range("images", np.array([0, 255]))
    Traceback (most recent call last):
    ...
    ValueError: images must be in [0, 1], got values from 0 to 255
    """
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name} must be finite, got {(~np.isfinite(values)).sum()} NaN or infinite"
        )
    if values.min() < 0 or values.max() > 1:
        raise ValueError(
            f"{name} must be in [0, 1], got values from {values.min():g} to {values.max():g}"
        )


def check_films(
    images: np.ndarray,
    labels: np.ndarray,
    value_range: tuple[float, float],
    *,
    name: str = "images",
) -> None:
    """Raise unless images and labels can be trained on.

    Parameters
    ----------
    images, labels : numpy.ndarray
        Expected: floating point (N, C, H, W) and 0 or 1 (N,).
    value_range : tuple of float
        Least and greatest pixel allowed.
    name : str
        What to call them in the message.

    Raises
    ------
    ValueError
        Naming what was found.

    Examples
    --------
    >>> check_films(np.full((1, 1, 2, 2), 200.0), np.array([1]), (0, 1))
    Traceback (most recent call last):
    ...
    ValueError: images must be within (0, 1), got 200 to 200; divide 8-bit pixels by 255
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 4 or images.size == 0:
        raise ValueError(f"{name} must be (N, C, H, W) and not empty, got shape {images.shape}")
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"{name} must be floating point, got dtype {images.dtype}")
    if labels.shape != (len(images),):
        raise ValueError(f"labels of {name} must be ({len(images)},), got shape {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"labels of {name} must be 0 or 1, got {np.unique(labels)[:5].tolist()}")
    if not np.isfinite(images).all():
        raise ValueError(f"{name} must be finite, got NaN or infinite pixels")
    low, high = images.min(), images.max()
    if low < value_range[0] or high > value_range[1]:
        raise ValueError(
            f"{name} must be within {value_range}, got {low:g} to {high:g}; "
            f"divide 8-bit pixels by 255"
        )


def check_image(image: np.ndarray) -> None:
    """Raise unless an array is one finite greyscale image in [0, 1].

    Parameters
    ----------
    image : numpy.ndarray
        Expected: float, (H, W), in [0, 1].

    Raises
    ------
    ValueError
        Naming the shape, dtype or value that was found.

    Examples
    --------
    >>> check_image(np.full((2, 2), 7.0))
    Traceback (most recent call last):
    ...
    ValueError: image must be in [0, 1], got values from 7 to 7
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"image must be (H, W) and not empty, got shape {image.shape}")
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"image must be floating point in [0, 1], got dtype {image.dtype}")
    check_unit_range("image", image)


#: Three convolutions without padding and three poolings leave one pixel of so many.
LEAST = 22


def check_input_shape(input_shape: tuple[int, int, int], axes: str) -> None:
    """Raise unless the document's model fits the shape.

    Parameters
    ----------
    input_shape : tuple of int
        Channels, height and width, in the order of `axes`.
    axes : str
        "C H W" or "H W C".

    Raises
    ------
    ValueError
        Saying what was found.

    Examples
    --------
    >>> check_input_shape((16, 16, 1), "H W C")
    Traceback (most recent call last):
    ...
    ValueError: input_shape must be (H, W, C) with H and W at least 22, got (16, 16, 1)
    """
    least = [1 if axis == "C" else LEAST for axis in axes.split()]
    given = tuple(input_shape)
    if len(given) != 3 or any(size < few for size, few in zip(given, least, strict=True)):
        raise ValueError(
            f"input_shape must be ({', '.join(axes.split())}) with H and W at least {LEAST}, "
            f"got {given}"
        )
