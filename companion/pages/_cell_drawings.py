"""Drawings of chapter 3.2: a layer unrolled, LSTM and GRU, and the numbers of one step."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.figures import COLOURS

#: Colours of a drawing's parts: what is new in it, what was there before, what carries memory.
_NEW, _OLD, _MEMORY = COLOURS[1], "0.45", COLOURS[0]


def _canvas(ax, width, height, title=""):
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    ax.set_title(title, fontsize="medium", pad=2)


def _box(ax, place, text, colour, *, round_=False, size="small"):
    style = {"boxstyle": "circle,pad=0.22" if round_ else "round,pad=0.3", "facecolor": "white"}
    ax.text(*place, text, ha="center", va="center", fontsize=size, color=colour, zorder=3,
            bbox=style | {"edgecolor": colour, "linewidth": 1.4})  # fmt: skip


def _way(ax, points, colour, *, width=1.3, arrow=True):
    """Draw a way along points, with a head at its end."""
    points = np.asarray(points, float)
    ax.plot(*points.T, color=colour, linewidth=width, zorder=1, solid_capstyle="butt")
    if arrow:
        head = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0}
        ax.annotate("", points[-1], points[-1] - 0.01 * (points[-1] - points[-2]), arrowprops=head)


def plot_unrolled(steps: int = 4, *, ax: Axes | None = None) -> Axes:
    """Draw a recurrent layer as a loop, and beside it unrolled over some steps.

    Parameters
    ----------
    steps : int
        How many, from 2 up.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Without scales.

    Examples
    --------
    >>> plot_unrolled(3).get_title()
    ''
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 2.4))[1]
    wide = 3.6 + 2.3 * steps
    _canvas(ax, wide, 4.2)
    _box(ax, (1.1, 2.1), "unit", _OLD)
    _way(ax, [(1.1, 0.8), (1.1, 1.65)], _OLD)
    _way(ax, [(1.1, 2.55), (1.1, 3.4)], _OLD)
    _way(ax, [(1.6, 2.1), (2.1, 2.1), (2.1, 3.0), (0.2, 3.0), (0.2, 2.1), (0.62, 2.1)], _MEMORY)
    for text, height in (("$x_t$", 0.5), ("$h_t$", 3.7)):
        ax.text(1.1, height, text, ha="center", va="center")
    ax.text(2.75, 2.1, "=", ha="center", va="center", fontsize="x-large")
    for step in range(1, steps + 1):
        x = 2.6 + 2.3 * step
        _box(ax, (x, 2.1), "unit", _OLD)
        _way(ax, [(x, 0.8), (x, 1.65)], _OLD)
        _way(ax, [(x, 2.55), (x, 3.4)], _OLD)
        _way(ax, [(x - 1.55 if step == 1 else x - 1.8, 2.1), (x - 0.48, 2.1)], _MEMORY, width=2)
        ax.text(x - 1.15, 2.4, f"$h_{step - 1}$", ha="center", va="center", color=_MEMORY)
        ax.text(x, 0.5, f"$x_{step}$", ha="center", va="center")
        ax.text(x, 3.7, f"$h_{step}$", ha="center", va="center")
    return ax


def plot_lstm_growing(axes: np.ndarray | None = None) -> np.ndarray:
    """Draw an LSTM in four pictures: the cell's line, then one gate more in each.

    Parameters
    ----------
    axes : numpy.ndarray of Axes, optional
        Four; a new figure when absent.

    Returns
    -------
    numpy.ndarray of Axes
        One a picture.

    Examples
    --------
    >>> plot_lstm_growing().shape
    (4,)
    """
    if axes is None:
        _, axes = plt.subplots(2, 2, figsize=(7, 5))
    axes = np.ravel(axes)
    titles = (
        "1. the cell: a line that runs on", "2. the forget gate multiplies it",
        "3. the input gate lets new in", "4. the output gate shows a part",
    )  # fmt: skip
    for number, (ax, title) in enumerate(zip(axes, titles, strict=True)):
        _canvas(ax, 10, 6.6, title)
        draw = [_cell_line, _forget_gate, _input_gate, _output_gate]
        for place, part in enumerate(draw[: number + 1]):
            part(ax, _NEW if place == number else _OLD)
        if number:
            _bus(ax, right=(0, 2.2, 5.4, 7.6)[number])
    return axes


def _cell_line(ax, colour):
    colour = _MEMORY if colour == _OLD else colour
    _way(ax, [(0.9, 5.4), (9.1, 5.4)], colour, width=2)
    ax.text(0.7, 5.4, "$c_{t-1}$", ha="right", va="center", color=colour)
    ax.text(9.3, 5.4, "$c_t$", ha="left", va="center", color=colour)


def _bus(ax, *, right):
    """The line below, on which input and old state reach every gate."""
    _way(ax, [(1.0, 0.9), (right, 0.9)], "0.45", arrow=False)
    ax.text(0.8, 0.9, "$x_t$\n$h_{t-1}$", ha="right", va="center", fontsize="small")


