"""The wheel holds every wing and every table: it is what readers in Colab install."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from test_imports import COMPANION, MODULES

ROOT = COMPANION.parent
IMPORT_ALL = """
import importlib, json, sys
from companion.pages.tables import TABLES, read_table
import companion
for module in sys.argv[1:]:
    importlib.import_module(f"companion.{module}" if module else "companion")
print(json.dumps([companion.__file__, [read_table(name)["commit"] for name in TABLES]]))
"""


@pytest.mark.enable_socket
def test_every_wing_is_in_the_wheel_and_imports_from_it(tmp_path):
    (tmp_path / "source").mkdir()

    def run(*command):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    for name in ("companion", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / "source" / name)
    run(*pip, "wheel", "-q", "--no-deps", "-w", "wheels", "./source")
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    # The frameworks are borrowed from this environment; the companion comes from the wheel alone.
    run(*pip, "install", "-q", "--no-deps", "--target", "site", str(wheel))
    borrowed = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n{IMPORT_ALL}"
    place, commits = json.loads(run(sys.executable, "-c", borrowed, *MODULES).splitlines()[-1])
    assert place.startswith(str(tmp_path)), place
    assert all(commits)
