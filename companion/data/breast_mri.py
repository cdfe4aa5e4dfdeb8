"""Women with breast cancer, their tumour on MR at four visits, and what became of them: I-SPY 1.

Published by The Cancer Imaging Archive under **CC BY 3.0** (collection ISPY1 / ACRIN 6657,
doi:10.7937/K9/TCIA.2016.HdHpgJLK); to be cited with Hylton et al., Radiology 279, 44 (2016),
doi:10.1148/radiol.2015150013.

Run ``python -m companion.data.breast_mri`` to fetch the table and to see what is where.
"""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from companion.data._published_table import PublishedTable, read_bytes
from companion.data.files import DatasetCorrupt, DatasetUnavailable

if TYPE_CHECKING:
    import pandas as pd

FILE = PublishedTable(
    folder="ispy1",
    name="I-SPY 1 All Patient Clinical and Outcome Data.xlsx",
    others=("I-SPY-1-All-Patient-Clinical-and-Outcome-Data.xlsx",),
    addresses=(
        "https://www.cancerimagingarchive.net/wp-content/uploads/"
        "I-SPY-1-All-Patient-Clinical-and-Outcome-Data.xlsx",
    ),
    page="https://www.cancerimagingarchive.net/collection/ispy1/",
    content_sha256="557aa9d6713ee237f2852d338f4afdcf7bdfd28600b82397f7f1c595c470074d",
)
SOURCE = (
    "I-SPY 1 / ACRIN 6657 (Newitt, Hylton et al. 2016, The Cancer Imaging Archive, "
    "doi:10.7937/K9/TCIA.2016.HdHpgJLK; Hylton et al. 2016, doi:10.1148/radiol.2015150013)"
)
LICENCE = "CC BY 3.0"
#: The greatest length of the tumour on MR, in mm, at the visits in their order.
VISITS = ("diameter_1_mm", "diameter_2_mm", "diameter_3_mm", "diameter_4_mm")
#: When each column is known. Visits have no dates in the table: the first is before treatment,
#: the second early in the first drugs, the third between the two courses of drugs, the fourth
#: before surgery; the last two columns come from the tissue that surgery removed.
KNOWN_AT = {
    "age_years": "start", "race": "start", "er": "start", "pr": "start", "hr": "start",
    "her2": "start", "bilateral": "start", "diameter_1_mm": "start",
    "diameter_2_mm": "early treatment", "diameter_3_mm": "between courses",
    "diameter_4_mm": "before surgery", "pcr": "surgery", "rcb_class": "surgery",
}  # fmt: skip
_SHEETS = {
    "TCIA Patient Clinical Subset": (
        "SUBJECTID", "DataExtractDt", "age", "race_id", "ERpos", "PgRpos", "HR Pos", "Her2MostPos",
        "HR_HER2_CATEGORY", "HR_HER2_STATUS", "BilateralCa", "Laterality", "MRI LD Baseline",
        "MRI LD 1-3dAC", "MRI LD InterReg", "MRI LD PreSurg",
    ),
    "TCIA Outcomes Subset": (
        "SUBJECTID", "DataExtractDt", "sstat", "survDtD2 (tx)", "RFS", "rfs_ind", "PCR", "RCBClass",
    ),
}  # fmt: skip
_NUMBERS = {
    "age": "age_years", "ERpos": "er", "PgRpos": "pr", "HR Pos": "hr", "Her2MostPos": "her2",
    "BilateralCa": "bilateral", "MRI LD Baseline": "diameter_1_mm",
    "MRI LD 1-3dAC": "diameter_2_mm", "MRI LD InterReg": "diameter_3_mm",
    "MRI LD PreSurg": "diameter_4_mm", "PCR": "pcr", "RCBClass": "rcb_class",
    "RFS": "recurrence_free_days", "survDtD2 (tx)": "survival_days",
}  # fmt: skip
#: From the data dictionary; 0 stands in the table and not in the dictionary.
_RACES = {
    0: "not in the dictionary", 1: "White", 3: "African American", 4: "Asian",
    5: "Native Hawaiian or Pacific Islander", 6: "American Indian or Alaskan Native",
    50: "multiple",
}  # fmt: skip
_STATES = {7: "alive", 8: "dead", 9: "lost"}


