"""What the page's dose figure is operated with: each beam's dose, in one slice and some voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.pages._dose_figures import GOALS, NAMES, PART, middle_slice
from companion.pages.operated import packed

if TYPE_CHECKING:
    from companion.applications import Influence, Phantom, TreatmentPlan


def for_dose(phantom: Phantom, influence: Influence, plan: TreatmentPlan) -> dict:
    """Return what the page's dose figure needs: each beam's dose, in one slice and in some voxels.

    Parameters
    ----------
    phantom : companion.applications.Phantom
        CT and outlines.
    influence : companion.applications.Influence
        From which the plan was made.
    plan : companion.applications.TreatmentPlan
        Its beams are the columns.

    Returns
    -------
    dict
        For :func:`companion.pages.operate`.
    """
    from skimage.measure import find_contours

    from companion.applications import beam_doses

    doses = beam_doses(influence, plan)
    middle = middle_slice(phantom)
    ct = np.clip((phantom.ct_hu[middle][PART] + 200) / 500, 0, 1)
    structures = {}
    for name, count in {"OuterTarget": 500, "Core": 250, "BODY": 700}.items():
        voxels = np.flatnonzero(phantom.structures[name])
        voxels = voxels[np.argsort(plan.dose_gy.ravel()[voxels], kind="stable")]
        # evenly by dose, so that few voxels have the percentiles of all
        chosen = voxels[np.linspace(0, len(voxels) - 1, min(count, len(voxels))).astype(int)]
        lines = find_contours(np.pad(phantom.structures[name][middle][PART], 1).astype(float), 0.5)
        structures[NAMES[name]] = {
            "outline": [(line[::4, ::-1] - 0.5).round(1) for line in lines],
            "count": len(chosen), "doses": packed(doses.reshape(len(doses), -1)[:, chosen]),
        }  # fmt: skip
    rows, columns = ct.shape
    return {
        "angles": influence.angles_deg, "rows": rows, "columns": columns,
        "ct": packed(np.round(60 + 150 * ct), "u1"), "slice": packed(doses[:, middle][:, *PART]),
        "structures": structures, "goals": GOALS,
    }  # fmt: skip
