"""Backstage of chapter 9.2: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages._decision_figures import (
    plot_net_benefit,
    plot_predictive_values,
    plot_threshold,
)
from companion.pages.check import Case
from companion.pages.figures import COLOURS

if TYPE_CHECKING:
    import pandas as pd

    from companion.evaluation.report import Report

__all__ = [
    "CASES",
    "plot_gaps",
    "plot_net_benefit",
    "plot_predictive_values",
    "plot_ranges",
    "plot_reliability",
    "plot_report",
    "plot_threshold",
]

_PATIENTS = np.repeat([7, 3, 9, 1, 5, 8, 2, 6, 4, 0], [1, 30, 2, 1, 5, 1, 9, 2, 1, 3])


def _eight_splits(split, patients, share):
    # copied, for a function may hand out one array again and again
    return [np.array(split(patients, share, np.random.default_rng(seed))) for seed in range(8)]


def _masks(split, patients, share):
    return ", ".join(
        sorted({f"{m.dtype} {m.shape}" for m in _eight_splits(split, patients, share)})
    )


def _on_both_sides(split, patients, share):
    masks = _eight_splits(split, patients, share)
    return [len(np.intersect1d(patients[test], patients[~test])) for test in masks]


def _tested(split, patients, share):
    return [len(np.unique(patients[test])) for test in _eight_splits(split, patients, share)]


def _differ(split, patients, share):
    return len({test.tobytes() for test in _eight_splits(split, patients, share)}) > 1


def _repeat(split, patients, share):
    pairs = zip(*(_eight_splits(split, patients, share) for _ in range(2)), strict=True)
    return all(np.array_equal(first, again) for first, again in pairs)


CASES = {
    "worth_of_an_alarm": [
        Case("one in a hundred ill, nine in ten right", (0.9, 0.9, 0.01), 0.009 / 0.108),
        Case("half ill, a coin", (0.5, 0.5, 0.5), 0.5),
        Case(
            "three in four ill, half found, one false alarm in five",
            (0.5, 0.8, 0.75),
            0.375 / 0.425,
        ),
    ],
    "split_patients": [
        Case("type and shape of the mask", (_PATIENTS, 0.3), "bool (55,)", _masks),
        Case("patients on both sides, in eight splits", (_PATIENTS, 0.3), [0] * 8, _on_both_sides),
        Case("patients of ten in the test, eight times", (_PATIENTS, 0.3), [3] * 8, _tested),
        Case("splits by eight generators differ", (_PATIENTS, 0.3), True, _differ),
        Case("generators of one seed give one split", (_PATIENTS, 0.3), True, _repeat),
    ],
    "upper_error_bound": [
        Case("one film, confidence 0.95", (1, 0.95), 0.95),
        Case("ten films, confidence 0.95", (10, 0.95), 1 - 0.05**0.1),
        Case("sixty films, confidence 0.9", (60, 0.9), 1 - 0.1 ** (1 / 60)),
    ],
}


def plot_ranges(
    names: Sequence[str],
    values: Sequence[float],
    ends: Sequence[tuple[float, float]],
    *,
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw a column of values, each with its interval, in the order given.

    Parameters
    ----------
    names : sequence of str
        One a row.
    values : sequence of float
        What was measured.
    ends : sequence of tuple of float
        Low and high of each.
    label : str
        What the horizontal axis shows, with its unit.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a name.

    Examples
    --------
    >>> plot_ranges(["a"], [0.5], [(0.4, 0.7)], label="accuracy").get_xlabel()
    'accuracy'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 0.32 * len(names) + 0.8))[1]
    rows, (low, high) = np.arange(len(names)), np.transpose(ends)
    ax.hlines(rows, low, high)
    ax.plot(values, rows, "o")
    ax.set_yticks(rows, names)
    ax.invert_yaxis()
    ax.set_xlabel(label)
    return ax


def plot_report(report: Report, *, ax: Axes | None = None) -> Axes:
    """Draw every score of a report with its interval.

    Parameters
    ----------
    report : companion.evaluation.report.Report
        From :func:`companion.evaluation.report.evaluate`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a score.

    Examples
    --------
    >>> from companion.evaluation.report import evaluate
    >>> report = evaluate(np.array([0, 1]), np.array([0.2, 0.9]), rng=np.random.default_rng(0))
    >>> len(plot_report(report).get_yticklabels()) == len(report)
    True
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.4))[1]
    table = report.to_frame()
    names = [name.replace("_", " ") for name in table.index]
    label = f"score, with its {report.confidence:.0%} interval"
    return plot_ranges(names, table["value"], table[["low", "high"]].to_numpy(), label=label, ax=ax)


def plot_reliability(tables: Mapping[str, pd.DataFrame], *, ax: Axes | None = None) -> Axes:
    """Draw a reliability diagram: the observed fraction of ill against the predicted probability.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By name: from :func:`companion.evaluation.calibration.reliability_table`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With the diagonal on which a calibrated model lies.

    Examples
    --------
    >>> from companion.evaluation.calibration import reliability_table
    >>> table = reliability_table(np.array([0, 1]), np.array([0.2, 0.9]))
    >>> plot_reliability({"mine": table}).get_ylabel()
    'observed fraction with pneumonia'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 4.4))[1]
    ax.plot([0, 1], [0, 1], ":", color="0.4", label="calibrated")
    for (name, table), colour, mark in zip(tables.items(), COLOURS, "os^Dv", strict=False):
        ends = np.abs(table[["low", "high"]].to_numpy().T - table["share"].to_numpy())
        ax.errorbar(
            table["probability"], table["share"], yerr=ends, fmt=f"-{mark}", color=colour,
            label=name, markersize=4, linewidth=1,
        )  # fmt: skip
    ax.set(xlabel="predicted probability", ylabel="observed fraction with pneumonia")
    ax.legend(loc="upper left")
    return ax


def plot_gaps(gaps: Mapping[str, Mapping[str, float]], *, ax: Axes | None = None) -> Axes:
    """Draw what the loss of accuracy of several models is made of.

    Parameters
    ----------
    gaps : mapping of str to mapping of str to float
        By model: from :func:`companion.evaluation.decisions.explain_gap`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One group of bars a model, in points of accuracy.

    Examples
    --------
    >>> gap = {"seen": 0.9, "prevalence": 0.0, "ranking": -0.1, "threshold": 0.0, "met": 0.8}
    >>> len(plot_gaps({"mine": gap}).patches)
    3
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.2))[1]
    rows, parts = np.arange(len(gaps)), ("prevalence", "ranking", "threshold")
    for number, (part, colour, hatch) in enumerate(
        zip(parts, COLOURS, ("", "//", ".."), strict=False)
    ):
        points = [100 * gap[part] for gap in gaps.values()]
        ax.barh(rows + 0.25 * (number - 1), points, 0.25, color=colour, hatch=hatch, label=part)
    ax.axvline(0, color="0.3", linewidth=0.8)
    ax.set_yticks(rows, list(gaps))
    ax.invert_yaxis()
    ax.set_xlabel("points of accuracy gained (+) or lost (-) from validation to test")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    return ax
