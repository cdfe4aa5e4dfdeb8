"""What a dose distribution means for a structure: its dose-volume histogram, and single numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from companion.applications.contours import check_mask, check_spacing

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DoseVolumeHistogram:
    """How much of a structure gets at least each dose.

    Attributes
    ----------
    dose_gy : numpy.ndarray
        float64, (K,), in Gy, rising from 0.
    volume_percent : numpy.ndarray
        float64, (K,), falling from 100: share of the structure that gets `dose_gy` or more.
    volume_ml : float
        The whole structure, in millilitres.
    """

    dose_gy: np.ndarray
    volume_percent: np.ndarray
    volume_ml: float


def dose_volume_histogram(
    dose_gy: np.ndarray,
    mask: np.ndarray,
    *,
    spacing_mm: Sequence[float],
    doses_gy: np.ndarray | None = None,
) -> DoseVolumeHistogram:
    """Count how much of a structure gets at least each dose: the cumulative histogram.

    Parameters
    ----------
    dose_gy : numpy.ndarray
        (D, H, W), absolute dose in Gy, at least 0.
    mask : numpy.ndarray
        bool, or 0 and 1, (D, H, W), on the grid of the dose: the structure, not empty.
    spacing_mm : sequence of float
        Distance of slices, rows and columns, above 0.
    doses_gy : numpy.ndarray, optional
        (K,), in Gy, rising: at which doses to count; 0 to the structure's largest dose in 200
        steps by default.

    Returns
    -------
    DoseVolumeHistogram
        Doses, shares in percent, and the structure's volume.

    Raises
    ------
    ValueError
        If dose and mask lie on different grids, the mask is empty, a dose is negative, NaN or
        infinite, or the spacing is not three numbers above 0.

    References
    ----------
    R. E. Drzymala et al., "Dose-volume histograms", International Journal of Radiation
    Oncology, Biology, Physics 21, 71-78 (1991).

    Examples
    --------
    Of 1 to 4 Gy, three voxels of four get at least 2 Gy.

    >>> ramp = np.arange(1.0, 5.0).reshape(1, 1, 4)
    >>> found = dose_volume_histogram(ramp, np.ones((1, 1, 4)), spacing_mm=(2, 5, 5),
    ...                               doses_gy=np.array([0.0, 2.0, 4.0, 5.0]))
    >>> found.volume_percent.tolist(), found.volume_ml
    ([100.0, 75.0, 25.0, 0.0], 0.2)
    """
    spacing = check_spacing(spacing_mm, 3)
    inside = np.sort(doses_in(dose_gy, mask))
    if doses_gy is None:
        doses_gy = np.linspace(0, inside[-1], 201)
    at = np.asarray(doses_gy, float)
    if at.ndim != 1 or at.size == 0 or not np.isfinite(at).all() or (np.diff(at) < 0).any():
        raise ValueError(f"doses_gy must be (K,), finite and rising, got {doses_gy}")
    below = np.searchsorted(inside, at, side="left")
    return DoseVolumeHistogram(
        at, 100 * (1 - below / inside.size), inside.size * math.prod(spacing) / 1000
    )


def dose_at_volume(dose_gy: np.ndarray, mask: np.ndarray, percent: float) -> float:
    """Return the dose that the hottest percent of a structure gets at least: D95, D10, D2.

    Parameters
    ----------
    dose_gy, mask : numpy.ndarray
        (D, H, W): dose in Gy, at least 0; bool, or 0 and 1, not empty.
    percent : float
        Of the volume, from 0, which gives the largest dose, to 100, which gives the smallest.

    Returns
    -------
    float
        In Gy: the quantile of the voxels' doses, linear between two of them.

    Raises
    ------
    ValueError
        As for :func:`dose_volume_histogram`, or if `percent` is not from 0 to 100.

    Examples
    --------
    >>> ramp = np.arange(0.0, 101.0).reshape(1, 1, 101)
    >>> dose_at_volume(ramp, np.ones_like(ramp), 95)
    5.0
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"percent must be from 0 to 100, got {percent}")
    return float(np.percentile(doses_in(dose_gy, mask), 100 - percent))


def volume_at_dose(dose_gy: np.ndarray, mask: np.ndarray, at_least_gy: float) -> float:
    """Return the share of a structure that gets at least a dose, in percent: V20, V50.

    Parameters
    ----------
    dose_gy, mask : numpy.ndarray
        (D, H, W): dose in Gy, at least 0; bool, or 0 and 1, not empty.
    at_least_gy : float
        At least 0.

    Returns
    -------
    float
        From 0 to 100.

    Raises
    ------
    ValueError
        As for :func:`dose_volume_histogram`, or if `at_least_gy` is negative or not finite.

    Examples
    --------
    >>> ramp = np.arange(1.0, 5.0).reshape(1, 1, 4)
    >>> volume_at_dose(ramp, np.ones_like(ramp), 2)
    75.0
    """
    return float(100 * (doses_in(dose_gy, mask) >= _dose("at_least_gy", at_least_gy)).mean())


