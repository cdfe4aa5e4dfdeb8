"""Cox's model as lifelines fits it, with faults of the data named before they become numbers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from companion.applications._censoring import followed
from companion.applications._numbers import vector

if TYPE_CHECKING:
    import pandas as pd
    from lifelines import CoxPHFitter

#: A coefficient so large, in standard deviations of its covariate, is looked at for separation.
_SUSPICIOUS = 1.0


def fit_hazards(
    covariates: pd.DataFrame, time: np.ndarray, event: np.ndarray, *, penalizer: float = 0.0
) -> CoxPHFitter:
    """Fit Cox's proportional hazards model, ties by Efron's way.

    Parameters
    ----------
    covariates : pandas.DataFrame
        One row a patient, one column a covariate: finite numbers, none constant. The index names
        the patients; each may stand once.
    time, event : array_like
        As for :func:`companion.applications.check_follow_up`.
    penalizer : float
        Weight of the squared coefficients, as lifelines has it; 0 for none.

    Returns
    -------
    lifelines.CoxPHFitter
        Fitted.

    Raises
    ------
    ValueError
        As :func:`companion.applications.check_follow_up`; if a covariate is missing, infinite or
        constant, or a patient stands twice; or if the covariates separate who has the event from
        who has not, so that the coefficients grow without end.

    References
    ----------
    Heinze and Schemper, Biometrics 57 (2001) 114, on separation.
    doi:10.1111/j.0006-341X.2001.00114.x

    Examples
    --------
    >>> import pandas as pd
    >>> ages = pd.DataFrame({"age": [50, 60, 70, 40, 65]})
    >>> model = fit_hazards(ages, [5, 3, 4, 6, 7], [1, 1, 1, 0, 0])
    >>> bool(model.params_["age"] > 0)
    True
    """
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning

    study = followed(time, event, covariates.index)
    for name in covariates:
        try:
            values = vector(f"covariate {name!r}", covariates[name], len(study))
        except ValueError as problem:
            raise ValueError(f"{problem}: impute it, or leave the patient out") from None
        if values.min() == values.max():
            raise ValueError(f"covariate {name!r} is {values[0]:g} for everybody: leave it out")
    frame = covariates.astype(float).assign(_time=study.time, _event=study.event)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is looked at below
            model = CoxPHFitter(penalizer=penalizer).fit(frame, "_time", "_event")
    except ConvergenceError as problem:
        reason = str(problem).split("\n")[0]
        raise ValueError(f"the model cannot be fitted, {_blame(covariates)}: {reason}") from problem
    if penalizer == 0 and _separated(model, covariates, study):
        raise ValueError(
            f"the covariates separate who has the event from who has not, "
            f"{_blame(covariates, model)}: no finite coefficient is best. Leave one out, or set "
            f"penalizer"
        )
    return model


def baseline_survival(
    risk: np.ndarray, time: np.ndarray, event: np.ndarray, horizons: np.ndarray
) -> np.ndarray:
    """Return the share without an event at each horizon, for a patient of risk 0.

    Breslow's estimate: at each event the hazard grows by one over the summed hazard ratios of all
    at risk. A patient of risk r has this share to the power of exp(r). So any network that gives
    risks also gives probabilities.

    Parameters
    ----------
    risk : array_like
        (N,): logarithms of hazard ratios of the patients on whom the model was fitted.
    time, event : array_like
        As for :func:`companion.applications.check_follow_up`.
    horizons : array_like
        (T,), in the unit of `time`.

    Returns
    -------
    numpy.ndarray
        float64, (T,), in [0, 1].

    Raises
    ------
    ValueError
        As :func:`companion.applications.check_follow_up`, or if a risk is not finite.

    References
    ----------
    Breslow, in the discussion of Cox, Journal of the Royal Statistical Society B 34 (1972) 216.

    Examples
    --------
    >>> baseline_survival([0, 0, 0], [1, 2, 3], [1, 1, 0], [0.5, 1.5, 2.5]).round(2).tolist()
    [1.0, 0.72, 0.43]
    """
    study = followed(time, event)
    risk = vector("risk", risk, len(study))
    horizons = vector("horizons", horizons)
    ratios = np.exp(risk)
    at_risk = np.array([ratios[study.time >= t].sum() for t in study.time[study.event]])
    before = study.time[study.event] <= horizons[:, None]  # (T, events)
    return np.exp(-(before / at_risk).sum(axis=1))


def _separated(model, covariates, study):
    """Tell whether twice the great coefficients, one or all, fit as well as those found.

    At a true optimum they fit worse; without one they fit better and better.
    """
    import torch

    from companion.in_torch import cox_loss

    beta, centred = model.params_.to_numpy(), (covariates - covariates.mean()).to_numpy(float)
    great = np.abs(beta) * covariates.std().to_numpy() > _SUSPICIOUS
    if not great.any():
        return False
    doubled = [great, *(np.arange(len(beta)) == place for place in np.flatnonzero(great))]
    time, event = torch.tensor(study.time), torch.tensor(study.event)
    found, *others = (
        float(cox_loss(torch.tensor(centred @ (beta * (1 + own))), time, event))
        for own in (np.zeros(len(beta)), *doubled)
    )
    return min(others) <= found + 1e-6


def _blame(covariates, model=None):
    """Name the covariate whose coefficient is the greatest, in its standard deviations."""
    if model is None:
        return f"covariates {list(covariates)}"
    weight = np.abs(model.params_.to_numpy()) * covariates.std().to_numpy()
    return f"most of all {covariates.columns[int(np.argmax(weight))]!r}"
