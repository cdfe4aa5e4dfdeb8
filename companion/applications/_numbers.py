"""What this wing asks of the numbers that it is given."""

from __future__ import annotations

import numpy as np

from companion.checks import check_unit_range


def vector(name: str, values: object, count: int | None = None) -> np.ndarray:
    """Return finite numbers as float64 (N,), or raise."""
    numbers = np.asarray(values)
    wrong = numbers.ndim != 1 or numbers.size == 0 or numbers.dtype.kind not in "buif"
    if wrong or (count is not None and len(numbers) != count):
        expected = "(N,) and not empty" if count is None else f"({count},)"
        raise ValueError(
            f"{name} must be numbers {expected}, got {numbers.dtype} of shape {numbers.shape}"
        )
    return _finite(name, numbers)


def matrix(name: str, values: object, columns: int | None = None) -> np.ndarray:
    """Return finite numbers as float64 (N, D), or raise."""
    numbers = np.asarray(values)
    wrong = numbers.ndim != 2 or numbers.size == 0 or numbers.dtype.kind not in "buif"
    if wrong or (columns is not None and numbers.shape[1] != columns):
        raise ValueError(
            f"{name} must be numbers (N, {'D' if columns is None else columns}) and not empty, "
            f"got {numbers.dtype} of shape {numbers.shape}"
        )
    return _finite(name, numbers)


def class_probabilities(name: str, values: object) -> np.ndarray:
    """Return probabilities as float64 (N, K): those of label 1 alone become two columns."""
    given = np.asarray(values)
    rows = vector(name, given)[:, None] if given.ndim == 1 else matrix(name, given)
    check_unit_range(name, rows)
    if given.ndim == 1:
        return np.hstack([1 - rows, rows])
    if rows.shape[1] < 2:
        raise ValueError(f"{name} must be (N,) or (N, K) with K at least 2, got {rows.shape}")
    if np.abs(rows.sum(1) - 1).max() > 1e-4:
        raise ValueError(
            f"{name} must add up to 1 in each row, got sums from {rows.sum(1).min():g} "
            f"to {rows.sum(1).max():g}"
        )
    return rows


def class_numbers(name: str, values: object, classes: int, count: int) -> np.ndarray:
    """Return labels as int64 (N,), each from 0 to classes - 1, or raise."""
    labels = vector(name, values, count)
    wrong = labels[(labels != np.floor(labels)) | (labels < 0) | (labels >= classes)]
    if wrong.size:
        raise ValueError(
            f"{name} must be whole numbers from 0 to {classes - 1}, "
            f"got {np.unique(wrong)[:5].tolist()}"
        )
    return labels.astype(np.int64)


def share(name: str, value: float) -> float:
    """Return a number that must be between 0 and 1, the ends left out."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must be between 0 and 1, got {value}")
    return float(value)


def _finite(name, numbers):
    numbers = numbers.astype(np.float64)
    bad = int((~np.isfinite(numbers)).sum())
    if bad:
        raise ValueError(f"{name} must be finite, got {bad} values that are NaN or infinite")
    return numbers
