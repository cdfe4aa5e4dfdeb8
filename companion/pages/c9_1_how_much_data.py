"""Checkers for the exercises of chapter 9.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from companion.evaluation.intervals import mean_interval
from companion.pages.check import expect
from companion.pages.figures import COLOURS
from companion.studies.power_law import PowerLaw


def check_films_needed(films_needed: Callable) -> None:
    """Check a function that turns a power law around.

    Parameters
    ----------
    films_needed : function
        Takes floor, scale, exponent and a wished error; returns the number of films at which
        ``floor + scale * films ** -exponent`` is that error, infinite if it never is.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_films_needed(lambda floor, scale, exponent, error: 100.0)
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: no floor, error 0.05: got 100.0, expected 400.0
    """
    for what, arguments, right in (
        ("no floor, error 0.05", (0.0, 1.0, 0.5, 0.05), 400.0),
        ("a floor of 0.01, error 0.06", (0.01, 1.0, 0.5, 0.06), 400.0),
        ("exponent 1, error 0.02", (0.0, 2.0, 1.0, 0.02), 100.0),
        ("an error below the floor", (0.1, 1.0, 0.5, 0.05), np.inf),
    ):
        expect(what, films_needed(*arguments), right)
    print("Right: four cases passed.")


def check_least_sure(least_sure: Callable) -> None:
    """Check a function that chooses the films a model is least sure of.

    Parameters
    ----------
    least_sure : function
        Takes probabilities (N,) and a count; returns that many indices, least sure first.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_least_sure(lambda probabilities, count: np.argsort(probabilities)[:count])
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: the two least sure of five: got [0, 2], expected [3, 4]
    """
    chance = np.array([0.02, 0.99, 0.3, 0.52, 0.45])
    expect("the two least sure of five", np.asarray(least_sure(chance, 2)), np.array([3, 4]))
    expect("the four least sure", np.asarray(least_sure(chance, 4)), np.array([3, 4, 2, 0]))
    expect("all below one half", np.asarray(least_sure(chance / 3, 1)), np.array([1]))
    print("Right: three cases passed.")


def check_mean_and_reach(mean_and_reach: Callable) -> None:
    """Check a function that gives a mean over seeds and half its 95 % interval.

    Parameters
    ----------
    mean_and_reach : function
        Takes scores (seeds,); returns the mean, and Student's quantile times the standard error.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_mean_and_reach(lambda scores: (scores.mean(), 1.96 * scores.std()))
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: the reach of 0.90, 0.92, 0.94: got ...
    """
    three, five = np.array([0.90, 0.92, 0.94]), np.array([0.8, 0.8, 0.9, 0.9, 0.9])
    expect("the mean of 0.90, 0.92, 0.94", mean_and_reach(three)[0], 0.92)
    expect("the reach of 0.90, 0.92, 0.94", mean_and_reach(three)[1], 0.04968275)
    expect("the mean of five", mean_and_reach(five)[0], 0.86)
    expect("the reach of five", mean_and_reach(five)[1], 0.06800870)
    print("Right: four cases passed.")


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
    >>> law = PowerLaw(0.0, 1.0, 0.5)
    >>> ax = plot_extrapolation(np.array([25, 100]), np.full((2, 3), 0.1), {"fit": (law, 25)})
    >>> ax.get_yscale()
    'log'
    """
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
