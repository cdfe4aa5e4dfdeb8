"""What decisions look like at every threshold and prevalence; for chapter 9.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.figures import COLOURS


def plot_threshold(
    labels: np.ndarray, scores: np.ndarray, *, threshold: float, axes: Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Draw a model at every threshold: its scores, its ROC and its precision-recall curve.

    Parameters
    ----------
    labels : numpy.ndarray
        (N,), 0 or 1.
    scores : numpy.ndarray
        (N,), probabilities of 1.
    threshold : float
        Marked on all three; a score from it on is an alarm.
    axes : sequence of Axes, optional
        Three; a new figure when absent.

    Returns
    -------
    sequence of Axes
        The scores of both classes, the ROC curve, the precision-recall curve.

    Examples
    --------
    >>> axes = plot_threshold(np.array([0, 1]), np.array([0.2, 0.9]), threshold=0.5)
    >>> [ax.get_xlabel() for ax in axes]
    ['score', '1 - specificity', 'sensitivity']
    """
    from sklearn.metrics import precision_recall_curve, roc_curve

    axes = axes if axes is not None else plt.subplots(1, 3, figsize=(7, 2.7))[1]
    ill, alarm = labels == 1, scores >= threshold
    heaps, roc, curve = axes
    bins = np.linspace(0, 1, 21)
    for rows, sign, colour, name in (
        (ill, 1, COLOURS[1], "ill"),
        (~ill, -1, COLOURS[0], "healthy"),
    ):
        shares = np.histogram(scores[rows], bins)[0] / rows.sum()
        heaps.bar(bins[:-1], sign * shares, width=0.05, align="edge", color=colour, label=name)
    heaps.axvline(threshold, color="0.2", linewidth=1)
    heaps.axhline(0, color="0.2", linewidth=0.8)
    heaps.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    heaps.set(xlabel="score", ylabel="share of the ill, of the healthy")
    heaps.legend(loc="upper left", fontsize="small")
    sensitivity = alarm[ill].mean()
    rate, found, _ = roc_curve(ill, scores)
    roc.plot(rate, found)
    roc.plot([0, 1], [0, 1], ":", color="0.5")
    roc.plot(alarm[~ill].mean(), sensitivity, "o", color="0.2")
    roc.set(xlabel="1 - specificity", ylabel="sensitivity")
    precision, recall, _ = precision_recall_curve(ill, scores)
    curve.plot(recall, precision)
    if alarm.any():
        curve.plot(sensitivity, ill[alarm].mean(), "o", color="0.2")
    curve.set(xlabel="sensitivity", ylabel="precision", ylim=(0, 1.04))
    return axes


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
    ax.set_ylabel("predictive value")
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
    ax.set_xlabel("threshold probability (from which one would treat)")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(curves) + 1)
    return ax
