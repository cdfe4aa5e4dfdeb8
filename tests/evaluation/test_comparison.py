"""DeLong against the definition and by simulation, McNemar against the binomial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from companion.evaluation.comparison import delong, mcnemar


def two_readers(rng, count=120, second=0.9):
    labels = (np.arange(count) % 3 > 0).astype(int)
    shared = rng.normal(0, 0.7, count)
    first = 0.9 * labels + shared + rng.normal(0, 0.7, count)
    return labels, first, second * labels + shared + rng.normal(0, 0.7, count)


def placements(ill, normal):
    """The definition: how an ill film stands among the normal ones, ties counting one half."""
    return (ill[:, None] > normal).mean(axis=1) + 0.5 * (ill[:, None] == normal).mean(axis=1)


def test_delong_is_its_definition(rng):
    labels, first, second = two_readers(rng)
    first = np.round(first, 1)
    result = delong(labels, first, second)
    assert result.first == pytest.approx(roc_auc_score(labels, first))
    assert result.second == pytest.approx(roc_auc_score(labels, second))
    parts = []
    for side in (1, 0):
        at = [
            placements(s[labels == side], s[labels != side]) if side
            else 1 - placements(s[labels == side], s[labels != side])
            for s in (first, second)
        ]  # fmt: skip
        parts.append(np.cov(at) / (labels == side).sum())
    spread = np.array([-1, 1]) @ sum(parts) @ np.array([-1, 1])
    assert (result.high - result.low) / 2 == pytest.approx(1.959964 * np.sqrt(spread))


def test_delong_keeps_its_level_and_its_coverage():
    """1,000 studies without a difference: about one in twenty is called one."""
    rng = np.random.default_rng(1)
    results = [delong(*two_readers(rng)) for _ in range(1000)]
    assert 0.03 < np.mean([result.p_value < 0.05 for result in results]) < 0.07
    assert 0.93 < np.mean([result.low <= 0 <= result.high for result in results]) < 0.97


def test_delong_sees_a_difference_and_its_sign(rng):
    labels, first, second = two_readers(rng, 600, second=2.0)
    result, turned = delong(labels, first, second), delong(labels, second, first)
    assert result.p_value < 0.001 < result.low < result.difference
    assert turned.difference == pytest.approx(-result.difference)
    assert str(result).startswith("+0.")


def test_delong_of_equals_finds_nothing():
    labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9])
    same = delong(labels, scores, scores)
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_mcnemar_is_a_fair_coin_over_the_films_on_which_the_two_differ(rng):
    labels = rng.integers(0, 2, 60)
    first, second = labels.copy(), labels.copy()
    first[:9] = 1 - first[:9]
    second[6:10] = 1 - second[6:10]
    result = mcnemar(labels, first, second)
    assert result.p_value == pytest.approx(min(1, 2 * binom.sf(5, 7, 0.5)))
    assert result.difference == pytest.approx((6 - 1) / 60)
    reach = 1.959964 * np.sqrt((1 + 6 + 1 - (6 - 1) ** 2 / 62) / 62**2)
    assert (result.low, result.high) == pytest.approx((5 / 62 - reach, 5 / 62 + reach))
    assert (result.first, result.second) == (pytest.approx(51 / 60), pytest.approx(56 / 60))


def test_mcnemar_covers_the_true_difference():
    rng, truth = np.random.default_rng(2), 0.05
    held = 0
    for _ in range(1000):
        kind = rng.choice(3, 200, p=[0.8, 0.125, 0.075])
        result = mcnemar(np.ones(200), kind != 1, kind != 2)
        held += result.low <= truth <= result.high
    assert 0.93 < held / 1000 < 0.97


def test_mcnemar_of_equals_finds_nothing():
    labels = np.array([0, 1, 1])
    assert mcnemar(labels, labels, labels).p_value == 1


@pytest.mark.parametrize(
    ("compare", "arguments", "message"),
    [
        (delong, ([0, 1, 1], [1, 2, 3], [1, 2]), r"must be \(N,\), got \(3,\), \(3,\) and \(2,\)"),
        (delong, ([1, 1, 1], [1, 2, 3], [1, 2, 3]), "two 0 and two 1, .* 3 of 3 being 1"),
        (delong, ([0, 0, 1, 1], [1, 2, 3, np.nan], [1, 2, 3, 4]), "finite, got 1 that are not"),
        (mcnemar, ([0, 1], [0, 1, 1], [0, 1]), r"got \(2,\), \(3,\) and \(2,\)"),
        (mcnemar, ([0, 1], [0.2, 0.8], [0, 1]), r"first must be 0 or 1, got \[0.2, 0.8\]"),
    ],
)
def test_bad_input_is_named(compare, arguments, message):
    with pytest.raises(ValueError, match=message):
        compare(*map(np.array, arguments))
