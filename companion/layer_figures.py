"""Figures of convolutions: small grids of numbers, feature maps, receptive fields.

As in :mod:`companion.plotting`, every function draws on what it is given and returns it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from companion.plotting import COLOURS


def plot_grid(
    values: np.ndarray,
    *,
    title: str = "",
    marked: tuple[int, int, int, int] | None = None,
    colour: str = COLOURS[1],
    ax: Axes | None = None,
) -> Axes:
    """Draw a small matrix as a grid of its numbers; empty where it holds NaN.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W), at most some ten each.
    title : str
        What to write above.
    marked : tuple of int, optional
        (row, column, rows, columns) of a window to frame.
    colour : str
        Of the frame.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Without ticks.

    Examples
    --------
    >>> len(plot_grid(np.array([[1.0, np.nan]])).texts)
    1
    """
    ax = ax if ax is not None else plt.subplots(figsize=(2, 2))[1]
    height, width = values.shape
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(True)
    ax.hlines(np.arange(height), 0, width, color="0.8", linewidth=0.6)
    ax.vlines(np.arange(width), 0, height, color="0.8", linewidth=0.6)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ax.text(
                column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize="small"
            )
    if marked:
        row, column, rows, columns = marked
        ax.add_patch(
            Rectangle((column, row), columns, rows, fill=True, facecolor=colour, alpha=0.18)
        )
        ax.add_patch(
            Rectangle((column, row), columns, rows, fill=False, edgecolor=colour, linewidth=2)
        )
    ax.set_title(title, fontsize="small")
    return ax


def plot_sliding(
    image: np.ndarray, kernel: np.ndarray, places: Sequence[tuple[int, int]]
) -> np.ndarray:
    """Draw a kernel at some places of an image: the window, the products, the map so far.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W).
    kernel : numpy.ndarray
        (M, N).
    places : sequence of tuple of int
        (row, column) of the window, in the order in which the kernel passes them.

    Returns
    -------
    numpy.ndarray of Axes
        One row a place: image, products, map.

    Examples
    --------
    >>> plot_sliding(np.eye(3), np.ones((2, 2)), [(0, 0)]).shape
    (1, 3)
    """
    rows, columns = kernel.shape
    height, width = image.shape[0] - rows + 1, image.shape[1] - columns + 1
    widths = [image.shape[1], columns, width]
    _, axes = plt.subplots(
        len(places), 3, figsize=(6, 1.75 * len(places)), width_ratios=widths, squeeze=False
    )
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    sums = (windows * kernel).sum(axis=(2, 3))
    for (row, column), (left, middle, right) in zip(places, axes, strict=True):
        plot_grid(image, title="image", marked=(row, column, rows, columns), ax=left)
        products = windows[row, column] * kernel
        plot_grid(products, title=f"products, sum {products.sum():g}", ax=middle)
        done = np.arange(height * width).reshape(height, width) <= row * width + column
        so_far = np.where(done, sums, np.nan)
        plot_grid(so_far, title="map", marked=(row, column, 1, 1), ax=right)
    return axes


def plot_maps(
    maps: np.ndarray, titles: Sequence[str], *, columns: int = 4, limit: float | None = None
) -> np.ndarray:
    """Draw maps that have signs: white is zero, red above, blue below.

    Parameters
    ----------
    maps : numpy.ndarray
        (K, H, W).
    titles : sequence of str
        What to write above each.
    columns : int
        How many in a row.
    limit : float, optional
        The value of the strongest colour; each map's own greatest absolute value when absent.

    Returns
    -------
    numpy.ndarray of Axes
        One a map, then the empty ones.

    Raises
    ------
    ValueError
        If there is not one title a map.

    Examples
    --------
    >>> plot_maps(np.zeros((3, 2, 2)), ["a", "b", "c"]).shape
    (4,)
    """
    if len(maps) != len(titles):
        raise ValueError(f"titles must be one a map, got {len(titles)} for {len(maps)} maps")
    rows = -(-len(maps) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(7, 7 / columns * rows + 0.2 * rows))
    axes = np.ravel(axes)
    for ax in axes:
        ax.set_axis_off()
    for ax, image, title in zip(axes, maps, titles, strict=False):
        strongest = limit or np.abs(image).max() or 1
        ax.imshow(image, cmap="RdBu_r", vmin=-strongest, vmax=strongest)
        ax.set_title(title, fontsize="small", pad=3)
    return axes


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


def plot_receptive_fields(
    image: np.ndarray, sizes: Mapping[str, int], center: tuple[int, int], *, ax: Axes | None = None
) -> Axes:
    """Frame what one value of each layer can see of an image.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W).
    sizes : mapping of str to int
        Side of the square in pixels, by the layer's name.
    center : tuple of int
        (row, column) around which the squares are drawn.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a legend.

    Examples
    --------
    >>> len(plot_receptive_fields(np.zeros((9, 9)), {"conv": 3}, (4, 4)).patches)
    1
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6.4, 4))[1]
    ax.imshow(image)
    row, column = center
    for number, (name, size) in enumerate(sizes.items()):
        colour = COLOURS[number % len(COLOURS)]
        corner = (column - size / 2, row - size / 2)
        ax.add_patch(
            Rectangle(corner, size, size, fill=False, edgecolor=colour, linewidth=2,
                      label=f"{name}: {size} pixels")
        )  # fmt: skip
    ax.set_axis_off()
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
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
