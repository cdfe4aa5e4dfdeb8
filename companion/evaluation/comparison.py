"""Tests of whether one classifier is better than another on the same films."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from companion.checks import check_labels, check_probabilities
from companion.evaluation._checks import check_confidence, check_scores
from companion.evaluation._intervals import Design, auroc, placements

#: From so many of each kind on DeLong's interval holds; from so many on there is any.
DELONG_FROM, LEAST_OF_EACH = 20, 3


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
        Probability of a difference at least so great if there were none; NaN where it is not known.
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
    labels : array_like
        (N,), 0 or 1, at least two of each.
    first, second : array_like
        (N,), greater means more likely 1; finite.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Comparison
        Of the AUROCs. Without interval and p-value, but with a reason, below three films of a
        class, or where a score is constant.

    Raises
    ------
    ValueError
        If lengths differ, a class has fewer than two films, or a score is not finite.

    Notes
    -----
    Below twenty films of a class DeLong's interval is too narrow (with 5 ill of 105 it holds in
    86 % of studies): there the ends are recovered from those of the two areas (MOVER).

    References
    ----------
    Zou and Donner, Statistics in Medicine 27 (2008) 1693, doi:10.1002/sim.3095 (MOVER).
    DeLong, DeLong and Clarke-Pearson, Biometrics 44, 837 (1988). doi:10.2307/2531595
    Sun and Xu, IEEE Signal Processing Letters 21, 1389 (2014), for the ranks.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> result = delong(labels, np.array([1, 2, 4, 3, 5, 6]), np.array([1, 5, 4, 3, 2, 6]))
    >>> round(result.first, 3), round(result.second, 3)
    (0.889, 0.556)
    """
    labels = check_labels("labels", labels)
    scores = np.stack(
        [
            check_scores(name, values, count=len(labels))
            for name, values in (("first", first), ("second", second))
        ]
    )
    check_confidence(confidence)
    ill = labels == 1
    counts = int(ill.sum()), int((~ill).sum())
    if min(counts) < 2:
        raise ValueError(
            f"labels must hold at least two 0 and two 1, got {counts[0]} of {len(labels)} being 1"
        )
    parts = placements(labels, scores)
    areas = parts[:, ill].mean(axis=1)
    covariance = np.cov(parts[:, ill]) / counts[0] + np.cov(parts[:, ~ill]) / counts[1]
    variance = max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0.0)
    difference = float(areas[1] - areas[0])
    reason = _why_not(scores, counts, difference, variance)
    if reason:
        return Comparison(*map(float, areas), difference, np.nan, np.nan, np.nan, reason)
    p_value = 2 * norm.sf(abs(difference) / np.sqrt(variance)) if difference else 1.0
    if min(counts) >= DELONG_FROM:
        half_width = norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
        low, high = difference - half_width, difference + half_width
    else:
        ends = [auroc(float(area), labels, score, Design(np.arange(len(labels)), confidence))
                for area, score in zip(areas, scores, strict=True)]  # fmt: skip
        low, high = _mover_of_difference(areas, ends, covariance)
    return Comparison(
        *map(float, areas), difference, max(float(low), -1.0), min(float(high), 1.0), float(p_value)
    )


def _why_not(scores, counts, difference, variance):
    """Return why there is no interval, or nothing."""
    for name, score in zip(("first", "second"), scores, strict=True):
        if score.min() == score.max():
            return f"the {name} scores are constant"
    if min(counts) < LEAST_OF_EACH:
        return f"{counts[0]} ill and {counts[1]} healthy: at least {LEAST_OF_EACH} of each needed"
    # Rounding leaves a little of a variance that is none.
    if difference and variance < 1e-15:
        return "every film is placed alike, so that nothing says how far others would differ"
    return ""


def _mover_of_difference(areas, ends, covariance):
    """Return the ends of second minus first, recovered from each area's, which are correlated."""
    product = covariance[0, 0] * covariance[1, 1]
    shared = covariance[0, 1] / np.sqrt(product) if product > 0 else 0.0
    difference = areas[1] - areas[0]

    def _distance(of_second, of_first):
        both = of_second**2 + of_first**2 - 2 * shared * of_second * of_first
        return np.sqrt(max(both, 0.0))

    below = _distance(areas[1] - ends[1][0], ends[0][1] - areas[0])
    above = _distance(ends[1][1] - areas[1], areas[0] - ends[0][0])
    return difference - below, difference + above


def mcnemar(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, *, confidence: float = 0.95
) -> Comparison:
    """Compare the accuracies of two classifiers on the same films: McNemar's exact test.

    Only films on which one is right and the other wrong tell them apart.

    Parameters
    ----------
    labels, first, second : array_like
        (N,): the truth and the two decisions, 0 or 1.
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
    from statsmodels.stats.contingency_tables import mcnemar as mcnemar_test

    labels = check_labels("labels", labels)
    first = check_labels("first", first, count=len(labels))
    second = check_labels("second", second, count=len(labels))
    check_confidence(confidence)
    right = first == labels, second == labels
    lost, won = int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum())
    table = [[int((right[0] & right[1]).sum()), lost], [won, int((~right[0] & ~right[1]).sum())]]
    p_value = float(mcnemar_test(table, exact=True).pvalue) if won + lost else 1.0
    # statsmodels has no interval for it.
    count = len(labels)
    middle = (won - lost) / (count + 2)
    variance = ((won + lost + 1) / (count + 2) - middle**2) / (count + 2)
    half_width = norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    accuracies = right[0].mean(), right[1].mean()
    ends = max(middle - half_width, -1.0), min(middle + half_width, 1.0)
    return Comparison(*map(float, (*accuracies, (won - lost) / count, *ends)), p_value)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values corrected for how many tests were made, by Holm's method.

    Of 21 comparisons without any difference one is below 0.05 by chance more often than not;
    after the correction hardly one in twenty such families of tests has any.

    Parameters
    ----------
    p_values : array_like
        (N,), in [0, 1], of tests that may depend on each other.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1], in the same order.

    Raises
    ------
    ValueError
        If one is not in [0, 1].

    References
    ----------
    Holm, Scandinavian Journal of Statistics 6, 65 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    from statsmodels.stats.multitest import multipletests

    return multipletests(check_probabilities("p_values", p_values), method="holm")[1]
