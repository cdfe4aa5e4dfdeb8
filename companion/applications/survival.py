"""Scores of a prognosis: who comes first, by when, and with which probability.

A patient who is censored has told only a part. Each score weighs those who told all by the
inverse of the chance to be followed so long, so that they also stand for the others.
"""

from __future__ import annotations

import numpy as np

from companion.applications._censoring import (
    LEAST_EVENTS,
    FollowUp,
    folds_of,
    followed,
    horizon_within,
    jackknife_error,
    reached,
    still_followed,
    with_interval,
)
from companion.applications._numbers import share, vector
from companion.evaluation import Estimate


def check_follow_up(
    time: np.ndarray, event: np.ndarray, *, patients: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return times and events that can be analysed, or say what is wrong with them.

    Parameters
    ----------
    time : array_like
        (N,), above 0: from the start to the event, or to the end of follow-up.
    event : array_like
        (N,), 1 for an event, 0 for the end of follow-up (censored); two events or more.
    patients : array_like, optional
        (N,): whose they are; each may stand once.

    Returns
    -------
    time : numpy.ndarray
        float64, (N,).
    event : numpy.ndarray
        bool, (N,).

    Raises
    ------
    ValueError
        If a time is missing, infinite, 0 or negative; if an event is neither 0 nor 1; if all are
        censored, or one is not; if a patient stands twice.

    Examples
    --------
    >>> check_follow_up([5, -2, 7], [1, 1, 0])
    Traceback (most recent call last):
    ...
    ValueError: time must be above 0, got 1 that are not, the least -2: nobody was at risk there
    """
    study = followed(time, event, patients)
    return study.time, study.event


def concordance(
    time: np.ndarray,
    event: np.ndarray,
    risk: np.ndarray,
    *,
    method: str = "uno",
    horizon: float | None = None,
    folds: np.ndarray | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Return how often, of two patients, the one with the higher risk has the event first.

    Harrell's C counts every pair whose order is known. Which pairs those are depends on who was
    censored, so that two studies of the same disease differ. Uno's C weighs each pair by the
    inverse of the squared chance that such an early event is seen.

    Parameters
    ----------
    time, event : array_like
        As for :func:`check_follow_up`.
    risk : array_like
        (N,): greater means earlier; any scale. Equal risks count one half.
    method : {"uno", "harrell"}
        Which of the two.
    horizon : float, optional
        Only events before it count; at the end of follow-up few weights decide all.
    folds : array_like, optional
        (N,): in which fold of a cross-validation each was predicted. Only patients of one fold
        are compared, as the risks of two models have no common zero.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        With an interval by the jackknife over patients, weights estimated anew each time, on the
        logit scale with Student's quantile for the number of events; without one, and with the
        reason, where there are fewer than ten events or no pair is in the wrong order.

    Raises
    ------
    ValueError
        As :func:`check_follow_up`; if a risk is not finite, the horizon lies beyond all
        follow-up, no pair can be compared, or nobody is followed to the last event.

    See Also
    --------
    dynamic_auc : The same question at one horizon.
    brier_score : Are the probabilities right, too?

    References
    ----------
    Harrell et al., JAMA 247 (1982) 2543. doi:10.1001/jama.1982.03320430047030
    Uno et al., Statistics in Medicine 30 (2011) 1105. doi:10.1002/sim.4154

    Examples
    --------
    Patient 2 is censored at 3: three pairs can be compared, and one is in the wrong order.

    >>> found = concordance([2, 3, 4, 6], [1, 0, 1, 1], [0.8, 0.9, 0.5, 0.3], method="harrell")
    >>> round(found.value, 2)
    0.75
    """
    study, risk = _of(time, event, risk)
    share("confidence", confidence)
    pairs, first, power = _known_order(study, method, horizon, folds)
    value, drawn = _of_pairs(study, risk, pairs, first, power)
    return with_interval(value, drawn, int(first.sum()), confidence)


def compare_concordance(
    time: np.ndarray,
    event: np.ndarray,
    risk: np.ndarray,
    other: np.ndarray,
    *,
    method: str = "uno",
    horizon: float | None = None,
    folds: np.ndarray | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Return by how much the C-index of one model exceeds that of another, on the same patients.

    Parameters
    ----------
    time, event, risk : array_like
        As for :func:`concordance`.
    other : array_like
        (N,): the risks of the model to compare with.
    method : {"uno", "harrell"}
        Which of the two.
    horizon : float, optional
        Only events before it count.
    folds : array_like, optional
        (N,): only patients of one fold are compared.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        The difference, with the jackknife's interval over patients and Student's quantile; what
        both models share falls out of it. Without one below ten events, or if both models order
        all pairs alike.

    Raises
    ------
    ValueError
        As :func:`concordance`.

    Examples
    --------
    >>> time, event = np.arange(1, 13), np.ones(12)
    >>> round(compare_concordance(time, event, -time, np.zeros(12), method="harrell").value, 2)
    0.5
    """
    from scipy.stats import t as student

    study, risk = _of(time, event, risk)
    other = vector("other", other, len(study))
    share("confidence", confidence)
    pairs, first, power = _known_order(study, method, horizon, folds)
    both = [_of_pairs(study, scores, pairs, first, power) for scores in (risk, other)]
    value = both[0][0] - both[1][0]
    error = jackknife_error(both[0][1] - both[1][1])
    events = int(first.sum())
    if events < LEAST_EVENTS or error == 0:
        reason = "both models order all pairs alike" if error == 0 else (
            f"{events} events: at least {LEAST_EVENTS} needed"
        )  # fmt: skip
        return Estimate(value, np.nan, np.nan, reason)
    width = float(student.ppf((1 + confidence) / 2, events - 1) * error)
    return Estimate(value, max(value - width, -1.0), min(value + width, 1.0))


def dynamic_auc(
    time: np.ndarray,
    event: np.ndarray,
    risk: np.ndarray,
    horizon: float,
    *,
    folds: np.ndarray | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Return how well risks tell who has the event by a horizon from who has not.

    The cumulative, dynamic area under the ROC curve: each patient with an event up to the horizon
    is compared with each who is followed beyond it.

    Parameters
    ----------
    time, event, risk : array_like
        As for :func:`concordance`.
    horizon : float
        In the unit of `time`.
    folds : array_like, optional
        As for :func:`concordance`.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        With an interval as that of :func:`concordance`.

    Raises
    ------
    ValueError
        As :func:`concordance`.

    References
    ----------
    Uno et al., Journal of the American Statistical Association 102 (2007) 527.
    doi:10.1198/016214507000000149

    Examples
    --------
    >>> round(dynamic_auc([1, 2, 3, 4], [1, 1, 0, 0], [4, 2, 3, 1], horizon=2.5).value, 2)
    0.75
    """
    study, risk = _of(time, event, risk)
    share("confidence", confidence)
    end = horizon_within(horizon, study)
    ill = study.event & (study.time <= end)
    pairs = ill[:, None] & (study.time > end) & _same(folds, len(study))
    value, drawn = _of_pairs(study, risk, pairs, ill, 1)
    return with_interval(value, drawn, int(ill.sum()), confidence)


def _of(time, event, risk):
    study = followed(time, event)
    return study, vector("risk", risk, len(study))


def _same(folds, count):
    own = folds_of(folds, count)
    return own[:, None] == own


def _known_order(study, method, horizon, folds):
    """Return which pairs are compared, whose event is the first, and the power of its weight."""
    if method not in ("uno", "harrell"):
        raise ValueError(f'method must be "uno" or "harrell", got {method!r}')
    end = np.inf if horizon is None else horizon_within(horizon, study)
    first = study.event & (study.time < end)
    later = (study.time[:, None] < study.time) | (
        (study.time[:, None] == study.time) & ~study.event
    )
    return first[:, None] & later & _same(folds, len(study)), first, 2 * (method == "uno")


def _of_pairs(study: FollowUp, risk, pairs, first, power):
    """Return the share of pairs in the right order, and the same without each patient in turn.

    Row i has the event first.
    """
    right = pairs * ((risk[:, None] > risk) + 0.5 * (risk[:, None] == risk))
    count = pairs.sum(1).astype(float)
    if not count.any():
        raise ValueError("no two patients can be compared: nobody is followed beyond an event")
    everyone = np.arange(len(study))
    weights = _weights(still_followed(study), first, power)  # (1, N)
    value = (weights @ right.sum(1) / (weights @ count))[0]
    weights = _weights(still_followed(study, everyone), first, power)  # (N, N)
    weights[everyone, everyone] = 0
    above = weights @ right.sum(1) - np.einsum("ki,ik->k", weights, right)
    below = weights @ count - np.einsum("ki,ik->k", weights, pairs.astype(float))
    return float(value), above / np.where(below > 0, below, np.nan)


def _weights(reach, first, power):
    """Return the weight of each who has the event first, NaN in rows that cannot be weighed."""
    if not power:
        return np.tile(first.astype(float), (len(reach), 1))
    used = np.where(first, reach, 1.0)
    return first / reached(used, "the last event that counts") ** power
