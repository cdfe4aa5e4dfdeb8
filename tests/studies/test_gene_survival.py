"""Each patient's risk comes from a model that did not learn from her."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.applications import concordance
from companion.studies import held_out_risks


def study(seed=0, count=80):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(count, 3)), columns=list("abc"))
    time = rng.exponential(np.exp(-table.a)) + 0.01
    return table, np.asarray(time), (rng.random(count) < 0.7).astype(int)


def test_risks_of_noise_guess_and_those_of_a_cause_do_not():
    table, time, event = study(count=200)
    found = held_out_risks(table, time, event, folds=4)
    assert concordance(time, event, found, method="harrell").low > 0.5
    scores = [
        concordance(
            time, event,
            held_out_risks(table[["b", "c"]], np.random.default_rng(seed).permutation(time),
                           event, folds=4),
            method="harrell",
        ).value
        for seed in range(5)
    ]  # fmt: skip
    assert 0.4 < np.mean(scores) < 0.6


def test_a_patients_own_outcome_does_not_change_her_risk():
    table, time, event = study(count=40)
    before = held_out_risks(table, time, event, folds=4)
    other = time.copy()
    other[7] = time[7] * 50 + 1
    assert held_out_risks(table, other, event, folds=4)[7] == pytest.approx(before[7], rel=1e-9)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time_days": [0.0] * 80}, "above 0"),
        ({"event": [2] * 80}, "event must be 0 or 1"),
        ({"time_days": [1.0, 2.0], "event": [1, 1]}, r"time_days must be \(80,\)"),
        ({"folds": 1}, "folds from 2 to"),
        ({"penalty": 0}, "penalty must be above 0"),
    ],
)
def test_bad_input_is_refused(changed, message):
    table, time, event = study()
    given = {"time_days": time, "event": event} | changed
    with pytest.raises(ValueError, match=message):
        held_out_risks(table, **given)


def test_missing_values_and_too_few_events_are_refused():
    table, time, event = study()
    with pytest.raises(ValueError, match="features must be finite"):
        held_out_risks(table.mask(table > 1), time, event)
