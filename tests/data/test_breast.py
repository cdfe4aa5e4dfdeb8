"""The loader of breast ultrasound: 0 in the file is malignant, 1 in the book is."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from companion.data import breast, find_near_twins, load_breast
from companion.data._medmnist import canonical_order, content_digest
from companion.data.breast import read_breast
from companion.data.files import DatasetCorrupt, DatasetUnavailable, fetch
from companion.films import Films


def change_file(monkeypatch, **changes):
    monkeypatch.setattr(breast, "FILE", dataclasses.replace(breast.FILE, **changes))


@pytest.fixture
def arrays(rng):
    """Arrays of the published names, shapes, dtypes and counts of labels, but of noise."""
    made = {}
    for name, count in breast.FILE.sizes.items():
        made[f"{name}_images"] = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        malignant = rng.permutation(count) < breast.MALIGNANT[name]
        made[f"{name}_labels"] = np.where(malignant, 0, 1).astype(np.uint8)[:, None]
    return made


@pytest.fixture
def accepted(arrays, monkeypatch):
    """The same, taken as the published content."""
    parts = [
        canonical_order(arrays[f"{n}_images"], arrays[f"{n}_labels"][:, 0])
        for n in breast.FILE.sizes
    ]
    change_file(monkeypatch, content_sha256=content_digest(parts))
    return arrays


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data folder, an empty cache, no server."""
    monkeypatch.delenv("COMPANION_DATA", raising=False)
    change_file(monkeypatch, mirrors=("http://127.0.0.1:9/breastmnist.npz",))
    monkeypatch.setattr("companion.data.files.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


def save(folder, arrays, name="breastmnist.npz"):
    folder.mkdir(exist_ok=True)
    np.savez(folder / name, **arrays)
    return folder / name


@pytest.fixture(scope="module")
def real():
    """The real films."""
    local = breast.FILE.find_local()
    if local is None:
        pytest.skip("COMPANION_DATA names no folder with the real data")
    return read_breast(local)


def test_a_film_that_the_file_calls_0_is_malignant_and_becomes_1(accepted, tmp_path):
    zero = accepted["test_images"][accepted["test_labels"][:, 0] == 0][0]
    data = read_breast(save(tmp_path / "data", accepted))
    found = (data.test.pixels == zero).all((1, 2))
    assert data.test.labels[found].tolist() == [1]
    assert [films.labels.sum() for films in data.splits.values()] == [147, 21, 42]
    assert [(films.labels == 0).sum() for films in data.splits.values()] == [399, 57, 114]


def test_labels_in_the_other_order_are_refused_by_their_counts(accepted, tmp_path, monkeypatch):
    """Even a copy whose content someone has declared to be right."""
    turned = {n: 1 - a if n.endswith("labels") else a for n, a in accepted.items()}
    parts = [
        canonical_order(turned[f"{n}_images"], turned[f"{n}_labels"][:, 0])
        for n in breast.FILE.sizes
    ]
    change_file(monkeypatch, content_sha256=content_digest(parts))
    with pytest.raises(DatasetCorrupt, match="399, 57, 114 zeros, expected 147, 21, 42.*round"):
        read_breast(save(tmp_path / "data", turned))


def test_other_counts_are_refused_without_a_guess(accepted, tmp_path):
    other = accepted | {"val_labels": np.ones((78, 1), np.uint8)}
    with pytest.raises(DatasetCorrupt, match=r"147, 0, 42 zeros.*test\)$"):
        read_breast(save(tmp_path / "data", other))


def test_one_altered_pixel_is_noticed(accepted, tmp_path):
    accepted["val_images"][3, 4, 5] ^= 1
    with pytest.raises(DatasetCorrupt, match="altered"):
        read_breast(save(tmp_path / "data", accepted))


def test_a_label_moved_to_another_film_is_noticed(accepted, tmp_path):
    accepted["test_labels"] = accepted["test_labels"][::-1]
    with pytest.raises(DatasetCorrupt, match="altered"):
        read_breast(save(tmp_path / "data", accepted))


def test_any_order_within_a_split_gives_the_same_films(accepted, tmp_path, rng):
    first = read_breast(save(tmp_path / "a", accepted))
    shuffled = dict(accepted)
    for name, count in breast.FILE.sizes.items():
        order = rng.permutation(count)
        for part in ("images", "labels"):
            shuffled[f"{name}_{part}"] = accepted[f"{name}_{part}"][order]
    second = read_breast(save(tmp_path / "b", shuffled))
    for name, films in first.splits.items():
        np.testing.assert_array_equal(films.images, second.splits[name].images)
        np.testing.assert_array_equal(films.labels, second.splits[name].labels)


def test_the_published_file_is_known_by_its_checksum_alone(arrays, tmp_path, monkeypatch):
    import hashlib

    path = save(tmp_path / "data", arrays)
    with pytest.raises(DatasetCorrupt, match="altered"):
        read_breast(path)
    change_file(monkeypatch, md5=hashlib.md5(path.read_bytes()).hexdigest())
    assert len(read_breast(path).test) == 156


@pytest.mark.parametrize("place", ["root folder", "root file", "environment", "cache"])
def test_finds_the_file(place, accepted, tmp_path, monkeypatch, nowhere, server):
    path = save(tmp_path / "data", accepted)
    root = {"root folder": path.parent, "root file": path}.get(place)
    if place == "environment":
        monkeypatch.setenv("COMPANION_DATA", str(path.parent))
    if place == "cache":
        import hashlib

        content = path.read_bytes()
        (server.folder / "b.npz").write_bytes(content)
        change_file(
            monkeypatch, md5=hashlib.md5(content).hexdigest(), mirrors=(f"{server.address}/b.npz",)
        )
    assert not load_breast(root).is_synthetic


def test_the_file_of_the_other_data_set_is_not_taken_for_it(
    accepted, tmp_path, monkeypatch, nowhere
):
    other = tmp_path / "data" / "pneumoniamnist.npz"
    save(tmp_path / "data", {"a": np.zeros(1)}, other.name)
    monkeypatch.setenv("COMPANION_DATA", str(other))
    with pytest.raises(DatasetUnavailable, match="looked for breastmnist.npz"):
        load_breast()
    save(tmp_path / "data", accepted)
    assert not load_breast().is_synthetic, "beside it"


def test_without_data_it_raises_or_says_that_it_is_a_phantom(nowhere, tmp_path):
    with pytest.raises(DatasetUnavailable, match=r"(?s)127\.0\.0\.1:9.*fallback"):
        load_breast()
    data = load_breast(fallback="phantom")
    assert data.is_synthetic
    assert data.source == "synthetic phantom"
    assert [films.labels.sum() for films in data.splits.values()] == [147, 21, 42]
    again = load_breast(fallback="phantom", rng=np.random.default_rng(0))
    np.testing.assert_array_equal(data.train.pixels, again.train.pixels)
    assert find_near_twins(data.train, data.test).empty, "no twins among phantoms"
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetUnavailable, match="root names"):
        load_breast(tmp_path / "empty", fallback="phantom")
    with pytest.raises(ValueError, match="'zeros'"):
        load_breast(fallback="zeros")


