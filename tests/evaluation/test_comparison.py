"""DeLong against the definition and by simulation, McNemar against the binomial."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from companion.evaluation.comparison import delong, holm, mcnemar


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


def test_delong_of_equals_finds_nothing(rng):
    labels, first, _ = two_readers(rng)
    same = delong(labels, first, first)
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_few_ill_get_an_interval_of_the_difference_that_holds(shift):
    """Five ill among 105, 500 studies of equal and unequal readers: DeLong's holds in 86 %."""
    rng, held = np.random.default_rng(3), 0
    labels = np.repeat([1, 0], [5, 100])
    truth = scipy.stats.norm.cdf(1.5 / 2**0.5) - scipy.stats.norm.cdf((1.5 + shift) / 2**0.5)
    for _ in range(500):
        shared, own = rng.normal(0, 0.7, 105), rng.normal(0, 0.51**0.5, (2, 105))
        first, second = own + shared + labels * np.array([[1.5 + shift], [1.5]])
        result = delong(labels, first, second)
        assert -1 <= result.low < result.high <= 1
        held += result.low <= truth <= result.high
    assert 0.92 < held / 500 < 0.99


@pytest.mark.parametrize(
    ("labels", "first", "second", "reason"),
    [
        ([0, 0, 1, 1], [0.5] * 4, [0.1, 0.2, 0.3, 0.4], "the first scores are constant"),
        ([0] * 50 + [1] * 50, range(100), [0.5] * 100, "the second scores are constant"),
        ([0, 0, 0, 1, 1], range(5), [4, 0, 1, 2, 3], "2 ill and 3 healthy: at least 3 of each"),
        ([0] * 30 + [1] * 30, range(60), range(60, 0, -1), "every film is placed alike"),
    ],
)
def test_a_difference_that_nothing_supports_has_a_reason_and_no_interval(
    labels, first, second, reason
):
    result = delong(labels, first, second)
    assert reason in result.reason
    assert reason in str(result)
    assert np.isnan([result.low, result.high, result.p_value]).all()
    assert result.difference == pytest.approx(
        roc_auc_score(labels, second) - roc_auc_score(labels, first)
    )


def test_ends_of_a_difference_stay_within_one():
    labels, right = [0] * 20 + [1] * 20, np.arange(40.0)
    nearly = right.copy()
    nearly[[0, 39]] = nearly[[39, 0]]
    assert delong(labels, -nearly, right).high <= 1
    result = mcnemar([1, 1], [0, 0], [1, 1])
    assert -1 <= result.low <= result.high <= 1


def test_holm_by_hand():
    """Smallest times three, next times two, never falling; of 21 the smallest times 21."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, 0.9]), [1, 1])
    for family in np.random.default_rng(0).random((10, 21)):
        assert holm(family).min() == pytest.approx(min(21 * family.min(), 1))
    with pytest.raises(ValueError, match=r"p_values must be in \[0, 1\], got values from 0 to 2"):
        holm([0, 2])


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
        (delong, ([0, 1, 1], [1, 2, 3], [1, 2]), r"second must be numbers \(3,\), got .* \(2,\)"),
        (delong, ([0, 1], ["a", "b"], [1, 2]), "first must be numbers .* got <U1"),
        (delong, ([1, 1, 1], [1, 2, 3], [1, 2, 3]), "two 0 and two 1, got 3 of 3 being 1"),
        (delong, ([0, 0, 1, 1], [1, 2, 3, np.nan], [1, 2, 3, 4]), "first must be finite, got 1"),
        (mcnemar, ([0, 1], [0, 1, 1], [0, 1]), r"first must be \(2,\), got shape \(3,\)"),
        (mcnemar, ([0, 1], [0.2, 0.8], [0, 1]), r"first must be 0 or 1, got \[0.2, 0.8\]"),
    ],
)
def test_bad_input_is_named(compare, arguments, message):
    with pytest.raises(ValueError, match=message):
        compare(*arguments)


@pytest.mark.parametrize("compare", [delong, mcnemar])
def test_a_confidence_is_a_share(compare):
    with pytest.raises(ValueError, match="confidence must be between 0 and 1, got 95"):
        compare([0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1], confidence=95)
