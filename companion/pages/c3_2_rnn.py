"""Backstage of chapter 3.2: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.check import Case
from companion.pages.figures import COLOURS

_GATES = tuple(np.array([[value]]) for value in (0.5, 0.25, -0.8, 0.75, 4.0))
_CLOSED = tuple(np.array([[value]]) for value in (0.0, 1.0, 0.9, 0.0, 2.0))
_TWO_UNITS = tuple(np.tile(gate, (1, 2)) * [1, 0.5] for gate in _GATES)
_OUTPUTS, _LAST = np.arange(1.0, 19).reshape(3, 3, 2), np.array([[1.0, 2], [11, 12], [15, 16]])
_LENGTHS = np.array([1, 3, 2])
CASES = {
    "lstm_outputs": [
        Case(
            "one unit: hidden state and cell",
            _GATES,
            ([[0.75 * np.tanh(0.6)]], [[0.25 * 4 - 0.5 * 0.8]]),
        ),
        Case("nothing taken, nothing shown: hidden state and cell", _CLOSED, ([[0.0]], [[2.0]])),
        Case(
            "two units: hidden state and cell",
            _TWO_UNITS,
            ([[0.75 * np.tanh(0.6), 0.375 * np.tanh(0.15)]], [[0.6, 0.125 * 2 - 0.25 * 0.4]]),
        ),
    ],
    "count_recurrent": [
        Case("a simple layer, one bias", (1, 3, 3, 1), 21),
        Case("an LSTM of PyTorch, 12 features, 32 units", (4, 12, 32, 2), 5888),
        Case("an LSTM of Keras, 12 features, 32 units", (4, 12, 32, 1), 5760),
        Case("a GRU without biases", (3, 5, 2, 0), 42),
    ],
    "last_real": [
        Case("lengths 1, 3 and 2", (_OUTPUTS, _LENGTHS), _LAST),
        Case("all of full length", (_OUTPUTS, np.array([3, 3, 3])), _OUTPUTS[:, -1]),
        Case("outputs that are all negative", (-_OUTPUTS, _LENGTHS), -_LAST),
    ],
}


def plot_signals(
    time_s: np.ndarray, signals: Mapping[str, np.ndarray], *, axes: np.ndarray | None = None
) -> np.ndarray:
    """Draw signals one under the other on one axis of time.

    Parameters
    ----------
    time_s : numpy.ndarray
        (T,), in seconds.
    signals : mapping of str to numpy.ndarray
        (T,) each, in millivolts, by name.
    axes : numpy.ndarray of Axes, optional
        One a signal; a new figure when absent.

    Returns
    -------
    numpy.ndarray of Axes
        One a signal.

    Examples
    --------
    >>> plot_signals(np.arange(3.0), {"I": np.zeros(3), "II": np.zeros(3)}).shape
    (2,)
    """
    if axes is None:
        count = len(signals)
        _, axes = plt.subplots(count, 1, sharex=True, figsize=(7, 0.9 * count + 0.5), squeeze=False)
    axes = np.ravel(axes)
    for ax, (name, signal) in zip(axes, signals.items(), strict=True):
        ax.plot(time_s, signal, linewidth=0.9)
        ax.set_ylabel(f"{name}\n(mV)", rotation=0, ha="right", va="center")
    axes[-1].set_xlabel("time (s)")
    return axes


def plot_predictions(
    time_s: np.ndarray,
    truth: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a signal in black and what models predicted of it in colours.

    Parameters
    ----------
    time_s, truth : numpy.ndarray
        (T,), in seconds and in millivolts.
    predictions : mapping of str to numpy.ndarray
        (T,) each, in millivolts, by model.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a legend.

    Examples
    --------
    >>> len(plot_predictions(np.arange(2.0), np.zeros(2), {"a": np.ones(2)}).lines)
    2
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3))[1]
    ax.plot(time_s, truth, color="black", linewidth=1.6, label="recorded")
    for (name, predicted), style in zip(predictions.items(), ("--", "-.", ":"), strict=False):
        ax.plot(time_s, predicted, style, linewidth=1.3, label=name)
    ax.set(xlabel="time (s)", ylabel="voltage (mV)")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
    return ax


def plot_gates(
    time_s: np.ndarray, signal: np.ndarray, gates: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Draw a signal, and under it each gate: a row a unit, a column a step.

    Parameters
    ----------
    time_s, signal : numpy.ndarray
        (T,), in seconds and in millivolts.
    gates : mapping of str to numpy.ndarray
        (T, H) each, from 0 to 1, or from -1 to 1, by name.

    Returns
    -------
    numpy.ndarray of Axes
        The signal's, then one a gate.

    Examples
    --------
    >>> plot_gates(np.arange(3.0), np.zeros(3), {"forget": np.ones((3, 2))}).shape
    (2,)
    """
    count = len(gates)
    figure, axes = plt.subplots(
        count + 1, 1, sharex=True, figsize=(7, 1.0 * count + 1.2), height_ratios=[1.2, *[1] * count]
    )
    axes[0].plot(time_s, signal, color="black", linewidth=1)
    axes[0].set_ylabel("lead II\n(mV)", rotation=0, ha="right", va="center")
    extent = (time_s[0], time_s[-1], gates[next(iter(gates))].shape[1], 0)
    for ax, (name, values) in zip(axes[1:], gates.items(), strict=True):
        shown = ax.imshow(
            values.T, aspect="auto", extent=extent, cmap="RdBu_r", vmin=-1, vmax=1,
            interpolation="nearest",
        )  # fmt: skip
        ax.set_ylabel(f"{name}\n(unit)", rotation=0, ha="right", va="center")
        ax.set_yticks([])
    axes[-1].set_xlabel("time (s)")
    figure.colorbar(shown, ax=list(axes), shrink=0.6, label="value", pad=0.02)
    return axes


