"""Where a stored table comes from, and how it is stored; for the other scripts of this folder."""

from __future__ import annotations

import datetime
import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.evaluation import Estimate


def provenance() -> dict[str, str]:
    """Return the date, the commit ("-dirty" where something is not committed) and the machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }


def rounded(*values: float) -> list[float | None]:
    """Return numbers of four digits; None where one is unknown."""
    return [round(float(value), 4) if math.isfinite(value) else None for value in values]


def rounded_interval(estimate: Estimate) -> list[float | None]:
    """Return the value of an estimate and the two ends of its interval, four digits each."""
    return rounded(estimate.value, estimate.low, estimate.high)


def store(text: str, path: Path) -> None:
    """Write a text beside its place, move it there and say so."""
    beside = path.with_suffix(".part")
    beside.write_text(text.rstrip("\n") + "\n", "utf8")
    os.replace(beside, path)
    print(f"stored in {path}", flush=True)


def store_runs(made: Mapping, runs: Sequence[Mapping[tuple, float]], path: Path) -> None:
    """Store runs with tuples as keys: nested by them, at the end of each a list, a value a run."""
    tree = {}
    for keys in runs[0]:
        branch = tree
        for key in keys[:-1]:
            branch = branch.setdefault(key, {})
        branch[keys[-1]] = [round(float(found[keys]), 4) for found in runs]
    store(json.dumps(made | tree).replace('{"', '{\n"').replace('], "', '],\n"'), path)
