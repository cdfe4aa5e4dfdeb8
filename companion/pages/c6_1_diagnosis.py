"""Backstage of chapter 6.1: its own figures, its foreign films, and the cases of its exercises."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.data import ImageFormatError, center_square, read_image
from companion.pages._diagnosis_figures import (
    plot_abstention,
    plot_coverages,
    plot_outlines,
    plot_rhythm,
    plot_stains,
)
from companion.pages._diagnosis_numbers import (
    ask_neighbours,
    by_twins,
    one_reader,
    shared_slice,
    simulate_coverage,
    spans,
)
from companion.pages._diagnosis_runs import (
    fit_detectors,
    over_runs,
    runs_table,
    what_is_answered,
)
from companion.pages._diagnosis_volumes import BOX, read_blocks
from companion.pages.c2_concepts import plot_window_level, window_figure
from companion.pages.check import Case

if TYPE_CHECKING:
    from companion.films import Films

__all__ = [
    "BOX", "CASES", "ask", "ask_neighbours", "by_twins", "fit_detectors", "foreign_films",
    "one_reader", "over_runs", "plot_abstention", "plot_coverages", "plot_outlines",
    "plot_rhythm", "plot_stains", "plot_window_level", "read_blocks", "runs_table", "shared_slice",
    "simulate_coverage", "slices_of", "spans", "what_is_answered", "window_figure",
]  # fmt: skip

_SURE = np.array([0.9, 0.8, 0.7, 0.6])
_SCORES = np.array([0.1, 0.7, 0.2, 0.4, 0.3, 0.6, 0.9, 0.5, 0.8])
CASES = {
    "coverage_and_risk": [
        Case("all are answered, one of four wrongly", (_SURE, np.array([0, 0, 1, 0]), 0.5),
             (1.0, 0.25)),
        Case("the threshold itself counts as answered", (_SURE, np.array([0, 1, 1, 0]), 0.8),
             (0.5, 0.5)),
        Case("only the surest is answered", (_SURE, np.array([0, 1, 1, 1]), 0.85), (0.25, 0.0)),
    ],
    "beats_per_minute": [
        Case("30 frames of 33.333 ms", (30.0, 33.333), 60 / 0.99999),
        Case("20 frames of 50 ms", (20.0, 50.0), 60.0),
        Case("half a second", (10.0, 50.0), 120.0),
    ],
    "conformal_threshold": [
        Case("nine scores, one answer in five may be missed", (_SCORES, 0.2), 0.8),
        Case("nine scores, one in two", (_SCORES, 0.5), 0.5),
        Case("four scores, one in five: the greatest", (_SCORES[:4], 0.2), 0.7),
    ],
}  # fmt: skip


def foreign_films(films: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return pictures that a model of chest films was not made for, each kind by its name.

    Parameters
    ----------
    films : numpy.ndarray
        float, (N, 1, 28, 28), in [0, 1]: chest films, which are turned, inverted and cropped.
    rng : numpy.random.Generator
        Which parts of the leg and of the photograph are taken, and the noise.

    Returns
    -------
    dict of str to numpy.ndarray
        float32, (N, 1, 28, 28) each.
    """
    from pydicom.data import get_testdata_file
    from sklearn.datasets import load_sample_image

    leg = read_image(get_testdata_file("RG3_UNCR.dcm"))[:, 460:1220]
    photograph = load_sample_image("china.jpg").mean(axis=2) / 255
    count = len(films)
    return {
        "turned": np.rot90(films, axes=(2, 3)).copy(),
        "inverted": 1 - films,
        "cropped": np.stack([center_square(film[0, 7:21, 7:21], 28)[None] for film in films]),
        "leg": _parts(leg, count, rng),
        "photograph": _parts(photograph, count, rng),
        "noise": rng.random(films.shape, dtype=np.float32),
    }


def _parts(picture, count, rng):
    """Return squares of random place and size, each at least a quarter of the picture wide."""
    found = []
    for _ in range(count):
        side = int(rng.integers(min(picture.shape) // 4, min(picture.shape)))
        top, left = (int(rng.integers(length - side + 1)) for length in picture.shape)
        found.append(center_square(picture[top : top + side, left : left + side], 28)[None])
    return np.stack(found)


def slices_of(data, scans: int) -> tuple[Films, np.ndarray]:
    """Cut hippocampus scans across their long axis; label 1 is anterior, 0 posterior.

    Parameters
    ----------
    data : companion.data.hippocampus.HippocampusData
        The scans.
    scans : int
        How many of them, from the first.

    Returns
    -------
    films : Films
        Slices of one of the two labels only, 28 x 28, each scan's greys from 0 to 1.
    places : numpy.ndarray
        (N, 2): the scan's row and the slice's number in it.
    """
    from companion.films import Films

    images, labels, patients, places = [], [], [], []
    for row in range(min(scans, len(data))):
        scan = data[row]
        low, high = np.percentile(scan.image.values, [1, 99])
        grey = np.clip((scan.image.values - low) / (high - low), 0, 1)
        for number in range(grey.shape[1]):
            seen = np.unique(scan.labels[:, number])
            if len(seen) == 2:  # background and one of the two
                images.append(center_square(grey[::-1, number], 28)[None])
                labels.append(seen[1] == 1)
                patients.append(scan.patient)
                places.append((row, number))
    films = Films(np.stack(images), np.array(labels, int), patients=np.array(patients))
    return films, np.array(places)


def ask(
    path: str | os.PathLike,
    probability: Callable[[np.ndarray], np.ndarray],
    distance: Callable[[np.ndarray], np.ndarray],
    farthest: float,
) -> Mapping[str, str]:
    """Ask a model about one file, and say why it should not answer.

    Parameters
    ----------
    path : path
        A PNG, JPEG or DICOM file.
    probability, distance : function
        From images (N, 1, 28, 28) to the model's probability and to how foreign they are.
    farthest : float
        The model answers up to this distance.

    Returns
    -------
    mapping of str to str
        The file's name, the probability, the distance, and what is done.
    """
    try:
        image = center_square(read_image(path), 28)[None, None]
    except (ImageFormatError, OSError) as problem:
        said = str(problem).removeprefix(f"{path}: ")
        return {"file": Path(path).name, "probability": "", "distance": "", "done": said}
    far = float(distance(image)[0])
    return {
        "file": Path(path).name, "probability": f"{probability(image)[0]:.2f}",
        "distance": f"{far:.1f}", "done": "answers" if far <= farthest else "abstains",
    }  # fmt: skip
