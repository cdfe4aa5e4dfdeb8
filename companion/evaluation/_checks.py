"""What only this wing asks of its input."""

from __future__ import annotations

import numpy as np


def check_scores(name: str, values: object, *, count: int) -> np.ndarray:
    """Return scores of any scale as float64 (count,), or raise unless all are finite numbers."""
    scores = np.asarray(values)
    if scores.shape != (count,) or scores.dtype.kind not in "buif":
        raise ValueError(f"{name} must be numbers ({count},), got {scores.dtype} {scores.shape}")
    scores = scores.astype(np.float64)
    if not np.isfinite(scores).all():
        raise ValueError(f"{name} must be finite, got {(~np.isfinite(scores)).sum()} that are not")
    return scores


def check_shares(name: str, values: object) -> np.ndarray:
    """Return shares of any shape as float64, or raise unless all are in [0, 1]."""
    shares = np.asarray(values)
    if shares.dtype.kind not in "buif":
        raise ValueError(f"{name} must be numbers, got dtype {shares.dtype}")
    shares = shares.astype(np.float64)
    if not np.all((shares >= 0) & (shares <= 1)):
        raise ValueError(f"{name} must be in [0, 1], got {values}")
    return shares


def check_confidence(confidence: float) -> None:
    """Raise unless a confidence is between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
