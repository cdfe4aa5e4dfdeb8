"""Backstage of chapter 1: its own figures, the data of those to operate, the exercises' cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from companion.pages._numbered_film import plot_numbered as plot_numbered
from companion.pages._verdicts import verdict as verdict
from companion.pages.check import Case
from companion.pages.figures import plot_films
from companion.pages.operated import packed

if TYPE_CHECKING:
    from companion.data.xray import Paths
    from companion.films import Films

CASES = {
    "transmitted": [
        Case("nothing in the way", ([],), 1.0),
        Case("one centimetre of 0.2059 per cm", ([(0.2059, 1.0)],), float(np.exp(-0.2059))),
        Case("two layers", ([(0.2, 10.0), (0.6, 0.5)],), float(np.exp(-2.3))),
    ],
    "photons_needed": [
        Case("a ratio of 5 at a contrast of one in ten", (0.1, 5.0), 2500.0),
        Case("half the contrast", (0.05, 5.0), 10000.0),
        Case("twice the ratio", (0.1, 10.0), 10000.0),
    ],
}


def as_film(counts: np.ndarray) -> np.ndarray:
    """Turn counted photons into greys: few are bright, on a logarithmic scale.

    Parameters
    ----------
    counts : numpy.ndarray
        (H, W), at least 0.

    Returns
    -------
    numpy.ndarray
        (H, W), in [0, 1]; the brightest and darkest hundredth are cut off.

    Examples
    --------
    >>> as_film(np.array([[0.0, 9.0], [99.0, 99.0]])).tolist()
    [[1.0, 0.5], [0.0, 0.0]]
    """
    density = -np.log(counts + 1)
    ranked = np.sort(density, axis=None)
    low, high = ranked[len(ranked) // 100], ranked[-1 - len(ranked) // 100]
    return np.clip((density - low) / (high - low), 0, 1)


def plot_bodies(paths: Paths, counts: np.ndarray) -> np.ndarray:
    """Draw how long the beam is in soft tissue, lung and bone, and the film that this gives.

    Parameters
    ----------
    paths : companion.data.Paths
        Of one phantom.
    counts : numpy.ndarray
        (size, size): what the detector counted.

    Returns
    -------
    numpy.ndarray of Axes
        Four, the film last.

    Examples
    --------
    >>> from companion.data.xray import Paths
    >>> flat = Paths(*(np.ones((16, 16)) for _ in range(3)))
    >>> len(plot_bodies(flat, np.eye(16)))
    4
    """
    soft = paths.body - paths.bone - paths.lung
    parts = {"soft tissue": soft, "lung": paths.lung, "bone": paths.bone}
    figure, axes = plt.subplots(1, 4, figsize=(7.5, 2.4), layout="constrained")
    for ax, (name, length) in zip(axes, parts.items(), strict=False):
        drawn = ax.imshow(length, cmap="viridis", vmin=0)
        ax.set_title(f"{name}, mm", fontsize="small")
        figure.colorbar(drawn, ax=ax, orientation="horizontal", shrink=0.8)
    axes[3].imshow(as_film(counts), vmin=0, vmax=1)
    axes[3].set_title("film", fontsize="small")
    for ax in axes:
        ax.set_axis_off()
    return axes


def plot_features(image: np.ndarray) -> np.ndarray:
    """Draw a film, the strength of its edges, and the directions of its edges cell by cell.

    Parameters
    ----------
    image : numpy.ndarray
        (28, 28), in [0, 1].

    Returns
    -------
    numpy.ndarray of Axes
        Three; in the last the longer and the brighter a line, the more edges run that way.

    Examples
    --------
    >>> [len(ax.lines) for ax in plot_features(np.eye(28))]
    [0, 6, 134]
    """
    from skimage.feature import hog
    from skimage.filters import sobel

    from companion.studies.hand_made import CELLS, ORIENTATIONS

    side = len(image) // CELLS
    _, axes = plt.subplots(1, 3, figsize=(7, 2.6))
    plot_films(image[None], ["film"], axes=axes[:1])
    axes[1].imshow(sobel(image), cmap="viridis")
    axes[2].imshow(0.35 * image, vmin=0, vmax=1)
    found = hog(
        image,
        orientations=ORIENTATIONS,
        pixels_per_cell=(side, side),
        cells_per_block=(1, 1),
        feature_vector=False,
    )[:, :, 0, 0]
    for (row, column, bin_), share in np.ndenumerate(found):
        along = (
            np.pi * (bin_ + 0.5) / ORIENTATIONS + np.pi / 2
        )  # an edge is at right angles to the slope
        step = 3.2 * share * np.array([np.cos(along), np.sin(along)])
        x, y = side * column + side // 2, side * row + side // 2
        colour = plt.cm.viridis(0.3 + 0.7 * share)
        axes[2].plot([x - step[0], x + step[0]], [y - step[1], y + step[1]], color=colour)
    for ax, title in zip(axes[1:], ("strength of edges", "direction of edges"), strict=True):
        ax.set_title(title, fontsize="small", pad=3)
        for line in side * np.arange(1, CELLS) - 0.5:
            ax.axhline(line, color="white", linewidth=0.7)
            ax.axvline(line, color="white", linewidth=0.7)
        ax.set_axis_off()
    return axes


def for_physics(paths: Paths, start: Mapping[str, float]) -> dict:
    """Pack a phantom's lengths for the figure ``phantom_physics``.

    Parameters
    ----------
    paths : companion.data.Paths
        Of one phantom without disease.
    start : mapping
        The settings at first: energy (keV), photons, scatter, diameter (mm), row, column.

    Returns
    -------
    dict
        For :func:`companion.pages.operate`.

    Examples
    --------
    >>> from companion.data.xray import Paths
    >>> flat = Paths(*(np.ones((16, 16)) for _ in range(3)))
    >>> for_physics(flat, {"energy": 60})["size"]
    16
    """
    from companion.data.xray import attenuation_per_mm

    size = len(paths.body)
    return {
        "size": size,
        "pixel": 205 / size,
        **{name: packed(part, "<f4") for name, part in vars(paths).items()},
        "beams": {energy: attenuation_per_mm(energy) for energy in range(40, 85, 5)},
        "start": dict(start),
    }


def for_readers(
    films: Films, chances: np.ndarray, decisions: Mapping[str, np.ndarray], *, synthetic: bool
) -> dict:
    """Pack films, labels and what models said of them for the figure ``reader_study``.

    Parameters
    ----------
    films : companion.films.Films
        What is read, in this order; made from 8-bit pixels.
    chances : numpy.ndarray
        (N,): the network's probabilities.
    decisions : mapping of str to numpy.ndarray
        By model, ``network``, ``size`` and ``always``: 0 or 1 for each film.
    synthetic : bool
        Whether the films are phantoms.

    Returns
    -------
    dict
        For :func:`companion.pages.operate`.

    Examples
    --------
    >>> from companion.films import Films
    >>> films = Films.from_pixels(np.zeros((2, 4, 4), np.uint8), [0, 1])
    >>> for_readers(films, np.array([0.25, 0.5]), {}, synthetic=False)["labels"].tolist()
    [0, 1]
    """
    from scipy.stats import norm

    return {
        "side": films.pixels.shape[1],
        "films": packed(films.pixels, "u1"),
        "labels": films.labels,
        "chances": np.round(chances, 4),
        "models": {name: np.asarray(said, int) for name, said in decisions.items()},
        "z": float(norm.ppf(0.975)),
        "synthetic": bool(synthetic),
    }
