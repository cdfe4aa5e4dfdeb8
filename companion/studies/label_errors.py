"""Wrong labels: planted, looked for by confident learning, and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from companion.checks import check_labels, check_probabilities
from companion.evaluation import Estimate, mean_estimate

if TYPE_CHECKING:
    from companion.films import Films

#: How wrong labels are planted: on any films, or where a reader would hesitate.
KINDS = ("random", "hard")


def plant_label_errors(
    labels: np.ndarray,
    share: float,
    rng: np.random.Generator,
    *,
    doubt: np.ndarray | None = None,
) -> np.ndarray:
    """Return labels of which a share is wrong, and which of them.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1; not changed.
    share : float
        Between 0 and 1; ``round(share * N)`` labels are flipped.
    rng : numpy.random.Generator
        Source of randomness.
    doubt : array_like, optional
        (N,), at least 0: how easily each film is mistaken; it is drawn in this proportion.
        All are alike when absent.

    Returns
    -------
    numpy.ndarray
        int64, (N,).

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1, `share` is outside [0, 1], or too few films have a doubt.

    Examples
    --------
    >>> plant_label_errors([0, 0, 1, 1], 0.5, np.random.default_rng(0), doubt=[0, 1, 1, 0]).tolist()
    [0, 1, 0, 1]
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1], got {share}")
    noisy = check_labels("labels", labels)
    count = round(share * len(noisy))
    chances = None
    if doubt is not None:
        chances = np.asarray(doubt, np.float64)
        if chances.shape != noisy.shape or not (np.isfinite(chances) & (chances >= 0)).all():
            raise ValueError(
                f"doubt must be ({len(noisy)},), finite and at least 0, got shape {chances.shape}"
            )
        if (chances > 0).sum() < max(count, 1):
            raise ValueError(
                f"doubt must be above 0 for {max(count, 1)} films, got {(chances > 0).sum()}"
            )
        chances = chances / chances.sum()
    rows = rng.choice(len(noisy), count, replace=False, p=chances)
    noisy[rows] = 1 - noisy[rows]
    return noisy


def held_out_probabilities(
    films: Films,
    learn: Callable[[Films, Films], Callable[[np.ndarray], np.ndarray]],
    rng: np.random.Generator,
    *,
    folds: int = 5,
) -> np.ndarray:
    """Return what models say of films that they have not learned from.

    The films are dealt into folds. Each fold is asked of a model that learned from the others,
    one in five of which chose its epoch or penalty.

    Parameters
    ----------
    films : companion.films.Films
        With the labels as they are given; both labels in every fold.
    learn : function
        From training films and films to choose on, to a function from images to probabilities.
    rng : numpy.random.Generator
        Deals the folds.
    folds : int
        At least 2.

    Returns
    -------
    numpy.ndarray
        float64, (N,): the probability of label 1.

    Raises
    ------
    ValueError
        If there are fewer than two folds, or a label has fewer films than folds.

    Examples
    --------
    >>> from companion.films import Films
    >>> from companion.studies import learn_logistic
    >>> pixels = np.random.default_rng(0).random((40, 1, 2, 2)) / 2
    >>> pixels[::2] += 0.5
    >>> films = Films(pixels, np.arange(40) % 2)
    >>> found = held_out_probabilities(films, learn_logistic, np.random.default_rng(0), folds=2)
    >>> bool(found[::2].max() < found[1::2].min())
    True
    """
    fewest = int(np.bincount(films.labels, minlength=2).min())
    if not 2 <= folds <= fewest:
        raise ValueError(
            f"folds must be from 2 to {fewest}, the films of the rarer label, got {folds}"
        )
    number = np.empty(len(films), np.int64)
    for label in (0, 1):
        rows = rng.permutation(np.flatnonzero(films.labels == label))
        number[rows] = np.arange(len(rows)) % folds
    found = np.empty(len(films))
    for fold in range(folds):
        others = rng.permutation(np.flatnonzero(number != fold))
        choosing = np.arange(len(others)) % 5 == 0
        predict = learn(films[others[~choosing]], films[others[choosing]])
        found[number == fold] = predict(films.images[number == fold])
    return check_probabilities("probabilities", found)


