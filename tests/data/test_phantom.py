"""The synthetic films: physics, masks, labels, patients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from companion.data import _anatomy as anatomy
from companion.data.phantom import make_cohort, make_phantom


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(16, 96), label=st.sampled_from([0, 1, None]))
def test_every_film_is_well_formed(seed, size, label):
    film = make_phantom(np.random.default_rng(seed), size=size, label=label)
    assert film.image.shape == film.lungs.shape == film.lesion.shape == (size, size)
    assert film.image.dtype == np.float32
    assert 0 <= film.image.min() < film.image.max() <= 1
    assert film.label in (0, 1) if label is None else film.label == label
    assert film.lesion.any() == film.label
    assert not (film.lesion & ~film.lungs).any()
    assert 0.15 < film.lungs.mean() < 0.75


def test_the_same_seed_gives_the_same_film():
    films = [make_phantom(np.random.default_rng(4), size=32).image for _ in range(2)]
    np.testing.assert_array_equal(*films)
    assert not (films[0] == make_phantom(np.random.default_rng(5), size=32).image).all()


def test_lungs_are_dark_and_the_lesion_brightens_them():
    lungs, lesions = [], []
    for seed in range(40):
        ill = make_phantom(np.random.default_rng(seed), label=1)
        assert ill.image[ill.lungs].mean() < ill.image[~ill.lungs].mean() + 0.2
        clear = ill.lungs & ~ill.lesion
        if clear.any():
            lungs.append(ill.image[clear].mean())
            lesions.append(ill.image[ill.lesion].mean())
    assert np.mean(lesions) > np.mean(lungs) + 0.03


def test_path_lengths_are_those_of_an_ellipsoid_and_a_tube():
    x = np.array([0.0, 3.0, 5.0, 6.0])
    path = 10 * anatomy._ellipsoid(x, np.zeros(4), (0, 0), (5, 5))
    np.testing.assert_allclose(path, [10, 8, 0, 0])
    np.testing.assert_allclose(anatomy._tube(np.array([0.0, 3.0, 5.0]), 5.0), [10, 8, 0])


def test_twice_the_matter_squares_the_transmitted_share(rng):
    """Beer and Lambert: before noise and grey scale, transmission multiplies."""
    soft = np.full((8, 8), 50.0)
    once = np.exp(-anatomy.SOFT_PER_MM * soft)
    np.testing.assert_allclose(np.exp(-anatomy.SOFT_PER_MM * 2 * soft), once**2)

    class Still:
        """Draws the middle of every range and no noise."""

        def uniform(self, low, high):
            return (low + high) / 2

        def poisson(self, expected):
            return expected

    soft[2:4, 2:4] += 100
    image = anatomy.expose(Still(), np.zeros((8, 8)), soft, np.zeros((8, 8)), 1)
    assert image[2, 2] > image[6, 6], "more matter is brighter on a chest X-ray"


def test_patients_have_several_films_one_label_and_their_own_build():
    cohort = make_cohort(np.random.default_rng(0), patients=30, size=24)
    assert set(cohort.patients) == set(map(str, range(30)))
    owners = cohort.patients.astype(int)
    counts = np.bincount(owners)
    assert counts.min() >= 1
    assert counts.max() > 1
    for patient in range(30):
        assert len(set(cohort.labels[owners == patient])) == 1
    flat = cohort.images.reshape(len(cohort.images), -1)
    within = [flat[owners == p].std(axis=0).mean() for p in range(30) if counts[p] > 1]
    assert np.mean(within) < flat.std(axis=0).mean()


def test_prevalence_is_what_was_asked_for():
    cohort = make_cohort(np.random.default_rng(0), patients=300, size=16, prevalence=0.8)
    assert 0.73 < cohort.labels.mean() < 0.87


def test_pixels_one_by_one_tell_something_but_not_all():
    train = make_cohort(np.random.default_rng(1), patients=700, size=28)
    test = make_cohort(np.random.default_rng(2), patients=200, size=28)
    model = LogisticRegression(C=0.1, max_iter=500)
    model.fit(train.images.reshape(len(train.images), -1), train.labels)
    scores = model.decision_function(test.images.reshape(len(test.images), -1))
    assert 0.55 < roc_auc_score(test.labels, scores) < 0.88


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: make_phantom(rng, size=8), "size must be at least 16 pixels, got 8"),
        (lambda rng: make_phantom(rng, label=2), "label must be 0, 1 or None, got 2"),
        (lambda rng: make_cohort(rng, patients=0), "patients must be at least 1, got 0"),
        (lambda rng: make_cohort(rng, patients=1, prevalence=74), "prevalence .* got 74"),
        (lambda rng: make_cohort(rng, patients=1, films=(3, 2)), r"films .* got \(3, 2\)"),
    ],
)
def test_bad_input_is_named(rng, call, message):
    with pytest.raises(ValueError, match=message):
        call(rng)
