"""Numbers of chapter 6.2's target: siblings among scans, a mean mask, what readers differ by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from companion.data import HippocampusData, Nodules

#: A frame into which every scan fits, whatever its grey centre.
_FRAME = (72, 96, 80)


def grey_step(values: np.ndarray) -> float:
    """Return the smallest step between two grey values of a scan.

    Parameters
    ----------
    values : numpy.ndarray
        Of any shape.

    Returns
    -------
    float
        Above 0: what one stored unit stands for, if neighbours occur.

    Examples
    --------
    >>> grey_step(np.array([0.0, 0.5, 2.0]))
    0.5
    """
    return float(np.diff(np.unique(values)).min())


def shared_steps(data: HippocampusData, scans: int) -> pd.DataFrame:
    """Count how often neighbours in number have one and the same grey step.

    Parameters
    ----------
    data : companion.data.HippocampusData
        The scans.
    scans : int
        How many to read, from the first.

    Returns
    -------
    pandas.DataFrame
        Two rows, numbers 2k-1 and 2k, and numbers 2k and 2k+1: neighbours, and with one step.
    """
    import pandas as pd

    rows = range(min(scans, len(data)))
    steps = {int(data.numbers[row]): grey_step(data[row].image.values) for row in rows}
    found = {}
    for name, odd in (("2k-1 and 2k", 1), ("2k and 2k+1", 0)):
        pairs = [(n, n + 1) for n in steps if n + 1 in steps and n % 2 == odd]
        same = sum(np.isclose(steps[a], steps[b], rtol=1e-6) for a, b in pairs)
        found[name] = {"neighbours": len(pairs), "with one grey step": int(same)}
    return pd.DataFrame.from_dict(found, orient="index")


def read_volumes(
    data: HippocampusData, rows: Sequence[int]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Read scans for a network.

    Parameters
    ----------
    data : companion.data.HippocampusData
        The scans.
    rows : sequence of int
        Which of them.

    Returns
    -------
    tuple of list of numpy.ndarray
        Standardised images, float32, and labels, uint8, (D, H, W) each.
    """
    from companion.in_torch import standardize_volume

    scans = [data[row] for row in rows]
    return [standardize_volume(scan.image.values) for scan in scans], [s.labels for s in scans]


def mean_mask(
    volumes: Sequence[np.ndarray], labels: Sequence[np.ndarray], structures: int = 3
) -> np.ndarray:
    """Average masks, each shifted so that its image's grey centre lies in the middle.

    Parameters
    ----------
    volumes : sequence of numpy.ndarray
        float, (D, H, W).
    labels : sequence of numpy.ndarray
        int, (D, H, W).
    structures : int
        Labels, the background among them.

    Returns
    -------
    numpy.ndarray
        float64, (structures, ...): how often each structure stood at each place of a frame.
    """
    found = np.zeros((structures, *_FRAME))
    found[0] = len(labels)
    for volume, label in zip(volumes, labels, strict=True):
        place = _place(volume)
        for structure in range(1, structures):
            found[(structure, *place)] += label == structure
            found[(0, *place)] -= label == structure
    return found / len(labels)


def place_mask(mean: np.ndarray, volume: np.ndarray) -> np.ndarray:
    """Put the mean mask on a scan, by the scan's grey centre, and take the likeliest label.

    Parameters
    ----------
    mean : numpy.ndarray
        From :func:`mean_mask`.
    volume : numpy.ndarray
        float, (D, H, W).

    Returns
    -------
    numpy.ndarray
        uint8, (D, H, W).
    """
    return mean[(slice(None), *_place(volume))].argmax(axis=0).astype(np.uint8)


def _place(volume):
    """Return where in the frame a scan lies whose grey centre is put into the middle."""
    from scipy.ndimage import center_of_mass

    middle = np.rint(center_of_mass(volume - volume.min())).astype(int)
    starts = [size // 2 - m for size, m in zip(_FRAME, middle, strict=True)]
    return tuple(slice(s, s + n) for s, n in zip(starts, volume.shape, strict=True))


def readers_differ(nodules: Nodules, rng: np.random.Generator, *, count: int) -> pd.DataFrame:
    """Hold the outlines of readers of one nodule against each other, pair by pair.

    Parameters
    ----------
    nodules : companion.data.Nodules
        As `read_nodules` returns them.
    rng : numpy.random.Generator
        Which nodules, of those with four outlines in regular slices.
    count : int
        How many nodules.

    Returns
    -------
    pandas.DataFrame
        One row a nodule: its patient, the means over pairs of readers of dice, hd95_mm and
        assd_mm, and the readers' median volume_ml with its coefficient of variation.
    """
    import itertools

    import pandas as pd

    from companion.applications import reader_masks, score_segmentation

    sizes = nodules.annotations.groupby("nodule").size()
    rows = []
    for nodule in rng.permutation(sizes.index[sizes == 4]):
        try:
            masks, spacing = reader_masks(nodules, int(nodule))
        except ValueError:  # lines in one slice, or in slices of no regular distance
            continue
        if not all(mask.any() for mask in masks.values()):
            continue
        pairs = [
            score_segmentation(one, other, spacing_mm=spacing)
            for one, other in itertools.combinations(masks.values(), 2)
        ]
        volumes = np.array([mask.sum() for mask in masks.values()]) * np.prod(spacing) / 1000
        scan = nodules.annotations.scan[next(iter(masks))]
        row = {name: np.mean([getattr(pair, name) for pair in pairs])
               for name in ("dice", "hd95_mm", "assd_mm")}  # fmt: skip
        row |= {"volume_ml": np.median(volumes), "variation": volumes.std(ddof=1) / volumes.mean()}
        rows.append({"patient": nodules.scans.patient[scan]} | row)
        if len(rows) == count:
            break
    return pd.DataFrame(rows)


def contour_errors(mask: np.ndarray, spacing_mm: Sequence[float]) -> pd.DataFrame:
    """Return what scores say of an outline that was moved, grown and shrunk.

    Parameters
    ----------
    mask : numpy.ndarray
        bool, (D, H, W).
    spacing_mm : sequence of float
        Distance of slices, rows and columns.

    Returns
    -------
    pandas.DataFrame
        One row an error: Dice, HD95 and ASSD in mm, the volume in ml and its change in percent.
    """
    import pandas as pd

    from companion.applications import grow_mask, move_mask, score_segmentation, shrink_mask

    mask = np.pad(mask, 6)
    changed = {"as drawn": mask}
    for size in (1.0, 2.0, 3.0):
        changed[f"moved {size:.0f} mm"] = move_mask(mask, (0, 0, size), spacing_mm=spacing_mm)
        changed[f"grown {size:.0f} mm"] = grow_mask(mask, size, spacing_mm=spacing_mm)
        changed[f"shrunk {size:.0f} mm"] = shrink_mask(mask, size, spacing_mm=spacing_mm)
    voxel_ml = float(np.prod(spacing_mm)) / 1000
    rows = {}
    for name, other in changed.items():
        scores = score_segmentation(other, mask, spacing_mm=spacing_mm)
        rows[name] = {
            "Dice": scores.dice, "HD95, mm": scores.hd95_mm, "ASSD, mm": scores.assd_mm,
            "ml": other.sum() * voxel_ml, "change, %": 100 * (other.sum() / mask.sum() - 1),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")
