"""Backstage of chapter 4: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from companion.by_hand import relu, sigmoid
from companion.pages._patch_network import PatchWeights, patch_forward, patch_gradients
from companion.pages.check import Case
from companion.pages.figures import COLOURS, plot_grid

__all__ = [
    "CASES", "PatchWeights", "patch_forward", "patch_gradients", "plot_activations",
    "plot_derivative", "plot_matrix", "plot_patch", "plot_step_errors",
]  # fmt: skip

#: What comes back: darker than the palette's orange, to be read on white.
RETURN = "#a84600"

_IMAGE, _KERNEL = np.arange(1.0, 13).reshape(3, 4), np.arange(6.0).reshape(2, 3)
_SQUARE, _FOUR = np.arange(1.0, 10).reshape(3, 3), np.arange(1.0, 17).reshape(4, 4)
_SINGLE = np.array([[0.0, 1], [0, 0]])
CASES = {
    "map_value": [
        Case("row 0, column 0", (_IMAGE, _KERNEL, 0, 0), 2 + 2 * 3 + 3 * 5 + 4 * 6 + 5 * 7),
        Case("row 0, column 1", (_IMAGE, _KERNEL, 0, 1), 3 + 2 * 4 + 3 * 6 + 4 * 7 + 5 * 8),
        Case("row 1, column 0", (_IMAGE, _KERNEL, 1, 0), 6 + 2 * 7 + 3 * 9 + 4 * 10 + 5 * 11),
    ],
    "pooled_value": [
        Case("window 0, 0 of the document's example", (_FOUR, 2, 2, 0, 0), 6),
        Case("window 1, 0 of the document's example", (_FOUR, 2, 2, 1, 0), 14),
        Case("window 0, 1 at stride 1", (_FOUR, 2, 1, 0, 1), 7),
        Case("window 1, 1 of size 1 at stride 3", (_FOUR, 1, 3, 1, 1), 16),
        Case("window 1, 0 with the rows upside down", (_FOUR[::-1], 2, 2, 1, 0), 6),
    ],
    "kernel_gradient": [
        Case("one gradient of 1, at row 0 and column 1", (_SQUARE, _SINGLE), [[2, 3], [5, 6]]),
        Case(
            "one gradient of 2, at row 1 and column 0",
            (_SQUARE, 2 * _SINGLE.T),
            [[8, 10], [14, 16]],
        ),
        Case(
            "two gradients, and a map that is not square",
            (_SQUARE, np.array([[1.0, 10, 0]])),
            [[21], [54], [87]],
        ),
    ],
    "weight_gradient": [
        Case("the numbers of the page, ill", (2.0, 0.5, -1.0, 1), -1.0),
        Case("the numbers of the page, healthy", (2.0, 0.5, -1.0, 0), 1.0),
        Case("a pixel of 3, no weight yet, ill", (3.0, 0.0, 0.0, 1), -1.5),
        Case("a probability of three quarters, healthy", (-2.0, 0.0, np.log(3), 0), -1.5),
    ],
}


def plot_patch(
    film: np.ndarray, corner: tuple[int, int], patch: np.ndarray, weights: PatchWeights
) -> np.ndarray:
    """Draw a film, a patch of it, and what every layer of the smallest network makes of it.

    Parameters
    ----------
    film : numpy.ndarray
        (H, W), from 0 to 1.
    corner : tuple of int
        (row, column) of the patch.
    patch, weights : as in :func:`patch_forward`
        The patch's grey values may be rounded.

    Returns
    -------
    numpy.ndarray of Axes
        Six: film, patch, kernel; map, after ReLU, after pooling.

    Examples
    --------
    >>> weights = PatchWeights(np.ones((1, 1, 3, 3)), *map(np.ones, (1, (1, 1), 1)))
    >>> axes = plot_patch(np.zeros((8, 8)), (0, 0), np.zeros((1, 1, 4, 4)), weights)
    >>> axes[-1].get_title()
    'largest: 1'
    """
    sums, active, pooled, logit = (np.round(a, 6) + 0.0 for a in patch_forward(patch, weights))
    rows, columns = patch.shape[2:]
    height, width = weights.kernel.shape[2:]
    figure, axes = plt.subplots(2, 3, figsize=(6.6, 4.7), height_ratios=[4, 2.6])
    axes = axes.ravel()
    axes[0].imshow(film, vmin=0, vmax=1)
    axes[0].add_patch(
        Rectangle(
            (corner[1] - 0.5, corner[0] - 0.5), columns, rows,
            fill=False, edgecolor=COLOURS[1], linewidth=2,
        )
    )  # fmt: skip
    axes[0].set_axis_off()
    axes[0].set_title("a child's film", fontsize="small")
    plot_grid(patch[0, 0], title="its patch", marked=(0, 0, height, width), ax=axes[1])
    plot_grid(weights.kernel[0, 0], title="kernel", ax=axes[2])
    plot_grid(sums[0, 0], title=f"sums, bias {weights.bias[0]:g}", marked=(0, 0, 1, 1), ax=axes[3])
    plot_grid(active[0, 0], title="negative to zero", ax=axes[4])
    plot_grid(pooled[0, 0], title=f"largest: {pooled.item():g}", ax=axes[5])
    for ax in axes[3:5]:
        ax.set(xlim=(-0.5, 2.5))
    axes[5].set(xlim=(-1, 2), ylim=(1.5, -0.5))
    for ax, values in zip(axes[3:], (sums, active, pooled), strict=True):
        ax.add_patch(Rectangle((0, 0), *values.shape[:1:-1], fill=False, linewidth=1))
        for spine in ax.spines.values():
            spine.set_visible(False)
    figure.supxlabel(
        f"times {weights.weight.item():g}: logit {logit.item():.2f}, "
        f"probability of pneumonia {sigmoid(logit).item():.2f}",
        fontsize="medium",
    )
    return axes


def plot_derivative(
    values: Mapping[str, float], gradients: Mapping[str, float], *, ax: Axes | None = None
) -> Axes:
    """Draw the computation graph of one neuron and its loss.

    Parameters
    ----------
    values : mapping of str to float
        Of ``x``, ``w``, ``b``, ``wx``, ``z``, ``t`` (the probability) and ``L``.
    gradients : mapping of str to float
        Of the loss with respect to each.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Over each arrow what is computed forward, under it the gradient that comes back.

    Examples
    --------
    >>> numbers = dict.fromkeys(("x", "w", "b", "wx", "z", "t", "L"), 1.0)
    >>> len(plot_derivative(numbers, numbers).lines)
    4
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.1))[1]
    places = {"×": (2, 3), "+": (4, 2), "σ": (6, 2), "−ln": (8, 2)}
    arrows = {
        "x": ((0, 4), "×", "x"), "w": ((0, 2), "×", "w"), "b": ((2, 1), "+", "b"),
        "wx": ("×", "+", "wx"), "z": ("+", "σ", "z"), "t": ("σ", "−ln", r"\hat{t}"),
        "L": ("−ln", (10, 2), "L"),
    }  # fmt: skip
    for name, (start, end, letter) in arrows.items():
        begin, stop = (np.array(places.get(p, p), float) for p in (start, end))
        way = (stop - begin) / np.hypot(*(stop - begin))
        begin = begin + way * 0.36 * (start in places)
        stop = stop - way * 0.36 * (end in places)
        ax.annotate("", stop, begin, arrowprops={"arrowstyle": "->", "color": "0.4"})
        aside = np.array([-0.55 * np.sign(way[1]), 0.12])  # beside an arrow that slants
        (x, y), (left, low) = (begin + stop) / 2 + aside, (begin + stop) / 2 - aside
        ax.text(
            x, y, f"${letter} = {values[name]:.4g}$", ha="center", va="bottom", color=COLOURS[0]
        )
        ax.text(left, low, f"${gradients[name]:.4g}$", ha="center", va="top", color=RETURN)
    for sign, (across, up) in places.items():
        ax.plot(across, up, "o", markersize=29, markeredgecolor="0.3", markerfacecolor="white")
        ax.text(across, up, sign, ha="center", va="center")
    for letter, across, up in (("pixel", 0, 4.35), ("weight", 0, 1.65), ("bias", 1.7, 0.65)):
        ax.text(across, up, letter, ha="center", va="center", fontsize="small")
    for across, word in ((4.6, "weighted sum"), (6.2, "sigmoid"), (8, "loss of t = 1")):
        ax.text(across, 1.1, word, ha="center", va="center", fontsize="small")
    ax.text(6.4, 4.2, "forward: the number", color=COLOURS[0])
    ax.text(6.4, 3.7, "backward: its gradient", color=RETURN)
    ax.set(xlim=(-0.6, 10.4), ylim=(0.3, 4.7))
    ax.set_axis_off()
    return ax


