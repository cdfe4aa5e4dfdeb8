"""Backstage of 6.2's dose: tables from made-up plans, and what the page's figure is given."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from companion.pages import c6_2_treatment as page
from companion.pages.tables import TABLES


def error(kind, error_mm, margin_mm, d95, core):
    return {"kind": kind, "error_mm": error_mm, "margin_mm": margin_mm, "way": "", "dice": 0.9,
            "d95_gy": d95, "core_d10_gy": core, "body_mean_gy": 5.0}  # fmt: skip


@pytest.fixture
def errors():
    """A table of outline errors whose means are known by hand."""
    rows = [error("right", 0.0, m, 50 + m, 20 + m) for m in (0.0, 3.0, 5.0)]
    rows += [error(k, e, 0.0, 48 - e, 21.0) for k in ("grown", "shrunk") for e in (1.5, 3.0)]
    rows += [error("moved", e, 0.0, d, 22.0) for e in (1.5, 3.0) for d in (40.0, 44.0)]
    rows += [error("moved", 3.0, 3.0, 49.0, 25.0)]
    return {"plans": rows}


def test_several_directions_are_a_mean_with_its_ends(errors):
    table = page.error_rows(errors)
    assert list(table.index) == [
        "right", "shrunk 1.5 mm", "shrunk 3 mm", "grown 1.5 mm", "grown 3 mm", "moved 1.5 mm",
        "moved 3 mm",
    ]  # fmt: skip
    assert table["target D95"]["moved 3 mm"] == "42.0 [40.0, 44.0]"
    assert table["target D95"]["right"] == "50.0"
    assert table["Dice"]["grown 3 mm"] == "0.90"


def test_margins_stand_beside_the_plans_without(errors):
    table = page.margin_rows(errors)
    assert table["core D10"]["right, margin 5 mm"] == "25.0"
    assert table["target D95"]["moved 3 mm, margin 3 mm"] == "49.0"


def test_plans_stand_below_their_goals():
    row = {"d10_gy": 54.81, "core_d10_gy": 20.54, "core_mean_gy": 13.0, "body_mean_gy": 4.86}
    table = page.plan_rows({"nine": row})
    assert table.loc["goal"].tolist() == ["at most 55", "at most 25", "", ""]
    assert table.loc["nine"].tolist() == ["54.8", "20.5", "13.0", "4.9"]


def test_what_the_optimiser_saw_stands_beside_what_became_of_it():
    row = {"beamlets": 1043, "objective": 3138.6, "d95_seen_gy": 47.0, "d95_before_gy": 46.5,
           "d10_gy": 55.0, "core_d10_gy": 25.1, "body_mean_gy": 5.6}  # fmt: skip
    table = page.beamlet_rows({"10 mm": row})
    assert table.loc["10 mm"].tolist() == [
        "1,043", "3,139", "47.0", "46.5", "55.0", "25.1", "5.6",
    ]  # fmt: skip


def test_the_tables_of_the_dose_are_known():
    assert {"plans", "contour_dose"} <= set(TABLES)


def test_the_figure_is_given_each_beams_dose():
    pytest.importorskip("pyRadPlan", reason="the extra [planning] is not installed")
    from companion.applications import Objective, dose_influence, load_tg119, optimize_plan

    phantom = load_tg119()
    influence = dose_influence(phantom, beams=2, beamlet_mm=20, grid_mm=15, progress=False)
    plan = optimize_plan(
        phantom, influence, [Objective("OuterTarget", "deviation", 50, 100)], progress=False
    )
    data = page.for_dose(phantom, influence, plan)
    assert (data["rows"], data["columns"], len(data["angles"])) == (55, 106, 2)
    parts = np.frombuffer(base64.b64decode(data["slice"]), "<f2").reshape(2, 55, 106)
    np.testing.assert_allclose(
        parts.astype(float).sum(0), plan.dose_gy[65, 56:111, 30:136], atol=0.1
    )
    target = np.frombuffer(base64.b64decode(data["structures"]["target"]["doses"]), "<f2")
    assert target.size == 2 * 500
    shown = target.reshape(2, 500).astype(float).sum(0)
    assert np.percentile(shown, 5) == pytest.approx(50, abs=0.1)  # as in all voxels
    row = page.goal_row(phantom, plan)
    assert float(row["target D10"]) > 50
    assert page.plot_slice(phantom, plan.dose_gy).get_xlabel() == "mm"
    assert len(page.plot_dose_planes(phantom, plan.dose_gy)) == 3
    assert page.plot_beams(phantom, [0, 90]).get_ylabel() == "mm"
