"""A mark in a corner of the film: the shortcut that chapter 9.3 plants."""

from __future__ import annotations

import numpy as np

from companion.checks import check_images


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
        float32, like `images`.

    Raises
    ------
    ValueError
        If `images` are not floats in [0, 1], or the square does not lie inside them.

    Examples
    --------
    >>> add_marker(np.zeros((1, 1, 8, 8)), side=2, edge=1)[0, 0, :3, :3].tolist()
    [[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]
    """
    marked = check_images("images", images).copy()
    _check_place(marked.shape[2:], side, edge)
    marked[:, :, edge : edge + side, edge : edge + side] = 1
    return marked


def marker_mask(
    size: tuple[int, int], *, margin: int = 0, side: int = 4, edge: int = 2
) -> np.ndarray:
    """Return where the marker of :func:`add_marker` is, with a margin about it.

    Parameters
    ----------
    size : tuple of int
        Height and width of the films.
    margin : int
        How many pixels beside it count as well.
    side, edge : int
        As for :func:`add_marker`.

    Returns
    -------
    numpy.ndarray
        bool, (H, W).

    Raises
    ------
    ValueError
        If the square does not lie inside the films, or `margin` is negative.

    Examples
    --------
    >>> marker_mask((4, 4), margin=1, side=1, edge=1).astype(int).sum(axis=1).tolist()
    [3, 3, 3, 0]
    """
    _check_place(size, side, edge)
    if margin < 0:
        raise ValueError(f"margin must be at least 0, got {margin}")
    mask = np.zeros(size, bool)
    inside = slice(max(edge - margin, 0), edge + side + margin)
    mask[inside, inside] = True
    return mask


def _check_place(size, side, edge):
    if side < 1 or edge < 0 or edge + side > min(size):
        raise ValueError(
            f"side must be at least 1 and edge at least 0, with the square inside films of "
            f"{tuple(size)}, got side {side} and edge {edge}"
        )
