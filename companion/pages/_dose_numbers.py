"""Tables of chapter 6.2's dose: plans beside their goals, errors of the outline, margins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from companion.applications import Phantom, TreatmentPlan

_COLUMNS = {
    "d10_gy": "target D10", "core_d10_gy": "core D10", "core_mean_gy": "core mean",
    "body_mean_gy": "body mean",
}  # fmt: skip
_GOALS = {"target D10": "at most 55", "core D10": "at most 25"}


def goal_row(phantom: Phantom, plan: TreatmentPlan) -> dict[str, str]:
    """Return a plan's numbers that have goals, and its mean doses.

    Parameters
    ----------
    phantom : companion.applications.Phantom
        The outlines that judge.
    plan : companion.applications.TreatmentPlan
        Scaled.

    Returns
    -------
    dict of str to str
        In Gy, one digit.
    """
    from companion.applications import dose_at_volume

    target, core, body = (phantom.structures[n] for n in ("OuterTarget", "Core", "BODY"))
    found = {
        "target D10": dose_at_volume(plan.dose_gy, target, 10),
        "core D10": dose_at_volume(plan.dose_gy, core, 10),
        "core mean": plan.dose_gy[core].mean(), "body mean": plan.dose_gy[body & ~target].mean(),
    }  # fmt: skip
    return {name: f"{value:.1f}" for name, value in found.items()}


def plan_rows(plans: Mapping[str, Mapping]) -> pd.DataFrame:
    """Return stored plans in Gy, the published goals above them.

    Parameters
    ----------
    plans : mapping of str to mapping
        By name, rows of the stored table.

    Returns
    -------
    pandas.DataFrame
        One plan a row.
    """
    import pandas as pd

    rows = {
        name: {said: f"{row[key]:.1f}" for key, said in _COLUMNS.items()}
        for name, row in plans.items()
    }
    return pd.DataFrame.from_dict({"goal": _GOALS} | rows, orient="index").fillna("")


def beamlet_rows(plans: Mapping[str, Mapping]) -> pd.DataFrame:
    """Return what the optimiser saw, and what became of it between its points.

    Parameters
    ----------
    plans : mapping of str to mapping
        By name, rows of the stored table.

    Returns
    -------
    pandas.DataFrame
        D95 before scaling: in the voxels of the dose grid, and in those of the CT; then, scaled
        to the target's D95, its D10, the core's and the mean of the body.
    """
    import pandas as pd

    return pd.DataFrame.from_dict(
        {
            name: {
                "beamlets": f"{row['beamlets']:,}", "objective": f"{row['objective']:,.0f}",
                "D95 at its points": f"{row['d95_seen_gy']:.1f}",
                "D95 in all voxels": f"{row['d95_before_gy']:.1f}",
                "D10, scaled": f"{row['d10_gy']:.1f}",
                "core D10, scaled": f"{row['core_d10_gy']:.1f}",
                "body mean": f"{row['body_mean_gy']:.1f}",
            }
            for name, row in plans.items()
        },
        orient="index",
    )  # fmt: skip


def error_rows(table: Mapping) -> pd.DataFrame:
    """Return what wrong outlines did: the plan without error, then each kind and size.

    Parameters
    ----------
    table : mapping
        As ``read_table("contour_dose")``.

    Returns
    -------
    pandas.DataFrame
        Several directions as their mean, least and greatest in brackets.
    """
    rows = [r for r in table["plans"] if r["margin_mm"] == 0]
    order = [("right", 0.0)] + [
        (k, e) for k in ("shrunk", "grown", "moved") for e in (1.5, 3.0)
    ]  # fmt: skip
    return _table({
        f"{kind} {error:g} mm" if error else kind: [
            r for r in rows if (r["kind"], r["error_mm"]) == (kind, error)
        ]
        for kind, error in order
    })  # fmt: skip


def margin_rows(table: Mapping) -> pd.DataFrame:
    """Return what a margin saves when the outline is moved, and what it costs.

    Parameters
    ----------
    table : mapping
        As ``read_table("contour_dose")``.

    Returns
    -------
    pandas.DataFrame
        As :func:`error_rows`.
    """
    names = {
        "right, no margin": ("right", 0.0, 0.0), "right, margin 3 mm": ("right", 0.0, 3.0),
        "right, margin 5 mm": ("right", 0.0, 5.0), "moved 3 mm, no margin": ("moved", 3.0, 0.0),
        "moved 3 mm, margin 3 mm": ("moved", 3.0, 3.0),
    }  # fmt: skip
    return _table({
        name: [r for r in table["plans"] if (r["kind"], r["error_mm"], r["margin_mm"]) == which]
        for name, which in names.items()
    })  # fmt: skip


def _table(groups):
    import pandas as pd

    columns = {"d95_gy": "target D95", "core_d10_gy": "core D10", "body_mean_gy": "body mean",
               "dice": "Dice"}  # fmt: skip
    return pd.DataFrame.from_dict(
        {
            name: {
                said: _spread([r[key] for r in rows], 2 if key == "dice" else 1)
                for key, said in columns.items()
            }
            for name, rows in groups.items()
        },
        orient="index",
    )


def _spread(values, digits):
    middle = f"{np.mean(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} [{min(values):.{digits}f}, {max(values):.{digits}f}]"
