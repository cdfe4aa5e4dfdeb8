"""Backstage of chapter 3.1: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from companion.pages.check import Case
from companion.pages.figures import COLOURS, plot_grid

_IMAGE, _KERNEL = np.arange(1.0, 10).reshape(3, 3), np.array([[0.0, 1], [2, 4]])
_WIDE = np.array([[1.0, 2, 3, 4, 5], [0, 1, 0, 1, 0]])
CASES = {
    "strided_map": [
        Case("the document's image, stride 1", (_IMAGE, _KERNEL, 1), [[30, 37], [51, 58]]),
        Case("the same at stride 2", (_IMAGE, _KERNEL, 2), [[30]]),
        Case("two rows and five columns at stride 2", (_WIDE, _KERNEL, 2), [[6, 8]]),
        Case("a kernel of one row, stride 3", (_WIDE, np.array([[1.0, 10]]), 3), [[21, 54]]),
    ],
    "count_parameters": [
        Case("3 channels, 32 maps, 3 x 3", (3, 32, 3, 3), 896),
        Case("1 channel, 4 maps, 2 x 5", (1, 4, 2, 5), 44),
        Case("64 channels, 128 maps, 1 x 1", (64, 128, 1, 1), 8320),
    ],
    "receptive_field": [
        Case("two kernels of 3, stride 1", ((3, 3), (1, 1)), 5),
        Case("a kernel of 3, a pooling by 2, a kernel of 3", ((3, 2, 3), (1, 2, 1)), 8),
        Case("one kernel of 7 at stride 2", ((7,), (2,)), 7),
        Case("strides 2 and 3, then a kernel of 2", ((2, 3, 2), (2, 3, 1)), 12),
    ],
}


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
