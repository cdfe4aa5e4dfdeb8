"""Backstage of chapter 3.2: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages._cell_drawings import plot_gru_cell as plot_gru_cell
from companion.pages._cell_drawings import plot_lstm_growing as plot_lstm_growing
from companion.pages._cell_drawings import plot_quantities as plot_quantities
from companion.pages._cell_drawings import plot_unrolled as plot_unrolled
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
