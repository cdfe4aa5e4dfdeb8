"""The loader of the pneumonia films."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest

from companion.data import pneumonia as datasets
from companion.data._medmnist import MedMnistFile, canonical_order, content_digest
from companion.data.files import DatasetCorrupt, DatasetUnavailable
from companion.data.pneumonia import load_pneumonia, read_pneumonia


def change_file(monkeypatch, **changes):
    monkeypatch.setattr(datasets, "FILE", dataclasses.replace(datasets.FILE, **changes))


@pytest.fixture
def arrays(rng):
    """Arrays of the published names, shapes and dtypes, but of noise."""
    made = {}
    for name, count in datasets.FILE.sizes.items():
        made[f"{name}_images"] = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        made[f"{name}_labels"] = rng.integers(0, 2, (count, 1), dtype=np.uint8)
    return made


@pytest.fixture
def accepted(arrays, monkeypatch):
    """The same, taken as the published content."""
    parts = {n: (arrays[f"{n}_images"], arrays[f"{n}_labels"][:, 0]) for n in datasets.FILE.sizes}
    parts["train"] = canonical_order(*parts["train"])
    change_file(monkeypatch, content_sha256=content_digest(parts.values()))
    return arrays


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data folder, an empty cache, no server."""
    monkeypatch.delenv("COMPANION_DATA", raising=False)
    change_file(monkeypatch, mirrors=("http://127.0.0.1:9/pneumoniamnist.npz",))
    monkeypatch.setattr("companion.data.files.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


def save(folder, arrays):
    folder.mkdir(exist_ok=True)
    np.savez(folder / datasets.FILE.name, **arrays)
    return folder / datasets.FILE.name


@pytest.mark.parametrize("place", ["root folder", "root file", "environment"])
def test_finds_the_file(place, accepted, tmp_path, monkeypatch, nowhere):
    path = save(tmp_path / "data", accepted)
    root = {"root folder": path.parent, "root file": path, "environment": None}[place]
    if root is None:
        monkeypatch.setenv("COMPANION_DATA", str(path.parent))
    data = load_pneumonia(root)
    assert not data.is_synthetic
    assert data.validation.images.dtype == np.float32
    assert data.validation.labels.dtype == np.int64
    assert list(data.splits.values()) == [data.train, data.validation, data.test]
    np.testing.assert_array_equal(data.test.pixels, accepted["test_images"])
    scaled = accepted["test_images"][:, None] / np.float32(255)
    np.testing.assert_allclose(data.test.images, scaled, rtol=1e-6)


def test_root_comes_before_the_environment(accepted, tmp_path, monkeypatch, nowhere):
    path = save(tmp_path / "data", accepted)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / datasets.FILE.name).write_text("<html>")
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "broken"))
    load_pneumonia(path)
    with pytest.raises(DatasetCorrupt, match="HTML"):
        load_pneumonia()


def test_any_order_of_the_training_films_gives_the_same_arrays(accepted, tmp_path, rng):
    first = read_pneumonia(save(tmp_path / "a", accepted))
    order = rng.permutation(datasets.FILE.sizes["train"])
    shuffled = {n: a[order] if n.startswith("train") else a for n, a in accepted.items()}
    second = read_pneumonia(save(tmp_path / "b", shuffled))
    np.testing.assert_array_equal(first.train.images, second.train.images)
    np.testing.assert_array_equal(first.train.labels, second.train.labels)


def test_images_and_labels_stay_together_in_canonical_order(rng):
    labels = np.arange(50)
    images = np.zeros((50, 2, 2), np.uint8)
    images[:, 0, 0] = labels
    ordered, followed = canonical_order(images, labels)
    np.testing.assert_array_equal(ordered[:, 0, 0], followed)
    assert not (followed == labels).all()


def test_one_altered_pixel_or_label_is_noticed(accepted, tmp_path):
    for name in ("train_images", "test_labels"):
        altered = dict(accepted)
        altered[name] = accepted[name].copy()
        altered[name].flat[7] ^= 1
        with pytest.raises(DatasetCorrupt, match="altered"):
            read_pneumonia(save(tmp_path / "data", altered))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("val_images", lambda a: a.astype(np.float32), "float32 .*expected uint8"),
        ("val_images", lambda a: a[:, :27], r"\(524, 27, 28\).*expected uint8 \(524, 28, 28\)"),
        ("train_labels", lambda a: a[:-1], r"\(4707, 1\).*expected uint8 \(4708, 1\)"),
        ("test_labels", lambda a: a + 1, "reaches 2, expected values from 0 to 1"),
    ],
)
def test_wrong_arrays_are_named(arrays, tmp_path, name, change, message):
    arrays[name] = change(arrays[name])
    with pytest.raises(DatasetCorrupt, match=f"{name}.*{message}"):
        read_pneumonia(save(tmp_path / "data", arrays))