def conformity_index(dose_gy: np.ndarray, target: np.ndarray, prescribed_gy: float) -> float:
    """Return Paddick's conformity index: 1 where just the target gets the prescribed dose.

    Parameters
    ----------
    dose_gy : numpy.ndarray
        (D, H, W), in Gy, at least 0, with all that gets the prescribed dose.
    target : numpy.ndarray
        bool, or 0 and 1, (D, H, W), not empty.
    prescribed_gy : float
        Above 0.

    Returns
    -------
    float
        From 0 to 1: the share of the target that is covered times the share of the covered
        volume that is target; 0 if nothing gets the dose.

    Raises
    ------
    ValueError
        As for :func:`dose_volume_histogram`, or if the dose is not above 0.

    References
    ----------
    I. Paddick, "A simple scoring ratio to index the conformity of radiosurgical treatment
    plans", Journal of Neurosurgery 93 (Supplement 3), 219-222 (2000).

    Examples
    --------
    One of two voxels is covered, and one voxel beside the target: 1/2 times 1/2.

    >>> dose = np.array([[[50.0, 50.0, 0.0]]])
    >>> conformity_index(dose, np.array([[[0, 1, 1]]]), 50)
    0.25
    """
    inside = doses_in(dose_gy, target)
    if _dose("prescribed_gy", prescribed_gy) == 0:
        raise ValueError("prescribed_gy must be above 0, got 0")
    covered = int((inside >= prescribed_gy).sum())
    everywhere = int((np.asarray(dose_gy) >= prescribed_gy).sum())
    return covered**2 / (inside.size * everywhere) if everywhere else 0.0


def homogeneity_index(dose_gy: np.ndarray, target: np.ndarray) -> float:
    """Return how uneven the dose in a target is: (D2 - D98) / D50, 0 where it is even.

    Parameters
    ----------
    dose_gy, target : numpy.ndarray
        (D, H, W): dose in Gy, at least 0; bool, or 0 and 1, not empty.

    Returns
    -------
    float
        At least 0.

    Raises
    ------
    ValueError
        As for :func:`dose_volume_histogram`, or if half of the target gets no dose.

    References
    ----------
    ICRU Report 83, Journal of the ICRU 10 (1) (2010), doi:10.1093/jicru_ndq002.

    Examples
    --------
    >>> ramp = np.arange(50.0, 151.0).reshape(1, 1, 101)
    >>> homogeneity_index(ramp, np.ones_like(ramp))
    0.96
    """
    low, middle, high = np.percentile(doses_in(dose_gy, target), [2, 50, 98])
    if middle == 0:
        raise ValueError("half of the target gets no dose: no homogeneity can be given")
    return float((high - low) / middle)


def dose_table(
    dose_gy: np.ndarray, structures: Mapping[str, np.ndarray], *, spacing_mm: Sequence[float]
) -> pd.DataFrame:
    """Return for each structure its volume, D95, D10 and mean dose.

    Parameters
    ----------
    dose_gy : numpy.ndarray
        (D, H, W), in Gy.
    structures : mapping of str to numpy.ndarray
        By name: bool, or 0 and 1, (D, H, W), not empty.
    spacing_mm : sequence of float
        Above 0.

    Returns
    -------
    pandas.DataFrame
        By structure: volume_ml, d95_gy, d10_gy, mean_gy.

    Raises
    ------
    ValueError
        As for :func:`dose_volume_histogram`.

    Examples
    --------
    >>> ramp = np.arange(0.0, 101.0).reshape(1, 1, 101)
    >>> dose_table(ramp, {"all": np.ones_like(ramp)}, spacing_mm=(10, 10, 10)).loc["all"].tolist()
    [101.0, 5.0, 90.0, 50.0]
    """
    import pandas as pd

    voxel_ml = math.prod(check_spacing(spacing_mm, 3)) / 1000
    rows = {}
    for name, mask in structures.items():
        inside = doses_in(dose_gy, mask)
        d95, d10 = np.percentile(inside, [5, 90])
        rows[name] = (inside.size * voxel_ml, d95, d10, inside.mean())
    columns = ["volume_ml", "d95_gy", "d10_gy", "mean_gy"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def doses_in(dose_gy: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a structure's doses as float64 (N,), or raise where dose or mask can't be right."""
    dose, inside = np.asarray(dose_gy), check_mask("mask", mask)
    if dose.ndim != 3 or dose.dtype.kind not in "uif":
        raise ValueError(f"dose_gy must be numbers (D, H, W), got {dose.dtype} {dose.shape}")
    if dose.shape != inside.shape:
        raise ValueError(
            f"dose_gy and mask must lie on one grid, got shapes {dose.shape} and {inside.shape}"
        )
    if not inside.any():
        raise ValueError("mask must not be empty: a structure without voxels has no dose")
    if not np.isfinite(dose).all():
        raise ValueError(
            f"dose_gy must be finite, got {(~np.isfinite(dose)).sum()} values that are not"
        )
    if dose.min() < 0:
        raise ValueError(f"dose_gy must be at least 0, got {dose.min():g}")
    return dose[inside].astype(float)


def _dose(name, value):
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a dose in Gy of at least 0, got {value}")
    return float(value)
