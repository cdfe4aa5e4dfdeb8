"""Figures say what they show, and take the axes they are given."""

from __future__ import annotations

import base64
import functools
import re
import struct
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest

from companion.by_hand import numerical_gradient
from companion.evaluation.calibration import reliability_table
from companion.evaluation.intervals import Estimate, mean_interval
from companion.evaluation.report import evaluate
from companion.pages import (
    c3_1_cnn,
    c3_2_rnn,
    c4_math,
    c5_1_pneumonia,
    c9_1_how_much_data,
    c9_2_metrics,
    c9_3_interpretability,
    figures,
)
from companion.studies.power_law import PowerLaw

ROOT = Path(__file__).resolve().parents[2]
#: What fits a cell of Colab beside its margins, in pixels of the screen.
WIDEST, PIXELS_AN_INCH = 900, 96


@pytest.fixture(autouse=True)
def every_figure_fits_a_notebook():
    """Measure what a test has drawn."""
    yield
    for number in plt.get_fignums():
        assert plt.figure(number).get_figwidth() * PIXELS_AN_INCH <= WIDEST


@pytest.fixture
def report(rng):
    labels = np.arange(40) % 2
    return evaluate(labels, labels * 0.3 + 0.7 * rng.random(40), n_boot=50, rng=rng)


GAP = {"seen": 0.9, "prevalence": 0.01, "ranking": -0.1, "threshold": -0.01, "met": 0.8}
CURVE = np.array([25, 100]), np.array([[0.7, 0.8, 0.9], [0.9, 0.95, 1.0]])


def test_every_plot_draws_on_the_given_axes_and_names_its_axes(report):
    table = pd.DataFrame({"layer": ["Dense", "Dense"], "values": [2, 1], "parameters": [6, 3]})
    for draw in (
        lambda ax: c5_1_pneumonia.plot_layers(table, ax=ax),
        lambda ax: c5_1_pneumonia.plot_curves({"training": [[1, 0.5]]}, ax=ax),
        lambda ax: figures.plot_confusion(report, names=["normal", "ill"], ax=ax),
        lambda ax: c5_1_pneumonia.plot_intervals({"test": {"mine": report}}, "auroc", ax=ax),
        lambda ax: c9_2_metrics.plot_report(report, ax=ax),
        lambda ax: c9_2_metrics.plot_ranges(["a"], [1], [(0, 2)], label="score", ax=ax),
        lambda ax: c9_2_metrics.plot_gaps({"a": GAP}, ax=ax),
        lambda ax: c9_1_how_much_data.plot_learning_curves({"a": CURVE}, ax=ax),
        lambda ax: c9_1_how_much_data.plot_law(PowerLaw(0.01, 1, 0.5), CURVE[0], ax=ax),
        lambda ax: c9_1_how_much_data.plot_noise({0: [0.8, 0.9], 0.2: [0.6, 0.8]}, ax=ax),
        lambda ax: c9_3_interpretability.plot_deletions({"a": np.ones((2, 3))}, ax=ax),
    ):
        _, ax = plt.subplots()
        assert draw(ax) is ax
        assert ax.get_xlabel()
        assert ax.get_ylabel() or ax.get_yticklabels()


def test_curves_mark_the_best_epoch_of_each_seed():
    ax = c5_1_pneumonia.plot_curves(
        {"training": [[3, 2, 1]] * 2, "validation": [[3, 1, 2], [2, 3, 4]]}, best=[2, 1]
    )
    marks = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "o"]
    assert marks == [[2, 1], [1, 2]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]


def test_confusion_shows_the_counts_and_colours_them_by_row(report):
    ax = figures.plot_confusion(report, names=["normal", "ill"])
    shown = [int(text.get_text()) for text in ax.texts]
    assert shown == report.confusion.ravel().tolist()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("decision", "truth")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["normal", "ill"]
    np.testing.assert_allclose(np.sum(ax.images[0].get_array(), axis=1), 1)
    assert ax.images[0].get_clim() == (0, 1)


