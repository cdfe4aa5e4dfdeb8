"""Drawings of chapter 2: kinds of images, windows, slices of a sphere, readers' outlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.figures import COLOURS, DASHES


def window_ends(window: tuple[float, float]) -> tuple[float, float]:
    """Return the values that a linear window maps to black and to white (PS3.3 C.11.2.1.2.1).

    Parameters
    ----------
    window : tuple of float
        Centre and width, at least 1.

    Returns
    -------
    tuple of float
        Black, white.

    Examples
    --------
    >>> window_ends((40, 400))
    (-160.0, 239.0)
    """
    center, width = window
    return center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2


def plot_windows(values: np.ndarray, windows: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """Show one slice under several windows.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W), in Hounsfield units.
    windows : mapping of str to tuple of float
        Centre and width, by title.

    Returns
    -------
    numpy.ndarray of Axes
        One a window.

    Examples
    --------
    >>> len(plot_windows(np.zeros((4, 4)), {"soft tissue": (40, 400)}))
    1
    """
    height = 7 / len(windows) * values.shape[0] / values.shape[1] + 0.25
    _, axes = plt.subplots(1, len(windows), figsize=(7, height), dpi=70, squeeze=False)
    for ax, (title, window) in zip(axes[0], windows.items(), strict=True):
        low, high = window_ends(window)
        ax.imshow(values, vmin=low, vmax=high, interpolation="antialiased")
        ax.set_title(title, fontsize="large")
        ax.set_axis_off()
    return axes[0]


def plot_kinds(images: Mapping[str, np.ndarray]) -> np.ndarray:
    """Show six kinds of medical images, grey or in colour.

    Parameters
    ----------
    images : mapping of str to numpy.ndarray
        (H, W) in [0, 1], or (H, W, 3) uint8, by title.

    Returns
    -------
    numpy.ndarray of Axes
        In two rows.

    Examples
    --------
    >>> plot_kinds({"grey": np.zeros((4, 4)), "colour": np.zeros((4, 4, 3), np.uint8)}).shape
    (2,)
    """
    columns = -(-len(images) // 2)
    _, axes = plt.subplots(2, columns, figsize=(7, 14 / columns + 0.4), dpi=62, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (title, image) in zip(axes.flat, images.items(), strict=False):
        step = max(1, max(image.shape[:2]) // 240)
        ax.imshow(image[::step, ::step], vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title, fontsize="large", pad=2)
    return axes.ravel()


def plot_window_level(values: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Show a slice under a window, and how often each value occurs, with the window drawn.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W), in Hounsfield units.
    window : tuple of float
        Centre and width.

    Returns
    -------
    numpy.ndarray of Axes
        Slice, histogram.

    Examples
    --------
    >>> plot_window_level(np.arange(16.0).reshape(4, 4), (8, 8)).shape
    (2,)
    """
    low, high = window_ends(window)
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7), dpi=80, width_ratios=[5, 4])
    left.imshow(values, vmin=low, vmax=high)
    left.set_axis_off()
    right.hist(values.ravel(), bins=np.arange(-1040, 1221, 20), color="0.55", log=True)
    right.axvspan(low, high, color=COLOURS[4], alpha=0.3, linewidth=0)
    right.set(xlabel="Hounsfield units", ylabel="pixels (log scale)")
    return np.array([left, right])


