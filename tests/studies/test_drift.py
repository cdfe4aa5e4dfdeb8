"""Machines change films as they say, and alarms are as rare as they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.studies import CHANGES, METHODS, bet_against, change_machine, first_alarm
from companion.studies.drift import stream_p_values


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_keeps_shape_range_and_the_given_films(change):
    films = np.random.default_rng(0).random((3, 1, 12, 12), dtype=np.float32)
    before = films.copy()
    changed = change_machine(films, change)
    assert changed.shape == films.shape
    assert changed.dtype == np.float32
    assert 0 <= changed.min() <= changed.max() <= 1
    assert (films == before).all()
    assert abs(changed - films).max() > 0.01


def test_a_blur_keeps_the_mean_and_a_darker_machine_does_not():
    films = np.pad(np.full((1, 1, 6, 6), 0.8), ((0, 0), (0, 0), (6, 6), (6, 6)))
    assert change_machine(films, "softer").mean() == pytest.approx(films.mean(), rel=1e-3)
    assert change_machine(films, "darker").mean() == pytest.approx(0.9 * films.mean(), rel=1e-5)


def test_an_unknown_change_and_other_pixels_are_refused():
    with pytest.raises(ValueError, match="change must be one of darker.* got 'older'"):
        change_machine(np.zeros((1, 1, 2, 2)), "older")
    with pytest.raises(ValueError, match="divide 8-bit pixels by 255"):
        change_machine(np.full((1, 1, 2, 2), 200.0), "darker")


def test_p_values_by_hand():
    found = stream_p_values([1.0, 2.0, 3.0], [2.5, 10.0], np.random.default_rng(0))
    tie = np.random.default_rng(0)
    assert found[0] == pytest.approx((1 + tie.random()) / 4)  # one above it, of four
    assert found[1] == pytest.approx((0 + tie.random()) / 5)


@given(seed=st.integers(0, 20))
def test_p_values_are_uniform_where_nothing_changes_even_with_ties(seed):
    from scipy.stats import kstest

    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 5, 700)
    assert kstest(stream_p_values(numbers[:100], numbers[100:], rng), "uniform").pvalue > 1e-4


def test_wealth_by_hand():
    # jump 0: each third of the money stays on its bet; p = 0.25 pays 1.5, 1 and 0.5
    wealth = bet_against([0.25, 0.25], jump=0)
    np.testing.assert_allclose(wealth, [1.0, (1.5**2 + 1 + 0.5**2) / 3])


def test_the_game_is_fair():
    grid = (np.arange(2000) + 0.5) / 2000
    np.testing.assert_allclose(np.mean([bet_against([0.3, p])[-1] for p in grid]), 1.0, rtol=1e-9)


@pytest.mark.parametrize(("method", "most"), [("shared", 0.08), ("betting", 0.08)])
def test_false_alarms_are_as_rare_as_promised(method, most):
    alarms = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        numbers = rng.normal(size=500)
        alarms += first_alarm(numbers[:200], numbers[200:], method, rng) is not None
    assert alarms / 200 <= most


def test_to_look_again_and_again_raises_false_alarms():
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        numbers = rng.normal(size=700)
        alarms += first_alarm(numbers[:400], numbers[400:], "every look", rng) is not None
    assert alarms >= 11


@pytest.mark.parametrize("method", METHODS)
def test_a_great_change_is_found_soon(method):
    rng = np.random.default_rng(0)
    films = first_alarm(rng.normal(size=300), rng.normal(2, 1, 200), method, rng)
    assert films is not None
    assert films <= 50


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"method": "hope"}, "method must be one of every look"),
        ({"alpha": 1.0}, "alpha must be between 0 and 1"),
        ({"stream": [np.nan]}, "stream must be finite, got 1"),
        ({"reference": [[1.0]]}, r"reference must be numbers \(N,\)"),
    ],
)
def test_bad_input_is_refused(changed, message):
    given = {"reference": [0.0, 1.0], "stream": [1.0], "method": "betting"} | changed
    with pytest.raises(ValueError, match=message):
        first_alarm(**given, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="p_values must be in"):
        bet_against([1.5])
    with pytest.raises(ValueError, match="jump must be in"):
        bet_against([0.5], jump=2)
