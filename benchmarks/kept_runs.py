"""Many trainings, several at a time, each kept in a file; for the other scripts of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from provenance import rounded
from tqdm import tqdm


def keep(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a file holds; where there is none, make it first."""
    if path.is_file():
        return json.loads(path.read_text("utf8"))
    made = make()
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(made), "utf8")
    beside.replace(path)
    return made


def run_all(
    work: Callable[[tuple], dict[str, Any]], jobs: Sequence[tuple], *, folder: Path, processes: int
) -> list[dict[str, Any]]:
    """Do the jobs in processes of their own, so that the greatest memory is that of one job."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        return list(tqdm(pool.map(work, jobs), total=len(jobs), unit="run"))


def four_digits(scores: Mapping[str, float]) -> dict[str, float | None]:
    """Return scores by their names, rounded."""
    return dict(zip(scores, rounded(*scores.values()), strict=True))
