"""Do eight in ten films called "80 %" show the disease? And what to do when they don't."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from companion.checks import check_labels, check_probabilities
from companion.evaluation._checks import check_confidence
from companion.evaluation._intervals import wilson
from companion.evaluation._weighted import bin_of

if TYPE_CHECKING:
    import pandas as pd

#: A probability of exactly 0 or 1 has no finite logit: it is taken as this far from the end.
NEAREST = 1e-7


Calibrator = Callable[[np.ndarray], np.ndarray]


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> Calibrator:
    """Fit one number by which all logits are divided; the order of films stays as it is.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1, both present: of validation films, never of test films.
    probabilities : array_like
        (N,), in [0, 1].

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
    labels, probabilities = _check_both(labels, probabilities)
    logits = _to_logits(probabilities)

    def _loss(log_temperature):
        return np.logaddexp(0, (1 - 2 * labels) * logits / np.exp(log_temperature)).mean()

    temperature = np.exp(minimize_scalar(_loss, bounds=(-5, 5), method="bounded").x)
    return _calibrator(lambda new: expit(_to_logits(new) / temperature))


def fit_platt(labels: np.ndarray, probabilities: np.ndarray) -> Calibrator:
    """Fit a slope and a shift of the logits: logistic regression on one number.

    Parameters
    ----------
    labels, probabilities : array_like
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

    labels, probabilities = _check_both(labels, probabilities)
    model = LogisticRegression(C=1e6).fit(_to_logits(probabilities)[:, None], labels)
    return _calibrator(lambda new: model.predict_proba(_to_logits(new)[:, None])[:, 1])


def fit_isotonic(labels: np.ndarray, probabilities: np.ndarray) -> Calibrator:
    """Fit a staircase that only rises; it needs more films than the others.

    Parameters
    ----------
    labels, probabilities : array_like
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
    >>> labels, probabilities = np.array([0, 1, 0, 1]), np.array([0.1, 0.3, 0.6, 0.9])
    >>> fit_isotonic(labels, probabilities)(probabilities).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    from sklearn.isotonic import IsotonicRegression

    labels, probabilities = _check_both(labels, probabilities)
    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(probabilities, labels)
    return _calibrator(model.predict)


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
    labels : array_like
        (N,), 0 or 1, both present.
    probabilities : array_like
        (N,), in [0, 1].
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
        As :func:`fit_temperature`, or if `bins` or `confidence` is out of range.

    References
    ----------
    Wilson, Journal of the American Statistical Association 22, 209 (1927).

    Examples
    --------
    >>> table = reliability_table(np.array([0, 1, 1]), np.array([0.02, 0.9, 0.96]))
    >>> table[["probability", "share", "count"]].to_numpy().round(2).tolist()
    [[0.02, 0.0, 1.0], [0.93, 1.0, 2.0]]
    """
    import pandas as pd

    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    check_confidence(confidence)
    labels, probabilities = _check_both(labels, probabilities)
    place, rows = bin_of(probabilities, bins), []
    for number in np.unique(place):
        inside = place == number
        share, count = float(labels[inside].mean()), int(inside.sum())
        ends = wilson(share, count, confidence)
        rows.append((float(probabilities[inside].mean()), share, *ends, count))
    return pd.DataFrame(rows, columns=["probability", "share", "low", "high", "count"])


def _check_both(labels, probabilities):
    labels = check_labels("labels", labels, both=True)
    return labels, check_probabilities("probabilities", probabilities, count=len(labels))


def _calibrator(function):
    """Let a fitted function take only what can be a probability."""
    return lambda new: function(check_probabilities("probabilities", new))


def _to_logits(probabilities):
    return logit(np.clip(probabilities, NEAREST, 1 - NEAREST))
