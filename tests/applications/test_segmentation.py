"""Scores of masks: hand arithmetic on cubes and balls, an independent program, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from companion.applications import (
    means_by_patient,
    reader_masks,
    score_scans,
    score_segmentation,
    surface_distances,
)
from companion.data import read_nodules
from companion.pages.c6_2_treatment import contour_errors, mean_mask, place_mask, readers_differ


def cube(low, high, size=24):
    """Return a cube of voxels from low to high along each axis."""
    mask = np.zeros((size,) * 3, bool)
    mask[low:high, low:high, low:high] = True
    return mask


def ball(radius_mm, spacing_mm, size=49):
    places = np.indices((size,) * 3) - size // 2
    return sum((p * s) ** 2 for p, s in zip(places, spacing_mm, strict=True)) <= radius_mm**2


def blobs(seed):
    """Return two masks that differ at random, neither empty."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    one = gaussian_filter(rng.normal(size=(20, 22, 18)), 3)
    return one > 0.03, one + 0.02 * gaussian_filter(rng.normal(size=one.shape), 1) > 0.03


def test_a_cube_moved_by_two_voxels():
    mask = cube(8, 14)
    scores = score_segmentation(np.roll(mask, 2, 0), mask, spacing_mm=(3, 1, 1))
    assert scores.dice == pytest.approx(4 / 6)
    assert scores.hd95_mm == pytest.approx(3 * 2)  # two slices of 3 mm
    assert scores.volume_error_ml == 0


def test_a_cube_inside_a_cube():
    inner, outer = cube(8, 12), cube(6, 14)
    scores = score_segmentation(outer, inner, spacing_mm=(1, 1, 1), tolerance_mm=2)
    assert scores.dice == pytest.approx(2 * 64 / (64 + 512))
    assert scores.volume_error_ml == pytest.approx((512 - 64) / 1000)
    inward = surface_distances(inner, outer, spacing_mm=(1, 1, 1))
    assert len(inward) == 64 - 8
    assert set(inward.tolist()) == {2.0}  # each face of the inner lies two voxels from the outer
    outward = surface_distances(outer, inner, spacing_mm=(1, 1, 1))
    assert outward.max() == pytest.approx(math.sqrt(12))  # from corner to corner
    within = (inward <= 2).sum() + (outward <= 2).sum()
    assert scores.surface_dice == pytest.approx(within / (len(inward) + len(outward)))


@pytest.mark.parametrize("spacing_mm", [(1, 1, 1), (2, 1, 1), (1, 1.5, 0.75)])
def test_balls_of_known_distance_and_volume(spacing_mm):
    small, large = ball(8, spacing_mm), ball(12, spacing_mm)
    scores = score_segmentation(large, small, spacing_mm=spacing_mm)
    coarse = max(spacing_mm)
    assert scores.assd_mm == pytest.approx(4, abs=0.7 * coarse)
    assert scores.hd95_mm == pytest.approx(4, abs=coarse)
    exact_ml = 4 / 3 * math.pi * (12**3 - 8**3) / 1000
    assert scores.volume_error_ml == pytest.approx(exact_ml, rel=0.03)
    assert scores.dice == pytest.approx(2 * 8**3 / (8**3 + 12**3), abs=0.02)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (3.0, 0.8, 0.5)])
def test_monais_scores_are_those_of_our_distances(seed, spacing_mm):
    one, other = blobs(seed)
    scores = score_segmentation(one, other, spacing_mm=spacing_mm, tolerance_mm=0.9)
    there = surface_distances(one, other, spacing_mm=spacing_mm)
    back = surface_distances(other, one, spacing_mm=spacing_mm)
    both = np.concatenate([there, back])
    expected = max(np.percentile(there, 95), np.percentile(back, 95))
    assert scores.hd95_mm == pytest.approx(expected, rel=1e-5)
    assert scores.assd_mm == pytest.approx(both.mean(), rel=1e-5)
    assert scores.surface_dice == pytest.approx((both <= 0.9).mean(), rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_dice_and_the_greatest_distance_are_simpleitks(seed):
    one, other = blobs(seed)
    images = [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (one, other)]
    for image in images:
        image.SetSpacing((0.5, 0.8, 3.0))
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*images)
    scores = score_segmentation(one, other, spacing_mm=(3.0, 0.8, 0.5))
    assert scores.dice == pytest.approx(overlap.GetDiceCoefficient(), rel=1e-6)


def test_scores_do_not_depend_on_the_order_of_the_masks():
    one, other = blobs(0)
    a = score_segmentation(one, other, spacing_mm=(2, 1, 1))
    b = score_segmentation(other, one, spacing_mm=(2, 1, 1))
    assert (a.dice, a.hd95_mm, a.surface_dice) == (b.dice, b.hd95_mm, b.surface_dice)
    assert a.assd_mm == pytest.approx(b.assd_mm, rel=1e-6)
    assert a.volume_error_ml == -b.volume_error_ml


