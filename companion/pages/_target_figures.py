"""Figures of chapter 6.2's target: outlines in three planes, the U-Net drawn, best and worst."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from companion.pages.figures import COLOURS

#: Axis that a plane leaves out, and how its rows run on the page.
_PLANES = {"axial": 0, "coronal": 1, "sagittal": 2}
#: Colours of labels 1 and 2 over grey.
_STRUCTURES = (COLOURS[4], COLOURS[5])


def plot_planes(image: np.ndarray, labels: np.ndarray, names: Mapping[int, str]) -> np.ndarray:
    """Show a volume in three planes through the middle of its labels, each structure outlined.

    Parameters
    ----------
    image : numpy.ndarray
        float, (Z, Y, X), of equal spacing.
    labels : numpy.ndarray
        int, (Z, Y, X).
    names : mapping of int to str
        Of the structures.

    Returns
    -------
    numpy.ndarray of Axes
        Axial, coronal, sagittal.

    Examples
    --------
    >>> labels = np.zeros((6, 6, 6), int)
    >>> labels[2:4, 2:4, 2:4] = 1
    >>> plot_planes(labels.astype(float), labels, {1: "front"}).shape
    (3,)
    """
    middle = [int(np.rint(place.mean())) for place in np.nonzero(labels)]
    _, axes = plt.subplots(1, 3, figsize=(7, 2.9))
    low, high = np.percentile(image, [1, 99.5])
    for ax, (plane, axis) in zip(axes, _PLANES.items(), strict=True):
        picture, drawn = (np.take(a, middle[axis], axis)[::-1] for a in (image, labels))
        ax.imshow(picture, vmin=low, vmax=high)
        _outline(ax, drawn, names)
        ax.set_title(plane, fontsize="small", pad=3)
        ax.set_axis_off()
    handles = [
        plt.Line2D([], [], color=_STRUCTURES[label - 1], label=name)
        for label, name in names.items()
    ]
    axes[0].figure.legend(handles=handles, loc="outside lower center", ncols=len(names))
    return axes


def plot_cases(
    images: Sequence[np.ndarray],
    truths: Sequence[np.ndarray],
    answers: Sequence[np.ndarray],
    titles: Sequence[str],
) -> np.ndarray:
    """Show scans in a sagittal plane: outlined by hand above, by a network below.

    Parameters
    ----------
    images : sequence of numpy.ndarray
        float, (Z, Y, X).
    truths, answers : sequence of numpy.ndarray
        int, (Z, Y, X).
    titles : sequence of str
        One a scan.

    Returns
    -------
    numpy.ndarray of Axes
        (2, N).

    Examples
    --------
    >>> labels = np.zeros((6, 6, 6), int)
    >>> labels[2:4, 2:4, 2:4] = 1
    >>> plot_cases([labels * 1.0] * 2, [labels] * 2, [labels] * 2, ["worst", "best"]).shape
    (2, 2)
    """
    _, axes = plt.subplots(2, len(images), figsize=(7, 3.6), squeeze=False)
    for number, (image, truth) in enumerate(zip(images, truths, strict=True)):
        most = int((truth > 0).sum(axis=(0, 1)).argmax())
        low, high = np.percentile(image, [1, 99.5])
        for ax, labels in zip(axes[:, number], (truth, answers[number]), strict=True):
            ax.imshow(image[::-1, :, most], vmin=low, vmax=high)
            _outline(ax, labels[::-1, :, most], {1: "", 2: ""})
            ax.set(xticks=[], yticks=[])
        axes[0, number].set_title(titles[number], fontsize="small", pad=3)
    axes[0, 0].set_ylabel("by hand")
    axes[1, 0].set_ylabel("by the network")
    return axes


def plot_errors(mask: np.ndarray, changed: Mapping[str, np.ndarray]) -> np.ndarray:
    """Show an outline in one plane, and what it became, each beside the first.

    Parameters
    ----------
    mask : numpy.ndarray
        bool, (Z, Y, X), not empty.
    changed : mapping of str to numpy.ndarray
        By name: bool, (Z, Y, X).

    Returns
    -------
    numpy.ndarray of Axes
        One an error.

    Examples
    --------
    >>> cube = np.zeros((6, 6, 6), bool)
    >>> cube[2:4, 2:4, 2:4] = True
    >>> plot_errors(cube, {"moved": np.roll(cube, 1, 2)}).shape
    (1,)
    """
    plane = int(mask.sum(axis=(0, 2)).argmax())
    rows, columns = np.nonzero(np.any([mask, *changed.values()], axis=0)[::-1, plane])
    _, axes = plt.subplots(1, len(changed), figsize=(7, 2.4), squeeze=False)
    for ax, (name, other) in zip(axes[0], changed.items(), strict=True):
        ax.imshow(mask[::-1, plane], cmap="Greys", vmin=0, vmax=3)
        edge = other[::-1, plane].astype(float)
        if edge.any():
            ax.contour(edge, levels=[0.5], colors=[COLOURS[1]], linewidths=1.5)
        ax.set_title(name, fontsize="small", pad=3)
        ax.set(xticks=[], yticks=[], xlim=(columns.min() - 2, columns.max() + 2),
               ylim=(rows.max() + 2, rows.min() - 2))  # fmt: skip
    return axes[0]


def plot_unet(
    widths: Sequence[int], sides: Sequence[int], structures: int, *, ax: Axes | None = None
) -> Axes:
    """Draw a U-Net: feature maps of each level, on the way down, across and up.

    Parameters
    ----------
    widths, sides : sequence of int
        Feature maps of each level, and how many voxels one side of them has.
    structures : int
        How many labels come out.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Without ticks.

    Examples
    --------
    >>> len(plot_unet((8, 16), (32, 16), 3).patches) > 6
    True
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.6))[1]
    levels = len(widths)
    down = [(1.0 * level, levels - 1.0 - level) for level in range(levels)]
    up = [(2.0 * levels - 2 - level, levels - 1.0 - level) for level in range(levels - 1)]
    first, last = (-1.0, levels - 1.0), (2.0 * levels - 1, levels - 1.0)
    _box(ax, first, sides[0], "volume\n1", "0.75")
    for level, (x, y) in enumerate(down):
        _box(ax, (x, y), sides[level], f"{widths[level]}", COLOURS[5])
        ax.text(x, y - 0.38, f"{sides[level]}³", ha="center", va="top", fontsize="small")
    for level, (x, y) in enumerate(up):
        _box(ax, (x, y), sides[level], f"{widths[level]}", COLOURS[4])
        _arrow(ax, (down[level][0] + 0.3, y), (x - 0.3, y), "0.5", "--")
    _box(ax, last, sides[0], f"labels\n{structures}", "0.75")
    _arrow(ax, (-0.7, levels - 1.0), (-0.3, levels - 1.0), "0.2")
    _arrow(ax, (up[0][0] + 0.3, levels - 1.0), (last[0] - 0.3, levels - 1.0), "0.2")
    for (x, y), (right, below) in itertools.pairwise(down):
        _arrow(ax, (x + 0.2, y - 0.32), (right - 0.2, below + 0.36), COLOURS[0])
    chain = [down[-1], *reversed(up)]
    for (x, y), (right, above) in itertools.pairwise(chain):
        _arrow(ax, (x + 0.2, y + 0.36), (right - 0.2, above - 0.32), COLOURS[1])
    middle = levels - 1.0
    ax.text(middle, levels - 0.93, "laid beside (copied)", ha="center", va="bottom",
            fontsize="x-small")  # fmt: skip
    ax.text(0.1, 0.35, "halve", color=COLOURS[0], ha="right", fontsize="small")
    ax.text(2 * levels - 2.1, 0.35, "double", color=COLOURS[1], ha="left", fontsize="small")
    ax.set(xlim=(-1.6, 2 * levels - 0.4), ylim=(-0.85, levels - 0.4))
    ax.set_axis_off()
    return ax


def _box(ax, centre, side, text, colour):
    """Draw feature maps as a square, larger where they have more voxels."""
    half = 0.16 + 0.14 * side / 40
    ax.add_patch(
        Rectangle((centre[0] - half, centre[1] - half), 2 * half, 2 * half, facecolor=colour,
                  edgecolor="0.2", linewidth=0.8)
    )  # fmt: skip
    ax.text(*centre, text, ha="center", va="center", fontsize="x-small")


def _arrow(ax, start, end, colour, style="-"):
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color=colour,
                        linestyle=style, linewidth=1.2, shrinkA=0, shrinkB=0)
    )  # fmt: skip


def _outline(ax, labels, names):
    """Draw the edge of each structure that is to be seen."""
    for label in names:
        own = (labels == label).astype(float)
        if own.any():
            ax.contour(own, levels=[0.5], colors=[_STRUCTURES[label - 1]], linewidths=1.3)