def test_the_confusion_of_one_class_alone_has_no_colour_but_zeros(report):
    class OfTheIll:
        confusion = np.array([[0, 0], [3, 9]])

    ax = figures.plot_confusion(OfTheIll(), names=["normal", "ill"])
    assert ax.images[0].get_array().tolist() == [[0, 0], [0.25, 0.75]]
    assert [text.get_text() for text in ax.texts] == ["0", "0", "3", "9"]


def test_intervals_stand_where_the_report_says(report):
    ax = c5_1_pneumonia.plot_intervals({"a": {"m": report}, "b": {"m": report}}, "f1")
    ends = ax.collections[0].get_segments()[0][:, 0]
    np.testing.assert_allclose(ends, [report["f1"].low, report["f1"].high])
    assert ax.get_xlabel() == "f1"


def test_films_share_one_grey_scale():
    dark, bright = np.zeros((4, 4), np.uint8), np.full((4, 4), 100, np.uint8)
    axes = figures.plot_films(np.stack([dark, bright]), ["a", "b"])
    assert [ax.images[0].get_clim() for ax in axes[:2]] == [(0, 255)] * 2
    with pytest.raises(ValueError, match="got 1 for 2 films"):
        figures.plot_films(np.stack([dark, bright]), ["a"])


def test_colours_differ_in_lightness_for_readers_who_do_not_see_hue():
    import matplotlib.colors as mcolors

    first, second = (np.dot(mcolors.to_rgb(c), [0.299, 0.587, 0.114]) for c in figures.COLOURS[:2])
    assert abs(first - second) > 0.08
    assert len(set(figures.COLOURS)) == len(figures.COLOURS)


def test_a_window_slides_over_the_grid_and_the_map_fills():
    image, kernel = np.arange(12.0).reshape(3, 4), np.ones((2, 2))
    axes = c3_1_cnn.plot_sliding(image, kernel, [(0, 0), (1, 1)])
    assert axes.shape == (2, 4)
    numbers = [[text.get_text() for text in ax.texts] for ax in axes[1]]
    assert numbers[0] == [f"{value:g}" for value in image.ravel()]
    assert numbers[1] == ["1", "1", "1", "1"]
    assert numbers[2] == ["5", "6", "9", "10"]
    assert numbers[3] == ["10", "14", "18", "26", "30"]
    assert "sum 30" in axes[1, 2].get_title()
    corner = axes[1, 0].patches[0].get_xy()
    assert corner == (1, 1)


def test_the_smallest_network_has_the_gradients_of_finite_differences(rng):
    kernel, weight = rng.standard_normal((1, 1, 3, 3)), np.array([[-2.0]])
    weights = c4_math.PatchWeights(kernel, np.array([3.0]), weight, np.array([0.1]))
    patch, label = rng.random((1, 1, 4, 4)), np.array([1])

    def loss(which, value):
        logit = c4_math.patch_forward(patch, weights._replace(**{which: value}))[-1]
        return float(np.log1p(np.exp(-logit[0])))

    gradients = c4_math.patch_gradients(patch, label, weights)
    for name, derived in gradients._asdict().items():
        tried = numerical_gradient(functools.partial(loss, name), getattr(weights, name))
        np.testing.assert_allclose(derived, tried, rtol=1e-6, atol=1e-9)
        assert np.any(derived)


def test_the_patch_and_its_layers_stand_side_by_side():
    weights = c4_math.PatchWeights(np.ones((1, 1, 3, 3)), *map(np.array, ([-9.0], [[1.0]], [0.0])))
    patch = np.arange(16.0).reshape(1, 1, 4, 4) / 10
    axes = c4_math.plot_patch(np.zeros((9, 9)), (2, 3), patch, weights)
    assert axes[0].patches[0].get_xy() == (2.5, 1.5)
    assert [text.get_text() for text in axes[3].texts] == ["-4.5", "-3.6", "-0.9", "0"]
    assert [text.get_text() for text in axes[4].texts] == ["0"] * 4
    assert "probability of pneumonia 0.50" in axes[0].figure.get_supxlabel()


