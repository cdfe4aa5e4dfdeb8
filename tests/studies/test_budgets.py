"""Budgets, noisy labels, power laws and learners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.evaluation.intervals import mean_interval
from companion.explanation.named_features import film_features
from companion.films import Films
from companion.in_torch.models import PooledCNN
from companion.in_torch.pretrained import frozen_features
from companion.studies.active_learning import STRATEGIES, choose_next, label_in_rounds
from companion.studies.budgets import draw_budget, flip_labels
from companion.studies.film_worth import matching_interval, matching_size
from companion.studies.learners import LEARNERS, learn_logistic, learn_network
from companion.studies.power_law import PowerLaw, fit_power_law

POOL = (np.arange(1000) % 4 > 0).astype(int)


@given(seed=st.integers(0, 1000), size=st.integers(12, 400))
def test_a_budget_is_spent_once_and_keeps_the_prevalence(seed, size):
    train, chosen = draw_budget(POOL, size, np.random.default_rng(seed))
    rows = np.concatenate([train, chosen])
    assert len(rows) == len(np.unique(rows)) == size
    assert abs(POOL[rows].mean() - 0.75) <= 0.5 / size + 1e-9
    assert abs(len(chosen) - size / 5) <= 2
    assert set(POOL[train]) == {0, 1}


def test_a_greater_budget_holds_the_smaller_one():
    small, large = (
        np.concatenate(draw_budget(POOL, size, np.random.default_rng(7))) for size in (50, 200)
    )
    assert set(small) <= set(large)


def test_a_budget_can_be_of_another_prevalence():
    rows = np.concatenate(draw_budget(POOL, 100, np.random.default_rng(0), prevalence=0.1))
    assert POOL[rows].sum() == 10
    with pytest.raises(ValueError, match="needs 360 films of label 0, expected 2 to 250"):
        draw_budget(POOL, 400, np.random.default_rng(0), prevalence=0.1)


@given(share=st.floats(0, 1), seed=st.integers(0, 100))
def test_so_many_labels_are_flipped_and_the_given_ones_stay(share, seed):
    labels = POOL.copy()
    noisy = flip_labels(labels, share, np.random.default_rng(seed))
    assert (noisy != POOL).sum() == round(share * 1000)
    assert (labels == POOL).all()


@pytest.mark.parametrize("cast", [list, lambda a: a.astype(bool), lambda a: a.astype(np.uint8)])
def test_labels_of_another_type_change_nothing(cast):
    for prevalence in (None, 0.3):
        mine, others = (
            draw_budget(labels, 60, np.random.default_rng(3), prevalence=prevalence)
            for labels in (POOL, cast(POOL))
        )
        for one, other in zip(mine, others, strict=True):
            np.testing.assert_array_equal(one, other)
    given = cast(POOL)
    flipped = flip_labels(given, 0.3, np.random.default_rng(3))
    np.testing.assert_array_equal(flipped, flip_labels(POOL, 0.3, np.random.default_rng(3)))
    assert flipped.dtype == np.int64
    np.testing.assert_array_equal(given, POOL)


@given(floor=st.floats(0, 0.05), scale=st.floats(0.2, 3), exponent=st.floats(0.2, 1.2))
def test_a_power_law_is_found_again(floor, scale, exponent):
    law, sizes = PowerLaw(floor, scale, exponent), np.array([25, 50, 100, 200, 400, 800, 1600])
    found = fit_power_law(sizes, law.error(sizes))
    np.testing.assert_allclose(found.error(sizes), law.error(sizes), rtol=0.02)


def test_a_power_law_turns_around():
    law = PowerLaw(0.01, 1.0, 0.5)
    assert law.size(law.error(300)) == pytest.approx(300)
    assert law.size(0.005) == np.inf


def test_matching_reads_between_the_points_and_says_when_there_is_none():
    sizes, errors = [100, 200, 400], [0.2, 0.12, 0.1]
    assert matching_size(sizes, errors, 0.12) == pytest.approx(200)
    assert matching_size(sizes, errors, 0.5) == pytest.approx(100)
    assert matching_size(sizes, errors, 0.05) == np.inf
    assert 100 < matching_size([100, 200, 400], [0.2, 0.25, 0.1], 0.15) < 400


@pytest.mark.parametrize(
    "cast", [np.uint8, np.float16, np.float32, lambda values: [np.uint8(v) for v in values]]
)
def test_sizes_and_errors_of_few_bits_are_read_as_float64(cast):
    sizes, errors, other = [10, 20, 200], [100, 50, 5], 20
    expected = matching_size(sizes, errors, other)
    found = matching_size(cast(sizes), cast(errors), cast([other])[0])
    assert found == pytest.approx(expected, rel=1e-12)
    seeds = np.array([errors, errors]).T * [1, 2]
    rng = np.random.default_rng
    exact, read = (
        matching_interval(kind(sizes), seeds, [other], rng=rng(0), n_draws=50)
        for kind in (list, cast)
    )
    assert read.films == pytest.approx(exact.films, rel=1e-12)
    assert read.high == pytest.approx(exact.high, rel=1e-12)


@pytest.mark.parametrize("paired", [False, True])
def test_the_interval_of_a_worth_covers(paired):
    """Five noisy seeds of a curve, and of a method worth 150 films; 300 such studies."""
    rng = np.random.default_rng(1)
    sizes = np.array([25, 50, 100, 200, 400, 800])
    law, held, widths = PowerLaw(0, 1.0, 0.5), 0, []
    for _ in range(300):
        common = rng.normal(0, 0.3, 5) if paired else 0
        errors = law.error(sizes)[:, None] * np.exp(common + rng.normal(0, 0.15, (6, 5)))
        others = law.error(150) * np.exp(common + rng.normal(0, 0.15, 5))
        worth = matching_interval(sizes, errors, others, paired=paired, rng=rng, n_draws=200)
        assert worth.low <= worth.films <= worth.high
        held += worth.low <= 150 <= worth.high
        widths.append(np.log(worth.high / worth.low))
    assert 0.92 < held / 300 < 0.99
    assert np.median(widths) < 2


def test_a_worth_beyond_the_curve_is_infinite_and_before_it_the_first_size(rng):
    errors = np.array([[0.2, 0.201, 0.2], [0.1, 0.101, 0.1]])
    assert str(matching_interval([100, 4000], errors, [0.01], rng=rng)) == "> 4,000"
    assert str(matching_interval([100, 4000], errors, [0.9], rng=rng)) == "≤ 100"
    some = matching_interval([100, 4000], errors, [0.1, 0.1, 0.09], rng=rng)
    assert str(some).startswith("> 4,000 [")


def test_the_interval_of_a_mean_covers():
    rng = np.random.default_rng(0)
    _, low, high = mean_interval(rng.normal(3, 1, (4000, 5)))
    assert 0.94 < np.mean((low < 3) & (high > 3)) < 0.96
    with pytest.raises(ValueError, match="at least two seeds"):
        mean_interval(np.ones((3, 1)))


def easy(rng, count):
    """Films whose upper half is bright for label 1."""
    labels = np.arange(count) % 2
    images = 0.5 * rng.random((count, 1, 28, 28)).astype(np.float32)
    images[labels == 1, :, :14] += 0.3
    return Films(images, labels)


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_learns_what_is_easy(rng, name, monkeypatch):
    monkeypatch.setattr("companion.studies.learners.UPDATES", 30)
    predictor = LEARNERS[name](easy(rng, 80), easy(rng, 20), 0)
    films = easy(rng, 50)
    assert ((predictor(films.images) > 0.5) == films.labels).mean() > 0.9


def test_a_network_learns_the_same_from_the_same_seed(rng, monkeypatch):
    monkeypatch.setattr("companion.studies.learners.UPDATES", 6)
    parts = easy(rng, 40), easy(rng, 10)
    for augmented in (False, True):
        first, second = (
            learn_network(*parts, 3, build=lambda seed: PooledCNN(seed=seed), augmented=augmented)(
                parts[1].images
            )
            for _ in range(2)
        )
        np.testing.assert_array_equal(first, second)


def test_uncertainty_asks_at_the_border_and_random_asks_anywhere(rng):
    pixels = np.linspace(0, 1, 400, dtype=np.float32)
    pool = Films(pixels.reshape(400, 1, 1, 1), pixels > 0.6)
    seen = {}
    for strategy in STRATEGIES:
        asked = []

        def learn(train, selection, seed, asked=asked):
            asked.append(np.concatenate([train.images, selection.images]).ravel())
            return learn_logistic(train, selection)

        sizes = [
            size
            for size, _ in label_in_rounds(learn, pool, sizes=[20, 60], strategy=strategy, seed=1)
        ]
        assert sizes == [20, 60]
        assert [len(np.unique(part)) for part in asked] == [20, 60]
        seen[strategy] = asked
    np.testing.assert_array_equal(*(np.sort(seen[s][0]) for s in STRATEGIES))
    near = {s: np.abs(seen[s][1] - 0.6).mean() for s in STRATEGIES}
    assert near["uncertainty"] < 0.6 * near["random"]


def test_ties_are_broken_at_random():
    even = np.full(100, 0.5)
    first, second = (
        choose_next(even, 5, "uncertainty", np.random.default_rng(seed)) for seed in (0, 1)
    )
    assert set(first) != set(second)


def test_frozen_features_do_not_depend_on_the_batch_and_tell_films_apart(rng):
    films = rng.random((3, 1, 28, 28)).astype(np.float32)
    whole = frozen_features(films, size=64)
    np.testing.assert_allclose(whole, frozen_features(films, size=64, batch_size=1), atol=1e-4)
    assert np.abs(whole[0] - whole[1]).max() > 0.01


def test_film_features_are_what_they_are_called():
    film = np.zeros((1, 10, 10))
    film[0, :, 5:] = 1
    row = film_features(film).iloc[0]
    assert row["brightness"] == row["contrast"] == 0.5
    assert row["darkest tenth"] == 0
    assert row["asymmetry"] == 1
    assert row["roughness"] == pytest.approx(1 / 9 / 2)
    assert row["upper middle"] == row["lower middle"] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw_budget(POOL, 5, None), "size must be at least 10, got 5"),
        (lambda: draw_budget(POOL * 2, 50, None), r"labels must be 0 or 1, got \[2\]"),
        (lambda: flip_labels(POOL - 1, 0.5, None), r"labels must be 0 or 1, got \[-1\]"),
        (lambda: flip_labels(POOL, 20, None), r"share must be in \[0, 1\], got 20"),
        (lambda: fit_power_law([1, 2], [0.1, 0.2]), "at least three sizes different"),
        (lambda: fit_power_law([1, 2, 3], [0.1, 0.2, 0]), "above 0, got 1.0, 0.0"),
        (
            lambda: matching_interval([1, 2], np.ones((3, 5)), [1], rng=None),
            r"got \(3, 5\) and \(1,\)",
        ),
        (
            lambda: matching_interval([1], [[0.1, 0.2]], [1], paired=True, rng=None),
            "as many seeds, got 2 and 1",
        ),
        (lambda: matching_interval([1], [[0.1, 0.0]], [1], rng=None), "above 0, got 0"),
        (lambda: choose_next(np.ones(2), 3, "random", None), "from 0 to 2, got 3"),
        (
            lambda: choose_next(np.ones(2), 1, "magic", np.random.default_rng(0)),
            "one of random, uncertainty, got 'magic'",
        ),
        (
            lambda: next(
                label_in_rounds(
                    None,
                    Films(np.ones((9, 1, 1, 1)), np.ones(9)),
                    sizes=[10],
                    strategy="random",
                    seed=0,
                )
            ),
            "sizes must be at most 9, the pool, got 10",
        ),
        (lambda: frozen_features(np.ones((1, 3, 28, 28))), r"\(N, 1, H, W\), got shape"),
        (
            lambda: frozen_features(np.full((1, 1, 28, 28), 2.0)),
            r"in \[0, 1\], got values from 2 to 2",
        ),
        (lambda: frozen_features(np.ones((1, 1, 28, 28)), size=8), "at least 32, got 8"),
        (lambda: film_features(np.ones((1, 4, 4))), "at least 8 x 8, got"),
        (lambda: film_features(np.full((1, 8, 8), 9.0)), r"in \[0, 1\], got values from 9 to 9"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
