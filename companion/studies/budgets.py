"""How a score grows with the number of labelled films: budgets, noisy labels, seeds."""

from __future__ import annotations

import numpy as np

from companion.checks import check_labels

#: Of every five labelled films one is kept to choose the epoch or the penalty.
SELECTION_EVERY = 5


def draw_budget(
    labels: np.ndarray,
    size: int,
    rng: np.random.Generator,
    *,
    prevalence: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the films that a study can afford to label, and split them for training and choosing.

    The same state of `rng` with a greater `size` gives the same films and more.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1: the pool.
    size : int
        How many films in all, at least 10.
    rng : numpy.random.Generator
        Source of randomness.
    prevalence : float, optional
        Share of label 1 among the drawn; the pool's when absent.

    Returns
    -------
    tuple of numpy.ndarray
        Rows for training, about four in five, and rows for choosing.

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1, the pool is too small, or a class would have fewer than
        two films.

    Examples
    --------
    >>> train, chosen = draw_budget(np.arange(100) % 2, 20, np.random.default_rng(0))
    >>> len(train), len(chosen)
    (16, 4)
    """
    labels = check_labels("labels", labels)
    if size < 10:
        raise ValueError(f"size must be at least 10, got {size}")
    share = labels.mean() if prevalence is None else prevalence
    ill = round(size * share)
    kept = []
    for label, count in ((0, size - ill), (1, ill)):
        rows = rng.permutation(np.flatnonzero(labels == label))
        if not 2 <= count <= len(rows):
            raise ValueError(
                f"size {size} at prevalence {share:.2f} needs {count} films of label {label}, "
                f"expected 2 to {len(rows)}, as many as the pool has"
            )
        kept.append(rows[:count])
    place = [np.arange(len(rows)) % SELECTION_EVERY == SELECTION_EVERY - 1 for rows in kept]
    train = np.concatenate([rows[~held] for rows, held in zip(kept, place, strict=True)])
    chosen = np.concatenate([rows[held] for rows, held in zip(kept, place, strict=True)])
    return rng.permutation(train), chosen


def flip_labels(labels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Make labels noisy as a hurried annotator would: flip a share of them, drawn at random.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1; not changed.
    share : float
        Between 0 and 1; ``round(share * N)`` labels are flipped.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        int64, (N,).

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1, or `share` is outside [0, 1].

    Examples
    --------
    >>> int(flip_labels(np.zeros(10, int), 0.3, np.random.default_rng(0)).sum())
    3
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1], got {share}")
    noisy = check_labels("labels", labels)
    rows = rng.permutation(len(noisy))[: round(share * len(noisy))]
    noisy[rows] = 1 - noisy[rows]
    return noisy
