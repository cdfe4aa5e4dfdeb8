"""Backstage of chapter 3.1: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from companion.pages._film_drawings import plot_kernels, plot_maps, plot_patch, plot_sizes
from companion.pages.check import Case
from companion.pages.figures import COLOURS, SIGNED, plot_grid

__all__ = [
    "CASES", "plot_kernels", "plot_laboratory", "plot_layers", "plot_maps", "plot_patch",
    "plot_receptive_fields", "plot_sizes", "plot_sliding",
]  # fmt: skip

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
    """Draw a kernel at some places of an image: window, kernel, products, the map so far.

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
        One row a place: image, kernel, products, map.

    Examples
    --------
    >>> plot_sliding(np.eye(3), np.ones((2, 2)), [(0, 0)]).shape
    (1, 4)
    """
    rows, columns = kernel.shape
    height, width = image.shape[0] - rows + 1, image.shape[1] - columns + 1
    widths = [image.shape[1] / image.shape[0], *[columns / rows] * 2, width / height]
    _, axes = plt.subplots(
        len(places), 4, figsize=(7, 1.75 * len(places)), width_ratios=widths, squeeze=False
    )
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    sums = (windows * kernel).sum(axis=(2, 3))
    for (row, column), (left, weights, middle, right) in zip(places, axes, strict=True):
        plot_grid(image, title="image", marked=(row, column, rows, columns), ax=left)
        plot_grid(kernel, title="kernel", ax=weights)
        products = windows[row, column] * kernel
        plot_grid(products, title=f"products, sum {products.sum():g}", ax=middle)
        done = np.arange(height * width).reshape(height, width) <= row * width + column
        so_far = np.where(done, sums, np.nan)
        plot_grid(so_far, title="map", marked=(row, column, 1, 1), ax=right)
    return axes


def plot_receptive_fields(
    image: np.ndarray,
    sizes: Mapping[str, int],
    center: tuple[float, float],
    *,
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Frame what one value of each layer can see of an image.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W).
    sizes : mapping of str to int
        Side of the square in pixels, by the layer's name.
    center : tuple of float
        (row, column) around which the squares are drawn.
    legend : bool
        Name the squares at the right.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a square a layer.

    Examples
    --------
    >>> len(plot_receptive_fields(np.zeros((9, 9)), {"conv": 3}, (4, 4)).patches)
    1
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6.4, 4))[1]
    ax.imshow(image, vmin=0, vmax=1)
    row, column = center
    for number, (name, size) in enumerate(sizes.items()):
        colour = COLOURS[number % len(COLOURS)]
        corner = (column - size / 2 - 0.5, row - size / 2 - 0.5)  # pixel 0 is drawn from -0.5
        ax.add_patch(
            Rectangle(corner, size, size, fill=False, edgecolor=colour, linewidth=2,
                      label=f"{name}: {size} pixels")
        )  # fmt: skip
    ax.set_axis_off()
    if legend:
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    return ax


def plot_layers(
    layers: Mapping[str, np.ndarray], *, columns: int = 6, order: Sequence[np.ndarray] | None = None
) -> np.ndarray:
    """Draw what each layer makes of one film: a row a layer, its strongest maps first.

    Parameters
    ----------
    layers : mapping of str to numpy.ndarray
        (K, H, W) by the layer's name, from the film on.
    columns : int
        Maps of a layer that are shown.
    order : sequence of numpy.ndarray, optional
        Which maps of each layer, in which order; by their mean absolute value when absent.

    Returns
    -------
    numpy.ndarray of Axes
        (layers, columns).

    Examples
    --------
    >>> plot_layers({"film": np.zeros((1, 4, 4)), "conv": np.zeros((9, 2, 2))}).shape
    (2, 6)
    """
    _, axes = plt.subplots(
        len(layers), columns, figsize=(7, 7 / (columns + 1.2) * len(layers)), squeeze=False
    )
    for number, (name, maps) in enumerate(layers.items()):
        best = order[number] if order is not None else np.argsort(-np.abs(maps).mean(axis=(1, 2)))
        for ax in axes[number, len(maps) :]:
            ax.set_axis_off()
        for ax, which in zip(axes[number], best, strict=False):
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color="0.5")
            ax.imshow(maps[which], vmin=0, vmax=maps.max() or 1, interpolation="nearest")
        axes[number, 0].text(
            -0.12, 0.5, name, transform=axes[number, 0].transAxes, ha="right", va="center",
            fontsize="small",
        )  # fmt: skip
    return axes


def plot_laboratory(
    image: np.ndarray, kernel: np.ndarray, place: tuple[int, int], sizes: Mapping[str, int]
) -> np.ndarray:
    """Draw the kernel laboratory as it opens: film with what a value sees, map, its products.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W), in [0, 1].
    kernel : numpy.ndarray
        (3, 3).
    place : tuple of int
        (row, column) of the value in the map.
    sizes : mapping of str to int
        Pixels that one value sees, by layer.

    Returns
    -------
    numpy.ndarray of Axes
        Film, map, products.

    Examples
    --------
    >>> plot_laboratory(np.zeros((9, 9)), np.ones((3, 3)), (2, 2), {"conv": 3}).shape
    (3,)
    """
    _, (film, drawn, numbers) = plt.subplots(1, 3, figsize=(7, 2.9), width_ratios=[4, 4, 3])
    row, column = place
    plot_receptive_fields(image, sizes, (row + 1.5, column + 1.5), legend=False, ax=film)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    sums = (windows * kernel).sum(axis=(2, 3))
    limit = np.abs(sums).max() or 1
    drawn.imshow(sums, cmap=SIGNED, vmin=-limit, vmax=limit)
    drawn.plot(column, row, "s", fillstyle="none", color="black", markersize=7)
    drawn.set_axis_off()
    products = (windows[row, column] * kernel).round(2)
    plot_grid(products, ax=numbers)
    film.set_title("film", fontsize="small")
    drawn.set_title("map", fontsize="small")
    numbers.set_title(f"products, sum {sums[row, column]:.2f}", fontsize="small")
    return np.array([film, drawn, numbers])