def plot_bits(images: Mapping[str, np.ndarray]) -> np.ndarray:
    """Show the same patch several times on one grey scale, with its number of grey values.

    Parameters
    ----------
    images : mapping of str to numpy.ndarray
        (H, W), in [0, 1], by title.

    Returns
    -------
    numpy.ndarray of Axes
        One an image.

    Examples
    --------
    >>> plot_bits({"a": np.eye(3)})[0].get_title()
    'a: 2 greys'
    """
    _, axes = plt.subplots(
        1, len(images), figsize=(7, 7 / len(images) + 0.3), dpi=72, squeeze=False
    )
    for ax, (title, image) in zip(axes[0], images.items(), strict=True):
        ax.imshow(image, vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(f"{title}: {len(np.unique(image))} greys", fontsize="large")
        ax.set_axis_off()
    return axes[0]


def slice_sphere(
    diameter_mm: float, slice_mm: float, *, shift_mm: float = 0, pixel_mm: float = 0.75
) -> np.ndarray:
    """Cut a sphere into slices as a scanner does: a voxel holds the sphere's share of it.

    Parameters
    ----------
    diameter_mm, slice_mm, pixel_mm : float
        Of the sphere, of a slice, which joins the next without a gap, and of a pixel.
    shift_mm : float
        How far the sphere's centre lies from the border of two slices.

    Returns
    -------
    numpy.ndarray
        float64, (Z, Y, X), in [0, 1]: shares, averaged over cubes of a twentieth of a millimetre
        along the slices and a quarter of a pixel across.

    Examples
    --------
    >>> sphere = slice_sphere(6, 1)
    >>> round(sphere.sum() * 1 * 0.75**2), round(np.pi * 6**3 / 6)
    (113, 113)
    """
    half = slice_mm * (np.ceil((diameter_mm / 2 + abs(shift_mm)) / slice_mm) + 1)
    fine = round(slice_mm / 0.05)
    z = (np.arange(round(2 * half / slice_mm) * fine) + 0.5) * slice_mm / fine - half - shift_mm
    side = 2 * int(np.ceil(diameter_mm / 2 / pixel_mm) + 2)
    y = (np.arange(side * 4) + 0.5) * pixel_mm / 4 - side * pixel_mm / 2
    disc = np.hypot(y[:, None], y).reshape(side, 4, side, 4)
    radius = np.sqrt(np.maximum((diameter_mm / 2) ** 2 - z**2, 0))
    shares = np.stack([(disc < r).mean(axis=(1, 3)) for r in radius])
    return shares.reshape(-1, fine, side, side).mean(axis=1)


def plot_slices(
    diameter_mm: float, slices_mm: Sequence[float], shift_mm: float, *, pixel_mm: float = 0.75
) -> np.ndarray:
    """Show a sphere in slices from the side: voxels, its true outline, and what half fills one.

    Parameters
    ----------
    diameter_mm, shift_mm, pixel_mm : float
        As in :func:`slice_sphere`.
    slices_mm : sequence of float
        The thickness of the slices, one a panel.

    Returns
    -------
    numpy.ndarray of Axes
        One a thickness.

    Examples
    --------
    >>> len(plot_slices(6, (1, 5), 0.5))
    2
    """
    _, axes = plt.subplots(1, len(slices_mm), figsize=(7, 2.7), squeeze=False)
    angle = np.linspace(0, 2 * np.pi, 100)
    for ax, slice_mm in zip(axes[0], slices_mm, strict=True):
        values = slice_sphere(diameter_mm, slice_mm, shift_mm=shift_mm, pixel_mm=pixel_mm)
        side = values[:, values.shape[1] // 2]
        wide, high = side.shape[1] * pixel_mm / 2, side.shape[0] * slice_mm / 2
        place = (-wide, wide, -high, high)
        ax.imshow(side, vmin=0, vmax=1, extent=place, origin="lower", interpolation="nearest")
        rows, columns = np.nonzero(side >= 0.5)
        ax.plot((columns + 0.5) * pixel_mm - wide, (rows + 0.5) * slice_mm - high, ".",
                color=COLOURS[0], markersize=5)  # fmt: skip
        radius = diameter_mm / 2
        ax.plot(radius * np.cos(angle), radius * np.sin(angle) + shift_mm, color=COLOURS[1])
        ax.set(xlim=(-7, 7), ylim=(-7, 7), xlabel="mm", facecolor="black")
        ax.set_title(f"slices of {slice_mm:g} mm", fontsize="small")
    axes[0, 0].set_ylabel("mm, across the slices")
    return axes[0]


def draw_outline(ax: Axes, points: np.ndarray, number: int, **style: object) -> None:
    """Draw a closed line in the colour and the dashes of one of several readers."""
    closed = np.vstack([points, points[:1]])
    style = {"color": COLOURS[number % 6], "linestyle": DASHES[number % 4]} | style
    ax.plot(closed[:, 1], closed[:, 0], **style)


def plot_outlines(outlines: Sequence[Sequence[np.ndarray]], titles: Sequence[str]) -> np.ndarray:
    """Draw the outlines of several readers, one panel a slice.

    Parameters
    ----------
    outlines : sequence of sequence of numpy.ndarray
        For each slice one (P, 2) an outline: row and column in mm, or None where a reader drew
        none.
    titles : sequence of str
        One a slice.

    Returns
    -------
    numpy.ndarray of Axes
        One a slice.

    Examples
    --------
    >>> len(plot_outlines([[np.eye(2), None]], ["z = 0 mm"]))
    1
    """
    _, axes = plt.subplots(1, len(outlines), figsize=(7, 2.6), sharex=True, sharey=True,
                           squeeze=False)  # fmt: skip
    for ax, readers, title in zip(axes[0], outlines, titles, strict=True):
        for number, points in enumerate(readers):
            if points is not None:
                draw_outline(ax, points, number, label=f"reader {number + 1}", linewidth=1.8)
        ax.set_aspect("equal")
        ax.set_title(title, fontsize="small")
        ax.set_xlabel("mm")
    axes[0, 0].invert_yaxis()
    axes[0, 0].set_ylabel("mm")
    handles, labels = axes[0, len(outlines) // 2].get_legend_handles_labels()
    axes[0, 0].figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    return axes[0]
