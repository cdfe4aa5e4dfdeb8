"""What chapter 6.1 hands to its page: foreign films, twins, readers, slices, promises."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from companion.applications import coverage_risk, fit_mahalanobis
from companion.data import load_hippocampus, read_nodules
from companion.evaluation import mean_interval
from companion.films import Films
from companion.in_torch import PooledCNN, pooled_features, predict
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


@pytest.mark.parametrize("position", range(4))
def test_one_reader_is_held_against_the_other_three(position):
    nodules = read_once()
    labels, scores, patients = page.one_reader(nodules, position)
    of_four = nodules.annotations.groupby("nodule").filter(lambda own: len(own) == 4)
    assert len(labels) == len(scores) == len(patients) < of_four.nodule.nunique()
    expected = []
    for _, own in of_four.groupby("nodule").malignancy:
        ratings = own.tolist()
        one = ratings.pop(position)
        if sorted(ratings)[1] != 3:
            expected.append((int(sorted(ratings)[1] > 3), one / 5))
    assert list(zip(labels.tolist(), scores.tolist(), strict=True)) == expected


def test_spans_of_four_ratings_are_shares_of_all_such_nodules():
    found = page.spans(read_once())
    assert found.index.tolist() == [0, 1, 2, 3, 4]
    assert found.sum() == pytest.approx(1)
    of_four = read_once().annotations.groupby("nodule").malignancy.agg(["count", "min", "max"])
    of_four = of_four[of_four["count"] == 4]
    assert found[4] == pytest.approx((of_four["max"] - of_four["min"] == 4).mean())


def test_neighbours_are_asked_unless_they_are_left_out(rng):
    images = rng.random((40, 1, 3, 3), dtype=np.float32)
    labels = rng.integers(0, 2, 40)
    found = page.ask_neighbours(images, labels, np.eye(40, dtype=bool), k=5)
    flat = images.reshape(40, -1)
    for row in range(40):
        others = np.delete(np.arange(40), row)
        oracle = KNeighborsClassifier(5).fit(flat[others], labels[others])
        share = oracle.predict_proba(flat[row : row + 1])[0, list(oracle.classes_).index(1)]
        assert found[row] == pytest.approx(share)
    half = np.arange(40) < 20
    known = page.ask_neighbours(images, half.astype(int), half[:, None] == half, k=3)
    np.testing.assert_array_equal(known, np.where(half, 0.0, 1.0))


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
        assert found.columns.tolist() == ["all", "normal", "pneumonia"]
        assert found["all"].mean() == pytest.approx(1 - alpha, abs=0.01)
        shares = labels.mean() * found.pneumonia + (1 - labels.mean()) * found.normal
        np.testing.assert_allclose(shares, found["all"], atol=0.01)


def test_blocks_are_the_middle_of_each_scan_and_facts_those_of_its_outline():
    data = load_hippocampus(fallback="phantom")
    blocks, facts = page.read_blocks(data)
    assert blocks.shape == (len(data), 12, 20, 15)
    assert blocks.dtype == np.float32
    assert 0 <= blocks.min() <= blocks.max() <= 1
    for row in (0, len(data) - 1):
        scan = data[row]
        assert facts.volume_ml[row] == pytest.approx((scan.labels > 0).sum() / 1000)
        assert facts[page.BOX].to_numpy()[row].tolist() == list(scan.labels.shape)
        rows = np.flatnonzero((scan.labels > 0).any(axis=(0, 2)))
        assert facts.long_y[row] == rows[-1] - rows[0] + 1
        middle = [(length - kept) // 2 for length, kept in zip(
            scan.image.values.shape, (24, 40, 30), strict=True)]  # fmt: skip
        corner = scan.image.values[tuple(slice(first, first + 2) for first in middle)]
        low, high = np.percentile(scan.image.values, [1, 99])
        expected = np.clip((corner - low) / (high - low), 0, 1).mean()
        assert blocks[row, 0, 0, 0] == pytest.approx(expected, abs=1e-5)


def test_a_scan_that_is_smaller_than_the_block_is_named():
    data = load_hippocampus(fallback="phantom")
    scan = data[0]
    cut = replace(scan, image=replace(scan.image, values=scan.image.values[:20]))
    with pytest.raises(ValueError, match=r"scan 1 is \(20, .*expected at least \(24, 40, 30\)"):
        page.read_blocks([cut])


def test_what_is_answered_counts_the_healthy_and_both_rules():
    labels = np.array([0, 0, 1, 1])
    images = np.array([0.9, 0.2, 0.6, 0.1])[:, None, None, None] * np.ones((4, 1, 2, 2))
    table = page.what_is_answered(
        {"as it is": images, "noise": images}, labels, lambda films: films[:, 0, 0, 0], 0.85,
        lambda films: 10 * films[:, 0, 0, 0], 6.0,
    )  # fmt: skip
    assert table.loc["as it is"].tolist() == [0.5, 0.5, 0.75]
    assert table.loc["noise"].tolist() == [0.5, 0.5, 0.75]
    other = page.what_is_answered(
        {"as it is": images, "noise": images}, 1 - labels, lambda films: films[:, 0, 0, 0], 0.85,
        lambda films: films[:, 0, 0, 0], 1.0,
    )  # fmt: skip
    assert other["called ill"].tolist() == [0.5, 0.5]
    some = page.what_is_answered(
        {"turned": images, "leg": images}, np.array([0, 1, 1, 1]),
        lambda films: films[:, 0, 0, 0], 0.85, lambda films: films[:, 0, 0, 0], 1.0,
    )  # fmt: skip
    assert some["called ill"].tolist() == [1.0, 0.5]


def test_runs_are_averaged_and_paired_by_run():
    values = {"one": [0.8, 0.9, 0.7], "other": [0.7, 0.8, 0.6]}
    table = page.runs_table(values, {"gain": ("one", "other")})
    assert table.index.tolist() == ["one", "other", "gain"]
    assert table.lowest.tolist() == ["0.70", "0.60", "+0.10"]
    assert table["mean over runs"]["one"].startswith("0.80 [0.4")
    assert table["mean over runs"]["gain"].startswith("+0.10")
    assert page.over_runs([1.0, 1.0]) == "1.00"
    low, high = mean_interval([0.8, 0.9, 0.7], bounds=(0, 1))[1:]
    assert page.over_runs([0.8, 0.9, 0.7]) == f"0.80 [{low:.2f}, {high:.2f}]"


def test_detectors_of_the_page_are_those_of_the_wing(rng):
    model = PooledCNN(widths=(4, 6))
    films = Films(rng.random((60, 1, 12, 12), dtype=np.float32), np.arange(60) % 2)
    bright = np.clip(films.images + 0.6, 0, 1)
    found = page.fit_detectors(model, films, [bright])
    assert list(found) == ["doubt", "to the classes", "to a neighbour", "trained"]
    features = pooled_features(model, films.images)
    np.testing.assert_allclose(
        found["to the classes"](bright),
        fit_mahalanobis(features, films.labels, shrinkage=0.1)(pooled_features(model, bright)),
    )
    p = predict(model, bright)
    np.testing.assert_allclose(found["doubt"](bright), np.minimum(p, 1 - p))
    both = found["trained"](np.concatenate([films.images, bright]))
    assert roc_auc_score(np.repeat([0, 1], 60), both) > 0.9


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
