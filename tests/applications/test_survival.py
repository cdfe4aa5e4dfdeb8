"""Scores of follow-up equal another program's, hold a known truth, and refuse what is no study."""

from __future__ import annotations

import numpy as np
import pytest

from companion.applications import (
    brier_score,
    check_follow_up,
    compare_concordance,
    concordance,
    draw_follow_up,
    dynamic_auc,
    true_concordance,
)


def study(seed, tied):
    """Draw times, events and rounded risks; the last of all has an event, as the oracle asks."""
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 30, 90).astype(float) if tied else rng.exponential(20, 90)
    event, risk = rng.random(90) < 0.5, rng.normal(size=90).round(1)
    time[time.argmax()] += 0.5
    event[time.argmax()] = True
    return time, event, risk, rng


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_equals_scikit_survival(seed, tied):
    metrics = pytest.importorskip("sksurv.metrics")
    from sksurv.util import Surv

    time, event, risk, rng = study(seed, tied)
    known = Surv.from_arrays(event, time)
    horizons = np.quantile(time, [0.2, 0.45, 0.7])
    end = horizons[-1]
    survival = rng.random((90, 3))
    harrell = concordance(time, event, risk, method="harrell")
    assert harrell.value == pytest.approx(
        metrics.concordance_index_censored(event, time, risk)[0], abs=1e-12
    )
    uno = concordance(time, event, risk, horizon=end).value
    theirs = metrics.concordance_index_ipcw(known, known, risk, tau=end)[0]
    assert uno == pytest.approx(theirs, abs=1e-12)
    auc = dynamic_auc(time, event, risk, end).value
    theirs = metrics.cumulative_dynamic_auc(known, known, risk, [end])[0][0]
    assert auc == pytest.approx(theirs, abs=1e-12)
    one = brier_score(time, event, survival[:, 2:], horizons[2:]).value
    theirs = metrics.brier_score(known, known, survival[:, 2:], horizons[2:])[1][0]
    assert one == pytest.approx(theirs, abs=1e-12)
    whole = brier_score(time, event, survival, horizons).value
    theirs = metrics.integrated_brier_score(known, known, survival, horizons)
    assert whole == pytest.approx(theirs, abs=1e-12)


def test_harrell_equals_lifelines():
    from lifelines.utils import concordance_index

    time, event, risk, _ = study(7, tied=True)
    found = concordance(time, event, risk, method="harrell").value
    assert found == pytest.approx(concordance_index(time, -risk, event), abs=1e-12)


def test_by_hand_on_five_patients():
    time, event = [1, 2, 3, 4, 5], [1, 0, 1, 0, 1]
    risk = [3, 5, 1, 2, 0]
    # 1 before 2, 3, 4, 5: right but for 2. 3 before 4, 5: right but for 4.
    assert concordance(time, event, risk, method="harrell").value == pytest.approx(4 / 6)
    # Followed beyond 1: all; beyond 3: three of four. Each pair of 3 counts 16 / 9.
    right, pairs = 3 + 16 / 9, 4 + 2 * 16 / 9
    assert concordance(time, event, risk, horizon=4.5).value == pytest.approx(right / pairs)
    # By 3: patients 1 (weight 1) and 3 (weight 4 / 3); beyond: 4 and 5.
    right, pairs = 2 + 4 / 3, 2 + 2 * 4 / 3
    assert dynamic_auc(time, event, risk, 3.5).value == pytest.approx(right / pairs)
    survival = np.array([[0.1], [0.2], [0.3], [0.4], [0.5]])
    wrong = 0.1**2 + 4 / 3 * (0.3**2 + 0.6**2 + 0.5**2)
    assert brier_score(time, event, survival, [3.5]).value == pytest.approx(wrong / 5)


def test_scores_are_the_same_in_any_order_unit_and_scale():
    time, event, risk, rng = study(1, tied=True)
    order = rng.permutation(90)
    for method in ("uno", "harrell"):
        first = concordance(time, event, risk, method=method, horizon=20)
        for other in (
            concordance(time[order], event[order], risk[order], method=method, horizon=20),
            concordance(30 * time, event, risk, method=method, horizon=600),
            concordance(time, event, np.exp(risk), method=method, horizon=20),
        ):
            assert (other.value, other.low) == pytest.approx((first.value, first.low), abs=1e-12)
        turned = concordance(time, event, -risk, method=method, horizon=20)
        assert turned.value == pytest.approx(1 - first.value)
        assert turned.high == pytest.approx(1 - first.low)


def test_the_interval_is_that_of_a_jackknife_done_one_by_one():
    from scipy.stats import t as student

    time, event, risk, _ = study(2, tied=True)
    drawn = []
    for left in range(90):
        kept = np.arange(90) != left
        drawn.append(concordance(time[kept], event[kept], risk[kept], horizon=20).value)
    found = concordance(time, event, risk, horizon=20)
    error = np.sqrt(89 / 90 * np.sum((drawn - np.mean(drawn)) ** 2))
    events = int((event & (time < 20)).sum())
    width = student.ppf(0.975, events - 1) * error / (found.value * (1 - found.value))
    ends = [np.log(end / (1 - end)) for end in (found.low, found.value, found.high)]
    assert np.diff(ends) == pytest.approx([width, width], rel=1e-6)


def test_patients_of_two_folds_are_not_compared():
    time, event, risk, _ = study(3, tied=False)
    folds = np.repeat([0, 1], 45)
    shifted = risk + 100 * folds
    found = concordance(time, event, shifted, method="harrell", folds=folds)
    assert found.value == concordance(time, event, risk, method="harrell", folds=folds).value
    assert found.value != concordance(time, event, shifted, method="harrell").value


