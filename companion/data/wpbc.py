"""Women with breast cancer, cell nuclei measured from images, and recurrence: WPBC.

Published by the UCI Machine Learning Repository (doi:10.24432/C5GK50), Breast Cancer Wisconsin
(Prognostic), by Wolberg, Street and Mangasarian.

Run ``python -m companion.data.wpbc`` to fetch the table and to see what is where.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from companion.data._published_table import PublishedTable, read_bytes
from companion.data.files import DatasetCorrupt

if TYPE_CHECKING:
    import pandas as pd

FILE = PublishedTable(
    folder="wpbc",
    name="wpbc.data",
    others=(),
    addresses=(
        "https://archive.ics.uci.edu/ml/machine-learning-databases/breast-cancer-wisconsin/"
        "wpbc.data",
    ),
    page="https://doi.org/10.24432/C5GK50",
    content_sha256="24de6200ffa0f06f4dfff17395fa91aef9f878335570239882f64e910831a8ae",
)
SOURCE = (
    "Breast Cancer Wisconsin (Prognostic) (Wolberg, Street and Mangasarian 1995, UCI Machine "
    "Learning Repository, doi:10.24432/C5GK50)"
)
LICENCE = "CC BY 4.0"
#: What was measured of each nucleus: the mean of all, its standard error, the mean of the largest.
MEASURES = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave_points", "symmetry", "fractal_dimension",
)  # fmt: skip
FEATURES = tuple(f"{kind}_{name}" for kind in ("mean", "error", "worst") for name in MEASURES)
_COLUMNS = 35


@dataclass(frozen=True, eq=False)
class WpbcData:
    """Women with invasive breast cancer, their nuclei, and their follow-up.

    Attributes
    ----------
    table : pandas.DataFrame
        By patient's number: thirty features of nuclei (:data:`FEATURES`, in units of pixels or
        without unit), ``tumour_cm`` (diameter of the excised tumour), ``nodes`` (positive lymph
        nodes, NaN unknown), ``follow_up_months``, ``recurred`` (bool).
    source, licence : str
        Whom to cite, under which terms.
    """

    table: pd.DataFrame
    source: str
    licence: str


def load_wpbc(root: str | os.PathLike | None = None) -> WpbcData:
    """Load the prognostic breast-cancer table of Wisconsin.

    It is looked for in `root`, if that is named; else in the folder that the environment variable
    ``COMPANION_DATA`` names, directly or under ``wpbc``; then in the user's cache; then it is
    downloaded from the UCI Machine Learning Repository.

    Parameters
    ----------
    root : path, optional
        A folder that holds ``wpbc.data``, or that file.

    Returns
    -------
    WpbcData
        Checked against the published content.

    Raises
    ------
    DatasetUnavailable
        If no place has the table, or a place was named that is not there.
    DatasetCorrupt
        If a file is there that is not the published table.

    References
    ----------
    Wolberg, Street and Mangasarian (1995). doi:10.24432/C5GK50

    Examples
    --------
    >>> load_wpbc().table.shape  # doctest: +SKIP
    (198, 34)
    """
    return FILE.load(root, read_wpbc)


def read_wpbc(path: str | os.PathLike) -> WpbcData:
    """Read and check the publisher's file.

    Parameters
    ----------
    path : path
        Text of 35 cells a line, without a header.

    Returns
    -------
    WpbcData
        Checked against the published content.

    Raises
    ------
    DatasetCorrupt
        If it is no such text, or any cell differs from what was published.

    Examples
    --------
    >>> read_wpbc("wpbc.data").table.recurred.sum()  # doctest: +SKIP
    np.int64(47)
    """
    import numpy as np
    import pandas as pd

    path = Path(path)
    try:
        lines = read_bytes(path).decode("ascii").splitlines()
    except UnicodeDecodeError as problem:
        raise DatasetCorrupt(f"{path}: is no text: {problem}") from problem
    rows = [row for row in csv.reader(lines) if row]
    short = next((row for row in rows if len(row) != _COLUMNS), None)
    if not rows or short is not None:
        raise DatasetCorrupt(
            f"{path}: has a line of {len(short or [])} cells, expected {_COLUMNS} in each"
        )
    FILE.check_content(path, rows)
    patient, outcome, months, *measured, nodes = zip(*rows, strict=True)
    table = pd.DataFrame(
        dict(zip((*FEATURES, "tumour_cm"), np.array(measured, float), strict=True)),
        index=pd.Index(np.array(patient, int), name="patient"),
    )
    table["nodes"] = [np.nan if count == "?" else float(count) for count in nodes]
    table["follow_up_months"] = np.array(months, float)
    table["recurred"] = np.array(outcome) == "R"
    return WpbcData(table.sort_index(), SOURCE, LICENCE)


def main() -> None:
    """Fetch the table and print what is in it."""
    data = load_wpbc()
    recurred = int(data.table.recurred.sum())
    print(f"{len(data.table)} women, {recurred} with a recurrence, as published")
    print(f"{data.source}; {data.licence}")


if __name__ == "__main__":
    main()
