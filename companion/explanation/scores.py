"""How good is a map? Against a known lesion, against the model, and against noise.

Every score is given film by film, so that its mean gets an interval.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter
from scipy.stats import spearmanr

from companion.checks import check_images, check_labels


def pointing_game(maps: np.ndarray, masks: np.ndarray, *, tolerance: int = 0) -> np.ndarray:
    """Tell for each film whether the map's greatest value is on the lesion.

    Parameters
    ----------
    maps : array_like
        (N, H, W), finite.
    masks : array_like
        bool, or 0 and 1, (N, H, W), at least one pixel true in each.
    tolerance : int
        So many pixels beside the lesion count as well, steps along rows and columns.

    Returns
    -------
    numpy.ndarray
        float, (N,): 1 where it points at the lesion, else 0; the share of pixels that hold the
        greatest value and are on the lesion, where several hold it.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, a mask holds other values than 0 and 1 or no 1,
        or `tolerance` is no whole number from 0 on.

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
    maps = _check_maps("maps", maps)
    masks = _check_masks(masks, maps.shape)
    if not isinstance(tolerance, int | np.integer) or tolerance < 0:
        raise ValueError(f"tolerance must be a whole number of pixels, got {tolerance!r}")
    if tolerance:
        masks = np.stack([binary_dilation(mask, iterations=tolerance) for mask in masks])
    top = maps == maps.max(axis=(1, 2), keepdims=True)
    return (top & masks).sum(axis=(1, 2)) / top.sum(axis=(1, 2))


def energy_inside(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return for each film the share of the map's positive values that lies on the lesion.

    A map that says nothing has the share of the lesion's area.

    Parameters
    ----------
    maps, masks : array_like
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
    maps = _check_maps("maps", maps)
    masks = _check_masks(masks, maps.shape)
    positive = np.maximum(maps, 0)
    silent = positive.max(axis=(1, 2), keepdims=True) == 0
    positive = np.where(silent, 1.0, positive)
    return (positive * masks).sum(axis=(1, 2)) / positive.sum(axis=(1, 2))


def rank_agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of two maps of each film.

    Parameters
    ----------
    first, second : array_like
        (N, H, W), finite.

    Returns
    -------
    numpy.ndarray
        float, (N,), in [-1, 1]; 0 where a map is the same everywhere.

    Raises
    ------
    ValueError
        If shapes differ or a value is not finite.

    Examples
    --------
    >>> one = np.arange(4.0).reshape(1, 2, 2)
    >>> rank_agreement(one, one**3).round(6).tolist()
    [1.0]
    """
    first, second = _check_maps("first", first), _check_maps("second", second)
    if first.shape != second.shape:
        raise ValueError(
            f"first and second must have one shape, got {first.shape} and {second.shape}"
        )
    found = np.zeros(len(first))
    for number, (one, two) in enumerate(zip(first, second, strict=True)):
        if np.ptp(one) > 0 and np.ptp(two) > 0:
            found[number] = np.clip(spearmanr(one.ravel(), two.ravel()).statistic, -1, 1)
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
        float, (N, C, H, W), in [0, 1].
    maps : array_like
        (N, H, W), finite: which pixels go first.
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
        If shapes don't fit, the images are not in [0, 1], `score` does not give a number a film,
        or `steps` or `blur` is out of range.

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
    images, maps = check_images("images", images), _check_maps("maps", maps)
    if maps.shape != (len(images), *images.shape[2:]):
        raise ValueError(
            f"images and maps must be (N, C, H, W) and (N, H, W), got {images.shape}, {maps.shape}"
        )
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if not 0 < blur < np.inf:
        raise ValueError(f"blur must be above 0 pixels, got {blur}")
    blurred = gaussian_filter(images, (0, 0, blur, blur))
    order = np.argsort(np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable"), axis=1)
    order = order.reshape(maps.shape)[:, None]  # (N, 1, H, W)
    deleted, inserted = [], []
    for step in range(steps + 1):
        chosen = order < step * maps[0].size / steps
        deleted.append(_score_of(score, np.where(chosen, blurred, images)))
        inserted.append(_score_of(score, np.where(chosen, images, blurred)))
    return np.stack(deleted, axis=1), np.stack(inserted, axis=1)


def _score_of(score, images):
    """Return what the caller's function gives for each film, or raise."""
    found = np.asarray(score(images), float)
    if found.shape != (len(images),) or not np.isfinite(found).all():
        raise ValueError(
            f"score must give a finite number a film, ({len(images)},), got shape {found.shape}"
        )
    return found


def _check_masks(masks, shape):
    """Return masks as bool (N, H, W), or raise unless each shows a lesion."""
    if np.shape(masks) != shape:
        raise ValueError(f"maps and masks must be (N, H, W), got {shape} and {np.shape(masks)}")
    masks = check_labels("masks", np.ravel(masks)).reshape(shape).astype(bool)
    empty = int((~masks.any(axis=(1, 2))).sum())
    if empty:
        raise ValueError(f"masks must have a pixel each, got {empty} that are empty")
    return masks


def _check_maps(name, maps):
    """Return maps as float64 (N, H, W), or raise: 8 bits wrap around when a map is turned over."""
    maps = np.asarray(maps)
    if maps.ndim != 3 or maps.size == 0 or maps.dtype.kind not in "buif":
        raise ValueError(
            f"{name} must be numbers (N, H, W), not empty, got {maps.dtype} {maps.shape}"
        )
    maps = maps.astype(np.float64)
    if not np.isfinite(maps).all():
        raise ValueError(
            f"{name} must be finite, got {(~np.isfinite(maps)).sum()} values that aren't"
        )
    return maps
