"""Tables that took too long for a page: made by the scripts in benchmarks/, kept in the package."""

from __future__ import annotations

import json
from difflib import get_close_matches
from importlib.resources import files

#: Each is NAME.json here, and was made by benchmarks/NAME.py.
TABLES = (
    "contour_dose",
    "delayed_recall",
    "diagnosis",
    "drift",
    "explanations",
    "federated",
    "four_ways",
    "interval_coverage",
    "label_errors",
    "learning_curve",
    "million_films",
    "plans",
    "pneumonia",
    "pneumonia_combined",
    "pneumonia_folds",
    "pneumonia_seeds",
    "processes",
    "prognosis_models",
    "recipe_combined",
    "recipe_folds",
    "recipe_search",
    "segmentation",
    "survival_coverage",
    "throughput",
    "transfer",
)


def read_table(name: str) -> dict:
    """Return a stored table.

    Parameters
    ----------
    name : str
        One of :data:`TABLES`: the script in ``benchmarks/`` that made it.

    Returns
    -------
    dict
        With "date", "commit" and "machine", and what the script measured.

    Raises
    ------
    ValueError
        If there is no such table.
    FileNotFoundError
        If the package was installed without it.

    Examples
    --------
    >>> read_table("learning_curve")["curves"]["better CNN"]["sizes"][-1]
    4708
    """
    if name not in TABLES:
        near = get_close_matches(str(name), TABLES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"name must be one of {', '.join(TABLES)}, got {name!r}{hint}")
    file = files("companion.pages") / f"{name}.json"
    if not file.is_file():
        raise FileNotFoundError(
            f"the table {name!r} is missing: no file {file}; "
            f"reinstall the companion, or run benchmarks/{name}.py"
        )
    return json.loads(file.read_text("utf8"))
