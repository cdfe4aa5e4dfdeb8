"""Scores against scikit-learn, intervals against simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from companion.evaluation import _intervals, _resampling
from companion.evaluation._resampling import resamples
from companion.evaluation._weighted import score
from companion.evaluation.report import METRICS, evaluate
from companion.evaluation.simulation import draw_study

THEIRS = {
    "accuracy": lambda y, s, t, w: metrics.accuracy_score(y, s >= t, sample_weight=w),
    "precision": lambda y, s, t, w: metrics.precision_score(y, s >= t, sample_weight=w),
    "recall": lambda y, s, t, w: metrics.recall_score(y, s >= t, sample_weight=w),
    "specificity": lambda y, s, t, w: metrics.recall_score(1 - y, s < t, sample_weight=w),
    "f1": lambda y, s, t, w: metrics.f1_score(y, s >= t, sample_weight=w),
    "auroc": lambda y, s, t, w: metrics.roc_auc_score(y, s, sample_weight=w),
    "average_precision": lambda y, s, t, w: metrics.average_precision_score(y, s, sample_weight=w),
    "balanced_accuracy": lambda y, s, t, w: metrics.balanced_accuracy_score(
        y, s >= t, sample_weight=w
    ),
    "mcc": lambda y, s, t, w: metrics.matthews_corrcoef(y, s >= t, sample_weight=w),
    "brier": lambda y, s, t, w: metrics.brier_score_loss(y, s, sample_weight=w),
    "ece": lambda y, s, t, w: calibration_error(y, s, w),
}


def calibration_error(labels, scores, weights):
    """The definition, bin by bin."""
    weights = np.ones(len(labels)) if weights is None else weights
    total = 0.0
    for low in np.arange(10) / 10:
        inside = (scores >= low) & ((scores < low + 0.1) | (low == 0.9))
        if weights[inside].sum() > 0:
            said = np.average(scores[inside], weights=weights[inside])
            seen = np.average(labels[inside], weights=weights[inside])
            total += weights[inside].sum() * abs(said - seen)
    return total / weights.sum()


def draw(rng, count=60, levels=12):
    """Labels of both kinds and scores with ties."""
    labels = np.concatenate([[0, 1], rng.integers(0, 2, count - 2)])
    scores = np.round(levels * np.clip(0.3 * labels + 0.7 * rng.random(count), 0, 1)) / levels
    scores = np.minimum(scores + 0.001, 1)  # off the edges of the bins
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
    labels, scores = draw(rng)
    (weights,) = resamples(rng, np.arange(len(labels)), 20)
    ours = score(labels, scores, 0.5, weights)
    for row, weight in enumerate(weights):
        for metric in METRICS:
            assert ours[metric][row] == pytest.approx(THEIRS[metric](labels, scores, 0.5, weight))


def covered(rng, study, truth, studies, *, by_patient=True):
    """Return in which share of the studies that give an interval it holds the truth."""
    held, given = dict.fromkeys(METRICS, 0), dict.fromkeys(METRICS, 0)
    for _ in range(studies):
        labels, scores, patients = study()
        groups = patients if by_patient else None
        report = evaluate(labels, scores, groups=groups, n_boot=400, rng=rng)
        for metric in METRICS:
            held[metric] += report[metric].low <= truth[metric] <= report[metric].high
            given[metric] += not report[metric].reason
    # A NaN end without a reason counts as a miss.
    return {metric: held[metric] / given[metric] for metric in METRICS}


def truth_of(rng, **options):
    """Return every score of a study so large that it is the population."""
    labels, scores, _ = draw_study(rng, 1_000_000, **options)
    return {m: v[0] for m, v in score(labels, scores, 0.5, np.ones((1, len(labels)))).items()}


@pytest.mark.slow
@pytest.mark.parametrize("sharpness", [1.0, 2.0])
def test_intervals_hold_the_truth_as_often_as_they_say(sharpness):
    """2,000 simulated studies: a true 95 % is seen as 93.5 to 96.5 % in 998 of 1,000 such runs.

    The interval of the calibration error errs on the safe side.
    """
    rng = np.random.default_rng(4)
    truth = truth_of(rng, sharpness=sharpness)
    shares = covered(rng, lambda: draw_study(rng, 200, sharpness=sharpness), truth, 2000)
    for metric, share in shares.items():
        assert 0.93 <= share <= (0.99 if metric == "ece" else 0.97), (metric, share)


def test_few_films_of_a_good_model_get_intervals_that_hold():
    """Fifty films, one in 25 wrong: where resamples alone see no error and promise too much."""
    rng = np.random.default_rng(6)
    truth = truth_of(rng, separation=3.5)
    shares = covered(rng, lambda: draw_study(rng, 50, separation=3.5), truth, 500)
    for metric in METRICS:
        assert shares[metric] > 0.92, (metric, shares[metric])


def test_the_interval_of_matthews_correlation_by_hand(rng):
    """Recall 0.8 of 20, specificity 0.9 of 20; one share is moved to its end at a time."""
    labels = np.repeat([0, 1], 20)
    scores = np.r_[np.full(18, 0.1), np.full(2, 0.9), np.full(4, 0.1), np.full(16, 0.9)]
    report = evaluate(labels, scores, n_boot=4000, rng=rng)
    mcc = report["mcc"]
    recall, specificity, half = (
        scipy.stats.beta(seen + 0.5, of_all - seen + 0.5).ppf([0.025, 0.975])
        for seen, of_all in ((16, 20), (18, 20), (20, 40))
    )

    def of(hits, cleared, ill):
        tp, fn, tn, fp = (
            ill * hits,
            ill * (1 - hits),
            (1 - ill) * cleared,
            (1 - ill) * (1 - cleared),
        )
        return (tp * tn - fp * fn) / np.sqrt((tp + fp) * ill * (1 - ill) * (tn + fn))

    assert mcc.value == pytest.approx(of(0.8, 0.9, 0.5))
    for place, (end, side) in enumerate((("low", min), ("high", max))):
        moved = (
            of(recall[place], 0.9, 0.5),
            of(0.8, specificity[place], 0.5),
            side(of(0.8, 0.9, half[0]), of(0.8, 0.9, half[1]), mcc.value),
        )
        reach = np.sqrt(sum((mcc.value - other) ** 2 for other in moved))
        assert abs(getattr(mcc, end) - mcc.value) == pytest.approx(reach, rel=0.02)


def test_intervals_by_patient_hold_the_truth_where_plain_ones_do_not():
    """Eighty patients with six like films each; 500 studies."""
    rng = np.random.default_rng(5)
    truth = truth_of(rng)
    grouped, plain = (
        covered(rng, lambda: draw_study(rng, 80, films_each=6), truth, 500, by_patient=known)
        for known in (True, False)
    )
    for metric in ("auroc", "accuracy", "recall", "brier"):
        assert 0.91 < grouped[metric] < 0.98, (metric, grouped[metric])
        assert plain[metric] < 0.8, (metric, plain[metric])


def test_a_clean_record_of_few_films_is_no_certainty(rng):
    """Wilson's ends for n of n are n / (n + z²) and 1."""
    labels = np.arange(40) % 2
    report = evaluate(labels, labels * 0.8 + 0.1, rng=rng)
    z2 = scipy.stats.norm.ppf(0.975) ** 2
    for metric, films in (("recall", 20), ("specificity", 20), ("precision", 20), ("accuracy", 40)):
        assert report[metric].value == report[metric].high == 1
        assert report[metric].low == pytest.approx(films / (films + z2))
    assert 0.8 < report["auroc"].low < 1 == report["auroc"].high
    jeffreys = scipy.stats.beta(20.5, 0.5).ppf(0.025)
    assert report["balanced_accuracy"].low == pytest.approx(1 - (1 - jeffreys) / 2**0.5)
    assert report["balanced_accuracy"].high == 1


