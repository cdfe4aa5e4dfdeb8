"""Estimates with and without an interval, means within their scale, and the table of methods."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp

from companion.evaluation import METRICS, Estimate, interval_methods, mean_estimate, mean_interval


def test_an_estimate_without_an_interval_says_why():
    estimate = Estimate(0.5, np.nan, np.nan, "the scores are constant")
    assert str(estimate) == "0.500 [no interval: the scores are constant]"
    assert f"{estimate:.1f}" == "0.5 [no interval: the scores are constant]"
    assert str(Estimate(0.5, 0.25, 0.75)) == "0.500 [0.250, 0.750]"
    assert f"{Estimate(0.05, -0.0001, 0.1):+.2f}" == "+0.05 [+0.00, +0.10]"


def test_a_mean_has_students_interval(rng):
    values = rng.normal(size=12)
    theirs = ttest_1samp(values, 0).confidence_interval(0.9)
    mean, low, high = mean_interval(values, 0.9)
    assert (mean, low, high) == pytest.approx((values.mean(), theirs.low, theirs.high))


def test_a_mean_within_bounds_has_an_interval_within_them():
    values = np.array([0.0, 0.0, 0.1, 0.0, 0.3])
    assert mean_interval(values)[1] < 0, "Student's alone leaves the scale"
    mean, low, high = mean_interval(values, bounds=(0, 1))
    assert 0 < low < mean < high < 1
    odds, error = mean / (1 - mean), values.std(ddof=1) / 5**0.5
    reach = np.exp(2.776445 * error / (mean * (1 - mean)))
    assert low / (1 - low) == pytest.approx(odds / reach, rel=1e-5)
    assert high / (1 - high) == pytest.approx(odds * reach, rel=1e-5)
    turned = mean_interval(1 - 2 * values, bounds=(-1, 1))
    np.testing.assert_allclose(turned, (1 - 2 * mean, 1 - 2 * high, 1 - 2 * low))


def test_a_share_has_wilsons_interval():
    estimate = mean_estimate([1] * 7 + [0] * 3, share=True)
    theirs = binomtest(7, 10).proportion_ci(method="wilson")
    assert (estimate.low, estimate.high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("bounds", [None, (0, 1)])
def test_runs_that_are_all_the_same_are_no_certainty(bounds):
    estimate = mean_estimate([1.0, 1.0, 1.0], bounds=bounds)
    assert str(estimate) == "1.000 [no interval: all 3 values are the same]"
    mean, low, high = mean_interval([[0.1] * 3, [0.1, 0.2, 0.3]], bounds=bounds)
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] < mean[1] < high[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval([0.5]), r"at least two seeds, got shape \(1,\)"),
        (lambda: mean_interval([0.5, np.nan]), "values must be finite, got 1 that are not"),
        (lambda: mean_interval(["a", "b"]), "values must be numbers, got dtype <U1"),
        (lambda: mean_interval([0.5, 0.6], 95), "confidence must be between 0 and 1, got 95"),
        (lambda: mean_interval([0.5, 1.6], bounds=(0, 1)), r"bounds \(0, 1\), got 0.5 to 1.6"),
        (lambda: mean_estimate([[0.5, 0.6]]), r"values must be \(N,\), got shape \(1, 2\)"),
        (lambda: mean_estimate([0.5, 1], share=True), r"values must be 0 or 1, got \[0.5\]"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_score_has_a_method_with_a_source():
    table = interval_methods()
    assert set(METRICS) <= set(table.index)
    assert table.columns.tolist() == ["method", "source"]
    assert (table.map(len) > 5).all().all()


def test_the_wing_loads_no_framework():
    code = (
        "import sys, companion.evaluation\n"
        "heavy = {'pandas', 'sklearn', 'statsmodels', 'torch', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
