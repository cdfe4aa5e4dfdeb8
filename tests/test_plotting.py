"""Figures say what they show, and take the axes they are given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from companion import layer_figures, plotting, recurrent_figures
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


def test_a_window_slides_over_the_grid_and_the_map_fills():
    image, kernel = np.arange(12.0).reshape(3, 4), np.ones((2, 2))
    axes = layer_figures.plot_sliding(image, kernel, [(0, 0), (1, 1)])
    assert axes.shape == (2, 3)
    numbers = [[text.get_text() for text in ax.texts] for ax in axes[1]]
    assert numbers[0] == [f"{value:g}" for value in image.ravel()]
    assert numbers[1] == ["5", "6", "9", "10"]
    assert numbers[2] == ["10", "14", "18", "26", "30"]
    assert "sum 30" in axes[1, 1].get_title()
    corner = axes[1, 0].patches[0].get_xy()
    assert corner == (1, 1)


def test_drawings_of_layers_name_what_they_show(rng):
    _, ax = plt.subplots()
    assert layer_figures.plot_matrix(np.eye(3), ax=ax) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input", "output")
    ax = layer_figures.plot_receptive_fields(np.zeros((9, 9)), {"a": 3, "b": 5}, (4, 4))
    assert [patch.get_width() for patch in ax.patches] == [3, 5]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a: 3 pixels", "b: 5 pixels"]
    maps = layer_figures.plot_maps(np.stack([np.eye(2), -3 * np.eye(2)]), ["a", "b"])
    assert [ax.images[0].get_clim() for ax in maps[:2]] == [(-1, 1), (-3, 3)]
    with pytest.raises(ValueError, match="titles must be one a map, got 1 for 2 maps"):
        layer_figures.plot_maps(np.zeros((2, 2, 2)), ["a"])


def test_drawings_of_sequences_name_their_axes_and_units(rng):
    time_s, signal = np.arange(5.0), rng.standard_normal(5)
    axes = recurrent_figures.plot_signals(time_s, {"II": signal, "V5": -signal})
    assert axes[1].lines[0].get_ydata().tolist() == (-signal).tolist()
    assert (axes[0].get_ylabel(), axes[1].get_xlabel()) == ("II\n(mV)", "time (s)")
    ax = recurrent_figures.plot_predictions(time_s, signal, {"LSTM": signal + 1})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["recorded", "LSTM"]
    gates = rng.uniform(0, 1, (5, 3))
    axes = recurrent_figures.plot_gates(time_s, signal, {"forget": gates, "input": gates})
    np.testing.assert_array_equal(axes[1].images[0].get_array(), gates.T)
    ax = recurrent_figures.plot_gradient_norms({"rnn": np.array([4.0, 2, 1])})
    assert ax.lines[0].get_ydata().tolist() == [1, 0.5, 0.25]
