"""Checkers for the exercises of chapter 9.2."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from companion.evaluation.report import Report
from companion.pages.check import WrongAnswer, expect
from companion.pages.figures import COLOURS, plot_ranges


def check_worth_of_an_alarm(worth_of_an_alarm: Callable) -> None:
    """Check a function that gives the positive predictive value.

    Parameters
    ----------
    worth_of_an_alarm : function
        Takes recall, specificity and prevalence, all in (0, 1); returns a float.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_worth_of_an_alarm(lambda recall, specificity, prevalence: recall)
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: one in a hundred ill, nine in ten right: got 0.9, ...
    """
    for what, arguments, right in (
        ("one in a hundred ill, nine in ten right", (0.9, 0.9, 0.01), 0.009 / 0.108),
        ("half ill, a coin", (0.5, 0.5, 0.5), 0.5),
        ("three in four ill, half found, one false alarm in five", (0.5, 0.8, 0.75), 0.375 / 0.425),
    ):
        expect(what, worth_of_an_alarm(*arguments), right)
    print("Right: three cases passed.")


def check_split_patients(split_patients: Callable) -> None:
    """Check a function that splits films by patient.

    Parameters
    ----------
    split_patients : function
        Takes patients (N,), a share in (0, 1) and a numpy.random.Generator; returns bool (N,),
        True for the test films: all films of about that share of the patients.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With what is wrong.

    Examples
    --------
    >>> check_split_patients(lambda patients, share, rng: rng.random(len(patients)) < share)
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: patients on both sides: got ...
    """
    patients = np.repeat([7, 3, 9, 1, 5, 8, 2, 6, 4, 0], [1, 30, 2, 1, 5, 1, 9, 2, 1, 3])
    splits = []
    for seed in range(8):
        test = np.asarray(split_patients(patients, 0.3, np.random.default_rng(seed)))
        if test.shape != patients.shape or test.dtype != bool:
            raise WrongAnswer(
                f"the mask: got {test.dtype} {test.shape}, expected bool {patients.shape}"
            )
        both = np.intersect1d(patients[test], patients[~test])
        expect("patients on both sides", len(both), 0)
        expect("how many of ten patients are in the test", len(np.unique(patients[test])), 3)
        splits.append(test.tobytes())
    if len(set(splits)) == 1:
        raise WrongAnswer("splits of eight generators: got one and the same, expected different")
    print("Right: no patient on both sides, three of ten in the test, drawn at random.")


def check_worst_to_expect(worst_to_expect: Callable) -> None:
    """Check a function that bounds an error rate when no error was seen.

    Parameters
    ----------
    worst_to_expect : function
        Takes the number of films, all of them right, and a confidence; returns the greatest
        rate of errors under which so clean a record has a chance of 1 - confidence.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_worst_to_expect(lambda films, confidence: 0.0)
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: one film, confidence 0.95: got 0.0, expected 0.95
    """
    for what, films, confidence in (
        ("one film, confidence 0.95", 1, 0.95),
        ("ten films, confidence 0.95", 10, 0.95),
        ("sixty films, confidence 0.9", 60, 0.9),
    ):
        expect(what, worst_to_expect(films, confidence), 1 - (1 - confidence) ** (1 / films))
    print("Right: three cases passed.")


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
    """Draw the share that is ill against the probability that was said.

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
        By rule: net benefit, (T,), from :func:`companion.evaluation.decisions.net_benefit`.
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
