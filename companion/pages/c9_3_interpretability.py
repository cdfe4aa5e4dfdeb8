"""Backstage of chapter 9.3: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.check import Case
from companion.pages.figures import COLOURS

if TYPE_CHECKING:
    import pandas as pd

_MAPS = np.array([[[1.0, 0], [2, 0]], [[0, 3.0], [1, 0]]])
_GRADIENTS = np.array([[[2.0, 0], [2, 0]], [[-1.0, -1], [0, 0]]])
_MASK = np.array([[True, True], [False, False]])
_FILMS = np.array([0.0, 0.2, 0.4, 0.6]).reshape(4, 1, 1, 1) * np.ones((4, 1, 3, 3))


def _mark(films):
    marked = films.copy()
    marked[:, :, 0, 0] = 1
    return marked


def _sees_the_marker(films):
    return films[:, 0, 0, 0]


def _never_looks_there(films):
    return films[:, 0, 2, 2]


def _takes_it_for_health(films):
    return 1 - films[:, 0, 0, 0]


CASES = {
    "grad_cam_by_hand": [
        Case("two maps, one for and one against", (_MAPS, _GRADIENTS), [[1, 0], [1.5, 0]]),
        Case("nothing speaks for it", (_MAPS, -np.abs(_GRADIENTS)), [[0, 0], [0, 0]]),
        Case("one map", (_MAPS[:1], _GRADIENTS[:1]), [[1, 0], [2, 0]]),
    ],
    "share_inside": [
        Case("a negative value outside", (np.array([[2.0, 1], [1, -2]]), _MASK), 0.75),
        Case("a negative value inside", (np.array([[3.0, -9], [1, 0]]), _MASK), 0.75),
        Case("all of it outside", (np.array([[-1.0, 0], [5, 2]]), _MASK), 0.0),
    ],
    "reliance": [
        Case("a model that sees the marker alone", (_sees_the_marker, _FILMS, _mark), 0.7),
        Case("a model that never looks there", (_never_looks_there, _FILMS, _mark), 0.0),
        Case("one that takes it for health", (_takes_it_for_health, _FILMS, _mark), -0.7),
    ],
}


def plot_overlays(
    images: np.ndarray,
    maps: Mapping[str, np.ndarray],
    *,
    masks: np.ndarray | None = None,
    titles: Sequence[str] | None = None,
) -> np.ndarray:
    """Lay maps over films: a row a film, a column a method.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, H, W), in [0, 1].
    maps : mapping of str to numpy.ndarray
        By method: float, (N, H, W); only positive values are drawn, each map on its own scale.
    masks : numpy.ndarray, optional
        bool, (N, H, W): the lesion, drawn as an outline.
    titles : sequence of str, optional
        What to write beside each film.

    Returns
    -------
    numpy.ndarray of Axes
        (N, 1 + methods).

    Examples
    --------
    >>> plot_overlays(np.zeros((1, 4, 4)), {"mine": np.ones((1, 4, 4))}).shape
    (1, 2)
    """
    rows, columns = len(images), 1 + len(maps)
    side = 8 / columns
    _, axes = plt.subplots(rows, columns, figsize=(8, side * rows + 0.3), squeeze=False)
    for row, image in enumerate(images):
        for ax, name in zip(axes[row], ["film", *maps], strict=True):
            ax.imshow(image, vmin=0, vmax=1)
            if name in maps:
                shown = np.maximum(maps[name][row], 0)
                top = np.quantile(shown, 0.995) or 1
                ax.imshow(shown, cmap="inferno", alpha=np.clip(shown / top, 0, 1) * 0.8, vmax=top)
            if masks is not None and masks[row].any():
                ax.contour(masks[row], [0.5], colors=COLOURS[5], linewidths=1)
            ax.set(xticks=[], yticks=[])
            if row == 0:
                ax.set_title(name.replace("_", " "), fontsize="small", pad=3)
        if titles is not None:
            axes[row, 0].set_ylabel(titles[row], fontsize="small")
    return axes


def plot_reading(image: np.ndarray, lesion: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Draw one film as it is, with its lesion outlined, and with a map and the map's peak.

    Parameters
    ----------
    image : numpy.ndarray
        float, (H, W), in [0, 1].
    lesion : numpy.ndarray
        bool, (H, W).
    values : numpy.ndarray
        float, (H, W), the map, not negative.

    Returns
    -------
    numpy.ndarray of Axes
        (3,).

    Examples
    --------
    >>> [ax.get_title() for ax in plot_reading(np.zeros((4, 4)), np.eye(4) > 0, np.eye(4))]
    ['the film', 'its lesion, outlined', 'saliency, and its peak']
    """
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
    titles = ("the film", "its lesion, outlined", "saliency, and its peak")
    for ax, title in zip(axes, titles, strict=True):
        ax.imshow(image, vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize="medium")
    drawn = axes[2].imshow(values, cmap="inferno", vmin=0)
    for ax in axes[1:]:
        ax.contour(lesion, [0.5], colors=COLOURS[5], linewidths=1.5)
    row, column = np.unravel_index(values.argmax(), values.shape)
    axes[2].plot(
        column, row, "o", markersize=18, markeredgewidth=2, markerfacecolor="none", color="w"
    )
    figure.colorbar(drawn, ax=axes[2], label="slope of the logit")
    return axes


