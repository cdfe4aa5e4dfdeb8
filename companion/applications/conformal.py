"""Sets of answers instead of one, that hold the truth as often as promised: split conformal.

The promise holds for films like those of calibration (exchangeable with them), on average over
films and over draws of the calibration set; not for one film, and not for other hospitals.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from companion.applications._numbers import class_numbers, class_probabilities, share, vector
from companion.evaluation import mean_estimate

if TYPE_CHECKING:
    import pandas as pd


def conformal_thresholds(
    labels: np.ndarray, probabilities: np.ndarray, *, alpha: float = 0.1, by_class: bool = False
) -> np.ndarray:
    """Return how improbable a class may be and still belong into the set of answers.

    A film's score is one minus the probability of its true class. The threshold is the
    k-th smallest score of the n calibration films, k = ceil((n + 1)(1 - alpha)): of n + 1 films
    in random order, the last is among the k smallest with probability k / (n + 1).

    Parameters
    ----------
    labels : array_like
        (N,), whole numbers from 0 to K - 1: of calibration films, which neither trained the
        model nor will test it.
    probabilities : array_like
        (N,), the probability of label 1; or (N, K), of each class.
    alpha : float
        Between 0 and 1: how often the truth may be missing from the set.
    by_class : bool
        Whether each class has its own threshold, by its own films (Mondrian): then the promise
        holds for the ill and for the healthy, not only for all together.

    Returns
    -------
    numpy.ndarray
        float64, (K,): by class; all the same unless `by_class`.

    Raises
    ------
    ValueError
        If there are no films, or too few for this `alpha`: below 1 / alpha - 1 the only set that
        keeps the promise holds every class. If a number is out of range.

    See Also
    --------
    prediction_sets : The sets.
    describe_sets : What they are worth on other films.

    References
    ----------
    Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005).
    Sadinle, Lei and Wasserman, JASA 114 (2019) 223, arXiv:1609.00451 (this score).
    Angelopoulos and Bates, arXiv:2107.07511 (an introduction).

    Examples
    --------
    >>> labels, ill = [0, 1, 1, 0, 1, 0, 1, 0, 1], [0.1, 0.9, 0.8, 0.3, 0.6, 0.2, 0.7, 0.4, 0.3]
    >>> conformal_thresholds(labels, ill, alpha=0.2).round(2).tolist()  # the 8th of 9 scores
    [0.4, 0.4]
    """
    alpha = share("alpha", alpha)
    rows = class_probabilities("probabilities", probabilities)
    labels = class_numbers("labels", labels, rows.shape[1], len(rows))
    scores = 1 - rows[np.arange(len(rows)), labels]
    if not by_class:
        return np.full(rows.shape[1], _quantile(scores, alpha, "calibration films"))
    names = range(rows.shape[1])
    return np.array([_quantile(scores[labels == k], alpha, f"films of class {k}") for k in names])


def prediction_sets(probabilities: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return which classes belong into each film's set of answers.

    Parameters
    ----------
    probabilities : array_like
        (N,) or (N, K), as those of calibration.
    thresholds : array_like
        (K,), as `conformal_thresholds` returns them.

    Returns
    -------
    numpy.ndarray
        bool, (N, K). A row with one class is an answer; one with several says that the model
        does not know; one with none that no class is as probable as usual.

    Raises
    ------
    ValueError
        If the numbers of classes differ, or a number is out of range.

    Examples
    --------
    >>> prediction_sets([0.95, 0.5, 0.25], [0.6, 0.6]).astype(int).tolist()
    [[0, 1], [1, 1], [1, 0]]
    """
    rows = class_probabilities("probabilities", probabilities)
    thresholds = vector("thresholds", thresholds, rows.shape[1])
    return 1 - rows <= thresholds


def describe_sets(labels: np.ndarray, sets: np.ndarray) -> pd.DataFrame:
    """Return how often sets hold the truth, over all films and by class, and how large they are.

    Parameters
    ----------
    labels : array_like
        (N,), whole numbers from 0 to K - 1.
    sets : array_like
        bool, (N, K).

    Returns
    -------
    pandas.DataFrame
        One row "all", then one a class that has two films or more: films; coverage with low and
        high (Wilson's 95 % interval); size (mean); one, several, none (shares of films).

    Raises
    ------
    ValueError
        If shapes differ, or there are fewer than two films.

    Examples
    --------
    >>> table = describe_sets([0, 1, 1], [[True, False], [True, True], [True, False]])
    >>> table[["films", "coverage", "size"]].round(2).to_dict("list")
    {'films': [3, 2], 'coverage': [0.67, 0.5], 'size': [1.33, 1.5]}
    """
    import pandas as pd

    sets = np.asarray(sets)
    if sets.ndim != 2 or sets.dtype != bool or len(sets) < 2:
        raise ValueError(
            f"sets must be bool (N, K) of two films or more, got {sets.dtype} {sets.shape}"
        )
    labels = class_numbers("labels", labels, sets.shape[1], len(sets))
    held, size = sets[np.arange(len(sets)), labels], sets.sum(1)
    groups = {"all": np.ones(len(labels), bool)}
    groups |= {k: labels == k for k in range(sets.shape[1]) if (labels == k).sum() > 1}
    rows = {}
    for name, own in groups.items():
        coverage = mean_estimate(held[own], share=True)
        rows[name] = {
            "films": int(own.sum()), "coverage": coverage.value,
            "low": coverage.low, "high": coverage.high, "size": size[own].mean(),
            "one": (size[own] == 1).mean(), "several": (size[own] > 1).mean(),
            "none": (size[own] == 0).mean(),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def _quantile(scores, alpha, whose):
    """Return the ceil((n + 1)(1 - alpha))-th smallest of n scores."""
    # A hair less: 0.9 x 20 is 18, whatever the binary digits say.
    k = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)
    if k > len(scores):
        raise ValueError(
            f"{len(scores)} {whose} are too few for alpha {alpha:g}: only sets of every class "
            f"would keep the promise; at least {math.ceil(1 / alpha - 1 - 1e-9)} are needed"
        )
    return np.partition(scores, k - 1)[k - 1]
