"""Rules and network are joined as said, by Bayes' rule where that is asked, and priced."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.applications import SIGNS, add_evidence, cost_of, decide, draw_signs

SHARES = {"a": (0.8, 0.4), "b": (0.3, 0.1)}


def test_signs_are_as_common_as_was_said():
    labels = np.repeat([0, 1], 20_000)
    signs = draw_signs(labels, np.random.default_rng(0))
    for column, (ill, healthy) in enumerate(SIGNS.values()):
        assert signs[labels == 1, column].mean() == pytest.approx(ill, abs=0.015)
        assert signs[labels == 0, column].mean() == pytest.approx(healthy, abs=0.015)


@given(p=st.floats(0.01, 0.99), first=st.integers(0, 1), second=st.integers(0, 1))
def test_evidence_is_that_of_bayes(p, first, second):
    def chance(which):
        shares = [SHARES[name][which] for name in SHARES]
        return np.prod(
            [s if seen else 1 - s for s, seen in zip(shares, (first, second), strict=True)]
        )

    right = p * chance(0) / (p * chance(0) + (1 - p) * chance(1))
    assert add_evidence([p], [[first, second]], SHARES)[0] == pytest.approx(right, rel=1e-9)


def test_certainty_stays_certain():
    assert add_evidence([0.0, 1.0], [[1, 1], [0, 0]], SHARES).tolist() == [0.0, 1.0]


def test_evidence_agrees_with_counting():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60_000)
    signs = draw_signs(labels, rng)
    said = add_evidence(np.full(len(labels), 0.5), signs)
    for pattern in np.unique(signs, axis=0):
        own = (signs == pattern).all(axis=1)
        assert labels[own].mean() == pytest.approx(said[own][0], abs=0.05)


@pytest.mark.parametrize(
    ("way", "right"),
    [
        ("network", [1, 1, 0, 0]),
        ("rules", [1, 0, 1, 0]),
        ("either", [1, 1, 1, 0]),
        ("both or a doctor", [1, -1, -1, 0]),
    ],
)
def test_ways_to_decide_by_hand(way, right):
    probabilities = [0.9, 0.5, 0.2, 0.1]
    signs = [[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]]
    assert decide(probabilities, signs, way).tolist() == right


def test_costs_by_hand():
    labels, said = [1, 1, 0, 0, 1], [0, 1, 1, 0, -1]
    found = cost_of(labels, said, miss=20, false_alarm=1, doctor=0.5)
    assert found.tolist() == [20, 0, 1, 0, 0.5]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="way must be one of network.* got 'luck'"):
        decide([0.5], [[0, 0, 0]], "luck")
    with pytest.raises(ValueError, match=r"signs must be \(2, 2\), 0 or 1"):
        add_evidence([0.5, 0.5], [[0, 2], [0, 0]], SHARES)
    with pytest.raises(ValueError, match="shares must be between 0 and 1"):
        add_evidence([0.5], [[0]], {"a": (1.0, 0.4)})
    with pytest.raises(ValueError, match=r"signs must be \(1, K\)"):
        decide([0.5], [[0], [1]], "network")
    with pytest.raises(ValueError, match="each 1, 0 or -1"):
        cost_of([1], [2], miss=1, false_alarm=1, doctor=1)
    with pytest.raises(ValueError, match="costs must be at least 0"):
        cost_of([1], [1], miss=-1, false_alarm=1, doctor=1)