def plot_weights(weights: np.ndarray, *, label: str, ax: Axes | None = None) -> Axes:
    """Draw weights as an image: one colour for, another against, white for none.

    Parameters
    ----------
    weights : numpy.ndarray
        float, (H, W).
    label : str
        Of the colour bar.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a colour bar that is symmetric about 0.

    Examples
    --------
    >>> plot_weights(np.eye(3), label="weight").images[0].get_clim()
    (-1.0, 1.0)
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 4))[1]
    top = float(np.abs(weights).max()) or 1.0
    drawn = ax.imshow(weights, cmap="PuOr_r", vmin=-top, vmax=top)
    ax.set(xticks=[], yticks=[])
    ax.figure.colorbar(drawn, ax=ax, label=label)
    return ax


def plot_deletions(curves: Mapping[str, np.ndarray], *, ax: Axes | None = None) -> Axes:
    """Draw the mean probability against the share of pixels taken out or put back.

    Parameters
    ----------
    curves : mapping of str to numpy.ndarray
        By method: float, (N, steps + 1), from
        :func:`companion.explanation.scores.deletion_insertion`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One line a method.

    Examples
    --------
    >>> plot_deletions({"mine": np.ones((2, 5))}).lines[0].get_xdata().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    ax = ax if ax is not None else plt.subplots()[1]
    styles = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)))
    for number, (name, values) in enumerate(curves.items()):
        share = np.linspace(0, 1, values.shape[1])
        colour = COLOURS[number] if number < len(COLOURS) else "0.3"
        label = name.replace("_", " ")
        ax.plot(share, values.mean(axis=0), linestyle=styles[number], color=colour, label=label)
    ax.set(ylim=(0, 1), xlabel="share of pixels", ylabel="mean probability of pneumonia")
    return ax


def plot_scores(tables: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Draw scores with their intervals: a panel a score, a row a method, a colour a model.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By model: a row a method, a column a score, of
        :class:`companion.evaluation.intervals.Estimate`;
        the same rows and columns in each.

    Returns
    -------
    numpy.ndarray of Axes
        (scores,).

    Examples
    --------
    >>> from companion.evaluation.intervals import Estimate
    >>> import pandas as pd
    >>> table = pd.DataFrame({"energy": {"mine": Estimate(0.5, 0.4, 0.6)}})
    >>> [ax.get_title() for ax in plot_scores({"a model": table})]
    ['energy']
    """
    first = next(iter(tables.values()))
    columns = min(3, first.shape[1])
    rows = -(-first.shape[1] // columns)
    height = 0.27 * len(first) * rows + 0.6 * rows + 0.5
    figure, axes = plt.subplots(
        rows, columns, figsize=(8, height), sharey=True, squeeze=False, layout="constrained"
    )
    for ax, score in zip(axes.flat, first.columns, strict=False):
        for number, (model, table) in enumerate(tables.items()):
            places = np.arange(len(table)) + 0.3 * (number - (len(tables) - 1) / 2)
            low, value, high = np.array([[e.low, e.value, e.high] for e in table[score]]).T
            colour = COLOURS[number]
            ax.hlines(places, low, high, color=colour)
            ax.plot(value, places, "osD^"[number], color=colour, markersize=4, label=model)
        ax.set_title(score, fontsize="medium")
        ax.set_yticks(np.arange(len(first)), [name.replace("_", " ") for name in first.index])
        ax.grid(axis="x", alpha=0.3)
    axes[0, 0].invert_yaxis()
    for ax in axes.flat[first.shape[1] :]:
        ax.remove()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(tables))
    return axes.ravel()[: first.shape[1]]