def suspect_labels(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return which labels confident learning doubts.

    A film counts as surely of a class when its probability of that class reaches the mean that
    films labelled so have. A film is a suspect when it is surely of the other class, and the
    model holds the other class for the likelier one.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1, both present: as they are given.
    probabilities : array_like
        (N,), in [0, 1]: of label 1, from models that did not learn from the film.

    Returns
    -------
    numpy.ndarray
        bool, (N,).

    Raises
    ------
    ValueError
        If lengths differ, a label is missing, or a probability is not in [0, 1].

    See Also
    --------
    rank_suspects : The same by ``cleanlab``, the most doubtful first.

    References
    ----------
    Northcutt, Jiang and Chuang, JAIR 70 (2021) 1373, arXiv:1911.00068.

    Examples
    --------
    >>> suspect_labels([0, 0, 1, 1], [0.1, 0.9, 0.8, 0.7]).tolist()
    [False, True, False, False]
    """
    labels = check_labels("labels", labels, both=True)
    of_one = check_probabilities("probabilities", probabilities, count=len(labels))
    each = np.stack([1 - of_one, of_one], axis=1)  # (N, 2)
    usual = np.array([each[labels == label, label].mean() for label in (0, 1)])
    # A hair less: a mean of equal numbers may be a little above each of them.
    sure = each >= usual - 1e-6
    rows, other = np.arange(len(labels)), 1 - labels
    return sure[rows, other] & (each[rows, other] > each[rows, labels])


def rank_suspects(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the rows that ``cleanlab`` suspects, the most doubtful label first.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1, both present.
    probabilities : array_like
        (N,), in [0, 1]: of label 1, held out.

    Returns
    -------
    numpy.ndarray
        int64, (K,): K rows of N; by the probability of the given label, the lowest first.

    Raises
    ------
    ValueError
        As :func:`suspect_labels`.

    References
    ----------
    Northcutt, Jiang and Chuang, JAIR 70 (2021) 1373, arXiv:1911.00068.

    Examples
    --------
    >>> rank_suspects([0, 0, 1, 1], [0.1, 0.9, 0.8, 0.7]).tolist()
    [1]
    """
    from cleanlab.filter import find_label_issues

    labels = check_labels("labels", labels, both=True)
    of_one = check_probabilities("probabilities", probabilities, count=len(labels))
    rows = find_label_issues(
        labels,
        np.stack([1 - of_one, of_one], axis=1),
        filter_by="confident_learning",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return np.asarray(rows, np.int64)


def score_search(suspects: np.ndarray, planted: np.ndarray) -> dict[str, Estimate]:
    """Return how many suspects are wrong labels, and how many wrong labels are suspects.

    Parameters
    ----------
    suspects, planted : array_like
        (N,), bool or 0 and 1: what was found, and what was planted; at least two of each.

    Returns
    -------
    dict of str to companion.evaluation.Estimate
        "precision" and "recall", with Wilson's intervals.

    Raises
    ------
    ValueError
        If lengths differ, or fewer than two are suspected or planted.

    Examples
    --------
    >>> found = score_search([1, 1, 1, 0], [1, 1, 0, 0])
    >>> print(f"{found['precision']:.2f}, {found['recall']:.2f}")
    0.67 [0.21, 0.94], 1.00 [0.34, 1.00]
    """
    planted = check_labels("planted", planted).astype(bool)
    suspects = check_labels("suspects", suspects, count=len(planted)).astype(bool)
    for name, marked in (("suspects", suspects), ("planted", planted)):
        if marked.sum() < 2:
            raise ValueError(f"{name} must mark at least two films, got {marked.sum()}")
    return {
        "precision": mean_estimate(planted[suspects], share=True),
        "recall": mean_estimate(suspects[planted], share=True),
    }
