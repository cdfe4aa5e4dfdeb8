"""Planted leaks must raise; an honest split must not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from companion.data.leakage import LeakageError, check_images, check_patients, find_copies
from companion.data.phantom import make_cohort


@pytest.fixture(scope="module")
def films():
    cohort = make_cohort(np.random.default_rng(0), patients=120, size=28, films=(1, 1))
    return cohort.pixels


def as_jpeg(film):
    file = io.BytesIO()
    Image.fromarray(film).save(file, "JPEG", quality=75)
    return np.asarray(Image.open(file))


CHANGES = {
    "none": lambda film: film,
    "brighter": lambda film: np.clip(film * 1.1 + 5, 0, 255).astype(np.uint8),
    "JPEG": as_jpeg,
    "noisy": lambda film: np.clip(
        film + np.random.default_rng(0).normal(0, 2, film.shape), 0, 255
    ).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_planted_copy_raises_and_is_named(films, change):
    train, test = films[:80], films[80:].copy()
    check_images({"train": train, "test": test})
    test[7] = CHANGES[change](train[33])
    with pytest.raises(LeakageError, match=r"train and test share 1 image, .*rows \(33, 7\)"):
        check_images({"train": train, "test": test})
    copies = find_copies(train, test)
    assert copies[["first", "second"]].to_numpy().tolist() == [[33, 7]]
    assert copies["exact"].tolist() == [change == "none"]


def test_copies_are_looked_for_between_all_splits(films):
    splits = {"train": films[:40], "val": films[40:60], "test": films[55:70]}
    with pytest.raises(LeakageError, match="val and test share 5 images, 5 of them exactly"):
        check_images(splits)


def test_a_shared_patient_raises_and_is_named():
    check_patients({"train": np.array(["a", "b"]), "val": np.array(["c"]), "test": np.array(["d"])})
    with pytest.raises(LeakageError, match="train and test share 2 groups: 3, 4; keep all films"):
        check_patients(
            {"train": np.array([1, 3, 4]), "val": np.array([7]), "test": np.array([3, 4, 4])}
        )
    many = np.arange(10)
    with pytest.raises(LeakageError, match=r"share 10 groups: 0, 1, 2, 3, 4, \.\.\.;"):
        check_patients({"train": many, "test": many})


@pytest.mark.parametrize(
    ("train", "test", "shown"),
    [
        ([7.0, 8.0], ["7", "9"], "7"),
        (["007", "P1"], [7], "7"),
        (["7.0"], np.array([7], np.uint8), "7"),
        ([" P7 "], ["P7"], "P7"),
        (np.array([b"12"]), np.array([12]), "12"),
        ([10, 9, 2], ["2", "10", "9"], "2, 9, 10"),
    ],
)
def test_one_patient_written_in_two_ways_is_one(train, test, shown):
    for splits in ({"train": train, "test": test}, {"test": test, "train": train}):
        with pytest.raises(LeakageError, match=rf"share \d groups?: {shown};"):
            check_patients(splits)


@pytest.mark.parametrize("missing", [np.nan, None, "", "nan"])
def test_a_patient_that_is_missing_is_refused(missing):
    with pytest.raises(ValueError, match="test must .* row 1") as error:
        check_patients({"train": ["1", "2"], "test": ["3", missing]})
    assert not isinstance(error.value, LeakageError)
    with pytest.raises(ValueError, match="train must .* row 0"):
        check_patients({"train": [missing]})


def test_a_leak_is_a_value_error():
    assert issubclass(LeakageError, ValueError)


@pytest.mark.parametrize("images", [np.zeros((2, 8, 8)), np.zeros((8, 8), np.uint8)])
def test_bad_input_is_named(images):
    with pytest.raises(ValueError, match=r"images must be uint8 \(N, H, W\), got"):
        find_copies(images, images)
