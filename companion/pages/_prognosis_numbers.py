"""Numbers of chapter 6.3: covariates of I-SPY 1, which models use which, and their scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.data import KNOWN_AT, VISITS

if TYPE_CHECKING:
    import pandas as pd

    from companion.applications import Prognoses

#: Three and four years, in days: where the prognosis is asked for, and up to where C counts.
HORIZON_DAYS, LAST_DAYS = 1095.75, 1461.0
#: By about when each visit and surgery were over, concluded from the length of the courses of
#: drugs; the table has no dates.
BY_PROTOCOL = {
    "start": 0.0, "early treatment": 30.0, "between courses": 120.0, "before surgery": 210.0,
    "surgery": 240.0,
}  # fmt: skip
LANDMARK_DAYS = 240.0
#: The least length that is told apart from nothing, so that a logarithm can be taken.
_LEAST_MM = 5.0
HISTORY = ("age_years", "hr", "her2")
FIRST = ("size_1",)
CHANGES = ("change_2", "change_3", "change_4")
TISSUE = ("pcr", "rcb_class")
FLAGS = ("pcr_missing", "rcb_class_missing")
#: Covariates by model, each with what it adds to the one before.
MODELS = {
    "history": HISTORY,
    "first MRI": FIRST,
    "both": (*HISTORY, *FIRST),
    "four visits": (*HISTORY, *FIRST, *CHANGES),
    "visits and tissue": (*HISTORY, *FIRST, *CHANGES, *TISSUE),
}
SCORES = ("Uno's C", "Harrell's C", "AUC at 3 years", "integrated Brier")


def covariates_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the covariates of the chapter's models, in the columns that a table can give.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`companion.data.load_breast_mri` has it.

    Returns
    -------
    pandas.DataFrame
        By patient, NaN where a value is missing: age and receptors as they are; ``size_k``, the
        logarithm of the diameter at visit k; ``change_k``, by how much it differs from the first;
        response and residual burden; and for each of the latter and each visit whether it is
        missing (1), in columns that end in ``_missing``.
    """
    import pandas as pd

    kept = [name for name in (*HISTORY, *TISSUE) if name in table]
    found = table[kept].astype(float)
    for number, name in enumerate(VISITS, 1):
        if name in table:
            found[f"size_{number}"] = np.log(table[name] + _LEAST_MM)
            if number > 1:
                found[f"change_{number}"] = found[f"size_{number}"] - found["size_1"]
            found[f"size_{number}_missing"] = table[name].isna().astype(float)
    for name in TISSUE:
        if name in table:
            found[f"{name}_missing"] = table[name].isna().astype(float)
    return pd.DataFrame(found)


def known_days() -> dict[str, float]:
    """Return by about which day each covariate is known, as :data:`BY_PROTOCOL` has it."""
    stages = [KNOWN_AT[name] for name in VISITS]
    days = {name: BY_PROTOCOL[KNOWN_AT[name]] for name in (*HISTORY, *TISSUE)}
    days |= {f"{name}_missing": BY_PROTOCOL["surgery"] for name in TISSUE}
    for number, stage in enumerate(stages, 1):
        for name in (f"size_{number}", f"change_{number}", f"size_{number}_missing"):
            days[name] = BY_PROTOCOL[stage]
    del days["change_1"]  # it is against the first
    return days


def score_prognoses(
    time: np.ndarray, event: np.ndarray, said: Prognoses, horizons: np.ndarray, *,
    horizon: float, last: float,
) -> dict:  # fmt: skip
    """Return the four scores of a cross-validated model, each an Estimate.

    Parameters
    ----------
    time, event : numpy.ndarray
        (N,), in any one unit.
    said : companion.applications.Prognoses
        Of the same patients.
    horizons : numpy.ndarray
        (T,), at which survival was predicted.
    horizon, last : float
        Where the AUC is taken, one of `horizons`; and up to where C counts.

    Returns
    -------
    dict of str to companion.evaluation.Estimate
        By score.
    """
    from companion.applications import brier_score, concordance, dynamic_auc

    return {
        SCORES[0]: concordance(time, event, said.risk, horizon=last, folds=said.fold),
        SCORES[1]: concordance(time, event, said.risk, method="harrell", folds=said.fold),
        SCORES[2]: dynamic_auc(time, event, said.risk, horizon, folds=said.fold),
        SCORES[3]: brier_score(time, event, said.survival, horizons),
    }
