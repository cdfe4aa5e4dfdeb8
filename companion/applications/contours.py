"""Outlines of what is treated or spared: drawn, filled, moved, grown and shrunk, in mm."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def mask_to_contours(mask: np.ndarray, *, spacing_mm: Sequence[float]) -> dict[int, list]:
    """Draw closed lines around a mask, slice by slice, half a voxel outside its centres.

    Parameters
    ----------
    mask : numpy.ndarray
        bool, or 0 and 1, (D, H, W).
    spacing_mm : sequence of float
        Distance of slices, rows and columns, above 0.

    Returns
    -------
    dict of int to list of numpy.ndarray
        By slice, where there is something: (P, 2) rows and columns in mm from the centre of the
        first voxel, the last point the first. The line around a hole is one of them. Voxels that
        touch by a corner only belong to two lines.

    Raises
    ------
    ValueError
        If the mask is no volume or holds other values, or the spacing is not three numbers
        above 0.

    See Also
    --------
    contours_to_mask : The way back.

    Examples
    --------
    >>> mask = np.zeros((2, 4, 4), bool)
    >>> mask[1, 1:3, 1:3] = True
    >>> lines = mask_to_contours(mask, spacing_mm=(3, 1, 0.5))
    >>> list(lines), [float(end) for end in lines[1][0].max(axis=0)]
    ([1], [2.5, 1.25])
    """
    from skimage.measure import find_contours

    mask = check_mask("mask", mask)
    if mask.ndim != 3:
        raise ValueError(f"mask must be (D, H, W), got shape {mask.shape}")
    spacing = check_spacing(spacing_mm, 3)
    found = {}
    for number in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        framed = np.pad(mask[number], 1).astype(float)  # so that a line closes at the edge
        lines = find_contours(framed, 0.5, fully_connected="low")
        found[number] = [(line - 1) * spacing[1:] for line in lines]
    return found


def contours_to_mask(
    contours: dict[int, list], shape: Sequence[int], *, spacing_mm: Sequence[float]
) -> np.ndarray:
    """Fill closed lines: a voxel is in if its centre is, and out again within a line in a line.

    Parameters
    ----------
    contours : dict of int to list of numpy.ndarray
        By slice: (P, 2), rows and columns in mm from the centre of the first voxel.
    shape : sequence of int
        (D, H, W) of the mask.
    spacing_mm : sequence of float
        Distance of slices, rows and columns, above 0.

    Returns
    -------
    numpy.ndarray
        bool, `shape`. The lines of :func:`mask_to_contours` give back their mask.

    Raises
    ------
    ValueError
        If a slice is not one of the volume's, a line has fewer than three points or others than
        finite ones, or the spacing is not three numbers above 0.

    Examples
    --------
    >>> square = np.array([[0.5, 0.5], [0.5, 2.5], [2.5, 2.5], [2.5, 0.5]])
    >>> int(contours_to_mask({1: [square]}, (2, 4, 4), spacing_mm=(3, 1, 1)).sum())
    4
    """
    from skimage.measure import grid_points_in_poly

    spacing = check_spacing(spacing_mm, 3)
    mask = np.zeros(tuple(shape), bool)
    if mask.ndim != 3:
        raise ValueError(f"shape must be (D, H, W), got {tuple(shape)}")
    for number, lines in contours.items():
        if number not in range(len(mask)):
            raise ValueError(f"slice {number} is not one of the volume's {len(mask)}")
        for line in lines:
            points = np.asarray(line, float)
            if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
                raise ValueError(f"a line must be (P, 2), P at least 3, got shape {points.shape}")
            if not np.isfinite(points).all():
                raise ValueError(f"the points of a line must be finite, in slice {number}")
            mask[number] ^= grid_points_in_poly(mask.shape[1:], points / spacing[1:])
    return mask


def grow_mask(mask: np.ndarray, margin_mm: float, *, spacing_mm: Sequence[float]) -> np.ndarray:
    """Add all voxels whose centres lie no farther than a margin from a centre in the mask.

    Parameters
    ----------
    mask : numpy.ndarray
        bool, or 0 and 1, (D, H, W), or (H, W), not empty.
    margin_mm : float
        How far, at least 0, in each direction; less than a voxel's spacing adds nothing there.
    spacing_mm : sequence of float
        Distance between the centres of voxels along each axis, above 0.

    Returns
    -------
    numpy.ndarray
        bool, as `mask`.

    Raises
    ------
    ValueError
        If the mask is empty or holds other values, the margin is negative, the spacing is not
        a number above 0 for each axis, or what is grown would reach beyond the array.

    See Also
    --------
    shrink_mask : The way back, but for what is thin.

    Examples
    --------
    >>> mask = np.zeros((5, 9), bool)
    >>> mask[2, 4] = True
    >>> grow_mask(mask, 2, spacing_mm=(2, 1)).sum(axis=1).tolist()
    [0, 1, 5, 1, 0]
    """
    from scipy.ndimage import distance_transform_edt

    mask, spacing = _check(mask, margin_mm, spacing_mm)
    reach = [math.floor(margin_mm / step + 1e-9) for step in spacing]
    for axis, steps in enumerate(reach):
        seen = np.flatnonzero(mask.any(axis=tuple(set(range(mask.ndim)) - {axis})))
        if seen[0] < steps or seen[-1] + steps >= mask.shape[axis]:
            raise ValueError(
                f"margin_mm {margin_mm} reaches beyond the array along axis {axis}: pad it first"
            )
    return distance_transform_edt(~mask, sampling=spacing) <= margin_mm + 1e-9


def shrink_mask(mask: np.ndarray, margin_mm: float, *, spacing_mm: Sequence[float]) -> np.ndarray:
    """Take away all voxels whose centres lie no farther than a margin from a centre outside.

    Parameters
    ----------
    mask : numpy.ndarray
        bool, or 0 and 1, (D, H, W), or (H, W), not empty. Beyond the array nothing is mask.
    margin_mm : float
        How far, at least 0.
    spacing_mm : sequence of float
        Distance between the centres of voxels along each axis, above 0.

    Returns
    -------
    numpy.ndarray
        bool, as `mask`; empty where the structure is thinner than twice the margin.

    Raises
    ------
    ValueError
        As for :func:`grow_mask`, but never for the end of the array.

    Examples
    --------
    >>> mask = np.ones((5, 5), bool)
    >>> shrink_mask(mask, 1, spacing_mm=(1, 1)).sum(axis=1).tolist()
    [0, 3, 3, 3, 0]
    """
    from scipy.ndimage import distance_transform_edt

    mask, spacing = _check(mask, margin_mm, spacing_mm)
    inside = distance_transform_edt(np.pad(mask, 1), sampling=spacing)
    return mask & (inside[(slice(1, -1),) * mask.ndim] > margin_mm + 1e-9)


def move_mask(
    mask: np.ndarray, shift_mm: Sequence[float], *, spacing_mm: Sequence[float]
) -> np.ndarray:
    """Move a mask by mm along each axis; its edge falls on voxels again.

    Parameters
    ----------
    mask : numpy.ndarray
        bool, or 0 and 1, (D, H, W), or (H, W), not empty.
    shift_mm : sequence of float
        How far along each axis, positive towards higher indices.
    spacing_mm : sequence of float
        Distance between the centres of voxels along each axis, above 0.

    Returns
    -------
    numpy.ndarray
        bool, as `mask`: the voxels of which more than half is covered, by linear interpolation;
        where it is just half, those on the side to which the mask moves.

    Raises
    ------
    ValueError
        If a part would leave the array, a shift is not finite, or as for :func:`grow_mask`.

    Examples
    --------
    >>> mask = np.zeros((3, 6), bool)
    >>> mask[1, 1:3] = True
    >>> move_mask(mask, (0, 3), spacing_mm=(1, 1.5))[1].astype(int).tolist()
    [0, 0, 0, 1, 1, 0]
    """
    from scipy.ndimage import shift

    mask, spacing = _check(mask, 0.0, spacing_mm)
    steps = np.asarray(shift_mm, float)
    if steps.shape != (mask.ndim,) or not np.isfinite(steps).all():
        raise ValueError(f"shift_mm must be {mask.ndim} finite numbers, got {shift_mm}")
    steps = steps / spacing
    for axis, length in enumerate(mask.shape):
        seen = np.flatnonzero(mask.any(axis=tuple(set(range(mask.ndim)) - {axis})))
        if seen[0] + steps[axis] < -0.5 or seen[-1] + steps[axis] > length - 0.5:
            raise ValueError(
                f"shift_mm {tuple(shift_mm)} moves the mask out of the array along axis {axis}"
            )
    towards = steps * (1 + 1e-6)  # a hair farther, which decides where just half is covered
    return shift(mask.astype(float), towards, order=1) > 0.5


def check_mask(name: str, mask: np.ndarray) -> np.ndarray:
    """Return a mask as bool, or raise unless it is an area or a volume of 0 and 1."""
    array = np.asarray(mask)
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(f"{name} must be (D, H, W) or (H, W), got shape {array.shape}")
    if array.dtype != bool and not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must hold 0 and 1 only, got {np.unique(array)[:5].tolist()}")
    return array.astype(bool)


def check_spacing(spacing_mm: Sequence[float], axes: int) -> tuple[float, ...]:
    """Return the spacing as floats, or raise unless it is one number above 0 for each axis."""
    try:
        spacing = tuple(float(step) for step in spacing_mm)
    except TypeError:
        spacing = ()
    if len(spacing) != axes or not all(math.isfinite(step) and step > 0 for step in spacing):
        raise ValueError(f"spacing_mm must be {axes} numbers above 0, got {spacing_mm}")
    return spacing


def _check(mask, margin_mm, spacing_mm):
    mask = check_mask("mask", mask)
    if not mask.any():
        raise ValueError("mask must not be empty")
    if not (math.isfinite(margin_mm) and margin_mm >= 0):
        raise ValueError(f"margin_mm must be a number of at least 0, got {margin_mm}")
    return mask, check_spacing(spacing_mm, mask.ndim)
