"""Sets that keep their promise: by hand, by simulation, and where they must not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from companion.applications import conformal_thresholds, describe_sets, prediction_sets


def draw(rng, count, classes=2, *, prevalence=0.3, shift=0.0):
    """Labels, and the probabilities of a model that is not calibrated."""
    chances = np.full(classes, (1 - prevalence) / (classes - 1))
    chances[-1] = prevalence
    labels = rng.choice(classes, count, p=chances)
    logits = rng.normal(0, 1.5, (count, classes))
    logits[np.arange(count), labels] += 1.5 - shift
    odds = np.exp(2 * logits)
    return labels, odds / odds.sum(1, keepdims=True)


def coverage(calibration, test, **how):
    thresholds = conformal_thresholds(*calibration, **how)
    labels, probabilities = test
    return prediction_sets(probabilities, thresholds)[np.arange(len(labels)), labels]


def test_the_quantile_by_hand():
    """Scores 0.1, 0.2 ... 0.9; of ten films in a row, the last is among the first nine in 90 %."""
    labels, probabilities = np.ones(9, int), 1 - np.arange(1, 10) / 10
    for alpha, expected in ((0.1, 0.9), (0.2, 0.8), (0.5, 0.5), (0.45, 0.6)):
        found = conformal_thresholds(labels, probabilities, alpha=alpha)
        np.testing.assert_allclose(found, expected)


def test_binary_is_two_classes(rng):
    labels, rows = draw(rng, 50)
    for by_class in (False, True):
        one = conformal_thresholds(labels, rows[:, 1], by_class=by_class)
        np.testing.assert_allclose(one, conformal_thresholds(labels, rows, by_class=by_class))
    new = draw(rng, 50)[1]
    np.testing.assert_array_equal(prediction_sets(new[:, 1], one), prediction_sets(new, one))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("count", [19, 100, 524])
def test_nine_in_ten_sets_hold_the_truth(classes, count):
    rng = np.random.default_rng(count + classes)
    held = [coverage(draw(rng, count, classes), draw(rng, 200, classes)).mean() for _ in range(500)]
    assert 0.88 <= np.mean(held) <= 0.92
    k = np.ceil((count + 1) * 0.9 - 1e-9)
    assert np.mean(held) == pytest.approx(k / (count + 1), abs=0.006), "not less, and not more"


def test_coverage_over_calibration_sets_spreads_as_the_beta_binomial_says():
    """One calibration set of 100 films may give 85 % or 95 %: the promise is of the average."""
    rng, count, new = np.random.default_rng(0), 100, 1000
    held = [coverage(draw(rng, count), draw(rng, new)).sum() for _ in range(1000)]
    expected = betabinom(new, 91, count + 1 - 91)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert np.mean(held <= expected.ppf(share)) == pytest.approx(share, abs=0.035)


def test_by_class_the_rare_ill_are_covered_as_often_as_the_healthy():
    rng = np.random.default_rng(1)
    held = {by_class: {0: [], 1: []} for by_class in (False, True)}
    for _ in range(300):
        calibration, test = draw(rng, 400, prevalence=0.1), draw(rng, 400, prevalence=0.1)
        # A model that calls the ill healthy: their probability is divided by ten.
        spoil = [
            (labels, np.c_[1 - p[:, 1] / 10, p[:, 1] / 10]) for labels, p in (calibration, test)
        ]
        for by_class, found in held.items():
            answers = coverage(*spoil, by_class=by_class)
            for label in (0, 1):
                found[label].append(answers[spoil[1][0] == label].mean())
    for label in (0, 1):
        assert 0.88 <= np.mean(held[True][label]) <= 0.93
    assert np.mean(held[False][1]) < 0.5, "all together it is kept at the cost of the ill"


def test_under_a_shift_the_promise_is_broken():
    rng = np.random.default_rng(2)
    held = [coverage(draw(rng, 300), draw(rng, 300, shift=1.5)).mean() for _ in range(200)]
    assert np.mean(held) < 0.8


def test_ties_are_let_in():
    thresholds = conformal_thresholds(np.ones(10, int), np.full(10, 0.3))
    assert prediction_sets([0.3, 0.29999], thresholds).tolist() == [[True, True], [True, False]]


@pytest.mark.parametrize(("alpha", "count"), [(0.1, 8), (0.05, 18), (0.5, 0), (0.01, 98)])
def test_too_few_films_for_the_promise_are_refused(alpha, count):
    least = count + 1
    if count:
        with pytest.raises(
            ValueError, match=f"{count} calibration films are too few .* {least} are"
        ):
            conformal_thresholds(np.zeros(count, int), np.full(count, 0.2), alpha=alpha)
    conformal_thresholds(np.zeros(least, int), np.full(least, 0.2), alpha=alpha)
    both = np.r_[np.zeros(200, int), np.ones(count, int)]
    with pytest.raises(ValueError, match=f"{count} films of class 1 are too few"):
        conformal_thresholds(both, np.full(200 + count, 0.2), alpha=alpha, by_class=True)


@pytest.mark.parametrize(
    ("labels", "probabilities", "alpha", "message"),
    [
        ([], [], 0.1, "not empty"),
        ([0] * 9, [0.2] * 9, 0, "alpha must be between"),
        ([0] * 9, [0.2] * 9, 1, "alpha must be between"),
        ([0] * 9, [0.2] * 9, np.nan, "alpha must be between"),
        ([0] * 9, [0.2] * 8 + [np.nan], 0.1, "NaN"),
        ([0] * 9, [0.2] * 8 + [1.2], 0.1, r"in \[0, 1\]"),
        ([0] * 8 + [2], [0.2] * 9, 0.1, r"0 to 1, got \[2.0\]"),
        ([0.5] * 9, [0.2] * 9, 0.1, "whole numbers"),
        ([0] * 8, [0.2] * 9, 0.1, r"labels must be numbers \(9,\)"),
        ([0] * 9, [[0.2, 0.7]] * 9, 0.1, "add up to 1"),
        ([0] * 9, [[1.0]] * 9, 0.1, "K at least 2"),
        ([0] * 9, [[[1.0]]] * 9, 0.1, r"\(N, D\)"),
    ],
)
def test_bad_input_is_named(labels, probabilities, alpha, message):
    with pytest.raises(ValueError, match=message):
        conformal_thresholds(labels, probabilities, alpha=alpha)


def test_sets_are_described_by_counting():
    sets = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [1, 0]], bool)
    table = describe_sets([0, 0, 0, 1, 1], sets)
    assert table["films"].to_dict() == {"all": 5, 0: 3, 1: 2}
    np.testing.assert_allclose(table["coverage"], [3 / 5, 2 / 3, 1 / 2])
    np.testing.assert_allclose(table["size"], [1, 1, 1])
    np.testing.assert_allclose(table[["one", "several", "none"]].loc["all"], [3 / 5, 1 / 5, 1 / 5])
    assert ((table.low <= table.coverage) & (table.coverage <= table.high)).all()
    with pytest.raises(ValueError, match="bool"):
        describe_sets([0, 1], [[0.1, 0.2], [1, 1]])
    with pytest.raises(ValueError, match="0 to 1"):
        describe_sets([0, 2], sets[:2])


def test_thresholds_of_other_classes_are_refused():
    with pytest.raises(ValueError, match=r"thresholds must be numbers \(2,\)"):
        prediction_sets([0.1, 0.2], [0.5, 0.5, 0.5])
