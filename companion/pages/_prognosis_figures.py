"""Figures of chapter 6.3: visits, follow-ups, curves with numbers at risk, a hundred women."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from companion.pages.figures import COLOURS, DASHES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_YEAR = 365.25


def plot_visits(
    table: pd.DataFrame, columns: Sequence[str], chosen: int, *, ax: Axes | None = None
):
    """Draw the length of each woman's tumour at her visits, one woman's in front.

    Parameters
    ----------
    table : pandas.DataFrame
        By patient.
    columns : sequence of str
        Lengths in mm by visit; those that the table lacks are left out.
    chosen : int
        The woman in front.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [50.0, 40.0], "b": [30.0, 20.0]}, index=[7, 8])
    >>> plot_visits(table, ["a", "b", "c"], 7).get_ylabel()
    'longest diameter in mm'
    """
    import matplotlib.pyplot as plt

    ax = ax if ax is not None else plt.subplots(figsize=(4.4, 3.1))[1]
    kept = [name for name in columns if name in table]
    place = np.arange(1, len(kept) + 1)
    lengths = table[kept].to_numpy(float)
    ax.plot(place, lengths.T, "-" if len(kept) > 1 else "_", color="0.6", linewidth=0.5, alpha=0.4)
    ax.plot(place, np.nanmedian(lengths, axis=0), "--s", color="0.2", label="median of all women")
    own = table.loc[chosen, kept].to_numpy(float)
    ax.plot(place, own, "-o", color=COLOURS[1], linewidth=2.5, label="one woman")
    for x, length in zip(place, own, strict=True):
        ax.annotate(f"{length:.0f}", (x, length), (0, 7), textcoords="offset points", ha="center",
                    color=COLOURS[1], fontweight="bold")  # fmt: skip
    words = ["before\ntreatment", "early", "between\ncourses", "before\nsurgery"][: len(kept)]
    ax.set(ylabel="longest diameter in mm", ylim=(0, None), xlim=(0.6, len(kept) + 0.4))
    ax.set_xticks(place, words)
    ax.legend(loc="upper right", fontsize="small")
    return ax


def plot_follow_up(months: Sequence[float], event: Sequence[int], *, axes=None) -> np.ndarray:
    """Draw follow-ups as bars, and below them the staircase that they make.

    Parameters
    ----------
    months : sequence of float
        Of each patient.
    event : sequence of int
        1 where the bar ends in an event.
    axes : sequence of Axes, optional
        Two; a new figure when absent.

    Returns
    -------
    numpy.ndarray of Axes
        The bars, and the staircase.

    Examples
    --------
    >>> plot_follow_up([3, 5], [1, 0])[1].get_xlabel()
    'months'
    """
    import matplotlib.pyplot as plt

    if axes is None:
        _, axes = plt.subplots(2, 1, figsize=(4.4, 4.4), sharex=True)
    bars, stairs = axes
    months, event = np.asarray(months, float), np.asarray(event, bool)
    rows = np.arange(len(months), 0, -1)
    bars.barh(rows, months, height=0.35, color="0.8")
    bars.plot(months[event], rows[event], "o", color=COLOURS[1], label="event")
    bars.plot(months[~event], rows[~event], "|", color=COLOURS[0], markersize=14,
              markeredgewidth=2.5, label="censored")  # fmt: skip
    bars.set_yticks(rows, [f"patient {number}" for number in range(1, len(months) + 1)])
    bars.legend(loc="upper right")
    _stairs(stairs, months, event, COLOURS[0], "-", None)
    for month in months[event]:
        for ax in axes:
            ax.axvline(month, color=COLOURS[1], linewidth=0.7, linestyle=":")
    stairs.set(xlabel="months", ylabel="share without event", ylim=(0, 1.05), xlim=(0, None))
    return axes


def plot_survival(groups: Mapping[str, tuple], horizon_days: float, *, axes=None) -> np.ndarray:
    """Draw Kaplan and Meier's curves with their bands, and below how many are still at risk.

    Parameters
    ----------
    groups : mapping of str to (time, event)
        By name: days and events, at most four groups.
    horizon_days : float
        To be marked.
    axes : sequence of Axes, optional
        Two; a new figure when absent.

    Returns
    -------
    numpy.ndarray of Axes
        The curves, and the numbers at risk.

    Examples
    --------
    >>> plot_survival({"all": ([400, 900], [1, 0])}, 365)[0].get_ylabel()
    'share without recurrence'
    """
    import matplotlib.pyplot as plt

    if axes is None:
        _, axes = plt.subplots(
            2, 1, figsize=(4.4, 3.9), sharex=True, height_ratios=[1, 0.09 + 0.09 * len(groups)]
        )
    curves, counts = axes
    last = max(float(np.max(time)) for time, _ in groups.values())
    years = np.arange(0, int(last / _YEAR) + 1)
    for number, (name, (time, event)) in enumerate(groups.items()):
        time, event = np.asarray(time, float), np.asarray(event, bool)
        _stairs(curves, time / _YEAR, event, COLOURS[number], DASHES[number], name)
        for year in years:
            counts.text(year, -number, f"{(time >= year * _YEAR).sum()}", ha="center",
                        va="center", color=COLOURS[number])  # fmt: skip
    curves.axvline(horizon_days / _YEAR, color="0.4", linewidth=0.8)
    curves.set(ylabel="share without recurrence", ylim=(0, 1.03), xlim=(-0.25, last / _YEAR))
    curves.legend(loc="lower left")
    counts.set(xlabel="years", ylim=(0.6 - len(groups), 0.6), yticks=[], ylabel="at\nrisk")
    for spine in counts.spines.values():
        spine.set_visible(False)
    counts.set_xticks(years)
    return axes


def _stairs(ax, time, event, colour, dashes, name):
    """Draw one staircase with its band, and a tick where somebody is censored."""
    from lifelines import KaplanMeierFitter

    fitted = KaplanMeierFitter().fit(time, event)
    curve = fitted.survival_function_.iloc[:, 0]
    band = fitted.confidence_interval_
    ax.step(curve.index, curve, dashes, where="post", color=colour, label=name, linewidth=2)
    if name is not None:
        ax.fill_between(band.index, band.iloc[:, 0], band.iloc[:, 1], step="post", color=colour,
                        alpha=0.15, linewidth=0)  # fmt: skip
    gone = np.sort(time[~event])
    ax.plot(gone, fitted.predict(gone), "|", color=colour, markersize=6)


def plot_calibration(tables: Mapping[str, Mapping], *, ax: Axes | None = None) -> Axes:
    """Draw observed against predicted risk in groups, with intervals.

    Parameters
    ----------
    tables : mapping of str to mapping
        By model; by group patients, events, predicted, observed, low, high; ``all`` is left out.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> row = [30, 5, 0.2, 0.25, 0.1, 0.4]
    >>> plot_calibration({"history": {"1": row, "all": row}}).get_xlabel()
    'predicted risk'
    """
    import matplotlib.pyplot as plt

    ax = ax if ax is not None else plt.subplots(figsize=(4.4, 3.8))[1]
    ax.plot([0, 1], [0, 1], color="0.5", linewidth=0.8)
    for number, (name, table) in enumerate(tables.items()):
        groups = np.array([row for group, row in table.items() if group != "all"])
        _, _, predicted, observed, low, high = groups.T
        spread = np.stack([observed - low, high - observed])
        ax.errorbar(predicted, observed, spread, fmt="os^D"[number], color=COLOURS[number],
                    linestyle=DASHES[number], capsize=3, label=name)  # fmt: skip
    ax.set(xlabel="predicted risk", ylabel="observed risk", xlim=(0, 0.7), ylim=(0, 0.7))
    ax.legend(loc="upper left")
    return ax


def plot_timeline(
    days: Mapping[str, float], events: Sequence[float], landmark: float, *, ax: Axes | None = None
) -> Axes:
    """Draw when what is known, and when the first events happened.

    Parameters
    ----------
    days : mapping of str to float
        By stage: by about which day it is over.
    events : sequence of float
        Days of all events; those of the first year are drawn.
    landmark : float
        To be marked.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_timeline({"start": 0, "surgery": 240}, [180, 300], 240).get_xlabel()
    'days from the start of treatment'
    """
    import matplotlib.pyplot as plt

    ax = ax if ax is not None else plt.subplots(figsize=(4.4, 2.5))[1]
    for number, (stage, day) in enumerate(days.items()):
        ax.plot(day, 1, "s", color=COLOURS[0])
        ax.annotate(stage, (day, 1), (0, 8 + 12 * ((number + 1) % 3)), textcoords="offset points",
                    ha="left" if number == 0 else "center", fontsize="small")  # fmt: skip
    early = np.array([day for day in events if day <= _YEAR])
    ax.plot(early, np.zeros(len(early)), "o", color=COLOURS[1], alpha=0.7)
    ax.axvspan(0, landmark, color="0.9", zorder=0)
    ax.axvline(landmark, color="0.2", linestyle="--")
    ax.annotate("landmark", (landmark, 0.5), (5, 0), textcoords="offset points", va="center")
    ax.set(xlabel="days from the start of treatment", xlim=(-8, _YEAR), ylim=(-0.4, 1.9))
    ax.set_yticks([0, 1], ["events", "known by"])
    return ax


def plot_one_woman(
    days: Sequence[float], risk: np.ndarray, horizon_days: float, *, axes=None
) -> np.ndarray:
    """Draw one woman's predicted curve with its band, and the same at a horizon as a hundred women.

    Parameters
    ----------
    days : sequence of float
        (T,), rising.
    risk : numpy.ndarray
        (3, T), in [0, 1]: the predicted risk, and the low and high end of its band.
    horizon_days : float
        One of `days`.
    axes : sequence of Axes, optional
        Two; a new figure when absent.

    Returns
    -------
    numpy.ndarray of Axes
        The curve, and the hundred women.

    Examples
    --------
    >>> risk = np.array([[0.1, 0.2], [0.05, 0.1], [0.2, 0.3]])
    >>> len(plot_one_woman([365.0, 730.0], risk, 730.0)[1].collections)
    1
    """
    import matplotlib.pyplot as plt

    if axes is None:
        _, axes = plt.subplots(2, 1, figsize=(4.4, 5.6), height_ratios=[1, 1.15])
    curve, people = axes
    years, at = np.asarray(days) / _YEAR, list(days).index(horizon_days)
    curve.step(years, 1 - risk[0], where="post", color=COLOURS[0], linewidth=2)
    curve.fill_between(years, 1 - risk[2], 1 - risk[1], step="post", color=COLOURS[0], alpha=0.2,
                       linewidth=0)  # fmt: skip
    curve.axvline(horizon_days / _YEAR, color="0.4", linewidth=0.8)
    curve.set(xlabel="years", ylabel="share without recurrence", ylim=(0, 1.03))
    low, value, high = (round(100 * risk[row, at]) for row in (1, 0, 2))
    number = np.arange(100)
    colours = np.select([number < low, number < high], [COLOURS[1], COLOURS[4]], "0.85")
    people.scatter(number % 10, -(number // 10), c=colours.tolist(), s=60)
    people.set_title(f"{value} of 100 within {horizon_days / _YEAR:.0f} years\n"
                     f"(between {low} and {high})", fontsize="medium")  # fmt: skip
    people.set(aspect="equal", xlim=(-0.8, 9.8), ylim=(-9.8, 0.8))
    people.set_axis_off()
    return axes
