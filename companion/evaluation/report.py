"""Scores of a binary classifier, each with the interval that holds in simulation.

scikit-learn has every score but no interval; two thousand of its calls take minutes.
The tests hold every value to scikit-learn's, and the intervals to simulated studies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from companion.checks import check_groups, check_labels, check_probabilities
from companion.evaluation import _intervals
from companion.evaluation._checks import check_confidence
from companion.evaluation._intervals import Design, Ends, Unknown
from companion.evaluation._resampling import consistent_gaps, number_groups, resamples
from companion.evaluation._weighted import (
    ECE_BINS,
    bin_of,
    confusion,
    mcc_from_shares,
    score,
)
from companion.evaluation.intervals import Estimate

if TYPE_CHECKING:
    import pandas as pd

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
            One row a metric, with columns value, low, high and reason.
        """
        import pandas as pd

        rows = {name: vars(estimate) for name, estimate in self.items()}
        return pd.DataFrame.from_dict(rows, orient="index")


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
    """Score a binary classifier, each score with its interval or the reason why it has none.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1, both present, of any dtype.
    scores : array_like
        (N,), probabilities of label 1, in [0, 1].
    threshold : float
        Scores from here on count as 1.
    groups : array_like, optional
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
        NaN where a score is undefined, as precision is when no film counts as 1, and NaN ends
        with a ``.reason`` where no interval holds.

    Raises
    ------
    ValueError
        If lengths differ, a class is missing, a score is not finite or not in [0, 1], a group is
        missing, there is but one, or a number is out of range.

    See Also
    --------
    companion.evaluation.interval_methods : Which score has which interval.

    Notes
    -----
    Each score has the method that holds in simulation what it promises, also with few films:
    ``benchmarks/interval_coverage.py`` counts how often. Below two patients of a class there is
    none for the AUROC, below three to count none for a share, below five ill none for average
    precision. A score that is the same for all films says nothing that a sample could vary:
    what it fixes gets no interval.

    References
    ----------
    Hanley and McNeil, Radiology 143 (1982) 29, doi:10.1148/radiology.143.1.7063747 (AUROC).
    Owen, Ann. Math. Statist. 27 (1956) 1075, doi:10.1214/aoms/1177728074 (its T function).
    Obuchowski, Biometrics 53 (1997) 567, doi:10.2307/2533958 (several films of a patient).
    Wilson, JASA 22 (1927) 209, doi:10.1080/01621459.1927.10502953.
    Franco et al., J. Surv. Stat. Methodol. 7 (2019) 334, PMC6690503 (effective sample size).
    Zou and Donner, Statistics in Medicine 27 (2008) 1693, doi:10.1002/sim.3095 (MOVER).
    Bröcker and Smith, Weather and Forecasting 22 (2007) 651 (consistency resampling).

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> report = evaluate(labels, scores, rng=np.random.default_rng(0))
    >>> float(report["auroc"].value), float(report["accuracy"].value)
    (0.75, 0.5)
    """
    labels = check_labels("labels", labels, both=True)
    scores = check_probabilities("scores", scores, count=len(labels))
    if groups is not None:
        groups = check_groups("groups", groups, count=len(labels))
    _check_numbers(groups, threshold, confidence, n_boot)
    given = labels, scores, threshold
    design = Design(number_groups(len(labels), groups), confidence)
    whole = np.ones((1, len(labels)))
    values = {name: row[0] for name, row in score(*given, whole).items()}
    drawn = _gather(score(*given, rows) for rows in resamples(rng, design.groups, n_boot))
    consistent = None
    if not design.clustered:
        consistent = consistent_gaps(rng, bin_of(scores), scores, n_boot, ECE_BINS)
    methods = _methods(labels, scores, scores >= threshold, values, drawn, consistent, design)
    estimates = {metric: _estimate(float(values[metric]), methods[metric]) for metric in METRICS}
    counts = confusion(labels, scores >= threshold, whole)[:, 0].astype(np.int64).reshape(2, 2)
    return Report(estimates, counts, float(threshold), confidence)


def _check_numbers(groups, threshold, confidence, n_boot):
    if groups is not None and len(np.unique(groups)) < 2:
        raise ValueError("groups must be at least two, got one: nothing can be resampled")
    if not np.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold}")
    check_confidence(confidence)
    if n_boot < 1:
        raise ValueError(f"n_boot must be at least 1, got {n_boot}")


def _gather(parts):
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _estimate(value: float, method: Callable[[], Ends]) -> Estimate:
    """Ask a method for the ends; where it knows none, its reason stands in their place."""
    try:
        return Estimate(value, *method())
    except Unknown as reason:
        return Estimate(value, np.nan, np.nan, str(reason))


def _methods(labels, scores, said, values, drawn, consistent, design):
    """Return for every score the function that gives its ends."""
    ill, everyone = labels == 1, np.ones(len(labels), bool)
    jaccard = {name: part["f1"] / (2 - part["f1"]) for name, part in
               (("value", values), ("drawn", drawn))}  # fmt: skip
    values, drawn = values | {"jaccard": jaccard["value"]}, drawn | {"jaccard": jaccard["drawn"]}
    constant = scores.min() == scores.max()

    def _variance(metric):
        defined = drawn[metric][np.isfinite(drawn[metric])]
        return float(defined.var()) if defined.size else 0.0

    def _share(metric, rows, interval=_intervals.wilson):
        value = float(values[metric])
        size = _intervals.effective_size(value, _variance(metric), rows, design)
        return interval(value, size, design.confidence)

    def _precision():
        if not said.any():
            raise Unknown("no film counts as 1")
        return _share("precision", said)

    def _part(metric, rows):
        return float(values[metric]), _share(metric, rows, _intervals.jeffreys)

    def _balanced_accuracy():
        both = _part("recall", ill), _part("specificity", ~ill)
        return _intervals.mover(lambda recall, specificity: (recall + specificity) / 2, *both)

    def _mcc():
        if said.all() or not said.any():
            raise Unknown(f"{'every' if said.all() else 'no'} film counts as 1")
        parts = _part("recall", ill), _part("specificity", ~ill), _part("prevalence", everyone)
        low, high = _intervals.mover(lambda *shares: float(mcc_from_shares(*shares)), *parts)
        return max(low, -1.0), min(high, 1.0)

    def _varied(method):
        def _ends():
            if constant:
                raise Unknown("the scores are constant")
            return method()

        return _ends

    return {
        "auroc": _varied(lambda: _intervals.auroc(float(values["auroc"]), labels, scores, design)),
        "average_precision": _varied(
            lambda: _intervals.average_precision(
                float(values["average_precision"]), _variance("average_precision"), ill, design
            )
        ),
        "accuracy": lambda: _share("accuracy", everyone),
        "balanced_accuracy": _varied(_balanced_accuracy),
        "recall": _varied(lambda: _share("recall", ill)),
        "specificity": _varied(lambda: _share("specificity", ~ill)),
        "precision": _precision,
        "f1": lambda: tuple(2 * end / (1 + end) for end in _share("jaccard", said | ill)),
        "mcc": _varied(_mcc),
        "brier": lambda: _intervals.brier(
            float(values["brier"]), _variance("brier"), scores, design
        ),
        "ece": lambda: _intervals.calibration_error(
            values["gaps"], drawn["gaps"], consistent, design.confidence
        ),
    }
