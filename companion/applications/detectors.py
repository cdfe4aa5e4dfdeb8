"""Scores of "this film is not for this model": greater means more foreign, for all of them.

Two look at the model's answer, two at where a film lies among the training films in the space of
the model's features. None knows what a film shows: each is a number, to be tested.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from companion.applications._numbers import class_numbers, class_probabilities, matrix, vector
from companion.evaluation import Estimate, evaluate

#: From features (N, D) to scores (N,).
Detector = Callable[[np.ndarray], np.ndarray]
_WORST_CONDITION = 1e10


def max_probability_score(probabilities: np.ndarray) -> np.ndarray:
    """Return one minus the greatest probability: how unsure the model is.

    Parameters
    ----------
    probabilities : array_like
        (N,), of label 1; or (N, K), of each class.

    Returns
    -------
    numpy.ndarray
        float64, (N,), from 0 to 1 - 1 / K.

    Raises
    ------
    ValueError
        If a number is not a probability, or rows do not add up to 1.

    References
    ----------
    Hendrycks and Gimpel, ICLR 2017, arXiv:1610.02136.

    Examples
    --------
    >>> max_probability_score([0.75, 0.5, 0.25]).tolist()
    [0.25, 0.5, 0.25]
    """
    return 1 - class_probabilities("probabilities", probabilities).max(1)


def energy_score(logits: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """Return the energy of the logits: low where one of them is high.

    A model with one logit z is taken as one with the two logits -z / 2 and z / 2, which give the
    same probability. Its energy then ranks films exactly as the greatest probability does: with
    one logit there is nothing more to be had.

    Parameters
    ----------
    logits : array_like
        (N,), of label 1; or (N, K), of each class, before the softmax.
    temperature : float
        Above 0.

    Returns
    -------
    numpy.ndarray
        float64, (N,): -T log(sum of exp(logit / T)).

    Raises
    ------
    ValueError
        If a logit is not finite, or the temperature not above 0.

    References
    ----------
    Liu, Wang, Owens and Li, NeurIPS 2020, arXiv:2010.03759.

    Examples
    --------
    >>> energy_score([[0.0, 0.0], [0.0, 10.0]]).round(3).tolist()
    [-0.693, -10.0]
    >>> energy_score([-4.0, 0.0, 4.0]).round(3).tolist()
    [-2.018, -0.693, -2.018]
    """
    from scipy.special import logsumexp

    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be above 0, got {temperature}")
    if np.ndim(logits) == 1:
        one = vector("logits", logits)
        rows = np.c_[-one / 2, one / 2]
    else:
        rows = matrix("logits", logits)
    if rows.shape[1] < 2:
        raise ValueError(f"logits must be (N,) or (N, K) with K at least 2, got {rows.shape}")
    return -temperature * logsumexp(rows / temperature, axis=1)


def fit_mahalanobis(
    features: np.ndarray, labels: np.ndarray | None = None, *, shrinkage: float = 0.0
) -> Detector:
    """Learn where training films lie, as ellipsoids of one shape around the mean of each class.

    Parameters
    ----------
    features : array_like
        (N, D): of training films, for example a network's last layer but one.
    labels : array_like, optional
        (N,), whole numbers from 0, every class present; one class for all when absent.
    shrinkage : float
        In [0, 1]: how far the covariance is drawn towards a sphere of the same mean variance.
        Above 0 it can be inverted whatever the features are, also with units that are always 0.

    Returns
    -------
    function
        From features (M, D) to the distance to the nearest class mean, in standard deviations
        along each axis: float64, (M,).

    Raises
    ------
    ValueError
        If lengths differ, a number is not finite or out of range, a class has no film, or the
        covariance cannot be inverted.

    References
    ----------
    Lee, Lee, Lee and Shin, NeurIPS 2018, arXiv:1807.03888.
    Ledoit and Wolf, J. Multivariate Anal. 88 (2004) 365, doi:10.1016/S0047-259X(03)00096-4
    (shrinkage).

    Examples
    --------
    >>> detector = fit_mahalanobis([[-2, 0], [2, 0], [0, -1], [0, 1]])
    >>> detector([[0, 0], [2, 0], [0, 2]]).round(3).tolist()
    [0.0, 1.414, 2.828]
    """
    rows = matrix("features", features)
    if not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage must be in [0, 1], got {shrinkage}")
    given = np.zeros(len(rows), int) if labels is None else labels
    classes = int(np.max(given, initial=0)) + 1
    owners = class_numbers("labels", given, classes, len(rows))
    empty = np.setdiff1d(np.arange(classes), owners)
    if empty.size:
        raise ValueError(f"labels must hold every class from 0 on, there is no {empty[0]}")
    means = np.stack([rows[owners == k].mean(0) for k in range(classes)])
    centred = rows - means[owners]
    covariance = centred.T @ centred / len(rows)
    sphere = np.eye(rows.shape[1]) * np.trace(covariance) / rows.shape[1]
    covariance = (1 - shrinkage) * covariance + shrinkage * sphere
    if not np.linalg.cond(covariance) < _WORST_CONDITION:
        raise ValueError(
            f"the covariance of {rows.shape[1]} features over {len(rows)} films can't be "
            f"inverted: some features are constant or follow from others; use shrinkage above 0"
        )
    # With L L' = covariance, the distance is the length of the solution of L z = x - mean.
    root = np.linalg.cholesky(covariance)

    def _score(new):
        apart = matrix("features", new, rows.shape[1])[:, None] - means  # (M, K, D)
        solved = np.linalg.solve(root, apart.reshape(-1, rows.shape[1]).T)
        return np.linalg.norm(solved, axis=0).reshape(-1, classes).min(1)

    return _score


def fit_neighbours(features: np.ndarray, *, k: int = 1) -> Detector:
    """Learn the training films by heart, to ask how far the k-th nearest of them is.

    Parameters
    ----------
    features : array_like
        (N, D): of training films.
    k : int
        From 1 to N.

    Returns
    -------
    function
        From features (M, D) to the Euclidean distance to the k-th nearest training film:
        float64, (M,). A training film is its own nearest, at 0.

    Raises
    ------
    ValueError
        If a feature is not finite, or `k` is out of range.

    References
    ----------
    Sun, Ming, Zhu and Li, ICML 2022, arXiv:2204.06507. They scale features to length 1 first.

    Examples
    --------
    >>> fit_neighbours([[0.0], [1.0], [5.0]], k=2)([[0.0], [9.0]]).tolist()
    [1.0, 8.0]
    """
    from scipy.spatial import cKDTree

    rows = matrix("features", features)
    if not 1 <= k <= len(rows) or k != int(k):
        raise ValueError(f"k must be a whole number from 1 to {len(rows)} films, got {k}")
    tree = cKDTree(rows)

    def _score(new):
        return tree.query(matrix("features", new, rows.shape[1]), k=[int(k)])[0][:, 0]

    return _score


def detection_auroc(own: np.ndarray, foreign: np.ndarray) -> Estimate:
    """Return how often a foreign film has a higher score than one of the model's own.

    Parameters
    ----------
    own : array_like
        (N,), scores of films that the model was made for; new ones, not those of training.
    foreign : array_like
        (M,), scores of films that it was not made for.

    Returns
    -------
    Estimate
        The area under the ROC curve with its 95 % interval, or the reason why there is none.

    Raises
    ------
    ValueError
        If either is empty, or a score is not finite.

    Examples
    --------
    >>> print(f"{detection_auroc([0.1, 0.2, 0.3, 0.4], [0.35, 0.5, 0.6]).value:.3f}")
    0.917
    """
    from scipy.stats import rankdata

    own, foreign = vector("own", own), vector("foreign", foreign)
    labels = np.repeat([0, 1], [len(own), len(foreign)])
    # The area depends on the order only; ranks are numbers from 0 to 1, as a report asks for.
    ranks = rankdata(np.r_[own, foreign]) / len(labels)
    return evaluate(labels, ranks, n_boot=1, rng=np.random.default_rng(0))["auroc"]
