"""Figures of chapter 9.2: reports, calibration, decisions and gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from companion.evaluation import Report
from companion.plotting import COLOURS


def plot_report(report: Report, *, ax: Axes | None = None) -> Axes:
    """Draw every score of a report with its interval.

    Parameters
    ----------
    report : companion.evaluation.Report
        From :func:`companion.evaluation.evaluate`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a score.

    Examples
    --------
    >>> from companion.evaluation import evaluate
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
    """Draw the share that is ill against the probability that was said.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By name: from :func:`companion.calibration.reliability_table`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With the diagonal on which a calibrated model lies.

    Examples
    --------
    >>> from companion.calibration import reliability_table
    >>> table = reliability_table(np.array([0, 1]), np.array([0.2, 0.9]))
    >>> plot_reliability({"mine": table}).get_ylabel()
    'share with pneumonia'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 4.4))[1]
    ax.plot([0, 1], [0, 1], ":", color="0.4", label="calibrated")
    for (name, table), colour, mark in zip(tables.items(), COLOURS, "os^Dv", strict=False):
        ends = np.abs(table[["low", "high"]].to_numpy().T - table["share"].to_numpy())
        ax.errorbar(
            table["probability"], table["share"], yerr=ends, fmt=f"-{mark}", color=colour,
            label=name, markersize=4, linewidth=1,
        )  # fmt: skip
    ax.set(xlabel="probability that the model says", ylabel="share with pneumonia")
    ax.legend(loc="upper left")
    return ax


def plot_predictive_values(
    prevalence: np.ndarray,
    values: Mapping[str, np.ndarray],
    *,
    marks: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw predictive values against prevalence, on a logarithmic scale.

    Parameters
    ----------
    prevalence : numpy.ndarray
        float, (P,), above 0, at most 1.
    values : mapping of str to numpy.ndarray
        By name: predictive values, (P,).
    marks : mapping of str to float, optional
        Prevalences to mark, by name.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a logarithmic horizontal scale.

    Examples
    --------
    >>> plot_predictive_values(np.array([0.1, 1]), {"PPV": np.array([0.5, 1])}).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots()[1]
    for (name, curve), style in zip(values.items(), ("-", "--", ":", "-."), strict=False):
        ax.plot(prevalence, curve, style, label=name)
    for name, place in (marks or {}).items():
        ax.axvline(place, color="0.5", linewidth=0.8)
        ax.annotate(
            name, (place, 0.5), xytext=(-3, 0), textcoords="offset points",
            rotation=90, va="bottom", ha="right", fontsize="small",
        )  # fmt: skip
    ax.set(xscale="log", xlabel="prevalence (logarithmic scale)", ylim=(0, 1.02))
    ax.set_ylabel("share of right answers among those given")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(values))
    return ax


def plot_net_benefit(
    thresholds: np.ndarray, curves: Mapping[str, np.ndarray], *, ax: Axes | None = None
) -> Axes:
    """Draw decision curves.

    Parameters
    ----------
    thresholds : numpy.ndarray
        float, (T,), in [0, 1).
    curves : mapping of str to numpy.ndarray
        By rule: net benefit, (T,), from :func:`companion.decisions.net_benefit`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Cut off below zero, where a rule is worse than treating nobody.

    Examples
    --------
    >>> plot_net_benefit(np.array([0.1, 0.2]), {"all": np.array([0.5, 0.4])}).get_ylabel()
    'net benefit'
    """
    ax = ax if ax is not None else plt.subplots()[1]
    for (name, curve), style in zip(curves.items(), ("-", "--", ":", "-."), strict=False):
        ax.plot(thresholds, curve, style, label=name)
    ax.axhline(0, color="0.4", linewidth=0.8, label="treat nobody")
    top = max(np.max(curve) for curve in curves.values())
    ax.set(ylim=(-0.1 * top, 1.05 * top), ylabel="net benefit")
    ax.set_xlabel("threshold: the probability from which one would treat")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(curves) + 1)
    return ax


def plot_gaps(gaps: Mapping[str, Mapping[str, float]], *, ax: Axes | None = None) -> Axes:
    """Draw what the loss of accuracy of several models is made of.

    Parameters
    ----------
    gaps : mapping of str to mapping of str to float
        By model: from :func:`companion.decisions.explain_gap`.
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
