"""What a method is worth in films: where the learning curve of another has the same error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression


@dataclass(frozen=True)
class Worth:
    """A number of films with its confidence interval.

    Attributes
    ----------
    films, low, high : float
        The first size of the curve means "so many or fewer", infinity "more than the last".
    first, last : float
        Between which sizes the curve was measured.
    """

    films: float
    low: float
    high: float
    first: float
    last: float

    def __str__(self) -> str:
        """Return the number with its interval; a bare bound where the curve ends."""
        if self.low == self.high:
            return self._say(self.films)
        return f"{self._say(self.films)} [{self._say(self.low)}, {self._say(self.high)}]"

    def _say(self, films):
        if films == np.inf:
            return f"> {self.last:,.0f}"
        return f"≤ {films:,.0f}" if films <= self.first * (1 + 1e-9) else f"{films:,.0f}"


def matching_size(sizes: Sequence[float], errors: Sequence[float], error: float) -> float:
    """Return how many films a curve needs for an error, read off between its measured points.

    Parameters
    ----------
    sizes : sequence of float
        Increasing numbers of films.
    errors : sequence of float
        Error at each size, above 0; made to fall by pooling neighbours that rise.
    error : float
        What another method reached, above 0.

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
    sizes, errors = np.asarray(sizes, np.float64), np.asarray(errors, np.float64)
    return _match(np.log(sizes), np.log(errors), np.log(np.float64(error)))


def matching_interval(
    sizes: Sequence[float],
    errors: np.ndarray,
    others: np.ndarray,
    *,
    paired: bool = False,
    rng: np.random.Generator,
    confidence: float = 0.95,
    n_draws: int = 1000,
) -> Worth:
    """Return how many films a curve needs for another method's error, with an interval.

    Errors are averaged over seeds on a logarithmic scale. Each draw moves both averages as
    Student's t says that other seeds would: all points of a curve together, and with `paired`
    the other method with them.

    Parameters
    ----------
    sizes : sequence of float
        Increasing numbers of films.
    errors : numpy.ndarray
        (sizes, seeds), above 0: the curve.
    others : numpy.ndarray
        (seeds,), above 0: the other method; one value is taken as exact.
    paired : bool
        Whether both had the same seeds, and with them the same films, in the same order.
    rng : numpy.random.Generator
        Source of the draws.
    confidence : float
        Between 0 and 1.
    n_draws : int
        How many draws.

    Returns
    -------
    Worth
        The number of films, low and high.

    Raises
    ------
    ValueError
        If the shapes do not fit, or an error is not above 0.

    Examples
    --------
    >>> errors = np.array([[0.20, 0.21, 0.20], [0.10, 0.10, 0.11]])
    >>> print(matching_interval([100, 400], errors, [0.2], rng=np.random.default_rng(0)))
    103 [≤ 100, 114]
    """
    sizes, errors = np.asarray(sizes, np.float64), np.asarray(errors, np.float64)
    others = np.atleast_1d(np.asarray(others, np.float64))
    if errors.ndim != 2 or len(errors) != len(sizes) or errors.shape[1] < 2 or others.ndim != 1:
        raise ValueError(
            f"errors must be (sizes, seeds) of at least two seeds and others (seeds,), "
            f"got {errors.shape} and {others.shape} for {len(sizes)} sizes"
        )
    if paired and len(others) != errors.shape[1]:
        raise ValueError(f"paired needs as many seeds, got {errors.shape[1]} and {len(others)}")
    if min(errors.min(), others.min()) <= 0:
        raise ValueError(f"errors must be above 0, got {min(errors.min(), others.min()):g}")
    steps, curve, other = np.log(sizes), np.log(errors), np.log(others)[None]
    found = _match(steps, curve.mean(axis=1), other.mean())
    draws = []
    for _ in range(n_draws):
        if paired:
            moved = _draw_means(np.vstack([curve, other]), rng)
        else:
            moved = np.append(_draw_means(curve, rng), _draw_means(other, rng))
        draws.append(_match(steps, moved[:-1], moved[-1]))
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(draws, tails, method="nearest")
    return Worth(found, float(low), float(high), float(sizes[0]), float(sizes[-1]))


def _match(log_sizes, log_errors, log_error):
    falling = isotonic_regression(log_errors, increasing=False).x
    if log_error < falling[-1]:
        return float("inf")
    # A step of nearly nothing, as np.interp wants its points to rise.
    points = np.arange(len(falling)) * 1e-12 - falling
    return float(np.exp(np.interp(-log_error, points, log_sizes)))


def _draw_means(values, rng):
    """Draw the means over seeds of (points, seeds) as Student's t spreads them, points together."""
    mean, seeds = values.mean(axis=1), values.shape[1]
    if seeds == 1:
        return mean
    step = (values - mean[:, None]) @ rng.normal(size=seeds)
    return mean + step / np.sqrt(seeds * rng.chisquare(seeds - 1))
