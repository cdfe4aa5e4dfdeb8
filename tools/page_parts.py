"""Parts that every page shares: the setup cell, the banner under the title, the addresses.

A page asks for its setup cell with one comment, ``# setup: torch, keras``;
the build and ``make sync`` put the same cell in its place, from ``setup_cell.py``.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["repository"]
VERSION = re.search(
    r'^__version__ = "(.+)"', (ROOT / "companion" / "__init__.py").read_text("utf8"), re.M
)[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
DISTRIBUTION = PROJECT["name"]

#: No account of GitHub can have an underscore in its name: nobody can take this address.
PLACEHOLDER = "your_account"
#: Extras that serve the making of the book, not the running of a page.
NOT_FOR_READERS = {"book", "test", "all"}
#: Extras whose package of the same name the setup cell tells of, beside NumPy, in one short line.
SHOWN = ("torch", "keras")

SETUP = re.compile(r"^# setup:(.*)$", re.M)
TITLE = re.compile(r"^(# .+)$", re.M)
NAME = re.compile(r"[\w.-]+")

NOT_RUN = (
    "Stored here are results as text, without pictures: "
    "where `<Figure size …>` stands, run the notebook to see the figure."
)


def setup_cell(extras: list[str]) -> str:
    """Return the code that installs the companion where it is missing and changes nothing else."""
    offered = _offered()
    unknown = set(extras) - set(offered)
    if unknown:
        raise ValueError(f"extras must be among {sorted(offered)}, got {sorted(unknown)}")
    kept = PROJECT["dependencies"] + _requirements(set(offered) - NOT_FOR_READERS)
    constants = {
        "MADE_FOR": VERSION,
        "ADDRESS": REPOSITORY["url"],
        "NEEDED": _requirements(extras),
        "KEPT": sorted({NAME.match(item)[0] for item in kept}),
    }
    code = (Path(__file__).parent / "setup_cell.py").read_text("utf8")
    code = code[code.index("\n# @title") + 1 :].rstrip()
    for name, value in constants.items():
        code = _replace_line(code, rf"{name} = .*", f"{name} = {json.dumps(value)}")
    shown = ["numpy", *(name for name in SHOWN if name in extras)]
    return _replace_line(code, r"show_versions\(.*", f"show_versions({json.dumps(shown)[1:-1]})")


def _requirements(extras):
    """What pip would be asked for; an extra may name others of this package."""
    found = []
    for item in (item for extra in sorted(extras) for item in _offered()[extra]):
        own = re.fullmatch(rf"{DISTRIBUTION}\[(.+)\]", item)
        found += _requirements(own[1].split(",")) if own else [item]
    return list(dict.fromkeys(found))


def _offered():
    return PROJECT["optional-dependencies"]


def _replace_line(code, pattern, line):
    code, count = re.subn(rf"^{pattern}$", lambda match: line, code, flags=re.M)
    if count != 1:
        raise ValueError(f"setup_cell.py must have one line {pattern}, got {count}")
    return code


def fill_setup(text: str) -> str:
    """Replace the comment that asks for the setup cell by the cell's code."""

    def code(match):
        return setup_cell([extra.strip() for extra in match[1].split(",") if extra.strip()])

    return SETUP.sub(code, text)


def address_problem(repository: str | None = None) -> str:
    """Say what is wrong with the address in _config.yml, or return an empty text.

    ``repository`` is the owner and name that the book is published under, where that is known.
    """
    stated = _owner_and_name()
    if repository is not None and repository.lower() != stated.lower():
        return (
            f"_config.yml says {REPOSITORY['url']}, this repository is {repository}. "
            f"Write https://github.com/{repository} there, run `make sync`, and commit both."
        )
    if stated.startswith(f"{PLACEHOLDER}/"):
        return (
            f"The address in _config.yml is still the placeholder {REPOSITORY['url']}: "
            "outside this checkout the notebooks can install nothing. "
            "Write the repository's own address there and run `make sync` again."
        )
    return ""


def _owner_and_name():
    return REPOSITORY["url"].removeprefix("https://github.com/")


def colab_address(page: str) -> str:
    """Return the address under which Colab opens a page, named from the root without suffix."""
    return (
        f"https://colab.research.google.com/github/{_owner_and_name()}"
        f"/blob/{REPOSITORY['branch']}/{page}.ipynb"
    )


def text_address(page: str) -> str:
    """Return the address under which GitHub shows a page that is no notebook."""
    return f"{REPOSITORY['url']}/blob/{REPOSITORY['branch']}/{page}.md"


def site_address(page: str) -> str:
    """Return the address of a page, named from the root without suffix, on the published site."""
    owner, name = _owner_and_name().split("/")
    return f"https://{owner.lower()}.github.io/{name}/{page}.html"


def add_banner(text: str, badge: str, page: str, note: str = NOT_RUN) -> str:
    """Put the badge, the warning and a note under the first heading.

    The note that stands there unless another is given tells a notebook's reader of the pictures.
    """
    banner = f"[![Open in Colab]({badge})]({colab_address(page)})"
    banner += "\n\n*For education, not for clinical use.*"
    banner += f"\n{note}" if note else ""
    return TITLE.sub(lambda match: f"{match[1]}\n\n{banner}", text, count=1)