def test_a_share_of_films_drawn_singly_has_wilsons_interval(rng):
    """Whatever the resamples say, whose ill are now more and now fewer."""
    labels, scores = draw(rng, 80)
    found = evaluate(labels, scores, n_boot=10, confidence=0.9, rng=rng)["recall"]
    ill = int(labels.sum())
    hits = int((scores[labels == 1] >= 0.5).sum())
    theirs = scipy.stats.binomtest(hits, ill).proportion_ci(0.9, method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_copies_of_films_add_nothing_to_a_share(rng):
    """Forty patients with five equal films are worth forty films, less what is not known of them.

    That the films of a patient are copies is not known: Student's quantile makes up for it.
    """
    labels, scores = draw(rng, 40)
    once = evaluate(labels, scores, n_boot=4000, rng=rng)
    copied = evaluate(
        np.repeat(labels, 5),
        np.repeat(scores, 5),
        groups=np.repeat(np.arange(40), 5),
        n_boot=4000,
        rng=rng,
    )
    for metric in ("accuracy", "recall", "precision", "f1", "balanced_accuracy"):
        assert copied[metric].value == pytest.approx(once[metric].value)
        width, wider = (report[metric].high - report[metric].low for report in (once, copied))
        assert 1 < wider / width < 1.12, metric


def test_few_groups_get_students_interval():
    """Of a share at one half, with a variance of 0.01: worth 25 films; by hand."""
    z2 = scipy.stats.t.ppf(0.975, 9) ** 2 / (25 * 0.9)
    design = _intervals.Design(np.arange(60) % 10, 0.95)
    size = _intervals.effective_size(0.5, 0.01, np.ones(60, bool), design)
    low, high = _intervals.wilson(0.5, size, 0.95)
    reach = np.sqrt(z2 * 0.25 + z2**2 / 4) / (1 + z2)
    assert (low, high) == pytest.approx((0.5 - reach, 0.5 + reach))


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
@given(scores=arrays(np.float64, 12, elements=st.floats(0, 1)))
def test_ranking_metrics_see_only_the_order(scores):
    labels = np.arange(12) % 2
    rng = np.random.default_rng(0)
    coarse = np.round(scores, 3)
    plain = evaluate(labels, coarse, n_boot=2, rng=rng)
    bent = evaluate(labels, np.exp(coarse) / 3, n_boot=2, rng=rng)
    flipped = evaluate(labels, 1 - coarse, n_boot=2, rng=rng)
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
    assert report.to_frame().columns.tolist() == ["value", "low", "high", "reason"]
    assert report.to_frame()["low"].dtype == np.float64
    assert len(report) == len(report.to_frame()) == len(METRICS)
    assert report["sensitivity"] is report["recall"]
    with pytest.raises(KeyError, match="metric must be one of auroc, .* got 'auc'"):
        report["auc"]


def test_a_model_that_says_one_thing_has_no_correlation(rng):
    report = evaluate(np.array([0, 1, 1]), np.full(3, 0.9), n_boot=20, rng=rng)
    assert report["mcc"].value == 0
    assert report["balanced_accuracy"].value == 0.5


def test_perfect_calibration_of_one_bin_is_within_its_interval(rng):
    labels = np.arange(100) % 2
    estimate = evaluate(labels, np.full(100, 0.5), rng=rng)["ece"]
    assert estimate.low == estimate.value == 0 < estimate.high


def test_resamples_in_blocks_are_those_at_once(rng, monkeypatch):
    labels, scores = draw(rng)
    once = evaluate(labels, scores, n_boot=50, rng=np.random.default_rng(1))
    monkeypatch.setattr(_resampling, "BLOCK", 7 * len(labels))
    blocks = evaluate(labels, scores, n_boot=50, rng=np.random.default_rng(1))
    pd.testing.assert_frame_equal(once.to_frame(), blocks.to_frame())


@pytest.mark.parametrize(
    ("labels", "scores", "options", "message"),
    [
        ([0, 1, 1], [0.1, 0.2], {}, r"scores must be \(3,\), got shape \(2,\)"),
        ([1, 1], [0.1, 0.2], {}, r"labels must hold 0 and 1, both, got \[1\]"),
        ([0, 2], [0.1, 0.2], {}, r"labels must be 0 or 1, got \[2\]"),
        ([0, 1], [0.1, np.nan], {}, "scores must be finite, got 1 NaN or infinite"),
        ([0, 1], [0.1, np.inf], {}, "scores must be finite, got 1 NaN or infinite"),
        ([0, 1], [-0.1, 0.2], {}, r"in \[0, 1\], got values from -0.1 to 0.2; .* sigmoid"),
        ([0, 1], [0.1, 7.0], {}, r"scores must be in \[0, 1\], got values from 0.1 to 7"),
        ([0, 1], [0.1, 0.2], {"n_boot": 0}, "n_boot must be at least 1, got 0"),
        ([0, 1], [0.1, 0.2], {"confidence": 95}, "between 0 and 1, got 95"),
        ([0, 1], [0.1, 0.2], {"threshold": np.nan}, "threshold must be finite, got nan"),
        ([0, 1], [0.1, 0.2], {"groups": [7, 7]}, "at least two, got one"),
        ([0, 1], [0.1, 0.2], {"groups": [1]}, r"groups must be \(2,\), got shape \(1,\)"),
        ([0, 1], [0.1, 0.2], {"groups": [7, np.nan]}, "groups must .* got nan in row 1"),
        ([0, 1], [0.1, 0.2], {"groups": [7, None]}, "groups must .* got None in row 1"),
        ([0, 1], [0.1, 0.2], {"groups": ["7", ""]}, "groups must .* got '' in row 1"),
    ],
)
def test_bad_input_is_named(rng, labels, scores, options, message):
    with pytest.raises(ValueError, match=message):
        evaluate(labels, scores, rng=rng, **options)


def test_the_calibration_error_by_hand(rng):
    """Four films in two neighbouring bins that err in opposite directions."""
    report = evaluate(
        np.array([1, 1, 0, 0]), np.array([0.85, 0.85, 0.95, 0.95]), n_boot=10, rng=rng
    )
    assert report["ece"].value == pytest.approx((0.15 + 0.95) / 2)


@pytest.mark.parametrize("ill", [2, 3, 5])
def test_the_auroc_of_few_ill_has_an_interval_that_holds(ill):
    """Among 100 healthy, 400 studies; resamples alone hold in 63, 83 and 86 %."""
    rng, held = np.random.default_rng(ill), 0
    truth = scipy.stats.norm.cdf(2.2 / 2**0.5)
    for _ in range(400):
        labels, scores, _ = draw_study(rng, 100 + ill, ill=ill)
        design = _intervals.Design(np.arange(len(labels)), 0.95)
        low, high = _intervals.auroc(metrics.roc_auc_score(labels, scores), labels, scores, design)
        held += low <= truth <= high
    assert 0.92 <= held / 400 <= 0.985


def test_the_interval_of_a_perfect_auroc_by_hand():
    """All pairs right among 3 and 5: the low end is where 1 - A is 1.96 standard deviations.

    Two ill are both above one healthy if two normal differences, correlated by a half, are both
    positive; a bivariate normal integral says how often.
    """
    labels, scores = np.repeat([0, 1], [5, 3]), np.arange(8) / 8
    low, high = _intervals.auroc(1.0, labels, scores, _intervals.Design(np.arange(8), 0.95))
    both = scipy.stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])
    twice = both.cdf([scipy.stats.norm.ppf(low)] * 2)
    variance = (low * (1 - low) + (3 + 5 - 2) * (twice - low**2)) / 15
    assert high == 1
    assert 1 - low == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-4)


