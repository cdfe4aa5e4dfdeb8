"""Drawings of chapter 2: a neuron, its way down the loss, two curves, and two networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from companion.history import History
from companion.pages._cell_drawings import _box, _canvas, _way
from companion.pages.figures import COLOURS

#: Rows of the lungs' middle in a film of 28 x 28, and the columns of left, middle and right.
ROWS, LEFT, MIDDLE, RIGHT = slice(8, 20), slice(6, 12), slice(12, 16), slice(16, 22)


def lung_contrast(images: np.ndarray) -> np.ndarray:
    """Measure how much darker than the middle of the chest each half is, in tenths of the scale.

    Parameters
    ----------
    images : numpy.ndarray
        (N, 1, 28, 28), in [0, 1].

    Returns
    -------
    numpy.ndarray
        float64, (N, 2): for the half at the picture's left, and the one at its right.

    Examples
    --------
    >>> film = np.full((1, 1, 28, 28), 0.25)
    >>> film[..., 12:16] = 0.5
    >>> lung_contrast(film)
    array([[2.5, 2.5]])
    """
    rows = images[:, 0, ROWS].astype(float)
    left, middle, right = (rows[:, :, part].mean(axis=(1, 2)) for part in (LEFT, MIDDLE, RIGHT))
    return 10 * np.column_stack([middle - left, middle - right])


def plot_measured(images: np.ndarray, titles: Sequence[str]) -> np.ndarray:
    """Show films with the three areas that :func:`lung_contrast` compares.

    Parameters
    ----------
    images : numpy.ndarray
        (N, 28, 28), uint8.
    titles : sequence of str
        One a film.

    Returns
    -------
    numpy.ndarray of Axes
        One a film.

    Examples
    --------
    >>> len(plot_measured(np.zeros((2, 28, 28), np.uint8), ["a", "b"]))
    2
    """
    _, axes = plt.subplots(1, len(images), figsize=(2.7 * len(images), 2.9), squeeze=False)
    for ax, image, title in zip(axes[0], images, titles, strict=True):
        ax.imshow(image, vmin=0, vmax=255)
        for part, colour in ((LEFT, 4), (MIDDLE, 5), (RIGHT, 4)):
            corner = (part.start - 0.5, ROWS.start - 0.5)
            size = (part.stop - part.start, ROWS.stop - ROWS.start)
            ax.add_patch(Rectangle(corner, *size, fill=False, color=COLOURS[colour], linewidth=2))
        ax.set_title(title, fontsize="small")
        ax.set_axis_off()
    return axes[0]


def plot_neuron(
    inputs: Sequence[float], weights: Sequence[float], bias: float, *, ax: Axes | None = None
) -> Axes:
    """Draw one neuron with its numbers: inputs, weights, sum, sigmoid, answer.

    Parameters
    ----------
    inputs, weights : sequence of float
        As many of the one as of the other.
    bias : float
        What is added to the sum.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Without scales.

    Examples
    --------
    >>> plot_neuron([1.0, 2.0], [0.5, 0.25], -1.0).get_title()
    ''
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 2.6))[1]
    _canvas(ax, 15, 5.4)
    total = float(np.dot(inputs, weights)) + bias
    middle, heights = 2.7, np.linspace(4.6, 2.0, len(inputs))
    for number, (x, w, height) in enumerate(zip(inputs, weights, heights, strict=True), 1):
        _box(ax, (1.5, height), f"$x_{number}$ = {x:.1f}", COLOURS[0])
        _way(ax, [(2.7, height), (6.1, middle + 0.25 * (height - middle))], "0.45")
        ax.text(4.9, (height + middle) / 2 + 0.6, f"× $w_{number}$ = {w:g}".replace("-", "\u2212"),
                fontsize="small", ha="center", color=COLOURS[1])  # fmt: skip
    shown = f"+ $b$ = {bias:g}".replace("-", "\u2212")
    ax.text(4.3, 0.55, shown, fontsize="small", ha="center", color=COLOURS[1])
    _way(ax, [(5.2, 0.65), (6.9, 0.65), (6.9, 2.1)], "0.45")
    _box(ax, (7.0, middle), f"sum\n$z$ = {total:.2f}".replace("-", "\u2212"), "0.25")
    _way(ax, [(8.05, middle), (9.5, middle)], "0.45")
    _box(ax, (10.4, middle), r"sigmoid $\sigma$", "0.25")
    _way(ax, [(11.5, middle), (12.7, middle)], "0.45")
    _box(ax, (13.6, middle), f"$p$ = {1 / (1 + np.exp(-total)):.2f}", COLOURS[2])
    return ax


