"""Where a stored table comes from, and how it is stored; for the other scripts of this folder."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path


def provenance() -> dict[str, str]:
    """Return the date, the commit ("-dirty" where something is not committed) and the machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }


def store(text: str, path: Path) -> None:
    """Write a text beside its place, move it there and say so."""
    beside = path.with_suffix(".part")
    beside.write_text(text.rstrip("\n") + "\n", "utf8")
    os.replace(beside, path)
    print(f"stored in {path}", flush=True)
