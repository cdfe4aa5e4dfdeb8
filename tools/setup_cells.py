"""Run the set-up cell of every notebook in this Python, and say what it changed.

For a runtime that is not ours, such as Colab's: the cell may add what is missing, and must leave
alone every package that was there.
"""

from __future__ import annotations

import re
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


def installed(names: set[str]) -> dict[str, str]:
    """Return the versions of the packages that are installed, as Python finds them."""
    found = {}
    for name in sorted(names):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def named_packages(pyproject: Path = ROOT / "pyproject.toml") -> set[str]:
    """Return every package that the companion or an extra of it names."""
    project = tomllib.loads(pyproject.read_text("utf8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {Requirement(line).name for group in groups for line in group} - {project["name"]}


def run_setup_cell(path: Path) -> str:
    """Execute a notebook's first code cell in an empty folder; return what it printed."""
    from nbclient import NotebookClient  # not needed, and perhaps not there, for the pins

    notebook = nbformat.read(path, 4)
    (*_, first) = [cell for cell in notebook.cells if cell.cell_type == "code"][:1]
    notebook.cells = [first]
    with tempfile.TemporaryDirectory() as folder:
        place = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=place).execute()
    return "".join(o.text for o in first.outputs if o.get("name") == "stdout")


def main(arguments: list[str]) -> None:
    """``pins FILE`` writes what is installed as constraints; no argument runs the cells."""
    names = named_packages()
    before = installed(names)
    if arguments[:1] == ["pins"]:
        lines = [f"{name}=={version}\n" for name, version in before.items()]
        Path(arguments[1]).write_text("".join(lines))
        return
    notebooks = sorted((ROOT / "book").glob("*.ipynb"))
    if not notebooks:
        sys.exit(f"{ROOT / 'book'} holds no notebook")
    for path in notebooks:
        printed = run_setup_cell(path)
        print(f"{path.stem}: {printed.strip()}", flush=True)
        if not re.search(r"^Ready: ", printed, re.M):
            sys.exit(f"the set-up cell of {path.stem} did not say that it is ready")
    after = installed(names)
    changed = {name: (old, after.get(name)) for name, old in before.items()}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if changed:
        sys.exit(f"the set-up cells changed what was installed: {changed}")
    print(f"Added: {', '.join(sorted(after.keys() - before.keys())) or 'nothing'}.")


if __name__ == "__main__":
    main(sys.argv[1:])
