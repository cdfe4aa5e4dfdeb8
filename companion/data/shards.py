"""Films in shards: files of some thousand films each, mapped into memory and read row by row.

What is mapped stays in the file until a row is asked for. The operating system then reads the
page around it and keeps it only as long as there is memory that nobody else needs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from companion.checks import check_labels
from companion.data import _shard_files as files
from companion.data._shard_rows import Rows, chosen_rows
from companion.data.files import DatasetCorrupt
from companion.films import Films

#: What 8 bits mean, as :meth:`companion.films.Films.from_pixels` computes it.
_GREYS = (np.arange(256) / 255).astype(np.float32)


class ShardedFilms:
    """The films that :func:`companion.data.write_shards` wrote, read when they are asked for.

    It is used as :class:`companion.films.Films` are: ``films[rows]`` are Films in memory,
    ``films.images[rows]`` are their images, and :func:`companion.in_torch.fit` trains on it.
    In memory are the labels, 8 bytes a film, and nothing else.

    Parameters
    ----------
    folder : path
        The folder. Headers, sizes and labels are checked at once, pixels by :meth:`check`.

    Attributes
    ----------
    labels : numpy.ndarray
        int64, (N,), 0 or 1.
    images : ImagesInShards
        Of shape (N, 1, H, W); ``images[rows]`` is float32, in [0, 1].
    shape : tuple of int
        (N, 1, H, W).
    shards : int
        How many shards there are.
    digest : str
        SHA-256 of the index, and so of all films: 64 hexadecimal digits.

    Raises
    ------
    FileNotFoundError
        If the folder has no index, as an interrupted writing leaves it.
    DatasetCorrupt
        If the index is damaged, of another version or names other files; if a file is missing,
        truncated, or holds other numbers than its index says. The file is named.

    Notes
    -----
    A file that is cut *after* it was mapped ends the process (SIGBUS): leave the folder alone
    while it is read.

    Examples
    --------
    >>> import tempfile
    >>> from companion.data import write_shards
    >>> films = Films(np.linspace(0, 1, 36).reshape(9, 1, 2, 2), np.arange(9) % 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stored = write_shards(folder, films, films_per_shard=4, progress=False)
    ...     stored.check(progress=False)
    ...     stored.shape, stored[[8, 0]].labels.tolist(), (stored.images[8] * 255).tolist()
    ((9, 1, 2, 2), [0, 0], [[[233.0, 240.0], [248.0, 255.0]]])
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        index = files.read_index(self.folder)
        self._shards = index["shards"]
        self.shards, self.shape = len(self._shards), (index["films"], 1, *index["shape"])
        self.digest = hashlib.sha256(json.dumps(index, sort_keys=True).encode()).hexdigest()
        self._holders = {}  # the first shard with these pixels, by their digest
        for number, entry in enumerate(self._shards):
            self._holders.setdefault(entry["files"][files.file_name("pixels", number)], number)
        self._pixels = Rows(self._map("pixels", "u1", tuple(index["shape"])))
        self.labels = self._read_labels()
        named = files.file_name("patients", 0) in self._shards[0]["files"]
        self._patients = Rows(self._map("patients", "U")) if named else None
        self.images = ImagesInShards(self._pixels)

    def __len__(self) -> int:
        """Return how many films there are."""
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> Films:
        """Return the films of a slice, of a list of rows or of a mask, read into memory."""
        if isinstance(rows, int | np.integer):
            raise ValueError(f"rows must choose at least one film, got {rows!r}; [{rows}] does")
        chosen = chosen_rows(rows, len(self))
        if chosen.size == 0:
            raise ValueError(f"rows must choose at least one film, got {rows!r}")
        return _in_memory(*self._arrays(chosen))

    def __reduce__(self):
        """Send the folder to another process, not what is in it."""
        return ShardedFilms, (self.folder,)

    def check(self, shard: int | None = None, *, progress: bool = True) -> None:
        """Read all files, or those of one shard, and compare them with the digests of the index.

        Parameters
        ----------
        shard : int, optional
            Which shard, from 0; all when absent.
        progress : bool
            Show a bar.

        Raises
        ------
        DatasetCorrupt
            If a file has other bytes, or the pixels of a shard before it; they are named.
        ValueError
            If there is no such shard.
        """
        if shard is not None and not 0 <= shard < self.shards:
            raise ValueError(f"shard must be from 0 to {self.shards - 1}, got {shard}")
        chosen = range(self.shards) if shard is None else [shard]
        for number in tqdm(chosen, unit=" shards", disable=not progress):
            for name, digest in self._shards[number]["files"].items():
                files.check_digest(self.folder / name, digest)
                first = self._holders.get(digest, number)
                if first != number:
                    twin = files.file_name("pixels", first)
                    raise DatasetCorrupt(f"{self.folder / name}: holds the films of {twin} again")

    def batches(
        self,
        batch_size: int,
        rng: np.random.Generator | None = None,
        *,
        window: int | None = None,
        rank: int = 0,
        workers: int = 1,
    ) -> Iterator[Films]:
        """Give every film once, batch by batch, in the order of the files or shuffled.

        Parameters
        ----------
        batch_size : int
            Films a batch, of all workers together; the last batch holds what is left.
        rng : numpy.random.Generator, optional
            Shuffles. Every worker must be given one in the same state.
        window : int, optional
            Shuffle in two levels: the shards, then the films of so many shards, which are read
            from end to end and kept until they are used up. For disks and stores where reading
            in order is much faster. When absent, all orders of all films are equally likely.
        rank, workers : int
            Which worker this is, from 0, and how many there are: each gets its part of every
            batch, so that the batches of all together do not depend on their number.

        Yields
        ------
        companion.films.Films
            The part of a batch of this worker.

        Raises
        ------
        ValueError
            If a number is out of range, or a batch has fewer films than there are workers.
        """
        if batch_size < 1 or not 0 <= rank < workers:
            raise ValueError(
                f"batch_size must be at least 1 and rank from 0 to workers - 1, "
                f"got {batch_size}, {rank} and {workers}"
            )
        last = len(self) % batch_size or batch_size
        if min(last, batch_size) < workers:
            raise ValueError(
                f"batches of {batch_size} of {len(self)} films leave {last} for the last one, "
                f"expected at least one film for each of {workers} workers"
            )
        if window is not None and (rng is None or not 1 <= window <= self.shards):
            raise ValueError(
                f"window must be from 1 to {self.shards} shards, and needs rng, got {window}"
            )
        if window is not None:
            return self._windowed(batch_size, rng, window, slice(rank, None, workers))
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        starts = range(0, len(self), batch_size)
        return (self[order[start : start + batch_size][rank::workers]] for start in starts)

    def _windowed(self, batch_size, rng, window, part):
        """Give batches of films that lie together in some shards, themselves drawn at random."""
        order, left = rng.permutation(self.shards), None
        for first in range(0, self.shards, window):
            rows = [
                np.arange(*self._pixels.starts[i : i + 2]) for i in order[first : first + window]
            ]
            read = self._arrays(np.concatenate(rows))
            if left:
                read = [np.concatenate(both) for both in zip(left, read, strict=True)]
            mixed = rng.permutation(len(read[0]))
            whole = len(mixed)
            if first + window < self.shards:
                whole -= whole % batch_size
            for start in range(0, whole, batch_size):
                rows = mixed[start : min(start + batch_size, whole)][part]
                yield _in_memory(*(array[rows] for array in read))
            left = [array[mixed[whole:]] for array in read]

    def _map(self, part, kind, shape=()):
        """Map one file of each shard."""
        return [
            files.map_array(
                self.folder / files.file_name(part, number), (shard["films"], *shape), kind
            )
            for number, shard in enumerate(self._shards)
        ]

    def _read_labels(self):
        """Return all labels, whose files are small enough to be read and compared whole."""
        parts = self._map("labels", "u1")
        for number, part in enumerate(parts):
            path = self.folder / files.file_name("labels", number)
            files.check_digest(path, self._shards[number]["files"][path.name])
            try:
                check_labels("labels", part)
            except ValueError as problem:
                raise DatasetCorrupt(f"{path}: {problem}") from None
        return np.concatenate(parts).astype(np.int64)

    def _arrays(self, rows):
        """Read pixels, labels and, if they are there, patients."""
        read = [self._pixels.read(rows), self.labels[rows]]
        return read if self._patients is None else [*read, self._patients.read(rows)]


class ImagesInShards:
    """The images of :class:`ShardedFilms`: what is asked for by rows is read, and no more.

    It is no array: asked to become one, it raises, as it may be larger than memory.

    Parameters
    ----------
    pixels : companion.data._shard_rows.Rows
        The mapped files.

    Attributes
    ----------
    shape : tuple of int
        (N, 1, H, W).
    dtype : numpy.dtype
        float32, which the rows have when they are read.

    Examples
    --------
    >>> import tempfile
    >>> from companion.data import write_shards
    >>> films = Films(np.ones((3, 1, 2, 2)), [0, 1, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     images = write_shards(folder, films, progress=False).images
    ...     images.shape, images[[2, 0]].shape, images[1].shape, images[1].dtype.name
    ((3, 1, 2, 2), (2, 1, 2, 2), (1, 2, 2), 'float32')
    """

    dtype, ndim = np.dtype(np.float32), 4

    def __init__(self, pixels: Rows):
        self._pixels = pixels
        height, width = pixels.read(np.array([0])).shape[1:]
        self.shape = (len(pixels), 1, height, width)

    def __len__(self) -> int:
        """Return how many images there are."""
        return self.shape[0]

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        """Read some images, (M, 1, H, W), or one, (1, H, W), as float32 in [0, 1]."""
        if isinstance(rows, int | np.integer):
            return self[np.array([rows])][0]
        return _scaled(self._pixels.read(chosen_rows(rows, len(self))))

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Raise: all images at once may be more than memory holds."""
        raise TypeError(
            f"images are {len(self)} films in shards, {4 * np.prod(self.shape):,} bytes in memory; "
            f"take some rows: images[:1000]"
        )


def _scaled(pixels):
    """Return pixels as images: one table for all 256 greys, exactly what Films compute."""
    return _GREYS[pixels][:, None]


def _in_memory(pixels, labels, patients=None):
    return Films(_scaled(pixels), labels, patients=patients)
