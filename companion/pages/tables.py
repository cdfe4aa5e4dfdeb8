"""Tables that took too long for a page: made by the scripts in benchmarks/, kept in the package."""

from __future__ import annotations

import json
from importlib.resources import files

TABLES = ("explanations", "interval_coverage", "learning_curve")


def read_table(name: str) -> dict:
    """Return a stored table.

    Parameters
    ----------
    name : {"explanations", "interval_coverage", "learning_curve"}
        The script in ``benchmarks/`` that made it.

    Returns
    -------
    dict
        With "date", "commit" and "machine", and what the script measured.

    Raises
    ------
    ValueError
        If there is no such table.

    Examples
    --------
    >>> read_table("learning_curve")["curves"]["better CNN"]["sizes"][-1]
    4708
    """
    if name not in TABLES:
        raise ValueError(f"name must be one of {', '.join(TABLES)}, got {name!r}")
    return json.loads((files("companion.pages") / f"{name}.json").read_text("utf8"))