def _gate(ax, x, text, name, colour, *, top, aside=0.2):
    _way(ax, [(x, 0.9), (x, 2.0)], colour)
    _way(ax, [(x, 2.9), (x, top)], colour)
    _box(ax, (x, 2.45), text, colour)
    ax.text(x + aside, 3.25, name, color=colour, va="center", fontsize="small")


def _forget_gate(ax, colour):
    _gate(ax, 2.2, r"$\sigma$", "$f$", colour, top=4.95)
    _box(ax, (2.2, 5.4), r"$\times$", colour, round_=True)


def _input_gate(ax, colour):
    _gate(ax, 3.9, r"$\sigma$", "$i$", colour, top=3.7)
    _gate(ax, 5.4, r"$\tanh$", "$g$", colour, top=3.95)
    _way(ax, [(3.9, 3.7), (3.9, 4.25), (4.95, 4.25)], colour)
    _box(ax, (5.4, 4.25), r"$\times$", colour, round_=True)
    _way(ax, [(5.4, 4.6), (5.4, 4.98)], colour)
    _box(ax, (5.4, 5.4), "$+$", colour, round_=True)


def _output_gate(ax, colour):
    _gate(ax, 7.2, r"$\sigma$", "$o$", colour, top=2.9, aside=-0.1)
    _way(ax, [(7.65, 2.45), (8.05, 2.45)], colour)
    _way(ax, [(8.5, 5.4), (8.5, 4.35)], colour)
    _box(ax, (8.5, 3.95), r"$\tanh$", colour)
    _way(ax, [(8.5, 3.5), (8.5, 2.9)], colour)
    _box(ax, (8.5, 2.45), r"$\times$", colour, round_=True)
    _way(ax, [(8.5, 2.0), (8.5, 1.4), (9.3, 1.4)], colour)
    ax.text(9.4, 1.4, "$h_t$", ha="left", va="center", color=colour)


def plot_gru_cell(*, ax: Axes | None = None) -> Axes:
    """Draw a GRU: one state, a gate that mixes it with a candidate, a gate inside the candidate.

    Parameters
    ----------
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Without scales.

    Examples
    --------
    >>> plot_gru_cell().get_title()
    ''
    """
    ax = ax if ax is not None else plt.subplots(figsize=(5.6, 3.4))[1]
    _canvas(ax, 11, 6.6)
    _way(ax, [(0.9, 5.4), (10.1, 5.4)], _MEMORY, width=2)
    ax.text(0.7, 5.4, "$h_{t-1}$", ha="right", va="center", color=_MEMORY)
    ax.text(10.3, 5.4, "$h_t$", ha="left", va="center", color=_MEMORY)
    _bus(ax, right=6.2)
    _gate(ax, 2.3, r"$\sigma$", "$r$", _OLD, top=2.9, aside=-0.1)
    _gate(ax, 4.2, r"$\tanh$", "$n$", _NEW, top=2.9)
    _gate(ax, 6.2, r"$\sigma$", "$z$", _OLD, top=4.95)
    _way(ax, [(2.75, 2.45), (3.6, 2.45)], _OLD)
    ax.text(3.17, 2.72, r"$\times$", ha="center", va="center", color=_OLD, fontsize="small")
    _box(ax, (6.2, 5.4), r"$\times z$", _OLD, round_=True, size="x-small")
    _way(ax, [(4.2, 2.9), (4.2, 3.95), (7.7, 3.95)], _NEW)
    _way(ax, [(6.2, 4.2), (6.2, 4.6)], _OLD, arrow=False)
    _box(ax, (8.5, 3.95), r"$\times(1-z)$", _NEW, size="x-small")
    _way(ax, [(8.5, 4.35), (8.5, 4.98)], _NEW)
    _box(ax, (8.5, 5.4), "$+$", _NEW, round_=True)
    return ax


def plot_quantities(values: Mapping[str, float], *, ax: Axes | None = None) -> Axes:
    """Draw the gates, candidates and states of one step as bars from -1 to 1, with their numbers.

    Parameters
    ----------
    values : mapping of str to float
        By name, from the top.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One bar a value.

    Examples
    --------
    >>> [text.get_text() for text in plot_quantities({"forget gate": 0.5}).texts]
    ['0.500']
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6.5, 0.35 * len(values) + 0.9))[1]
    numbers = [float(value) for value in values.values()]
    bars = ax.barh(list(values), numbers, color=COLOURS[0], height=0.6)
    ax.bar_label(bars, [f"{number:.3f}" for number in numbers], padding=4)
    ax.axvline(0, color="0.4", linewidth=0.8)
    ax.invert_yaxis()
    ax.set(xlim=(-1.1, 1.2), xlabel="value")
    return ax
