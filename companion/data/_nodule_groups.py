"""Which outlines are of one nodule: those whose lines come near to each other."""

from __future__ import annotations

import numpy as np

_READERS = 4
_SMALLER, _LEAST_MM = 0.9, 0.1


def group(scans, annotations, contours, points):
    """Return the number of each annotation's nodule, counted over all scans."""
    lines = _points_of(annotations, contours, points)
    numbers = np.empty(len(annotations), int)
    count = 0
    for scan, rows in annotations.groupby("scan").indices.items():
        spacing = float(scans.pixel_spacing_mm[scan])
        thickness = float(scans.slice_thickness_mm[scan])
        distances = _distances([lines[row] for row in rows], spacing, thickness)
        labels = _components(distances, thickness)
        numbers[rows] = count + labels
        count += labels.max() + 1
    return numbers


def _points_of(annotations, contours, points):
    """Return (column, row, z in mm) of each annotation's points, in the order of annotations."""
    z_mm = np.repeat(contours.z_mm.to_numpy(), contours["last"] - contours["first"])
    together = np.c_[points, z_mm]
    # Contours stand in the order of their annotations, so that each has one run of points.
    first = contours.groupby("annotation")["first"].min()[annotations.index]
    last = contours.groupby("annotation")["last"].max()[annotations.index]
    return [together[one:end] for one, end in zip(first, last, strict=True)]


def _distances(lines, spacing, farthest):
    """Return the least distance in mm of each two lines, infinite beyond `farthest`."""
    from scipy.spatial import cKDTree

    scale = np.array([spacing, spacing, 1.0])
    in_mm = [line * scale for line in lines]
    low, high = (np.array([bound(line, 0) for line in in_mm]) for bound in (np.min, np.max))
    apart = np.maximum(np.maximum(low[:, None] - high, low - high[:, None]), 0)
    near = np.linalg.norm(apart, axis=-1) <= farthest
    pixels = [
        _pixels(line) if alone > 1 else set()
        for line, alone in zip(lines, near.sum(1), strict=True)
    ]
    found = np.full(near.shape, np.inf)
    for one, other in zip(*np.nonzero(np.triu(near, 1)), strict=True):
        if pixels[one].isdisjoint(pixels[other]):
            nearest = cKDTree(in_mm[one]).query(in_mm[other])[0].min()
        else:
            nearest = 0.0
        found[one, other] = found[other, one] = nearest
    return found


def _pixels(line):
    """Return each point as one number, which is the same only for the same pixel and slice."""
    column, row, z_um = line[:, 0], line[:, 1], np.rint(1000 * line[:, 2])
    return set((column + 2**12 * row + 2**24 * z_um).tolist())


def _components(distances, tolerance):
    """Return which are connected, with an ever smaller tolerance where too many are."""
    from scipy.sparse.csgraph import connected_components

    while True:
        labels = connected_components(distances <= tolerance, directed=False)[1]
        tolerance *= _SMALLER
        if np.bincount(labels).max() <= _READERS or tolerance < _LEAST_MM:
            return labels
