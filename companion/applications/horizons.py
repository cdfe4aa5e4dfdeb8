"""A prognosis at one horizon: is it right on average, what does it say, what was known when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from companion.applications._censoring import (
    LEAST_EVENTS,
    followed,
    horizon_within,
    survival_at,
)
from companion.applications._numbers import share, vector
from companion.checks import check_unit_range
from companion.evaluation import Estimate

if TYPE_CHECKING:
    import pandas as pd

#: How many days a month has on average.
DAYS_PER_MONTH = 30.4375


def risk_by(
    time: np.ndarray, event: np.ndarray, horizon: float, *, confidence: float = 0.95
) -> Estimate:
    """Return the share of patients who have the event by a horizon: Kaplan and Meier's estimate.

    Parameters
    ----------
    time, event : array_like
        As for :func:`companion.applications.check_follow_up`, but events may be few or none.
    horizon : float
        In the unit of `time`.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        With Wilson's interval for the effective sample size that Greenwood's variance implies;
        where nobody, or everybody, had the event, for the number who were at risk at the horizon.
        Without one if nobody was.

    Raises
    ------
    ValueError
        If a time is not above 0, an event is neither 0 nor 1, or the horizon is not above 0.

    References
    ----------
    Rothman, Journal of Chronic Diseases 31 (1978) 557.

    Examples
    --------
    >>> risk = risk_by([2, 3, 4, 5], [1, 0, 1, 0], horizon=4.5)
    >>> round(risk.value, 3)
    0.625
    """
    from statsmodels.stats.proportion import proportion_confint

    # Two events of nobody: in a small group none need have happened.
    time, event = np.asarray(time), np.asarray(event)
    if len(time) != len(event):
        raise ValueError(f"event must be ({len(time)},), got shape {event.shape}")
    followed(np.append(time, [1, 1]), np.append(event, [1, 1]))
    study = _Few(time.astype(float), event.astype(bool))
    share("confidence", confidence)
    if not 0 < horizon < np.inf:
        raise ValueError(f"horizon must be above 0 and finite, got {horizon}")
    survival, variance = survival_at(study, horizon)
    at_risk = int((study.time >= horizon).sum())
    size = survival * (1 - survival) / variance if variance > 0 else at_risk
    if size == 0:
        return Estimate(1 - survival, np.nan, np.nan, "nobody is followed to the horizon")
    low, high = proportion_confint((1 - survival) * size, size, 1 - confidence, method="wilson")
    ends = min(low, 1 - survival), max(high, 1 - survival)
    return Estimate(1 - survival, float(max(ends[0], 0)), float(min(ends[1], 1)))


class _Few:
    """Follow-up of a group that may have no event."""

    def __init__(self, time, event):
        self.time, self.event = time, event


def calibration_at(
    time: np.ndarray,
    event: np.ndarray,
    predicted_risk: np.ndarray,
    horizon: float,
    *,
    groups: int = 3,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare the predicted with the observed share of events by a horizon, in groups of risk.

    Parameters
    ----------
    time, event : array_like
        As for :func:`companion.applications.check_follow_up`.
    predicted_risk : array_like
        (N,), in [0, 1]: the predicted probability of an event by the horizon, for patients on
        whom the model was not fitted.
    horizon : float
        In the unit of `time`.
    groups : int
        How many groups of about equal size, at least 1; patients of equal risk stay together.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        By group, the least risk first, then ``all``: patients, events by the horizon, predicted
        (the mean), observed, low and high, as :func:`risk_by` has them; NaN where there is none.

    Raises
    ------
    ValueError
        As :func:`companion.applications.check_follow_up`; if a risk is outside [0, 1], the
        horizon lies beyond all follow-up, or there are fewer than ten patients in a group.

    Examples
    --------
    >>> time, event = np.arange(1, 41), np.tile([1, 0], 20)
    >>> table = calibration_at(time, event, np.linspace(0.9, 0.1, 40), 20.5, groups=2)
    >>> table.patients.tolist(), table.events.tolist()
    ([20, 20, 40], [0, 10, 10])
    """
    import pandas as pd

    study = followed(time, event)
    risk = vector("predicted_risk", predicted_risk, len(study))
    check_unit_range("predicted_risk", risk)
    horizon = horizon_within(horizon, study)
    if groups < 1 or len(study) < LEAST_EVENTS * groups:
        raise ValueError(
            f"groups must be at least 1 and of ten patients, got {groups} for {len(study)}"
        )
    inner = np.quantile(risk, np.arange(1, groups) / groups)
    group = np.searchsorted(inner, risk, side="left")
    rows = {}
    for name, own in [
        *((str(number + 1), group == number) for number in range(groups)),
        ("all", np.ones(len(study), bool)),
    ]:
        if own.any():
            seen = risk_by(study.time[own], study.event[own], horizon, confidence=confidence)
            events = int((study.event & (study.time <= horizon))[own].sum())
            rows[name] = (int(own.sum()), events, risk[own].mean(), seen.value, seen.low, seen.high)
    columns = ["patients", "events", "predicted", "observed", "low", "high"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def landmark(
    table: pd.DataFrame,
    at: float,
    *,
    time: str,
    event: str,
    covariates: Sequence[str],
    known_at: Mapping[str, float],
) -> pd.DataFrame:
    """Return the patients who are still followed without an event at a time, and count from there.

    What becomes known on the way may then be used: everybody who is left lived to learn it.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a patient.
    at : float
        The landmark, above 0, in the unit of `time`.
    time, event : str
        Columns, as for :func:`companion.applications.check_follow_up`.
    covariates : sequence of str
        Columns that a model will use.
    known_at : mapping of str to float
        By covariate: when it is known, in the unit of `time`.

    Returns
    -------
    pandas.DataFrame
        The rows that are left, `time` counted from the landmark, with `time`, `event` and the
        covariates only.

    Raises
    ------
    ValueError
        As :func:`companion.applications.check_follow_up`; if a patient stands twice, a column is
        missing, it is not said when a covariate is known, or one is known after the landmark
        only; if fewer than two events are left.

    References
    ----------
    Anderson, Cain and Gelber, Journal of Clinical Oncology 1 (1983) 710.
    doi:10.1200/JCO.1983.1.11.710

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"days": [90, 300, 400, 500], "event": [1, 1, 1, 0], "pcr": 1.0})
    >>> late = landmark(table, 240, time="days", event="event", covariates=["pcr"],
    ...                 known_at={"pcr": 200})
    >>> late.days.tolist()
    [60, 160, 260]
    """
    missing = [name for name in (time, event, *covariates) if name not in table]
    if missing:
        raise ValueError(f"table lacks the columns {missing}, it has {list(table)}")
    if not 0 < at < np.inf:
        raise ValueError(f"at must be above 0 and finite, got {at}")
    followed(table[time], table[event], table.index)
    unsaid = [name for name in covariates if name not in known_at]
    if unsaid:
        raise ValueError(f"known_at must say when each covariate is known, it lacks {unsaid}")
    late = {name: known_at[name] for name in covariates if known_at[name] > at}
    if late:
        raise ValueError(
            f"covariates must be known at the landmark, {at:g}, got some that are known later: "
            f"{late}. Who has the event before would never have had them"
        )
    left = table.loc[table[time] > at, [time, event, *covariates]].copy()
    left[time] = left[time] - at
    if left[event].sum() < 2:
        raise ValueError(
            f"at the landmark {at:g} {len(left)} patients and {int(left[event].sum())} events are "
            f"left, expected two events or more"
        )
    return left


def check_units(time: np.ndarray) -> None:
    """Raise if times look like days and months mixed.

    Times are parted in two where the logarithms fall apart best. Mixed units show as two heaps,
    of at least a twentieth of the patients each, about thirty times apart. The check finds what
    is plain to see; that it is silent proves nothing.

    Parameters
    ----------
    time : array_like
        (N,), above 0.

    Raises
    ------
    ValueError
        Naming both heaps; or if a time is not above 0 and finite.

    Examples
    --------
    >>> check_units([400, 600, 900, 1200, 1500])
    >>> check_units([400, 600, 30, 40, 1500])
    Traceback (most recent call last):
    ...
    ValueError: time looks like two units mixed: 2 values around 35 and 3 around 600, 17.3 times...
    """
    time = vector("time", time)
    if time.min() <= 0:
        raise ValueError(f"time must be above 0, got {time.min():g}")
    ordered = np.sort(np.log(time))
    parts = range(max(1, len(ordered) // 20), len(ordered) - max(1, len(ordered) // 20) + 1)
    if len(ordered) < 4 or not len(parts):
        return
    within = [np.var(ordered[:k]) * k + np.var(ordered[k:]) * (len(ordered) - k) for k in parts]
    cut = parts[int(np.argmin(within))]
    low, high = np.median(ordered[:cut]), np.median(ordered[cut:])
    third = (high - low) / 3
    between = np.mean((ordered > low + third) & (ordered < high - third))
    widest = max(np.std(ordered[:cut]), np.std(ordered[cut:]))
    low, high = np.exp([low, high])
    # Limits that find I-SPY 1, GBSG 2 and WPBC mixed, and leave each of them alone as it is.
    apart = DAYS_PER_MONTH / 2 < high / low < DAYS_PER_MONTH * 2
    if apart and widest < 0.96 * third and between < 0.12:
        raise ValueError(
            f"time looks like two units mixed: {cut} values around {low:.0f} and "
            f"{len(time) - cut} around {high:.0f}, {high / low:.1f} times as much. "
            f"A month has {DAYS_PER_MONTH:.1f} days"
        )
