"""Eleven scores of a binary classifier, for many resamples of the films at once.

A resample is a row of weights: how often each film was drawn. scikit-learn scores one at a time:
2,000 resamples of 624 films take it 35 s and take this 0.6 s, which is why it is written here.
Labels are int64 and scores float64, as :mod:`companion.checks` returns them.
"""

from __future__ import annotations

import numpy as np

#: Equal bins between 0 and 1 into which the expected calibration error sorts probabilities.
ECE_BINS = 10


def confusion(labels: np.ndarray, decisions: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Count true negatives, false positives, false negatives, true positives: (4, rows)."""
    cells = [(labels == truth) & (decisions == said) for truth in (0, 1) for said in (0, 1)]
    return np.stack([weights @ cell for cell in cells])


def score_decisions(
    labels: np.ndarray, scores: np.ndarray, threshold: float, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the scores that need neither a ranking nor bins, for every row of weights."""
    counts = confusion(labels, scores >= threshold, weights)
    return _from_counts(counts, weights @ (scores - labels) ** 2)


def mcc_from_shares(recall: float, specificity: float, prevalence: float) -> float:
    """Return Matthews' correlation at a prevalence; 0 where every film is called the same."""
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
            "prevalence": (tp + fn) / total,
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
    """Return every score for every row of weights (rows, N), and "gaps" (rows, bins), signed."""
    result = score_decisions(labels, scores, threshold, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        result["auroc"], result["average_precision"] = _rank(labels, scores, weights)
    differences = np.zeros((len(scores), ECE_BINS))
    differences[np.arange(len(scores)), bin_of(scores)] = labels - scores
    result["gaps"] = weights @ differences / weights.sum(axis=1, keepdims=True)
    result["ece"] = np.abs(result["gaps"]).sum(axis=1)
    return result


def bin_of(probabilities: np.ndarray, bins: int = ECE_BINS) -> np.ndarray:
    """Return the bin, from 0, of each probability; the last bin holds 1."""
    return np.minimum((probabilities * bins).astype(int), bins - 1)


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
