"""Thresholds, predictive values, net benefit and the gap: hand arithmetic, invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.evaluation.decisions import (
    explain_gap,
    net_benefit,
    predictive_values,
    threshold_for_recall,
)
from companion.evaluation.report import evaluate


def draw(seed, count=80, shift=0.3):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([[0, 1], rng.integers(0, 2, count - 2)])
    return labels, np.round(np.clip(shift * labels + 0.7 * rng.random(count), 0, 1), 2)


@given(seed=st.integers(0, 10_000), recall=st.floats(0.01, 1))
def test_a_threshold_finds_the_wished_share_and_no_greater_one_does(seed, recall):
    labels, scores = draw(seed)
    threshold = threshold_for_recall(labels, scores, recall)
    ill = scores[labels == 1]
    assert (ill >= threshold).mean() >= recall - 1e-9
    assert (ill > threshold).mean() < recall


def test_a_tenth_of_ten_is_one():
    scores = np.arange(10.0)
    assert threshold_for_recall(np.ones(10), scores, 0.1) == 9
    assert threshold_for_recall(np.ones(10), scores, 0.7) == 3


def test_predictive_values_are_those_of_the_table_they_come_from(rng):
    labels, scores = draw(3)
    report = evaluate(labels, scores, n_boot=5, rng=rng)
    (tn, fp), (fn, tp) = report.confusion
    positive, negative = predictive_values(
        report["recall"].value, report["specificity"].value, labels.mean()
    )
    assert positive == pytest.approx(tp / (tp + fp))
    assert negative == pytest.approx(tn / (tn + fn))
    none, all_healthy = predictive_values(0.9, 0.8, 0.0)
    assert (none, all_healthy) == (0, 1)
    assert np.isnan(predictive_values(0.9, 1.0, 0.0)[0])


def test_net_benefit_of_simple_rules():
    labels, thresholds = np.array([1, 1, 0, 0, 0]), np.array([0, 0.25, 0.5])
    np.testing.assert_allclose(net_benefit(labels, labels, thresholds[1:]), [0.4, 0.4])
    np.testing.assert_allclose(net_benefit(labels, np.zeros(5), thresholds[1:]), [0, 0])
    everybody = 0.4 - 0.6 * thresholds / (1 - thresholds)
    np.testing.assert_allclose(net_benefit(labels, np.ones(5), thresholds), everybody)


@given(first=st.integers(0, 1000), second=st.integers(0, 1000), shift=st.floats(0, 0.6))
def test_the_parts_of_a_gap_add_up(first, second, shift):
    gap = explain_gap(draw(first), draw(second, shift=shift))
    parts = gap["prevalence"] + gap["ranking"] + gap["threshold"]
    assert gap["seen"] + parts == pytest.approx(gap["met"])


def test_another_prevalence_is_all_of_the_gap():
    labels = np.repeat([0, 1], [40, 60])
    scores = np.where(np.arange(100) % 10 < np.where(labels == 1, 1, 5), 1 - labels, labels)
    more = np.repeat(np.arange(100), 1 + 3 * labels)
    gap = explain_gap((labels, scores), (labels[more], scores[more]))
    share = 240 / 280
    assert gap["prevalence"] == pytest.approx(share * 0.9 + (1 - share) * 0.5 - 0.74)
    assert gap["ranking"] == pytest.approx(0)
    assert gap["threshold"] == pytest.approx(0)


def test_shifted_scores_are_a_matter_of_the_threshold_and_shuffled_ones_of_the_ranking():
    labels, scores = draw(1, 400)
    gap = explain_gap((labels, scores), (labels, scores / 2))
    assert gap["prevalence"] == gap["ranking"] == 0 > -0.1 > gap["threshold"]
    shuffled = np.random.default_rng(0).permutation(scores)
    assert explain_gap((labels, scores), (labels, shuffled))["ranking"] < -0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: threshold_for_recall(np.zeros(2), np.ones(2), 0.5), "hold a 1, got none"),
        (lambda: threshold_for_recall(np.ones(2), np.ones(2), 0), "above 0 and at most 1, got 0"),
        (lambda: threshold_for_recall(np.ones(2), np.ones(3), 1), r"scores must be numbers \(2,\)"),
        (lambda: predictive_values(0.9, 90, 0.5), r"specificity must be in \[0, 1\], got 90"),
        (lambda: net_benefit(np.ones(1), np.ones(1), np.array([1.0])), "below 1, got"),
        (lambda: net_benefit(np.ones(1), np.array([np.nan]), np.array([0.5])), "finite, got 1"),
        (lambda: net_benefit([2], [0.4], [0.5]), r"labels must be 0 or 1, got \[2\]"),
        (lambda: threshold_for_recall([1, 2], [1, 2], 0.5), r"labels must be 0 or 1, got \[2\]"),
        (lambda: net_benefit([1], [40.0], [0.5]), r"probabilities must be in \[0, 1\], got"),
        (lambda: net_benefit([1], [0.4], 0.5), r"thresholds must be \(T,\)"),
        (lambda: explain_gap(draw(1), draw(2), threshold=np.nan), "threshold must be finite"),
        (lambda: explain_gap(draw(1), (np.ones(2), np.ones(2))), "0 and 1, both, got"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
