"""Figures of the book: every function takes ``ax=None`` and returns what it drew on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    from companion.evaluation.report import Report

#: Blue, white at zero, red. Of few steps: the noise of a film's map weighs half as much in a page.
SIGNED = plt.get_cmap("RdBu_r", 17)

#: Okabe and Ito's palette, told apart by readers with any colour vision; black left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
#: As many ways to draw a line as a nodule has readers.
DASHES = ("-", "--", "-.", ":")


def use_book_style() -> None:
    """Set fonts, colours and sizes of all later figures, as ``book.mplstyle`` says.

    A notebook shows them in inches of 96 pixels and stores them with twice as many:
    sharp on dense screens, and none fills a cell.

    Raises
    ------
    FileNotFoundError
        If the package was installed without its style.

    Examples
    --------
    >>> use_book_style()
    >>> plt.rcParams["image.cmap"]
    'gray'
    """
    style = files("companion.pages") / "book.mplstyle"
    if not style.is_file():
        raise FileNotFoundError(f"the style of the figures is missing: {style}; reinstall")
    with as_file(style) as path:
        plt.style.use(path)
    _draw_sharply()


def _draw_sharply():
    shell = "IPython" in sys.modules and sys.modules["IPython"].get_ipython()
    if shell:
        from matplotlib_inline.config import InlineBackend

        # "retina" tells the notebook to show half of the pixels that it stores
        InlineBackend.instance(parent=shell).figure_formats = {"retina"}


def plot_films(
    images: np.ndarray, titles: Sequence[str], *, columns: int = 6, axes: np.ndarray | None = None
) -> np.ndarray:
    """Show films side by side on one grey scale.

    Parameters
    ----------
    images : numpy.ndarray
        (N, H, W), uint8, or float in [0, 1].
    titles : sequence of str
        What to write above each.
    columns : int
        How many in a row.
    axes : numpy.ndarray of Axes, optional
        At least N of them; a new figure when absent.

    Returns
    -------
    numpy.ndarray of Axes
        One a film, then the empty ones.

    Examples
    --------
    >>> plot_films(np.zeros((2, 4, 4)), ["a", "b"]).shape
    (6,)
    """
    if len(images) != len(titles):
        raise ValueError(f"titles must be one a film, got {len(titles)} for {len(images)} films")
    if axes is None:
        rows = -(-len(images) // columns)
        side = 7 / columns * images.shape[1] / images.shape[2]
        _, axes = plt.subplots(rows, columns, figsize=(7, (side + 0.2) * rows + 0.1))
    axes = np.ravel(axes)
    white = 255 if images.dtype == np.uint8 else 1
    for ax in axes:
        ax.set_axis_off()
    for ax, image, title in zip(axes, images, titles, strict=False):
        ax.imshow(image, vmin=0, vmax=white)
        ax.set_title(title, fontsize="small", pad=3)
    return axes


def plot_confusion(report: Report, *, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix with its counts.

    Parameters
    ----------
    report : companion.evaluation.report.Report
        From :func:`companion.evaluation.report.evaluate`.
    names : sequence of str
        What labels 0 and 1 mean.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Rows are the truth, columns the decision.

    Examples
    --------
    >>> from companion.evaluation.report import evaluate
    >>> report = evaluate(np.array([0, 1]), np.array([0.2, 0.9]), rng=np.random.default_rng(0))
    >>> plot_confusion(report, names=["normal", "pneumonia"]).get_ylabel()
    'truth'
    """
    from sklearn.metrics import ConfusionMatrixDisplay

    ax = ax if ax is not None else plt.subplots(figsize=(3.4, 2.8))[1]
    counts = report.confusion
    # the colour says which share of its row a count is; rows may differ much in size
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    drawn = ConfusionMatrixDisplay(confusion_matrix=shares, display_labels=names)
    drawn.plot(ax=ax, cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1})
    for text, count in zip(drawn.text_.flat, counts.flat, strict=True):
        text.set_text(f"{count}")
    ax.set(xlabel="decision", ylabel="truth")
    return ax


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
