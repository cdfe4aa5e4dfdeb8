"""A mark in a corner of the film: the shortcut that chapter 9.3 plants."""

from __future__ import annotations

import numpy as np


def add_marker(images: np.ndarray, *, side: int = 4, edge: int = 2) -> np.ndarray:
    """Put a white square into the upper left corner, as a lead marker would be.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1]; not changed.
    side, edge : int
        Side of the square and its distance from both edges, in pixels.

    Returns
    -------
    numpy.ndarray
        Like `images`.

    Examples
    --------
    >>> add_marker(np.zeros((1, 1, 8, 8)), side=2, edge=1)[0, 0, :3, :3].tolist()
    [[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]
    """
    marked = images.copy()
    marked[:, :, edge : edge + side, edge : edge + side] = 1
    return marked


def marker_mask(
    size: tuple[int, int], *, reach: int = 0, side: int = 4, edge: int = 2
) -> np.ndarray:
    """Return where the marker of :func:`add_marker` is, and so many pixels about it.

    Parameters
    ----------
    size : tuple of int
        Height and width of the films.
    reach : int
        How many pixels beside it count as well.
    side, edge : int
        As for :func:`add_marker`.

    Returns
    -------
    numpy.ndarray
        bool, (H, W).

    Examples
    --------
    >>> marker_mask((4, 4), reach=1, side=1, edge=1).astype(int).sum(axis=1).tolist()
    [3, 3, 3, 0]
    """
    mask = np.zeros(size, bool)
    inside = slice(max(edge - reach, 0), edge + side + reach)
    mask[inside, inside] = True
    return mask
