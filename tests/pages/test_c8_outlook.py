"""What chapter 8 hands to its page: hospitals, numbers of films, tables, figures."""

from __future__ import annotations

import re

import numpy as np
import pytest
from notebooks import ROOT

from companion.data import load_pneumonia, make_reports
from companion.films import Films
from companion.pages import c8_outlook as page
from companion.pages import read_table
from companion.studies import open_hospitals, train_every_way, train_small
from companion.studies.hospitals import PREVALENCES, SIZES


@pytest.fixture(scope="module")
def pool():
    return load_pneumonia(fallback="phantom").train


def test_hospitals_have_the_sizes_that_the_page_names(pool):
    hospitals, choosing = open_hospitals(pool, np.random.default_rng(0))
    assert tuple(map(len, hospitals)) == SIZES
    shares = [films.labels.mean() for films in hospitals]
    assert shares == pytest.approx(PREVALENCES, abs=0.01)
    assert choosing.labels.mean() == 0.5


def test_three_hospitals_are_asked_for(pool):
    with pytest.raises(ValueError, match="hospitals must be three, got 1"):
        train_every_way([pool], pool, seed=0)


def test_numbers_of_films_by_hand():
    images = np.zeros((2, 1, 2, 2), np.float32)
    images[1, 0, 1] = 1
    found = page.film_numbers(images, lambda films: np.full(len(films), 0.3))
    assert found["brightness"].tolist() == [0, 0.5]
    assert found["sharpness"].tolist() == [0, 1]
    assert found["probability"].tolist() == [0.3, 0.3]


def test_the_search_table_holds_means_over_the_seeds():
    runs = [
        {"seed": seed, "kind": "random", "share": 0.1, "planted": 10, "suspects": 8, "found": n}
        for seed, n in enumerate((4, 6))
    ]
    table = page.search_table({"runs": runs})
    assert table.index.tolist() == [("random", "10%")]
    assert table.suspects.iloc[0] == "8"
    assert table.precision.iloc[0].startswith("0.62 [")
    assert table.recall.iloc[0].startswith("0.50 [")


def test_a_bill_by_hand():
    table = page.annotation_prices(
        [10, 40], np.array([[0.8, 0.9], [0.9, 0.92]]), price=3, readers=2
    )
    assert table["labels cost"].tolist() == ["60", "240"]
    assert table["this step cost"].tolist() == ["60", "180"]
    assert table["and added, in points"].tolist() == ["", "+6.0"]


def test_the_lead_of_federated_training_is_taken_run_by_run():
    runs = [
        {"seed": seed, "way": way, "auroc": score, "balanced_accuracy": score}
        for way, scores in {"pooled": (0.9, 0.8), "federated": (0.8, 0.6)}.items()
        for seed, score in enumerate(scores)
    ]
    table = page.hospital_scores({"runs": runs})
    assert table.loc["pooled", "federated minus this"].startswith("-0.150 [")
    assert table.loc["federated", "federated minus this"] == ""


def test_alarms_are_counted_with_their_median():
    stored = {"alarms": {"none": {"sharpness": {"shared": [None, None, 9]}},
                         "softer": {"sharpness": {"shared": [50, 25, None]}}}}  # fmt: skip
    table = page.alarm_table(stored, "sharpness")
    assert table.loc["none", "shared"].startswith("0.33 [")
    assert table.loc["none", "films, shared"] == ""
    assert table.loc["softer", "films, shared"] == "50"


def test_reports_are_read_as_their_readers_read():
    made = make_reports(np.random.default_rng(0), 200)
    table = page.read_reports(made, {"same": made})
    assert table.index[0] == "a word is there"
    assert float(table.loc["learned, single words", "same"].split()[0]) > 0.95
    assert float(table.loc["a word is there", "same"].split()[0]) < 0.7


def test_ways_are_priced_by_hand():
    labels, said = np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.8, 0.1])
    signs = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 0], [0, 0, 0]])
    table = page.way_costs(
        labels, said, signs, {"costs": {"miss": 8, "false_alarm": 1, "doctor": 1}}
    )
    assert table.loc["network", ["missed", "false alarms", "to a doctor"]].tolist() == [1, 1, 0]
    assert table.loc["both or a doctor", "to a doctor"] == 2
    assert table.loc["either", "missed"] == 0
    assert table.loc["network", "costs"].startswith("2.25 [")


def test_a_model_by_heart_is_attacked_with_success():
    rng = np.random.default_rng(0)
    table = page.repeated_attacks(
        rng.normal(size=(80, 100)), np.arange(80) % 2,
        {"by heart": {"noise": 0.0, "clip": 1e9, "steps": 300}}, seeds=3,
    )  # fmt: skip
    assert float(table.loc["by heart", "attack"].split()[0]) > 0.8
    assert table.loc["by heart", "promised epsilon"] == "none"


@pytest.mark.parametrize("name", ["label_errors", "federated", "drift"])
def test_the_stored_tables_say_where_they_come_from(name):
    table = read_table(name)
    assert {"date", "commit", "machine"} <= set(table)
    assert not table["commit"].endswith("-dirty")


def test_false_alarms_of_the_stored_streams_are_as_rare_as_the_page_says():
    stored = read_table("drift")
    for methods in stored["alarms"]["none"].values():
        rate = {how: np.mean([film is not None for film in films])
                for how, films in methods.items()}  # fmt: skip
        assert max(rate["shared"], rate["betting"]) <= 0.08
        assert rate["every look"] > 0.1


def test_every_row_of_the_checklist_says_who_asks_what_is_answered_and_where():
    text = (ROOT / "book" / "8_outlook.md").read_text("utf8")
    table = text.split("| Question | Asked by | Answer | Shown in |\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[1:]]
    assert len(rows) >= 15
    for question, asked, answer, shown in rows:
        assert question.endswith("?")
        assert re.search("CLAIM|TRIPOD|Act", asked)
        assert answer.split(":")[0] in (
            "yes",
            "no",
            "in part",
            "cannot be told",
            "not told by the collection",
        )
        assert re.search(r"\{doc\}`\w+`|this page|nowhere", shown)


def test_small_networks_learn(pool):
    some = Films(pool.images[:300], pool.labels[:300])
    predict = train_small(some, some, seed=0, epochs=1)
    assert predict(some.images[:4]).shape == (4,)


def test_figures_draw_what_they_are_given():
    ax = page.plot_prices([10, 100], np.array([[0.8], [0.9]]), {"a": 2.0, "b": 6.0})
    assert ax.lines[1].get_xdata().tolist() == [60, 600]
    runs = [{"way": way, "seed": s, "auroc": 0.9 + s / 100} for way in "ab" for s in range(2)]
    ax = page.plot_hospitals(runs)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    ax = page.plot_wealth({"x": np.array([1.0, 30.0])}, 20)
    assert ax.lines[0].get_ydata().tolist() == [1, 30]
    alarms = {"none": {"sharpness": {"betting": [None, None, 5]}}}
    assert page.plot_alarms(alarms, "betting", 50).lines[0].get_xdata().tolist() == [50]
