"""Scores of several structures on many scans, and their means with intervals by patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from companion.applications.segmentation import score_segmentation
from companion.evaluation.intervals import Estimate, mean_estimate

if TYPE_CHECKING:
    import pandas as pd

#: Between which a score lies, where it has ends.
_BOUNDS = {"dice": (0, 1), "surface_dice": (0, 1)}


def score_scans(
    found: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    patients: Sequence[str],
    *,
    structures: Mapping[int, str],
    spacing_mm: Sequence[float],
    tolerance_mm: float = 1.0,
) -> pd.DataFrame:
    """Score every structure of every scan.

    Parameters
    ----------
    found, truth : sequence of numpy.ndarray
        int, (D, H, W) each: the label of each voxel.
    patients : sequence of str
        Whose scan it is.
    structures : mapping of int to str
        Names by label, without the background.
    spacing_mm : sequence of float
        Distance of slices, rows and columns, of all scans.
    tolerance_mm : float
        Of the surface Dice.

    Returns
    -------
    pandas.DataFrame
        One row a scan and structure: scan (its place), patient, structure, and the fields of
        :class:`SegmentationScores`.

    Raises
    ------
    ValueError
        If the sequences differ in length, or as :func:`score_segmentation`.

    Examples
    --------
    >>> labels = np.zeros((4, 4, 4), int)
    >>> labels[1, 1:3, 1:3] = 1
    >>> names = {1: "front"}
    >>> table = score_scans([labels], [labels], ["a"], structures=names, spacing_mm=(1, 1, 1))
    >>> table.patient[0], table.structure[0], float(table.dice[0])
    ('a', 'front', 1.0)
    """
    import pandas as pd

    if not len(found) == len(truth) == len(patients):
        raise ValueError(
            f"found, truth and patients must have one length, "
            f"got {len(found)}, {len(truth)}, {len(patients)}"
        )
    rows = []
    for number, (one, other, patient) in enumerate(zip(found, truth, patients, strict=True)):
        for label, structure in structures.items():
            scores = score_segmentation(
                np.asarray(one) == label, np.asarray(other) == label,
                spacing_mm=spacing_mm, tolerance_mm=tolerance_mm,
            )  # fmt: skip
            known = {"scan": number, "patient": str(patient), "structure": structure}
            rows.append(known | asdict(scores))
    return pd.DataFrame(rows)


def means_by_patient(table: pd.DataFrame, score: str) -> dict[str, Estimate]:
    """Return the mean of one score for each structure, with Student's interval over patients.

    Scans of one patient are averaged first: they are no independent witnesses.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`score_scans` returns it.
    score : str
        The name of a column: "dice", "hd95_mm", "assd_mm", "surface_dice" or "volume_error_ml".

    Returns
    -------
    dict of str to companion.evaluation.Estimate
        By structure. The ends of what lies in [0, 1] stay there.

    Raises
    ------
    ValueError
        If there is no such score, or a value is NaN, as distances to an empty mask are: it is
        not left out in silence.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"patient": ["a", "a", "b", "c"], "structure": "front", "assd_mm": [1.0, 3.0, 3.0, 4.0]}
    ... )
    >>> means_by_patient(table, "assd_mm")["front"].value
    3.0
    """
    if score not in table or score in ("scan", "patient", "structure"):
        raise ValueError(f"score must be a column of scores, got {score!r}")
    missing = int(table[score].isna().sum())
    if missing:
        raise ValueError(
            f"{score} is unknown for {missing} of {len(table)} rows: an empty mask has no distance"
        )
    found = {}
    for structure, own in table.groupby("structure", sort=False):
        values = own.groupby("patient")[score].mean().to_numpy()
        found[structure] = mean_estimate(values, bounds=_BOUNDS.get(score))
    return found
