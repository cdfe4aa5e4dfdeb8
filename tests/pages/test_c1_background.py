"""The cards of chapter 1 say what the chapters themselves store; its figures get what they need."""

from __future__ import annotations

import base64
import re

import nbformat
import numpy as np
import pytest
from notebooks import ROOT

from companion.data import Paths, attenuation_per_mm
from companion.films import Films
from companion.pages._numbered_film import plot_numbered
from companion.pages._verdicts import CLAIMS, verdict
from companion.pages.c1_background import as_film, for_physics, for_readers, plot_features

NUMBER = r"[+-]?\d+\.?\d*"


def outputs(chapter, source):
    """What the cell of a chapter's stored notebook prints and shows that holds this code."""
    cells = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", 4).cells
    (cell,) = (c for c in cells if c.cell_type == "code" and source in c.source)
    return "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)


def numbers(text):
    return re.findall(NUMBER, text)


def row_of(table, name):
    """The numbers of a row, as often as its table is broken into parts."""
    return [n for line in table.splitlines() if line.startswith(name + " ") for n in
            numbers(line.removeprefix(name))]  # fmt: skip


def ends_of(claim):
    """The two ends that each line of a verdict closes with."""
    return re.findall(rf"({NUMBER}) to ({NUMBER})$", verdict(claim), re.M)


def test_the_card_on_features_says_what_chapter_9_1_stores():
    table = outputs("9_1_how_much_data", "logistic regression, 4,708")
    said = re.findall(r"[+-]?0\.\d+", verdict("features"))
    assert said == [*row_of(table, "val"), *row_of(table, "test")]


def spreads():
    """Chapter 5.1's lowest and highest scores of the program, by score and split."""
    table = outputs("5_1_pneumonia", '.agg(["min", "max"]).T')
    rows = re.findall(r"(\w+, \w+) +min +([\d.]+) .*\n +max +([\d.]+) ", table)
    return {name: ends for name, *ends in rows}


def test_the_cards_on_accuracy_and_diagnosis_say_what_chapter_5_1_stores():
    stored = spreads()
    assert [list(ends) for ends in ends_of("accuracy")] == [
        stored["accuracy, validation"], stored["accuracy, test"],
    ]  # fmt: skip
    assert [list(ends) for ends in ends_of("diagnosis")] == [
        stored["auroc, test"], stored["specificity, test"],
    ]  # fmt: skip


def test_the_card_on_efficiency_counts_the_false_alarms_of_chapter_5_1():
    low, high = (100 * (1 - float(end)) for end in reversed(spreads()["specificity, test"]))
    ((fewest, most),) = ends_of("false alarms")
    assert (int(fewest), int(most)) == pytest.approx((low, high), abs=0.6)


def test_the_card_on_interpretability_says_what_chapter_9_3_stores():
    table = outputs("9_3_interpretability", "def beyond_noise(")
    pooled, document = verdict("maps").splitlines()
    found = [n.lstrip("+") for n in row_of(table, "grad_cam")]
    assert "pooled" in pooled
    said = [n.lstrip("+") for line in (pooled, document) for n in re.findall(r"[+-]?0\.\d+", line)]
    assert said == [n for n in found if "." in n]


def test_the_card_on_prognosis_says_what_chapter_3_2_stores():
    table = outputs("3_2_rnn", "benchmarks/delayed_recall.py")
    for name, line in zip(
        ("LSTM", "LSTM, forget bias 3"), verdict("memory").splitlines(), strict=True
    ):
        row = re.search(rf"^{name} +([\d.].*)$", table, re.M)[1]
        after_40 = re.findall(r"[\d.]+ \[[^]]+\]", row)[2]  # the third of 10, 20, 40, 80 steps
        assert line == f"a signal 40 steps back, accuracy of the {name}: {after_40}"


def test_the_card_on_treatment_says_what_chapter_6_2_stores():
    *dice, doses = verdict("treatment").splitlines()
    table = outputs("6_2_treatment", "benchmark_networks(stored)")
    for part, line in zip(("anterior", "posterior"), dice, strict=True):
        low, high = map(float, numbers(line)[-2:])
        of_the_middle_seed = float(row_of(table, f"three levels, {part}")[0])
        assert low <= of_the_middle_seed <= high
    table = outputs("6_2_treatment", "error_rows(errors)")
    assert numbers(doses)[-2:] == [row_of(table, name)[0] for name in ("right", "shrunk 3 mm")]


