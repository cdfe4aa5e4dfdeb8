"""Scores of a binary classifier, each with a bootstrap confidence interval.

scikit-learn has every score but no interval; two thousand of its calls take minutes.
The tests hold every value to scikit-learn's, and the intervals to simulated studies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from companion.evaluation._weighted import confusion, mcc_from_shares, score, score_without_each
from companion.evaluation.intervals import (
    Estimate,
    bca_interval,
    folded_interval,
    group_numbers,
    resamples,
    share_interval,
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
        If lengths differ, a class is missing, a score is not finite or not in [0, 1], there is
        but one group, or a number is out of range.

    Notes
    -----
    Each score has the method that holds in simulation what it promises, also with few films.
    Shares of films, and areas under a curve, which are shares of pairs: Wilson's, for as many films
    as the resamples say, with Student's quantile where groups have several films.
    F1 is 2 J / (1 + J), where J is a share. Balanced accuracy and Matthews' correlation: from the
    intervals of recall and specificity. Calibration error: with allowance for noise.
    Brier score: bias-corrected and accelerated, too narrow where hardly a film is wrong.
    ``benchmarks/interval_coverage.py`` counts how often each holds.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14.
    Zou et al., Comput. Stat. Data Anal. 53 (2009) 1080, doi:10.1016/j.csda.2008.09.033.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> report = evaluate(labels, scores, rng=np.random.default_rng(0))
    >>> float(report["auroc"].value), float(report["accuracy"].value)
    (0.75, 0.5)
    """
    labels, scores = np.asarray(labels), np.asarray(scores, np.float64)
    _check(labels, scores, threshold, groups, confidence, n_boot)
    given, groups = (labels, scores, threshold), group_numbers(len(labels), groups)
    whole = np.ones((1, len(labels)))
    values = {name: row[0] for name, row in score(*given, whole).items()}
    drawn = _gather(score(*given, rows) for rows in resamples(rng, groups, n_boot))
    without = score_without_each(*given, groups)
    ends = _share_intervals(labels, scores >= threshold, groups, values, drawn, confidence)
    ends["brier"] = bca_interval(values["brier"], drawn["brier"], without["brier"], confidence)
    ends["ece"] = folded_interval(values["gaps"], drawn["gaps"], confidence)
    estimates = {metric: Estimate(float(values[metric]), *ends[metric]) for metric in METRICS}
    counts = confusion(labels, scores >= threshold, whole)[:, 0].astype(np.int64).reshape(2, 2)
    return Report(estimates, counts, threshold, confidence)


def _check(labels, scores, threshold, groups, confidence, n_boot):
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(f"labels and scores must be (N,), got {labels.shape} and {scores.shape}")
    if groups is not None and np.shape(groups) != labels.shape:
        raise ValueError(f"groups must be {labels.shape}, got shape {np.shape(groups)}")
    if groups is not None and len(np.unique(groups)) < 2:
        raise ValueError("groups must be at least two, got one: nothing can be resampled")
    if set(np.unique(labels).tolist()) != {0, 1}:
        raise ValueError(f"labels must hold 0 and 1, both, got {np.unique(labels)[:5].tolist()}")
    if not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite, got {(~np.isfinite(scores)).sum()} that are not")
    if scores.min() < 0 or scores.max() > 1:
        raise ValueError(
            f"scores must be probabilities in [0, 1], got {scores.min():g} to {scores.max():g}; "
            f"pass logits through a sigmoid"
        )
    if not np.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    if n_boot < 1:
        raise ValueError(f"n_boot must be at least 1, got {n_boot}")


def _gather(parts):
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _share_intervals(labels, said, groups, values, drawn, confidence):
    """Return the ends for the scores that are shares, or made of shares."""
    values, drawn = (part | {"jaccard": part["f1"] / (2 - part["f1"])} for part in (values, drawn))
    ill, everyone = labels == 1, np.ones(len(labels), bool)
    several = len(np.unique(groups)) < len(groups)

    def _ends(metric, films, among):
        count = min(len(np.unique(groups[rows])) for rows in among)
        return share_interval(
            float(values[metric]), drawn[metric], confidence, films=films, groups=count,
            freedom=max(count - 1, 1) if several else np.inf,
        )  # fmt: skip

    of = {"accuracy": everyone, "recall": ill, "specificity": ~ill}
    of |= {"precision": said, "jaccard": said | ill}
    ends = {metric: _ends(metric, rows.sum(), [rows]) for metric, rows in of.items() if rows.any()}
    ends.setdefault("precision", (np.nan, np.nan))
    # Pairs can be worth more films than there are; simulated studies hold up to twice as many.
    ends["auroc"] = _ends("auroc", 2 * len(labels), [ill, ~ill])
    ends["average_precision"] = _ends("average_precision", 2 * len(labels), [ill])
    ends["f1"] = tuple(2 * end / (1 + end) for end in ends.pop("jaccard"))
    both = [(values[name], *ends[name]) for name in ("recall", "specificity")]
    ends["balanced_accuracy"] = _of_two(lambda recall, spec: (recall + spec) / 2, *both)
    ends["mcc"] = _of_two(lambda *shares: mcc_from_shares(*shares, ill.mean()), *both)
    return ends


def _of_two(function, first, second):
    """Square and add what each share's end moves a function of both, as for independent shares."""
    value = function(first[0], second[0])
    low, high = (
        np.hypot(value - function(first[end], second[0]), value - function(first[0], second[end]))
        for end in (1, 2)
    )
    return float(value - low), float(value + high)