def test_the_phantom_can_be_learned_but_not_from_its_brightness(nowhere):
    """A stand-in whose classes can't be told apart would make every page look broken."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    data = load_breast(fallback="phantom")
    flat = {name: films.images.reshape(len(films), -1) for name, films in data.splits.items()}
    model = LogisticRegression(C=0.01, max_iter=1000).fit(flat["train"], data.train.labels)
    assert roc_auc_score(data.test.labels, model.decision_function(flat["test"])) > 0.75


def test_the_real_twins_are_those_that_numpy_finds(real):
    pairs = find_near_twins(real.train, real.test)
    one, two = (f.images.reshape(len(f), -1).astype(float) for f in (real.train, real.test))
    matrix = np.corrcoef(one, two)[: len(one), len(one) :]
    assert set(zip(pairs["first"], pairs["second"], strict=True)) == set(
        zip(*np.nonzero(matrix >= 0.98), strict=True)
    )
    np.testing.assert_allclose(
        pairs.correlation, matrix[pairs["first"], pairs["second"]], atol=1e-6
    )
    assert (len(pairs), pairs.second.nunique()) == (61, 48)
    disagree = pairs[pairs.first_label != pairs.second_label]
    assert (len(disagree), disagree.second.nunique(), int(disagree.exact.sum())) == (4, 3, 1)
    assert pairs.exact.sum() == 1


def test_twins_survive_brightness_and_come_most_alike_first(rng):
    pixels = rng.integers(30, 200, (6, 28, 28), dtype=np.uint8)
    changed = pixels[[4, 1]].copy()
    changed[0] = changed[0] // 2 + 40
    pairs = find_near_twins(Films.from_pixels(pixels, [0, 1, 0, 1, 0, 1]),
                            Films.from_pixels(changed, [1, 1]))  # fmt: skip
    assert pairs[["first", "second", "exact"]].to_numpy().tolist() == [[1, 1, True], [4, 0, False]]
    assert pairs[["first_label", "second_label"]].to_numpy().tolist() == [[1, 1], [0, 1]]
    assert pairs.correlation.is_monotonic_decreasing


def test_films_without_contrast_have_no_twin():
    black = Films.from_pixels(np.zeros((2, 8, 8), np.uint8), [0, 1])
    assert find_near_twins(black, black).empty


@pytest.mark.parametrize("least", [0, 1.01, -1, np.nan])
def test_a_correlation_out_of_range_is_refused(least):
    films = Films.from_pixels(np.eye(8, dtype=np.uint8)[None], [0])
    with pytest.raises(ValueError, match="min_correlation must be above 0"):
        find_near_twins(films, films, min_correlation=least)
    with pytest.raises(ValueError, match=r"one size, got \(8, 8\) and \(9, 9\)"):
        find_near_twins(films, Films.from_pixels(np.eye(9, dtype=np.uint8)[None], [0]))


def test_the_command_names_the_file_and_what_its_labels_mean(real):
    command = [sys.executable, "-m", "companion.data.breast"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "train: 546 films, 147 of them malignant (label 1)" in done.stdout
    assert "CC BY 4.0" in done.stdout


@pytest.mark.network
@pytest.mark.enable_socket
@pytest.mark.parametrize("mirror", breast.FILE.mirrors)
def test_every_mirror_has_the_published_file(mirror, tmp_path):
    path = fetch(breast.FILE.name, breast.FILE.md5, [mirror], tmp_path)
    assert len(read_breast(path).train) == 546
