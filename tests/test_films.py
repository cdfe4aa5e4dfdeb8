"""What every array of films must be, checked and cleaned in one place."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from companion.checks import check_groups, check_images, check_labels, check_probabilities
from companion.films import Films, join_films
from companion.history import History

IMAGES = np.linspace(0, 1, 12).reshape(3, 1, 2, 2)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1, 1], (0.0, 1.0, 1.0), np.array([0, 1, 1], np.uint8), np.array([0, 1, 1], np.int8),
        np.array([False, True, True]), pd.Series([0, 1, 1], index=[5, 6, 7]), pd.array([0, 1, 1]),
    ],
)  # fmt: skip
def test_labels_of_any_kind_become_the_same_array(labels):
    cleaned = check_labels("labels", labels, count=3)
    assert cleaned.dtype == np.int64
    assert cleaned.tolist() == [0, 1, 1]
    assert Films(IMAGES, labels).labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2], r"labels must be 0 or 1, got \[2\]"),
        ([0, np.nan], r"labels must be 0 or 1, got \[nan\]"),
        ([0.5, 1], "labels must be 0 or 1"),
        (np.array([0, 255], np.uint8), r"got \[255\]"),
        (["0", "1"], "labels must be 0 or 1, got dtype"),
        ([[0, 1]], r"labels must be \(2,\), got shape \(1, 2\)"),
        ([], r"labels must be \(2,\), got shape \(0,\)"),
        ([0, 1, 1], r"labels must be \(2,\), got shape \(3,\)"),
        ([None, 1], "labels must be 0 or 1, got dtype object"),
    ],
)
def test_other_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        check_labels("labels", labels, count=2)


def test_both_labels_can_be_asked_for():
    with pytest.raises(ValueError, match=r"labels must hold 0 and 1, both, got \[1\] only"):
        check_labels("labels", [1, 1], both=True)


@pytest.mark.parametrize("seven", [7, 7.0, "7", "007", " 7 ", "7.0", np.int8(7), np.float32(7)])
def test_one_patient_has_one_identifier(seven):
    assert check_groups("patients", [seven]).tolist() == ["7"]
    assert check_groups("patients", [seven, "A7"]).tolist() == ["7", "A7"]
    assert check_groups("patients", np.array([seven, seven], object)).tolist() == ["7", "7"]


@pytest.mark.parametrize(
    "missing",
    [None, np.nan, float("inf"), "", "  ", "nan", "NaT", "None", pd.NA, pd.NaT, 7.5, True,
     Decimal("NaN")],
)  # fmt: skip
def test_a_missing_patient_is_refused(missing):
    with pytest.raises(ValueError, match=r"patients must .* in row 1"):
        check_groups("patients", np.array(["a", missing], object))


def test_missing_patients_of_a_float_column_are_refused():
    with pytest.raises(ValueError, match="got nan in row 2"):
        check_groups("patients", np.array([1.0, 2.0, np.nan]))
    assert check_groups("patients", pd.Series([1.0, 2.0])).tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES * 255, r"must be in \[0, 1\], got values from 0 to 255; divide 8-bit pixels"),
        ((IMAGES * 255).astype(np.uint8), "got dtype uint8; divide 8-bit pixels by 255"),
        (IMAGES[:, 0], r"must be \(N, C, H, W\) and not empty, got shape \(3, 2, 2\)"),
        (IMAGES[:0], "not empty"),
        (np.where(IMAGES > 0.95, np.nan, IMAGES), "images must be finite, got 1 NaN"),
        (IMAGES - 0.1, r"got values from -0\.1"),
    ],
)
def test_images_of_another_scale_or_shape_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        check_images("images", images)
    with pytest.raises(ValueError, match=message):
        Films(images, [0, 1, 1][: len(images)])


def test_channels_can_be_asked_for():
    assert check_images("images", IMAGES, channels=1).dtype == np.float32
    with pytest.raises(ValueError, match="images must have 3 channels"):
        check_images("images", IMAGES, channels=3)


def test_probabilities_are_cleaned_or_refused():
    assert check_probabilities("scores", np.array([0, 1], np.float32)).dtype == np.float64
    for wrong in ([2.0], [np.nan], ["a"], [[0.5]], [1j]):
        with pytest.raises(ValueError, match="scores must be"):
            check_probabilities("scores", wrong)


def test_pixels_survive_the_way_to_floats_and_back():
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    films = Films.from_pixels(pixels, [0, 1, 0, 1])
    assert films.images.shape == (4, 1, 8, 8)
    assert films.images.max() == 1
    np.testing.assert_array_equal(films.pixels, pixels)
    with pytest.raises(ValueError, match=r"pixels must be uint8 \(N, H, W\), got float64"):
        Films.from_pixels(pixels / 255, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="images must have one channel"):
        _ = Films(np.zeros((1, 3, 2, 2)), [0]).pixels


def test_rows_of_everything_stay_together():
    masks = np.arange(3)[:, None, None] == np.ones((3, 2, 2))
    films = Films(IMAGES, [0, 1, 1], masks=masks, patients=["a", "b", "c"])
    for rows in (films.labels == 1, [1, 2], slice(1, None)):
        some = films[rows]
        assert len(some) == 2
        np.testing.assert_array_equal(some.images, films.images[1:])
        np.testing.assert_array_equal(some.masks, masks[1:])
        assert some.labels.tolist() == [1, 1]
        assert some.patients.tolist() == ["b", "c"]
    with pytest.raises(ValueError, match="rows must choose at least one film"):
        _ = films[films.labels == 7]
    with pytest.raises(ValueError, match=r"masks must be bool \(3, 2, 2\), got float64"):
        Films(IMAGES, [0, 1, 1], masks=masks * 1.0)
    with pytest.raises(ValueError, match=r"patients must be \(3,\)"):
        Films(IMAGES, [0, 1, 1], patients=["a"])


def test_films_are_joined_in_their_order_with_what_all_of_them_have():
    films = Films(IMAGES, [0, 1, 1], patients=["a", "b", "c"])
    joined = join_films([films[:1], films[1:]])
    np.testing.assert_array_equal(joined.images, films.images)
    assert joined.labels.tolist() == [0, 1, 1]
    assert joined.patients.tolist() == ["a", "b", "c"]
    assert join_films([films, Films(IMAGES, [0, 1, 1])]).patients is None
    with pytest.raises(ValueError, match=r"parts must be films of one size .* got \[\]"):
        join_films([])
    with pytest.raises(ValueError, match=r"parts must be films of one size \(C, H, W\)"):
        join_films([films, Films(np.zeros((1, 1, 5, 5)), [0])])


def test_the_best_epoch_is_the_first_of_the_least_loss_and_a_nan_is_none():
    history = History()
    assert history.best_epoch == history.waited == 0
    for loss in (0.5, 0.3, 0.3, 0.4):
        history.record(0.1, loss, 0.9)
    assert (history.best_epoch, history.waited, len(history)) == (2, 2, 4)
    for losses in ((np.nan, 0.1), (0.1, np.inf)):
        with pytest.raises(FloatingPointError, match="after epoch 5: the training has diverged"):
            history.record(*losses, 0.9)
    assert len(history) == 4
