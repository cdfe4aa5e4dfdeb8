"""Figures say what they show, and take the axes they are given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from companion import plotting
from companion.evaluation import evaluate


@pytest.fixture
def report(rng):
    labels = np.arange(40) % 2
    return evaluate(labels, labels * 0.3 + rng.random(40), n_boot=50, rng=rng)


def test_every_plot_draws_on_the_given_axes_and_names_its_axes(report):
    table = pd.DataFrame({"layer": ["Dense", "Dense"], "values": [2, 1], "parameters": [6, 3]})
    for draw in (
        lambda ax: plotting.plot_layers(table, ax=ax),
        lambda ax: plotting.plot_curves({"training": [[1, 0.5]]}, ax=ax),
        lambda ax: plotting.plot_confusion(report, names=["normal", "ill"], ax=ax),
        lambda ax: plotting.plot_intervals({"test": {"mine": report}}, "auroc", ax=ax),
    ):
        _, ax = plt.subplots()
        assert draw(ax) is ax
        assert ax.get_xlabel()
        assert ax.get_ylabel() or ax.get_yticklabels()


def test_curves_mark_the_best_epoch_of_each_seed():
    ax = plotting.plot_curves(
        {"training": [[3, 2, 1]] * 2, "validation": [[3, 1, 2], [2, 3, 4]]}, best=[2, 1]
    )
    marks = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "o"]
    assert marks == [[2, 1], [1, 2]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]


def test_confusion_shows_the_counts(report):
    ax = plotting.plot_confusion(report, names=["normal", "ill"])
    shown = [int(text.get_text()) for text in ax.texts]
    assert shown == report.confusion.ravel().tolist()


def test_intervals_stand_where_the_report_says(report):
    ax = plotting.plot_intervals({"a": {"m": report}, "b": {"m": report}}, "f1")
    ends = ax.collections[0].get_segments()[0][:, 0]
    np.testing.assert_allclose(ends, [report["f1"].low, report["f1"].high])
    assert ax.get_xlabel() == "f1"


def test_films_share_one_grey_scale():
    dark, bright = np.zeros((4, 4), np.uint8), np.full((4, 4), 100, np.uint8)
    axes = plotting.plot_films(np.stack([dark, bright]), ["a", "b"])
    assert [ax.images[0].get_clim() for ax in axes[:2]] == [(0, 255)] * 2
    with pytest.raises(ValueError, match="got 1 for 2 films"):
        plotting.plot_films(np.stack([dark, bright]), ["a"])


def test_colours_differ_in_lightness_for_readers_who_do_not_see_hue():
    import matplotlib.colors as mcolors

    first, second = (np.dot(mcolors.to_rgb(c), [0.299, 0.587, 0.114]) for c in plotting.COLOURS[:2])
    assert abs(first - second) > 0.08
    assert len(set(plotting.COLOURS)) == len(plotting.COLOURS)
