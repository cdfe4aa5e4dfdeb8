"""Backstage of chapter 6.3: its own figures, its tables, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from companion.pages._prognosis_figures import (
    plot_calibration,
    plot_follow_up,
    plot_one_woman,
    plot_survival,
    plot_timeline,
    plot_visits,
)
from companion.pages._prognosis_numbers import (
    BY_PROTOCOL,
    HORIZON_DAYS,
    LANDMARK_DAYS,
    LAST_DAYS,
    MODELS,
    covariates_of,
    known_days,
    score_prognoses,
)
from companion.pages._prognosis_tables import (
    bad_input,
    by_start,
    coverage_table,
    differences,
    early_events,
    icu_table,
    score_table,
    three_ways,
    written,
)
from companion.pages.check import Case

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BY_PROTOCOL",
    "CASES",
    "HORIZON_DAYS",
    "LANDMARK_DAYS",
    "LAST_DAYS",
    "MODELS",
    "bad_input",
    "boot_risk",
    "by_start",
    "covariates_of",
    "coverage_table",
    "differences",
    "early_events",
    "icu_table",
    "if_there",
    "known_days",
    "plot_calibration",
    "plot_follow_up",
    "plot_one_woman",
    "plot_survival",
    "plot_timeline",
    "plot_visits",
    "score_prognoses",
    "score_table",
    "three_ways",
    "written",
]  # fmt: skip

_Data = TypeVar("_Data")
_MONTHS = np.array([6.0, 10.0, 13.0, 18.0, 24.0])
_EVENT = np.array([1, 0, 1, 0, 1])
_DAYS = np.array([-1.0, 0.0, 2.0, np.nan])
_VALUES = np.array([5.0, 7.0, 9.0, np.nan])
CASES = {
    "survival_at": [
        Case("five patients, at 15 months", (_MONTHS, _EVENT, 15.0), 4 / 5 * (2 / 3)),
        Case("before the first event nobody is lost", (_MONTHS, _EVENT, 5.0), 1.0),
        Case("an event at the month itself counts", (_MONTHS, _EVENT, 13.0), 4 / 5 * (2 / 3)),
        Case("two events in one month", (np.array([3.0, 3.0, 8.0, 9.0]), np.array([1, 1, 0, 1]),
                                         8.5), 0.5),
    ],
    "pairs_in_order": [
        Case("all patients have an event", (np.array([1.0, 2.0, 3.0]), np.ones(3),
                                            np.array([3.0, 2.0, 1.0])), (3, 3)),
        Case("who is censored first is compared with nobody later",
             (np.array([1.0, 2.0, 3.0]), np.array([0, 1, 1]), np.array([3.0, 1.0, 2.0])), (0, 1)),
        Case("five patients", (_MONTHS, _EVENT, np.array([0.9, 0.1, 0.4, 0.5, 0.2])), (5, 6)),
    ],
    "known_at_film": [
        Case("two of four were known", (_VALUES, _DAYS), np.array([5.0, 7.0])),
        Case("all of the day itself are kept", (np.array([1.0, 2.0]), np.zeros(2)),
             np.array([1.0, 2.0])),
        Case("one was measured too late", (np.array([1.0, 2.0]), np.array([1.0, -9.0])),
             np.array([2.0])),
    ],
}  # fmt: skip


def if_there(load: Callable[[], _Data]) -> _Data | None:
    """Load a data set, or say visibly that it is not there and what is left out.

    Parameters
    ----------
    load : function
        Without arguments.

    Returns
    -------
    object or None
        What it returns.
    """
    from IPython.display import Markdown, display

    from companion.data import DatasetUnavailable

    try:
        data = load()
    except DatasetUnavailable:
        name = load.__name__.removeprefix("load_")
        display(
            Markdown(
                f"> **The table `{name}` could not be had.**\n> What is computed from it is left "
                f"out below; nothing is put in its place.\n"
                f"> Run `python -m {load.__module__}` to see what was tried."
            )
        )
        return None
    display(Markdown(f"> **Data:** {data.source}.\n> Licence: {data.licence}."))
    return data


def boot_risk(
    covariates: pd.DataFrame, time: np.ndarray, event: np.ndarray, woman: pd.DataFrame,
    days: Sequence[float], rng: np.random.Generator, *, draws: int = 100,
) -> np.ndarray:  # fmt: skip
    """Return one woman's predicted risk, and how far it moves with the women of the study.

    Parameters
    ----------
    covariates : pandas.DataFrame
        Of all women, without gaps.
    time, event : numpy.ndarray
        (N,).
    woman : pandas.DataFrame
        One row.
    days : sequence of float
        (T,).
    rng : numpy.random.Generator
        Which women are drawn.
    draws : int
        How often women are drawn with replacement, and Cox's model fitted anew.

    Returns
    -------
    numpy.ndarray
        (3, T): the risk, and the 2.5 and 97.5 percentiles of all draws.
    """
    from companion.applications import baseline_survival, fit_hazards

    def _risk(rows):
        known = covariates.iloc[rows].reset_index(drop=True)
        middle, spread = known.mean(), known.std()
        model = fit_hazards((known - middle) / spread, time[rows], event[rows])
        own = ((known - middle) / spread).to_numpy() @ model.params_.to_numpy()
        hers = float((((woman - middle) / spread).to_numpy() @ model.params_.to_numpy())[0])
        return 1 - baseline_survival(own, time[rows], event[rows], days) ** np.exp(hers)

    count = len(covariates)
    drawn = [_risk(rng.integers(count, size=count)) for _ in range(draws)]
    return np.stack([_risk(np.arange(count)), *np.percentile(drawn, [2.5, 97.5], axis=0)])