def test_two_empty_masks_agree_and_have_no_distance():
    empty = cube(0, 0)
    scores = score_segmentation(empty, empty, spacing_mm=(1, 1, 1))
    assert (scores.dice, scores.surface_dice, scores.volume_error_ml) == (1, 1, 0)
    assert math.isnan(scores.hd95_mm)
    assert math.isnan(scores.assd_mm)


def test_one_empty_mask_is_the_worst_answer():
    scores = score_segmentation(cube(0, 0), cube(2, 4), spacing_mm=(1, 1, 1))
    assert (scores.dice, scores.surface_dice) == (0, 0)
    assert math.isnan(scores.hd95_mm)
    assert scores.volume_error_ml == -0.008


@pytest.mark.parametrize("spacing_mm", [None, (0, 1, 1), (1, 1), (1, 1, np.inf), (-1, 1, 1)])
def test_a_spacing_that_is_missing_or_impossible_is_refused(spacing_mm):
    for function in (score_segmentation, surface_distances):
        with pytest.raises(ValueError, match="spacing_mm must be 3 numbers above 0"):
            function(cube(2, 4), cube(2, 5), spacing_mm=spacing_mm)


@pytest.mark.parametrize("function", [score_segmentation, surface_distances])
def test_masks_of_two_shapes_or_other_values_are_refused(function):
    with pytest.raises(ValueError, match=r"one shape, got \(24, 24, 24\) and \(20, 20, 20\)"):
        function(cube(2, 4), cube(2, 4, 20), spacing_mm=(1, 1, 1))
    with pytest.raises(ValueError, match=r"reference must hold 0 and 1 only, got \[0, 2\]"):
        function(cube(2, 4), cube(2, 4) * 2, spacing_mm=(1, 1, 1))
    with pytest.raises(ValueError, match=r"mask must hold 0 and 1 only"):
        function(cube(2, 4) * 0.5, cube(2, 4), spacing_mm=(1, 1, 1))


def test_a_tolerance_below_zero_and_an_empty_surface_are_refused():
    with pytest.raises(ValueError, match="tolerance_mm .* got -1"):
        score_segmentation(cube(2, 4), cube(2, 4), spacing_mm=(1, 1, 1), tolerance_mm=-1)
    with pytest.raises(ValueError, match="reference is empty"):
        surface_distances(cube(2, 4), cube(0, 0), spacing_mm=(1, 1, 1))


def test_scans_are_scored_by_structure_and_averaged_by_patient():
    labels = cube(4, 8).astype(int)
    labels[12:16, 4:8, 4:8] = 2
    wrong = np.where(labels == 1, 0, labels)
    table = score_scans(
        [labels, wrong, labels, labels], [labels] * 4, ["a", "a", "b", "c"],
        structures={1: "front", 2: "back"}, spacing_mm=(1, 1, 1),
    )  # fmt: skip
    assert len(table) == 8
    means = means_by_patient(table, "dice")
    assert means["front"].value == pytest.approx((0.5 + 1 + 1) / 3)  # a's two scans count once
    assert means["back"].value == 1
    assert 0 <= means["front"].low <= means["front"].high <= 1
    with pytest.raises(ValueError, match="hd95_mm is unknown for 1 of 8 rows"):
        means_by_patient(table, "hd95_mm")
    with pytest.raises(ValueError, match="score must be a column of scores, got 'patient'"):
        means_by_patient(table, "patient")
    with pytest.raises(ValueError, match="one length, got 1, 4, 4"):
        score_scans([labels], [labels] * 4, list("abcd"), structures={1: "x"}, spacing_mm=(1, 1, 1))


def test_four_radiologists_differ_by_what_the_page_says():
    between = readers_differ(read_nodules(), np.random.default_rng(0), count=25)
    assert len(between) == 25
    assert 0.7 < between.dice.median() < 0.85
    assert 1.0 < between.hd95_mm.median() < 2.2


def test_readers_volumes_are_their_pixels():
    nodules = read_nodules()
    masks, spacing_mm = reader_masks(nodules, 436)
    assert len(masks) == 4
    assert len({mask.shape for mask in masks.values()}) == 1
    assert all(mask.any() and not mask[0].any() and not mask[:, 0].any() for mask in masks.values())
    assert spacing_mm[1] == spacing_mm[2]
    with pytest.raises(ValueError, match="nodule -1 is not among"):
        reader_masks(nodules, -1)


def test_a_mean_mask_of_one_scan_is_that_scans_mask():
    volume = np.random.default_rng(0).random((20, 24, 22))
    labels = cube(6, 12)[:20, :, :22].astype(int)
    np.testing.assert_array_equal(place_mask(mean_mask([volume], [labels]), volume), labels)


def test_errors_of_an_outline_by_hand():
    table = contour_errors(cube(6, 16), (1, 1, 1))
    assert table.loc["moved 2 mm", "Dice"] == pytest.approx(0.8)
    assert table.loc["moved 2 mm", "change, %"] == 0
    assert table.loc["grown 1 mm", "ml"] == pytest.approx((1000 + 6 * 100) / 1000)
    assert table.loc["shrunk 1 mm", "ml"] == pytest.approx(0.512)
    assert isinstance(table, pd.DataFrame)
