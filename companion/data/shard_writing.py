"""Writing films into shards: streamed, each shard whole or not there, the index last."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from companion.data import _shard_files as files
from companion.data.shards import ShardedFilms
from companion.films import Films


def write_shards(
    folder: str | os.PathLike,
    films: Films | Iterable[Films],
    *,
    films_per_shard: int = 10_000,
    progress: bool = True,
) -> ShardedFilms:
    """Write films into a folder of shards; no more than a shard of them is ever in memory.

    Parameters
    ----------
    folder : path
        Made if it is not there; must be empty.
    films : companion.films.Films or iterable of companion.films.Films
        Grey films of one size, all at once or, from a generator, some at a time. They are
        stored with 8 bits, as :attr:`companion.films.Films.pixels` rounds them.
    films_per_shard : int
        How many films go into a shard, at least 1; the last one holds what is left.
    progress : bool
        Show a bar.

    Returns
    -------
    ShardedFilms
        The folder, opened.

    Raises
    ------
    FileExistsError
        If the folder is not empty; an interrupted writing is called so.
    ValueError
        If there are no films, or some have masks, another size, or no patients where others do.
    OSError
        If a file can't be written, for example on a full disk: the message says how many shards
        are whole. No file with a final name is half-written, and the folder has no index.

    Examples
    --------
    >>> import tempfile
    >>> rng = np.random.default_rng(0)
    >>> parts = (Films(rng.random((4, 1, 2, 2)), [0, 1, 0, 1]) for _ in range(3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     films = write_shards(folder, parts, films_per_shard=5, progress=False)
    ...     len(films), films.shards
    (12, 3)
    """
    if films_per_shard < 1:
        raise ValueError(f"films_per_shard must be at least 1, got {films_per_shard}")
    folder, shards, shape = Path(folder), [], None
    files.new_folder(folder)
    parts = _arrays([films] if isinstance(films, Films) else films)
    with tqdm(unit=" films", disable=not progress) as bar:
        for arrays in _of_length(parts, films_per_shard):
            shape = arrays["pixels"].shape[1:]
            try:
                shards.append(files.write_shard(folder, len(shards), arrays))
            except OSError as problem:
                raise _unfinished(folder, shards, problem) from problem
            bar.update(shards[-1]["films"])
    if not shards:
        raise ValueError("films must hold at least one film, got none")
    try:
        files.write_index(folder, shape, shards)
    except OSError as problem:
        raise _unfinished(folder, shards, problem) from problem
    return ShardedFilms(folder)


def _arrays(parts):
    """Yield the arrays of each part of the films, or raise unless it goes with the first."""
    first = None
    for number, films in enumerate(parts):
        if not isinstance(films, Films):
            raise ValueError(f"films must be Films, got {type(films).__name__} in part {number}")
        if films.masks is not None:
            raise ValueError(
                f"films must have no masks, which shards do not keep, got {films.masks.shape} in "
                f"part {number}; pass dataclasses.replace(films, masks=None)"
            )
        arrays = {"pixels": films.pixels, "labels": films.labels.astype(np.uint8)}
        if films.patients is not None:
            arrays["patients"] = films.patients
        like = arrays["pixels"].shape[1:], "patients" in arrays
        first = like if first is None else first
        if like != first:
            raise ValueError(
                f"films must be alike, got size {like[0]} and patients {like[1]} in part {number}, "
                f"expected size {first[0]} and patients {first[1]}"
            )
        yield arrays


def _of_length(parts, length):
    """Cut and join parts to so many films each, the last one perhaps fewer."""
    kept, count = [], 0
    for part in parts:
        kept, count = [*kept, part], count + len(part["labels"])
        while count >= length:
            joined = _joined(kept)
            yield {name: array[:length] for name, array in joined.items()}
            kept, count = [{name: a[length:] for name, a in joined.items()}], count - length
    if count:
        yield _joined(kept)


def _joined(parts):
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _unfinished(folder, shards, problem):
    """Return the error of a writing that stopped: of the same kind, and saying how far it came."""
    count = sum(shard["films"] for shard in shards)
    reason = f"{problem.strerror or problem}; {len(shards)} shards of {count} films are whole"
    hint = "the folder has no index; free some space, empty the folder and write again"
    return OSError(problem.errno, f"{reason}, {hint}", str(folder))
