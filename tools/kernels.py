"""The kernel in which every notebook runs: it sees what a reader has, and leaves room for others.

A reader has the companion's wheel, the extras that the chapter's set-up cell asks for, and an empty
folder. So the kernel finds the companion in a wheel built from this checkout, no module of any
other extra or of the tests, no file beside the notebook, and nothing of the checkout itself.
It computes in one thread, so that notebooks can run side by side, and does not spin while it waits.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib import metadata
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from packaging.requirements import Requirement
from page_parts import DISTRIBUTION, SETUP

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = Path(__file__).with_name("reader_kernel.py")
WHEELS = ROOT / "_build" / "wheels"
#: What any notebook server brings along.
GIVEN = ("ipykernel", "pip", "setuptools")
A_DAY = 24 * 60 * 60
NOWHERE = "http://127.0.0.1:9"

#: One thread a process, and none that spins while it waits: OpenMP, BLAS, TensorFlow.
CALM = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "KMP_BLOCKTIME": "0",
}


def unpack_wheel() -> Path:
    """Build the companion's wheel unless it was built from the same files; return where it lies."""
    names = ("pyproject.toml", "README.md", "LICENSE")
    package = [path for path in (ROOT / "companion").rglob("*") if is_source(path)]
    if not package:
        raise FileNotFoundError(f"{ROOT} holds no companion to build a wheel of")
    paths = sorted([*package, *(ROOT / name for name in names if (ROOT / name).is_file())])
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    place = WHEELS / digest.hexdigest()[:16]
    if not place.is_dir():
        WHEELS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=WHEELS) as made:
            source = Path(made, "source")
            for path in paths:
                (source / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, source / path.relative_to(ROOT))
            _build(source, Path(made))
            (wheel,) = Path(made).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(Path(made, "site"))
            try:
                os.replace(Path(made, "site"), place)
            except OSError:  # another process was faster
                if not place.is_dir():
                    raise
    os.utime(place)
    for other in WHEELS.iterdir():  # a kernel that runs now may still read from an older one
        if time.time() - other.stat().st_mtime > A_DAY:
            shutil.rmtree(other, ignore_errors=True)
    return place


def is_source(path: Path) -> bool:
    """Tell whether a file of the package is written, and not made by Python from one that is."""
    return path.is_file() and "__pycache__" not in path.parts


def _build(source, folder):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    command = [*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, source]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the companion's wheel could not be built:\n{done.stderr[-3000:]}")


def extras_of(notebook: Path) -> tuple[str, ...] | None:
    """Return the extras that a chapter's set-up cell asks for; None where there is no such cell."""
    source = notebook.with_suffix(".md")
    found = SETUP.search(source.read_text("utf8")) if source.is_file() else None
    if found is None:
        return None
    return tuple(sorted(extra.strip() for extra in found[1].split(",") if extra.strip()))


@functools.cache
def visible_distributions(extras: tuple[str, ...] | None) -> frozenset[str]:
    """Return all that an installation with these extras brings; None is all but tools of ours."""
    (place,) = unpack_wheel().glob("*.dist-info")
    own = metadata.Distribution.at(place)
    if extras is None:
        extras = set(own.metadata.get_all("Provides-Extra")) - {"all", "book", "test"}
    seen, waiting = set(), [(_plain(DISTRIBUTION), frozenset(extras))]
    waiting += [(name, frozenset()) for name in GIVEN]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        for line in own.requires if name == _plain(DISTRIBUTION) else _requirements(name):
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in wanted | {""}):
                waiting.append((_plain(requirement.name), frozenset(requirement.extras)))
    return frozenset(name for name, _ in seen)


@functools.cache
def _requirements(name):
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # for another system or another Python
        return []


@functools.cache
def _owners():
    """Which distributions a module that can be imported belongs to."""
    found = metadata.packages_distributions()
    return {module: {_plain(name) for name in names} for module, names in found.items()}


def _plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


class ReaderKernels(KernelSpecManager):
    """Knows one kernel under every name: the one that a chapter with these extras gets."""

    def __init__(self, extras: tuple[str, ...] | None, **keywords):
        super().__init__(**keywords)
        visible = visible_distributions(extras)
        hidden = [module for module, owners in _owners().items() if not owners & visible]
        self.sight = {
            "distributions": sorted(visible),
            "hidden_modules": sorted(set(hidden) - sys.stdlib_module_names - {"companion"}),
            "site": str(unpack_wheel()),
        }

    def get_kernel_spec(self, kernel_name):
        """Return how to start the kernel."""
        start = [sys.executable, "-P", str(LAUNCHER), json.dumps(self.sight)]
        return KernelSpec(
            argv=[*start, "-f", "{connection_file}"], display_name="Python 3", language="python"
        )


def environment(*, network: bool = True) -> dict[str, str]:
    """Return the variables of a notebook's kernel, for ``start_kernel(env=...)``."""
    # PYTEST_CURRENT_TEST changes what a kernel captures; Agg leaves figures out of the outputs.
    dropped = ("PYTEST", "PYTHON", "MPLBACKEND")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    kept |= CALM | {"PYTHONPATH": str(unpack_wheel())}  # for processes that the kernel starts
    if not network:
        kept |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
        kept |= {"no_proxy": "127.0.0.1,localhost"}
    return kept
