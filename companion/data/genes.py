"""Gene expression of 198 women with breast cancer and what became of them: TRANSBIG, GSE7390.

The table comes inside the package scikit-survival, which is not imported; its text file is read.
The measurements are from the Gene Expression Omnibus (accession GSE7390), on whose data NCBI
places no restrictions of use; the package that carries the file is under the GPL, version 3 or
later. Desmedt et al., Clinical Cancer Research 13 (2007) 3207, doi:10.1158/1078-0432.CCR-06-2765.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_FILE = "datasets/data/breast_cancer_GSE7390-metastasis.arff"
_GRADES = {"well differentiated": 1.0, "intermediate": 2.0, "poorly differentiated": 3.0}


@dataclass(frozen=True, eq=False)
class GeneData:
    """Women with breast cancer without affected lymph nodes.

    Attributes
    ----------
    clinic : pandas.DataFrame
        float64, one row a woman: age_years, size_cm, grade (1 to 3; 2 where it is unknown) and
        er (1 where the tumour has receptors for oestrogen).
    genes : pandas.DataFrame
        float64, (N, 76): logarithms of expression.
    time_days : numpy.ndarray
        float64, (N,): to a distant metastasis, or to the last visit.
    event : numpy.ndarray
        int64, (N,): 1 where a metastasis was found.
    """

    clinic: pd.DataFrame
    genes: pd.DataFrame
    time_days: np.ndarray
    event: np.ndarray

    def __len__(self) -> int:
        """Return how many women there are."""
        return len(self.event)


def read_genes(path: str | os.PathLike | None = None) -> GeneData:
    """Read the TRANSBIG table.

    Parameters
    ----------
    path : path, optional
        Of the text file; the one inside scikit-survival when absent.

    Returns
    -------
    GeneData
        All women of the table.

    Raises
    ------
    FileNotFoundError
        If scikit-survival is not installed, or its file is not there.
    ValueError
        If the file has other columns or values than expected.

    References
    ----------
    Desmedt et al., Clinical Cancer Research 13 (2007) 3207, doi:10.1158/1078-0432.CCR-06-2765.

    Examples
    --------
    >>> data = read_genes()  # doctest: +SKIP
    >>> len(data), data.genes.shape  # doctest: +SKIP
    (198, (198, 76))
    """
    import pandas as pd

    file = Path(path) if path is not None else _inside_package()
    lines = file.read_text("utf8").splitlines()
    names = [line.split()[1] for line in lines if line.lower().startswith("@attribute")]
    wanted = {"age", "size", "grade", "er", "t.tdm", "e.tdm"}
    if not wanted <= set(names) or "@data" not in lines:
        raise ValueError(f"{file}: expected the columns {sorted(wanted)}, got {names[:8]}")
    rows = [line.split(",") for line in lines[lines.index("@data") + 1 :] if line.strip()]
    wrong = [number for number, row in enumerate(rows, 1) if len(row) != len(names)]
    if wrong or not rows:
        raise ValueError(f"{file}: expected rows of {len(names)} values, not so in {wrong[:3]}")
    table = pd.DataFrame(rows, columns=names)
    try:
        numbers = table.drop(columns=["grade", "er"]).astype(float)
    except ValueError as problem:
        raise ValueError(f"{file}: {problem}") from None
    clinic = pd.DataFrame({
        "age_years": numbers.age, "size_cm": numbers["size"],
        "grade": table.grade.map(_GRADES).fillna(2.0), "er": (table.er == "positive") * 1.0,
    })  # fmt: skip
    genes = numbers[[name for name in names if name not in wanted]]
    return GeneData(
        clinic, genes, numbers["t.tdm"].to_numpy(), numbers["e.tdm"].to_numpy().astype(np.int64)
    )


def _inside_package():
    """Find the file without importing the package."""
    found = find_spec("sksurv")
    file = Path(found.origin).parent / _FILE if found and found.origin else None
    if file is None or not file.is_file():
        raise FileNotFoundError(
            "the TRANSBIG table comes inside scikit-survival, which is not installed; "
            'run: pip install "medical-image-companion[oracle]"'
        )
    return file
