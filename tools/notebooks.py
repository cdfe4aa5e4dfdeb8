"""The notebooks beside the chapters: ``sync`` makes, ``refresh`` runs, ``check`` compares them.

book/NAME.md is the source; book/NAME.ipynb is generated and committed with its text outputs,
so that Colab can open it and nbval has something to compare with.
"""

from __future__ import annotations

import copy
import hashlib
import multiprocessing
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import jupytext
import kernels
import nbformat
from myst_to_markdown import OPERATED, Numbers, convert
from page_parts import add_banner, address_problem, fill_setup

ROOT = Path(__file__).resolve().parent.parent
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
BITMAPS = ("image/png", "image/jpeg", "image/svg+xml")
#: What a figure to operate is drawn from: it may be of patients' films, which are stored nowhere.
FIGURE_DATA = re.compile(r'(<script type="application/json">)[^<]*(</script>)')
AT_ONCE = min(2, os.cpu_count() or 1)  # a page takes up to 3 GB of memory


def sources() -> list[Path]:
    """Return the chapters that are notebooks."""
    pages = sorted((ROOT / "book").glob("*.md"))
    found = [page for page in pages if page.read_text("utf8").startswith("---\njupytext:")]
    if not found:
        raise FileNotFoundError(f"{ROOT / 'book'} holds no chapter")
    return found


def make_notebook(source: Path) -> nbformat.NotebookNode:
    """Return a chapter as a notebook without outputs, its text in plain Markdown."""
    text = fill_setup(add_banner(source.read_text("utf8"), BADGE, f"book/{source.stem}"))
    paired = jupytext.reads(text, fmt="md:myst")
    numbers, cells, in_solution = Numbers(f"book/{source.stem}"), [], False
    for cell in paired.cells:
        if cell.cell_type == "code":
            metadata = _code_metadata(cell, folded=in_solution)
            cells.append(nbformat.v4.new_code_cell(cell.source, metadata=metadata))
            caption = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption")
            if caption:
                cells.append(
                    nbformat.v4.new_markdown_cell(f"*{convert(caption, numbers).strip()}*")
                )
            if "operate(" in cell.source:
                cells.append(nbformat.v4.new_markdown_cell(OPERATED.format(numbers.address)))
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


def run(notebook: nbformat.NotebookNode, extras: tuple[str, ...] | None) -> nbformat.NotebookNode:
    """Execute a notebook as at a reader's who installed these extras, in an empty folder."""
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import run_sync
    from nbclient import NotebookClient

    manager = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=kernels.ReaderKernels(extras)
    )
    with tempfile.TemporaryDirectory() as folder:
        place = {"metadata": {"path": folder}}
        client = NotebookClient(
            notebook, km=manager, timeout=900, record_timing=False, resources=place
        )
        try:
            client.execute(env=kernels.environment(network=False))
        finally:
            run_sync(manager.shutdown_kernel)(now=True)
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    return notebook


def run_chapter(source: Path) -> tuple[nbformat.NotebookNode, float]:
    """Execute a chapter with the extras that it asks for; return it and the seconds it took."""
    start = time.perf_counter()
    done = run(make_notebook(source), kernels.extras_of(source))
    return done, time.perf_counter() - start


def run_chapters(
    chapters: list[Path], then: Callable[[Path, nbformat.NotebookNode], None]
) -> Iterator[Path]:
    """Execute chapters side by side, hand each to ``then``; yield those with an error."""
    kernels.unpack_wheel()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, mp_context=spawn) as pool:
        waiting = {pool.submit(run_chapter, chapter): chapter for chapter in chapters}
        for count, future in enumerate(as_completed(waiting), 1):
            chapter, said = waiting[future], f"[{count}/{len(chapters)}]"
            try:
                done, seconds = future.result()
            except Exception as problem:  # of any kind: the other chapters go on
                print(f"{said} {chapter.stem}: {problem}", flush=True)
                yield chapter
            else:
                then(chapter, done)
                print(f"{said} {chapter.stem}: {seconds:.0f} s", flush=True)


def comparable(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep of the outputs what is stored to be compared: text, no bitmaps, no stderr."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = merged(o for o in cell.outputs if o.get("name") != "stderr")
            for output in cell.outputs:
                for kind in BITMAPS:
                    output.get("data", {}).pop(kind, None)
                    output.get("metadata", {}).pop(kind, None)
                if "text/html" in output.get("data", {}):
                    html = output.data["text/html"]
                    output.data["text/html"] = FIGURE_DATA.sub(r"\1\2", html)
    return notebook


def named(names: list[str]) -> list[Path]:
    """Return the chapters of these names, or all; a name that no chapter bears is an error."""
    known = {source.stem: source for source in sources()}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no chapter is named {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(known.values())


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
    if address_problem():
        print(address_problem())


def refresh(names: list[str]) -> None:
    """Run the notebooks, all or those named, and store their text outputs."""
    from companion.data.pneumonia import load_pneumonia

    load_pneumonia()  # outputs of phantoms must never be stored as those of real films

    def store(source, notebook):
        write(comparable(notebook), source.with_suffix(".ipynb"))

    failed = [source.stem for source in run_chapters(named(names), store)]
    if failed:
        sys.exit(f"not refreshed, see above: {', '.join(failed)}")


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
