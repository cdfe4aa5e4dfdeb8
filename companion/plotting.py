"""Figures of the book: every function takes ``ax=None`` and returns what it drew on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from companion.evaluation import Report

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


def plot_layers(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many values each layer passes on and how many weights it holds.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`companion.keras_models.layer_table`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a logarithmic scale.

    Examples
    --------
    >>> table = pd.DataFrame({"layer": ["Dense"], "values": [1], "parameters": [129]})
    >>> plot_layers(table).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.8))[1]
    rows = np.arange(len(table))
    ax.barh(rows - 0.2, table["values"], height=0.4, label="values passed on")
    ax.barh(rows + 0.2, table["parameters"], height=0.4, label="parameters")
    ax.set_yticks(rows, table["layer"])
    ax.invert_yaxis()
    ax.set(xscale="log", xlabel="count (logarithmic scale)", xlim=(0.8, None))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def plot_curves(
    curves: Mapping[str, Sequence[Sequence[float]]],
    *,
    best: Sequence[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw losses against epochs, one thin line a seed, one colour a split.

    Parameters
    ----------
    curves : mapping of str to sequences of float
        By split, then by seed: the loss of each epoch, in nats.
    best : sequence of int
        Epochs, from 1, to mark on the last split's lines, one a seed.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_curves({"training": [[0.5, 0.2]]}).get_xlabel()
    'epoch'
    """
    ax = ax if ax is not None else plt.subplots()[1]
    for (split, seeds), colour, style in zip(
        curves.items(), COLOURS, ("-", "--", ":"), strict=False
    ):
        for number, losses in enumerate(seeds):
            label = split if number == 0 else None
            ax.plot(np.arange(1, len(losses) + 1), losses, style, color=colour, label=label)
    for losses, epoch in zip(seeds, best, strict=False):
        ax.plot(epoch, losses[epoch - 1], "o", color=colour)
    ax.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=(0, None))
    ax.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    ax.legend()
    return ax


def plot_confusion(report: Report, *, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix with its counts.

    Parameters
    ----------
    report : companion.evaluation.Report
        From :func:`companion.evaluation.evaluate`.
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
    >>> from companion.evaluation import evaluate
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
        One of :data:`companion.evaluation.METRICS`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a model.

    Examples
    --------
    >>> from companion.evaluation import evaluate
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