def test_the_graph_of_a_derivative_holds_forward_and_backward_numbers():
    values = dict(zip(("x", "w", "b", "wx", "z", "t", "L"), range(1, 8), strict=True))
    ax = c4_math.plot_derivative(values, {name: -n for name, n in values.items()})
    texts = [text.get_text() for text in ax.texts]
    assert {"$wx = 4$", "$-4$", "$L = 7$", "$-7$"} <= set(texts)
    assert len(c4_math.plot_activations().lines) == 3


def test_a_patch_is_framed_where_its_numbers_come_from():
    image = np.arange(16.0).reshape(4, 4) / 16
    whole, close = c3_1_cnn.plot_patch(image, (1, 2), 2)
    assert whole.patches[0].get_xy() == (1.5, 0.5)
    assert [t.get_text() for t in close.texts] == [f"{v:.2f}" for v in image[1:3, 2:4].ravel()]


def test_sizes_of_a_film_show_the_same_part():
    axes = c3_1_cnn.plot_sizes([np.eye(8), np.eye(4)], ["a", "b"], marked=(0.5, 0.25, 0.25, 0.5))
    boxes = [ax.patches[0].get_bbox().bounds for ax in axes[0]]
    assert boxes == [(1.5, 3.5, 4, 2), (0.5, 1.5, 2, 1)]
    assert axes[1, 0].images[0].get_array().tolist() == np.eye(8)[4:6, 2:6].tolist()


def test_layers_are_drawn_strongest_map_first():
    maps = np.stack([np.full((2, 2), value) for value in (0.0, 3.0, 1.0)])
    axes = c3_1_cnn.plot_layers({"film": maps[:1], "conv": maps}, columns=2)
    assert [ax.images[0].get_array().max() for ax in axes[1]] == [3, 1]
    assert not axes[0, 1].images
    assert axes[1, 0].texts[0].get_text() == "conv"


def test_the_laboratory_opens_with_products_that_add_up():
    image = np.arange(36.0).reshape(6, 6) / 36
    film, _, numbers = c3_1_cnn.plot_laboratory(image, np.eye(3), (2, 1), {"conv": 3})
    assert film.patches[0].get_bbox().bounds == (0.5, 1.5, 3, 3)
    products = sum(float(text.get_text()) for text in numbers.texts)
    right = (image[2:5, 1:4] * np.eye(3)).sum()
    assert abs(products - right) < 0.02
    assert f"{right:.2f}" in numbers.get_title()


def test_drawings_of_layers_name_what_they_show(rng):
    _, ax = plt.subplots()
    assert c4_math.plot_matrix(np.eye(3), ax=ax) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input", "output")
    ax = c3_1_cnn.plot_receptive_fields(np.zeros((9, 9)), {"a": 3, "b": 5}, (4, 4))
    assert [patch.get_width() for patch in ax.patches] == [3, 5]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a: 3 pixels", "b: 5 pixels"]
    maps = c3_1_cnn.plot_maps(np.stack([np.eye(2), -3 * np.eye(2)]), ["a", "b"])
    assert [ax.images[0].get_clim() for ax in maps[:2]] == [(-1, 1), (-3, 3)]
    with pytest.raises(ValueError, match="titles must be one a map, got 1 for 2 maps"):
        c3_1_cnn.plot_maps(np.zeros((2, 2, 2)), ["a"])


def test_drawings_of_sequences_name_their_axes_and_units(rng):
    time_s, signal = np.arange(5.0), rng.standard_normal(5)
    axes = c3_2_rnn.plot_signals(time_s, {"II": signal, "V5": -signal})
    assert axes[1].lines[0].get_ydata().tolist() == (-signal).tolist()
    assert (axes[0].get_ylabel(), axes[1].get_xlabel()) == ("II\n(mV)", "time (s)")
    ax = c3_2_rnn.plot_predictions(time_s, signal, {"LSTM": signal + 1})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["recorded", "LSTM"]
    gates = rng.uniform(0, 1, (5, 3))
    axes = c3_2_rnn.plot_gates(time_s, signal, {"forget": gates, "input": gates})
    np.testing.assert_array_equal(axes[1].images[0].get_array(), gates.T)
    ax = c3_2_rnn.plot_gradient_norms({"rnn": np.array([4.0, 2, 1])})
    assert ax.lines[0].get_ydata().tolist() == [1, 0.5, 0.25]


