"""One execution for tests and pages: what nbval computes, or this, becomes the build's cache.

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
import notebooks
from kernels import is_source

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "_build" / ".jupyter_cache"
READ_PAGES = ROOT / "_build" / ".doctrees"
STAMP = CACHE / "stamp"


def inputs() -> list[Path]:
    """Return the files that outputs depend on; a pattern that finds nothing is an error."""
    kinds = ("companion/**/*", "tools/*.py", "constraints.txt")
    found = {kind: [p for p in sorted(ROOT.glob(kind)) if is_source(p)] for kind in kinds}
    empty = [kind for kind, paths in found.items() if not paths]
    if empty:
        raise FileNotFoundError(f"no file of {ROOT} matches {', '.join(empty)}")
    return [path for paths in found.values() for path in paths]


def stamp() -> str:
    """Return a digest of the package and its tables, the pinned versions, Python, and the data."""
    from companion.data import breast, hippocampus, pneumonia
    from companion.data.files import cache_folder

    digest = hashlib.sha256(sys.version.encode())
    for path in inputs():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    for file in (pneumonia.FILE, breast.FILE):
        local = file.find_local() or cache_folder() / file.name
        digest.update(local.read_bytes() if local.is_file() else b"no data")
    volumes = hippocampus.find_sums()
    digest.update(volumes.read_bytes() if volumes else b"no data")
    return digest.hexdigest()


def drop_stale() -> bool:
    """Empty the cache unless it was made from what is here now; tell whether it was emptied."""
    now = stamp()
    if STAMP.is_file() and STAMP.read_text() == now:
        return False
    for made in (CACHE, READ_PAGES):
        shutil.rmtree(made, ignore_errors=True)
    CACHE.mkdir(parents=True)
    _cache().list_cache_records()  # makes the database now, not in two processes at once
    STAMP.write_text(now)
    return True


def keep(notebook: nbformat.NotebookNode, outputs: list[list], path: Path) -> None:
    """Store the outputs of each code cell, as they were just computed, for the build."""
    from jupyter_cache.base import CacheBundleIn

    done = _as_sphinx_reads(notebook)
    cells = [cell for cell in done.cells if cell.cell_type == "code"]
    for number, (cell, produced) in enumerate(zip(cells, outputs, strict=True), 1):
        cell.outputs, cell.execution_count = nbformat.from_dict(produced or []), number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    bundle = CacheBundleIn(done, str(path))
    _cache().cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def is_kept(source: Path) -> bool:
    """Tell whether the cache holds an execution of a chapter's code as it stands now."""
    try:
        _cache().match_cache_notebook(_as_sphinx_reads(notebooks.make_notebook(source)))
    except KeyError:
        return False
    return True


def fill(names: list[str]) -> None:
    """Execute the chapters, all or those named, that the cache does not hold."""
    missing = [source for source in notebooks.named(names) if not is_kept(source)]
    if not missing:
        print("Every execution is stored already.")
        return
    print(f"Executing {', '.join(source.stem for source in missing)}.", flush=True)

    def store(source, notebook):
        outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
        keep(notebook, outputs, source.with_suffix(".ipynb"))

    failed = [source.stem for source in notebooks.run_chapters(missing, store)]
    if failed:
        sys.exit(f"an error, see above, in {', '.join(failed)}")


def _cache():
    from jupyter_cache import get_cache

    return get_cache(str(CACHE))


def _as_sphinx_reads(notebook):
    """A copy without what only Jupyter and Colab look at: the cache asks for equal metadata."""
    read = copy.deepcopy(notebook)
    for cell in read.cells:
        if cell.cell_type == "code":
            hidden = ("jupyter", "cellView")
            cell.metadata = {k: v for k, v in cell.metadata.items() if k not in hidden}
    return read


if __name__ == "__main__":
    drop_stale()
    fill(sys.argv[1:])
