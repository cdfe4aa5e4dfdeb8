"""Resamples as rows of weights, and intervals from them.

A resample is how often each film is drawn, so that one product scores two thousand resamples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval.

    Attributes
    ----------
    value, low, high : float
        The score on the data as it is, and the ends of its interval.

    Examples
    --------
    >>> print(f"{Estimate(0.5, -0.001, 0.75):.2f}")
    0.50 [0.00, 0.75]
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the value with its interval, three decimals each."""
        return f"{self:.3f}"

    def __format__(self, spec: str) -> str:
        """Return the value with its interval, each in the same format, never a minus before 0."""
        spec = spec or ".3f"
        return f"{self.value:z{spec}} [{self.low:z{spec}}, {self.high:z{spec}}]"


#: Weights are given out in blocks of at most so many, to bound the memory.
BLOCK = 2_000_000


def group_numbers(count: int, groups: np.ndarray | None) -> np.ndarray:
    """Number the groups of films from 0; without groups each film is its own.

    Parameters
    ----------
    count : int
        N.
    groups : numpy.ndarray, optional
        (N,), names of any kind.

    Returns
    -------
    numpy.ndarray
        int, (N,).

    Examples
    --------
    >>> group_numbers(3, np.array(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return np.arange(count) if groups is None else np.unique(groups, return_inverse=True)[1]


def resamples(rng: np.random.Generator, groups: np.ndarray, n_boot: int) -> Iterator[np.ndarray]:
    """Draw whole groups with replacement.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    groups : numpy.ndarray
        From :func:`group_numbers`, (N,).
    n_boot : int
        How many resamples in all.

    Yields
    ------
    numpy.ndarray
        float, (rows, N): how often each film is drawn.

    Examples
    --------
    >>> from companion.evaluation.intervals import resamples
    >>> (weights,) = resamples(np.random.default_rng(0), np.array([0, 0, 1]), 4)
    >>> bool((weights[:, 0] == weights[:, 1]).all())
    True
    """
    count = groups.max() + 1
    rows = max(1, BLOCK // len(groups))
    for start in range(0, n_boot, rows):
        size = min(rows, n_boot - start)
        yield rng.multinomial(count, np.full(count, 1 / count), size=size)[:, groups] * 1.0


def bca_interval(
    value: float, drawn: np.ndarray, left_out: np.ndarray, confidence: float
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated interval.

    Parameters
    ----------
    value : float
        The score of the data.
    drawn, left_out : numpy.ndarray
        (R,) and (G,): scores of the resamples, and without each group; NaN is left out.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        Low and high; NaN when nothing is defined.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 14.3.

    Examples
    --------
    >>> drawn = np.linspace(0, 1, 1001)
    >>> np.round(bca_interval(0.5, drawn, np.array([0.4, 0.6]), 0.95), 3).tolist()
    [0.025, 0.975]
    """
    drawn, left_out = drawn[np.isfinite(drawn)], left_out[np.isfinite(left_out)]
    if not drawn.size or not np.isfinite(value):
        return np.nan, np.nan
    below = ((drawn < value).sum() + (drawn == value).sum() / 2) / len(drawn)
    shift = norm.ppf(np.clip(below, 0.5 / len(drawn), 1 - 0.5 / len(drawn)))
    pulls = left_out.mean() - left_out if left_out.size else np.zeros(1)
    spread = (pulls**2).sum() ** 1.5
    bend = (pulls**3).sum() / (6 * spread) if spread > 0 else 0.0
    tails = shift + norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
    low, high = np.quantile(drawn, norm.cdf(shift + tails / (1 - bend * tails)))
    return float(low), float(high)


