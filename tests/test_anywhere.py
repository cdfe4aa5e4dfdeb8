"""Each chapter's notebook runs anywhere: in a fresh environment, then without any network.

The setup cell installs the companion from this checkout, to which the repository's address is
redirected. Then the whole notebook runs with no data and no network, on the phantom.
The chapters share the environment that the first of them fills: installing it takes minutes.
That each asks for all it needs is tested in test_book.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from notebooks import ROOT, merged, sources
from page_parts import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

CHAPTERS = [page.stem for page in sources() if page.stem[0].isdigit()]
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read("chapter.ipynb", 4)
if sys.argv[1] == "setup":
    first = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells = notebook.cells[: first + 1]
NotebookClient(notebook, timeout=900, kernel_name="python3").execute()
nbformat.write(notebook, "done.ipynb")
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder for the environment and the repository."""
    return tmp_path_factory.mktemp("anywhere")


@pytest.fixture(scope="module")
def published(place):
    """This checkout as a repository, changes not yet committed included."""
    copy = place / "repository"
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for name in listed:
        if (ROOT / name).is_file() and not name.startswith("book/_static"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    for command in (
        ["init", "-q", "-b", REPOSITORY["branch"]],
        ["add", "-A"],
        ["commit", "-qm", "x"],
    ):
        subprocess.run([*git, *command], cwd=copy, check=True)
    return copy


def text_of(cell):
    """Return what a cell shows as text."""
    outputs = merged(o for o in cell.outputs if o.get("name") != "stderr")
    return [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]


@pytest.fixture(scope="module")
def environment(place, published):
    """Variables of a fresh environment that knows nothing of this one but pip's cache."""
    python = place / "venv" / "bin" / "python"
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}
    variables |= {
        "COMPANION_DATA": "",
        "XDG_CACHE_HOME": str(place / "cache"),
        "PIP_CACHE_DIR": _pip_cache(),
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{published.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": REPOSITORY["url"],
        "VIRTUAL_ENV": str(place / "venv"),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    _call(variables, place, sys.executable, "-m", "venv", place / "venv")
    _call(variables, place, python, "-m", "pip", "install", "-q", "ipykernel", "nbclient")
    return variables


def _call(variables, folder, *command):
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_runs_anywhere(chapter, environment, place, tmp_path):
    folder, python = tmp_path / "empty", place / "venv" / "bin" / "python"
    folder.mkdir()
    shutil.copy(ROOT / "book" / f"{chapter}.ipynb", folder / "chapter.ipynb")
    _call(environment, folder, python, "-c", RUN, "setup")
    first = _cells(folder / "done.ipynb")[0]
    assert re.fullmatch(r"Ready: Python .*\n", text_of(first)[-1])

    nowhere = "http://127.0.0.1:9"
    offline = {"http_proxy": nowhere, "https_proxy": nowhere, "no_proxy": "127.0.0.1"}
    _call(environment | offline, folder, python, "-c", RUN, "all")
    stored = _cells(folder / "chapter.ipynb")
    done = _cells(folder / "done.ipynb")
    if any("load_pneumonia" in cell.source for cell in stored):
        assert any("not patients" in str(cell.outputs) for cell in done)
    for old, new in zip(stored[1:], done[1:], strict=True):
        tags = set(old.metadata.get("tags", []))
        if not tags & {"real-data", "nbval-ignore-output"}:
            assert text_of(new) == text_of(old), new.source


def _cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def _pip_cache():
    command = [sys.executable, "-m", "pip", "cache", "dir"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
