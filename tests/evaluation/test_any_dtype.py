"""The same labels and scores, however they are stored, give the same answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion import evaluation

COUNT = 40
LABELS = (np.arange(COUNT) * 7 % 5 < 2).astype(np.int64)
#: Sixty-fourths are exact in every floating dtype.
SCORES = (LABELS * 16 + np.arange(COUNT) * 11 % 45) / 64
OTHERS = (LABELS * 4 + np.arange(COUNT) * 7 % 60) / 64

HOLDERS = {
    "uint8": lambda x: x.astype(np.uint8),
    "int8": lambda x: x.astype(np.int8),
    "bool": lambda x: x.astype(bool),
    "float32": lambda x: x.astype(np.float32),
    "list": lambda x: x.tolist(),
    "list of bool": lambda x: x.astype(bool).tolist(),
    "Series": lambda x: pd.Series(x.astype(np.uint8), index=np.arange(COUNT)[::-1]),
}
SCORE_HOLDERS = {
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "list": lambda x: x.tolist(),
    "Series": lambda x: pd.Series(x, index=np.arange(COUNT)[::-1]),
}
CALLS = {
    "evaluate": lambda y, s, o: evaluation.evaluate(
        y, s, groups=np.arange(COUNT) // 2, n_boot=20, rng=np.random.default_rng(0)
    ).to_frame()[["value", "low", "high"]],
    "evaluate, films singly": lambda y, s, o: evaluation.evaluate(
        y, s, n_boot=20, rng=np.random.default_rng(0)
    ).to_frame()[["value", "low", "high"]],
    "temperature": lambda y, s, o: evaluation.fit_temperature(y, s)(o),
    "Platt": lambda y, s, o: evaluation.fit_platt(y, s)(o),
    "isotonic": lambda y, s, o: evaluation.fit_isotonic(y, s)(o),
    "reliability": lambda y, s, o: evaluation.reliability_table(y, s),
    "delong": lambda y, s, o: list(vars(evaluation.delong(y, s, o)).values())[:6],
    "threshold": lambda y, s, o: evaluation.threshold_for_recall(y, s, 0.7),
    "net benefit": lambda y, s, o: evaluation.net_benefit(y, s, [0.2, 0.5]),
    "gap": lambda y, s, o: list(evaluation.explain_gap((y, s), (y, o)).values()),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_labels_of_any_dtype(call, holder):
    expected = np.asarray(CALLS[call](LABELS, SCORES, OTHERS), float)
    found = np.asarray(CALLS[call](HOLDERS[holder](LABELS), SCORES, OTHERS), float)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("holder", SCORE_HOLDERS)
def test_scores_of_any_dtype(call, holder):
    hold = SCORE_HOLDERS[holder]
    expected = np.asarray(CALLS[call](LABELS, SCORES, OTHERS), float)
    found = np.asarray(CALLS[call](LABELS, hold(SCORES), hold(OTHERS)), float)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("holder", HOLDERS)
def test_decisions_of_any_dtype(holder):
    hold = HOLDERS[holder]
    first, second = (SCORES > 0.4).astype(int), (OTHERS > 0.5).astype(int)
    expected = evaluation.mcnemar(LABELS, first, second)
    assert evaluation.mcnemar(hold(LABELS), hold(first), hold(second)) == expected


def test_eight_bits_do_not_wrap_around_in_the_temperature():
    """1 - 2 * 1 is 255 in eight bits: 0.9 became 0.504 instead of 0.677."""
    labels = np.array([0, 1, 1, 1, 0, 1], np.uint8)
    said = np.array([0.01, 0.99, 0.99, 0.99, 0.99, 0.99])
    as_int = evaluation.fit_temperature(labels.astype(int), said)([0.9])
    assert evaluation.fit_temperature(labels, said)([0.9]) == pytest.approx(as_int)
    assert 0.6 < as_int[0] < 0.9


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool, np.float32])
def test_means_of_any_dtype(dtype):
    values = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]])
    for ours, theirs in zip(
        evaluation.mean_interval(values.astype(dtype)),
        evaluation.mean_interval(values),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert evaluation.mean_estimate(values[0].astype(dtype), share=True) == (
        evaluation.mean_estimate(values[0], share=True)
    )
