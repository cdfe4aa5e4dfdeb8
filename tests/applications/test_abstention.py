"""When not to answer: the curve by hand, thresholds by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.applications import coverage_risk, threshold_for_coverage, threshold_for_risk


def test_the_curve_by_hand():
    """Surest first: right, wrong, right, right, wrong."""
    curve = coverage_risk([0.6, 0.9, 0.8, 0.7, 0.5], [0, 0, 1, 0, 1])
    np.testing.assert_allclose(curve.threshold, [0.9, 0.8, 0.7, 0.6, 0.5])
    np.testing.assert_allclose(curve.coverage, [0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_allclose(curve.risk, [0, 1 / 2, 1 / 3, 1 / 4, 2 / 5])
    assert curve.area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4 + 2 / 5) / 5)
    assert curve.best_area == pytest.approx((1 / 4 + 2 / 5) / 5)


def test_films_of_equal_confidence_are_answered_together():
    curve = coverage_risk([0.9, 0.5, 0.5, 0.5], [0, 1, 0, 0])
    np.testing.assert_allclose(curve.coverage, [0.25, 1])
    np.testing.assert_allclose(curve.risk, [0, 0.25])
    assert curve.area == pytest.approx(0.25 * 0 + 0.75 * 0.25)
    constant = coverage_risk([0.5] * 4, [0, 1, 0, 0])
    assert (len(constant.risk), constant.area) == (1, 0.25)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=60))
def test_every_point_is_what_counting_says(pairs):
    confidence, wrong = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    if wrong.all() or not wrong.any():
        with pytest.raises(ValueError, match="both"):
            coverage_risk(confidence, wrong)
        return
    curve = coverage_risk(confidence, wrong)
    for threshold, coverage, risk in zip(curve.threshold, curve.coverage, curve.risk, strict=True):
        answered = confidence >= threshold
        assert coverage == pytest.approx(answered.mean())
        assert risk == pytest.approx(wrong[answered].mean())
    assert curve.coverage[-1] == 1
    assert curve.risk[-1] == pytest.approx(wrong.mean())
    perfect = coverage_risk(-wrong.astype(float) - np.arange(len(wrong)) * 1e-6, wrong)
    assert perfect.area == pytest.approx(curve.best_area)


def test_only_the_order_of_confidence_counts(rng):
    confidence, wrong = rng.normal(size=50), rng.random(50) < 0.3
    one, other = coverage_risk(confidence, wrong), coverage_risk(np.exp(confidence), wrong)
    assert one.area == other.area


@pytest.mark.parametrize(
    ("confidence", "wrong", "message"),
    [
        ([0.1, 0.2], [0, 0], "both"),
        ([0.1, 0.2], [1, 1], "both"),
        ([0.1, np.nan], [0, 1], "1 values that are NaN"),
        ([0.1, np.inf], [0, 1], "infinite"),
        ([0.1], [0, 1], r"confidence must be numbers \(2,\)"),
        ([], [], "not empty"),
        (["a", "b"], [0, 1], "must be numbers"),
        ([0.1, 0.2], [0, 2], "0 or 1"),
    ],
)
def test_bad_input_is_named(confidence, wrong, message):
    with pytest.raises(ValueError, match=message):
        coverage_risk(confidence, wrong)


def test_the_threshold_for_a_coverage_answers_that_share_and_no_more_than_ties_force(rng):
    confidence = rng.random(100)
    for coverage in (0.01, 0.3, 0.7, 1):
        answered = (confidence >= threshold_for_coverage(confidence, coverage)).sum()
        assert answered == round(100 * coverage)
    assert threshold_for_coverage([0.5, 0.5, 0.9], 0.4) == 0.5
    assert threshold_for_coverage(np.arange(10) / 10, 0.7) == 0.3
    for coverage in (0, 1.1, np.nan):
        with pytest.raises(ValueError, match="coverage must be above 0"):
            threshold_for_coverage(confidence, coverage)


def draw(rng, count):
    """Films whose answers are the wronger the less sure the model is: with probability u / 2."""
    unsure = rng.random(count)
    return 1 - unsure, rng.random(count) < unsure / 2


def true_risk(rng, **how):
    """The risk on new films at the threshold chosen; none where the model is told to be silent."""
    try:
        return (1 - threshold_for_risk(*draw(rng, 600), 0.15, **how)) / 4
    except ValueError:
        return 0.0


def test_the_risk_that_was_promised_is_kept_on_new_films():
    """Answering the surest share c is wrong in c / 4 of films: 0.15 is kept up to c = 0.6."""
    rng = np.random.default_rng(3)
    kept = np.array([true_risk(rng, chance=0.1) for _ in range(400)])
    naive = np.array([true_risk(rng, chance=None) for _ in range(400)])
    assert (kept > 0.15).mean() <= 0.1
    assert (naive > 0.15).mean() > 0.3, "what was seen is not what is to come"
    assert (kept > 0).mean() > 0.9, "and yet it answers"


def test_trying_many_thresholds_is_paid_for():
    """Where every threshold is wrong in 15 % of films, twenty tries must not find one by luck."""
    rng, lucky = np.random.default_rng(4), 0
    for _ in range(200):
        try:
            threshold_for_risk(rng.random(600), rng.random(600) < 0.151, 0.15, chance=0.1)
            lucky += 1
        except ValueError:
            pass
    assert lucky / 200 <= 0.1


def test_the_most_is_answered_that_the_risk_allows():
    confidence, wrong = np.linspace(1, 0, 100), np.repeat([0, 1], [90, 10])
    assert (confidence >= threshold_for_risk(confidence, wrong, 0.1, chance=None)).all()
    assert (confidence >= threshold_for_risk(confidence, wrong, 0.06, chance=None)).sum() == 95


def test_a_risk_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="no threshold keeps the risk at 0.1"):
        threshold_for_risk(np.linspace(0, 1, 50), np.ones(50), 0.1)
    with pytest.raises(ValueError, match="no threshold"):
        threshold_for_risk([0.9, 0.8], [0, 0], 0.1)  # two right answers promise nothing
    for risk, chance in ((0, 0.1), (1, 0.1), (0.1, 0), (0.1, 1), (np.nan, 0.1)):
        with pytest.raises(ValueError, match="must be between 0 and 1"):
            threshold_for_risk([0.9, 0.8], [0, 1], risk, chance=chance)