def test_without_data_it_says_what_was_tried(nowhere, tmp_path):
    with pytest.raises(DatasetUnavailable, match=r"(?s)no folder, as .*127\.0\.0\.1:9.*fallback"):
        load_pneumonia()


@pytest.mark.parametrize("fallback", [None, "phantom"])
def test_a_place_that_was_named_and_has_nothing_is_an_error(
    nowhere, accepted, tmp_path, monkeypatch, fallback
):
    """Nothing else may stand in for what was named, least of all a phantom."""
    monkeypatch.setenv("COMPANION_DATA", str(save(tmp_path / "data", accepted).parent))
    (tmp_path / "empty").mkdir()
    for root in (tmp_path / "missing", tmp_path / "empty", tmp_path / "missing.npz"):
        with pytest.raises(DatasetUnavailable, match=f"root names {root}, where there is no"):
            load_pneumonia(root, fallback=fallback)
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "missing"))
    with pytest.raises(DatasetUnavailable, match="COMPANION_DATA names .*missing, which does not"):
        load_pneumonia(fallback=fallback)


def test_the_home_folder_is_written_as_a_tilde(accepted, tmp_path, monkeypatch, nowhere):
    monkeypatch.setenv("HOME", str(tmp_path))
    save(tmp_path / "data", accepted)
    assert not load_pneumonia("~/data").is_synthetic
    monkeypatch.setenv("COMPANION_DATA", "~/data")
    assert not load_pneumonia().is_synthetic


@pytest.mark.parametrize("side", [64, 128, 224])
def test_a_variant_of_other_pixels_is_named(side, arrays, tmp_path, monkeypatch):
    few = {name: array[:2] for name, array in arrays.items()}
    few |= {f"{n}_images": np.zeros((2, side, side), np.uint8) for n in datasets.FILE.sizes}
    path = save(tmp_path / "data", few)
    with pytest.raises(DatasetCorrupt, match=f"variant of {side} x {side} .* reads .* 28 x 28"):
        read_pneumonia(path)
    path.rename(path.with_name(f"pneumoniamnist_{side}.npz"))
    with pytest.raises(DatasetUnavailable, match=f"only pneumoniamnist_{side}.npz, of another"):
        load_pneumonia(path.parent)
    monkeypatch.setenv("COMPANION_DATA", str(path.parent))
    with pytest.raises(DatasetUnavailable, match=f"only pneumoniamnist_{side}.npz, of another"):
        load_pneumonia(fallback="phantom")
    monkeypatch.setenv("COMPANION_DATA", str(path))
    with pytest.raises(DatasetUnavailable, match="which does not exist"):
        load_pneumonia(fallback="phantom")


def test_the_phantom_comes_only_when_asked_for_and_says_so(nowhere, monkeypatch):
    change_file(monkeypatch, sizes={"train": 30, "val": 8, "test": 8})
    data = load_pneumonia(fallback="phantom", rng=np.random.default_rng(1))
    assert data.is_synthetic
    assert "phantom" in data.source
    assert data.train.images.shape == (30, 1, 28, 28)
    assert len(np.unique(data.train.images)) <= 256, "as many grey values as the real films have"
    again = load_pneumonia(fallback="phantom", rng=np.random.default_rng(1))
    np.testing.assert_array_equal(data.train.images, again.train.images)


def test_an_unknown_fallback_is_refused_before_any_search(monkeypatch):
    monkeypatch.setattr(MedMnistFile, "find_local", lambda file, root: pytest.fail("searched"))
    with pytest.raises(ValueError, match="'zeros'"):
        load_pneumonia(fallback="zeros")


def test_the_command_names_the_file_and_its_splits(tmp_path):
    folder = os.environ.get("COMPANION_DATA", "")
    if datasets.FILE.find_local() is None:
        pytest.skip("COMPANION_DATA names no folder with the real data")
    command = [sys.executable, "-m", "companion.data.pneumonia"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert folder in done.stdout
    assert "train: 4708 films, 74.2% with pneumonia" in done.stdout
    assert "CC BY 4.0" in done.stdout


@pytest.mark.network
@pytest.mark.enable_socket
@pytest.mark.parametrize("mirror", datasets.FILE.mirrors)
def test_every_mirror_has_the_published_file(mirror, tmp_path):
    from companion.data.files import fetch

    path = fetch(datasets.FILE.name, datasets.FILE.md5, [mirror], tmp_path)
    assert read_pneumonia(path).train.images.shape == (4708, 1, 28, 28)
