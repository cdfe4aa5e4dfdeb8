"""Tests of whether one classifier is better than another on the same films."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm


@dataclass(frozen=True)
class Comparison:
    """A difference between two classifiers, with its interval and its p-value.

    Attributes
    ----------
    first, second : float
        The score of each.
    difference, low, high : float
        Second minus first, and the ends of its interval; NaN where there is none.
    p_value : float
        Chance of a difference at least so great if there were none; NaN where it is not known.
    reason : str
        Why there is no interval; empty where there is one.
    """

    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float
    reason: str = ""

    def __str__(self) -> str:
        """Return the difference with its interval and p-value, or why it has none."""
        if self.reason:
            return f"{self.difference:+.3f} [no interval: {self.reason}]"
        return f"{self.difference:+.3f} [{self.low:+.3f}, {self.high:+.3f}], p = {self.p_value:.2g}"


def delong(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, *, confidence: float = 0.95
) -> Comparison:
    """Compare two areas under the ROC curve on the same films, by DeLong's method.

    Films are taken as independent: with several films of a patient the interval is too narrow.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1, at least two of each.
    first, second : numpy.ndarray
        float, (N,), greater means more likely 1; finite.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Comparison
        Of the AUROCs.

    Raises
    ------
    ValueError
        If lengths differ, a class has fewer than two films, or a score is not finite.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, Biometrics 44, 837 (1988). doi:10.2307/2531595
    Sun and Xu, IEEE Signal Processing Letters 21, 1389 (2014), for the ranks.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> result = delong(labels, np.array([1, 2, 4, 3, 5, 6]), np.array([1, 5, 4, 3, 2, 6]))
    >>> round(result.first, 3), round(result.second, 3)
    (0.889, 0.556)
    """
    labels = np.asarray(labels)
    _check_shapes(labels, first, second)
    scores = np.array([first, second], float)
    if not np.isin(labels, (0, 1)).all() or min((labels == 0).sum(), (labels == 1).sum()) < 2:
        raise ValueError(
            f"labels must hold at least two 0 and two 1, got {np.unique(labels)[:5].tolist()} "
            f"with {(labels == 1).sum()} of {len(labels)} being 1"
        )
    if not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite, got {(~np.isfinite(scores)).sum()} that are not")
    ill, normal = scores[:, labels == 1], scores[:, labels == 0]
    counts = ill.shape[1], normal.shape[1]
    together = rankdata(np.concatenate([ill, normal], axis=1), axis=1)
    above = (together[:, : counts[0]] - rankdata(ill, axis=1)) / counts[1]
    below = 1 - (together[:, counts[0] :] - rankdata(normal, axis=1)) / counts[0]
    areas = above.mean(axis=1)
    spread = np.cov(above) / counts[0] + np.cov(below) / counts[1]
    deviation = np.sqrt(max(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1], 0))
    difference = areas[1] - areas[0]
    reach = norm.ppf((1 + confidence) / 2) * deviation
    chance = 2 * norm.sf(abs(difference) / deviation) if deviation > 0 else float(difference == 0)
    ends = difference - reach, difference + reach
    return Comparison(*map(float, (*areas, difference, *ends, chance)))


def mcnemar(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, *, confidence: float = 0.95
) -> Comparison:
    """Compare the accuracies of two classifiers on the same films: McNemar's exact test.

    Only films on which one is right and the other wrong tell them apart.

    Parameters
    ----------
    labels, first, second : numpy.ndarray
        int or bool, (N,): the truth and the two decisions, 0 or 1.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Comparison
        Of the accuracies; the p-value is the exact binomial test's, the interval that of
        Agresti and Min.

    Raises
    ------
    ValueError
        If lengths differ or something is not 0 or 1.

    References
    ----------
    McNemar, Psychometrika 12, 153 (1947). doi:10.1007/BF02295996
    Agresti and Min, Statistics in Medicine 24, 729 (2005). doi:10.1002/sim.1781

    Examples
    --------
    >>> truth = np.ones(12, int)
    >>> first, second = np.array([1] * 6 + [0] * 6), np.array([1] * 11 + [0])
    >>> round(mcnemar(truth, first, second).p_value, 4)
    0.0625
    """
    labels, first, second = (np.asarray(part).astype(float) for part in (labels, first, second))
    _check_shapes(labels, first, second)
    for name, part in (("labels", labels), ("first", first), ("second", second)):
        if not np.isin(part, (0, 1)).all():
            raise ValueError(f"{name} must be 0 or 1, got {np.unique(part)[:5].tolist()}")
    count = len(labels)
    lost = int(((first == labels) & (second != labels)).sum())
    won = int(((first != labels) & (second == labels)).sum())
    chance = binomtest(won, won + lost).pvalue if won + lost else 1.0
    middle = (won - lost) / (count + 2)
    variance = ((won + lost + 1) / (count + 2) - middle**2) / (count + 2)
    reach = norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    accuracies = (first == labels).mean(), (second == labels).mean()
    return Comparison(
        *map(float, (*accuracies, (won - lost) / count, middle - reach, middle + reach, chance))
    )


def _check_shapes(labels, first, second):
    shapes = labels.shape, np.shape(first), np.shape(second)
    if len(shapes[0]) != 1 or len(set(shapes)) > 1:
        raise ValueError("labels, first and second must be (N,), got {}, {} and {}".format(*shapes))
