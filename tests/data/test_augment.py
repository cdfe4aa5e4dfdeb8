"""Augmentation: drawn apart from applied, and harmless where it should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import rotate, shift

from companion.data.augment import Affine, apply_affine, augment, draw_affine, repeat_exposures
from companion.data.images import enlarge
from companion.data.marker import add_marker


def change(angle_deg=0.0, zoom=1.0, down=0.0, right=0.0):
    return Affine(np.array([angle_deg]), np.array([zoom]), np.array([[down, right]]))


def test_no_change_is_no_change(rng):
    film = rng.random((1, 2, 9, 7)).astype(np.float32)
    np.testing.assert_allclose(apply_affine(film, change()), film, atol=1e-6)


def test_shifts_and_turns_are_scipys(rng):
    film = rng.random((1, 1, 9, 9)).astype(np.float32)
    moved = apply_affine(film, change(down=2 / 9, right=-1 / 9))[0, 0]
    np.testing.assert_allclose(
        moved, shift(film[0, 0], (2, -1), order=1, mode="nearest"), atol=1e-5
    )
    for angle in (90, 30):
        theirs = rotate(film[0, 0], angle, reshape=False, order=1, mode="nearest")
        ours = apply_affine(film, change(angle_deg=angle))[0, 0]
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_zoom_enlarges():
    film = np.zeros((1, 1, 9, 9), np.float32)
    film[0, 0, 3:6, 3:6] = 1
    assert apply_affine(film, change(zoom=1.5)).sum() > film.sum()


def test_drawing_keeps_its_limits_and_uses_them(rng):
    drawn = draw_affine(rng, 2000, angle_deg=5, zoom=0.2, shift=0.1)
    assert 4.9 < np.abs(drawn.angle_deg).max() <= 5
    assert 0.8 <= drawn.zoom.min() < 0.81 < 1.19 < drawn.zoom.max() <= 1.2
    assert drawn.shift.shape == (2000, 2)
    assert np.abs(drawn.shift).max() <= 0.1


def test_augmented_films_stay_in_range_and_are_not_the_given_ones(rng):
    films = rng.random((5, 1, 28, 28)).astype(np.float32)
    before = films.copy()
    changed = augment(films, rng)
    assert changed.dtype == np.float32
    assert films.min() <= changed.min() <= changed.max() <= films.max()
    np.testing.assert_array_equal(films, before)
    assert np.abs(changed - films).max() > 0.1


def test_exposures_of_one_film_are_alike_and_neighbours(rng):
    films = rng.random((3, 1, 28, 28)).astype(np.float32) * np.array([1, 0.5, 0.2]).reshape(
        3, 1, 1, 1
    )
    repeated = repeat_exposures(films.astype(np.float32), 4, rng)
    means = repeated.mean(axis=(1, 2, 3)).reshape(3, 4)
    assert np.ptp(means, axis=1).max() < np.abs(np.diff(means.mean(axis=1))).min()


def test_a_marker_is_where_it_is_said_to_be():
    films = np.zeros((2, 1, 10, 10))
    marked = add_marker(films, side=3, edge=1)
    assert films.sum() == 0
    assert marked.sum() == 18
    assert marked[:, :, 1:4, 1:4].min() == 1


def test_enlarging_keeps_corners_and_mean():
    maps = np.arange(4.0).reshape(1, 2, 2)
    large = enlarge(maps, (8, 8))
    assert (large[0, 0, 0], large[0, -1, -1]) == (0, 3)
    assert large.mean() == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw_affine(np.random.default_rng(0), 1, zoom=1), "zoom below 1, got 8.0, 1"),
        (lambda: draw_affine(np.random.default_rng(0), 1, shift=-1), "at least 0 .* and -1"),
        (lambda: apply_affine(np.ones((2, 1, 4, 4)), change()), r"\(1, C, H, W\), as many"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
