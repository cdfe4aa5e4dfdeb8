"""Shifted films: labels stay, pixels change as named, and each change can be told from the rest."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate

from companion.data import (
    DRAWN_SHIFTS,
    OTHER_SHIFTS,
    SHIFTS,
    Changes,
    expose,
    make_cohort,
    shift_films,
)
from companion.films import Films


@pytest.fixture(scope="module")
def films():
    return make_cohort(np.random.default_rng(0), patients=4, size=28, films=(1, 1))


def test_labels_stay_and_pixels_stay_in_range(films):
    for name, changed in shift_films(films).items():
        np.testing.assert_array_equal(changed.labels, films.labels)
        assert changed.images.min() >= 0, name
        assert changed.images.max() <= 1, name


def test_every_change_is_seen_and_no_two_are_the_same(films):
    shifted = {"as it is": films, **shift_films(films)}
    names = list(shifted)
    for number, first in enumerate(names):
        for second in names[number + 1 :]:
            apart = np.abs(shifted[first].images - shifted[second].images).mean()
            assert apart > 0.004, f"{first} and {second}"


def test_what_training_draws_and_what_it_never_draws_are_apart():
    assert not set(DRAWN_SHIFTS) & set(OTHER_SHIFTS)
    assert list(SHIFTS) == [*DRAWN_SHIFTS, *OTHER_SHIFTS]


def test_shifts_by_hand():
    step = np.zeros((1, 1, 8, 8), np.float32)
    step[..., 4:] = 0.5
    shifted = {name: f.images[0, 0] for name, f in shift_films(Films(step, [1])).items()}
    np.testing.assert_allclose(shifted["brighter"][0], [0.12] * 4 + [0.62] * 4, atol=1e-6)
    np.testing.assert_allclose(shifted["darker"][0], [0] * 4 + [0.38] * 4, atol=1e-6)
    np.testing.assert_allclose(shifted["more contrast"][0, 4:], 0.5, atol=1e-6)
    np.testing.assert_allclose(shifted["darker midtones"][0, 4:], 0.5**1.4, rtol=1e-5)
    assert (shifted["narrow beam"][[0, -1]] == 0).all()
    assert (shifted["narrow beam"][1, 5:7] == 0.5).all()
    assert shifted["blurred"][0, 3] > 0.05
    assert shifted["lighter on one side"][0, -1] > 0.6


def test_turned_left_raises_what_stands_right():
    film = np.zeros((1, 1, 21, 21), np.float32)
    film[0, 0, 10, 16:19] = 1
    turned = {name: f.images[0, 0] for name, f in shift_films(Films(film, [1])).items()}
    weight = np.ones((3, 3)) / 9
    row = {name: np.unravel_index(correlate(x, weight).argmax(), x.shape)[0]
           for name, x in turned.items()}  # fmt: skip
    assert row["turned left"] < 10 < row["turned right"]


def test_noise_is_the_same_at_every_call(films):
    first, second = (shift_films(films)["noisy"].images for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_films_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match=r"at least 8 x 8 pixels, got \(1, 1, 7, 9\)"):
        shift_films(Films(np.zeros((1, 1, 7, 9)), [0]))


def test_mirroring_swaps_half_of_the_films_and_no_row(rng):
    images = rng.random((200, 1, 4, 6)).astype(np.float32)
    mirrored = Changes(geometry=0, exposure=0, mirror=True)(images, rng)
    same = (mirrored == images).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(mirrored[~same], images[~same][..., ::-1])
    assert 70 < same.sum() < 130


def test_strength_widens_what_is_drawn(rng):
    images = np.full((500, 1, 4, 4), 0.6, np.float32)
    gentle, strong = (expose(images, rng, strength=s).std() for s in (1, 2))
    assert 1.7 < strong / gentle < 2.3
    np.testing.assert_array_equal(expose(images, rng, strength=0), images)


def test_no_geometry_leaves_every_film_in_its_place(rng):
    images = rng.random((8, 1, 8, 8)).astype(np.float32)
    exposed = Changes(geometry=0)(images, rng)
    for film, changed in zip(images, exposed, strict=True):
        assert np.corrcoef(film.ravel(), changed.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("wrong", [{"geometry": -1}, {"exposure": np.nan}, {"exposure": np.inf}])
def test_strengths_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="geometry and exposure must be at least 0, got"):
        Changes(**wrong)
    with pytest.raises(ValueError, match="strength must be at least 0, got -1"):
        expose(np.zeros((1, 1, 2, 2), np.float32), np.random.default_rng(0), strength=-1)