@dataclass(frozen=True, eq=False)
class BreastMriData:
    """Women with breast cancer and their follow-up.

    Attributes
    ----------
    table : pandas.DataFrame
        By patient's number. Known at the start: ``age_years``, ``race``, receptors ``er``, ``pr``,
        ``hr`` (either), ``her2`` (1 positive, 0 negative, NaN unknown), ``bilateral``,
        ``diameter_1_mm``. Later: ``diameter_2_mm`` to ``diameter_4_mm``. At surgery: ``pcr``
        (pathological complete response, 1 yes), ``rcb_class`` (residual cancer burden, 0 to 3).
        Follow-up: ``recurrence_free_days``, ``recurred`` (bool: local or distant progression or
        death), ``survival_days``, ``state`` ("alive", "dead", "lost").
    source, licence : str
        Whom to cite, under which terms.
    is_stand_in : bool
        True when these are other patients, those of lifelines' packaged table, because the
        published one was not to be had: it has no visits and no columns of surgery.
    """

    table: pd.DataFrame
    source: str
    licence: str
    is_stand_in: bool


def load_breast_mri(
    root: str | os.PathLike | None = None, *, fallback: str | None = None
) -> BreastMriData:
    """Load the table of I-SPY 1: receptors, diameters on MR at four visits, follow-up.

    It is looked for in `root`, if that is named; else in the folder that the environment variable
    ``COMPANION_DATA`` names, directly or under ``ispy1``; then in the user's cache; then it is
    downloaded from The Cancer Imaging Archive.

    Parameters
    ----------
    root : path, optional
        A folder that holds the spreadsheet, or the spreadsheet.
    fallback : {None, "lifelines"}
        When the table is nowhere to be had: raise, or return other real patients, those of the
        German Breast Cancer Study Group that come with lifelines.

    Returns
    -------
    BreastMriData
        Checked against the published content.

    Raises
    ------
    DatasetUnavailable
        If no place has the table and `fallback` is None, or a place was named that is not there.
    DatasetCorrupt
        If a file is there that is not the published table.
    ValueError
        If `fallback` is neither None nor "lifelines".

    References
    ----------
    Newitt and Hylton, on behalf of the I-SPY 1 Network and ACRIN 6657 (2016).
    doi:10.7937/K9/TCIA.2016.HdHpgJLK
    Schumacher et al., Journal of Clinical Oncology 12, 2086 (1994), for the stand-in.
    doi:10.1200/JCO.1994.12.10.2086

    Examples
    --------
    >>> data = load_breast_mri(fallback="lifelines")
    >>> int(data.table.recurred.sum()) in (63, 299)
    True
    """
    if fallback not in (None, "lifelines"):
        raise ValueError(f'fallback must be None or "lifelines", got {fallback!r}')
    try:
        return FILE.load(root, read_breast_mri)
    except DatasetUnavailable:
        if fallback is None or root is not None:
            raise
        return _stand_in()