def test_without_any_skill_the_aurocs_variance_is_that_of_mann_and_whitney():
    assert _intervals.binormal_variance(0.5, 3, 4) == pytest.approx((3 + 4 + 1) / (12 * 3 * 4))


@pytest.mark.parametrize("unseen", [0.0, 0.2])
def test_the_aurocs_interval_trusts_the_films_where_they_vary_more_than_the_model(unseen):
    """25 ill and 25 healthy, 400 studies; of the ill a share looks healthy to the model."""
    rng, held = np.random.default_rng(12), 0
    truth = (1 - unseen) * scipy.stats.norm.cdf(3.5 / 2**0.5) + unseen / 2
    labels = np.repeat([1, 0], 25)
    for _ in range(400):
        scores = rng.normal(3.5 * labels * (rng.random(50) >= unseen))
        area = metrics.roc_auc_score(labels, scores)
        low, high = _intervals.auroc(area, labels, scores, _intervals.Design(np.arange(50), 0.95))
        held += low <= truth <= high
    assert 0.915 <= held / 400 <= 0.985


def test_matthews_correlation_of_a_rare_disease_holds():
    """5 % of 624 ill, 300 studies; with the prevalence taken as known it holds in 87 %."""
    rng, held, options = np.random.default_rng(8), 0, {"prevalence": 0.05}
    labels, scores, _ = draw_study(rng, 1_000_000, **options)
    truth = score(labels, scores, 0.05, np.ones((1, len(labels))))["mcc"][0]
    for _ in range(300):
        labels, scores, _ = draw_study(rng, 624, **options)
        mcc = evaluate(labels, scores, threshold=0.05, n_boot=2, rng=rng)["mcc"]
        held += mcc.low <= truth <= mcc.high
    assert 0.915 < held / 300 < 0.99


