"""What chapter 6.3 hands to its page: covariates, wrong ways to count, bad input, stored tables."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from companion.data import DatasetUnavailable, load_breast_mri
from companion.pages import c6_3_prognosis as page
from companion.pages.tables import read_table


def women(count=40):
    """Return a table in the form of I-SPY 1, of nobody."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {f"diameter_{n}_mm": rng.uniform(10, 90, count) for n in range(1, 5)},
        index=np.arange(1, count + 1),
    )
    table["diameter_4_mm"] = table.diameter_4_mm.where(table.index % 5 > 0)
    table["age_years"], table["hr"], table["her2"] = 50.0, 1.0, 0.0
    table["pcr"] = (table.index % 3 == 0).astype(float)
    table["rcb_class"] = np.where(table.index % 4, 2.0, np.nan)
    return table


def test_changes_are_against_the_first_visit_and_gaps_are_told():
    table = women()
    found = page.covariates_of(table)
    own, seen = table.loc[7], found.loc[7]
    assert seen.size_1 == pytest.approx(np.log(own.diameter_1_mm + 5))
    right = np.log((own.diameter_3_mm + 5) / (own.diameter_1_mm + 5))
    assert seen.change_3 == pytest.approx(right)
    assert found.size_4_missing.tolist() == table.diameter_4_mm.isna().tolist()
    assert found.rcb_class_missing.sum() == 10
    assert set().union(*page.MODELS.values()) <= set(found)


def test_a_table_without_visits_gives_what_it_has():
    found = page.covariates_of(women()[["age_years", "hr", "diameter_1_mm"]])
    assert list(found) == ["age_years", "hr", "size_1", "size_1_missing"]
    stand_in = page.covariates_of(load_breast_mri(fallback="lifelines").table)
    assert {"age_years", "hr", "size_1"} <= set(stand_in)


def test_every_covariate_has_its_day_and_the_tissue_is_the_last():
    days = page.known_days()
    assert set(page.covariates_of(women())) == set(days)
    late = {name for name, day in days.items() if day == max(days.values())}
    assert late == {"pcr", "rcb_class", "pcr_missing", "rcb_class_missing"}
    assert days["age_years"] == days["size_1"] == 0 < days["size_2"] < days["size_4"]
    assert max(days.values()) <= page.LANDMARK_DAYS


def test_early_events_are_counted_by_response():
    table = women().assign(recurrence_free_days=300.0, recurred=False)
    table.loc[[1, 2, 3], "recurred"] = True
    table.loc[[2, 3, 4], "recurrence_free_days"] = 100.0
    assert page.early_events(table, 240.0).splitlines() == [
        "events up to day 240: 2, of responders 1",
        "women with an event, residual burden not classed: 0 of 10",
        "women with an event, residual burden classed: 3 of 30",
    ]
    assert page.early_events(table.drop(columns="pcr"), 240.0).startswith("this table has no")


def test_the_two_wrong_ways_lie_on_both_sides_of_the_right_one():
    time, event = np.array([100.0, 200, 300, 400, 900, 900]), np.array([1, 0, 1, 0, 0, 0], bool)
    found = page.three_ways(time, event, 730.5).iloc[:, 0]
    assert found.iloc[0] == "2 of 6 women"
    out, well, right = (float(found.iloc[n].split()[0]) for n in (1, 2, 3))
    assert well == pytest.approx(2 / 6, abs=1e-3)
    assert out == pytest.approx(2 / 4, abs=1e-3)
    assert well < right < out
    assert right == pytest.approx(1 - 5 / 6 * 3 / 4, abs=1e-3)


def test_one_woman_has_a_rising_risk_inside_its_band():
    rng = np.random.default_rng(1)
    x = pd.DataFrame({"a": rng.normal(size=80)})
    time, event = rng.exponential(500, 80) + 1, rng.random(80) < 0.7
    risk = page.boot_risk(x, time, event, x.iloc[:1], [0.0, 200.0, 400.0], rng, draws=15)
    assert risk[:, 0].tolist() == [0, 0, 0]
    assert (np.diff(risk, axis=1) > 0).all()
    assert (risk[1] <= risk[2]).all()


def test_what_is_not_there_is_said_and_nothing_is_put_in_its_place(capsys):
    def load_nothing():
        raise DatasetUnavailable("no")

    assert page.if_there(load_nothing) is None
    assert page.icu_table(None).empty


def test_every_fault_is_named_and_one_that_is_not_noticed_is_an_error(monkeypatch):
    rng = np.random.default_rng(1)
    x = pd.DataFrame({"a": rng.normal(size=90), "b": rng.normal(size=90)})
    time, event = rng.uniform(180, 2500, 90), rng.random(90) < 0.5
    said = " ".join(page.bad_input(x, time, event).split())
    for part in (
        "days and months mixed: time looks like two units mixed: 30 values",
        "got one event among 90 patients",
        "a patient twice: patients must each stand once, got 1 more than once: ['0']",
        "an outcome as covariate: the covariates separate who has the event",
    ):
        assert part in said
    monkeypatch.setattr("companion.applications.fit_hazards", lambda *study: None)
    with pytest.raises(RuntimeError, match="a negative time: was not noticed"):
        page.bad_input(x, time, event)


def test_differences_never_show_a_minus_before_zero():
    assert page.written([0.07, -0.001, 0.14]) == "0.07 [0.00, 0.14]"
    assert page.written([0.5]) == "0.50"


def test_the_backstage_loads_no_framework():
    code = (
        "import sys, companion.pages.c6_3_prognosis\n"
        "print({'torch', 'scipy', 'pandas', 'lifelines', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_stored_model_has_its_scores_and_its_calibration():
    table = read_table("prognosis_models")
    for study in (*table["women"].values(), table["nuclei"]):
        assert study["events"] < study["patients"]
        for model, scores in study["scores"].items():
            for value, *ends in scores.values():
                assert not ends or 0 <= ends[0] <= value <= ends[1] <= 1, model
        for groups in study["calibration"].values():
            assert sum(row[0] for row in groups.values()) == 2 * study["patients"]
    assert list(table["women"]) == ["day 0", "day 240", "day 365"]


def test_intervals_of_prognostic_scores_held():
    for row in read_table("survival_coverage")["rows"]:
        for name, score in row["scores"].items():
            if row["events"] >= 60:
                assert 0.93 <= score["held"] <= 0.97, (row["events"], name)
                assert score["mean"] == pytest.approx(score["truth"], abs=0.01)
