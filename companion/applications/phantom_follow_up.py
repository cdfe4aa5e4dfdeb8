"""Phantom patients whose hazard is known: what a score must find, and how often it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PhantomStudy:
    """Follow-up of phantom patients.

    Attributes
    ----------
    time : numpy.ndarray
        float64, (N,), above 0.
    event : numpy.ndarray
        bool, (N,): False where follow-up ended before.
    risk : numpy.ndarray
        float64, (N,): the true logarithm of each one's hazard ratio.
    """

    time: np.ndarray
    event: np.ndarray
    risk: np.ndarray


def draw_follow_up(
    rng: np.random.Generator,
    patients: int,
    *,
    spread: float = 1.0,
    censoring: float = 0.5,
    end: float = 2.0,
) -> PhantomStudy:
    """Draw patients with constant hazards, some of whom are lost before their event.

    A patient's hazard is the exponential of a normal number; that of leaving the study is the
    same for all, and the study ends for all at one time.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    patients : int
        How many.
    spread : float
        Standard deviation of the logarithm of the hazard ratio, not negative.
    censoring : float
        Hazard of leaving, not negative; the median patient's hazard of the event is 1.
    end : float
        When the study ends, above 0.

    Returns
    -------
    PhantomStudy
        Not of any real patient.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> study = draw_follow_up(np.random.default_rng(0), 1000, spread=0.0, censoring=0.0)
    >>> round(float(study.event.mean()), 1)
    0.9
    """
    _check(spread, censoring, end)
    if patients < 1:
        raise ValueError(f"patients must be at least 1, got {patients}")
    risk = rng.normal(0, spread, patients)
    happens = rng.exponential(np.exp(-risk))
    leaves = rng.exponential(1 / censoring, patients) if censoring else np.full(patients, np.inf)
    followed = np.minimum(leaves, end)
    return PhantomStudy(np.minimum(happens, followed), happens <= followed, risk)


def true_concordance(
    *,
    spread: float = 1.0,
    censoring: float = 0.5,
    end: float = 2.0,
    horizon: float | None = None,
    method: str = "uno",
) -> float:
    """Return the C-index that the true risk has, by quadrature instead of by drawing.

    No model that orders these patients can do better on average. Uno's C does not depend on
    `censoring`; Harrell's does.

    Parameters
    ----------
    spread, censoring, end : float
        As for :func:`draw_follow_up`.
    horizon : float, optional
        Only events before it count, and before `end`.
    method : {"uno", "harrell"}
        Which of the two.

    Returns
    -------
    float
        At least 0.5.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> true_concordance(spread=0.0)
    0.5
    >>> round(true_concordance(spread=1.0, horizon=1.0), 3)
    0.731
    """
    _check(spread, censoring, end)
    if method not in ("uno", "harrell"):
        raise ValueError(f'method must be "uno" or "harrell", got {method!r}')
    if spread == 0:
        return 0.5
    until = end if horizon is None else min(horizon, end)
    nodes = np.linspace(-8, 8, 801)
    weights = np.exp(-(nodes**2) / 2)
    hazard = np.exp(spread * nodes)
    one, other = hazard[:, None], hazard[None, :]
    # Two patients, one of whom has the event first, before `until`, while both are followed.
    leaving = 2 * censoring if method == "harrell" else 0.0
    together = one + other + leaving
    first = one / together * -np.expm1(-together * until)
    pairs = first * weights[:, None] * weights
    higher = np.tri(len(nodes), k=-1) + 0.5 * np.eye(len(nodes))
    return float((pairs * higher).sum() / pairs.sum())


def _check(spread, censoring, end):
    for name, value, least in (("spread", spread, 0), ("censoring", censoring, 0), ("end", end, 0)):
        if not np.isfinite(value) or value < least or (name == "end" and value == 0):
            raise ValueError(f"{name} must be finite and not below 0, got {value}")
