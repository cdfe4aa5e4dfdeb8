"""The dose of a plan, of one beam, or of one beamlet, on the grid of the CT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.applications._engine import on_ct

if TYPE_CHECKING:
    from companion.applications.planning import Influence, TreatmentPlan


def dose_on_ct(influence: Influence, dose_gy: np.ndarray) -> np.ndarray:
    """Return a dose on the grid of the CT, linearly interpolated from the dose grid.

    Parameters
    ----------
    influence : Influence
        Its dose grid.
    dose_gy : numpy.ndarray
        (voxels,): as ``influence.matrix @ weights``.

    Returns
    -------
    numpy.ndarray
        float64, (D, H, W), in Gy, at least 0.

    Raises
    ------
    ValueError
        If the dose is not of the dose grid.

    Examples
    --------
    >>> from companion.applications import dose_influence, load_tg119
    >>> found = dose_influence(load_tg119(), beams=1, beamlet_mm=20, grid_mm=15, progress=False)
    >>> dose_on_ct(found, found.matrix.sum(axis=1)).shape
    (129, 167, 167)
    """
    dose = np.asarray(dose_gy, float)
    if dose.shape != (influence.matrix.shape[0],):
        raise ValueError(f"dose_gy must be ({influence.matrix.shape[0]},), got {dose.shape}")
    return on_ct(influence, dose)


def beam_doses(influence: Influence, plan: TreatmentPlan) -> np.ndarray:
    """Return what each beam of a plan contributes.

    Parameters
    ----------
    influence : Influence
        From which the plan was made.
    plan : TreatmentPlan
        Its weights and its scale.

    Returns
    -------
    numpy.ndarray
        float32, (beams, D, H, W), in Gy, on the grid of the CT: their sum is the plan's dose.

    Raises
    ------
    ValueError
        If the plan has another number of weights than the influence has beamlets.

    Examples
    --------
    >>> from companion.applications import (
    ...     Objective, dose_influence, load_tg119, optimize_plan
    ... )
    >>> phantom = load_tg119()
    >>> coarse = dose_influence(phantom, beams=2, beamlet_mm=20, grid_mm=15, progress=False)
    >>> asked = [Objective("OuterTarget", "deviation", 50, 100)]
    >>> plan = optimize_plan(phantom, coarse, asked, progress=False)
    >>> doses = beam_doses(coarse, plan)
    >>> float(np.abs(doses.sum(0) - plan.dose_gy).max()) < 1e-3
    True
    """
    if len(plan.weights) != influence.matrix.shape[1]:
        raise ValueError(
            f"plan has {len(plan.weights)} weights, expected {influence.matrix.shape[1]}: it was "
            "made from another influence"
        )
    doses = []
    for beam in range(len(influence.angles_deg)):
        own = influence.beam_of_beamlet == beam
        doses.append(on_ct(influence, influence.matrix[:, own] @ plan.weights[own]) * plan.scale)
    return np.stack(doses).astype(np.float32)
