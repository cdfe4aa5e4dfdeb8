"""Scores against scikit-learn, intervals against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from companion.evaluation import METRICS, evaluate

THEIRS = {
    "accuracy": lambda y, s, t, w: metrics.accuracy_score(y, s >= t, sample_weight=w),
    "precision": lambda y, s, t, w: metrics.precision_score(y, s >= t, sample_weight=w),
    "recall": lambda y, s, t, w: metrics.recall_score(y, s >= t, sample_weight=w),
    "specificity": lambda y, s, t, w: metrics.recall_score(1 - y, s < t, sample_weight=w),
    "f1": lambda y, s, t, w: metrics.f1_score(y, s >= t, sample_weight=w),
    "auroc": lambda y, s, t, w: metrics.roc_auc_score(y, s, sample_weight=w),
    "average_precision": lambda y, s, t, w: metrics.average_precision_score(y, s, sample_weight=w),
}


def draw(rng, count=60, levels=12):
    """Labels of both kinds and scores with ties."""
    labels = np.concatenate([[0, 1], rng.integers(0, 2, count - 2)])
    scores = np.round(levels * np.clip(0.3 * labels + 0.7 * rng.random(count), 0, 1)) / levels
    return labels, scores


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(6, 80), threshold=st.floats(0.2, 0.8))
def test_every_value_is_scikit_learns(seed, count, threshold):
    rng = np.random.default_rng(seed)
    labels, scores = draw(rng, count)
    if not (scores >= threshold).any():
        return
    report = evaluate(labels, scores, threshold=threshold, n_boot=5, rng=rng)
    assert tuple(report) == METRICS
    for metric in METRICS:
        expected = THEIRS[metric](labels, scores, threshold, None)
        assert report[metric].value == pytest.approx(expected, abs=1e-12), metric
    expected = metrics.confusion_matrix(labels, scores >= threshold, labels=[0, 1])
    np.testing.assert_array_equal(report.confusion, expected)


def test_every_resample_is_scored_as_scikit_learn_would(rng):
    from companion.evaluation import _resample, _score

    labels, scores = draw(rng)
    weights = _resample(rng, len(labels), None, 20)
    ours = _score(labels, scores, 0.5, weights)
    for row, weight in enumerate(weights):
        for metric in METRICS:
            assert ours[metric][row] == pytest.approx(THEIRS[metric](labels, scores, 0.5, weight))


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Coverage over 300 simulated studies of 200 films."""
    rng, truth = np.random.default_rng(0), 0.8
    held = 0
    for _ in range(300):
        labels = np.arange(200) % 2
        right = rng.random(200) < truth
        scores = np.where(right, labels, 1 - labels).astype(float)
        estimate = evaluate(labels, scores, n_boot=300, rng=rng)["accuracy"]
        held += estimate.low <= truth <= estimate.high
    assert 0.90 < held / 300 < 0.985


def test_resampling_patients_widens_the_interval(rng):
    """Ten copies of every film hold no more than the film."""
    labels, scores = draw(rng, 40)
    copies = (np.repeat(labels, 10), np.repeat(scores, 10))
    patients = np.repeat(np.arange(40), 10)

    def width(**options):
        estimate = evaluate(*copies, n_boot=500, rng=np.random.default_rng(0), **options)["auroc"]
        return estimate.high - estimate.low

    assert width(groups=patients) > 2 * width()


@settings(max_examples=25, deadline=None)
@given(scores=arrays(np.float64, 12, elements=st.floats(-5, 5)))
def test_ranking_metrics_see_only_the_order(scores):
    labels = np.arange(12) % 2
    rng = np.random.default_rng(0)
    coarse = np.round(scores, 3)
    plain = evaluate(labels, coarse, n_boot=2, rng=rng)
    bent = evaluate(labels, np.exp(coarse / 2), n_boot=2, rng=rng)
    flipped = evaluate(labels, -coarse, n_boot=2, rng=rng)
    assert plain["auroc"].value == pytest.approx(bent["auroc"].value)
    assert plain["average_precision"].value == pytest.approx(bent["average_precision"].value)
    assert plain["auroc"].value == pytest.approx(1 - flipped["auroc"].value)


def test_precision_is_undefined_when_nothing_counts_as_ill(rng):
    report = evaluate(np.array([0, 1]), np.array([0.1, 0.2]), n_boot=10, rng=rng)
    assert np.isnan([report["precision"].value, report["precision"].low]).all()
    assert report["recall"].value == 0


def test_a_report_prints_and_becomes_a_table(rng):
    report = evaluate(*draw(rng), rng=rng)
    assert str(report).splitlines()[0].startswith("auroc              0.")
    assert report.to_frame().columns.tolist() == ["value", "low", "high"]
    assert len(report) == len(report.to_frame()) == len(METRICS)


@pytest.mark.parametrize(
    ("labels", "scores", "options", "message"),
    [
        ([0, 1, 1], [0.1, 0.2], {}, r"got \(3,\) and \(2,\)"),
        ([1, 1], [0.1, 0.2], {}, r"hold 0 and 1, both, got \[1\]"),
        ([0, 2], [0.1, 0.2], {}, r"both, got \[0, 2\]"),
        ([0, 1], [0.1, np.nan], {}, "finite, got 1 that are not"),
        ([0, 1], [0.1, np.inf], {}, "finite, got 1 that are not"),
        ([0, 1], [0.1, 0.2], {"confidence": 95}, "between 0 and 1, got 95"),
        ([0, 1], [0.1, 0.2], {"groups": [1]}, r"groups must be \(2,\), got shape \(1,\)"),
    ],
)
def test_bad_input_is_named(rng, labels, scores, options, message):
    with pytest.raises(ValueError, match=message):
        evaluate(np.array(labels), np.array(scores), rng=rng, **options)
