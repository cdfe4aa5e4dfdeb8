"""Do eight in ten films called "80 %" show the disease? And what to do when they don't."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import binomtest

#: A probability of exactly 0 or 1 has no finite logit: it is taken as this far from the end.
NEAREST = 1e-7


Calibrator = Callable[[np.ndarray], np.ndarray]


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> Calibrator:
    """Fit one number by which all logits are divided; the order of films stays as it is.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1, both present: of validation films, never of test films.
    probabilities : numpy.ndarray
        float, (N,), in [0, 1].

    Returns
    -------
    function
        From probabilities to calibrated probabilities.

    Raises
    ------
    ValueError
        If lengths differ, a class is missing, or a probability is outside [0, 1].

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, ICML 2017, arXiv:1706.04599.

    Examples
    --------
    >>> labels, sure = np.array([0, 1, 1, 1, 0, 1]), np.array([0.01, 0.99, 0.99, 0.99, 0.99, 0.99])
    >>> softer = fit_temperature(labels, sure)(sure)
    >>> bool(sure[1] > softer[1] > 0.5)
    True
    """
    logits = _logits(labels, probabilities)

    def _loss(log_temperature):
        return np.logaddexp(0, (1 - 2 * labels) * logits / np.exp(log_temperature)).mean()

    temperature = np.exp(minimize_scalar(_loss, bounds=(-5, 5), method="bounded").x)
    return lambda new: expit(_to_logits(new) / temperature)


def fit_platt(labels: np.ndarray, probabilities: np.ndarray) -> Calibrator:
    """Fit a slope and a shift of the logits: logistic regression on one number.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        As for :func:`fit_temperature`.

    Returns
    -------
    function
        From probabilities to calibrated probabilities.

    Raises
    ------
    ValueError
        As :func:`fit_temperature`.

    References
    ----------
    Platt, in Advances in Large Margin Classifiers (1999), pages 61-74.

    Examples
    --------
    >>> labels, low = np.array([1, 0, 1, 1, 0, 1]), np.array([0.3, 0.1, 0.2, 0.3, 0.2, 0.3])
    >>> round(float(fit_platt(labels, low)(low).mean()), 2)
    0.67
    """
    from sklearn.linear_model import LogisticRegression

    logits = _logits(labels, probabilities)
    model = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    return lambda new: model.predict_proba(_to_logits(new)[:, None])[:, 1]


def fit_isotonic(labels: np.ndarray, probabilities: np.ndarray) -> Calibrator:
    """Fit a staircase that only rises; it needs more films than the others.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        As for :func:`fit_temperature`.

    Returns
    -------
    function
        From probabilities to calibrated probabilities; films can become equal.

    Raises
    ------
    ValueError
        As :func:`fit_temperature`.

    References
    ----------
    Zadrozny and Elkan, KDD 2002. doi:10.1145/775047.775151

    Examples
    --------
    >>> labels, chance = np.array([0, 1, 0, 1]), np.array([0.1, 0.3, 0.6, 0.9])
    >>> fit_isotonic(labels, chance)(chance).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    from sklearn.isotonic import IsotonicRegression

    _logits(labels, probabilities)
    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(probabilities, labels)
    return lambda new: model.predict(np.asarray(new, float))


#: Ways to calibrate, from the most constrained to the freest.
METHODS: dict[str, Callable[[np.ndarray, np.ndarray], Calibrator]] = {
    "temperature": fit_temperature,
    "Platt": fit_platt,
    "isotonic": fit_isotonic,
}


def reliability_table(
    labels: np.ndarray, probabilities: np.ndarray, *, bins: int = 10, confidence: float = 0.95
) -> pd.DataFrame:
    """Return, for films of like probability, the share that is ill, with Wilson's interval.

    Parameters
    ----------
    labels : numpy.ndarray
        int, (N,), 0 or 1, both present.
    probabilities : numpy.ndarray
        float, (N,), in [0, 1].
    bins : int
        Equal bins between 0 and 1; empty ones are left out.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row a bin: probability (mean), share, low, high, count.

    Raises
    ------
    ValueError
        As :func:`fit_temperature`, or if `bins` is below 1.

    References
    ----------
    Wilson, Journal of the American Statistical Association 22, 209 (1927).

    Examples
    --------
    >>> table = reliability_table(np.array([0, 1, 1]), np.array([0.02, 0.9, 0.96]))
    >>> table[["probability", "share", "count"]].to_numpy().round(2).tolist()
    [[0.02, 0.0, 1.0], [0.93, 1.0, 2.0]]
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    _logits(labels, probabilities)
    place = np.minimum((np.asarray(probabilities) * bins).astype(int), bins - 1)
    rows = []
    for number in np.unique(place):
        inside = place == number
        ill, count = int(np.sum(np.asarray(labels)[inside])), int(inside.sum())
        interval = binomtest(ill, count).proportion_ci(confidence, method="wilson")
        mean = float(np.mean(np.asarray(probabilities)[inside]))
        rows.append((mean, ill / count, interval.low, interval.high, count))
    return pd.DataFrame(rows, columns=["probability", "share", "low", "high", "count"])


def _to_logits(probabilities):
    probabilities = np.asarray(probabilities, float)
    if not (np.isfinite(probabilities).all() and np.all(abs(probabilities - 0.5) <= 0.5)):
        worst = probabilities[np.argmax(np.abs(np.nan_to_num(probabilities, nan=np.inf) - 0.5))]
        raise ValueError(f"probabilities must be in [0, 1], got {worst:g}")
    return logit(np.clip(probabilities, NEAREST, 1 - NEAREST))


def _logits(labels, probabilities):
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.shape != np.shape(probabilities):
        raise ValueError(
            f"labels and probabilities must be (N,), got {labels.shape} "
            f"and {np.shape(probabilities)}"
        )
    if set(np.unique(labels).tolist()) != {0, 1}:
        raise ValueError(f"labels must hold 0 and 1, both, got {np.unique(labels)[:5].tolist()}")
    return _to_logits(probabilities)
