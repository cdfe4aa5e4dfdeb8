"""Figures of chapter 6.1: outlines of readers, stains, a heart's rhythm, risk against coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages._image_drawings import draw_outline
from companion.pages.figures import COLOURS, DASHES

if TYPE_CHECKING:
    from companion.applications import Abstention


def plot_outlines(lines: Mapping[str, np.ndarray], *, ax: Axes | None = None) -> Axes:
    """Draw closed lines of several readers over each other.

    Parameters
    ----------
    lines : mapping of str to numpy.ndarray
        By reader, (N, 2): rows and columns in mm.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        In mm, rows downwards as in the slice.

    Examples
    --------
    >>> plot_outlines({"reader 1": np.eye(3)[:, :2]}).get_xlabel()
    'mm'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(4.6, 3.6))[1]
    for number, (reader, points) in enumerate(lines.items()):
        draw_outline(ax, points, number, label=reader)
    ax.invert_yaxis()
    ax.set(aspect="equal", xlabel="mm", ylabel="mm")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_stains(picture: np.ndarray, stains: Mapping[str, np.ndarray]) -> np.ndarray:
    """Draw a stained section and how much of each stain is in each pixel.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8, (H, W, 3).
    stains : mapping of str to numpy.ndarray
        By stain: (H, W), any scale; bool is drawn in black and white.

    Returns
    -------
    numpy.ndarray of Axes
        The picture, then the stains.

    Examples
    --------
    >>> plot_stains(np.zeros((4, 4, 3), np.uint8), {"brown": np.eye(4)}).shape
    (2,)
    """
    _, axes = plt.subplots(1, 1 + len(stains), figsize=(7, 2.1))
    axes[0].imshow(picture[::2, ::2])
    axes[0].set_title("section", fontsize="small", pad=3)
    for ax, (name, values) in zip(axes[1:], stains.items(), strict=True):
        top = np.percentile(values, 99.5) if values.dtype != bool else 1
        ax.imshow(values[::2, ::2], cmap="gray_r", vmin=0, vmax=top)
        ax.set_title(name, fontsize="small", pad=3)
    for ax in axes:
        ax.set_axis_off()
    return axes


def plot_abstention(
    curves: Mapping[str, Abstention],
    marks: Mapping[str, tuple[float, float]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of wrong answers against the share of films that are answered.

    Parameters
    ----------
    curves : mapping of str to companion.applications.Abstention
        By split.
    marks : mapping of str to tuple of float
        By split: coverage and risk at the threshold that was chosen.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> from companion.applications import coverage_risk
    >>> curve = coverage_risk([0.9, 0.8], [0, 1])
    >>> plot_abstention({"test": curve}, {"test": (0.5, 0.0)}).get_ylabel()
    'wrong among the answered'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3.2))[1]
    for number, (split, curve) in enumerate(curves.items()):
        colour = COLOURS[number]
        ax.plot(curve.coverage, curve.risk, DASHES[number], color=colour, label=split)
        ax.plot(*marks[split], "o^"[number % 2], color=colour)
    ax.set(xlabel="share of films answered (coverage)", ylabel="wrong among the answered",
           xlim=(0, 1.02), ylim=(0, None))  # fmt: skip
    ax.legend()
    return ax


def plot_rhythm(
    seconds: Sequence[float],
    likeness: Sequence[float],
    beat: float,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how alike frames are that lie some time apart.

    Parameters
    ----------
    seconds, likeness : sequence of float
        Time between two frames, and their mean correlation.
    beat : float
        Length of one beat in seconds, to be marked with its multiples.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_rhythm([0, 1, 2], [1, 0, 1], 2.0).get_xlabel()
    'seconds between two frames'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 2.8))[1]
    ax.plot(seconds, likeness, color=COLOURS[0])
    for multiple in np.arange(beat, max(seconds), beat):
        ax.axvline(multiple, color=COLOURS[1], linestyle="--", linewidth=1)
    ax.set(xlabel="seconds between two frames", ylabel="mean correlation")
    return ax


def plot_coverages(
    found: Sequence[float], promised: float, shifted: float, *, ax: Axes | None = None
) -> Axes:
    """Draw how often sets held the truth in many draws, what was promised, and elsewhere.

    Parameters
    ----------
    found : sequence of float
        Coverage of each draw.
    promised, shifted : float
        The coverage that was promised, and that on films of another kind.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_coverages([0.9, 0.91], 0.9, 0.8).get_ylabel()
    'draws'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 2.8))[1]
    ax.hist(found, bins=25, color=COLOURS[5])
    ax.axvline(promised, color="0.2", label="promised")
    ax.axvline(shifted, color=COLOURS[1], linestyle="--", label="test split")
    ax.set(xlabel="share of sets that hold the truth", ylabel="draws")
    ax.legend()
    return ax