def read_breast_mri(path: str | os.PathLike) -> BreastMriData:
    """Read and check the publisher's spreadsheet.

    Parameters
    ----------
    path : path
        The spreadsheet.

    Returns
    -------
    BreastMriData
        Checked against the published content.

    Raises
    ------
    DatasetCorrupt
        If it is no spreadsheet, lacks a sheet or a column, or any cell differs.

    Examples
    --------
    >>> read_breast_mri("ispy1.xlsx").table.shape  # doctest: +SKIP
    (221, 18)
    """
    import pandas as pd

    path = Path(path)
    sheets = _read_sheets(path)
    clinical, outcomes = (
        pd.DataFrame(rows, columns=_SHEETS[name]).set_index("SUBJECTID")
        for name, rows in sheets.items()
    )
    FILE.check_content(path, _without_formulas(sheets))
    raw = clinical.join(outcomes, rsuffix=" of the outcome")
    numbers = raw[list(_NUMBERS)].astype(float).rename(columns=_NUMBERS)
    table = numbers.assign(
        race=raw["race_id"].map(_RACES),
        state=raw["sstat"].map(_STATES),
        recurred=raw["rfs_ind"].astype(int) == 1,
    )
    table.index = table.index.astype(int).rename("patient")
    return BreastMriData(table.sort_index(), SOURCE, LICENCE, is_stand_in=False)


def _read_sheets(path):
    """Return the rows below the header of both sheets, as cells."""
    import openpyxl

    content = io.BytesIO(read_bytes(path))
    try:
        with warnings.catch_warnings():
            # The spreadsheet has rules for whoever types into it, which openpyxl leaves out.
            warnings.filterwarnings("ignore", module=r"openpyxl\.")
            book = openpyxl.load_workbook(content, read_only=True)
            found = {name: list(book[name].iter_rows(values_only=True)) for name in _SHEETS}
            book.close()
    except KeyError as problem:
        raise DatasetCorrupt(f"{path}: lacks a sheet: {problem.args[0]}") from problem
    except (ValueError, OSError, zipfile.BadZipFile, SyntaxError) as problem:
        raise DatasetCorrupt(f"{path}: is no readable spreadsheet: {problem}") from problem
    rows = {}
    for name, columns in _SHEETS.items():
        header, *below = found[name] or [()]
        if tuple(header[: len(columns)]) != columns:
            raise DatasetCorrupt(
                f"{path}: sheet {name!r} has the columns {list(header)}, expected {list(columns)}"
            )
        rows[name] = [row[: len(columns)] for row in below if row and row[0] is not None]
    return rows


def _without_formulas(sheets):
    """Yield the cells that are compared: neither formulas, nor the date of the extract."""
    for name, rows in sheets.items():
        kept = [
            place for place, column in enumerate(_SHEETS[name])
            if not column.startswith(("HR_HER2", "DataExtract"))
        ]  # fmt: skip
        yield from ((name, *(row[place] for place in kept)) for row in rows)


def _stand_in():
    """Return the German Breast Cancer Study Group's patients in the columns that they have."""
    import pandas as pd
    from lifelines.datasets import load_gbsg2

    raw = load_gbsg2()
    table = pd.DataFrame(
        {
            "age_years": raw.age.astype(float),
            # fmol/mg: from ten on a receptor was called positive in that trial's time.
            "er": (raw.estrec >= 10).astype(float),
            "pr": (raw.progrec >= 10).astype(float),
            "hr": ((raw.estrec >= 10) | (raw.progrec >= 10)).astype(float),
            "diameter_1_mm": raw.tsize.astype(float),
            "recurrence_free_days": raw.time.astype(float),
            "recurred": raw.cens == 1,
        }
    )
    table.index = pd.RangeIndex(1, len(table) + 1, name="patient")
    source = (
        "not I-SPY 1 but the German Breast Cancer Study Group's trial 2, as packaged in lifelines "
        "(Schumacher et al. 1994, doi:10.1200/JCO.1994.12.10.2086); diameters from pathology"
    )
    return BreastMriData(table, source, "as packaged in lifelines, MIT", is_stand_in=True)


def main() -> None:
    """Fetch the table and print what is in it."""
    data = load_breast_mri()
    table = data.table
    print(f"{len(table)} women, {int(table.recurred.sum())} with a recurrence, as published")
    print(f"diameters at all {len(VISITS)} visits: {len(table[list(VISITS)].dropna())} of them")
    print(f"{data.source}; {data.licence}")


if __name__ == "__main__":
    main()
