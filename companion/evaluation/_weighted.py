"""Eleven scores of a binary classifier, for many resamples of the films at once.

A resample is a row of weights: how often each film was drawn. scikit-learn scores one at a time.
"""

from __future__ import annotations

import numpy as np

#: Equal bins between 0 and 1 into which the expected calibration error sorts probabilities.
ECE_BINS = 10


def confusion(labels: np.ndarray, decisions: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Count true negatives, false positives, false negatives and true positives.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1.
    decisions : numpy.ndarray
        bool, (N,).
    weights : numpy.ndarray
        float, (rows, N), at least 0.

    Returns
    -------
    numpy.ndarray
        float, (4, rows).

    Examples
    --------
    >>> confusion(np.array([0, 1, 1]), np.array([True, False, True]), np.ones((1, 3))).T.tolist()
    [[0.0, 1.0, 1.0, 1.0]]
    """
    cells = [(labels == truth) & (decisions == said) for truth in (0, 1) for said in (0, 1)]
    return np.stack([weights @ cell for cell in cells])


def score_decisions(
    labels: np.ndarray, scores: np.ndarray, threshold: float, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the scores that need neither a ranking nor bins, for every row of weights.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1.
    scores : numpy.ndarray
        float, (N,), in [0, 1].
    threshold : float
        Scores from here on count as 1.
    weights : numpy.ndarray
        float, (rows, N), at least 0.

    Returns
    -------
    dict of str to numpy.ndarray
        (rows,) each; NaN where a score is undefined.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> score_decisions(labels, scores, 0.5, np.array([[1, 1, 1, 1], [1, 0, 1, 2]]))["recall"]
    array([0.5       , 0.66666667])
    """
    counts = confusion(labels, scores >= threshold, weights)
    return _from_counts(counts, weights @ (scores - labels) ** 2)


def score_without_each(
    labels: np.ndarray, scores: np.ndarray, threshold: float, groups: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what :func:`score_decisions` returns, without each group of films in turn.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1.
    scores : numpy.ndarray
        float, (N,), in [0, 1].
    threshold : float
        Scores from here on count as 1.
    groups : numpy.ndarray
        int, (N,), from 0 up.

    Returns
    -------
    dict of str to numpy.ndarray
        (groups,) each; NaN where a score is undefined.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> score_without_each(labels, scores, 0.5, np.array([0, 1, 2, 2]))["accuracy"].tolist()
    [0.3333333333333333, 0.6666666666666666, 0.5]
    """
    decisions = scores >= threshold
    cells = [(labels == truth) & (decisions == said) for truth in (0, 1) for said in (0, 1)]
    in_group = np.stack([np.bincount(groups, cell) for cell in (*cells, (scores - labels) ** 2)])
    *counts, squares = in_group.sum(axis=1, keepdims=True) - in_group
    return _from_counts(counts, squares)


def mcc_from_shares(recall: float, specificity: float, prevalence: float) -> float:
    """Return Matthews' correlation that goes with a recall and a specificity.

    Parameters
    ----------
    recall, specificity : float
        In [0, 1].
    prevalence : float
        Share of label 1, between 0 and 1.

    Returns
    -------
    float
        In [-1, 1]; 0 where every film is called the same.

    Examples
    --------
    >>> round(float(mcc_from_shares(0.9, 0.9, 0.5)), 3)
    0.8
    """
    healthy = 1 - prevalence
    cells = healthy * specificity, healthy * (1 - specificity), prevalence * (1 - recall)
    return _from_counts((*cells, prevalence * recall), 0.0)["mcc"]


def _from_counts(counts, squares):
    tn, fp, fn, tp = counts
    total = tp + tn + fp + fn
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, specificity = tp / (tp + fn), tn / (tn + fp)
        spread = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        return {
            "accuracy": (tp + tn) / total,
            "balanced_accuracy": (recall + specificity) / 2,
            "recall": recall,
            "specificity": specificity,
            "precision": tp / (tp + fp),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "mcc": np.where(spread > 0, (tp * tn - fp * fn) / spread, 0.0),
            "brier": squares / total,
        }


def score(
    labels: np.ndarray, scores: np.ndarray, threshold: float, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return every score for every row of weights.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1.
    scores : numpy.ndarray
        float, (N,), in [0, 1].
    threshold : float
        Scores from here on count as 1.
    weights : numpy.ndarray
        float, (rows, N), at least 0.

    Returns
    -------
    dict of str to numpy.ndarray
        (rows,) each, and "gaps" (rows, bins): what each bin adds to the calibration error,
        with its sign. NaN where a score is undefined.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> score(labels, scores, 0.5, np.ones((1, 4)))["auroc"].tolist()
    [0.75]
    """
    result = score_decisions(labels, scores, threshold, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        result["auroc"], result["average_precision"] = _rank(labels, scores, weights)
    bins = np.minimum((scores * ECE_BINS).astype(int), ECE_BINS - 1)
    differences = np.zeros((len(scores), ECE_BINS))
    differences[np.arange(len(scores)), bins] = labels - scores
    result["gaps"] = weights @ differences / weights.sum(axis=1, keepdims=True)
    result["ece"] = np.abs(result["gaps"]).sum(axis=1)
    return result


def _rank(labels, scores, weights):
    """Area under the ROC curve and average precision, films with equal scores taken as one."""
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.inf))
    positives = np.add.reduceat(weights[:, order] * (labels[order] == 1), starts, axis=1)
    negatives = np.add.reduceat(weights[:, order] * (labels[order] == 0), starts, axis=1)
    hits, alarms = positives.cumsum(axis=1), negatives.cumsum(axis=1)
    above = hits - positives / 2
    auroc = (negatives * above).sum(axis=1) / (hits[:, -1] * alarms[:, -1])
    precision = np.divide(hits, hits + alarms, out=np.zeros_like(hits), where=hits + alarms > 0)
    return auroc, (positives * precision).sum(axis=1) / hits[:, -1]
