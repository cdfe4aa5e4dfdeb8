"""Backstage of chapter 4: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.check import Case

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
    "pads_for_same": [
        Case("28 pixels, kernel 3, stride 1", (28, 3, 1), (1, 1)),
        Case("28 pixels, kernel 2, stride 1", (28, 2, 1), (0, 1)),
        Case("28 pixels, kernel 3, stride 2", (28, 3, 2), (0, 1)),
        Case("27 pixels, kernel 3, stride 2", (27, 3, 2), (1, 1)),
        Case("28 pixels, kernel 1, stride 3", (28, 1, 3), (0, 0)),
        Case("10 pixels, kernel 5, stride 3", (10, 5, 3), (2, 2)),
    ],
}


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
