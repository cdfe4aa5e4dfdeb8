"""Augmentation: drawn apart from applied, and harmless where it should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import rotate, shift

from companion.data.augment import Affine, apply_affine, augment, draw_affine, repeat_exposures
from companion.data.images import enlarge
from companion.data.marker import add_marker, marker_mask


def change(angle_deg=0.0, zoom=1.0, down=0.0, right=0.0):
    return Affine(np.array([angle_deg]), np.array([zoom]), np.array([[down, right]]))


def expose(images, count, **options):
    return repeat_exposures(images, count, np.random.default_rng(0), **options)


VIEWS = {
    "turned": lambda x: np.rot90(x, axes=(2, 3)),
    "swapped": lambda x: x.swapaxes(2, 3),
    "Fortran": np.asfortranarray,
    "strided": lambda x: x[::-1, :, ::2, ::-1],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_views_are_changed_as_their_copies_are(rng, view, dtype):
    given = VIEWS[view](rng.random((3, 2, 12, 12)).astype(dtype))
    drawn = draw_affine(rng, 3)
    expected = apply_affine(given.copy(), drawn)
    assert expected.dtype == dtype
    np.testing.assert_array_equal(apply_affine(given, drawn), expected)
    np.testing.assert_array_equal(add_marker(given, side=2), add_marker(given.copy(), side=2))
    np.testing.assert_array_equal(expose(given, 2), expose(given.copy(), 2))
    maps = given[:, 0]
    np.testing.assert_array_equal(enlarge(maps, (24, 30)), enlarge(maps.copy(), (24, 30)))


def test_maps_of_whole_numbers_are_enlarged_as_floats():
    whole = np.array([[[0, 3]]])
    for dtype in (np.uint8, np.int64, np.float32):
        np.testing.assert_array_equal(enlarge(whole.astype(dtype), (1, 4)), [[[0, 0.75, 2.25, 3]]])
    np.testing.assert_array_equal(enlarge(whole > 0, (1, 4)), [[[0, 0.25, 0.75, 1]]])


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
        (lambda: draw_affine(np.random.default_rng(0), 1, angle_deg=np.nan), "at least 0 .* nan"),
        (lambda: apply_affine(np.ones((2, 1, 4, 4)), change()), r"\(1, C, H, W\), as many"),
        (lambda: apply_affine(np.ones((1, 1, 4, 4), np.uint8), change()), "images .* got uint8"),
        (lambda: apply_affine(np.ones((1, 1, 4, 4)) * np.nan, change()), "images must be finite"),
        (lambda: change(zoom=0), "zoom must be above 0"),
        (lambda: change(angle_deg=np.nan), "angle_deg must be finite"),
        (lambda: Affine(np.zeros(1), np.ones(2), np.zeros((2, 2))), r"angle_deg .* \(2,\)"),
        (lambda: Affine(np.zeros(2), np.ones(2), np.zeros(2)), r"shift .* \(2, 2\)"),
        (lambda: expose(np.full((1, 1, 4, 4), 200.0), 1), "images must be in .0, 1., got .* 200"),
        (lambda: expose(np.zeros((1, 1, 4, 4), np.uint8), 1), "images must be floating point"),
        (lambda: expose(np.zeros((1, 1, 4, 4)), 0), "count .* at least 1"),
        (lambda: expose(np.zeros((1, 1, 4, 4)), 1, noise=-1), "noise at least 0"),
        (lambda: add_marker(np.zeros((1, 1, 9, 9), np.uint8)), "images must be floating point"),
        (lambda: add_marker(np.full((1, 1, 9, 9), 255.0)), "images must be in .0, 1."),
        (lambda: add_marker(np.zeros((1, 1, 9, 5))), "inside films of .9, 5., got side 4"),
        (lambda: marker_mask((9, 9), edge=-1), "edge at least 0"),
        (lambda: marker_mask((9, 9), margin=-1), "margin must be at least 0"),
        (lambda: enlarge(np.zeros((1, 4, 4)), (2, 8)), r"at least that of the maps \(4, 4\)"),
        (lambda: enlarge(np.full((1, 2, 2), np.nan), (4, 4)), "maps must be finite"),
        (lambda: enlarge(np.zeros((2, 2)), (4, 4)), r"maps must be \(N, h, w\)"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
