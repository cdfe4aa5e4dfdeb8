"""Scores of maps against hand arithmetic and invariants."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.evaluation.intervals import mean_estimate
from companion.explanation import (
    BASELINES,
    deletion_insertion,
    edges,
    energy_inside,
    explain,
    judge,
    pointing_game,
    rank_agreement,
    score_maps,
)
from companion.in_torch.models import PooledCNN


@pytest.fixture
def lesions():
    masks = np.zeros((2, 6, 6), bool)
    masks[0, 1:3, 1:3] = masks[1, 4:, 4:] = True
    return masks


def test_the_lesion_itself_is_the_best_map_and_its_opposite_the_worst(lesions):
    for score in (pointing_game, energy_inside):
        np.testing.assert_array_equal(score(lesions.astype(float), lesions), 1)
        np.testing.assert_array_equal(score(1.0 - lesions, lesions), 0)


def test_a_map_that_says_nothing_has_the_share_of_the_area(lesions):
    for nothing in (np.ones(lesions.shape), np.zeros(lesions.shape), -np.ones(lesions.shape)):
        np.testing.assert_allclose(energy_inside(nothing, lesions), 4 / 36)
    np.testing.assert_allclose(pointing_game(np.ones(lesions.shape), lesions), 4 / 36)


def test_the_pointing_game_forgives_as_much_as_it_is_told(lesions):
    beside = np.zeros(lesions.shape)
    beside[0, 4, 2] = beside[1, 2, 5] = 1
    assert pointing_game(beside, lesions).tolist() == [0, 0]
    assert pointing_game(beside, lesions, tolerance=2).tolist() == [1, 1]


@given(st.integers(0, 1000))
def test_scores_see_neither_scale_nor_sign_of_what_speaks_against(seed):
    rng = np.random.default_rng(seed)
    maps, masks = rng.normal(size=(3, 5, 5)), rng.random((3, 5, 5)) < 0.4
    masks[:, 0, 0] = True
    np.testing.assert_allclose(energy_inside(maps, masks), energy_inside(7 * maps, masks))
    positive = np.maximum(maps, 0)
    np.testing.assert_allclose(energy_inside(maps, masks), energy_inside(positive, masks))
    np.testing.assert_allclose(rank_agreement(maps, np.exp(maps)), 1)
    np.testing.assert_allclose(rank_agreement(maps, -maps), -1)


def test_a_flat_map_agrees_with_nothing():
    assert rank_agreement(np.zeros((1, 3, 3)), np.eye(3)[None]).tolist() == [0]


def test_deletion_of_what_counts_makes_the_score_fall_at_once(rng):
    films = rng.random((4, 1, 8, 8)).astype(np.float32)
    weights = np.zeros((8, 8))
    weights[2:4, 2:4] = 1

    def score(images):
        return (images[:, 0] * weights).sum(axis=(1, 2))

    good = np.broadcast_to(weights, (4, 8, 8))
    out, back = deletion_insertion(score, films, good, steps=16, blur=50)
    np.testing.assert_allclose(out[:, 0], score(films))
    np.testing.assert_allclose(back[:, -1], score(films))
    np.testing.assert_allclose(out[:, 1], out[:, -1])
    np.testing.assert_allclose(back[:, 1], score(films))
    late, _ = deletion_insertion(score, films, -good, steps=16, blur=50)
    np.testing.assert_allclose(late[:, -2], score(films))


def test_the_mean_and_its_interval_cover(rng):
    held = 0
    for _ in range(300):
        found = mean_estimate(rng.exponential(size=60))
        held += found.low <= 1 <= found.high
    assert 0.90 < held / 300 < 0.98
    alike = mean_estimate(np.ones(5))
    assert alike.value == 1
    assert np.isnan([alike.low, alike.high]).all()
    assert "the same" in alike.reason
    clean = mean_estimate(np.ones(5), share=True)
    assert (clean.value, clean.low, clean.high) == pytest.approx((1, 0.5655, 1), abs=1e-4)


def test_judging_gives_every_method_every_score(rng):
    films = rng.random((3, 1, 16, 16)).astype(np.float32)
    masks = np.zeros((3, 16, 16), bool)
    masks[:, 4:8, 4:8] = True
    scores = score_maps(PooledCNN().eval(), films, masks, rng, few=2, window=8)
    table = judge(scores)
    assert table.shape == (7, 6)
    same = table.loc["edges", "same when randomised"]
    assert same.value == pytest.approx(1)
    for method, by_score in scores.items():
        for name, values in by_score.items():
            assert len(values) == (2 if name.startswith("same") else 3)
            estimate = table.loc[method, name]
            assert estimate.value == pytest.approx(values.mean())
            assert np.isnan(estimate.low) or estimate.low <= estimate.value <= estimate.high
    assert np.abs(scores["saliency"]["same when randomised"]).max() < 0.9, "the model is the same"
    hits = table["points at lesion"].map(lambda estimate: estimate.high)
    assert hits.min() > 0.5, "of three films Wilson's interval is wide"


def test_intervals_stay_where_a_score_can_be():
    table = judge({"mine": {
        "points at lesion": np.array([0, 0.5, 0, 0]), "energy inside": np.array([0, 0.01, 0.2]),
        "same under noise": np.array([1, 0.9, 0.2]),
    }})  # fmt: skip
    for score, least in (("points at lesion", 0), ("energy inside", 0), ("same under noise", -1)):
        estimate = table.loc["mine", score]
        assert least <= estimate.low <= estimate.value <= estimate.high <= 1


def test_masks_of_any_kind_that_says_yes_and_no_score_the_same(rng, lesions):
    maps = rng.random((2, 6, 6))
    for kind in (np.uint8, np.int64, np.float32, list):
        masks = lesions.tolist() if kind is list else lesions.astype(kind)
        for score in (pointing_game, energy_inside, partial(pointing_game, tolerance=1)):
            np.testing.assert_array_equal(score(maps, masks), score(maps, lesions))
            np.testing.assert_array_equal(score(maps.tolist(), masks), score(maps, lesions))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int8, np.float32, bool])
def test_maps_of_any_dtype_score_as_floats(rng, lesions, kind):
    maps = (rng.random((2, 6, 6)) * 100).round().astype(kind)
    films = rng.random((2, 1, 6, 6)).astype(np.float32)
    exact = maps.astype(float)
    for score in (pointing_game, energy_inside):
        np.testing.assert_array_equal(score(maps, lesions), score(exact, lesions))
    other = np.arange(72.0).reshape(2, 6, 6)
    np.testing.assert_array_equal(rank_agreement(maps, other), rank_agreement(exact, other))
    np.testing.assert_array_equal(
        deletion_insertion(lambda z: z[:, 0].max(axis=(1, 2)), films, maps),
        deletion_insertion(lambda z: z[:, 0].max(axis=(1, 2)), films, exact),
    )


def test_further_maps_are_scored_under_their_own_name(rng):
    films = rng.random((3, 1, 16, 16)).astype(np.float32)
    masks = np.zeros((3, 16, 16), bool)
    masks[:, 4:8, 4:8] = True
    model, mean_film = PooledCNN().eval(), films.mean(axis=0)
    filled = partial(explain, method="occlusion", window=6, fill=mean_film)
    scores = score_maps(
        model, films, masks.astype(np.uint8), rng, methods=["occlusion"], window=6,
        more={"occlusion, mean film": filled, "edges again": lambda model, images: edges(images)},
    )  # fmt: skip
    assert [*scores] == ["occlusion", "occlusion, mean film", "edges again", *BASELINES]
    for number, score in enumerate(("points at lesion", "energy inside")):
        by_hand = (pointing_game, energy_inside)[number](filled(model, films), masks)
        np.testing.assert_array_equal(scores["occlusion, mean film"][score], by_hand)
        np.testing.assert_array_equal(scores["edges again"][score], scores["edges"][score])
    with pytest.raises(ValueError, match=r"names of their own, got \['occlusion', 'noise', "):
        score_maps(model, films, masks, rng, methods=["occlusion"], more={"noise": filled})
    for wrong, message in (
        ({"few": 0}, "few must be at least 1"),
        ({"noise": -1}, "noise at least 0, got 24, -1"),
        ({"methods": ["magic"]}, "method must be one of"),
    ):
        with pytest.raises(ValueError, match=message):
            score_maps(model, films, masks, rng, **wrong)
    with pytest.raises(ValueError, match=r"masks must be 0 or 1, got \[255\]"):
        score_maps(model, films, masks * np.uint8(255), rng)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: pointing_game(np.zeros((2, 6)), m),
            r"\(N, H, W\), not empty, got float64 \(2, 6\)",
        ),
        (
            lambda m: energy_inside(np.full(m.shape, np.inf), m),
            "maps must be finite, got 72 values",
        ),
        (lambda m: pointing_game(np.ones(m.shape) + 1j, m), "maps must be numbers .* complex128"),
        (lambda m: pointing_game(np.ones((0, 6, 6)), m[:0]), r"not empty, got float64 \(0, 6, 6\)"),
        (lambda m: pointing_game(np.ones(m.shape), m * 255), r"masks must be 0 or 1, got \[255\]"),
        (lambda m: energy_inside(np.ones(m.shape), m * 0.5), r"masks must be 0 or 1, got \[0.5\]"),
        (lambda m: energy_inside(np.ones(m.shape), m * np.nan), "masks must be 0 or 1, got"),
        (lambda m: energy_inside(np.ones(m.shape), m.astype(str)), "0 or 1, got dtype"),
        (lambda m: pointing_game(np.ones(m.shape), m, tolerance=-1), "whole number .* got -1"),
        (lambda m: pointing_game(np.ones(m.shape), m, tolerance=0.5), "whole number .* got 0.5"),
        (lambda m: rank_agreement(m, np.full(m.shape, np.nan)), "second must be finite, got 72"),
        (
            lambda m: deletion_insertion(len, np.full((2, 1, 6, 6), 200.0), np.ones((2, 6, 6))),
            "images must be in .*200",
        ),
        (
            lambda m: deletion_insertion(len, np.ones((2, 1, 6, 6)), np.full((2, 6, 6), np.nan)),
            "maps must be finite, got 72",
        ),
        (
            lambda m: deletion_insertion(len, np.ones((2, 1, 6, 6)), np.ones((2, 6, 6))),
            r"score must give a finite number a film, \(2,\), got shape \(\)",
        ),
        (
            lambda m: deletion_insertion(
                lambda z: np.full(len(z), np.nan), np.ones((2, 1, 6, 6)), np.ones((2, 6, 6))
            ),
            "score must give a finite number",
        ),
        (
            lambda m: deletion_insertion(len, np.ones((2, 1, 6, 6)), np.ones((2, 6, 6)), blur=0),
            "blur must be above 0 pixels, got 0",
        ),
        (
            lambda m: energy_inside(np.ones(m.shape), m & False),
            "got 2 that are empty",
        ),
        (lambda m: rank_agreement(np.ones((1, 2, 2)), np.ones((1, 2, 3))), "one shape"),
        (
            lambda m: deletion_insertion(len, np.ones((2, 1, 6, 6)), np.ones((2, 6, 5))),
            r"got \(2, 1, 6, 6\), \(2, 6, 5\)",
        ),
        (
            lambda m: deletion_insertion(len, np.ones((2, 1, 6, 6)), np.ones((2, 6, 6)), steps=0),
            "steps must be at least 1, got 0",
        ),
    ],
)
def test_bad_input_is_named(lesions, call, message):
    with pytest.raises(ValueError, match=message):
        call(lesions)