def test_a_constant_score_has_reasons_instead_of_intervals(rng):
    labels = np.arange(624) % 2
    report = evaluate(labels, np.full(624, 0.6), n_boot=50, rng=rng)
    assert str(report["auroc"]) == "0.500 [no interval: the scores are constant]"
    fixed = {"auroc", "average_precision", "recall", "specificity", "balanced_accuracy", "mcc"}
    for metric, estimate in report.items():
        assert (estimate.reason == "the scores are constant") == (metric in fixed), metric
        assert np.isnan([estimate.low, estimate.high]).all() == (metric in fixed), metric


@pytest.mark.parametrize(
    ("labels", "scores", "metric", "reason"),
    [
        ([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4], "auroc", "1 ill and 3 healthy: at least 2 of each"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], "average_precision", "2 ill: at least 5 needed"),
        ([0, 0, 0, 1, 1], [0.1] * 4 + [0.9], "recall", "of 2 films: at least 3 needed"),
        ([0, 0, 1, 1, 1, 1, 1], np.arange(7) / 7, "average_precision", "nothing varies among"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], "precision", "no film counts as 1"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], "mcc", "no film counts as 1"),
        ([0, 0, 1, 1], [0, 0, 1, 1], "ece", "every probability is 0 or 1 and came true"),
        ([0, 0, 1, 1], [0.6, 0.7, 0.8, 0.9], "mcc", "every film counts as 1"),
    ],
)
def test_too_little_to_tell_is_a_reason(rng, labels, scores, metric, reason):
    estimate = evaluate(labels, scores, n_boot=20, rng=rng)[metric]
    assert np.isnan([estimate.low, estimate.high]).all()
    assert reason in estimate.reason


