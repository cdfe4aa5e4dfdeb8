"""Backstage of chapter 9.1: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from companion.pages.check import Case
from companion.pages.figures import COLOURS

if TYPE_CHECKING:
    from companion.studies.power_law import PowerLaw

_PROBABILITIES = np.array([0.02, 0.99, 0.3, 0.52, 0.45])
CASES = {
    "films_needed": [
        Case("no floor, error 0.05", (0.0, 1.0, 0.5, 0.05), 400.0),
        Case("a floor of 0.01, error 0.06", (0.01, 1.0, 0.5, 0.06), 400.0),
        Case("exponent 1, error 0.02", (0.0, 2.0, 1.0, 0.02), 100.0),
        Case("an error below the floor", (0.1, 1.0, 0.5, 0.05), np.inf),
    ],
    "least_sure": [
        Case("the two least sure of five", (_PROBABILITIES, 2), [3, 4]),
        Case("the four least sure", (_PROBABILITIES, 4), [3, 4, 2, 0]),
        Case("all below one half", (_PROBABILITIES / 3, 1), [1]),
    ],
    "mean_and_half_width": [
        Case(
            "the mean of three, its half-width", (np.array([0.90, 0.92, 0.94]),), (0.92, 0.04968275)
        ),
        Case(
            "the mean of five, its half-width",
            (np.repeat([0.8, 0.9], [2, 3]),),
            (0.86, 0.06800870),
        ),
    ],
}


STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))


def plot_learning_curves(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    label: str = "AUROC",
    bounds: tuple[float, float] | None = (0, 1),
    models: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean over seeds against the number of films, with a band for its interval.

    Parameters
    ----------
    curves : mapping of str to tuple of numpy.ndarray
        By method: sizes (S,) and values (S, seeds).
    label : str
        What the vertical axis shows.
    bounds : tuple of float, optional
        Between which every value must lie, and the band with them; None for a difference,
        which gets a line at 0.
    models : bool
        Whether each value is drawn too: a model a dot.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a logarithmic horizontal scale.

    Examples
    --------
    >>> curve = np.array([25, 100]), np.array([[0.8, 0.9], [0.9, 0.92]])
    >>> plot_learning_curves({"mine": curve}).get_xscale()
    'log'
    """
    from companion.evaluation.intervals import mean_interval

    ax = ax if ax is not None else plt.subplots()[1]
    for (name, (sizes, values)), colour, style in zip(
        curves.items(), COLOURS, STYLES, strict=False
    ):
        mean, low, high = mean_interval(values, bounds=bounds)
        ax.fill_between(sizes, low, high, color=colour, alpha=0.15, linewidth=0)
        if models:
            ax.plot(sizes, values, "o", color=colour, markersize=3, alpha=0.6)
        ax.plot(sizes, mean, linestyle=style, marker=".", color=colour, label=name)
    if bounds is None:
        ax.axhline(0, color="0.5", linewidth=0.8, zorder=0)
    _scale_by_films(ax, np.concatenate([sizes for sizes, _ in curves.values()]))
    ax.set_ylabel(label)
    return ax


def plot_extrapolation(
    sizes: np.ndarray,
    errors: np.ndarray,
    laws: Mapping[str, tuple[PowerLaw, int]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw measured errors, and power laws fitted to the first of them and carried on.

    Parameters
    ----------
    sizes : numpy.ndarray
        (S,), numbers of films.
    errors : numpy.ndarray
        (S, seeds).
    laws : mapping of str to tuple
        By name: a law, and the greatest size that it was fitted to.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With logarithmic scales; a line is full where the law was fitted and dotted beyond.

    Examples
    --------
    >>> from companion.studies.power_law import PowerLaw
    >>> law = PowerLaw(0.0, 1.0, 0.5)
    >>> ax = plot_extrapolation(np.array([25, 100]), np.full((2, 3), 0.1), {"fit": (law, 25)})
    >>> ax.get_yscale()
    'log'
    """
    from companion.evaluation.intervals import mean_interval

    ax = ax if ax is not None else plt.subplots()[1]
    mean, low, high = mean_interval(errors, bounds=(0, 1))
    ends = [mean - low, high - mean]
    ax.errorbar(sizes, mean, yerr=ends, fmt="o", color="0.3", markersize=4, label="measured")
    for (name, (law, last)), colour in zip(laws.items(), COLOURS, strict=False):
        seen, beyond = np.geomspace(sizes[0], last, 40), np.geomspace(last, sizes[-1], 40)
        ax.plot(seen, law.error(seen), color=colour, label=name)
        ax.plot(beyond, law.error(beyond), ":", color=colour)
    _scale_by_films(ax, sizes)
    _scale_by_errors(ax)
    return ax


def plot_law(law: PowerLaw, sizes: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """Draw a power law as the sum that it is: a part that falls, and a floor.

    Parameters
    ----------
    law : companion.studies.PowerLaw
        With a floor above 0.
    sizes : numpy.ndarray
        Numbers of films, from the least to the greatest.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With logarithmic scales: there the falling part is a straight line.

    Examples
    --------
    >>> from companion.studies.power_law import PowerLaw
    >>> plot_law(PowerLaw(0.01, 1.0, 0.5), np.array([25, 6400])).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3.2))[1]
    along = np.geomspace(sizes[0], sizes[-1], 60)
    falling = law.error(along) - law.floor
    ax.plot(along, law.error(along), color=COLOURS[0], label="error, the sum of both")
    ax.plot(along, falling, ":", color=COLOURS[1], label="the part that films remove")
    ax.axhline(law.floor, linestyle="--", color=COLOURS[2], label="the floor, which they do not")
    _scale_by_films(ax, np.asarray(sizes))
    _scale_by_errors(ax)
    ax.legend(fontsize="small")
    return ax


def plot_noise(scores: Mapping[float, Sequence[float]], *, ax: Axes | None = None) -> Axes:
    """Draw scores against the share of noisy labels: a model a dot, and the mean's interval.

    Parameters
    ----------
    scores : mapping of float to sequence of float
        By share: AUROCs, one a model, at least two of them different.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Shares in per cent along the horizontal axis.

    Examples
    --------
    >>> plot_noise({0.0: [0.9, 0.95], 0.2: [0.7, 0.8]}).get_ylabel()
    'AUROC'
    """
    from companion.evaluation.intervals import mean_interval

    ax = ax if ax is not None else plt.subplots(figsize=(6, 3))[1]
    shares = 100 * np.array(list(scores))
    values = np.array(list(scores.values()))
    mean, low, high = mean_interval(values, bounds=(0, 1))
    ax.plot(shares, values, "o", color=COLOURS[0], markersize=3, alpha=0.4)
    ax.errorbar(shares, mean, yerr=[mean - low, high - mean], fmt="o-", color=COLOURS[1], capsize=3)
    ax.axhline(0.5, linestyle="--", color="0.5", linewidth=0.8)
    ax.annotate(
        "guessing", (shares[0], 0.5), (0, 3), textcoords="offset points", fontsize="small",
        color="0.3",
    )  # fmt: skip
    ax.set(xlabel="labels that were flipped (%)", ylabel="AUROC", xticks=shares)
    return ax


def _scale_by_films(ax, sizes):
    ax.set(xscale="log", xlabel="labelled films (logarithmic scale)")
    ticks = [tick for tick in 25 * 2 ** np.arange(12) if min(sizes) <= tick <= max(sizes)]
    ticks = ticks[:: 1 + (len(ticks) > 5)]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())


def _scale_by_errors(ax):
    ax.set(yscale="log", ylabel="1 - AUROC (logarithmic scale)")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_locator(NullLocator())