def plot_activations(*, ax: Axes | None = None) -> Axes:
    """Draw ReLU, sigmoid and tanh.

    Parameters
    ----------
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a legend.

    Examples
    --------
    >>> len(plot_activations().lines)
    3
    """
    ax = ax if ax is not None else plt.subplots(figsize=(5, 2.8))[1]
    z = np.linspace(-4, 4, 201)
    shapes = {"ReLU": (relu(z), "-"), "sigmoid": (sigmoid(z), "--"), "tanh": (np.tanh(z), ":")}
    for name, (values, style) in shapes.items():
        ax.plot(z, values, style, linewidth=2, label=name)
    ax.set(xlabel="input z", ylabel="output", ylim=(-1.2, 2.2), xticks=[-4, -2, 0, 2, 4])
    ax.grid(color="0.9")
    ax.legend()
    return ax


def plot_matrix(matrix: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """Draw the matrix of a linear layer: which output depends on which input, and how.

    Parameters
    ----------
    matrix : numpy.ndarray
        (outputs, inputs).
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        White is zero, red above, blue below.

    Examples
    --------
    >>> plot_matrix(np.eye(3)).get_xlabel()
    'input'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3))[1]
    strongest = np.abs(matrix).max() or 1
    ax.imshow(matrix, cmap="RdBu_r", vmin=-strongest, vmax=strongest)
    ax.set_xticks(np.arange(matrix.shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(matrix.shape[0] + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="0.85", linewidth=0.4)
    ax.tick_params(which="minor", length=0)
    ax.set(xlabel="input", ylabel="output")
    return ax


def plot_step_errors(errors: Mapping[str, tuple], *, ax: Axes | None = None) -> Axes:
    """Draw how far a gradient by finite differences is off, against the step.

    Parameters
    ----------
    errors : mapping of str to tuple
        (steps, greatest relative errors), by the name of the line.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Both scales logarithmic.

    Examples
    --------
    >>> plot_step_errors({"float64": ([1e-3], [1e-6])}).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(5.5, 3))[1]
    for name, (steps, off) in errors.items():
        ax.plot(steps, off, "o-", markersize=4, label=name)
    ax.set(xscale="log", yscale="log", xlabel="step", ylabel="greatest relative error")
    ax.legend()
    return ax
