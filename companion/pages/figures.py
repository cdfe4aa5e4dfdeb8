"""Figures of the book: every function takes ``ax=None`` and returns what it drew on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from companion.evaluation.report import Report

#: Okabe and Ito's palette, told apart by readers with any colour vision; black left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def use_book_style() -> None:
    """Set fonts, colours and resolution of all later figures.

    Examples
    --------
    >>> use_book_style()
    """
    plt.rcParams.update(
        {
            "axes.prop_cycle": plt.cycler(color=COLOURS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.figsize": (7, 3.6),
            "figure.dpi": 192,
            "font.size": 10,
            "image.cmap": "gray",
            "legend.frameon": False,
        }
    )


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
    ax = ax if ax is not None else plt.subplots(figsize=(3.4, 2.8))[1]
    counts = report.confusion
    ax.imshow(counts / counts.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1)
    for row in (0, 1):
        for column in (0, 1):
            dark = counts[row, column] > 0.5 * counts[row].sum()
            ax.text(
                column, row, f"{counts[row, column]}", ha="center", va="center",
                color="white" if dark else "black",
            )  # fmt: skip
    ax.set_xticks([0, 1], names)
    ax.set_yticks([0, 1], names)
    ax.set(xlabel="decision", ylabel="truth")
    return ax


def plot_intervals(
    reports: Mapping[str, Mapping[str, Report]], metric: str, *, ax: Axes | None = None
) -> Axes:
    """Draw one score of several models on several splits, with intervals.

    Parameters
    ----------
    reports : mapping of str to mapping of str to Report
        By split, then by model.
    metric : str
        One of :data:`companion.evaluation.report.METRICS`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a model.

    Examples
    --------
    >>> from companion.evaluation.report import evaluate
    >>> report = evaluate(np.array([0, 1]), np.array([0.2, 0.9]), rng=np.random.default_rng(0))
    >>> plot_intervals({"test": {"mine": report}}, "auroc").get_xlabel()
    'auroc'
    """
    models = list(dict.fromkeys(model for split in reports.values() for model in split))
    ax = ax if ax is not None else plt.subplots(figsize=(7, 0.32 * len(models) + 0.9))[1]
    for number, ((split, by_model), colour) in enumerate(
        zip(reports.items(), COLOURS, strict=False)
    ):
        rows = np.array([models.index(model) for model in by_model]) + 0.24 * number
        values = np.array([by_model[model][metric].value for model in by_model])
        ends = np.array([[by_model[m][metric].low, by_model[m][metric].high] for m in by_model]).T
        ax.errorbar(
            values, rows, xerr=np.abs(ends - values), fmt="os^"[number], color=colour, label=split
        )
    ax.set_yticks(np.arange(len(models)), models)
    ax.invert_yaxis()
    ax.set_xlabel(metric.replace("_", " "))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(reports))
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


def plot_ranges(
    names: Sequence[str],
    values: Sequence[float],
    ends: Sequence[tuple[float, float]],
    *,
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw a column of values, each with its interval, in the order given.

    Parameters
    ----------
    names : sequence of str
        One a row.
    values : sequence of float
        What was measured.
    ends : sequence of tuple of float
        Low and high of each.
    label : str
        What the horizontal axis shows, with its unit.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a name.

    Examples
    --------
    >>> plot_ranges(["a"], [0.5], [(0.4, 0.7)], label="accuracy").get_xlabel()
    'accuracy'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 0.32 * len(names) + 0.8))[1]
    rows, (low, high) = np.arange(len(names)), np.transpose(ends)
    ax.hlines(rows, low, high)
    ax.plot(values, rows, "o")
    ax.set_yticks(rows, names)
    ax.invert_yaxis()
    ax.set_xlabel(label)
    return ax
