"""Damaged shards and writings that fail: each file is named, nothing is half-written."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from companion.data import DatasetCorrupt, ShardedFilms, make_cohort, write_shards
from companion.films import Films


@pytest.fixture
def films(rng):
    return Films.from_pixels(rng.integers(0, 256, (23, 5, 6), np.uint8), np.arange(23) % 2)


@pytest.fixture
def folder(films, tmp_path):
    """Four shards of five films and one of three."""
    write_shards(tmp_path / "shards", films, films_per_shard=5, progress=False)
    return tmp_path / "shards"


def change_index(folder, change):
    path = folder / "index.json"
    index = json.loads(path.read_text("utf8"))
    change(index)
    path.write_text(json.dumps(index), "utf8")


def damage(path, position, value=None):
    content = bytearray(path.read_bytes())
    content[position] = content[position] ^ 1 if value is None else value
    path.write_bytes(content)


def test_one_changed_bit_is_found_and_its_shard_named(folder):
    sharded = ShardedFilms(folder)
    sharded.check(progress=False)
    damage(folder / "pixels-00003.npy", -1)
    sharded.check(2, progress=False)
    for shard in (None, 3):
        with pytest.raises(DatasetCorrupt, match=r"pixels-00003\.npy: its bytes have changed: SHA"):
            sharded.check(shard, progress=False)
    with pytest.raises(ValueError, match="shard must be from 0 to 4, got 5"):
        sharded.check(5)


def test_a_changed_label_is_found_at_once(folder):
    damage(folder / "labels-00001.npy", -1)
    with pytest.raises(DatasetCorrupt, match=r"labels-00001\.npy: its bytes have changed"):
        ShardedFilms(folder)


def test_a_shard_in_place_of_another_is_found(folder):
    """Also where somebody has written the digest of the copy into the index."""
    copied = (folder / "pixels-00001.npy").read_bytes()
    (folder / "pixels-00003.npy").write_bytes(copied)
    with pytest.raises(DatasetCorrupt, match=r"pixels-00003\.npy: its bytes have changed"):
        ShardedFilms(folder).check(progress=False)

    def copy(index):
        digest = index["shards"][1]["files"]["pixels-00001.npy"]
        index["shards"][3]["files"]["pixels-00003.npy"] = digest

    change_index(folder, copy)
    match = r"pixels-00003\.npy: holds the films of pixels-00001\.npy again"
    with pytest.raises(DatasetCorrupt, match=match):
        ShardedFilms(folder).check(progress=False)


BROKEN = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "truncated or damaged"),
    "empty": (lambda path: path.write_bytes(b""), "truncated or damaged"),
    "longer": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "has 279 .* expected 278"),
    "no array": (lambda path: path.write_bytes(b"<html>" * 50), "truncated or damaged"),
    "header": (lambda path: damage(path, 12, 0), "truncated or damaged"),
    "gone": (lambda path: path.unlink(), "is missing, its index lists it"),
    "shape": (
        lambda path: np.save(path, np.zeros((5, 6, 5), np.uint8)),
        r"holds uint8 \(5, 6, 5\), expected u1 \(5, 5, 6\)",
    ),
    "dtype": (lambda path: np.save(path, np.zeros((5, 5, 6))), r"holds float64 \(5, 5, 6\)"),
    "objects": (
        lambda path: np.save(path, np.array([{}] * 5), allow_pickle=True), "Python objects",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_when_the_folder_is_opened(folder, kind):
    change, message = BROKEN[kind]
    change(folder / "pixels-00002.npy")
    with pytest.raises(DatasetCorrupt, match=rf"pixels-00002\.npy: .*{message}"):
        ShardedFilms(folder)


def set_first_name(name):
    def change(index):
        files = index["shards"][1]["files"]
        files[name] = files.pop("pixels-00001.npy")

    return change


INDEXES = {
    "version": (lambda index: index.update(version=2), "expected version 1 .* found 2"),
    "no version": (lambda index: index.pop("version"), "expected version 1 .* found None"),
    "dtype": (lambda index: index.update(dtype="O"), "expected the dtype 'uint8', found 'O'"),
    "shape": (lambda index: index.update(shape=[5, -6]), r"expected a shape .* found \[5, -6\]"),
    "empty": (lambda index: index.update(shards=[]), "expected at least one shard"),
    "path": (set_first_name("../../etc/passwd"), r"expected shard 1 .*found .*\.\./\.\./etc"),
    "absolute": (set_first_name("/etc/passwd"), "expected shard 1 .*found .*/etc/passwd"),
    "twice": (set_first_name("pixels-00000.npy"), "expected shard 1 .*found .*pixels-00000"),
    "left out": (lambda index: index["shards"].pop(1), "expected shard 1 .*found .*00002"),
    "digest": (
        lambda i: i["shards"][0]["files"].update({"labels-00000.npy": 7}),
        "expected a SHA-",
    ),
    "more": (lambda index: index.update(films=24), "expected 24 films, found 23"),
    "count": (lambda index: index["shards"][4].update(films=True), "expected .* 4, found True"),
    "no dict": (lambda index: index["shards"].insert(0, 3), r"expected shard 0 .*found \[\]"),
}


@pytest.mark.parametrize("kind", INDEXES)
def test_an_index_of_another_kind_is_refused(folder, kind):
    change, message = INDEXES[kind]
    change_index(folder, change)
    with pytest.raises(DatasetCorrupt, match=rf"index\.json: {message}"):
        ShardedFilms(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected an index in JSON, found Expecting"),
        ("[1]", "expected version 1 .* found None"),
        ("[" * 100_000, "expected an index in JSON"),
        ('{"version": 1, "version": 1}', "found 'version' twice"),
    ],
)
def test_an_index_that_is_none_is_refused(folder, text, message):
    (folder / "index.json").write_text(text, "utf8")
    with pytest.raises(DatasetCorrupt, match=rf"index\.json: .*{message}"):
        ShardedFilms(folder)


# Writing that fails


def test_an_interrupted_writing_is_seen(films, tmp_path):
    def parts():
        yield films
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(tmp_path / "a", parts(), films_per_shard=5, progress=False)
    with pytest.raises(FileNotFoundError, match=r"index\.json: .*found 4 shards of an interrupted"):
        ShardedFilms(tmp_path / "a")
    with pytest.raises(FileExistsError, match="found a set of shards whose writing was interrupt"):
        write_shards(tmp_path / "a", films)
    with pytest.raises(FileNotFoundError, match="found no shards"):
        ShardedFilms(tmp_path / "nowhere")


def test_a_disk_that_fills_leaves_whole_shards_and_says_how_many(tmp_path):
    """A limit of a file's size, from the fourth part on, stands for the disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def parts():
        for number in range(4):
            if number == 3:
                resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
            yield Films(np.full((5, 1, 8, 8), number / 9), [0, 1, 0, 1, 0])

    try:
        message = "large; 3 shards of 15 films are whole, the folder has no index; free some space"
        with pytest.raises(OSError, match=message):
            write_shards(tmp_path, parts(), films_per_shard=5, progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    names = {f"{part}-0000{i}.npy" for part in ("pixels", "labels") for i in range(3)}
    assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "films must hold at least one film, got none"),
        ([np.zeros((1, 1, 2, 2))], "films must be Films, got ndarray in part 0"),
        (
            [Films(np.zeros((1, 1, 2, 2)), [0]), Films(np.zeros((1, 1, 2, 3)), [0])],
            r"got size \(2, 3\) and patients False in part 1, expected size \(2, 2\)",
        ),
        (
            [Films(np.zeros((1, 1, 2, 2)), [0], patients=p) for p in (["a"], None)],
            r"got size \(2, 2\) and patients False in part 1, .* patients True",
        ),
        ([Films(np.zeros((1, 3, 2, 2)), [0])], "one channel"),
    ],
)
def test_films_that_are_not_alike_are_refused(tmp_path, parts, message):
    with pytest.raises(ValueError, match=message):
        write_shards(tmp_path / "a", parts, progress=False)


def test_masks_are_not_lost_in_silence(rng, tmp_path):
    cohort = make_cohort(rng, patients=2, size=16)
    with pytest.raises(ValueError, match=re.escape("pass dataclasses.replace(films, masks=None)")):
        write_shards(tmp_path / "a", cohort, progress=False)
    sharded = write_shards(tmp_path / "b", replace(cohort, masks=None), progress=False)
    np.testing.assert_array_equal(sharded[:].pixels, cohort.pixels)
    np.testing.assert_array_equal(sharded[:].patients, cohort.patients)


def test_nothing_is_written_into_a_folder_that_holds_something(films, folder, tmp_path):
    with pytest.raises(FileExistsError, match="found a finished set of shards"):
        write_shards(folder, films)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileExistsError, match="found files such as 'notes.txt'"):
        write_shards(tmp_path, films)
    with pytest.raises(ValueError, match="films_per_shard must be at least 1, got 0"):
        write_shards(tmp_path / "a", films, films_per_shard=0)
