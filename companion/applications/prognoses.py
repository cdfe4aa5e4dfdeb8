"""Prognoses by cross-validation: each patient is predicted by models that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from companion.applications._censoring import followed
from companion.applications._numbers import vector
from companion.applications.hazards import baseline_survival, fit_hazards

if TYPE_CHECKING:
    import pandas as pd

#: From covariates, times and events of training patients, and covariates of others, to the
#: logarithms of the hazard ratios of both.
Learner = Callable[
    ["pd.DataFrame", np.ndarray, np.ndarray, "pd.DataFrame"], tuple[np.ndarray, np.ndarray]
]
#: Weight of the squared coefficients; set beforehand and not chosen by any score.
PENALIZER = 0.05


@dataclass(frozen=True, eq=False)
class Prognoses:
    """What models said of patients whom they had not seen.

    Attributes
    ----------
    fold : numpy.ndarray
        int, (N,): in which fold each patient was.
    risk : numpy.ndarray
        float64, (N,): logarithm of the hazard ratio; its zero differs from fold to fold.
    survival : numpy.ndarray
        float64, (N, T): the probability to have no event up to each horizon.
    """

    fold: np.ndarray
    risk: np.ndarray
    survival: np.ndarray


def cross_validate(
    covariates: pd.DataFrame,
    time: np.ndarray,
    event: np.ndarray,
    learn: Learner,
    horizons: np.ndarray,
    *,
    rng: np.random.Generator,
    folds: int = 5,
) -> Prognoses:
    """Predict every patient by a model of the other folds.

    Missing values are filled with the median of the training patients, and covariates scaled by
    their mean and standard deviation: nothing of the left-out patients is used. Folds are drawn
    so that each has about as many events.

    Parameters
    ----------
    covariates : pandas.DataFrame
        One row a patient, float columns, NaN where a value is missing; the index names patients.
    time, event : array_like
        As for :func:`companion.applications.check_follow_up`.
    learn : function
        :func:`learn_cox`, or what :func:`learn_visits` returns.
    horizons : array_like
        (T,), in the unit of `time`.
    rng : numpy.random.Generator
        Which patient is in which fold.
    folds : int
        At least 2, and at most as many as there are events.

    Returns
    -------
    Prognoses
        In the order of the patients.

    Raises
    ------
    ValueError
        As :func:`companion.applications.check_follow_up`; if a value is infinite, a column holds
        nothing, or folds are too few or too many.

    Examples
    --------
    >>> import pandas as pd
    >>> from companion.applications import draw_follow_up
    >>> rng = np.random.default_rng(0)
    >>> study = draw_follow_up(rng, 60)
    >>> seen = pd.DataFrame({"seen": study.risk})
    >>> said = cross_validate(seen, study.time, study.event, learn_cox, [1.0], rng=rng)
    >>> said.survival.shape
    (60, 1)
    """
    study = followed(time, event, covariates.index)
    horizons = vector("horizons", horizons)
    infinite = [name for name in covariates if np.isinf(covariates[name].to_numpy(float)).any()]
    if infinite:
        raise ValueError(f"covariates must be finite or missing, infinite ones are in {infinite}")
    if not 2 <= folds <= study.event.sum():
        raise ValueError(
            f"folds must be from 2 to the {int(study.event.sum())} events, got {folds}"
        )
    fold = _draw_folds(study.event, folds, rng)
    risk, survival = np.empty(len(study)), np.empty((len(study), len(horizons)))
    for number in range(folds):
        new = fold == number
        known = covariates[~new].astype(float)
        empty = [name for name in covariates if known[name].isna().all()]
        if empty:
            raise ValueError(f"covariates must be known for somebody, nothing is in {empty}")
        middle = known.median()
        filled = covariates.astype(float).fillna(middle)
        spread = filled[~new].std().replace(0, 1)
        scaled = (filled - filled[~new].mean()) / spread
        own, risk[new] = learn(scaled[~new], study.time[~new], study.event[~new], scaled[new])
        base = baseline_survival(own, study.time[~new], study.event[~new], horizons)
        survival[new] = base ** np.exp(risk[new])[:, None]
    return Prognoses(fold, risk, survival)


def learn_cox(
    known: pd.DataFrame, time: np.ndarray, event: np.ndarray, new: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Fit Cox's linear model with small squared coefficients, and predict.

    Parameters
    ----------
    known : pandas.DataFrame
        Scaled covariates of training patients; constant columns are left out.
    time, event : numpy.ndarray
        Of the training patients.
    new : pandas.DataFrame
        Scaled covariates of new patients.

    Returns
    -------
    known, new : numpy.ndarray
        Logarithms of hazard ratios of both.

    Examples
    --------
    >>> import pandas as pd
    >>> ages = pd.DataFrame({"age": [1.0, 0.5, 0.8, -1.0]})
    >>> _, new = learn_cox(ages, np.array([1, 3, 2, 4]), np.array([1, 1, 1, 0]), ages)
    >>> bool(new[0] > new[3])
    True
    """
    varying = [name for name in known if known[name].nunique() > 1]
    if not varying:
        return np.zeros(len(known)), np.zeros(len(new))
    model = fit_hazards(known[varying], time, event, penalizer=PENALIZER)
    weights = model.params_[varying].to_numpy()
    return known[varying].to_numpy() @ weights, new[varying].to_numpy() @ weights


def learn_visits(
    visits: Sequence[Sequence[str]], *, seed: int, epochs: int = 60, hidden: int = 8
) -> Learner:
    """Return a learner that reads visits in their order by a recurrent network.

    Parameters
    ----------
    visits : sequence of sequence of str
        By visit: the columns that belong to it, as many for each. All other columns are
        covariates that do not change.
    seed : int
        Of the network's first weights.
    epochs, hidden : int
        Steps of training, and units of the recurrent layer; set beforehand.

    Returns
    -------
    function
        For :func:`cross_validate`.

    Raises
    ------
    ValueError
        If visits have no columns, or different numbers of them.

    Examples
    --------
    >>> import pandas as pd
    >>> learn = learn_visits([["a"], ["b"]], seed=0, epochs=2)
    >>> x = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0], "age": [1.0, 2.0, 3.0]})
    >>> learn(x, np.array([1, 2, 3]), np.array([1, 1, 0]), x)[1].shape
    (3,)
    """
    columns = [list(visit) for visit in visits]
    if not columns or not columns[0] or len({len(visit) for visit in columns}) > 1:
        raise ValueError(f"visits must be lists of as many columns each, got {columns}")

    def _learn(known, time, event, new):
        import torch

        from companion.in_torch import VisitNetwork, fit_cox, predict_risk

        fixed = [name for name in known if not any(name in visit for visit in columns)]

        def _inputs(table):
            series = np.stack([table[visit].to_numpy() for visit in columns], axis=1)  # (N, T, D)
            parts = [series, table[fixed].to_numpy()] if fixed else [series]
            return tuple(torch.tensor(part, dtype=torch.float32) for part in parts)

        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = VisitNetwork(len(columns[0]), len(fixed), hidden)
        given = torch.tensor(time), torch.tensor(event)
        fit_cox(model, _inputs(known), *given, epochs=epochs)
        return predict_risk(model, _inputs(known)), predict_risk(model, _inputs(new))

    return _learn


def _draw_folds(event, folds, rng):
    """Deal patients out like cards, those with an event first."""
    fold = np.empty(len(event), int)
    order = np.concatenate([rng.permutation(np.flatnonzero(event == kind)) for kind in (1, 0)])
    fold[order] = np.arange(len(event)) % folds
    return fold
