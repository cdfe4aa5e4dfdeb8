"""Do genes add to what the clinic knows? Risks from women that a model has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.evaluation import Estimate

if TYPE_CHECKING:
    import pandas as pd


def held_out_risks(
    features: pd.DataFrame,
    time_days: np.ndarray,
    event: np.ndarray,
    *,
    penalty: float = 0.3,
    folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """Return each patient's risk from a Cox model that learned from the others.

    Features are standardised by the training patients, and the squares of all weights are
    penalised, so that there may be more features than events.

    Parameters
    ----------
    features : pandas.DataFrame
        (N, D), finite numbers.
    time_days, event : numpy.ndarray
        (N,): time to the event or to the last visit, above 0; 1 where the event came.
    penalty : float
        Above 0; chosen before anything was seen, not tuned.
    folds : int
        At least 2; as many events in each as possible.
    seed : int
        Deals the folds.

    Returns
    -------
    numpy.ndarray
        float64, (N,): logarithm of the hazard against the mean patient of the training.

    Raises
    ------
    ValueError
        If lengths differ, a value is not finite, or a number is out of range.

    References
    ----------
    Cox, JRSS B 34 (1972) 187, doi:10.1111/j.2517-6161.1972.tb00899.x.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> ill = pd.DataFrame({"a": rng.normal(size=60)})
    >>> time = rng.exponential(np.exp(-2 * ill.a)) + 0.01
    >>> risk = held_out_risks(ill, time, np.ones(60), folds=3)
    >>> bool(np.corrcoef(risk, ill.a)[0, 1] > 0.9)
    True
    """
    from lifelines import CoxPHFitter
    from sklearn.model_selection import StratifiedKFold

    table = features.astype(float).reset_index(drop=True)
    time, event = _follow_up(time_days, event, len(table))
    if not np.isfinite(table.to_numpy()).all():
        raise ValueError("features must be finite, got values that are NaN or infinite")
    if penalty <= 0 or not 2 <= folds <= event.sum():
        raise ValueError(
            f"penalty must be above 0 and folds from 2 to {event.sum()}, got {penalty} and {folds}"
        )
    risks = np.empty(len(table))
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed).split(table, event)
    for train, test in dealt:
        scaled = (table - table.iloc[train].mean()) / table.iloc[train].std()
        known = scaled.iloc[train].assign(time_days=time[train], event=event[train])
        cox = CoxPHFitter(penalizer=penalty).fit(known, "time_days", "event")
        risks[test] = cox.predict_log_partial_hazard(scaled.iloc[test])
    return risks


def concordance(
    risks: np.ndarray,
    time_days: np.ndarray,
    event: np.ndarray,
    *,
    against: np.ndarray | None = None,
    rng: np.random.Generator,
    n_boot: int = 400,
) -> Estimate:
    """Return Harrell's C of some risks, or by how much it exceeds that of others.

    The interval holds the middle 95 % of resampled patients (percentile bootstrap); it does not
    tell how far other folds or other training patients might lead.

    Parameters
    ----------
    risks : array_like
        (N,), greater means earlier.
    time_days, event : array_like
        (N,), as for :func:`held_out_risks`.
    against : array_like, optional
        (N,): other risks of the same patients, whose C is taken away.
    rng : numpy.random.Generator
        Source of the resamples.
    n_boot : int
        How many, at least 1.

    Returns
    -------
    companion.evaluation.Estimate
        In [0, 1], or a difference in [-1, 1].

    Raises
    ------
    ValueError
        If lengths differ, a risk is not finite, or there are fewer than two events.

    References
    ----------
    Harrell et al., JAMA 247 (1982) 2543.

    Examples
    --------
    >>> found = concordance([3, 2, 1], [1, 2, 3], [1, 1, 1], rng=np.random.default_rng(0))
    >>> float(found.value)
    1.0
    """
    from lifelines.utils import concordance_index

    time, event = _follow_up(time_days, event, np.size(risks))
    given = [np.asarray(part, np.float64) for part in (risks, against) if part is not None]
    if any(part.shape != time.shape or not np.isfinite(part).all() for part in given):
        raise ValueError(f"risks must be finite ({len(time)},)")
    if event.sum() < 2 or n_boot < 1:
        raise ValueError(f"there must be two events and a resample, got {event.sum()}, {n_boot}")

    def _of(rows):
        each = [concordance_index(time[rows], -part[rows], event[rows]) for part in given]
        return each[0] - each[1] if len(each) == 2 else each[0]

    drawn = []
    while len(drawn) < n_boot:
        rows = rng.integers(0, len(time), len(time))
        # Without an event before some other's last day there is no pair to be ordered.
        if event[rows][time[rows] < time[rows].max()].any():
            drawn.append(_of(rows))
    value = float(_of(np.arange(len(time))))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(value, float(min(low, value)), float(max(high, value)))


def _follow_up(time_days, event, count):
    time, event = np.asarray(time_days, np.float64), np.asarray(event)
    if time.shape != (count,) or event.shape != (count,):
        raise ValueError(
            f"time_days and event must be ({count},), got {time.shape} and {event.shape}"
        )
    if not np.isfinite(time).all() or time.min() <= 0 or not np.isin(event, (0, 1)).all():
        raise ValueError("time_days must be finite and above 0, and event 0 or 1")
    return time, event.astype(np.int64)
