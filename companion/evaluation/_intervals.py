"""Intervals of single scores: which method holds was found by ``benchmarks/interval_coverage.py``.

Each function answers with the two ends. Where no method holds it raises :class:`Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import owens_t
from scipy.stats import norm, rankdata
from scipy.stats import t as student

Ends = tuple[float, float]
#: Patients of the rarer class from which DeLong's variance weighs as much as the model's.
HALF_TRUSTED = 20
#: Share of what calibrated probabilities would vary that the Brier score's variance takes in.
MODEL_SHARE = 0.15
#: Patients that a share needs (two can be found in three ways only), and the AUROC of both kinds.
LEAST, LEAST_OF_EACH = 3, 2
#: Patients who are ill that average precision needs, and how many films each is worth at most:
#: a curve is made of pairs, so that its variance can be that of more films than there are ill.
LEAST_ILL, MOST_WORTH = 5, 3.25


class Unknown(ValueError):
    """No interval can be given; the message is the reason."""


@dataclass(frozen=True)
class Design:
    """What every interval asks of a study: the confidence, and which films belong together."""

    groups: np.ndarray
    confidence: float

    @property
    def clustered(self) -> bool:
        """Whether a patient has several films."""
        return self.patients() < len(self.groups)

    def patients(self, rows: np.ndarray | slice = slice(None)) -> int:
        """Count the patients among some films."""
        return len(np.unique(self.groups[rows]))

    def normal(self) -> float:
        """Return the normal quantile of the confidence."""
        return float(norm.ppf((1 + self.confidence) / 2))

    def quantile(self, patients: float) -> float:
        """Return the normal quantile; Student's where patients have several films."""
        if not self.clustered:
            return self.normal()
        return float(student.ppf((1 + self.confidence) / 2, patients - 1))


def wilson(share: float, size: float, confidence: float) -> Ends:
    """Return Wilson's interval for a sample size that need not be whole."""
    return _of_proportion(share, size, confidence, "wilson")


def jeffreys(share: float, size: float, confidence: float) -> Ends:
    """Return Jeffreys' interval; what is recovered from it by `mover` holds near 0 and 1, too.

    From Wilson's, 50 films of a good model give a balanced accuracy that holds in 92 % of studies.
    """
    return _of_proportion(share, size, confidence, "jeffreys")


def _of_proportion(share, size, confidence, method):
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(share * size, size, 1 - confidence, method=method)
    return max(min(float(low), share), 0.0), min(max(float(high), share), 1.0)


def effective_size(value: float, variance: float, rows: np.ndarray, design: Design) -> float:
    """Return of how many independent films a share is: all, if no patient has two.

    Else as many as have the resamples' variance, corrected for degrees of freedom.
    Where nothing varies the resamples say nothing: each patient counts as one film.
    """
    patients = design.patients(rows)
    if patients < LEAST:
        what = "patient" if design.clustered else "film"
        raise Unknown(f"of {patients} {what}{'s' * (patients != 1)}: at least {LEAST} needed")
    if not design.clustered:
        return float(patients)
    size = min(value * (1 - value) / variance, rows.sum()) if variance > 0 else patients
    # A spread among few patients comes out too small, by one patient in all.
    correction = (1 - 1 / patients) * (design.normal() / design.quantile(patients)) ** 2
    return max(size, 1.0) * correction


def mover(function: Callable[..., float], *parts: tuple[float, Ends]) -> Ends:
    """Return the ends of a function of independent estimates: variances recovered from theirs."""
    values = [value for value, _ in parts]
    middle = function(*values)
    below = above = 0.0
    for place, (_, ends) in enumerate(parts):
        moves = [
            function(*values[:place], end, *values[place + 1 :]) - middle for end in ends
        ]  # fmt: skip
        below, above = below + min(*moves, 0.0) ** 2, above + max(*moves, 0.0) ** 2
    return float(middle - np.sqrt(below)), float(middle + np.sqrt(above))


def auroc(value: float, labels: np.ndarray, scores: np.ndarray, design: Design) -> Ends:
    """Return the ends at which the area seen is just as far off as chance allows."""
    ill, healthy = (design.patients(labels == label) for label in (1, 0))
    fewest = min(ill, healthy)
    if fewest < LEAST_OF_EACH:
        raise Unknown(f"{ill} ill and {healthy} healthy: at least {LEAST_OF_EACH} of each needed")
    m, n = (labels == 1).sum(), (labels == 0).sum()
    # Without evidence the films of a patient count as one.
    ratio = expected = len(labels) / design.patients()
    if (seen := delong_variance(labels, scores, design.groups)) > 0:
        seen, trust = seen / binormal_variance(value, m, n), fewest / (fewest + HALF_TRUSTED)
        ratio = max(trust * seen + (1 - trust) * expected, seen)
    critical = design.quantile(fewest) * np.sqrt(ratio)

    def _excess(true):
        return abs(value - true) - critical * np.sqrt(binormal_variance(true, m, n))

    step = 1e-9
    low = brentq(_excess, 0, value - step) if value > step and _excess(0) > 0 else 0.0
    high = brentq(_excess, value + step, 1) if value < 1 - step and _excess(1) > 0 else 1.0
    return float(low), float(high)