def share_interval(
    value: float,
    drawn: np.ndarray,
    confidence: float,
    *,
    films: int,
    groups: int,
    freedom: float = np.inf,
) -> tuple[float, float]:
    """Return Wilson's interval of a share, for as many films as the data are worth.

    The resamples say how many independent films would vary as much: all of them where films
    are drawn singly, fewer where those of a patient are alike. Where all resamples are the same
    they say nothing, and each group counts as one film.

    Parameters
    ----------
    value : float
        The share, in [0, 1].
    drawn : numpy.ndarray
        (R,): shares of the resamples; NaN is left out.
    confidence : float
        Between 0 and 1.
    films, groups : int
        How many films the data are worth at most, and of how many groups they are; at least 1.
    freedom : float
        Degrees of freedom of the resamples' spread, above 0: one fewer than the groups where a
        group has several films. Then Student's quantile stands for the normal one.

    Returns
    -------
    tuple of float
        Low and high, holding the value; NaN when it is not defined.

    References
    ----------
    Wilson, JASA 22 (1927) 209, doi:10.1080/01621459.1927.10502953; with the effective size:
    Franco et al., J. Surv. Stat. Methodol. 7 (2019) 334, PMC6690503.

    Examples
    --------
    >>> clean = share_interval(1.0, np.ones(9), 0.95, films=60, groups=20)
    >>> [round(end, 2) for end in clean]
    [0.84, 1.0]
    """
    if not np.isfinite(value):
        return np.nan, np.nan
    drawn = drawn[np.isfinite(drawn)]
    spread = drawn.var() if drawn.size else 0.0
    count = min(max(value * (1 - value) / spread, 1.0), films) if spread > 0 else groups
    # A spread among few groups comes out too small, by one group in all.
    count *= 1 if freedom == np.inf else freedom / (freedom + 1)
    z2 = student.ppf((1 + confidence) / 2, freedom) ** 2 / count
    middle = (value + z2 / 2) / (1 + z2)
    reach = np.sqrt(z2 * value * (1 - value) + z2**2 / 4) / (1 + z2)
    return max(min(float(middle - reach), value), 0.0), min(max(float(middle + reach), value), 1.0)


def folded_interval(gaps: np.ndarray, drawn: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return an interval of a sum of absolute gaps, part or all of which may be noise.

    Chance alone makes such a sum greater than 0, and a resample greater still.
    The ends allow for as much excess as gaps of pure noise would give, and for none:
    the interval errs on the safe side.

    Parameters
    ----------
    gaps : numpy.ndarray
        (B,): signed gaps of the data.
    drawn : numpy.ndarray
        (R, B): signed gaps of the resamples.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        Low and high, at least 0, holding the value.

    Examples
    --------
    >>> noise = np.linspace(-0.1, 0.1, 201)[:, None]
    >>> np.round(folded_interval(np.array([0.5]), 0.5 + noise, 0.9), 2).tolist()
    [0.4, 0.59]
    """
    value = float(np.abs(gaps).sum())
    most = np.quantile(np.abs(drawn - gaps).sum(axis=1), (1 + confidence) / 2)
    least = np.quantile(np.abs(drawn).sum(axis=1) - value, (1 - confidence) / 2)
    return max(value - float(most), 0.0), max(value - float(least), float(most))


def mean_estimate(values: np.ndarray, *, share: bool = False, confidence: float = 0.95) -> Estimate:
    """Return the mean over films, or runs, with its interval: Student's, or Wilson's of a share.

    Parameters
    ----------
    values : numpy.ndarray
        float, (N,), one a film or a run, at least two, independent.
    share : bool
        Whether the values tell of each film yes (1) or no (0), as the pointing game's do.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        Of the mean.

    Examples
    --------
    >>> print(mean_estimate(np.ones(40), share=True))
    1.000 [0.912, 1.000]
    >>> print(mean_estimate(np.array([0.2, 0.3, 0.4])))
    0.300 [0.052, 0.548]
    """
    mean, low, high = (float(end) for end in mean_interval(values, confidence))
    if share:
        count = len(values)
        low, high = share_interval(mean, np.empty(0), confidence, films=count, groups=count)
    return Estimate(mean, low, high)


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
