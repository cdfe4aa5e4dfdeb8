"""Films in shards: what is read is what was written, and every damage is named."""

from __future__ import annotations

import itertools
import multiprocessing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.data import ShardedFilms, write_shards
from companion.films import Films


@pytest.fixture
def films(rng):
    pixels = rng.integers(0, 256, (23, 5, 6), np.uint8)
    return Films.from_pixels(pixels, np.arange(23) % 2, patients=[f"P{i // 2}" for i in range(23)])


@pytest.fixture
def folder(films, tmp_path):
    """Four shards of five films and one of three."""
    write_shards(tmp_path / "shards", films, films_per_shard=5, progress=False)
    return tmp_path / "shards"


def same(found, wanted):
    assert found.images.dtype == np.float32
    np.testing.assert_array_equal(found.images, wanted.images)
    np.testing.assert_array_equal(found.labels, wanted.labels)
    np.testing.assert_array_equal(found.patients, wanted.patients)


def rows_of(batches, films):
    """Find where the films of each batch come from."""
    known = {image.tobytes(): row for row, image in enumerate(films.images)}
    return [[known[image.tobytes()] for image in batch.images] for batch in batches]


def flat(parts):
    return list(itertools.chain.from_iterable(parts))


# Reading what was written


def test_films_come_back_as_they_were(films, folder):
    sharded = ShardedFilms(folder)
    assert (len(sharded), sharded.shards, sharded.shape) == (23, 5, (23, 1, 5, 6))
    same(sharded[:], films)
    assert sharded.labels.dtype == np.int64
    np.testing.assert_array_equal(sharded.labels, films.labels)
    names = {path.name for path in folder.iterdir()}
    parts = {f"{part}-0000{i}.npy" for part in ("pixels", "labels", "patients") for i in range(5)}
    assert names == parts | {"index.json"}


def test_all_greys_become_the_floats_that_films_have(tmp_path):
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    films = Films.from_pixels(pixels, [1])
    sharded = write_shards(tmp_path / "a", films, progress=False)
    assert (sharded.images[:] == films.images).all()


@pytest.mark.parametrize(
    "rows", [slice(3, 17, 4), slice(None, None, -1), [22, 0, -1, 4, 4], np.arange(23) % 3 == 0],
    ids=["slice", "backwards", "list", "mask"],
)  # fmt: skip
def test_rows_are_chosen_as_in_an_array(films, folder, rows):
    sharded = ShardedFilms(folder)
    same(sharded[rows], films[rows])
    np.testing.assert_array_equal(sharded.images[rows], films.images[rows])
    np.testing.assert_array_equal(sharded.images[-2], films.images[-2])


