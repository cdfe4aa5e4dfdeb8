"""From slices to a volume: sorted by where they lie, refused where they make none, resampled."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from companion.data._series import axes, find_files, read_headers, sort_by_place
from companion.data.dicom import read_dicom

_MOST_VOXELS = 2**30
_INTERPOLATORS = {0: "sitkNearestNeighbor", 1: "sitkLinear", 3: "sitkBSpline"}


@dataclass(frozen=True, eq=False)
class Volume:
    """Slices in the order of their places, with their geometry.

    Attributes
    ----------
    values : numpy.ndarray
        (Z, Y, X), float32 where it was read: Hounsfield units in CT, NaN in the padding.
    spacing_mm : tuple of float
        Distance of slices, rows and columns, measured between the centres of voxels; the
        thickness of a slice is another thing.
    affine : numpy.ndarray
        float64, (4, 4): takes (z, y, x, 1), the index of a voxel, to where its centre lies in mm
        towards the patient's left, back and head (LPS, as DICOM; NIfTI's first two have the
        other sign).
    modality : str
        As in the files: "CT".
    files : tuple of pathlib.Path
        The file of each slice, the first slice's first; empty after resampling.
    """

    values: np.ndarray
    spacing_mm: tuple[float, float, float]
    affine: np.ndarray
    modality: str = ""
    files: tuple[Path, ...] = ()


def read_series(
    source: str | os.PathLike | Iterable[str | os.PathLike], *, series: str | None = None
) -> Volume:
    """Read the slices of one series as a volume.

    They are sorted by their positions along the normal of the slices, never by the names of
    files, which are arbitrary, or InstanceNumber, which may run either way. What makes no
    volume is refused: nothing is left out, filled in, or taken from the first slice alone.

    Parameters
    ----------
    source : path, or iterable of paths
        A folder, without the folders in it and the files whose names begin with a point; or the
        files themselves.
    series : str, optional
        The SeriesInstanceUID of the series to read, where several lie together.

    Returns
    -------
    Volume
        The values of every slice by its own slope and intercept, and their geometry.

    Raises
    ------
    ImageFormatError
        If a file is no greyscale slice that `read_dicom` reads, is a localiser or does not say
        where it lies; if there is one slice only, or several series and none chosen; if the
        slices differ in size, spacing, direction, modality or units; if two lie at one place, a
        distance differs from the others by more than 0.02 mm, or the slices are shifted against
        each other as under a tilted gantry.
    ValueError
        If no files are given, or one twice.

    See Also
    --------
    resample : Gives a volume another spacing.

    References
    ----------
    DICOM PS3.3: C.7.6.2.1.1 (position and orientation).

    Examples
    --------
    >>> from pathlib import Path
    >>> from pydicom.data import get_testdata_file
    >>> folder = Path(get_testdata_file("CT_small.dcm")).parent / "dicomdirtests" / "98892001"
    >>> volume = read_series(folder / "CT5N")
    >>> volume.values.shape, volume.spacing_mm
    ((5, 16, 16), (2.5, 0.488281, 0.488281))
    >>> [path.name for path in volume.files]
    ['3353', '3023', '2693', '2392', '2062']
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's; what matters here is refused by name
        headers, step = sort_by_place(read_headers(find_files(source), series))
    first = headers[0]
    values = np.empty((len(headers), *first.shape), np.float32)
    for index, header in enumerate(headers):
        values[index] = read_dicom(header.path).values
    spacing = (step, *first.spacing_mm)
    right, down, normal = axes(first.orientation)
    affine = np.eye(4)
    affine[:3, :3] = np.c_[normal, down, right] * spacing
    affine[:3, 3] = first.position_mm
    files = tuple(header.path for header in headers)
    return Volume(values, spacing, affine, first.modality, files)


def resample(volume: Volume, spacing_mm: Sequence[float], *, order: int = 1) -> Volume:
    """Give a volume another spacing, by SimpleITK.

    The centre of the first voxel stays where it is, and the new grid ends before the last
    centre or on it: nothing is made up outside the old centres, and up to one new step is lost
    at the far end of each axis. Values are taken at points: nothing is smoothed first, so that
    what is smaller than the new step may vanish.

    Parameters
    ----------
    volume : Volume
        What to resample.
    spacing_mm : sequence of float
        The new distance of slices, rows and columns, each above 0.
    order : {0, 1, 3}, optional
        0 takes the nearest voxel, the only choice for a mask, whose labels have no between; 1
        is linear; 3 is a cubic spline, which overshoots at edges.

    Returns
    -------
    Volume
        The new values, in the dtype of the old, with their spacing and affine.

    Raises
    ------
    ValueError
        If a spacing is not above 0, `order` is another, labels (integers or bool) are to be
        interpolated, a spline is asked of values with NaN, or the result would be too large.

    See Also
    --------
    read_series : Reads a volume from files.

    Examples
    --------
    >>> ramp = Volume(np.arange(5.0)[:, None, None] * np.ones((5, 3, 3)), (2, 1, 1), np.eye(4))
    >>> fine = resample(ramp, (1, 1, 1))
    >>> fine.values[:, 0, 0].tolist(), fine.values.shape
    ([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0], (9, 3, 3))
    """
    import SimpleITK as sitk

    old, values = np.array(volume.spacing_mm, float), np.asarray(volume.values)
    new = _check_resampling(values, spacing_mm, order)
    # A hair more: 0.3 goes three times into 0.9, whatever its binary digits say.
    size = np.floor((np.array(values.shape) - 1) * old / new + 1e-6).astype(int) + 1
    if math.prod(map(int, size)) > _MOST_VOXELS:
        raise ValueError(f"spacing_mm {spacing_mm} makes {size.tolist()} voxels, which is too many")
    whole = values.dtype.kind in "bui"
    image = sitk.GetImageFromArray(values.astype(np.float64))
    # In the volume's own axes: a direction would only add rounding to where voxels lie.
    image.SetSpacing(old[::-1].tolist())
    filter_ = sitk.ResampleImageFilter()
    filter_.SetInterpolator(getattr(sitk, _INTERPOLATORS[order]))
    filter_.SetOutputSpacing(new[::-1].tolist())
    filter_.SetSize(size[::-1].tolist())
    found = sitk.GetArrayFromImage(filter_.Execute(image))
    found = (np.rint(found) if whole else found).astype(values.dtype)
    affine = np.array(volume.affine, float)
    affine[:3, :3] *= new / old
    return replace(volume, values=found, spacing_mm=tuple(new.tolist()), affine=affine, files=())


def _check_resampling(values, spacing_mm, order):
    """Return the new spacing as an array, or raise."""
    new = np.array(spacing_mm, float)
    if new.shape != (3,) or not (np.isfinite(new).all() and (new > 0).all()):
        raise ValueError(f"spacing_mm must be three numbers above 0 (z, y, x), got {spacing_mm}")
    if values.ndim != 3:
        raise ValueError(f"the volume must be (Z, Y, X), got shape {values.shape}")
    if order not in _INTERPOLATORS:
        raise ValueError(f"order must be 0, 1 or 3, got {order!r}")
    if order and values.dtype.kind in "bui":
        raise ValueError(
            f"values are {values.dtype}, labels of a mask, between which there is nothing: order=0"
        )
    if order == 3 and np.isnan(values).any():
        raise ValueError("values have NaN (padding), which a spline spreads everywhere: order=0, 1")
    return new
