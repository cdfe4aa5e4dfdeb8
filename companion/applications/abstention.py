"""When a model should not answer: how many films it then answers, and how many of those wrongly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from companion.applications._numbers import share, vector
from companion.checks import check_labels

#: Shares of films that `threshold_for_risk` tries, the greatest first.
COVERAGES = tuple(round(1 - 0.05 * step, 2) for step in range(20))


@dataclass(frozen=True, eq=False)
class Abstention:
    """What happens at every threshold of confidence, the strictest first.

    Attributes
    ----------
    threshold : numpy.ndarray
        float64, (K,), falling: the model answers where its confidence is at least this.
    coverage : numpy.ndarray
        float64, (K,), rising to 1: the share of films that it then answers.
    risk : numpy.ndarray
        float64, (K,): the share of those that it answers wrongly; the last is the error rate of
        a model that always answers.
    area : float
        Mean of the risk over coverage; 0 is perfect.
    best_area : float
        The area if every wrong answer had a lower confidence than every right one: no order of
        this model's answers does better.
    """

    threshold: np.ndarray
    coverage: np.ndarray
    risk: np.ndarray
    area: float
    best_area: float


def coverage_risk(confidence: np.ndarray, wrong: np.ndarray) -> Abstention:
    """Return how often a model is wrong, against how often it answers.

    Films of equal confidence are answered together or not at all.

    Parameters
    ----------
    confidence : array_like
        (N,), of any scale, greater means surer: for example the greatest probability.
    wrong : array_like
        (N,), 1 where the answer is wrong, 0 where it is right; both present.

    Returns
    -------
    Abstention
        The curve and its area.

    Raises
    ------
    ValueError
        If lengths differ, a confidence is not finite, or all answers are right, or all wrong:
        then no order of them is better than another.

    References
    ----------
    Geifman and El-Yaniv, NeurIPS 2017, arXiv:1705.08500 (the curve).
    Geifman, Uziel and El-Yaniv, ICLR 2019, arXiv:1805.08206 (the area, and the best one).

    Examples
    --------
    >>> curve = coverage_risk([0.9, 0.8, 0.7, 0.6], [0, 0, 1, 0])
    >>> curve.coverage.tolist(), curve.risk.round(2).tolist()
    ([0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.33, 0.25])
    >>> round(curve.area, 4), round(curve.best_area, 4)
    (0.1458, 0.0625)
    """
    wrong = check_labels("wrong", wrong, both=True)
    confidence = vector("confidence", confidence, len(wrong))
    threshold, last = _steps(confidence)
    answered = last + 1
    errors = np.cumsum(wrong[np.argsort(-confidence, kind="stable")])[last]
    coverage, risk = answered / len(wrong), errors / answered
    # The best order: first all that is right, then one wrong answer after the other.
    right, ranks = len(wrong) - wrong.sum(), np.arange(1, len(wrong) + 1)
    return Abstention(
        threshold,
        coverage,
        risk,
        area=float(np.sum(risk * np.diff(coverage, prepend=0))),
        best_area=float(np.mean(np.maximum(0, ranks - right) / ranks)),
    )


def threshold_for_coverage(confidence: np.ndarray, coverage: float) -> float:
    """Return the strictest threshold with which at least a wished share of films is answered.

    Choose it on validation films; needs no labels. On other films the share differs.

    Parameters
    ----------
    confidence : array_like
        (N,), greater means surer; a film is answered from the threshold on.
    coverage : float
        Above 0, at most 1.

    Returns
    -------
    float
        One of the confidences.

    Raises
    ------
    ValueError
        If a confidence is not finite, or `coverage` is out of range.

    Examples
    --------
    >>> threshold_for_coverage([0.9, 0.8, 0.7, 0.6], 0.5)
    0.8
    """
    confidence = vector("confidence", confidence)
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage must be above 0 and at most 1, got {coverage}")
    # A hair less: 0.7 of ten films are seven, whatever the binary digits say.
    needed = math.ceil(coverage * len(confidence) - 1e-9)
    return float(np.sort(confidence)[::-1][needed - 1])


def threshold_for_risk(
    confidence: np.ndarray, wrong: np.ndarray, risk: float, *, chance: float | None = 0.05
) -> float:
    """Return the threshold that answers most films while at most a wished share is wrong.

    What is seen on the films by which a threshold is chosen looks better than it is. With
    `chance`, not the share seen must stay below `risk` but its upper confidence limit (Clopper
    and Pearson's, divided among all :data:`COVERAGES` that are tried): on new films of the same
    kind the risk exceeds what was wished with at most this probability.

    Parameters
    ----------
    confidence : array_like
        (N,), of validation films, greater means surer.
    wrong : array_like
        (N,), 1 where the answer is wrong.
    risk : float
        Between 0 and 1: the wished share of wrong answers among those given.
    chance : float or None
        Between 0 and 1; None takes the share seen at its word.

    Returns
    -------
    float
        A film is answered where its confidence is at least this.

    Raises
    ------
    ValueError
        If lengths differ, a number is out of range, or no threshold reaches the risk: then the
        model must not answer at all.

    See Also
    --------
    coverage_risk : The whole curve.

    References
    ----------
    Geifman and El-Yaniv, NeurIPS 2017, arXiv:1705.08500. They search by halving; here a grid is
    tried.

    Examples
    --------
    >>> confidence, wrong = np.linspace(1, 0, 400), np.repeat([0, 1], 200)
    >>> round(threshold_for_risk(confidence, wrong, 0.1, chance=None), 2)
    0.45
    >>> round(threshold_for_risk(confidence, wrong, 0.1), 2)
    0.5
    """
    from scipy.stats import beta

    wrong = check_labels("wrong", wrong)
    confidence, risk = vector("confidence", confidence, len(wrong)), share("risk", risk)
    each = None if chance is None else share("chance", chance) / len(COVERAGES)
    ordered = np.cumsum(wrong[np.argsort(-confidence, kind="stable")])
    least = np.inf
    for coverage in COVERAGES:
        threshold = threshold_for_coverage(confidence, coverage)
        answered = int((confidence >= threshold).sum())
        errors = int(ordered[answered - 1])
        limit = errors / answered
        if each is not None and errors < answered:
            limit = float(beta.ppf(1 - each, errors + 1, answered - errors))
        if limit <= risk:
            return threshold
        least = min(least, limit)
    raise ValueError(
        f"no threshold keeps the risk at {risk:g}: the least that one does is {least:.3g}"
    )


def _steps(confidence):
    """Return the distinct values, falling, and of each the last place among all, falling."""
    values, counts = np.unique(confidence, return_counts=True)
    return values[::-1], np.cumsum(counts[::-1]) - 1
