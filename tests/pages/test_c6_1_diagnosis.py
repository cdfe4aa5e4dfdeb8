"""What chapter 6.1 hands to its page: foreign films, twins, readers, slices, promises."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from companion.applications import coverage_risk
from companion.data import load_hippocampus, read_nodules
from companion.pages import c6_1_diagnosis as page

read_once = cache(read_nodules)


def test_foreign_films_are_changed_as_they_are_called(rng):
    films = rng.random((3, 1, 28, 28), dtype=np.float32)
    found = page.foreign_films(films, np.random.default_rng(0))
    again = page.foreign_films(films, np.random.default_rng(0))
    for name, pictures in found.items():
        assert pictures.shape == films.shape
        assert 0 <= pictures.min() <= pictures.max() <= 1
        np.testing.assert_array_equal(pictures, again[name])
    np.testing.assert_array_equal(found["turned"][1, 0], np.rot90(films[1, 0]))
    np.testing.assert_allclose(found["inverted"] + films, 1, rtol=1e-6)
    assert len({part.tobytes() for part in found["leg"]}) == 3


def test_twins_are_taken_out_and_as_many_at_random(rng):
    labels, scores = np.tile([0, 1], 20), rng.random(40)
    has_twin = np.arange(40) < 10
    table = page.by_twins(labels, scores, has_twin, rng)
    assert table.images.tolist() == [40, 10, 30, 30]
    right = roc_auc_score(labels[10:], scores[10:])
    assert table.AUROC["without"].startswith(f"{right:.2f} ")
    none = page.by_twins(labels, scores, np.zeros(40, bool), rng)
    assert "with a twin" not in none.index


def test_one_reader_is_held_against_the_other_three():
    nodules = read_once()
    labels, scores, patients = page.one_reader(nodules)
    of_four = nodules.annotations.groupby("nodule").filter(lambda own: len(own) == 4)
    assert len(labels) == len(scores) == len(patients) < of_four.nodule.nunique()
    own = of_four[of_four.nodule == of_four.nodule.iloc[0]].malignancy.to_numpy()
    median = np.median(own[1:])
    assert median != 3
    assert (labels[0], scores[0]) == (int(median > 3), own[0] / 5)


def test_lines_of_one_slice_enclose_their_areas():
    lines, areas = page.shared_slice(read_once(), 436)
    assert list(lines) == list(areas) == [f"reader {number}" for number in (1, 2, 3, 4)]
    for name, points in lines.items():
        rows, columns = np.concatenate([points, points[:1]]).T
        trapezoids = np.sum((columns[1:] + columns[:-1]) * np.diff(rows)) / 2
        assert areas[name] == pytest.approx(abs(trapezoids))


def test_slices_have_one_part_and_their_patient():
    data = load_hippocampus(fallback="phantom")
    films, places = page.slices_of(data, 3)
    assert films.images.shape[1:] == (1, 28, 28)
    assert set(films.labels.tolist()) == {0, 1}
    for (row, number), label, patient in zip(places, films.labels, films.patients, strict=True):
        seen = set(np.unique(data[row].labels[:, number]).tolist())
        assert seen == {0, 1 if label else 2}
        assert patient == data.patients[row]


def test_simulated_sets_keep_their_promise_and_only_theirs(rng):
    ill = rng.random(3000)
    labels = (rng.random(3000) < ill).astype(int)
    for alpha in (0.1, 0.3):
        found = page.simulate_coverage(labels, ill, rng, size=200, draws=200, alpha=alpha)
        assert found.shape == (200,)
        assert found.mean() == pytest.approx(1 - alpha, abs=0.01)


def test_a_file_is_answered_up_to_a_distance_or_refused(tmp_path):
    from PIL import Image

    Image.fromarray(np.full((30, 40), 51, np.uint8)).save(tmp_path / "grey.png")
    (tmp_path / "notes.txt").write_text("no image")
    parts = (lambda films: films.mean(axis=(1, 2, 3)), lambda films: np.array([2.0]))
    assert page.ask(tmp_path / "grey.png", *parts, 2.0) == {
        "file": "grey.png", "probability": "0.20", "distance": "2.0", "done": "answers"
    }  # fmt: skip
    assert page.ask(tmp_path / "grey.png", *parts, 1.9)["done"] == "abstains"
    refused = page.ask(tmp_path / "notes.txt", *parts, 2.0)
    assert refused["distance"] == ""
    assert "expected PNG" in refused["done"]
    assert page.ask(tmp_path / "none.png", *parts, 2.0)["probability"] == ""


def test_figures_draw_what_they_are_given():
    ax = page.plot_outlines({"a": np.eye(3)[:, :2], "b": np.eye(3)[:, 1:]})
    assert [line.get_label() for line in ax.lines] == ["a", "b"]
    assert ax.lines[0].get_xdata()[0] == ax.lines[0].get_xdata()[-1]
    picture = np.zeros((4, 4, 3), np.uint8)
    axes = page.plot_stains(picture, {"brown": np.eye(4), "counted": np.eye(4) > 0})
    assert [ax.get_title() for ax in axes] == ["section", "brown", "counted"]
    curve = coverage_risk([0.9, 0.8, 0.7], [0, 1, 0])
    ax = page.plot_abstention({"test": curve}, {"test": (2 / 3, 0.5)})
    assert ax.lines[0].get_ydata().tolist() == curve.risk.tolist()
    ax = page.plot_rhythm([0, 1, 2, 3], [1, 0, 1, 0], 1.2)
    assert len(ax.lines) == 3
    ax = page.plot_coverages([0.9, 0.91], 0.9, 0.7)
    assert [line.get_xdata()[0] for line in ax.lines] == [0.9, 0.7]
