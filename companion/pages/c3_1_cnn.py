"""Checkers for the exercises of chapter 3.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from companion.pages.check import expect
from companion.pages.figures import COLOURS, plot_grid


def check_strided_map(strided_map: Callable) -> None:
    """Check a function that gives the whole map of a convolution with a stride.

    Parameters
    ----------
    strided_map : function
        Takes image (H, W), kernel (M, N) and stride; returns (H', W').

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_strided_map(lambda image, kernel, stride: image[::stride, ::stride])
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: the document's image, stride 1: got ...
    """
    image, kernel = np.arange(1.0, 10).reshape(3, 3), np.array([[0.0, 1], [2, 4]])
    wide = np.array([[1.0, 2, 3, 4, 5], [0, 1, 0, 1, 0]])
    for what, arguments, right in (
        ("the document's image, stride 1", (image, kernel, 1), [[30, 37], [51, 58]]),
        ("the same at stride 2", (image, kernel, 2), [[30]]),
        ("two rows and five columns at stride 2", (wide, kernel, 2), [[6, 8]]),
        ("a kernel of one row at stride 3", (wide, np.array([[1.0, 10]]), 3), [[21, 54]]),
    ):
        expect(what, strided_map(*arguments), np.array(right, float))
    print("Right: four cases passed.")


def check_count_parameters(count_parameters: Callable) -> None:
    """Check a function that counts the parameters of a convolution.

    Parameters
    ----------
    count_parameters : function
        Takes channels, maps, rows and columns of the kernel; returns an int.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_count_parameters(lambda c, o, rows, columns: (c * rows * columns + 1) * o)
    Right: three cases passed.
    """
    for arguments, right in (((3, 32, 3, 3), 896), ((1, 4, 2, 5), 44), ((64, 128, 1, 1), 8320)):
        channels, maps, rows, columns = arguments
        what = f"{channels} channels, {maps} maps, {rows} x {columns}"
        expect(what, count_parameters(*arguments), right)
    print("Right: three cases passed.")


def check_receptive_field(receptive_field: Callable) -> None:
    """Check a function that gives the receptive field of a stack of layers.

    Parameters
    ----------
    receptive_field : function
        Takes the kernels and the strides of the layers, two sequences of int; returns an int.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_receptive_field(lambda kernels, strides: sum(kernels))
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: two kernels of 3, stride 1: got 6, expected 5
    """
    for what, kernels, strides, right in (
        ("two kernels of 3, stride 1", (3, 3), (1, 1), 5),
        ("a kernel of 3, a pooling by 2, a kernel of 3", (3, 2, 3), (1, 2, 1), 8),
        ("one kernel of 7 at stride 2", (7,), (2,), 7),
        ("strides 2 and 3, then a kernel of 2", (2, 3, 2), (2, 3, 1), 12),
    ):
        expect(what, receptive_field(kernels, strides), right)
    print("Right: four cases passed.")


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
