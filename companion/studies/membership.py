"""Was this patient's film in the training? An attack that asks, and noise that answers it."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from companion.checks import check_labels, check_probabilities
from companion.evaluation import Estimate, evaluate


def losses_of(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each film, in nats: small where a model is sure and right.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1.
    probabilities : array_like
        (N,), in [0, 1]: of label 1.

    Returns
    -------
    numpy.ndarray
        float64, (N,), at most about 36, where a probability is rounded to 0 or 1.

    Raises
    ------
    ValueError
        If lengths differ, or something is out of range.

    Examples
    --------
    >>> losses_of([1, 0], [0.5, 0.5]).round(3).tolist()
    [0.693, 0.693]
    """
    labels = check_labels("labels", labels)
    of_one = check_probabilities("probabilities", probabilities, count=len(labels))
    right = np.where(labels == 1, of_one, 1 - of_one)
    return -np.log(np.maximum(right, np.finfo(float).eps))


def attack_membership(inside: np.ndarray, outside: np.ndarray) -> Estimate:
    """Return how well the loss tells films of the training from others: an AUROC.

    One half is guessing: then nobody learns from the model who was in its training.

    Parameters
    ----------
    inside, outside : array_like
        (N,), (M,): losses of films that the model learned from, and of others; at least two each.

    Returns
    -------
    companion.evaluation.Estimate
        The chance that a film of the training has the smaller loss, with its interval.

    Raises
    ------
    ValueError
        If an array is empty or not finite.

    References
    ----------
    Yeom et al., CSF 2018, arXiv:1709.01604 (attack by the loss).

    Examples
    --------
    >>> round(attack_membership([0.1, 0.2, 0.3], [0.15, 0.5, 0.6]).value, 3)
    0.778
    """
    from scipy.stats import rankdata

    both = [np.asarray(values, np.float64) for values in (inside, outside)]
    for name, values in zip(("inside", "outside"), both, strict=True):
        if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
            raise ValueError(f"{name} must be at least two finite losses, got {values.shape}")
    ranks = rankdata(-np.concatenate(both)) / (len(both[0]) + len(both[1]))
    labels = np.repeat([1, 0], [len(values) for values in both])
    return evaluate(labels, ranks, n_boot=1, rng=np.random.default_rng(0))["auroc"]


def fit_private(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    noise: float,
    rng: np.random.Generator,
    steps: int = 100,
    rate: float = 1.0,
    clip: float = 1.0,
) -> np.ndarray:
    """Fit logistic regression by gradient descent that no single film can move far.

    In each step every film's gradient is shortened to at most `clip`, they are added up, and
    normal noise of ``noise * clip`` is added to each entry of the sum.

    Parameters
    ----------
    features : array_like
        (N, D), finite; a column of ones is added.
    labels : array_like
        (N,), 0 or 1.
    noise : float
        At least 0; 0 gives no promise.
    rng : numpy.random.Generator
        Source of the noise.
    steps : int
        At least 1.
    rate : float
        Above 0: the mean gradient is multiplied by it.
    clip : float
        Above 0: the greatest length of a film's gradient.

    Returns
    -------
    numpy.ndarray
        float64, (D + 1,): the weights, the bias last.

    Raises
    ------
    ValueError
        If an array has the wrong shape or a number is out of range.

    See Also
    --------
    privacy_of : What the noise promises.

    References
    ----------
    Abadi et al., CCS 2016, arXiv:1607.00133; here every step takes all films.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> weights = fit_private([[-1.0], [1.0]], [0, 1], noise=0, rng=rng)
    >>> bool(weights[0] > 1)
    True
    """
    labels = check_labels("labels", labels)
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) != len(labels) or not np.isfinite(features).all():
        raise ValueError(f"features must be finite ({len(labels)}, D), got shape {features.shape}")
    if noise < 0 or steps < 1 or rate <= 0 or clip <= 0:
        raise ValueError(
            "noise must be at least 0, steps at least 1, rate and clip above 0, "
            f"got {noise}, {steps}, {rate}, {clip}"
        )
    x = np.hstack([features, np.ones((len(features), 1))])
    lengths = np.linalg.norm(x, axis=1)
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        error = expit(x @ weights) - labels  # film i's gradient is error[i] * x[i]
        short = np.minimum(1, clip / np.maximum(np.abs(error) * lengths, 1e-12))
        total = (error * short) @ x + rng.normal(0, noise * clip, x.shape[1])
        weights -= rate * total / len(x)
    return weights


def privacy_of(noise: float, steps: int, *, delta: float = 1e-5) -> tuple[float, float]:
    """Return what `fit_private` promises of each film of the training.

    Parameters
    ----------
    noise : float
        Above 0: the noise's standard deviation, in units of the clipped length.
    steps : int
        At least 1.
    delta : float
        Between 0 and 1: the chance with which epsilon may be exceeded.

    Returns
    -------
    epsilon : float
        Adding or removing one film changes the probability of any outcome by a factor of at
        most exp(epsilon), and by delta more.
    advantage : float
        In [0, 1]: no attack's true positive rate exceeds its false positive rate by more.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Balle and Wang, ICML 2018, arXiv:1805.06530 (delta of the Gaussian mechanism, exact).
    Dong, Roth and Su, JRSS B 84 (2022) 3, arXiv:1905.02383 (steps add up as squares).

    Examples
    --------
    >>> epsilon, advantage = privacy_of(10, 100)
    >>> round(epsilon, 2), round(advantage, 2)
    (4.38, 0.38)
    """
    if noise <= 0 or steps < 1 or not 0 < delta < 1:
        raise ValueError(
            "noise must be above 0, steps at least 1, delta between 0 and 1, "
            f"got {noise}, {steps} and {delta}"
        )
    mu = np.sqrt(steps) / noise

    def _excess(epsilon):
        first = norm.cdf(mu / 2 - epsilon / mu)
        return first - np.exp(epsilon + norm.logcdf(-mu / 2 - epsilon / mu)) - delta

    epsilon = 0.0 if _excess(0.0) <= 0 else brentq(_excess, 0, mu**2 / 2 + 10 * mu)
    return float(epsilon), float(2 * norm.cdf(mu / 2) - 1)
