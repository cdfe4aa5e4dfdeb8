"""The stored tables are whole, say whence they come."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import numpy as np
import pytest

from companion.evaluation.report import METRICS
from companion.explanation import BASELINES, METHODS
from companion.pages import tables
from companion.pages.tables import TABLES, read_table

ROOT = Path(__file__).resolve().parents[2]
#: What else occlusion may show in its square.
CHOICES = (
    *("occlusion, mean film", "occlusion, blurred film"),
    *("integrated gradients, mean film", "integrated gradients, blurred film"),
)


def test_the_tables_listed_are_those_stored_those_made_and_those_shown():
    assert {path.stem for path in ROOT.glob("companion/pages/*.json")} == set(TABLES)
    assert set(TABLES) <= {path.stem for path in ROOT.glob("benchmarks/*.py")}
    text = "".join(page.read_text("utf8") for page in ROOT.glob("book/*.md"))
    assert set(re.findall(r"read_table\(\s*\"(\w+)\"", text)) == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_names_the_clean_commit_and_the_day_that_made_it(name):
    table = read_table(name)
    assert re.fullmatch(r"[0-9a-f]{7,40}", table["commit"])
    assert datetime.date.fromisoformat(table["date"]) <= datetime.date.today()


def test_an_unknown_table_is_refused():
    with pytest.raises(ValueError, match=r"one of contour_dose, .* got '../secrets'"):
        read_table("../secrets")
    with pytest.raises(ValueError, match="did you mean 'learning_curve'"):
        read_table("learning_curves")
    with pytest.raises(ValueError, match="got None"):
        read_table(None)


def test_a_listed_table_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(tables, "TABLES", (*TABLES, "lost"))
    with pytest.raises(FileNotFoundError, match=r"table 'lost' is missing: no file .*lost.json"):
        read_table("lost")


def test_every_curve_has_every_seed():
    table = read_table("learning_curve")
    assert len(table["curves"]) == 11
    for name, curve in table["curves"].items():
        for split in ("val", "test"):
            for metric, values in curve[split].items():
                assert np.shape(values) == (len(curve["sizes"]), table["seeds"]), (name, metric)
                assert 0 <= np.min(values) <= np.max(values) <= 1


def test_every_explanation_has_every_score_of_every_run():
    table = read_table("explanations")
    for model in ("pooled", "document"):
        assert {*METHODS, *BASELINES, *CHOICES} <= set(table["maps"][model])
        for scores in table["maps"][model].values():
            assert np.shape(list(scores.values())) == (6, table["seeds"])
            assert -1 <= np.min(list(scores.values())) <= np.max(list(scores.values())) <= 1
    assert list(table["marker"]) == list(METHODS)


def test_intervals_held_for_every_score():
    table = read_table("interval_coverage")
    for setting, held in table["rows"].items():
        assert set(held) == set(METRICS)
        assert min(share for share in held.values() if share is not None) > 0.9, setting
        for metric, share in held.items():
            assert share is not None or metric in table["reasons"][setting], metric


def test_every_seed_of_the_program_has_its_scores():
    table = read_table("pneumonia_seeds")
    assert set(table["runs"]) == {"program", "stopped"}
    for runs in table["runs"].values():
        assert [run["seed"] for run in runs] == list(range(table["seeds"]))
        for run in runs:
            for split in ("validation", "test"):
                scores = run[split]["scores"]
                assert {"auroc", "accuracy", "recall", "specificity"} <= set(scores) <= set(METRICS)
                for value, low, high in scores.values():
                    assert 0 <= low <= value <= high <= 1


def test_recall_was_measured_for_every_layer_delay_and_seed():
    table = read_table("delayed_recall")
    for name, of_layer in table["accuracy"].items():
        assert list(of_layer) == [str(delay) for delay in table["delays"]], name
        accuracy = np.array(list(of_layer.values()))
        assert accuracy.shape == (4, 5)
        assert accuracy.min() > 0.4
        assert accuracy.max() <= 1


def leaves(tree):
    """Yield every list of a nested table."""
    for branch in tree.values():
        if isinstance(branch, dict):
            yield from leaves(branch)
        else:
            yield branch


def test_every_run_of_the_diagnosis_chapter_has_every_number():
    table = read_table("diagnosis")
    parts = ("chest", "twins", "transfer", "detectors", "answered", "abstention", "sets", "coin",
             "volume")  # fmt: skip
    for part in parts:
        for values in leaves(table[part]):
            assert len(values) == table["seeds"] >= 5
            assert -1 <= min(values) <= max(values) <= 1, part
    for pair in table["transfer"].values():
        gain = np.subtract(pair["other start"], pair["random start"])
        assert (np.array(pair["difference, low"]) <= gain + 1e-4).all()
        assert (gain <= np.array(pair["difference, high"]) + 1e-4).all()
    kinds = [set(by_kind) for by_kind in table["detectors"].values()]
    assert kinds[1:] == kinds[:-1]
