"""What every score of follow-up rests on: checked times, and how likely one is to be followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from companion.applications._numbers import vector
from companion.checks import check_labels
from companion.evaluation import Estimate

#: Below so many events no interval is given: none was found to hold.
LEAST_EVENTS = 10


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Times and events that were checked: float64 (N,) and bool (N,)."""

    time: np.ndarray
    event: np.ndarray

    def __len__(self):
        return len(self.time)


def followed(time: object, event: object, patients: object = None) -> FollowUp:
    """Return times and events, or raise: see :func:`companion.applications.check_follow_up`."""
    given = np.asarray(time)
    if given.dtype.kind not in "buif" or given.ndim != 1 or given.size == 0:
        raise ValueError(
            f"time must be numbers (N,) and not empty, got {given.dtype} of shape {given.shape}"
        )
    time = given.astype(np.float64)
    missing = int((~np.isfinite(time)).sum())
    if missing:
        raise ValueError(f"time must be known for everybody, got {missing} missing or infinite")
    if time.min() <= 0:
        raise ValueError(
            f"time must be above 0, got {int((time <= 0).sum())} that are not, the least "
            f"{time.min():g}: nobody was at risk there"
        )
    event = check_labels("event", event, count=len(time)).astype(bool)
    if not event.any():
        raise ValueError(f"event must be 1 for two or more, got all {len(event)} censored")
    if event.sum() == 1:
        raise ValueError(
            f"event must be 1 for two or more, got one event among {len(event)} patients"
        )
    if patients is not None:
        names, counts = np.unique(np.asarray(patients).astype(str), return_counts=True)
        if counts.sum() != len(time):
            raise ValueError(f"patients must be ({len(time)},), got {counts.sum()} of them")
        if counts.max() > 1:
            twice = names[counts > 1]
            raise ValueError(
                f"patients must each stand once, got {len(twice)} more than once: "
                f"{twice[:5].tolist()}"
            )
    return FollowUp(time, event)


def horizon_within(horizon: float, study: FollowUp) -> float:
    """Return a horizon that somebody was followed beyond, or raise."""
    if not 0 < horizon < study.time.max():
        raise ValueError(
            f"horizon must be above 0 and before the end of the longest follow-up, "
            f"{study.time.max():g}, got {horizon:g}; is it in the same unit as time?"
        )
    return float(horizon)


def folds_of(folds: object, count: int) -> np.ndarray:
    """Return int (N,): only patients of one fold are compared, as one model saw them both."""
    if folds is None:
        return np.zeros(count, int)
    return np.unique(vector("folds", folds, count), return_inverse=True)[1]


def still_followed(study: FollowUp, left_out: np.ndarray | None = None) -> np.ndarray:
    """Return the chance of not being censored up to each patient's time: (K, N).

    Kaplan and Meier's estimate for censoring; who has an event at the same time is taken to have
    had it before. Row k leaves out the patient `left_out[k]`; without it there is one row of all.
    """
    times, place = np.unique(study.time, return_inverse=True)
    at_risk = np.array([(study.time >= t).sum() for t in times], float)
    events = np.bincount(place, study.event, len(times))
    ended = np.bincount(place, ~study.event, len(times))
    rows = 1 if left_out is None else len(left_out)
    at_risk, events, ended = (np.tile(values, (rows, 1)) for values in (at_risk, events, ended))
    if left_out is not None:
        own = place[left_out]
        at_risk -= np.arange(len(times)) <= own[:, None]
        each = np.arange(rows)
        events[each, own] -= study.event[left_out]
        ended[each, own] -= ~study.event[left_out]
    beside = np.maximum(at_risk - events, 1)  # nobody left: nobody is censored either
    return np.cumprod(1 - ended / beside, axis=1)[:, place]


def survival_at(study: FollowUp, horizon: float) -> tuple[float, float]:
    """Return Kaplan and Meier's estimate at a horizon, and Greenwood's variance."""
    survival, variance = 1.0, 0.0
    for t in np.unique(study.time[study.event & (study.time <= horizon)]):
        at_risk, deaths = (study.time >= t).sum(), (study.event & (study.time == t)).sum()
        survival *= 1 - deaths / at_risk
        if deaths == at_risk:
            return 0.0, 0.0
        variance += deaths / (at_risk * (at_risk - deaths))
    return float(survival), float(survival**2 * variance)


def reached(reach, when):
    """Return chances (K, N) above 0; a resample in which one is 0 becomes NaN."""
    lost = (reach <= 0).any(axis=1)
    if lost.all():
        raise ValueError(f"nobody is followed beyond {when}: choose an earlier horizon")
    return np.where(lost[:, None], np.nan, reach)


def with_interval(value, drawn, events, confidence):
    """Return a score in [0, 1] with the jackknife's interval on the logit scale."""
    from scipy.special import expit, logit
    from scipy.stats import t as student

    value, nothing = float(value), (np.nan, np.nan)
    if events < LEAST_EVENTS:
        return Estimate(value, *nothing, f"{events} events: at least {LEAST_EVENTS} needed")
    if not 0 < value < 1:
        return Estimate(value, *nothing, "no pair is in the other order")
    error = jackknife_error(drawn)
    if error == 0:
        return Estimate(value, *nothing, "all are given the same")
    width = student.ppf((1 + confidence) / 2, events - 1) * error
    ends = expit(logit(value) + np.array([-1, 1]) * width / (value * (1 - value)))
    return Estimate(value, float(ends[0]), float(ends[1]))


def jackknife_error(drawn: np.ndarray) -> float:
    """Return the standard error that scores without each patient in turn imply."""
    n = int(np.isfinite(drawn).sum())
    spread = np.nansum((drawn - np.nanmean(drawn)) ** 2)
    return float(np.sqrt((n - 1) / n * spread)) if spread > 1e-20 else 0.0
