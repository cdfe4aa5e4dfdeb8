"""Figures of chapter 8: prices, hospitals, a gambler's wealth, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.figures import COLOURS, DASHES


def plot_prices(
    sizes: Sequence[int], scores: np.ndarray, prices: Mapping[str, float], *, ax: Axes | None = None
) -> Axes:
    """Draw a learning curve over what its labels cost, for several prices of a label.

    Parameters
    ----------
    sizes : sequence of int
        (S,): films labelled.
    scores : numpy.ndarray
        (S, seeds).
    prices : mapping of str to float
        By name, the price of one film's label.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_prices([10, 20], np.array([[0.8], [0.9]]), {"one reader": 2.0}).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3))[1]
    mean = np.asarray(scores).mean(axis=1)
    for number, (name, price) in enumerate(prices.items()):
        ax.plot(np.asarray(sizes) * price, mean, DASHES[number % 4], color=COLOURS[number],
                marker="o", markersize=3, label=name)  # fmt: skip
    ax.set(xscale="log", xlabel="price of all labels (any currency)", ylabel="AUROC, validation")
    ax.legend(loc="lower right")
    return ax


def plot_hospitals(runs: Sequence[Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw the AUROC of every run, a row for each way of training.

    Parameters
    ----------
    runs : sequence of mapping
        With "way", "seed" and "auroc".
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_hospitals([{"way": "pooled", "seed": 0, "auroc": 0.9}]).get_xlabel()
    'AUROC on films of none of them'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 2.6))[1]
    ways = list(dict.fromkeys(run["way"] for run in runs))
    for row, way in enumerate(ways):
        found = np.array([run["auroc"] for run in runs if run["way"] == way])
        shift = np.linspace(-0.16, 0.16, len(found)) if len(found) > 1 else np.zeros(1)
        ax.plot(found, row + shift, "o", markersize=4, alpha=0.6, color=COLOURS[row % 6])
        ax.plot(found.mean(), row, "|", markersize=18, color="black")
    ax.set(yticks=range(len(ways)), yticklabels=ways, ylim=(len(ways) - 0.5, -0.5),
           xlabel="AUROC on films of none of them")  # fmt: skip
    return ax


def plot_wealth(streams: Mapping[str, np.ndarray], limit: float, *, ax: Axes | None = None) -> Axes:
    """Draw a gambler's wealth against the number of films, and where it becomes an alarm.

    Parameters
    ----------
    streams : mapping of str to numpy.ndarray
        By name, (N,): the wealth after each film.
    limit : float
        The wealth at which the alarm is raised.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        The wealth on a logarithmic scale.

    Examples
    --------
    >>> plot_wealth({"no change": np.ones(5)}, 20).get_yscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3))[1]
    for number, (name, wealth) in enumerate(streams.items()):
        ax.plot(np.arange(1, len(wealth) + 1), wealth, DASHES[number % 4],
                color=COLOURS[number % 6], label=name)  # fmt: skip
    ax.axhline(limit, color="0.5", linewidth=1)
    ax.annotate("alarm", (1, limit), xytext=(0, 3), textcoords="offset points", fontsize="small")
    ax.set(yscale="log", ylim=(1e-3, limit * 50), xlabel="films since the change",
           ylabel="wealth")  # fmt: skip
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_alarms(
    alarms: Mapping[str, Mapping[str, Mapping[str, Sequence[int | None]]]],
    method: str,
    films: int,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw after how many films most streams have an alarm, by change and by what was watched.

    Parameters
    ----------
    alarms : mapping
        By change, watched number and method: the films before each stream's alarm, or None.
    method : str
        Which method is drawn.
    films : int
        Length of a stream: a mark there means that most streams had no alarm.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a change.

    Examples
    --------
    >>> plot_alarms({"darker": {"brightness": {"betting": [5, 7]}}}, "betting", 9).get_xlabel()
    'films until half of the streams have an alarm'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 2.6))[1]
    numbers = list(next(iter(alarms.values())))
    for place, number in enumerate(numbers):
        middle = [
            min(np.median([np.inf if count is None else count for count in by[number][method]]),
                films)
            for by in alarms.values()
        ]  # fmt: skip
        rows = np.arange(len(middle)) + 0.18 * (place - (len(numbers) - 1) / 2)
        ax.plot(middle, rows, "os^D"[place % 4], color=COLOURS[place], label=number)
    ax.set(yticks=range(len(alarms)), yticklabels=list(alarms), ylim=(len(alarms) - 0.5, -0.5),
           xlim=(0, films * 1.03),
           xlabel="films until half of the streams have an alarm")  # fmt: skip
    ax.legend(title="watched", loc="center left", bbox_to_anchor=(1, 0.5))
    return ax
