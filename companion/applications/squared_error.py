"""How far predicted survival is from what happened, censored patients weighed in."""

from __future__ import annotations

import numpy as np

from companion.applications._censoring import (
    followed,
    horizon_within,
    reached,
    still_followed,
    with_interval,
)
from companion.applications._numbers import matrix, share, vector
from companion.checks import check_unit_range
from companion.evaluation import Estimate


def brier_score(
    time: np.ndarray,
    event: np.ndarray,
    survival: np.ndarray,
    horizons: np.ndarray,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return the mean squared error of predicted survival, at one horizon or over several.

    Over several it is the integrated Brier score: the area under the scores, by trapezoids,
    divided by the length of time. To predict one half for all gives about 0.25.

    Parameters
    ----------
    time, event : array_like
        As for :func:`check_follow_up`.
    survival : array_like
        (N, T), in [0, 1]: the predicted probability to have no event up to each horizon.
    horizons : array_like
        (T,), rising, in the unit of `time`.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        With an interval as that of :func:`concordance`.

    Raises
    ------
    ValueError
        As :func:`check_follow_up`; if a probability is outside [0, 1], or horizons do not rise or
        lie beyond all follow-up.

    References
    ----------
    Graf et al., Statistics in Medicine 18 (1999) 2529.
    doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5

    Examples
    --------
    >>> score = brier_score([1, 2, 3, 4], [1, 1, 0, 0], [[0.2], [0.6], [0.9], [0.7]], [2.5])
    >>> round(score.value, 3)
    0.125
    """
    study = followed(time, event)
    share("confidence", confidence)
    horizons = vector("horizons", horizons)
    survival = matrix("survival", survival, len(horizons))
    check_unit_range("survival", survival)
    if len(survival) != len(study):
        raise ValueError(f"survival must have {len(study)} rows, got {len(survival)}")
    if (np.diff(horizons) <= 0).any():
        raise ValueError(f"horizons must rise, got {horizons.tolist()}")
    for horizon in horizons:
        horizon_within(horizon, study)
    everyone = np.arange(len(study))
    value = _brier(study, survival, horizons, still_followed(study))[0]
    drawn = _brier(study, survival, horizons, still_followed(study, everyone), everyone)
    return with_interval(value, drawn, int(study.event.sum()), confidence)


def _brier(study, survival, horizons, reach, left_out=None):
    """Return the score of each row of `reach` (K, N), each without its own patient."""
    kept = np.ones(reach.shape)
    if left_out is not None:
        kept[np.arange(len(reach)), left_out] = 0
    scores = []
    for place, horizon in enumerate(horizons):
        beyond = study.time > horizon
        ill = study.event & ~beyond
        # The curve of censoring falls at patients' times only.
        at_horizon = np.where(beyond, 1, reach).min(axis=1, keepdims=True)
        chance = reached(np.where(ill, reach, np.where(beyond, at_horizon, 1)), horizon)
        wrong = np.where(ill, survival[:, place] ** 2, 0)
        wrong = np.where(beyond, (1 - survival[:, place]) ** 2, wrong)
        own = wrong / chance
        scores.append((own * kept).sum(1) / kept.sum(1))
    if len(horizons) == 1:
        return scores[0]
    return np.trapezoid(scores, horizons, axis=0) / (horizons[-1] - horizons[0])
