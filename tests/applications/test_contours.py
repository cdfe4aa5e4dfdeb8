"""Outlines and margins: round trips, hand arithmetic in anisotropic voxels, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from companion.applications import (
    contours_to_mask,
    grow_mask,
    mask_to_contours,
    move_mask,
    shrink_mask,
)

SPACING = (3.0, 1.0, 0.5)


def ball(radius_mm, spacing_mm, size=41):
    """Return the voxels whose centres lie in a ball around the middle."""
    places = np.indices((size,) * 3) - size // 2
    distance = np.sqrt(sum((p * s) ** 2 for p, s in zip(places, spacing_mm, strict=True)))
    return distance <= radius_mm


@settings(max_examples=40, deadline=None)
@given(mask=arrays(bool, (2, 6, 7)))
def test_lines_give_back_their_mask_with_holes_and_corners(mask):
    lines = mask_to_contours(mask, spacing_mm=SPACING)
    np.testing.assert_array_equal(contours_to_mask(lines, mask.shape, spacing_mm=SPACING), mask)


def test_a_line_runs_half_a_voxel_outside_in_mm():
    mask = np.zeros((3, 8, 8), bool)
    mask[1, 2:5, 3:7] = True
    lines = mask_to_contours(mask, spacing_mm=SPACING)
    assert list(lines) == [1]
    assert len(lines[1]) == 1
    assert lines[1][0].min(axis=0).tolist() == [1.5, 2.5 * 0.5]
    assert lines[1][0].max(axis=0).tolist() == [4.5, 6.5 * 0.5]
    assert (lines[1][0][0] == lines[1][0][-1]).all()


def test_a_hole_has_a_line_of_its_own():
    mask = np.zeros((1, 9, 9), bool)
    mask[0, 1:8, 1:8] = True
    mask[0, 3:6, 3:6] = False
    lines = mask_to_contours(mask, spacing_mm=(1, 1, 1))
    assert len(lines[0]) == 2
    assert contours_to_mask(lines, mask.shape, spacing_mm=(1, 1, 1)).sum() == 49 - 9


@pytest.mark.parametrize("spacing_mm", [(1, 1, 1), (2.5, 1, 1), (1, 0.7, 3)])
def test_a_voxel_grows_to_the_voxels_of_a_ball(spacing_mm):
    voxel = np.zeros((41, 41, 41), bool)
    voxel[20, 20, 20] = True
    grown = grow_mask(voxel, 4.2, spacing_mm=spacing_mm)
    np.testing.assert_array_equal(grown, ball(4.2, spacing_mm))


def test_a_cube_grows_and_shrinks_by_hand():
    cube = np.zeros((20, 20, 20), bool)
    cube[6:12, 6:12, 6:12] = True
    # 1 mm in voxels of 1 mm: one layer on each of six faces, nothing at edges and corners.
    assert grow_mask(cube, 1, spacing_mm=(1, 1, 1)).sum() == 6**3 + 6 * 36
    assert shrink_mask(cube, 1, spacing_mm=(1, 1, 1)).sum() == 4**3
    # 2 mm in slices of 3 mm: none along the first axis, two layers along the others.
    assert shrink_mask(cube, 2, spacing_mm=(3, 1, 1)).sum() == 6 * 2 * 2
    rows = grow_mask(cube, 2, spacing_mm=(3, 1, 1)).any(axis=(1, 2))
    assert rows.sum() == 6


def test_growing_is_simpleitks_distance():
    mask = np.random.default_rng(0).random((9, 12, 14)) > 0.97
    mask = np.pad(mask, 8)
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(SPACING[::-1])
    # From the centres of the mask's voxels: its own map counts from inside.
    outside = sitk.DanielssonDistanceMap(image, inputIsBinary=True, useImageSpacing=True)
    grown = grow_mask(mask, 2.3, spacing_mm=SPACING)
    theirs = sitk.GetArrayFromImage(outside) <= 2.3
    assert (grown != theirs).mean() < 1e-3  # Danielsson's map is approximate


def test_shrinking_is_growing_of_the_outside():
    mask = ball(9, (1, 1, 2))
    frame = np.zeros_like(mask)
    frame[:3] = frame[-3:] = True
    inside = shrink_mask(mask, 2, spacing_mm=(1, 1, 2))
    outside = np.pad(~mask, 4, constant_values=True)
    from scipy.ndimage import distance_transform_edt

    near = distance_transform_edt(~outside, sampling=(1, 1, 2))[4:-4, 4:-4, 4:-4] <= 2
    np.testing.assert_array_equal(inside, mask & ~near)


def test_no_margin_and_no_shift_change_nothing():
    mask = ball(5, SPACING)
    for changed in (
        grow_mask(mask, 0, spacing_mm=SPACING),
        shrink_mask(mask, 0, spacing_mm=SPACING),
        move_mask(mask, (0, 0, 0), spacing_mm=SPACING),
    ):
        np.testing.assert_array_equal(changed, mask)


def test_beyond_the_array_nothing_is_mask():
    assert shrink_mask(np.ones((3, 5, 5), bool), 1, spacing_mm=(1, 1, 1)).sum() == 9


@pytest.mark.parametrize("shift_mm", [(3, 0, 0), (-6, 2, 1.5), (0, -3, 0.5)])
def test_a_shift_of_whole_voxels_moves_every_voxel(shift_mm):
    mask = ball(5, SPACING)
    steps = [round(shift / step) for shift, step in zip(shift_mm, SPACING, strict=True)]
    moved = move_mask(mask, shift_mm, spacing_mm=SPACING)
    np.testing.assert_array_equal(moved, np.roll(mask, steps, axis=(0, 1, 2)))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_shift_of_half_a_voxel_goes_to_the_side_it_points_to(sign):
    mask = np.zeros((5, 20), bool)
    mask[2, 8:12] = True
    moved = move_mask(mask, (0, sign * 1.0), spacing_mm=(1, 2))
    np.testing.assert_array_equal(moved, np.roll(mask, sign, axis=1))


def test_a_shift_of_less_than_half_a_voxel_is_not_seen():
    mask = ball(5, SPACING)
    np.testing.assert_array_equal(move_mask(mask, (1.4, 0, 0), spacing_mm=SPACING), mask)


NO_POINT = [np.full((3, 2), np.nan)]
MASK = np.zeros((6, 6, 6), bool)
MASK[2:4, 2:4, 2:4] = True


@pytest.mark.parametrize("spacing_mm", [None, (1, 1), (1, 0, 1), (1, -1, 1), (1, np.nan, 1), 2.0])
def test_a_spacing_that_is_missing_or_impossible_is_refused(spacing_mm):
    for function, *rest in (
        (grow_mask, 1), (shrink_mask, 1), (move_mask, (0, 0, 0)), (mask_to_contours,),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="spacing_mm must be 3 numbers above 0, got"):
            function(MASK, *rest, spacing_mm=spacing_mm)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: grow_mask(MASK & False, 1, spacing_mm=(1, 1, 1)), "must not be empty"),
        (lambda: grow_mask(MASK, -1, spacing_mm=(1, 1, 1)), "margin_mm .*at least 0, got -1"),
        (lambda: grow_mask(MASK, np.nan, spacing_mm=(1, 1, 1)), "margin_mm .*got nan"),
        (lambda: grow_mask(MASK, 3, spacing_mm=(1, 1, 1)), "beyond the array along axis 0"),
        (lambda: grow_mask(MASK * 2, 1, spacing_mm=(1, 1, 1)), r"0 and 1 only, got \[0, 2\]"),
        (lambda: grow_mask(MASK[None], 1, spacing_mm=(1, 1, 1)), r"got shape \(1, 6, 6, 6\)"),
        (lambda: move_mask(MASK, (0, 3, 0), spacing_mm=(1, 1, 1)), "out of the array along axis 1"),
        (lambda: move_mask(MASK, (0, 3), spacing_mm=(1, 1, 1)), "3 finite numbers"),
        (lambda: mask_to_contours(MASK[0], spacing_mm=(1, 1, 1)), r"got shape \(6, 6\)"),
        (
            lambda: contours_to_mask({7: []}, (6, 6, 6), spacing_mm=(1, 1, 1)),
            "slice 7 is not one of the volume's 6",
        ),
        (
            lambda: contours_to_mask({0: [np.zeros((2, 2))]}, (6, 6, 6), spacing_mm=(1, 1, 1)),
            r"P at least 3, got shape \(2, 2\)",
        ),
        (
            lambda: contours_to_mask(
                {0: [np.full((3, 2), np.nan)]}, (6, 6, 6), spacing_mm=(1, 1, 1)
            ),
            "must be finite, in slice 0",
        ),
    ],
)
def test_bad_masks_margins_and_lines_are_refused(call, reason):
    with pytest.raises(ValueError, match=reason):
        call()
