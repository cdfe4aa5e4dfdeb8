"""From a structure's lines to a mask on a dose grid, or a reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.applications.contours import contours_to_mask

if TYPE_CHECKING:
    from companion.data import DoseGrid, Structure


def structure_mask(structure: Structure, grid: DoseGrid) -> np.ndarray:
    """Fill a structure's lines on the voxels of a dose grid.

    A slice of the grid takes the lines of the nearest drawn slice, if that is no farther than
    half the distance of the drawn slices.

    Parameters
    ----------
    structure : companion.data.Structure
        From :func:`companion.data.read_structures`.
    grid : companion.data.DoseGrid
        From :func:`companion.data.read_dose_grid`.

    Returns
    -------
    numpy.ndarray
        bool, as ``grid.dose_gy``, not empty.

    Raises
    ------
    ValueError
        If the two have different frames of reference, the structure lies outside the grid or
        reaches beyond it, the grid's voxels are too coarse to hold any of it, or it is drawn on
        one slice only, so that its thickness is not known.

    Examples
    --------
    >>> from companion.data import DoseGrid, Structure
    >>> square = [[0, 4, 4], [0, 4, 16], [0, 16, 16], [0, 16, 4]]
    >>> lines = tuple(np.array(square, float) + [z, 0, 0] for z in (0, 5))
    >>> grid = DoseGrid(np.ones((4, 5, 5)), (5, 5, 5), (-5, 0, 0), "1.2.3", "PLAN")
    >>> structure_mask(Structure("square", lines, "1.2.3"), grid).sum(axis=(1, 2)).tolist()
    [0, 9, 9, 0]
    """
    if structure.frame_of_reference != grid.frame_of_reference:
        raise ValueError(
            f"{structure.name!r} lies in the frame of reference {structure.frame_of_reference}, "
            f"the dose in {grid.frame_of_reference}: nobody knows how they lie to each other"
        )
    drawn = sorted({float(line[0, 0]) for line in structure.lines})
    if len(drawn) < 2:
        raise ValueError(f"{structure.name!r} is drawn on one slice: its thickness is not known")
    _check_reach(structure, grid)
    half = float(np.median(np.diff(drawn))) / 2
    contours = {}
    for number in range(len(grid.dose_gy)):
        z = grid.origin_mm[0] + number * grid.spacing_mm[0]
        nearest = min(drawn, key=lambda own, z=z: abs(own - z))
        if abs(nearest - z) <= half + 1e-6:
            contours[number] = [
                line[:, 1:] - grid.origin_mm[1:]
                for line in structure.lines
                if line[0, 0] == nearest
            ]
    mask = contours_to_mask(contours, grid.dose_gy.shape, spacing_mm=grid.spacing_mm)
    if not mask.any():
        raise ValueError(
            f"{structure.name!r} holds no centre of a voxel of {grid.spacing_mm} mm: no dose"
        )
    return mask


def _check_reach(structure, grid):
    """Refuse a structure that is not wholly on the grid: part of it would have no dose."""
    points = np.concatenate(structure.lines)
    low, high = points.min(0), points.max(0)
    first = np.subtract(grid.origin_mm, np.divide(grid.spacing_mm, 2))
    last = first + np.multiply(grid.dose_gy.shape, grid.spacing_mm)
    if (high < first).any() or (low > last).any():
        where = "lies outside the dose grid"
    elif (low < first).any() or (high > last).any():
        where = "reaches beyond the dose grid"
    else:
        return
    raise ValueError(
        f"{structure.name!r} {where}: from {low.tolist()} to {high.tolist()} mm (z, y, x), the "
        f"grid from {first.tolist()} to {last.tolist()}"
    )