def test_films_of_one_ill_patient_say_nothing_of_others(rng):
    groups = [1, 1, 1, 2, 2, 3, 4]
    report = evaluate([1, 1, 1, 0, 0, 0, 0], [0.9] * 3 + [0.1] * 4, groups=groups, rng=rng)
    assert report["recall"].reason == "of 1 patient: at least 3 needed"
    assert report["mcc"].reason == "of 1 patient: at least 3 needed"
    assert not report["specificity"].reason


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 30), levels=st.sampled_from([1, 2, 8]))
def test_no_interval_leaves_the_scale_or_is_a_certainty(seed, count, levels):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([[0, 1], rng.integers(0, 2, count - 2)])
    scores = rng.integers(0, levels + 1, count) / levels
    for metric, estimate in evaluate(labels, scores, n_boot=20, rng=rng).items():
        if estimate.reason:
            assert np.isnan([estimate.low, estimate.high]).all()
        else:
            assert (-1 if metric == "mcc" else 0) <= estimate.low < estimate.high <= 1, metric
            assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9, metric


def test_groups_are_the_same_however_they_are_written():
    labels, scores = [0, 1, 0, 1, 1, 0], [0.1, 0.9, 0.3, 0.6, 0.4, 0.7]
    frames = [
        evaluate(labels, scores, groups=groups, n_boot=50, rng=np.random.default_rng(0)).to_frame()
        for groups in ([7, 7, 8, 8, 9, 9], [7.0, "007", "8", 8, 9, " 9"], np.repeat([7.0, 8, 9], 2))
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])
