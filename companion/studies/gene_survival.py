"""Do genes add to what the clinic knows? Risks from women that a model has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.applications import check_follow_up

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
    time, event = check_follow_up(time_days, event)
    if len(time) != len(table):
        raise ValueError(f"time_days must be ({len(table)},), got {time.shape}")
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
