"""Drawings of chapter 3.1 that stay close to the pixels: sizes, patches, kernels, maps."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from companion.pages.figures import COLOURS, SIGNED


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
        ax.imshow(image, cmap=SIGNED, vmin=-strongest, vmax=strongest)
        ax.set_title(title, fontsize="small", pad=3)
    return axes


def plot_sizes(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    marked: tuple[float, float, float, float],
) -> np.ndarray:
    """Draw one film at several sizes, equally large, every pixel as a square; below, a part.

    Parameters
    ----------
    images : sequence of numpy.ndarray
        (H, W) each, in [0, 1].
    titles : sequence of str
        What to write above each.
    marked : tuple of float
        (row, column, rows, columns) of the part, as shares of height and width.

    Returns
    -------
    numpy.ndarray of Axes
        (2, films): the whole with a frame, the part in the frame.

    Examples
    --------
    >>> axes = plot_sizes([np.eye(4), np.eye(2)], ["a", "b"], marked=(0, 0, 0.5, 0.5))
    >>> axes[1, 0].images[0].get_array().shape
    (2, 2)
    """
    _, axes = plt.subplots(2, len(images), figsize=(7, 14 / len(images) + 0.3), squeeze=False)
    for (whole, part), image, title in zip(axes.T, images, titles, strict=True):
        row, column, rows, columns = np.rint(np.multiply(marked, image.shape * 2)).astype(int)
        drawn = {"vmin": 0, "vmax": 1, "interpolation": "nearest"}
        whole.imshow(image, **drawn)
        whole.add_patch(
            Rectangle((column - 0.5, row - 0.5), columns, rows, fill=False,
                      edgecolor=COLOURS[1], linewidth=1.5)
        )  # fmt: skip
        part.imshow(image[row : row + rows, column : column + columns], **drawn)
        whole.set_title(title, fontsize="small", pad=3)
        for ax in (whole, part):
            ax.set_axis_off()
    return axes


def plot_patch(
    image: np.ndarray, corner: tuple[int, int], size: int, *, digits: int = 2
) -> np.ndarray:
    """Draw a film with a frame in it, and the frame's pixels with their numbers.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W), in [0, 1].
    corner : tuple of int
        (row, column) of the patch's first pixel.
    size : int
        Pixels of its side.
    digits : int
        Of the numbers, after the point.

    Returns
    -------
    numpy.ndarray of Axes
        Film, patch.

    Examples
    --------
    >>> [len(ax.texts) for ax in plot_patch(np.eye(9), (1, 1), 2)]
    [0, 4]
    """
    _, (whole, close) = plt.subplots(1, 2, figsize=(7, 3.6))
    row, column = corner
    whole.imshow(image, vmin=0, vmax=1)
    whole.add_patch(
        Rectangle((column - 0.5, row - 0.5), size, size, fill=False,
                  edgecolor=COLOURS[1], linewidth=2)
    )  # fmt: skip
    patch = image[row : row + size, column : column + size]
    close.imshow(patch, vmin=patch.min(), vmax=patch.max())
    middle = (patch.min() + patch.max()) / 2
    for (i, j), value in np.ndenumerate(patch):
        close.text(
            j, i, f"{value:.{digits}f}", ha="center", va="center", fontsize="small",
            color="black" if value > middle else "white",
        )  # fmt: skip
    whole.set_title(f"film, {image.shape[0]} × {image.shape[1]} pixels", fontsize="small")
    close.set_title(f"the framed {size} × {size} pixels", fontsize="small")
    for ax in (whole, close):
        ax.set_axis_off()
    return np.array([whole, close])


def plot_kernels(
    kernels: Sequence[np.ndarray], titles: Sequence[str], *, limit: float = 2
) -> np.ndarray:
    """Draw kernels in a row, red above zero and blue below, with their numbers.

    Parameters
    ----------
    kernels : sequence of numpy.ndarray
        (M, N) each.
    titles : sequence of str
        What to write above each.
    limit : float
        The value of the strongest colour.

    Returns
    -------
    numpy.ndarray of Axes
        One a kernel.

    Examples
    --------
    >>> [len(ax.texts) for ax in plot_kernels([np.eye(2)], ["a"])]
    [4]
    """
    _, axes = plt.subplots(1, len(kernels), figsize=(7, 7 / len(kernels) + 0.3), squeeze=False)
    for ax, kernel, title in zip(axes[0], kernels, titles, strict=True):
        ax.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
        for (i, j), value in np.ndenumerate(kernel):
            strong = abs(value) > 0.6 * limit
            ax.text(j, i, f"{value + 0.0:.1f}".replace("-0.0", "0.0"), ha="center", va="center",
                    fontsize="small", color="white" if strong else "black")  # fmt: skip
        ax.set_title(title, fontsize="small", pad=3)
        ax.set_axis_off()
    return axes[0]
