"""Parts that every page shares: the setup cell and the banner under the title.

A page asks for its setup cell with one comment, ``# setup: torch, keras``;
the build and ``make sync`` put the same cell in its place.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["repository"]
DISTRIBUTION = "medical-image-companion"

#: What an extra must bring along, as Python and as pip know it.
MODULES = {"torch": "torch", "keras": "keras", "applications": "pydicom", "trust": "captum"}
PACKAGES = {
    "torch": ["torch"],
    "keras": ["tensorflow", "keras"],
    "applications": ["pydicom"],
    "trust": ["captum"],
}

SETUP = re.compile(r"^# setup:(.*)$", re.M)
TITLE = re.compile(r"^(# .+)$", re.M)


def setup_cell(extras: list[str]) -> str:
    """Return the code that installs the companion where it is missing and changes nothing else."""
    needed = ["companion", *(MODULES[extra] for extra in extras)]
    brackets = f"[{','.join(extras)}]" if extras else ""
    address = f"{REPOSITORY['url']}@{REPOSITORY['branch']}"
    shown = ["numpy", *(package for extra in extras for package in PACKAGES[extra])]
    return f"""\
# @title Setup: install what is missing, leave alone what is there
import importlib.metadata, importlib.util, pathlib, subprocess, sys, tempfile
if any(importlib.util.find_spec(name) is None for name in {needed!r}):
    kept = {{"numpy", "torch", "tensorflow", "keras"}}
    found = {{d.name.lower(): d.version for d in importlib.metadata.distributions() if d.name}}
    pins = pathlib.Path(tempfile.mkdtemp(), "installed.txt")
    pins.write_text("".join(f"{{name}}=={{found[name]}}\\n" for name in kept & found.keys()))
    wanted = "{DISTRIBUTION}{brackets} @ git+{address}"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-c", pins, wanted], check=True)
from companion.pages.notebook import show_versions
show_versions({", ".join(f'"{name}"' for name in shown)})"""


def fill_setup(text: str) -> str:
    """Replace the comment that asks for the setup cell by the cell's code."""

    def code(match):
        return setup_cell([extra.strip() for extra in match[1].split(",") if extra.strip()])

    return SETUP.sub(code, text)


def colab_address(page: str) -> str:
    """Return the address under which Colab opens a page, named from the root without suffix."""
    owner_and_name = REPOSITORY["url"].removeprefix("https://github.com/")
    return (
        f"https://colab.research.google.com/github/{owner_and_name}"
        f"/blob/{REPOSITORY['branch']}/{page}.ipynb"
    )


def add_banner(text: str, badge: str, page: str, note: str = "") -> str:
    """Put the badge, the warning and a note under the first heading."""
    banner = f"[![Open in Colab]({badge})]({colab_address(page)})"
    banner += "\n\n*For education, not for clinical use.*"
    banner += f"\n{note}" if note else ""
    return TITLE.sub(lambda match: f"{match[1]}\n\n{banner}", text, count=1)
