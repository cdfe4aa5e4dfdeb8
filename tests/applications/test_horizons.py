"""What is said at a horizon is Kaplan and Meier's, what is used was known, units are one."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from companion.applications import (
    baseline_survival,
    calibration_at,
    check_units,
    draw_follow_up,
    fit_hazards,
    landmark,
    risk_by,
)


@pytest.fixture
def study(rng):
    """Phantom patients."""
    return draw_follow_up(rng, 200, spread=1.0)


def test_risk_is_that_of_lifelines_and_of_greenwood(study):
    from lifelines import KaplanMeierFitter

    kept = KaplanMeierFitter().fit(study.time, study.event)
    found = risk_by(study.time, study.event, 1.0)
    assert found.value == pytest.approx(1 - kept.predict(1.0), abs=1e-12)
    # Half of the interval's width, against Greenwood's standard error.
    sums = sum(
        1 / (n * (n - 1)) for n in [(study.time >= t).sum() for t in study.time[study.event]
                                    if t <= 1]
    )  # fmt: skip
    error = (1 - found.value) * np.sqrt(sums)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.03)


def test_an_interval_stays_in_its_range_and_holds_its_value():
    none = risk_by(np.arange(1, 21), np.zeros(20), 10)
    assert none.value == 0 == none.low
    assert 0.2 < none.high < 0.4, "nobody of eleven"
    everyone = risk_by([1, 2, 3], [1, 1, 1], 3.5)
    assert everyone.reason == "nobody is followed to the horizon"
    assert risk_by([1, 2, 3], [1, 1, 1], 3).value == 1


def test_intervals_of_a_risk_hold_as_often_as_they_say():
    rng, held = np.random.default_rng(5), 0
    right = 1 - np.exp(-1.0)
    for _ in range(400):
        drawn = draw_follow_up(rng, 60, spread=0.0, censoring=0.5)
        found = risk_by(drawn.time, drawn.event, 1.0)
        held += found.low <= right <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_groups_are_counted_and_compared(study):
    predicted = 1 - np.exp(-np.exp(study.risk))
    table = calibration_at(study.time, study.event, predicted, 1.0, groups=4)
    assert table.patients.tolist() == [50, 50, 50, 50, 200]
    assert table.events[:-1].sum() == table.events["all"]
    assert (table.low <= table.predicted).all(), "the predictions are true"
    assert (table.predicted <= table.high).all()
    assert table.observed["all"] == risk_by(study.time, study.event, 1.0).value


def test_patients_of_one_risk_stay_together(study):
    table = calibration_at(study.time, study.event, np.full(200, 0.3), 1.0)
    assert table.index.tolist() == ["1", "all"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": 21}, "of ten patients, got 21 for 200"),
        ({"groups": 0}, "groups"),
        ({"predicted_risk": np.full(200, 1.2)}, "predicted_risk must be in"),
        ({"horizon": 3.0}, "horizon must be"),
    ],
)
def test_calibration_refuses(study, change, message):
    given = {"predicted_risk": np.full(200, 0.5), "horizon": 1.0} | change
    with pytest.raises(ValueError, match=message):
        calibration_at(study.time, study.event, **given)


WOMEN = pd.DataFrame(
    {"days": [90, 241, 300, 400, 500], "event": [1, 0, 1, 1, 0], "pcr": [np.nan, 1, 0, 0, 1],
     "age": 50.0}
)  # fmt: skip
ASKED = {"time": "days", "event": "event", "covariates": ["pcr", "age"],
         "known_at": {"pcr": 200, "age": 0}}  # fmt: skip


def test_a_landmark_counts_from_there_and_leaves_its_table():
    before = WOMEN.copy()
    left = landmark(WOMEN, 240, **ASKED)
    assert left.days.tolist() == [1, 60, 160, 260]
    assert left.index.tolist() == [1, 2, 3, 4]
    pd.testing.assert_frame_equal(WOMEN, before)


@pytest.mark.parametrize(
    ("at", "change", "message"),
    [
        (100, {}, r"known at the landmark, 100, got some that are known later: \{'pcr': 200\}"),
        (240, {"known_at": {"pcr": 200}}, r"it lacks \['age'\]"),
        (240, {"covariates": ["rcb"]}, r"lacks the columns \['rcb'\]"),
        (350, {}, "3 patients|2 patients and 1 events are left"),
        (-1, {}, "at must be above 0"),
    ],
)
def test_a_landmark_refuses(at, change, message):
    with pytest.raises(ValueError, match=message):
        landmark(WOMEN, at, **(ASKED | change))


def test_a_landmark_refuses_a_patient_who_stands_twice():
    with pytest.raises(ValueError, match="more than once"):
        landmark(pd.concat([WOMEN, WOMEN.iloc[:1]]), 240, **ASKED)


@pytest.mark.parametrize("share", [0.15, 0.5, 0.8])
def test_days_and_months_mixed_are_found(rng, share):
    days = rng.uniform(180, 2500, 200)
    check_units(days)
    check_units(days / 30.4375)
    months = rng.random(200) < share
    days[months] /= 30.4375
    with pytest.raises(ValueError, match="two units mixed"):
        check_units(days)


def test_one_unit_raises_no_false_alarm(rng):
    from lifelines import datasets

    for _ in range(50):
        check_units(draw_follow_up(rng, 150, spread=1.0, censoring=1.0).time)
    check_units(datasets.load_gbsg2().time)
    check_units(datasets.load_lung().time)
    check_units([3.0, 4.0])
    with pytest.raises(ValueError, match="above 0"):
        check_units([1, 0, 2])


def test_cox_is_that_of_lifelines_and_its_baseline_too(study, rng):
    from lifelines import CoxPHFitter

    x = pd.DataFrame({"a": study.risk + rng.normal(size=200), "b": rng.normal(size=200)})
    model = fit_hazards(x, study.time, study.event)
    frame = x.assign(t=study.time, e=study.event)
    other = CoxPHFitter().fit(frame, "t", "e")
    pd.testing.assert_series_equal(model.params_, other.params_)
    risk = model.predict_log_partial_hazard(x).to_numpy()
    # Between events lifelines draws straight lines; the estimate is a staircase.
    horizons = np.sort(study.time[study.event])[[20, 50, 90]]
    found = baseline_survival(risk, study.time, study.event, horizons)[:, None] ** np.exp(risk)
    theirs = model.predict_survival_function(x, times=horizons).to_numpy()
    np.testing.assert_allclose(found, theirs, atol=1e-9)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.inf, "covariate 'a' must be finite, got 1 values"),
        (np.nan, "impute it, or leave the patient out"),
    ],
)
def test_cox_refuses_what_is_not_finite(study, values, message):
    x = pd.DataFrame({"a": study.risk.copy()})
    x.loc[3, "a"] = values
    with pytest.raises(ValueError, match=message):
        fit_hazards(x, study.time, study.event)


def test_cox_refuses_a_constant_and_a_patient_twice(study):
    with pytest.raises(ValueError, match="'a' is 2 for everybody"):
        fit_hazards(pd.DataFrame({"a": np.full(200, 2.0)}), study.time, study.event)
    x = pd.DataFrame({"a": study.risk}, index=np.arange(200) // 2)
    with pytest.raises(ValueError, match="100 more than once"):
        fit_hazards(x, study.time, study.event)


@pytest.mark.parametrize("kind", ["order", "group", "sum"])
def test_separation_is_named(rng, kind):
    time, event = np.arange(1, 41), np.arange(40) < 20
    a = {"order": -time, "group": event, "sum": -time + 50 * rng.normal(size=40)}[kind]
    x = pd.DataFrame({"a": a.astype(float), "b": rng.normal(size=40)})
    if kind == "sum":
        x["b"] = -time - x.a
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="separate|cannot be fitted"):
            fit_hazards(x, time, event)
        fit_hazards(x, time, event, penalizer=0.1)


def test_strong_effects_are_no_separation(rng):
    strong = draw_follow_up(rng, 300, spread=4.0, censoring=0.0, end=50.0)
    model = fit_hazards(pd.DataFrame({"a": strong.risk}), strong.time, strong.event)
    assert model.params_["a"] == pytest.approx(1, abs=0.2)