def plot_descents(
    weights: np.ndarray, losses: np.ndarray, ways: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Draw the loss of one weight, and the steps that several learning rates take on it.

    Parameters
    ----------
    weights, losses : numpy.ndarray
        (P,) each: the curve.
    ways : mapping of str to tuple of numpy.ndarray
        Weights and losses of the steps, by the panel's title.

    Returns
    -------
    numpy.ndarray of Axes
        One a way.

    Examples
    --------
    >>> curve = np.linspace(-1, 1, 5)
    >>> len(plot_descents(curve, curve**2, {"slow": (curve[:2], curve[:2] ** 2)}))
    1
    """
    _, axes = plt.subplots(1, len(ways), figsize=(7, 2.6), sharey=True, squeeze=False)
    for ax, (title, (places, heights)) in zip(axes[0], ways.items(), strict=True):
        ax.plot(weights, losses, color="0.5")
        ax.plot(places, heights, "o-", color=COLOURS[1], markersize=4, linewidth=1)
        ax.set(xlabel="weight $w$", xlim=(weights.min(), weights.max()))
        ax.set_title(title, fontsize="small")
    axes[0, 0].set_ylabel("loss")
    return axes[0]


def plot_history(history: History, *, ax: Axes | None = None) -> Axes:
    """Draw the training and the validation loss of each epoch, and mark the best.

    Parameters
    ----------
    history : companion.history.History
        Of at least one epoch.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Loss against epoch.

    Examples
    --------
    >>> plot_history(History([0.5, 0.2], [0.6, 0.7], [0.5, 0.5])).get_xlabel()
    'epoch'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6.4, 3))[1]
    epochs = np.arange(1, len(history) + 1)
    ax.plot(epochs, history.train_loss, color=COLOURS[0], label="training")
    ax.plot(epochs, history.val_loss, color=COLOURS[1], linestyle="--", label="validation")
    best = history.best_epoch
    ax.plot(best, history.val_loss[best - 1], "o", color="black", label="best epoch, kept")
    ax.axvline(best, color="0.6", linewidth=1, linestyle=":")
    ax.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    ax.legend()
    return ax


def plot_cnn(film: np.ndarray, maps: np.ndarray, pooled: np.ndarray, answer: float) -> np.ndarray:
    """Draw what a convolutional network does to one film, from left to right.

    Parameters
    ----------
    film : numpy.ndarray
        (H, W), in [0, 1].
    maps, pooled : numpy.ndarray
        (K, ...) each, at least four: feature maps of a layer, and of one after pooling.
    answer : float
        Probability of pneumonia.

    Returns
    -------
    numpy.ndarray of Axes
        Film, maps, pooled maps, answer.

    Examples
    --------
    >>> squares = np.zeros((4, 4, 4))
    >>> plot_cnn(squares[0], squares, squares[:, :2, :2], 0.5).shape
    (4,)
    """
    figure = plt.figure(figsize=(7, 1.9))
    columns = figure.add_gridspec(1, 7, width_ratios=[5, 1.7, 5, 1.7, 5, 1.7, 2.8])
    first, last = (figure.add_subplot(columns[n]) for n in (0, 6))
    first.imshow(film, vmin=0, vmax=1)
    first.set_title("film", fontsize="small")
    for place, images, title in ((2, maps, "feature maps"), (4, pooled, "pooled, deeper")):
        grid = columns[place].subgridspec(2, 2, wspace=0.08, hspace=0.08)
        for number in range(4):
            ax = figure.add_subplot(grid[number // 2, number % 2])
            ax.imshow(images[number], vmin=0, vmax=images[:4].max() or 1, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            if number == 0:
                ax.set_title(title, fontsize="small", loc="left")
    for place, text in ((1, "convolve"), (3, "pool,\nconvolve"), (5, "flatten,\nadd up")):
        ax = figure.add_subplot(columns[place])
        _canvas(ax, 1, 1)
        ax.set_aspect("auto")
        _way(ax, [(0.0, 0.42), (1.0, 0.42)], "0.45")
        ax.text(0.5, 0.5, text, ha="center", fontsize="x-small")
    last.text(0.5, 0.45, f"pneumonia\n$p$ = {answer:.1f}", ha="center", va="center",
              fontsize="small")  # fmt: skip
    for ax in (first, last):
        ax.set_axis_off()
    return np.array(figure.axes)[[0, 2, 6, 1]]


def plot_rnn(frames: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """Draw a recurrent network that reads frames one after the other.

    Parameters
    ----------
    frames : numpy.ndarray
        (T, H, W), in [0, 1]; T from 2 up.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Without scales.

    Examples
    --------
    >>> len(plot_rnn(np.zeros((3, 4, 4))).images)
    3
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 2.9))[1]
    _canvas(ax, 3.3 * len(frames) + 2.2, 6.2)
    for step, frame in enumerate(frames):
        x = 2.1 + 3.3 * step
        ax.imshow(frame, vmin=0, vmax=1, extent=(x - 1.4, x + 1.4, 0.1, 2.2), zorder=2)
        _way(ax, [(x, 2.25), (x, 3.25)], "0.45")
        _box(ax, (x, 3.8), "the same unit", "0.3")
        if step:
            _way(ax, [(x - 2.1, 3.8), (x - 1.2, 3.8)], COLOURS[0], width=2)
            ax.text(x - 1.65, 4.35, f"$h_{step}$", ha="center", color=COLOURS[0])
        ax.text(x, 2.75, f" frame {step + 1}", fontsize="x-small", ha="left", va="center")
    _way(ax, [(x, 4.35), (x, 5.2)], "0.45")
    ax.text(x, 5.5, "answer", ha="center", va="center", fontsize="small")
    ax.set(xlim=(0, 3.3 * len(frames) + 1), ylim=(0, 6.0), aspect="equal")
    return ax
