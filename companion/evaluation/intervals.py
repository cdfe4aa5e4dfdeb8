"""An estimate with its confidence interval, and the intervals of means over films or runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit
from scipy.stats import t as student

from companion.checks import check_labels
from companion.evaluation._checks import check_confidence
from companion.evaluation._intervals import wilson

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval, or with the reason why there is none.

    Attributes
    ----------
    value, low, high : float
        The score on the data as it is, and the ends of its interval; NaN where there is none.
    reason : str
        Why there is no interval; empty where there is one.

    Examples
    --------
    >>> print(f"{Estimate(0.5, -0.001, 0.75):.2f}")
    0.50 [0.00, 0.75]
    >>> print(Estimate(0.5, np.nan, np.nan, "the scores are constant"))
    0.500 [no interval: the scores are constant]
    """

    value: float
    low: float
    high: float
    reason: str = ""

    def __str__(self) -> str:
        """Return the value with its interval, three decimals each."""
        return f"{self:.3f}"

    def __format__(self, spec: str) -> str:
        """Return the value with its interval, each in the same format, never a minus before 0."""
        spec = spec or ".3f"
        spec = f"{spec[0]}z{spec[1:]}" if spec[0] in "+- " else f"z{spec}"
        if self.reason:
            return f"{self.value:{spec}} [no interval: {self.reason}]"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def mean_estimate(
    values: np.ndarray,
    *,
    share: bool = False,
    bounds: tuple[float, float] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Return the mean over films, or runs, with its interval: Student's, or Wilson's of a share.

    Parameters
    ----------
    values : array_like
        (N,), one a film or a run, at least two, independent, finite.
    share : bool
        Whether the values tell of each film yes (1) or no (0), as the pointing game's do.
    bounds : tuple of float, optional
        Between which every value must lie, and the mean with them: the ends stay there.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        Of the mean; without an interval where the values are all the same and no shares.

    Raises
    ------
    ValueError
        If there are fewer than two values, or one is not finite, or not as `share` or `bounds` say.

    Examples
    --------
    >>> print(mean_estimate([True] * 40, share=True))
    1.000 [0.912, 1.000]
    >>> print(mean_estimate([0.2, 0.3, 0.4]))
    0.300 [0.052, 0.548]
    >>> print(mean_estimate([0.0, 0.1, 0.2], bounds=(0, 1)))
    0.100 [0.007, 0.637]
    """
    numbers = _means_of(values)
    if numbers.ndim != 1:
        raise ValueError(f"values must be (N,), got shape {numbers.shape}")
    if share:
        numbers = check_labels("values", numbers).astype(float)
        check_confidence(confidence)
        mean = float(numbers.mean())
        return Estimate(mean, *wilson(mean, len(numbers), confidence))
    mean, low, high = (float(end) for end in mean_interval(numbers, confidence, bounds=bounds))
    if np.isnan(low):
        return Estimate(mean, low, high, f"all {len(numbers)} values are the same")
    return Estimate(mean, low, high)


def mean_interval(
    values: np.ndarray, confidence: float = 0.95, *, bounds: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean over seeds with Student's interval of that mean.

    It tells how sure the mean is for these films; other films would add their own noise.
    The ends are NaN where all values are the same.

    Parameters
    ----------
    values : array_like
        (..., seeds), at least two seeds, finite.
    confidence : float
        Between 0 and 1.
    bounds : tuple of float, optional
        Between which every value must lie: then the interval is Student's of the mean's logit,
        and its ends stay between the bounds.

    Returns
    -------
    tuple of numpy.ndarray
        Mean, low and high, each (...).

    Raises
    ------
    ValueError
        If there is only one seed, a value is not finite or out of bounds, or `confidence` is.

    Examples
    --------
    >>> [float(round(end, 2)) for end in mean_interval([0.0, 1.0, 2.0])]
    [1.0, -1.48, 3.48]
    >>> [float(round(end, 2)) for end in mean_interval([0.0, 0.1, 0.5], bounds=(0, 1))]
    [0.2, 0.0, 0.94]
    """
    values = _means_of(values)
    check_confidence(confidence)
    seeds = values.shape[-1]
    mean = values.mean(axis=-1)
    error = values.std(axis=-1, ddof=1) / np.sqrt(seeds)
    # Values that are all the same say nothing of how much others would differ.
    error = np.where(values.max(axis=-1) > values.min(axis=-1), error, np.nan)
    half_width = student.ppf((1 + confidence) / 2, seeds - 1) * error
    if bounds is None:
        return mean, mean - half_width, mean + half_width
    least, most = map(float, bounds)
    if not least < most or values.min() < least or values.max() > most:
        raise ValueError(
            f"values must be within bounds {bounds}, got {values.min():g} to {values.max():g}"
        )
    place = (mean - least) / (most - least)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Delta method: the logit's slope is 1 / (p (1 - p)).
        half_width = half_width / (most - least) / (place * (1 - place))
        low, high = (expit(logit(place) + sign * half_width) for sign in (-1, 1))
    return mean, least + (most - least) * low, least + (most - least) * high


def interval_methods() -> pd.DataFrame:
    """Return by which method each score gets its interval, and where the method was published.

    Returns
    -------
    pandas.DataFrame
        One row a score, with columns method and source.

    Examples
    --------
    >>> interval_methods().loc["recall", "source"]
    'Wilson 1927; Franco et al. 2019; Korn and Graubard 1998'
    """
    import pandas as pd

    share = (
        "Wilson's; with groups for the effective sample size, corrected for degrees of freedom",
        "Wilson 1927; Franco et al. 2019; Korn and Graubard 1998",
    )
    rows = {
        "auroc": (
            "score interval: binormal variance, DeLong's mixed in; DeLong's where it is greater",
            "Hanley and McNeil 1982; DeLong et al. 1988; with groups Obuchowski 1997",
        ),
        "average_precision": (
            "Wilson's, for the effective sample size, degrees of freedom from the ill",
            share[1],
        ),
        "accuracy": share,
        "balanced_accuracy": (
            "MOVER from Jeffreys' intervals of recall and specificity",
            "Zou and Donner 2008",
        ),
        "recall": share,
        "specificity": share,
        "precision": share,
        "f1": ("2 J / (1 + J) of Jaccard's index J, which is a share", share[1]),
        "mcc": (
            "MOVER from Jeffreys' intervals of recall, specificity and prevalence",
            "Zou and Donner 2008",
        ),
        "brier": (
            "Wilson's, for the effective sample size, part of it from the probabilities",
            "Franco et al. 2019",
        ),
        "ece": (
            "bootstrap, less what consistency resampling shows of noise",
            "Efron and Tibshirani 1993; Bröcker and Smith 2007",
        ),
        "difference of two AUROCs": ("DeLong's", "DeLong et al. 1988; Sun and Xu 2014"),
        "difference of two accuracies": ("Agresti and Min's", "Agresti and Min 2005"),
        "mean over runs": ("Student's t; of the logit where the scale has ends", "Student 1908"),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["method", "source"])


def _means_of(values):
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "buif":
        raise ValueError(f"values must be numbers, got dtype {numbers.dtype}")
    if numbers.ndim == 0 or numbers.shape[-1] < 2 or numbers.size == 0:
        raise ValueError(f"values must be of at least two seeds, got shape {numbers.shape}")
    numbers = numbers.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"values must be finite, got {(~np.isfinite(numbers)).sum()} that are not")
    return numbers
