"""How a score grows with the number of labelled films: budgets, spoilt labels, power laws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from scipy.optimize import curve_fit
from scipy.stats import t as student

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
    labels : numpy.ndarray
        int, (N,), 0 or 1: the pool.
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
        If the pool is too small or a class would have fewer than two films.

    Examples
    --------
    >>> train, chosen = draw_budget(np.arange(100) % 2, 20, np.random.default_rng(0))
    >>> len(train), len(chosen)
    (16, 4)
    """
    labels = np.asarray(labels)
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
    """Spoil labels as a hurried annotator would: a share of them, drawn at random, is turned over.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1; not changed.
    share : float
        Between 0 and 1; ``round(share * N)`` labels are flipped.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        Like `labels`.

    Raises
    ------
    ValueError
        If `share` is outside [0, 1].

    Examples
    --------
    >>> int(flip_labels(np.zeros(10, int), 0.3, np.random.default_rng(0)).sum())
    3
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1], got {share}")
    spoilt = np.array(labels)
    rows = rng.permutation(len(spoilt))[: round(share * len(spoilt))]
    spoilt[rows] = 1 - spoilt[rows]
    return spoilt


@dataclass(frozen=True)
class PowerLaw:
    """An error that falls as ``floor + scale * size ** -exponent``.

    Attributes
    ----------
    floor, scale, exponent : float
        The error that no number of films removes; the part that falls; how fast it falls.
    """

    floor: float
    scale: float
    exponent: float

    def error(self, size: np.ndarray) -> np.ndarray:
        """Return the error expected at a number of films.

        Parameters
        ----------
        size : numpy.ndarray or float
            Above 0.

        Returns
        -------
        numpy.ndarray
            In the unit of the errors that were fitted.
        """
        return self.floor + self.scale * np.asarray(size, float) ** -self.exponent

    def size(self, error: float) -> float:
        """Return the number of films at which an error is expected.

        Parameters
        ----------
        error : float
            In the unit of the errors that were fitted.

        Returns
        -------
        float
            Infinite if the law never comes so low.
        """
        if error <= self.floor:
            return float("inf")
        return float((self.scale / (error - self.floor)) ** (1 / self.exponent))


def fit_power_law(sizes: Sequence[float], errors: Sequence[float]) -> PowerLaw:
    """Fit a power law with a floor to a learning curve, every size weighing alike in ratio.

    Parameters
    ----------
    sizes : sequence of float
        Numbers of films, at least three of them different, above 0.
    errors : sequence of float
        Mean error at each size, above 0.

    Returns
    -------
    PowerLaw
        With floor, scale and exponent not negative.

    Raises
    ------
    ValueError
        If there are too few points or one is not above 0.

    References
    ----------
    Hestness et al., arXiv:1712.00409.

    Examples
    --------
    >>> law = fit_power_law([25, 100, 400, 1600], [0.21, 0.11, 0.06, 0.035])
    >>> round(law.floor, 2), round(law.exponent, 2)
    (0.01, 0.5)
    """
    sizes, errors = np.asarray(sizes, float), np.asarray(errors, float)
    if sizes.shape != errors.shape or len(np.unique(sizes)) < 3:
        raise ValueError(
            f"sizes and errors must be as many, at least three sizes different, "
            f"got {sizes.tolist()} and {errors.tolist()}"
        )
    if min(sizes.min(), errors.min()) <= 0:
        raise ValueError(f"sizes and errors must be above 0, got {sizes.min()}, {errors.min()}")

    def _log_error(log_size, floor, log_scale, exponent):
        return np.log(floor + np.exp(log_scale - exponent * log_size))

    start = (errors.min() / 2, np.log(errors.max()) + 0.5 * np.log(sizes.min()), 0.5)
    limits = ([0, -np.inf, 0.01], [errors.min(), np.inf, 5])
    found, _ = curve_fit(_log_error, np.log(sizes), np.log(errors), start, bounds=limits)
    return PowerLaw(float(found[0]), float(np.exp(found[1])), float(found[2]))


def matching_size(sizes: Sequence[float], errors: Sequence[float], error: float) -> float:
    """Return how many films a curve needs for an error, read off between its measured points.

    Parameters
    ----------
    sizes : sequence of float
        Increasing numbers of films.
    errors : sequence of float
        Error at each size; made to fall by pooling neighbours that rise.
    error : float
        What another method reached.

    Returns
    -------
    float
        Interpolated on logarithmic scales; infinite when the curve never comes so low,
        and the first size when it starts below.

    Examples
    --------
    >>> round(matching_size([100, 400], [0.2, 0.1], 0.1414))
    200
    """
    from sklearn.isotonic import isotonic_regression

    falling = isotonic_regression(np.log(np.asarray(errors, float)), increasing=False)
    if np.log(error) < falling[-1]:
        return float("inf")
    steps = np.arange(len(falling)) * 1e-12
    return float(np.exp(np.interp(-np.log(error), steps - falling, np.log(sizes))))


def mean_interval(
    values: np.ndarray, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean over seeds with Student's interval of that mean.

    It tells how sure the mean is for these films; other films would add their own noise.

    Parameters
    ----------
    values : numpy.ndarray
        float, (..., seeds), at least two seeds.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Mean, low and high, each (...).

    Raises
    ------
    ValueError
        If there is only one seed.

    Examples
    --------
    >>> [float(round(end, 2)) for end in mean_interval(np.array([0.0, 1.0, 2.0]))]
    [1.0, -1.48, 3.48]
    """
    values = np.asarray(values, float)
    seeds = values.shape[-1]
    if seeds < 2:
        raise ValueError(f"values must be of at least two seeds, got shape {values.shape}")
    mean = values.mean(axis=-1)
    reach = student.ppf((1 + confidence) / 2, seeds - 1) * values.std(axis=-1, ddof=1)
    return mean, mean - reach / np.sqrt(seeds), mean + reach / np.sqrt(seeds)


def read_stored() -> dict:
    """Return the table that ``benchmarks/learning_curve.py`` has stored in the package.

    Returns
    -------
    dict
        With "date", "commit", "seeds" and "curves".

    Examples
    --------
    >>> sorted(read_stored())[:3]
    ['commit', 'curves', 'date']
    """
    text = (files("companion") / "learning_curve.json").read_text("utf8")
    return json.loads(text)
