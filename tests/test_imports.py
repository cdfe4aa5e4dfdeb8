"""Imports go down only, and importing the package loads no framework."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

COMPANION = Path(__file__).resolve().parent.parent / "companion"

#: What each wing may import of the others; ROOT stands for the files beside the wings.
WINGS = {
    "ROOT": {"ROOT"},
    "evaluation": {"ROOT"},
    "by_hand": {"ROOT"},
    "data": {"ROOT"},
    "in_torch": {"ROOT", "data"},
    "in_keras": {"ROOT", "data"},
    "explanation": {"ROOT", "in_torch", "data", "evaluation"},
    "applications": {"ROOT", "in_torch", "data", "evaluation"},
    "studies": {
        "ROOT", "evaluation", "data", "in_torch", "in_keras", "explanation", "applications",
    },
    "bridges": {"ROOT", "by_hand", "in_torch", "in_keras"},
    "pages": {
        "ROOT", "evaluation", "by_hand", "data", "in_torch", "in_keras", "explanation",
        "applications", "studies", "bridges",
    },
}  # fmt: skip
#: Who may import a framework; those that are not named here, nobody.
MAY_IMPORT = {
    "torch": {"in_torch", "explanation", "applications", "studies", "bridges"},
    "keras": {"in_keras", "bridges"},
    "tensorflow": {"in_keras"},
    "matplotlib": {"pages"},
    "IPython": {"pages"},
}
HEAVY = {"torch", "tensorflow", "keras", "matplotlib", "IPython", "sklearn", "pydicom"}


def wing_of(module):
    """Return the wing of a module that is named without "companion."; "" is the package."""
    name, _, rest = module.partition(".")
    return name if rest or ((COMPANION / name).is_dir() and name) else "ROOT"


def imports(tree):
    """Yield the modules that parsed code imports: companion's own by their last name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module == "companion":
                yield from (f"companion.{alias.name}" for alias in node.names)
            else:
                yield from (_submodule(node.module, alias.name) for alias in node.names)


def _submodule(module, name):
    """Return the module that ``from module import name`` imports: a file of a wing, or the wing."""
    place = COMPANION.parent / module.replace(".", "/") / f"{name}.py"
    return f"{module}.{name}" if module.startswith("companion") and place.is_file() else module


def path_of(module):
    """Return the file of a module."""
    place = COMPANION / module.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


FILES = {path.relative_to(COMPANION).with_suffix("") for path in COMPANION.rglob("*.py")}
MODULES = sorted(".".join(path.parts).removesuffix("__init__").strip(".") for path in FILES)
assert len(MODULES) > 50, "the modules of the companion were not found"


def test_every_wing_is_known_and_has_a_face():
    assert {wing_of(module) for module in MODULES} <= set(WINGS)
    folders = {path.parent for path in COMPANION.rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module):
    wing = wing_of(module)
    for name in imports(ast.parse(path_of(module).read_text("utf8"))):
        package, _, own = name.partition(".")
        if package == "companion":
            allowed = WINGS[wing] | {wing}
            assert wing_of(own) in allowed, f"{module} imports {own}"
        else:
            assert wing in MAY_IMPORT.get(package, {wing}), f"{module} must not import {package}"


def test_no_imports_in_a_circle():
    graph = {
        module: {
            name.removeprefix("companion.")
            for name in imports(ast.parse(path_of(module).read_text("utf8")))
            if name.startswith("companion.")
        }
        for module in MODULES
    }
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_a_sitting(module):
    lines = path_of(module).read_text("utf8").count("\n")
    assert lines <= 300, f"{module} has {lines} lines: split it"


def test_the_bare_import_is_light():
    code = "import sys, companion; print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_data_and_phantom_need_no_framework():
    code = (
        "import sys, companion.data.pneumonia, companion.data.images, companion.evaluation.report\n"
        "print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *(HEAVY - {"sklearn"})],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
