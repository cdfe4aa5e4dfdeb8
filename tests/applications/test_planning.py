"""Plans by pyRadPlan: against the engine itself, by the formula, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyRadPlan", reason="the extra [planning] is not installed")

from companion.applications import (
    Objective,
    beam_doses,
    dose_at_volume,
    dose_influence,
    dose_on_ct,
    load_tg119,
    optimize_plan,
)

ASKED = [
    Objective("OuterTarget", "deviation", 50, 1000),
    Objective("Core", "overdose", 15, 300),
    Objective("BODY", "overdose", 40, 10),
]


@pytest.fixture(scope="module")
def phantom():
    return load_tg119()


@pytest.fixture(scope="module")
def influence(phantom):
    return dose_influence(phantom, beams=3, beamlet_mm=15, grid_mm=10, progress=False)


@pytest.fixture(scope="module")
def plan(phantom, influence):
    return optimize_plan(phantom, influence, ASKED, progress=False)


def test_the_phantom_is_the_one_that_was_published(phantom):
    assert phantom.ct_hu.shape == (129, 167, 167)
    assert phantom.spacing_mm == (2.5, 3, 3)
    structures = phantom.structures
    assert (structures["BODY"] & structures["OuterTarget"]).sum() == 7458
    assert not (structures["Core"] & structures["OuterTarget"]).any()


def test_a_plan_is_scaled_to_the_d95_that_is_asked(phantom, influence, plan):
    target = phantom.structures["OuterTarget"]
    assert dose_at_volume(plan.dose_gy, target, 95) == pytest.approx(50, abs=1e-3)
    higher = optimize_plan(phantom, influence, ASKED, d95_gy=60, progress=False)
    np.testing.assert_allclose(higher.dose_gy, plan.dose_gy * 1.2, rtol=1e-4, atol=1e-4)


def test_weights_are_never_negative_and_the_dose_is_their_sum(influence, plan):
    assert plan.weights.min() >= 0
    whole = dose_on_ct(influence, influence.matrix @ plan.weights) * plan.scale
    np.testing.assert_allclose(plan.dose_gy, whole, rtol=1e-4, atol=1e-4)


def test_beams_add_up_to_the_plan(influence, plan):
    beams = beam_doses(influence, plan)
    assert len(beams) == 3
    np.testing.assert_allclose(beams.sum(0), plan.dose_gy, rtol=1e-3, atol=1e-3)


def test_doses_on_the_ct_are_those_of_the_library(influence, plan):
    import SimpleITK as sitk

    theirs = influence.engine[0].compute_result_ct_grid(plan.weights)["physical_dose"]
    ours = dose_on_ct(influence, influence.matrix @ plan.weights)
    np.testing.assert_allclose(ours, sitk.GetArrayFromImage(theirs), rtol=1e-4, atol=1e-4)


def test_the_objective_is_the_books_formula(phantom, influence, plan):
    ct, structures = phantom.engine
    dose = influence.matrix @ plan.weights
    grid = ct.resample_to_grid(influence.engine[0].dose_grid)
    own = structures.apply_overlap_priorities().resample_on_new_ct(grid)
    rows = {voi.name: voi.indices_numpy for voi in own.vois}
    target, core, body = (dose[rows[o.structure]] for o in ASKED)
    value = 1000 * ((target - 50) ** 2).mean()
    value += 300 * (np.maximum(core - 15, 0) ** 2).mean()
    value += 10 * (np.maximum(body - 40, 0) ** 2).mean()
    assert plan.objective == pytest.approx(value, rel=1e-4)


def test_no_weight_near_the_optimum_is_better(phantom, influence, plan, rng):
    """The optimiser has stopped, so a step in any allowed direction gains next to nothing."""
    ct, structures = phantom.engine
    grid = ct.resample_to_grid(influence.engine[0].dose_grid)
    own = structures.apply_overlap_priorities().resample_on_new_ct(grid)
    rows = {voi.name: voi.indices_numpy for voi in own.vois}

    def value(weights):
        target, core, body = (influence.matrix[rows[o.structure]] @ weights for o in ASKED)
        return (
            1000 * ((target - 50) ** 2).mean()
            + 300 * (np.maximum(core - 15, 0) ** 2).mean()
            + 10 * (np.maximum(body - 40, 0) ** 2).mean()
        )

    least = value(plan.weights)
    for _ in range(5):
        step = rng.normal(0, 0.05 * plan.weights.mean(), len(plan.weights))
        assert value(np.maximum(plan.weights + step, 0)) > 0.999 * least


def test_a_heavier_core_spares_the_core(phantom, influence, plan):
    light = optimize_plan(phantom, influence, ASKED[:1] + ASKED[2:], progress=False)
    core = phantom.structures["Core"]
    assert dose_at_volume(plan.dose_gy, core, 10) < dose_at_volume(light.dose_gy, core, 10) - 5


def test_protons_leave_less_dose_in_the_body(phantom, plan):
    own = dose_influence(phantom, particle="protons", beams=3, beamlet_mm=15, grid_mm=10,
                         progress=False)  # fmt: skip
    protons = optimize_plan(phantom, own, ASKED, progress=False)
    body = phantom.structures["BODY"]
    assert protons.dose_gy[body].mean() < 0.7 * plan.dose_gy[body].mean()


def test_an_outline_drawn_anew_changes_the_plan_and_not_the_phantom(phantom, influence, plan):
    target = phantom.structures["OuterTarget"]
    half = target.copy()
    half[:64] = False
    other = phantom.redrawn(OuterTarget=half)
    assert phantom.structures["OuterTarget"] is target
    changed = optimize_plan(other, influence, ASKED, progress=False)
    left_out = target & ~half
    assert changed.dose_gy[left_out].mean() < plan.dose_gy[left_out].mean() - 5


def test_bars_are_shown_only_where_they_are_asked_for(phantom, influence, capfd):
    optimize_plan(phantom, influence, ASKED, progress=False)
    quiet = capfd.readouterr()
    assert quiet.out == quiet.err == ""
    optimize_plan(phantom, influence, ASKED)
    assert "Optimiser" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"particle": "neutrons"}, "particle must be one of photons, protons, got 'neutrons'"),
        ({"beams": 0}, "beams must be a whole number above 0, got 0"),
        ({"beams": 2.5}, "beams must be a whole number"),
        ({"beamlet_mm": 0}, "beamlet_mm must be a number above 0, got 0"),
        ({"grid_mm": np.nan}, "grid_mm must be a number above 0, got nan"),
    ],
)
def test_impossible_beams_are_refused(phantom, how, said):
    with pytest.raises(ValueError, match=said):
        dose_influence(phantom, progress=False, **how)


def test_impossible_wishes_are_refused(phantom, influence, plan):
    with pytest.raises(ValueError, match="kind must be one of deviation, overdose, underdose"):
        Objective("Core", "maximum", 15, 1)
    with pytest.raises(ValueError, match="weight must be a number of at least 0, got -1"):
        Objective("Core", "overdose", 15, -1)
    with pytest.raises(ValueError, match=r"structures of the phantom .* got \['Liver'\]"):
        optimize_plan(phantom, influence, [Objective("Liver", "overdose", 1, 1)], progress=False)
    with pytest.raises(ValueError, match="got none"):
        optimize_plan(phantom, influence, [], progress=False)
    with pytest.raises(ValueError, match="the target gets no dose"):
        optimize_plan(phantom, influence, [Objective("Core", "overdose", 1, 1)], progress=False)
    with pytest.raises(ValueError, match="d95_gy must be a dose above 0"):
        optimize_plan(phantom, influence, ASKED, d95_gy=0, progress=False)
    with pytest.raises(ValueError, match="'Liver' is not one of the structures"):
        phantom.redrawn(Liver=phantom.structures["Core"])
    with pytest.raises(ValueError, match="not empty"):
        phantom.redrawn(Core=np.zeros_like(phantom.structures["Core"]))
    with pytest.raises(ValueError, match=r"must be \(129, 167, 167\)"):
        phantom.redrawn(Core=np.ones((2, 2, 2)))
    other = dose_influence(phantom, beams=1, beamlet_mm=20, grid_mm=15, progress=False)
    with pytest.raises(ValueError, match="another influence"):
        beam_doses(other, plan)
    with pytest.raises(ValueError, match="dose_gy must be"):
        dose_on_ct(other, np.ones(3))
