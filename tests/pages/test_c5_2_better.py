"""What chapter 5.2's page draws, tabulates and checks."""

from __future__ import annotations

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from companion.data import SHIFTS
from companion.in_torch import ResidualCNN
from companion.pages import read_table
from companion.pages.c5_2_better import (
    CASES,
    DOCUMENT,
    PUBLISHED,
    RENORMALIZED,
    below_first,
    cost_of,
    first_kernels,
    folds_table,
    gap_table,
    plot_block,
    plot_kernels,
    plot_published,
    plot_rates,
    plot_rules,
    plot_softened,
    published_table,
    recipe_table,
    result_table,
    revealed,
    rule_scores,
    scores_on_test,
    scores_over_looks,
    search_table,
    shift_table,
    with_films,
)
from companion.studies import ASIDE, COMBINED, LATER, RULES, STEPS, VARIANTS, Recipe


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def search():
    return read_table("recipe_search")


@pytest.fixture(scope="module")
def folds():
    return read_table("recipe_folds")


@pytest.fixture(scope="module")
def final():
    return read_table("pneumonia")


def test_the_search_holds_every_recipe_and_seed(search):
    assert list(search["runs"]) == ["document's model", *STEPS, *ASIDE]
    for runs in search["runs"].values():
        assert len(runs) == search["seeds"] >= 3
        for run in runs:
            assert set(run["validation"]) == {"loss", "as they are", *SHIFTS}
            assert run["seconds"] > 0 < run["megabytes"]


def test_tables_of_the_search_are_means_over_its_seeds(search):
    table, said = search_table(search), rule_scores(search)
    assert list(table.columns) == ["accuracy", *RULES, "minutes"]
    runs = search["runs"]["mirrored"]
    plain = np.mean([run["validation"]["as they are"] for run in runs])
    assert table.loc["mirrored", "AUROC"] == pytest.approx(plain)
    assert {scores.shape for scores in said.values()} == {(len(table), search["seeds"])}
    outcome = scores_on_test(search, "auroc")
    row = list(search["runs"]).index("mirrored")
    assert outcome[row].tolist() == [run["test scores"]["auroc"] for run in runs]
    shown = revealed(search)
    assert shown.loc["mirrored", "AUROC"].value == pytest.approx(outcome[row].mean())
    assert shown.iloc[len(STEPS)]["AUROC of the last step minus this"] == ""


def test_the_final_table_holds_five_trainings_and_their_intervals(final):
    assert list(STEPS)[-1] in final["methods"]
    for recipe, runs in final["methods"].items():
        assert len(runs) >= 5
        table = result_table(final, recipe)
        for name in table.index:
            value, low, high = with_films(final, recipe, name)
            assert low < value < high
            assert table.loc[name, "AUROC"].value == pytest.approx(value, abs=1e-4)
            for run in runs:
                (tn, fp), (fn, tp) = run[name]["confusion"]
                right = (tn + tp) / (tn + fp + fn + tp)
                assert run[name]["test"]["accuracy"][0] == pytest.approx(right, abs=1e-4)
                assert tn + fp + fn + tp == 624


def test_the_final_method_is_what_the_search_chooses(search, final):
    rule = search_table(search)["AUROC, other shifts"].drop(DOCUMENT)
    assert next(iter(final["methods"])) == rule.idxmax()


def test_cross_validation_holds_every_candidate_and_group(folds):
    assert list(folds["runs"]) == [DOCUMENT, *STEPS, *ASIDE, *LATER, *VARIANTS, RENORMALIZED]
    assert sum(group["films"] for group in folds["groups"]) == 5232
    for runs in folds["runs"].values():
        assert len(runs) == len(folds["groups"]) == 3
        assert all(set(run["scores"]) == {"loss", "as they are", *SHIFTS} for run in runs)
    table = folds_table(folds)
    plain = np.mean([run["scores"]["as they are"] for run in folds["runs"]["mirrored"]])
    assert table.loc["mirrored", "AUROC"] == pytest.approx(plain)


def test_over_looks_a_hard_group_is_hard_for_all(folds, search):
    said = scores_over_looks(folds, search)["AUROC"]
    assert said.shape == (len(search["runs"]), 3)
    np.testing.assert_allclose(said.mean(axis=0), 0, atol=1e-12)
    table = folds_table(folds)["AUROC"][list(search["runs"])]
    np.testing.assert_allclose(said.mean(axis=1), table - table.mean(), atol=1e-12)


def test_the_second_method_is_the_three_that_cross_validation_ranks_first(folds):
    second = read_table("pneumonia_folds")
    ranked = folds_table(folds)["AUROC, other shifts"].drop([DOCUMENT, RENORMALIZED])
    assert second["recipes"] == {"the three best": list(ranked.nlargest(3).index)}
    assert second["members"] % 3 == 0
    assert len(second["methods"]["the three best"]) >= 5


def test_the_third_round_asks_the_same_groups(folds):
    third = read_table("recipe_combined")
    assert list(third["runs"]) == list(COMBINED)
    assert third["groups"] == folds["groups"]
    for runs in third["runs"].values():
        assert len(runs) == 3
        assert all(set(run["scores"]) == {"loss", "as they are", *SHIFTS} for run in runs)