def test_the_card_on_prognosis_says_what_chapter_6_3_stores():
    table = outputs("6_3_prognosis", '("everybody alike", "history"')
    for name, line in zip(("history", "first MRI"), verdict("prognosis").splitlines(), strict=True):
        assert numbers(line)[-3:] == row_of(table, name)[:3]


def test_the_card_on_research_says_what_chapter_9_2_stores():
    printed = outputs("9_2_metrics", "cells from 93 to 97 %:").splitlines()[0]
    assert numbers(verdict("intervals"))[-2:] == numbers(printed)[-2:]


def test_every_verdict_stands_in_the_chapter_as_it_is_read():
    text = "".join(
        o.get("text", "")
        for c in nbformat.read(ROOT / "book" / "1_background.ipynb", 4).cells
        if c.cell_type == "code"
        for o in c.outputs
    )
    for claim in CLAIMS:
        assert verdict(claim) in text, claim


def test_of_the_films_that_are_read_nothing_is_stored():
    cells = nbformat.read(ROOT / "book" / "1_background.ipynb", 4).cells
    (study,) = (c for c in cells if c.cell_type == "code" and '"reader_study"' in c.source)
    (output,) = study.outputs
    assert '<script type="application/json"></script>' in output.data["text/html"]
    (answers,) = (c for c in cells if c.cell_type == "code" and "names[read.labels]" in c.source)
    assert [set(o.data) for o in answers.outputs] == [{"text/plain"}]
    assert answers.outputs[0].data["text/plain"].startswith("<Figure size")


def test_a_claim_that_no_chapter_tests_is_named():
    with pytest.raises(ValueError, match="claim must be one of features, .*, got 'speed'"):
        verdict("speed")


def test_the_physics_figure_gets_the_lengths_and_the_coefficients():
    paths = Paths(*(np.arange(256.0).reshape(16, 16) + k for k in range(3)))
    data = for_physics(paths, {"energy": 60, "row": 3})
    lung = np.frombuffer(base64.b64decode(data["lung"]), "<f4").reshape(16, 16)
    np.testing.assert_allclose(lung, paths.lung)
    assert data["beams"][60] == attenuation_per_mm(60)
    assert list(data["beams"]) == [40, 45, 50, 55, 60, 65, 70, 75, 80]
    assert data["start"] == {"energy": 60, "row": 3}


def test_the_reader_study_gets_films_and_decisions_in_order(rng):
    pixels = rng.integers(0, 256, (3, 4, 4), np.uint8)
    films = Films.from_pixels(pixels, [0, 1, 1])
    said = {"always": np.ones(3), "size": np.array([True, False, True])}
    data = for_readers(films, np.array([0.1, 0.2, 0.3]), said, synthetic=True)
    back = np.frombuffer(base64.b64decode(data["films"]), "u1").reshape(3, 4, 4)
    np.testing.assert_array_equal(back, pixels)
    assert data["models"]["size"].tolist() == [1, 0, 1]
    assert data["synthetic"]
    assert data["z"] == pytest.approx(1.959964)


def test_few_photons_are_bright_and_the_scale_is_the_phantoms():
    counts = np.geomspace(1, 1000, 400).reshape(20, 20)
    film = as_film(counts)
    assert film[0, 0] == 1
    assert film[-1, -1] == 0
    assert (np.diff(film.ravel()) <= 0).all()


def test_an_upright_edge_is_drawn_upright():
    image = np.zeros((28, 28))
    image[:, 10:] = 1
    cell = plot_features(image)[2].lines[8:16]  # row 0, column 1: the edge runs through it
    longest = max(cell, key=lambda line: np.ptp(line.get_xdata()) + np.ptp(line.get_ydata()))
    assert np.ptp(longest.get_ydata()) > 4 * np.ptp(longest.get_xdata())


def test_numbers_and_outlines_are_placed_on_the_shrunk_film():
    ax = plot_numbered(
        np.zeros((10, 10)), marks=[(1, (30, 60), (90, 60))],
        outlines=[("a", (50, 50), 20, 40)], factor=10,
    )  # fmt: skip
    assert ax.texts[0].xyann == (3, 6)
    assert tuple(ax.texts[0].xy) == (9, 6)
    assert (ax.patches[-1].width, ax.patches[-1].height) == (2, 4)
