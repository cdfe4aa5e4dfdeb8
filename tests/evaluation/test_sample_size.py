"""As many films as were promised suffice, in simulated studies and by another program."""

from __future__ import annotations

import numpy as np
import pytest

from companion.evaluation import films_to_see_gain, films_to_see_gap, mcnemar


def test_so_many_films_see_the_gain_as_often_as_was_wished():
    gain, disagree = 0.1, 0.2
    films, rng, seen = films_to_see_gain(gain, disagree), np.random.default_rng(0), 0
    for _ in range(300):
        won = rng.multinomial(films, [(disagree + gain) / 2, (disagree - gain) / 2, 1 - disagree])
        first, second = np.repeat([[0, 1], [1, 0], [1, 1]], won, axis=0).T
        seen += mcnemar(np.ones(films, int), first, second).p_value < 0.05
    assert 0.72 < seen / 300 < 0.88


def test_a_gap_needs_as_many_as_the_usual_formula_says():
    # Fleiss' table for 0.9 against 0.8, without continuity correction.
    assert films_to_see_gap(0.9, 0.8) == films_to_see_gap(0.8, 0.9) == 199
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    theirs = samplesize_proportions_2indep_onetail(0.1, 0.8, 0.8, ratio=1, alpha=0.05)
    assert films_to_see_gap(0.9, 0.8) == pytest.approx(theirs, rel=0.03)


def test_smaller_differences_need_more_films():
    gains = [films_to_see_gain(gain, 0.2) for gain in (0.1, 0.05, 0.01)]
    gaps = [films_to_see_gap(0.9, other) for other in (0.7, 0.8, 0.89)]
    assert gains == sorted(gains)
    assert gaps == sorted(gaps)
    assert films_to_see_gain(0.05, 0.2, power=0.9) > gains[1]


@pytest.mark.parametrize("given", [(0, 0.1), (0.2, 0.1), (0.1, 1.1)])
def test_gains_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match="expected 0 < gain <= disagree <= 1"):
        films_to_see_gain(*given)


@pytest.mark.parametrize("given", [(0.5, 0.5), (1.0, 0.5), (0.5, 0.0)])
def test_gaps_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match="must differ and lie between 0 and 1"):
        films_to_see_gap(*given)


@pytest.mark.parametrize("chances", [{"power": 1.0}, {"alpha": 0.0}])
def test_chances_out_of_range_are_refused(chances):
    with pytest.raises(ValueError, match="power and alpha must be between 0 and 1"):
        films_to_see_gap(0.9, 0.8, **chances)