@given(data=st.data(), per_shard=st.integers(1, 25), part=st.integers(1, 23))
def test_any_rows_of_any_shards_are_the_right_ones(tmp_path_factory, data, per_shard, part):
    pixels = np.random.default_rng(0).integers(0, 256, (23, 2, 3), np.uint8)
    films = Films.from_pixels(pixels, np.arange(23) % 2)
    parts = (films[start : start + part] for start in range(0, 23, part))
    folder = tmp_path_factory.mktemp("any") / "shards"
    sharded = write_shards(folder, parts, films_per_shard=per_shard, progress=False)
    assert sharded.shards == -(-23 // per_shard)
    rows = data.draw(st.lists(st.integers(-23, 22), min_size=1))
    assert (sharded.images[rows] == films.images[rows]).all()


def test_films_from_a_generator_are_written_as_they_come(tmp_path):
    """The twentieth part is asked for only when the shards before it are on disk."""

    def parts():
        for number in range(20):
            assert len(list(tmp_path.glob("shards/pixels-*.npy"))) == number * 3 // 4
            yield Films(np.full((3, 1, 2, 2), number / 20), [0, 1, 0])

    assert len(write_shards(tmp_path / "shards", parts(), films_per_shard=4, progress=False)) == 60


def test_another_process_gets_the_folder_and_no_films(films, folder):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(ShardedFilms.__getitem__, (ShardedFilms(folder), [7, 3]))
    same(found, films[[7, 3]])


def test_the_digest_is_that_of_the_films(films, folder, tmp_path):
    again = write_shards(tmp_path / "again", films, films_per_shard=5, progress=False)
    other = write_shards(tmp_path / "other", films[::-1], films_per_shard=5, progress=False)
    assert ShardedFilms(folder).digest == again.digest != other.digest


# Batches


@pytest.mark.parametrize("window", [None, 1, 2, 5])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_an_epoch_has_every_film_once_however_many_read(films, folder, window, workers):
    alone = rows_of(
        ShardedFilms(folder).batches(10, np.random.default_rng(3), window=window), films
    )
    shares = [
        rows_of(
            ShardedFilms(folder).batches(
                10, np.random.default_rng(3), window=window, rank=rank, workers=workers
            ),
            films,
        )
        for rank in range(workers)
    ]
    assert [len(batch) for batch in alone] == [10, 10, 3]
    assert sorted(flat(alone)) == list(range(23))
    together = [sorted(flat(parts)) for parts in zip(*shares, strict=True)]
    assert together == [sorted(batch) for batch in alone]


def test_without_randomness_the_order_is_that_of_the_files(films, folder):
    assert flat(rows_of(ShardedFilms(folder).batches(4), films)) == list(range(23))


def test_a_full_shuffle_puts_every_film_everywhere_equally_often(films, folder):
    sharded, rng = ShardedFilms(folder), np.random.default_rng(0)
    firsts = [rows_of([next(sharded.batches(1, rng))], films)[0][0] for _ in range(2300)]
    counts = np.bincount(firsts, minlength=23)
    assert ((counts - 100) ** 2 / 100).sum() < 48.3  # chi-squared, 22 degrees: p = 0.001


def test_a_window_holds_so_many_shards_and_no_more(films, folder):
    seen = rows_of(ShardedFilms(folder).batches(5, np.random.default_rng(1), window=2), films)
    homes = [[row // 5 for row in batch] for batch in seen]
    assert len(set(homes[0])) == 2  # the films of two shards, mixed
    assert len(set(homes[0] + homes[1])) <= 4
    assert seen[0] != sorted(seen[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "at least 1 .* got 0, 0 and 1"),
        ({"batch_size": 4, "rank": 2, "workers": 2}, "got 4, 2 and 2"),
        ({"batch_size": 4, "rank": -1, "workers": 2}, "got 4, -1 and 2"),
        ({"batch_size": 11, "workers": 2}, "11 of 23 films leave 1 for the last .* 2 workers"),
        ({"batch_size": 4, "window": 2}, "window must be from 1 to 5 shards, and needs rng, got 2"),
        ({"batch_size": 4, "rng": np.random.default_rng(0), "window": 6}, "to 5 shards, .* got 6"),
    ],
)
def test_a_wrong_number_is_refused_before_a_film_is_read(folder, options, message):
    with pytest.raises(ValueError, match=message):
        ShardedFilms(folder).batches(**options)


# Asking wrongly


def test_rows_outside_or_of_another_kind_are_refused(folder):
    sharded = ShardedFilms(folder)
    for rows, error, message in [
        ([0, 23], IndexError, "rows must be from 0 to 22, got 23"),
        ([-24], IndexError, "got -24"),
        ([0.0], ValueError, "got float64"),
        (np.ones(22, bool), ValueError, r"got bool \(22,\)"),
    ]:
        with pytest.raises(error, match=message):
            sharded.images[rows]
        with pytest.raises(error, match=message):
            sharded[rows]
    for rows in ([], slice(5, 5), 3):
        with pytest.raises(ValueError, match="at least one film"):
            sharded[rows]


def test_all_images_never_come_into_memory_by_accident(folder):
    with pytest.raises(TypeError, match=r"23 films in shards, 2,760 bytes in memory; take some"):
        np.asarray(ShardedFilms(folder).images)