def test_uno_forgets_the_censoring_and_harrell_does_not():
    settings = {"spread": 1.5, "end": 2.0, "horizon": 1.5}
    for method, same in (("uno", True), ("harrell", False)):
        few, many = (
            true_concordance(**settings, censoring=rate, method=method) for rate in (0.0, 2.0)
        )
        assert (abs(few - many) < 1e-12) is same
    rng = np.random.default_rng(3)
    for method in ("uno", "harrell"):
        right = true_concordance(**settings, censoring=0.7, method=method)
        found = []
        for _ in range(30):
            drawn = draw_follow_up(rng, 400, spread=1.5, censoring=0.7, end=2.0)
            found.append(
                concordance(drawn.time, drawn.event, drawn.risk, horizon=1.5, method=method).value
            )
        assert abs(np.mean(found) - right) < 3.5 * np.std(found) / np.sqrt(30)


def test_a_difference_is_of_pairs_of_the_same_patients():
    time, event, risk, rng = study(4, tied=True)
    other = risk + rng.normal(0, 0.05, 90)
    found = compare_concordance(time, event, risk, other, horizon=20)
    one, two = (concordance(time, event, scores, horizon=20) for scores in (risk, other))
    assert found.value == pytest.approx(one.value - two.value, abs=1e-12)
    assert found.high - found.low < 0.5 * (one.high - one.low), "what they share falls out"
    turned = compare_concordance(time, event, other, risk, horizon=20)
    assert (turned.value, turned.low) == pytest.approx((-found.value, -found.high))
    same = compare_concordance(time, event, risk, 2 * risk)
    assert (same.value, same.reason) == (0, "both models order all pairs alike")


def test_no_interval_where_none_was_found_to_hold():
    time, event = np.arange(1, 31), np.arange(30) < 8
    few = concordance(time, event, -time % 7, method="harrell")
    assert few.reason == "8 events: at least 10 needed"
    perfect = concordance(time, np.ones(30), -time, method="harrell")
    assert (perfect.value, perfect.reason) == (1, "no pair is in the other order")
    alike = concordance(time, np.ones(30), np.zeros(30), method="harrell")
    assert (alike.value, alike.reason) == (0.5, "all are given the same")


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1, -2, 3], [1, 1, 0], "1 that are not, the least -2"),
        ([1, 0, 3], [1, 1, 0], "time must be above 0"),
        ([1, np.nan, 3], [1, 1, 0], "1 missing or infinite"),
        ([1, np.inf, 3], [1, 1, 0], "1 missing or infinite"),
        ([1, None, 3], [1, 1, 0], "time must be numbers"),
        ([], [], "not empty"),
        ([1, 2, 3], [0, 0, 0], "all 3 censored"),
        ([1, 2, 3], [0, 1, 0], "one event among 3 patients"),
        ([1, 2, 3], [0, 2, 1], "event"),
        ([1, 2, 3], [0, 1], "event"),
    ],
)
def test_what_is_no_follow_up_is_refused_by_name(time, event, message):
    with pytest.raises(ValueError, match=message):
        check_follow_up(time, event)
    with pytest.raises(ValueError, match=message):
        concordance(time, event, np.arange(len(time)))


def test_a_patient_who_stands_twice_is_named():
    with pytest.raises(ValueError, match=r"1 more than once: \['7'\]"):
        check_follow_up([1, 2, 3], [1, 1, 0], patients=[7, 8, "7"])
    with pytest.raises(ValueError, match=r"patients must be \(3,\)"):
        check_follow_up([1, 2, 3], [1, 1, 0], patients=[7, 8])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t, e, r: concordance(t, e, r, method="gönen"), "method must be"),
        (lambda t, e, r: concordance(t, e, r, horizon=31), "longest follow-up, 30, got 31"),
        (lambda t, e, r: dynamic_auc(t, e, r, 1095), "same unit as time"),
        (lambda t, e, r: concordance(t, e, np.where(r > 3, np.inf, r)), "risk must be finite"),
        (lambda t, e, r: concordance(t, e, r, confidence=1), "confidence"),
        (lambda t, e, r: brier_score(t, e, np.full((30, 1), 1.1), [9]), "survival must be in"),
        (lambda t, e, r: brier_score(t, e, np.full((30, 2), 0.5), [9, 8]), "horizons must rise"),
        (lambda t, e, r: brier_score(t, e, np.full((9, 1), 0.5), [9]), "30 rows, got 9"),
        (lambda t, e, r: concordance([3, 3, 3], [1, 1, 1], [1, 2, 3]), "no two patients"),
        (lambda t, e, r: concordance([1, 3, 3], [1, 0, 1], [1, 2, 3]), "choose an earlier"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message):
    time = np.arange(1, 31)
    with pytest.raises(ValueError, match=message):
        call(time, time % 2, time % 11)


@pytest.mark.parametrize(
    "change", [{"spread": -1}, {"censoring": np.nan}, {"end": 0}, {"patients": 0}]
)
def test_phantoms_of_no_sense_are_refused(change):
    given = {"patients": 3} | change
    with pytest.raises(ValueError, match=next(iter(change))):
        draw_follow_up(np.random.default_rng(0), given.pop("patients"), **given)
    if "patients" not in change:
        with pytest.raises(ValueError, match=next(iter(change))):
            true_concordance(**change)


def test_true_concordance_knows_its_methods():
    with pytest.raises(ValueError, match="method must be"):
        true_concordance(method="other")
