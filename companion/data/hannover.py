"""Chest X-rays of patients with COVID-19, laboratory values and intensive care: Hannover.

Published by Hannover Medical School under **CC BY 3.0** (COVID-19 Image Repository,
doi:10.25835/0090041).

Run ``python -m companion.data.hannover`` to fetch the table and to see what is where.
"""

from __future__ import annotations

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.data._published_table import PublishedTable, read_bytes
from companion.data.files import DatasetCorrupt, read_npz

if TYPE_CHECKING:
    import pandas as pd

FILE = PublishedTable(
    folder="hannover_cxr",
    name="hannover_data.csv",
    others=("data.csv",),
    addresses=(
        "https://raw.githubusercontent.com/ml-workgroup/covid-19-image-repository/master/data.csv",
    ),
    page="https://github.com/ml-workgroup/covid-19-image-repository",
    content_sha256="7ddecc9367ff148b44ea1680d77d2bf71ffa6c26cb849c309bf5ba406a10614b",
)
SOURCE = "COVID-19 Image Repository, Hannover Medical School (Winther et al., doi:10.25835/0090041)"
LICENCE = "CC BY 3.0"
#: Films of 256 x 256 pixels, which are not published as such: optional, beside the table.
FILMS = "hannover_cxr256.npz"
#: Of their pixels in the order of their names.
FILMS_SHA256 = "6630ddb4d71e6df5a8614d8a5154ba697da38b512511531829be08c97a7d63ab"
#: By column of the table: name and unit of the laboratory's values, as the publisher gives them.
LABORATORY = {
    "crp": "crp_mg_l", "d-dimer": "d_dimer_mg_l", "factor_xii": "factor_percent",
    "ldh": "ldh_u_l", "lymphocytes": "lymphocytes_per_nl", "neutrophils": "neutrophils_per_nl",
    "pco2": "pco2_mmhg", "po2": "po2_mmhg",
}  # fmt: skip
_COLUMNS = (
    "patient_id", "image_id", "sex", "age", "size", "weight", "admission_offset",
    "icu_admission_offset", "icu_release_offset", "death_offset", "modality", "projection",
    *(f"{name}_{part}" for name in LABORATORY for part in ("offset", "val")),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class HannoverData:
    """Films, one row each, with what happened how many days before or after.

    Attributes
    ----------
    table : pandas.DataFrame
        By film: ``patient``, ``sex``, ``projection``, and days counted from the film, negative
        before it: ``admission_days``, ``icu_days`` (NaN: never), ``icu_end_days``,
        ``death_days``. For each of :data:`LABORATORY` the value, with its unit in the name, and
        the day it was measured, ``..._day``. Values are rounded by the publisher; -inf and inf
        stand for below and above what the laboratory can measure.
    images : numpy.ndarray or None
        uint8, (N, 256, 256), in the table's order, where the films are beside the table.
    source, licence : str
        Whom to cite, under which terms.
    """

    table: pd.DataFrame
    images: np.ndarray | None
    source: str
    licence: str

    def first_films(self) -> pd.DataFrame:
        """Return the first film of each patient, without what was measured after it.

        Returns
        -------
        pandas.DataFrame
            By film, one a patient; a laboratory value that is of a later day is NaN.
        """
        order = self.table.sort_values(["patient", "admission_days"], ascending=[True, False])
        first = order.drop_duplicates("patient").copy()
        for name in LABORATORY.values():
            first.loc[first[f"{name}_day"] > 0, name] = np.nan
        return first


def load_hannover(root: str | os.PathLike | None = None) -> HannoverData:
    """Load the table of Hannover's films, and the films if they lie beside it.

    It is looked for in `root`, if that is named; else in the folder that the environment variable
    ``COMPANION_DATA`` names, directly or under ``hannover_cxr``; then in the user's cache; then
    it is downloaded from the publisher.

    Parameters
    ----------
    root : path, optional
        A folder that holds the table, or the table.

    Returns
    -------
    HannoverData
        Checked against the published content.

    Raises
    ------
    DatasetUnavailable
        If no place has the table, or a place was named that is not there.
    DatasetCorrupt
        If a file is there that is not the published table, or the films are not those of the
        table.

    References
    ----------
    Winther et al., COVID-19 Image Repository. doi:10.25835/0090041

    Examples
    --------
    >>> load_hannover().table.patient.nunique()  # doctest: +SKIP
    71
    """
    return FILE.load(root, read_hannover)


def read_hannover(path: str | os.PathLike) -> HannoverData:
    """Read and check the publisher's table.

    Parameters
    ----------
    path : path
        The table, comma-separated, with a header.

    Returns
    -------
    HannoverData
        Checked against the published content.

    Raises
    ------
    DatasetCorrupt
        If it is no such table, any cell differs, or the films beside it are others or altered.

    Examples
    --------
    >>> len(read_hannover("data.csv").table)  # doctest: +SKIP
    243
    """
    import pandas as pd

    path = Path(path)
    try:
        rows = list(csv.reader(read_bytes(path).decode("utf8").splitlines()))
    except UnicodeDecodeError as problem:
        raise DatasetCorrupt(f"{path}: is no text: {problem}") from problem
    header, *rows = rows or [[]]
    if tuple(header) != _COLUMNS or any(len(row) != len(_COLUMNS) for row in rows):
        raise DatasetCorrupt(f"{path}: has the columns {header}, expected {list(_COLUMNS)}")
    FILE.check_content(path, rows)
    raw = pd.DataFrame(rows, columns=_COLUMNS).replace("", None).set_index("image_id")
    table = raw[["sex", "projection"]].assign(patient=raw.patient_id)
    days = {"admission": "admission", "icu": "icu_admission", "icu_end": "icu_release",
            "death": "death"}  # fmt: skip
    for name, column in days.items():
        table[f"{name}_days"] = raw[f"{column}_offset"].astype(float)
    for column, name in LABORATORY.items():
        table[name] = raw[f"{column}_val"].astype(float)
        table[f"{name}_day"] = raw[f"{column}_offset"].astype(float)
    table = table.rename_axis("film").sort_index()
    return HannoverData(table, _films_beside(path, table.index), SOURCE, LICENCE)


def _films_beside(path, names):
    """Return the films in the order of their names, or None where there are none."""
    place = path.with_name(FILMS)
    if not place.is_file():
        return None
    arrays = read_npz(place, ["images", "image_id"])
    order = np.argsort(arrays["image_id"])
    images, found = arrays["images"], arrays["image_id"][order]
    if found.tolist() != list(names) or images.dtype != np.uint8 or images.ndim != 3:
        raise DatasetCorrupt(
            f"{place}: has {images.dtype} films {images.shape}, expected one uint8 film for each "
            f"of the {len(names)} rows of {path.name}"
        )
    digest = hashlib.sha256(images[order].tobytes()).hexdigest()
    if digest != FILMS_SHA256:
        raise DatasetCorrupt(
            f"{place}: its pixels were altered: SHA-256 is {digest}, expected {FILMS_SHA256}"
        )
    return images[order]


def main() -> None:
    """Fetch the table and print what is in it."""
    data = load_hannover()
    first = data.first_films()
    print(f"{len(data.table)} films of {len(first)} patients, as published")
    print(f"ever in intensive care: {int(first.icu_days.notna().sum())} of them")
    print(f"{data.source}; {data.licence}")


if __name__ == "__main__":
    main()
