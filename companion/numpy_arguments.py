"""What the NumPy layers accept: arrays of floats without gaps, and sizes given once or twice."""

from __future__ import annotations

import math
from numbers import Integral

import numpy as np

Pair = int | tuple[int, int]


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


def as_pair(name: str, value: Pair, *, least: int) -> tuple[int, int]:
    """Return a size for rows and one for columns.

    Parameters
    ----------
    name : str
        What the caller calls it.
    value : int or pair of int
        One for both, or (rows, columns).
    least : int
        The smallest that is allowed.

    Returns
    -------
    tuple of int
        (rows, columns).

    Raises
    ------
    ValueError
        If it is something else, or too small.

    Examples
    --------
    >>> as_pair("stride", 2, least=1)
    (2, 2)
    """
    pair = (value, value) if isinstance(value, Integral) else value
    if not (
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and all(isinstance(v, Integral) and v >= least for v in pair)
    ):
        raise ValueError(f"{name} must be an int or a pair of ints from {least} up, got {value}")
    return int(pair[0]), int(pair[1])
