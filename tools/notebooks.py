"""The notebooks beside the chapters: ``sync`` makes, ``refresh`` runs, ``check`` compares them.

book/NAME.md is the source; book/NAME.ipynb is generated and committed with its text outputs,
so that Colab can open it and nbval has something to compare with.
"""

from __future__ import annotations

import copy
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import jupytext
import nbformat
from myst_to_markdown import Numbers, convert
from page_parts import add_banner, fill_setup

ROOT = Path(__file__).resolve().parent.parent
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
BITMAPS = ("image/png", "image/jpeg", "image/svg+xml")


def sources() -> list[Path]:
    """Return the chapters that are notebooks."""
    pages = sorted((ROOT / "book").glob("*.md"))
    return [page for page in pages if page.read_text("utf8").startswith("---\njupytext:")]


def make_notebook(source: Path) -> nbformat.NotebookNode:
    """Return a chapter as a notebook without outputs, its text in plain Markdown."""
    page = str(source.relative_to(ROOT).with_suffix(""))
    text = fill_setup(add_banner(source.read_text("utf8"), BADGE, page))
    paired = jupytext.reads(text, fmt="md:myst")
    numbers, cells, in_solution = Numbers(), [], False
    for cell in paired.cells:
        if cell.cell_type == "code":
            metadata = _code_metadata(cell, folded=in_solution)
            cells.append(nbformat.v4.new_code_cell(cell.source, metadata=metadata))
            caption = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption")
            if caption:
                cells.append(
                    nbformat.v4.new_markdown_cell(f"*{convert(caption, numbers).strip()}*")
                )
        else:
            cells.append(nbformat.v4.new_markdown_cell(convert(cell.source, numbers)))
            if "{solution-" in cell.source:
                start, end = (
                    cell.source.rfind(f"{{solution-{word}}}") for word in ("start", "end")
                )
                in_solution = start > end
    cells = [cell for cell in cells if cell.source.strip()]
    for cell in cells:
        cell.id = _identity(cell, cells)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def with_old_outputs(notebook: nbformat.NotebookNode, path: Path) -> nbformat.NotebookNode:
    """Carry over the stored outputs of the cells whose code did not change."""
    if path.exists():
        old = {cell.id: cell for cell in nbformat.read(path, 4).cells}
        for cell in notebook.cells:
            kept = old.get(cell.id)
            if cell.cell_type == "code" and kept is not None and kept.source == cell.source:
                cell.outputs, cell.execution_count = kept.outputs, kept.execution_count
    return notebook


def run(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Execute a notebook and keep what can be compared: text, no bitmaps, no stderr."""
    from nbclient import NotebookClient

    os.environ.pop("MPLBACKEND", None)  # Agg would leave figures out of the outputs
    client = NotebookClient(
        notebook, timeout=900, kernel_name="python3", record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    client.execute()
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = merged(o for o in cell.outputs if o.get("name") != "stderr")
            for output in cell.outputs:
                for kind in BITMAPS:
                    output.get("data", {}).pop(kind, None)
    return notebook


def merged(outputs: Iterable[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Join printed text that the kernel happened to send in several parts."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook beside its place and move it in."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".part", delete=False, encoding="utf8"
    ) as file:
        nbformat.write(notebook, file)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


def sync() -> None:
    """Regenerate every notebook; outputs of unchanged cells stay."""
    for source in sources():
        path = source.with_suffix(".ipynb")
        write(with_old_outputs(make_notebook(source), path), path)
        print(f"{path.relative_to(ROOT)}: in sync with {source.name}")


def refresh(names: list[str]) -> None:
    """Run the notebooks, all or those named, and store their text outputs."""
    from companion.data.pneumonia import load_pneumonia

    load_pneumonia()  # outputs of phantoms must never be stored as those of real films
    for source in sources():
        if not names or source.stem in names:
            path, start = source.with_suffix(".ipynb"), time.perf_counter()
            print(f"{path.relative_to(ROOT)}: running", flush=True)
            write(run(make_notebook(source), path.parent), path)
            print(f"{path.relative_to(ROOT)}: {time.perf_counter() - start:.0f} s")


def check() -> None:
    """Exit with an error if a notebook is not what ``sync`` would make; write nothing."""
    stale = []
    for source in sources():
        path = source.with_suffix(".ipynb")
        made = with_old_outputs(make_notebook(source), path)
        if not path.exists() or nbformat.writes(made) + "\n" != path.read_text("utf8"):
            stale.append(str(path.relative_to(ROOT)))
    if stale:
        sys.exit(f"Out of sync: {', '.join(stale)}. Run `make sync`, then `make refresh`.")
    print("Every notebook is in sync with its chapter.")


def _code_metadata(cell, *, folded):
    metadata = copy.deepcopy(dict(cell.metadata))
    if folded or set(metadata.get("tags", [])) & {"hide-input", "hide-cell"}:
        metadata["jupyter"] = {"source_hidden": True}
        metadata["cellView"] = "form"
    return metadata


def _identity(cell, cells):
    """An id that depends on the text and on how often the same text stood before."""
    same = [c for c in cells if c.source == cell.source and c.cell_type == cell.cell_type]
    number = next(i for i, c in enumerate(same) if c is cell)
    return hashlib.sha256(f"{cell.cell_type}{number}{cell.source}".encode()).hexdigest()[:12]


if __name__ == "__main__":
    command, *arguments = sys.argv[1:] or ["check"]
    if command == "refresh":
        refresh(arguments)
    elif command in ("sync", "check"):
        {"sync": sync, "check": check}[command]()
    else:
        sys.exit(f"expected sync, refresh or check, got {command!r}")
