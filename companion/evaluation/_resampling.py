"""Resamples as rows of weights, so that one product scores two thousand of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

#: Weights are given out in blocks of at most so many, to bound the memory.
BLOCK = 2_000_000


def number_groups(count: int, groups: np.ndarray | None) -> np.ndarray:
    """Number the groups of films from 0; without groups each film is its own."""
    return np.arange(count) if groups is None else np.unique(groups, return_inverse=True)[1]


def resamples(rng: np.random.Generator, groups: np.ndarray, n_boot: int) -> Iterator[np.ndarray]:
    """Draw whole groups with replacement: float (rows, N), how often each film is drawn."""
    count = groups.max() + 1
    rows = max(1, BLOCK // len(groups))
    for start in range(0, n_boot, rows):
        size = min(rows, n_boot - start)
        picked = rng.integers(count, size=(size, count)) + count * np.arange(size)[:, None]
        # One count for all rows: five times as fast as rng.multinomial.
        often = np.bincount(picked.ravel(), minlength=size * count).reshape(size, count)
        yield often[:, groups].astype(np.float64)


def consistent_gaps(
    rng: np.random.Generator, bins: np.ndarray, probabilities: np.ndarray, n_boot: int, count: int
) -> np.ndarray:
    """Draw labels from the probabilities: float (n_boot, count), the signed gap of each bin."""
    films, size = len(probabilities), max(1, BLOCK // len(probabilities))
    sorter = np.zeros((films, count))
    sorter[np.arange(films), bins] = 1 / films
    return np.concatenate([
        ((rng.random((min(size, n_boot - start), films)) < probabilities) - probabilities) @ sorter
        for start in range(0, n_boot, size)
    ])  # fmt: skip