def test_a_drawn_report_shows_its_values_and_ends(report):
    ax = c9_2_metrics.plot_report(report)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), report.to_frame()["value"])
    ends = [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(ends, report.to_frame()[["low", "high"]])


def test_drawings_of_decisions_show_what_they_are_given(rng):
    labels = np.arange(40) % 2
    table = reliability_table(labels, np.clip(0.4 * labels + 0.6 * rng.random(40), 0, 1))
    ax = c9_2_metrics.plot_reliability({"mine": table})
    assert ax.lines[1].get_xdata().tolist() == table["probability"].tolist()
    prevalence = np.array([0.01, 0.1, 1])
    ax = c9_2_metrics.plot_predictive_values(prevalence, {"PPV": prevalence}, marks={"here": 0.05})
    assert ax.texts[0].get_text() == "here"
    assert ax.get_xlabel().startswith("prevalence")
    ax = c9_2_metrics.plot_net_benefit(prevalence[:2], {"model": np.array([0.3, 0.2])})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["model", "treat nobody"]
    ax = c9_2_metrics.plot_gaps({"a": GAP})
    assert sorted(round(bar.get_width(), 6) for bar in ax.patches) == [-10, -1, 1]


def test_a_learning_curve_stays_within_what_a_score_can_be():
    _, (ax, other) = plt.subplots(1, 2, sharey=True)
    c9_1_how_much_data.plot_learning_curves({"mine": CURVE}, ax=ax)
    assert max(path.vertices[:, 1].max() for path in ax.collections[0].get_paths()) <= 1
    c9_1_how_much_data.plot_learning_curves({"wide": (CURVE[0], CURVE[1] / 3)}, ax=other)
    assert other.get_ylim()[0] < 0.3
    np.testing.assert_allclose(ax.lines[0].get_ydata(), CURVE[1].mean(axis=1))
    law = PowerLaw(0.01, 1.0, 0.5)
    ax = c9_1_how_much_data.plot_extrapolation(CURVE[0], 1 - CURVE[1], {"law": (law, 50)})
    fitted, beyond = (line.get_xdata() for line in ax.lines[-2:])
    assert (fitted[-1], beyond[0], beyond[-1]) == pytest.approx((50, 50, 100))
    assert mean_interval(CURVE[1])[0].tolist() == pytest.approx([0.8, 0.95])


def test_a_learning_curve_shows_its_models_and_a_difference_its_zero():
    ax = c9_1_how_much_data.plot_learning_curves({"mine": CURVE}, models=True)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert sorted(y for line in dots for y in line.get_ydata()) == sorted(CURVE[1].ravel())
    ax = c9_1_how_much_data.plot_learning_curves(
        {"less": (CURVE[0], CURVE[1] - 1)}, bounds=None, label="difference"
    )
    assert any(set(line.get_ydata()) == {0} for line in ax.lines)
    _, low, high = mean_interval(CURVE[1] - 1)
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((low.min(), high.max()))


def test_a_law_is_drawn_as_the_sum_of_its_parts():
    ax = c9_1_how_much_data.plot_law(PowerLaw(0.01, 1.0, 0.5), CURVE[0])
    whole, falling, floor = (np.array(line.get_ydata()) for line in ax.lines)
    np.testing.assert_allclose(whole, falling + floor[0])
    np.testing.assert_allclose(falling[[0, -1]], [0.2, 0.1])


def test_noise_is_drawn_with_an_interval_that_stays_below_one():
    ax = c9_1_how_much_data.plot_noise({0: [0.97, 1.0], 0.2: [0.7, 0.8]})
    bars = np.array(ax.collections[0].get_segments())
    assert bars[..., 1].max() < 1
    assert bars[:, 0, 0].tolist() == [0, 20]


def test_maps_lie_over_their_films():
    films, mask = np.zeros((2, 5, 5)), np.zeros((2, 5, 5), bool)
    mask[:, 1:3, 1:3] = True
    axes = c9_3_interpretability.plot_overlays(
        films, {"a": mask - 0.5}, masks=mask, titles=["x", "y"]
    )
    assert axes.shape == (2, 2)
    assert [ax.get_title() for ax in axes[0]] == ["film", "a"]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["x", "y"]
    drawn = axes[0, 1].images[1]
    assert drawn.get_array().min() == 0
    ax = c9_3_interpretability.plot_weights(np.array([[1.0, -4.0]]), label="weight")
    assert ax.images[0].get_clim() == (-4, 4)


def test_every_score_of_every_model_is_drawn_where_it_is():
    table = pd.DataFrame(
        {
            score: {method: Estimate(value, value - 0.1, value + 0.2) for method in ("a_b", "c")}
            for score, value in (("points", 0.5), ("energy", 0.3), ("same", 0.1), ("noise", 0.2))
        }
    )
    axes = c9_3_interpretability.plot_scores({"one": table, "two": table})
    assert [ax.get_title() for ax in axes] == ["points", "energy", "same", "noise"]
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["a b", "c"]
    for model in range(2):
        assert axes[1].lines[model].get_xdata().tolist() == [0.3, 0.3]
        ends = axes[1].collections[model].get_segments()[0][:, 0]
        np.testing.assert_allclose(ends, [0.2, 0.5])
    assert axes[0].yaxis_inverted()
    assert len(axes[0].figure.axes) == 4


def test_the_style_is_the_file_of_the_package():
    with plt.rc_context():
        figures.use_book_style()
        assert tuple(c["color"] for c in plt.rcParams["axes.prop_cycle"]) == figures.COLOURS
        assert plt.rcParams["figure.dpi"] == PIXELS_AN_INCH
        assert plt.rcParams["image.cmap"] == "gray"
        assert not plt.rcParams["axes.spines.top"]
        assert plt.rcParams["figure.figsize"][0] * PIXELS_AN_INCH <= WIDEST


def test_a_package_without_its_style_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(figures, "files", lambda package: tmp_path)
    with pytest.raises(FileNotFoundError, match=r"style of the figures is missing.*book.mplstyle"):
        figures.use_book_style()


def test_the_figures_that_pages_size_themselves_fit_too():
    sizes = [
        float(width)
        for page in ROOT.glob("book/*.md")
        for width in re.findall(r"figsize=\((\d+(?:\.\d+)?)", page.read_text("utf8"))
    ]
    assert sizes
    assert max(sizes) * PIXELS_AN_INCH <= WIDEST


def test_a_notebook_stores_twice_the_pixels_that_it_shows(monkeypatch):
    from nbclient import NotebookClient

    monkeypatch.delenv("MPLBACKEND", raising=False)
    code = (
        "import numpy as np\n"
        "from companion.pages.figures import plot_films, use_book_style\n"
        "use_book_style()",
        "plot_films(np.zeros((6, 8, 8)), list('abcdef'));",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in code])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[1].outputs
    stored = struct.unpack(">I", base64.b64decode(output.data["image/png"])[16:20])[0]
    shown = output.metadata["image/png"]["width"]
    assert 600 < shown <= WIDEST
    assert stored == pytest.approx(2 * shown, abs=2)


def test_figures_and_checks_are_light_to_import():
    code = (
        "import sys, companion.pages.figures\n"
        "from companion.pages.check import exercises\n"
        "exercises()\n"
        "print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    heavy = ["pandas", "scipy", "sklearn", "torch", "tensorflow", "keras", "IPython"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_figure_that_one_page_alone_uses_lives_in_its_backstage():
    pages = {page.stem: page.read_text("utf8") for page in ROOT.glob("book/[0-9]*.md")}
    backstage = {
        path.stem[1:]: path.read_text("utf8") for path in ROOT.glob("companion/pages/c[0-9]*.py")
    }
    assert pages.keys() == backstage.keys()
    for name in vars(figures):
        if name.startswith("plot_"):
            users = {stem for stem in pages if f"{name}(" in pages[stem] + backstage[stem]}
            assert len(users) >= 2, f"{name} is used by {users} alone"
