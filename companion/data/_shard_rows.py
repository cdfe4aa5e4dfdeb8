"""Rows of an array that lies in pieces, one in the file of each shard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Rows:
    """The arrays of all shards, mapped into memory, as if they were one."""

    def __init__(self, pieces: Sequence[np.ndarray]):
        self._pieces = pieces
        self.starts = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
        self._dtype = np.result_type(*{piece.dtype for piece in pieces})  # of the longest text

    def __len__(self) -> int:
        """Return how many rows there are."""
        return int(self.starts[-1])

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Read rows, whole numbers from 0, each shard's in the order of its file."""
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        homes = np.searchsorted(self.starts, ordered, side="right") - 1
        found = np.empty((len(rows), *self._pieces[0].shape[1:]), self._dtype)
        start = 0
        for end in np.flatnonzero(np.diff(homes, append=-1)) + 1:
            home = homes[start]
            found[order[start:end]] = self._pieces[home][ordered[start:end] - self.starts[home]]
            start = end
        return found


def chosen_rows(rows: object, count: int) -> np.ndarray:
    """Return as whole numbers from 0 what chooses rows, as it would of an array."""
    if isinstance(rows, slice):
        return np.arange(*rows.indices(count))
    chosen = np.asarray(rows)
    if chosen.dtype == bool and chosen.shape == (count,):
        return np.flatnonzero(chosen)
    if chosen.size == 0:
        return np.zeros(0, int)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
        raise ValueError(
            f"rows must be a slice, whole numbers (M,) or a mask ({count},), "
            f"got {chosen.dtype} {chosen.shape}"
        )
    outside = chosen[(chosen < -count) | (chosen >= count)]
    if outside.size:
        raise IndexError(f"rows must be from 0 to {count - 1}, got {outside[0]}")
    return np.where(chosen < 0, chosen + count, chosen).astype(np.int64)
