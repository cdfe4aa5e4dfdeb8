"""A chapter runs for somebody who has only its notebook: a fresh environment, then no network.

The set-up cell installs the companion from this checkout, to which the repository's address is
redirected. Then the whole notebook runs with no data and no network, on the phantom.
Always one chapter that shows patients, the cheapest; the others each week. What a chapter needs
of the wheel and of the extras is looked at whenever it runs: see tools/kernels.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from kernels import CALM, NOWHERE
from notebooks import ROOT, sources
from page_parts import REPOSITORY
from tolerance import difference, tolerance_of, warning_in

import companion

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

ALWAYS = "9_1_how_much_data"
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
        ["tag", f"v{companion.__version__}"],  # the release that the set-up cells ask for
    ):
        subprocess.run([*git, *command], cwd=copy, check=True)
    return copy


@pytest.fixture(scope="module")
def environment(place, published):
    """Variables of a fresh environment that knows nothing of this one but pip's cache."""
    python = place / "venv" / "bin" / "python"
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}
    variables |= CALM | {
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


def test_the_chapter_that_always_runs_is_one_and_shows_patients():
    assert ALWAYS in CHAPTERS
    assert "load_pneumonia" in (ROOT / "book" / f"{ALWAYS}.ipynb").read_text("utf8")


@pytest.mark.parametrize(
    "chapter",
    [pytest.param(c, marks=[] if c == ALWAYS else pytest.mark.weekly) for c in CHAPTERS],
)
def test_the_notebook_runs_anywhere(chapter, environment, place, tmp_path):
    folder, python = tmp_path / "empty", place / "venv" / "bin" / "python"
    folder.mkdir()
    shutil.copy(ROOT / "book" / f"{chapter}.ipynb", folder / "chapter.ipynb")
    _call(environment, folder, python, "-c", RUN, "setup")
    (first,) = _cells(folder / "done.ipynb")
    printed = "".join(o.text for o in first.outputs if o.get("name") == "stdout")
    assert re.search(r"^Ready: Python .*\n\Z", printed, re.M), first.outputs

    offline = {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": "127.0.0.1"}
    _call(environment | offline, folder, python, "-c", RUN, "all")
    stored = _cells(folder / "chapter.ipynb")
    done = _cells(folder / "done.ipynb")
    if any("load_pneumonia" in cell.source for cell in stored):
        assert any("not patients" in str(cell.outputs) for cell in done)
    for old, new in zip(stored[1:], done[1:], strict=True):
        tags = set(old.metadata.get("tags", []))
        assert "warns" in tags or not warning_in(new.outputs), new.source
        if not tags & {"real-data", "nbval-ignore-output"}:
            found = difference(old.outputs, new.outputs, tolerance_of(tags))
            assert found is None, f"{new.source}\n{found}"


def _cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def _pip_cache():
    command = [sys.executable, "-m", "pip", "cache", "dir"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
