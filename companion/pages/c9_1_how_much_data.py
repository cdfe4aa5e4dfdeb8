"""Backstage of chapter 9.1: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

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
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean over seeds against the number of films, with a band for its interval.

    Parameters
    ----------
    curves : mapping of str to tuple of numpy.ndarray
        By method: sizes (S,) and values (S, seeds).
    label : str
        What the vertical axis shows: a score of at most 1.
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
        mean, low, high = mean_interval(values)
        # No score is above 1, though Student's interval can be.
        ax.fill_between(sizes, low, np.minimum(high, 1), color=colour, alpha=0.15, linewidth=0)
        ax.plot(sizes, mean, linestyle=style, marker=".", color=colour, label=name)
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
    mean, low, high = mean_interval(errors)
    ends = np.abs(np.stack([np.maximum(low, mean / 10), high]) - mean)
    ax.errorbar(sizes, mean, yerr=ends, fmt="o", color="0.3", markersize=4, label="measured")
    for (name, (law, last)), colour in zip(laws.items(), COLOURS, strict=False):
        seen, beyond = np.geomspace(sizes[0], last, 40), np.geomspace(last, sizes[-1], 40)
        ax.plot(seen, law.error(seen), color=colour, label=name)
        ax.plot(beyond, law.error(beyond), ":", color=colour)
    _scale_by_films(ax, sizes)
    ax.set(yscale="log", ylabel="1 - AUROC (logarithmic scale)")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_formatter("")
    return ax


def _scale_by_films(ax, sizes):
    ax.set(xscale="log", xlabel="labelled films (logarithmic scale)")
    ticks = [tick for tick in 25 * 2 ** np.arange(12) if min(sizes) <= tick <= max(sizes)]
    ticks = ticks[:: 1 + (len(ticks) > 5)]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