def plot_gradient_norms(norms: Mapping[str, np.ndarray], *, ax: Axes | None = None) -> Axes:
    """Draw how strong the gradient still is, against how many steps it has come back.

    Parameters
    ----------
    norms : mapping of str to numpy.ndarray
        (T,) each: the norm after 0, 1, 2 ... steps, by layer.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a logarithmic scale.

    Examples
    --------
    >>> plot_gradient_norms({"rnn": np.array([1.0, 0.5])}).get_yscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6.5, 3.2))[1]
    for (name, values), style in zip(
        norms.items(), ("-", "--", "-.", ":", "-", "--"), strict=False
    ):
        ax.plot(np.arange(len(values)), values / values[0], style, label=name)
    ax.set(yscale="log", xlabel="steps back in time", ylabel="norm, relative to the last step")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_same_value(
    time_s: np.ndarray, signal: np.ndarray, places: Mapping[str, int], *, ax: Axes | None = None
) -> Axes:
    """Draw a signal and mark moments at which it has one and the same value.

    Parameters
    ----------
    time_s, signal : numpy.ndarray
        (T,), in seconds and in millivolts.
    places : mapping of str to int
        Which samples, by the letter that stands beside them.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With one dot a place.

    Examples
    --------
    >>> len(plot_same_value(np.arange(3.0), np.zeros(3), {"A": 0, "B": 2}).texts)
    2
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 2.3))[1]
    ax.plot(time_s, signal, color="black", linewidth=1)
    level = np.mean([signal[place] for place in places.values()])
    ax.axhline(level, color="0.6", linewidth=0.8, linestyle="--")
    for (letter, place), colour in zip(places.items(), COLOURS, strict=False):
        ax.plot(time_s[place], signal[place], "o", color=colour, markersize=7)
        ax.annotate(
            letter, (time_s[place], signal[place]), (0, 12), textcoords="offset points",
            ha="center", color=colour, fontweight="bold",
        )  # fmt: skip
    ax.set(xlabel="time (s)", ylabel="lead II (mV)")
    return ax


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


def plot_recall(
    delays: Sequence[int], accuracy: Mapping[str, np.ndarray], *, ax: Axes | None = None
) -> Axes:
    """Draw how often the first value is told rightly, against the delay: median and range of seeds.

    Parameters
    ----------
    delays : sequence of int
        In steps.
    accuracy : mapping of str to numpy.ndarray
        (delays, seeds) each, by layer.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One line a layer, and the line of guessing.

    Examples
    --------
    >>> len(plot_recall([10, 20], {"rnn": np.ones((2, 5))}).lines)
    2
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.4))[1]
    places = np.arange(len(delays))
    shifts = np.linspace(-0.06, 0.06, len(accuracy)) if len(accuracy) > 1 else [0]
    styles, markers = ("-", "--", "-.", ":", "-", "--"), "osD^vP"
    for (name, values), shift, style, marker in zip(
        accuracy.items(), shifts, styles, markers, strict=False
    ):
        values = np.asarray(values)
        middle = np.median(values, axis=1)
        (line,) = ax.plot(places + shift, middle, style, marker=marker, markersize=5, label=name)
        ax.vlines(places + shift, values.min(axis=1), values.max(axis=1), color=line.get_color())
    ax.axhline(0.5, color="0.4", linewidth=0.8, linestyle=(0, (1, 3)), label="guessing")
    ax.set(
        xlabel="delay (steps)",
        ylabel="accuracy",
        ylim=(0.4, 1.03),
        xticks=places,
        xlim=(-0.4, len(delays) - 0.6),
    )
    ax.set_xticklabels([str(delay) for delay in delays])
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
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
