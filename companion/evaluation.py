"""Scores of a binary classifier, each with a bootstrap confidence interval.

scikit-learn has every score but no interval; two thousand of its calls take minutes.
Here one resample is a row of weights, and all rows are scored at once.
The tests hold every value to scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from companion.bootstrap import (
    bca_interval,
    folded_interval,
    group_numbers,
    leave_one_out,
    logit_interval,
    resamples,
)

METRICS = (
    "auroc",
    "average_precision",
    "accuracy",
    "balanced_accuracy",
    "recall",
    "specificity",
    "precision",
    "f1",
    "mcc",
    "brier",
    "ece",
)
#: Other names of the same scores.
ALIASES = {"sensitivity": "recall"}
#: Equal bins between 0 and 1 into which the expected calibration error sorts probabilities.
ECE_BINS = 10


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval.

    Attributes
    ----------
    value, low, high : float
        The score on the data as it is, and the ends of its interval.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the value with its interval, three decimals each."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Report(Mapping):
    """Estimates by metric, and the counts behind them.

    Attributes
    ----------
    estimates : dict of str to Estimate
        By the names in :data:`METRICS`.
    confusion : numpy.ndarray
        int64, (2, 2): rows are the truth, columns the decision, order 0, 1.
    threshold, confidence : float
        Scores from `threshold` on count as 1; share of intervals that should hold the truth.
    """

    estimates: dict[str, Estimate]
    confusion: np.ndarray
    threshold: float
    confidence: float

    def __getitem__(self, metric: str) -> Estimate:
        """Return one estimate; "sensitivity" is another name of "recall"."""
        name = ALIASES.get(metric, metric)
        if name not in self.estimates:
            raise KeyError(f"metric must be one of {', '.join(METRICS)}, got {metric!r}")
        return self.estimates[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the metrics."""
        return iter(self.estimates)

    def __len__(self) -> int:
        """Return the number of metrics."""
        return len(self.estimates)

    def __str__(self) -> str:
        """Return one line a metric."""
        return "\n".join(f"{name:18} {estimate}" for name, estimate in self.items())

    def to_frame(self) -> pd.DataFrame:
        """Return the report as a table.

        Returns
        -------
        pandas.DataFrame
            One row a metric, with columns value, low, high.
        """
        return pd.DataFrame({name: vars(estimate) for name, estimate in self.items()}).T


def evaluate(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    threshold: float = 0.5,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    n_boot: int = 2000,
    rng: np.random.Generator,
) -> Report:
    """Score a binary classifier, with bootstrap intervals.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1, both present.
    scores : numpy.ndarray
        float, (N,), probabilities of label 1, in [0, 1].
    threshold : float
        Scores from here on count as 1.
    groups : numpy.ndarray, optional
        (N,), for example patients: whole groups are resampled, as their films are alike.
    confidence : float
        Between 0 and 1.
    n_boot : int
        Number of resamples, at least 1.
    rng : numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    Report
        ``report["auroc"].value``, ``.low``, ``.high``, likewise each of :data:`METRICS`;
        NaN where a score is undefined, as precision is when no film counts as 1.

    Raises
    ------
    ValueError
        If lengths differ, a class is missing, or a score is not finite or not in [0, 1].

    Notes
    -----
    Three methods, each where simulation shows that it holds what it promises:
    areas under a curve symmetric in the logit, the expected calibration error with allowance for
    noise, all others bias-corrected and accelerated. :mod:`companion.bootstrap` has them.
    No interval can see what a sample does not hold: recall of 1 gets an interval of no width.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> report = evaluate(labels, scores, rng=np.random.default_rng(0))
    >>> float(report["auroc"].value), float(report["accuracy"].value)
    (0.75, 0.5)
    """
    labels, scores = np.asarray(labels), np.asarray(scores, np.float64)
    _check(labels, scores, groups, confidence, n_boot)
    whole, groups = np.ones((1, len(labels))), group_numbers(len(labels), groups)
    values = _score(labels, scores, threshold, whole)
    drawn = _score_all(labels, scores, threshold, resamples(rng, groups, n_boot))
    left_out = _score_all(labels, scores, threshold, leave_one_out(groups))
    nearest = 0.5 / (labels.sum() * (1 - labels).sum())
    estimates = {}
    for metric in METRICS:
        value = float(values[metric][0])
        if metric in ("auroc", "average_precision"):
            ends = logit_interval(value, drawn[metric], confidence, nearest=nearest)
        elif metric == "ece":
            ends = folded_interval(values["gaps"][0], drawn["gaps"], confidence)
        else:
            ends = bca_interval(value, drawn[metric], left_out[metric], confidence)
        estimates[metric] = Estimate(value, *ends)
    counts = _confusion(labels, scores >= threshold, whole)[:, 0].astype(np.int64).reshape(2, 2)
    return Report(estimates, counts, threshold, confidence)


def _check(labels, scores, groups, confidence, n_boot):
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(f"labels and scores must be (N,), got {labels.shape} and {scores.shape}")
    if groups is not None and np.shape(groups) != labels.shape:
        raise ValueError(f"groups must be {labels.shape}, got shape {np.shape(groups)}")
    if set(np.unique(labels).tolist()) != {0, 1}:
        raise ValueError(f"labels must hold 0 and 1, both, got {np.unique(labels)[:5].tolist()}")
    if not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite, got {(~np.isfinite(scores)).sum()} that are not")
    if scores.min() < 0 or scores.max() > 1:
        raise ValueError(
            f"scores must be probabilities in [0, 1], got {scores.min():g} to {scores.max():g}; "
            f"pass logits through a sigmoid"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    if n_boot < 1:
        raise ValueError(f"n_boot must be at least 1, got {n_boot}")


def _score_all(labels, scores, threshold, blocks):
    parts = [_score(labels, scores, threshold, weights) for weights in blocks]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _confusion(labels, decisions, weights):
    """Return true negatives, false positives, false negatives, true positives: (4, rows)."""
    cells = [(labels == truth) & (decisions == said) for truth in (0, 1) for said in (0, 1)]
    return np.stack([weights @ cell for cell in cells])


def _score(labels, scores, threshold, weights):
    """Return every metric, and the gap of every bin, for every row of weights."""
    tn, fp, fn, tp = _confusion(labels, scores >= threshold, weights)
    total = tp + tn + fp + fn
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, specificity = tp / (tp + fn), tn / (tn + fp)
        spread = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        result = {
            "accuracy": (tp + tn) / total,
            "balanced_accuracy": (recall + specificity) / 2,
            "recall": recall,
            "specificity": specificity,
            "precision": tp / (tp + fp),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "mcc": np.where(spread > 0, (tp * tn - fp * fn) / spread, 0.0),
            "brier": weights @ (scores - labels) ** 2 / total,
        }
        result["auroc"], result["average_precision"] = _rank_metrics(labels, scores, weights)
    bins = np.minimum((scores * ECE_BINS).astype(int), ECE_BINS - 1)
    differences = np.zeros((len(scores), ECE_BINS))
    differences[np.arange(len(scores)), bins] = labels - scores
    result["gaps"] = weights @ differences / total[:, None]
    result["ece"] = np.abs(result["gaps"]).sum(axis=1)
    return result


def _rank_metrics(labels, scores, weights):
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
