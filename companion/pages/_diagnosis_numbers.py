"""Numbers of chapter 6.1: twins, agreement of readers, how often sets hold the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.pages.c2_concepts import enclosed_area

if TYPE_CHECKING:
    import pandas as pd

    from companion.data import Nodules


def by_twins(
    labels: np.ndarray, scores: np.ndarray, has_twin: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Score a split whole, with its twins alone, without them, and without as many at random.

    Parameters
    ----------
    labels, scores : numpy.ndarray
        (N,), of the split.
    has_twin : numpy.ndarray
        bool, (N,): whose twin stands in the training split.
    rng : numpy.random.Generator
        Of the random removals.

    Returns
    -------
    pandas.DataFrame
        One row a choice of images, left out where it lacks a class.
    """
    import pandas as pd

    from companion.evaluation import Estimate, evaluate

    keep = {"all": np.ones(len(labels), bool), "with a twin": has_twin, "without": ~has_twin}
    rows = {}
    for name, own in keep.items():
        if len(np.unique(labels[own])) == 2:
            report = evaluate(labels[own], scores[own], n_boot=300, rng=rng)
            rows[name] = {
                "images": int(own.sum()), "malignant": int(labels[own].sum()),
                "accuracy": f"{report['accuracy']:.2f}", "AUROC": f"{report['auroc']:.2f}",
            }  # fmt: skip
    drawn = [_random_score(labels, scores, int((~has_twin).sum()), rng) for _ in range(500)]
    ends = {name: np.percentile(values, [50, 2.5, 97.5]) for name, values in
            zip(("accuracy", "AUROC"), zip(*drawn, strict=True), strict=True)}  # fmt: skip
    rows["as many removed at random"] = {
        "images": int((~has_twin).sum()), "malignant": "varies",
        **{name: f"{Estimate(*three):.2f}" for name, three in ends.items()},
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def _random_score(labels, scores, count, rng):
    from sklearn.metrics import roc_auc_score

    rows = rng.permutation(len(labels))[:count]
    right = np.mean((scores[rows] >= 0.5) == labels[rows])
    return right, roc_auc_score(labels[rows], scores[rows])


def one_reader(nodules: Nodules, position: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hold one of the four marks of each nodule against the other three.

    Parameters
    ----------
    nodules : companion.data.Nodules
        As `read_nodules` returns them.
    position : int
        Which of the four, from 0, in the order of the file; marks have no names, so that it is
        another reader's from nodule to nodule.

    Returns
    -------
    labels, scores, patients : numpy.ndarray
        (N,): whether the median of the three is above 3, left out where it is 3; the rating of
        the one, divided by 5; and whose nodule it is.
    """
    found = []
    for ratings, scan in _rated_by_four(nodules):
        middle = np.median(np.delete(ratings, position))
        if middle != 3:
            found.append((middle > 3, ratings[position] / 5, nodules.scans.patient[scan]))
    labels, scores, patients = map(np.array, zip(*found, strict=True))
    return labels.astype(int), scores, patients


def spans(nodules: Nodules) -> pd.Series:
    """Return how many grades the four ratings of a nodule span, as shares of all such nodules.

    Parameters
    ----------
    nodules : companion.data.Nodules
        As `read_nodules` returns them.

    Returns
    -------
    pandas.Series
        Share by span, from 0 to 4 grades.
    """
    import pandas as pd

    found = pd.Series([np.ptp(ratings) for ratings, _ in _rated_by_four(nodules)])
    return found.value_counts(normalize=True).reindex(range(5), fill_value=0.0)


def _rated_by_four(nodules):
    """Yield the four ratings of malignancy of each nodule that has four, and its scan."""
    for _, own in nodules.annotations.groupby("nodule")[["scan", "malignancy"]]:
        if len(own) == 4:
            yield own.malignancy.to_numpy(), own.scan.iloc[0]


def ask_neighbours(
    images: np.ndarray, labels: np.ndarray, left_out: np.ndarray, *, k: int = 5
) -> np.ndarray:
    """Return the share of label 1 among the k most similar images, of those that may be asked.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W).
    labels : numpy.ndarray
        int, (N,), 0 or 1.
    left_out : numpy.ndarray
        bool, (N, N): row by row, which images this one may not ask.
    k : int
        How many.

    Returns
    -------
    numpy.ndarray
        float64, (N,).
    """
    flat = images.reshape(len(images), -1)
    squares = (flat**2).sum(axis=1)
    distances = squares[:, None] - 2 * flat @ flat.T + squares  # (N, N), squared
    distances[left_out] = np.inf
    nearest = np.argpartition(distances, k, axis=1)[:, :k]
    return labels[nearest].mean(axis=1)


def simulate_coverage(
    labels: np.ndarray, probabilities: np.ndarray, rng: np.random.Generator, *, size: int = 500,
    draws: int = 1000, alpha: float = 0.1,
) -> pd.DataFrame:  # fmt: skip
    """Calibrate on some films and count on the others how often sets hold the truth, many times.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        (N,), of films that did not train the model.
    rng : numpy.random.Generator
        Which films calibrate.
    size, draws : int
        How many calibrate, and how often.
    alpha : float
        How often the truth may be missing.

    Returns
    -------
    pandas.DataFrame
        One row a draw: coverage of all films, of normal ones and of pneumonia.
    """
    import pandas as pd

    from companion.applications import conformal_thresholds, prediction_sets

    rows = []
    for _ in range(draws):
        order = rng.permutation(len(labels))
        calibrating, new = order[:size], order[size:]
        thresholds = conformal_thresholds(
            labels[calibrating], probabilities[calibrating], alpha=alpha
        )
        sets = prediction_sets(probabilities[new], thresholds)
        held = sets[np.arange(len(new)), labels[new]]
        ill = labels[new] == 1
        rows.append((held.mean(), held[~ill].mean(), held[ill].mean()))
    return pd.DataFrame(rows, columns=["all", "normal", "pneumonia"])


def shared_slice(nodules: Nodules, nodule: int) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return the lines of all readers in the slice in which their median area is greatest.

    Parameters
    ----------
    nodules : companion.data.Nodules
        As `read_nodules` returns them.
    nodule : int
        One that all its readers outlined in at least one slice.

    Returns
    -------
    lines : dict of str to numpy.ndarray
        By reader, (N, 2): rows and columns in mm; of several lines the largest.
    areas : dict of str to float
        By reader, in mm².
    """
    from companion.data import outlines

    readers = {
        f"reader {number}": [line for line in lines if line.included]
        for number, lines in enumerate(outlines(nodules, nodule).values(), 1)
    }
    common = set.intersection(*({line.z_mm for line in lines} for lines in readers.values()))
    found = {}
    for z_mm in sorted(common):
        here = {
            name: max((line.points_mm for line in lines if line.z_mm == z_mm), key=enclosed_area)
            for name, lines in readers.items()
        }
        found[float(np.median([enclosed_area(points) for points in here.values()]))] = here
    lines = found[max(found)]
    return lines, {name: enclosed_area(points) for name, points in lines.items()}
