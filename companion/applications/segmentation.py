"""How far a mask lies from the mask of a reader: overlap, distances in mm, volume."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from companion.applications.contours import check_mask, check_spacing


@dataclass(frozen=True)
class SegmentationScores:
    """One mask held against one reference.

    Attributes
    ----------
    dice : float
        Twice the common volume over the sum of both, 0 to 1.
    hd95_mm : float
        Hausdorff distance, 95th percentile: of the distances from each surface to the other
        the 95th percentile, and of the two directions the greater. NaN with an empty mask.
    assd_mm : float
        Average symmetric surface distance: the mean over both surfaces. NaN with an empty mask.
    surface_dice : float
        Share of both surfaces that lies no farther than the tolerance from the other, 0 to 1.
    volume_error_ml : float
        Volume of the mask minus that of the reference.
    """

    dice: float
    hd95_mm: float
    assd_mm: float
    surface_dice: float
    volume_error_ml: float


def score_segmentation(
    mask: np.ndarray,
    reference: np.ndarray,
    *,
    spacing_mm: Sequence[float],
    tolerance_mm: float = 1.0,
) -> SegmentationScores:
    """Hold a mask against the one of a reader; distances by MONAI (the extra ``planning``).

    The surface is made of the voxels of a mask that touch a voxel outside it by a face.
    Two empty masks agree: Dice and surface Dice are 1 and the error of the volume is 0, but
    there is no distance. One empty mask has a Dice and a surface Dice of 0 and no distance.

    Parameters
    ----------
    mask, reference : numpy.ndarray
        bool, or 0 and 1, (D, H, W), or (H, W).
    spacing_mm : sequence of float
        Distance between the centres of voxels along each axis, above 0.
    tolerance_mm : float
        Of the surface Dice, at least 0.

    Returns
    -------
    SegmentationScores
        Each as MONAI computes it, but for the masks that are empty.

    Raises
    ------
    ValueError
        If the masks differ in shape or hold other values, the spacing is missing, or a number
        is out of range.

    References
    ----------
    Maier-Hein et al., Nature Methods 2024, doi:10.1038/s41592-023-02151-z (which score when).
    Nikolov et al., arXiv:1809.04430 (surface Dice).

    Examples
    --------
    A cube of three voxels a side against the same moved by one along the first axis, where
    slices are 2 mm apart: 18 of 27 voxels are common.

    >>> cube = np.zeros((8, 8, 8), bool)
    >>> cube[2:5, 2:5, 2:5] = True
    >>> found = score_segmentation(np.roll(cube, 1, 0), cube, spacing_mm=(2, 1, 1))
    >>> round(found.dice, 3), found.hd95_mm, found.volume_error_ml
    (0.667, 2.0, 0.0)
    """
    mask, reference = check_mask("mask", mask), check_mask("reference", reference)
    if mask.shape != reference.shape:
        raise ValueError(
            f"mask and reference must have one shape, got {mask.shape} and {reference.shape}"
        )
    spacing = check_spacing(spacing_mm, mask.ndim)
    if not (math.isfinite(tolerance_mm) and tolerance_mm >= 0):
        raise ValueError(f"tolerance_mm must be a number of at least 0, got {tolerance_mm}")
    error_ml = (int(mask.sum()) - int(reference.sum())) * math.prod(spacing) / 1000
    if not (mask.any() and reference.any()):
        same = float(not mask.any() and not reference.any())
        return SegmentationScores(same, math.nan, math.nan, same, error_ml)
    return SegmentationScores(*_by_monai(mask, reference, spacing, tolerance_mm), error_ml)


def surface_distances(
    mask: np.ndarray, reference: np.ndarray, *, spacing_mm: Sequence[float]
) -> np.ndarray:
    """Return how far each voxel of the mask's surface lies from the reference's surface.

    This is the direction from mask to reference; the other has the arguments exchanged.
    :func:`score_segmentation` takes MONAI's distances, which are equal to these.

    Parameters
    ----------
    mask, reference : numpy.ndarray
        bool, or 0 and 1, (D, H, W), or (H, W), neither empty.
    spacing_mm : sequence of float
        Distance between the centres of voxels along each axis, above 0.

    Returns
    -------
    numpy.ndarray
        float64, (P,), in mm, one for each voxel of the surface.

    Raises
    ------
    ValueError
        As :func:`score_segmentation`, and if a mask is empty.

    Examples
    --------
    >>> one, other = np.zeros((2, 3, 3), bool)
    >>> one[0, 0] = other[0, 2] = True
    >>> surface_distances(one, other, spacing_mm=(1, 0.5)).tolist()
    [1.0]
    """
    from scipy.ndimage import distance_transform_edt

    mask, reference = check_mask("mask", mask), check_mask("reference", reference)
    if mask.shape != reference.shape:
        raise ValueError(
            f"mask and reference must have one shape, got {mask.shape} and {reference.shape}"
        )
    spacing = check_spacing(spacing_mm, mask.ndim)
    for name, given in (("mask", mask), ("reference", reference)):
        if not given.any():
            raise ValueError(f"{name} is empty, so that it has no surface")
    to_reference = distance_transform_edt(~surface(reference), sampling=spacing)
    return to_reference[surface(mask)]


def surface(mask: np.ndarray) -> np.ndarray:
    """Return the voxels of a mask that touch a voxel outside it by a face.

    Parameters
    ----------
    mask : numpy.ndarray
        bool, any number of axes. What lies outside the array is not in the mask.

    Returns
    -------
    numpy.ndarray
        bool, as `mask`.

    Examples
    --------
    >>> int(surface(np.ones((3, 3, 3), bool)).sum())
    26
    """
    from scipy.ndimage import binary_erosion

    return mask & ~binary_erosion(mask)


def _by_monai(mask, reference, spacing, tolerance_mm):
    """Return Dice, HD95, ASSD and surface Dice of two masks that are not empty."""
    import torch
    from monai import metrics

    pair = [torch.from_numpy(each)[None, None] for each in (mask, reference)]
    measured = {"include_background": True, "spacing": spacing}
    with warnings.catch_warnings():
        # MONAI's own call of an argument that it has deprecated.
        warnings.filterwarnings("ignore", ".*always_return_as_numpy", FutureWarning)
        scores = (
            metrics.compute_dice(*pair, include_background=True),
            metrics.compute_hausdorff_distance(*pair, percentile=95, **measured),
            metrics.compute_average_surface_distance(*pair, symmetric=True, **measured),
            metrics.compute_surface_dice(*pair, [tolerance_mm], **measured),
        )
    return [score.item() for score in scores]
