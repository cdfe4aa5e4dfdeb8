"""Agreement of readers, against scikit-learn, statsmodels and published examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as oracle_fleiss

from companion.evaluation import fleiss_kappa, krippendorff_alpha, pairwise_kappa

#: Four observers, twelve units: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, np.nan, np.nan, np.nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, np.nan, 3],
        [np.nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, np.nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, np.nan],
    ]
).T


@pytest.fixture
def ratings(rng):
    """Readers who agree somewhat, with gaps."""
    truth = rng.integers(1, 6, (200, 1))
    table = np.clip(truth + rng.integers(-1, 2, (200, 4)), 1, 5).astype(float)
    table[rng.random(table.shape) < 0.3] = np.nan
    return table


@pytest.mark.parametrize("weights", ["nominal", "linear", "quadratic"])
def test_kappa_is_scikit_learns_over_all_pairs(ratings, weights):
    first, second = [], []
    for row in ratings:
        for one, other in itertools.permutations(row[~np.isnan(row)], 2):
            first.append(one)
            second.append(other)
    oracle = cohen_kappa_score(first, second, weights=None if weights == "nominal" else weights)
    assert pairwise_kappa(ratings, weights=weights) == pytest.approx(oracle, abs=1e-12)


def test_fleiss_is_that_of_statsmodels(rng):
    table = rng.integers(1, 4, (50, 5))
    oracle = oracle_fleiss(aggregate_raters(table)[0])
    assert fleiss_kappa(table) == pytest.approx(oracle, abs=1e-12)


def test_alpha_is_the_published_one():
    assert krippendorff_alpha(PUBLISHED) == pytest.approx(0.743, abs=0.0005)
    assert krippendorff_alpha(PUBLISHED, weights="quadratic") == pytest.approx(0.849, abs=0.0005)


def test_alpha_by_hand():
    """Pairs 11, 12 and 21, 22, 22: seen 2 of 8; by chance 2 x 3 x 5 of 56."""
    assert krippendorff_alpha([[1, 1], [1, 2], [2, 2], [2, 2]]) == pytest.approx(
        1 - (2 / 8) / (30 / 56)
    )


def test_kappa_by_hand():
    """Seen 2 of 8 apart; by chance 2 x 3/8 x 5/8."""
    found = pairwise_kappa([[1, 1], [1, 2], [2, 2], [2, 2]])
    assert found == pytest.approx(1 - (2 / 8) / (2 * 3 / 8 * 5 / 8))


def test_the_size_of_a_disagreement_counts_by_its_value_and_not_by_its_place():
    """Ratings 1 and 5 with nothing between are four apart: two readers who meet them all."""
    near, far = [[1, 2], [1, 1], [5, 5]], [[1, 5], [1, 1], [5, 5]]
    assert pairwise_kappa(near, weights="linear") > pairwise_kappa(far, weights="linear")


@pytest.mark.parametrize("function", [pairwise_kappa, fleiss_kappa, krippendorff_alpha])
def test_ends_and_chance(function, rng):
    assert function([[1, 1], [2, 2], [3, 3]]) == 1
    assert np.isnan(function([[2, 2], [2, 2]]))
    assert function(rng.integers(1, 5, (4000, 3))) == pytest.approx(0, abs=0.03)
    table = rng.integers(1, 5, (50, 4))
    assert function(table) == pytest.approx(function(rng.permuted(table, axis=1)), abs=1e-12)


@pytest.mark.parametrize(
    ("function", "ratings", "message"),
    [
        (pairwise_kappa, [[1, np.nan], [np.nan, 2]], "a case with two"),
        (krippendorff_alpha, [[1, np.nan]], "a case with two"),
        (pairwise_kappa, [[1], [2]], "two readers or more"),
        (pairwise_kappa, [1, 2], r"\(N, R\)"),
        (pairwise_kappa, [["a", "b"]], "numbers"),
        (pairwise_kappa, [[1, np.inf]], "finite"),
        (fleiss_kappa, [[1, 2], [np.nan, 2]], "no gaps, got 1"),
        (lambda table: pairwise_kappa(table, weights="cubic"), [[1, 2]], "'cubic'"),
        (lambda table: krippendorff_alpha(table, weights=None), [[1, 2]], "None"),
    ],
)
def test_bad_input_is_named(function, ratings, message):
    with pytest.raises(ValueError, match=message):
        function(ratings)