def binormal_variance(area: float, ill: int, healthy: int) -> float:
    """Return the variance of an AUROC if the scores of both kinds are normal, equally spread.

    Two films of one kind are both on the right side of one of the other with a probability that
    Owen's function T gives; the rest is Hanley and McNeil's formula.
    """
    both = area - 2 * owens_t(norm.ppf(area), 1 / np.sqrt(3))
    return (area * (1 - area) + (ill + healthy - 2) * (both - area**2)) / (ill * healthy)


def placements(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return which share of the other kind each film stands on the right side of; ties half."""
    ill, result = labels == 1, np.empty(scores.shape)
    together = rankdata(scores, axis=-1)
    for mine, sign in ((ill, 1), (~ill, -1)):
        own = rankdata(scores[..., mine], axis=-1)
        below = (together[..., mine] - own) / (~mine).sum()
        result[..., mine] = below if sign > 0 else 1 - below
    return result


def delong_variance(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> float:
    """Return DeLong's variance of the AUROC, films of a patient added up first (Obuchowski)."""
    parts = placements(labels, scores)
    for label in (0, 1):
        rows = labels == label
        parts[rows] = (parts[rows] - parts[rows].mean()) / rows.sum()
    of_patients = np.bincount(groups, parts)
    return float((of_patients**2).sum() * len(of_patients) / (len(of_patients) - 1))


def average_precision(value: float, variance: float, ill: np.ndarray, design: Design) -> Ends:
    """Return Wilson's interval for the effective sample size, with Student's quantile."""
    patients = design.patients(ill)
    if patients < LEAST_ILL:
        raise Unknown(f"{patients} ill: at least {LEAST_ILL} needed")
    if variance == 0:
        raise Unknown(
            "nothing varies among the resamples: no healthy film stands above one who is ill"
        )
    size = min(value * (1 - value) / variance, MOST_WORTH * patients)
    degrees_of_freedom = 2 * patients
    if design.clustered:
        fewest = min(patients, design.patients(~ill))
        if fewest < LEAST_OF_EACH:
            raise Unknown(f"one healthy patient: at least {LEAST_OF_EACH} needed")
        degrees_of_freedom, size = fewest - 1, size * (1 - 1 / fewest)  # as for shares
    tail = student.ppf((1 + design.confidence) / 2, degrees_of_freedom)
    size = max(size, 1.0) * (design.normal() / tail) ** 2
    return wilson(value, size, design.confidence)


def brier(value: float, variance: float, probabilities: np.ndarray, design: Design) -> Ends:
    """Return Wilson's interval for the effective sample size.

    Where hardly a film is wrong the squared errors hide how wrong one can be; what they would
    vary if the probabilities were right is mixed in, where it is more.
    """
    spread = probabilities * (1 - probabilities)
    model = np.mean(spread * (1 - 2 * probabilities) ** 2) + np.var(spread)
    patients = design.patients()
    variance += MODEL_SHARE * max(model / patients - variance, 0.0)
    size = value * (1 - value) / variance if variance > 0 else patients
    size = max(size, 1.0) * (design.normal() / design.quantile(patients)) ** 2
    return wilson(value, size, design.confidence)


def calibration_error(
    gaps: np.ndarray, drawn: np.ndarray, consistent: np.ndarray | None, confidence: float
) -> Ends:
    """Return an interval of a sum of absolute gaps (bins,), part or all of which may be noise.

    Chance alone makes the sum greater than 0, and that of a resample (R, bins) greater still.
    The low end takes off what labels drawn from the probabilities, (R, bins), would show.
    """
    value = float(np.abs(gaps).sum())
    # Resamples of few patients vary too little, so that theirs is the higher quantile.
    level = confidence if consistent is not None else (1 + confidence) / 2
    noise = float(np.quantile(np.abs(drawn - gaps).sum(axis=1), level))
    by_chance = noise
    if consistent is not None:
        by_chance = float(np.quantile(np.abs(consistent).sum(axis=1), confidence))
    least = float(np.quantile(np.abs(drawn).sum(axis=1) - value, (1 - confidence) / 2))
    low, high = max(value - by_chance, 0.0), min(max(value - least, noise, by_chance), 1.0)
    if low == high:
        raise Unknown("every probability is 0 or 1 and came true, so that nothing varies")
    return low, high
