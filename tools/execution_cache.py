"""One execution for tests and pages: nbval's outputs become the build's cache.

The cache knows a notebook by the code in its cells, not by the package that the code calls,
and Sphinx reads a page again only when its text changed.
So both carry a stamp of all that the outputs depend on, and are dropped when that changes.
"""

from __future__ import annotations

import copy
import hashlib
import shutil
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "_build" / ".jupyter_cache"
READ_PAGES = ROOT / "_build" / ".doctrees"
STAMP = CACHE / "stamp"


def inputs() -> list[Path]:
    """Return the files that outputs depend on; a pattern that finds nothing is an error."""
    kinds = ("companion/**/*.py", "companion/**/*.json", "tools/*.py", "constraints.txt")
    found = {kind: sorted(ROOT.glob(kind)) for kind in kinds}
    empty = [kind for kind, paths in found.items() if not paths]
    if empty:
        raise FileNotFoundError(f"no file of {ROOT} matches {', '.join(empty)}")
    return [path for paths in found.values() for path in paths]


def stamp() -> str:
    """Return a digest of the package and its tables, the pinned versions, Python, and the data."""
    from companion.data.files import cache_folder
    from companion.data.pneumonia import FILE_NAME, find_local

    digest = hashlib.sha256(sys.version.encode())
    for path in inputs():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    local = find_local() or cache_folder() / FILE_NAME
    digest.update(local.read_bytes() if local.is_file() else b"no data")
    return digest.hexdigest()


def drop_stale() -> bool:
    """Empty the cache unless it was made from what is here now; tell whether it was emptied."""
    now = stamp()
    if STAMP.is_file() and STAMP.read_text() == now:
        return False
    for made in (CACHE, READ_PAGES):
        shutil.rmtree(made, ignore_errors=True)
    CACHE.mkdir(parents=True)
    STAMP.write_text(now)
    return True


def keep(notebook: nbformat.NotebookNode, outputs: list[list], path: Path) -> None:
    """Store the outputs of each code cell, as they were just computed, for the build."""
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    done = copy.deepcopy(notebook)
    cells = [cell for cell in done.cells if cell.cell_type == "code"]
    for number, (cell, produced) in enumerate(zip(cells, outputs, strict=True), 1):
        cell.metadata = {k: v for k, v in cell.metadata.items() if k not in ("jupyter", "cellView")}
        cell.outputs, cell.execution_count = nbformat.from_dict(produced or []), number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    bundle = CacheBundleIn(done, str(path))
    get_cache(str(CACHE)).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


if __name__ == "__main__":
    print(
        "Executing the chapters anew."
        if drop_stale()
        else "Using stored executions where the code is unchanged."
    )
