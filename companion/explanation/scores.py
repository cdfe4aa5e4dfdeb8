"""How good is a map? Against a known lesion, against the model, and against noise.

Every score is given film by film, so that its mean gets an interval.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter
from scipy.stats import spearmanr


def pointing_game(maps: np.ndarray, masks: np.ndarray, *, tolerance: int = 0) -> np.ndarray:
    """Tell for each film whether the map's greatest value is on the lesion.

    Parameters
    ----------
    maps : numpy.ndarray
        float, (N, H, W), finite.
    masks : numpy.ndarray
        bool, (N, H, W), at least one pixel true in each.
    tolerance : int
        So many pixels beside the lesion count as well.

    Returns
    -------
    numpy.ndarray
        float, (N,): 1 where it points at the lesion, else 0; the share of pixels that hold the
        greatest value and are on the lesion, where several hold it.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite or a mask is empty.

    Notes
    -----
    The authors forgive 15 pixels on photographs; here nothing is forgiven unless it is asked for.

    References
    ----------
    Zhang et al., arXiv:1608.00507 (the pointing game).

    Examples
    --------
    >>> lesion = np.array([[[True, False], [False, False]]])
    >>> pointing_game(np.array([[[3.0, 1.0], [0.0, 0.0]]]), lesion).tolist()
    [1.0]
    """
    _check(maps, masks)
    if tolerance:
        masks = np.stack([binary_dilation(mask, iterations=tolerance) for mask in masks])
    top = maps == maps.max(axis=(1, 2), keepdims=True)
    return (top & masks).sum(axis=(1, 2)) / top.sum(axis=(1, 2))


def energy_inside(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return for each film the share of the map's positive values that lies on the lesion.

    A map that says nothing has the share of the lesion's area.

    Parameters
    ----------
    maps, masks : numpy.ndarray
        As for :func:`pointing_game`.

    Returns
    -------
    numpy.ndarray
        float, (N,), in [0, 1]; the lesion's share of the area where a map has no positive value.

    Raises
    ------
    ValueError
        As :func:`pointing_game`.

    Examples
    --------
    >>> lesion = np.array([[[True, False], [False, False]]])
    >>> energy_inside(np.array([[[3.0, 1.0], [-9.0, 0.0]]]), lesion).tolist()
    [0.75]
    """
    _check(maps, masks)
    positive = np.maximum(maps, 0)
    silent = positive.max(axis=(1, 2), keepdims=True) == 0
    positive = np.where(silent, 1.0, positive)
    return (positive * masks).sum(axis=(1, 2)) / positive.sum(axis=(1, 2))


def rank_agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of two maps of each film.

    Parameters
    ----------
    first, second : numpy.ndarray
        float, (N, H, W).

    Returns
    -------
    numpy.ndarray
        float, (N,), in [-1, 1]; 0 where a map is the same everywhere.

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> one = np.arange(4.0).reshape(1, 2, 2)
    >>> rank_agreement(one, one**3).round(6).tolist()
    [1.0]
    """
    if np.shape(first) != np.shape(second):
        raise ValueError(
            f"first and second must have one shape, got {np.shape(first)} and {np.shape(second)}"
        )
    found = np.zeros(len(first))
    for number, (one, two) in enumerate(zip(first, second, strict=True)):
        if np.ptp(one) > 0 and np.ptp(two) > 0:
            found[number] = spearmanr(one.ravel(), two.ravel()).statistic
    return found


def deletion_insertion(
    score: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    maps: np.ndarray,
    *,
    steps: int = 10,
    blur: float = 4.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Take out pixels from the most important on, and put them back, and watch the score.

    A pixel is taken out by its value in a blurred copy of the film.

    Parameters
    ----------
    score : function
        From images (M, C, H, W) to probabilities (M,).
    images : numpy.ndarray
        float32, (N, C, H, W).
    maps : numpy.ndarray
        float, (N, H, W): which pixels go first.
    steps : int
        In how many equal portions.
    blur : float
        Standard deviation of the blur, in pixels.

    Returns
    -------
    tuple of numpy.ndarray
        float, (N, steps + 1) each: the probability after each portion is taken out of the film
        (a good map makes it fall fast), and put into the blurred copy (rise fast).

    Raises
    ------
    ValueError
        If shapes don't fit or `steps` is below 1.

    References
    ----------
    Petsiuk, Das and Saenko, arXiv:1806.07421 (RISE).

    Examples
    --------
    >>> films = np.zeros((1, 1, 2, 2), np.float32)
    >>> films[0, 0, 0, 0] = 1
    >>> def brightest(images):
    ...     return images.max(axis=(1, 2, 3))
    >>> out, back = deletion_insertion(brightest, films, films[:, 0], steps=4, blur=50)
    >>> out.round(2).tolist(), back.round(2).tolist()
    ([[1.0, 0.25, 0.25, 0.25, 0.25]], [[0.25, 1.0, 1.0, 1.0, 1.0]])
    """
    if images.ndim != 4 or maps.shape != (len(images), *images.shape[2:]):
        raise ValueError(
            f"images and maps must be (N, C, H, W) and (N, H, W), got {images.shape}, {maps.shape}"
        )
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    blurred = gaussian_filter(images, (0, 0, blur, blur))
    order = np.argsort(np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable"), axis=1)
    order = order.reshape(maps.shape)[:, None]
    deleted, inserted = [], []
    for step in range(steps + 1):
        chosen = order < step * maps[0].size / steps
        deleted.append(score(np.where(chosen, blurred, images)))
        inserted.append(score(np.where(chosen, images, blurred)))
    return np.stack(deleted, axis=1), np.stack(inserted, axis=1)


def _check(maps, masks):
    if np.ndim(maps) != 3 or np.shape(maps) != np.shape(masks):
        raise ValueError(
            f"maps and masks must be (N, H, W), got {np.shape(maps)} and {np.shape(masks)}"
        )
    if not np.isfinite(maps).all():
        raise ValueError(
            f"maps must be finite, got {(~np.isfinite(maps)).sum()} values that aren't"
        )
    if not np.any(masks, axis=(1, 2)).all():
        empty = int((~np.any(masks, axis=(1, 2))).sum())
        raise ValueError(f"masks must have a pixel each, got {empty} that are empty")
