"""Sizes, counts and types that layers are given: checked and cleaned in one place."""

from __future__ import annotations

from numbers import Integral

import numpy as np

#: One for both axes, or (rows, columns).
Pair = int | tuple[int, int]
#: On all sides; (rows, columns); or ((top, bottom), (left, right)).
Padding = Pair | tuple[tuple[int, int], tuple[int, int]]


def as_count(name: str, value: int, *, least: int) -> int:
    """Return an int that cannot overflow, or raise unless it is one from `least` up."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be an int from {least} up, got {value!r}")
    return int(value)


def as_pair(name: str, value: Pair, *, least: int) -> tuple[int, int]:
    """Return a size for rows and one for columns, each from `least` up."""
    pair = (value, value) if isinstance(value, Integral) else value
    if not (
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and all(isinstance(v, Integral) and v >= least for v in pair)
    ):
        raise ValueError(f"{name} must be an int or a pair of ints from {least} up, got {value}")
    return int(pair[0]), int(pair[1])


def as_pads(padding: Padding) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the pads before and after the rows, and before and after the columns."""
    if isinstance(padding, tuple | list) and not all(isinstance(p, Integral) for p in padding):
        if len(padding) != 2:
            raise ValueError(f"padding must be ((top, bottom), (left, right)), got {padding}")
        rows, columns = (as_pair("padding", side, least=0) for side in padding)
        return rows, columns
    rows, columns = as_pair("padding", padding, least=0)
    return (rows, rows), (columns, columns)


def check_size(name: str, images: np.ndarray, input_shape: tuple[int, int, int]) -> None:
    """Raise unless images have the channels, rows and columns that a model was made for."""
    if np.shape(images)[1:] != input_shape:
        wanted = ", ".join(map(str, input_shape))
        raise ValueError(f"{name} must be (N, {wanted}), got shape {np.shape(images)}")


def as_float_type(dtype: type) -> np.dtype:
    """Return float32 or float64 as NumPy's type."""
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
    return np.dtype(dtype)