def test_the_third_method_is_the_best_recipes_that_fit_into_the_time(folds):
    latest = read_table("pneumonia_combined")
    table = folds_table({"runs": folds["runs"] | read_table("recipe_combined")["runs"]})
    ranked = table.drop([DOCUMENT, RENORMALIZED]).sort_values(
        "AUROC, other shifts", ascending=False
    )
    (names,) = latest["recipes"].values()
    assert names == list(ranked.index[: len(names)])
    all_films = 4708 / (5232 * 2 / 3)
    spent = ranked["minutes"].cumsum() * all_films
    assert spent.iloc[len(names) - 1] <= 2 * 9 < spent.iloc[len(names)]
    (runs,) = latest["methods"].values()
    assert len(runs) >= 5
    assert max(run["seconds"] for run in runs) <= 600


def test_the_cost_of_a_method_is_a_mean_time_and_the_greatest_memory():
    runs = [{"seconds": 60, "megabytes": 5}, {"seconds": 120, "megabytes": 7}]
    stored = {"members": 3, "processes": 2, "methods": {"a": runs}}
    assert cost_of(stored, "a") == "3 networks, 1.5 minutes, 2 at a time, up to 7 MB each"


def test_differences_over_groups_are_students(folds):
    told = below_first(folds, "AUROC")
    said = rule_scores(folds, "scores")["AUROC"]
    names = list(folds["runs"])
    first = said.mean(axis=1).argmax()
    assert told[names[first]] == ""
    paired = said[first] - said[names.index("mirrored")]
    low, high = stats.t.interval(0.95, 2, paired.mean(), stats.sem(paired))
    assert told["mirrored"] == f"{paired.mean():.4f} [{low:+.4f}, {high:+.4f}]"


def test_the_gap_is_our_score_minus_theirs(final):
    row = "all networks, all views"
    table = gap_table([final], row, "Google AutoML Vision")
    assert list(table.columns) == ["AUROC minus 0.991", "accuracy minus 0.946"]
    last = list(STEPS)[-1]
    value, low, high = with_films(final, last, row, "accuracy")
    right = np.mean([run[row]["test"]["accuracy"][0] for run in final["methods"][last]])
    assert value == pytest.approx(right)
    ends = f"[{low - 0.946:+.3f}, {high - 0.946:+.3f}]"
    assert table.loc[last].iloc[1] == f"{right - 0.946:+.3f} {ends}"


def test_published_scores_are_shares():
    table = published_table()
    assert len(table) == len(PUBLISHED) > 5
    assert set(table["pixels"]) == {28, 224}
    assert table["AUROC"].between(0.5, 1).all()
    assert table["accuracy"].between(0.5, 1).all()


def test_a_recipe_names_what_it_changes():
    table = recipe_table(STEPS | ASIDE)["what it changes"]
    assert table["twice as long"] == "epochs 40"
    assert table["exposed films"] == "exposure 1.0"
    assert table["one cycle"] == "learning_rate 0.004, weight_decay 0.05, one_cycle on"
    assert "epochs 20" in table["residual network"]


def test_shifts_are_tabulated_for_each_network(rng):
    from companion.films import Films

    films = Films(rng.random((12, 1, 12, 12)), np.arange(12) % 2)
    table = shift_table({"a": ResidualCNN(widths=(4,)).eval()}, films)
    assert list(table.index) == ["as they are", *SHIFTS]


def test_kernels_and_maps_are_drawn_on_one_scale(rng):
    model = ResidualCNN(widths=(12, 8))
    kernels = first_kernels(model)
    axes = plot_kernels(kernels, kernels * 2)
    assert axes.shape == (3, 10)
    limits = {ax.images[0].get_clim() for ax in axes.ravel()}
    assert limits == {(-limit, limit) for limit in [np.abs(2 * kernels[:10]).max()]}
    drawn = plot_block(model, rng.random((1, 12, 12)).astype(np.float32))
    assert drawn.shape == (3, 5)
    given, added, passed = (row[0].images[0].get_array() for row in drawn)
    np.testing.assert_allclose(passed, np.maximum(given + added, 0), atol=1e-5)


def test_kernels_are_copies():
    model = ResidualCNN(widths=(4,))
    before = first_kernels(model)
    model.features[0].change[0].weight.data.zero_()
    assert np.abs(before).max() > 0


def test_the_softened_curve_is_least_at_its_target():
    lines = plot_softened(0.1).lines
    best = [line.get_xdata()[0] for line in lines if line.get_marker() == "o"]
    assert best[0] == pytest.approx(9)
    assert best[1] == pytest.approx(np.log(0.95 / 0.05), abs=0.05)


def test_the_cycle_is_drawn_step_by_step():
    line, constant = plot_rates(Recipe(epochs=10), films=640).lines
    assert len(line.get_xdata()) == 100
    assert max(line.get_ydata()) == pytest.approx(Recipe().learning_rate)
    assert set(constant.get_ydata()) == {1e-3}


def test_rules_and_published_scores_are_drawn(search):
    found = search_table(search)
    found["AUROC on test"] = scores_on_test(search, "auroc").mean(axis=1)
    axes = plot_rules(found, ["AUROC", "AUROC, other shifts"], "AUROC on test", list(STEPS)[-1])
    others, chosen = axes[0].lines
    assert (len(others.get_xdata()), len(chosen.get_xdata())) == (len(found) - 1, 1)
    ax = plot_published({"ours": (0.9, 0.8, 0.95)}, {"theirs": 0.85})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ours", "theirs"]


def test_exercises_have_three_cases_or_more():
    assert {name: len(cases) for name, cases in CASES.items()} == {
        "softened_loss": 4, "choose_recipe": 3,
    }  # fmt: skip


def test_the_import_loads_no_framework():
    code = (
        "import sys, companion.pages.c5_2_better\n"
        "print(sorted({'torch', 'keras', 'tensorflow', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
