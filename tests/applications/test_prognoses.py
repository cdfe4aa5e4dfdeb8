"""Nobody is predicted by a model that has seen them, nor scaled by what they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from companion.applications import (
    concordance,
    cross_validate,
    draw_follow_up,
    learn_cox,
    learn_visits,
)


@pytest.fixture
def study(rng):
    """Phantom patients with two visits, of which the second tells the risk."""
    drawn = draw_follow_up(rng, 150, spread=1.0)
    table = pd.DataFrame({"first": rng.normal(size=150), "second": drawn.risk, "age": 50.0})
    table.loc[5, "second"] = np.nan
    return table, drawn.time, drawn.event


def test_a_patient_does_not_see_their_own_outcome_or_values(study):
    table, time, event = study
    calls = []

    def spy(known, known_time, known_event, new):
        calls.append((known, known_time, new))
        return learn_cox(known, known_time, known_event, new)

    said = cross_validate(table, time, event, spy, [0.5, 1.0], rng=np.random.default_rng(1))
    assert [set(known.index) & set(new.index) for known, _, new in calls] == [set()] * 5
    assert sorted(np.concatenate([new.index for *_, new in calls])) == list(range(150))
    for known, *_ in calls:
        np.testing.assert_allclose(known[["first", "second"]].mean(), 0, atol=1e-9)
        assert np.isfinite(known.to_numpy()).all()
    events = [event[said.fold == fold].sum() for fold in range(5)]
    assert max(events) - min(events) <= 1
    changed = table.copy()
    changed.loc[7, "second"] += 100
    other = cross_validate(changed, time, event, learn_cox, [1.0], rng=np.random.default_rng(1))
    same = said.fold == said.fold[7]
    kept = same & (np.arange(150) != 7)
    np.testing.assert_allclose(other.risk[kept], said.risk[kept], rtol=1e-6)


def test_what_tells_the_risk_is_found_and_noise_is_not(study):
    table, time, event = study
    rng = np.random.default_rng(2)
    found = cross_validate(table[["second"]], time, event, learn_cox, [1.0], rng=rng)
    score = concordance(time, event, found.risk, method="harrell", folds=found.fold)
    assert score.low > 0.6
    assert ((found.survival > 0) & (found.survival < 1)).all()
    nothing = cross_validate(table[["age"]], time, event, learn_cox, [1.0], rng=rng)
    assert not nothing.risk.any()


def test_visits_are_read_and_the_same_seed_gives_the_same(study):
    table, time, event = study
    state = torch.random.get_rng_state()
    learn = learn_visits([["first"], ["second"]], seed=3)
    said = [
        cross_validate(table, time, event, learn, [1.0], rng=np.random.default_rng(3))
        for _ in range(2)
    ]
    np.testing.assert_array_equal(said[0].risk, said[1].risk)
    assert torch.equal(torch.random.get_rng_state(), state)
    score = concordance(time, event, said[0].risk, method="harrell", folds=said[0].fold)
    assert score.low > 0.6
    alone = cross_validate(
        table[["first", "second"]], time, event, learn, [1.0], rng=np.random.default_rng(3)
    )
    assert alone.risk.shape == (150,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first": np.inf}, r"infinite ones are in \['first'\]"),
        ({"first": np.nan}, r"nothing is in \['first'\]"),
    ],
)
def test_bad_covariates_are_named(study, change, message, rng):
    table, time, event = study
    with pytest.raises(ValueError, match=message):
        cross_validate(table.assign(**change), time, event, learn_cox, [1.0], rng=rng)


def test_folds_and_patients_and_visits_are_checked(study, rng):
    table, time, event = study
    for folds in (1, 150):
        with pytest.raises(ValueError, match=f"events, got {folds}"):
            cross_validate(table, time, event, learn_cox, [1.0], rng=rng, folds=folds)
    with pytest.raises(ValueError, match="75 more than once"):
        cross_validate(table.set_index(np.arange(150) // 2), time, event, learn_cox, [1.0], rng=rng)
    with pytest.raises(ValueError, match="as many columns each"):
        learn_visits([["a"], ["b", "c"]], seed=0)
