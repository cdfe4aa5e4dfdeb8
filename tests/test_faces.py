"""What a wing shows to its users is documented in full, with an example; the rest is private."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib

import pytest
from numpydoc.validate import validate
from test_imports import COMPANION, WINGS, path_of

WINGS_WITH_FACE = sorted(wing for wing in WINGS if (COMPANION / wing).is_dir())
CHECKS = set(
    tomllib.loads((COMPANION.parent / "pyproject.toml").read_text("utf8"))["tool"][
        "numpydoc_validation"
    ]["checks"]
)
#: Files beside the wings: what they define is public.
ROOT_FILES = ("films", "history")


def public():
    """Return every public function and class, by the name under which users find it."""
    names = []
    for module in (*WINGS_WITH_FACE, *ROOT_FILES):
        loaded = importlib.import_module(f"companion.{module}")
        shown = getattr(loaded, "__all__", None)
        if shown is None:
            defined = [
                n for n, v in vars(loaded).items() if inspect.isroutine(v) or inspect.isclass(v)
            ]
            shown = [n for n in defined if getattr(loaded, n).__module__ == loaded.__name__]
        names += [f"companion.{module}.{name}" for name in shown if not name.startswith("_")]
    return names


@pytest.fixture(scope="module")
def objects():
    """Return what is public and written here: values and types of libraries document themselves."""
    found = {}
    for name in public():
        module, _, last = name.rpartition(".")
        value = getattr(importlib.import_module(module), last)
        if (inspect.isroutine(value) or inspect.isclass(value)) and (
            value.__module__.startswith("companion.")
        ):
            found[name] = value
    assert len(found) > 80, "the public faces were not found"
    return found


@pytest.mark.parametrize("wing", [wing for wing in WINGS_WITH_FACE if wing != "pages"])
def test_every_wing_lists_what_it_shows(wing):
    face = importlib.import_module(f"companion.{wing}")
    assert len(face.__all__) == len(set(face.__all__)) > 0
    for name in face.__all__:
        assert hasattr(face, name), name


def test_what_is_public_is_documented_in_full(objects):
    wrong = []
    for name, value in objects.items():
        asked = CHECKS - {"PR01"} if is_record(value) else CHECKS
        problems = validate(f"{value.__module__}.{value.__qualname__}")["errors"]
        wrong += [f"{name}: {code} {text}" for code, text in problems if code in asked]
    assert not wrong, "\n".join(wrong)


def test_what_is_public_has_an_example_that_runs(objects):
    bare = [
        name
        for name, value in objects.items()
        if ">>> " not in inspect.getdoc(value) and not is_error(value) and not is_record(value)
    ]
    assert not bare, bare


def is_error(value):
    """Tell whether it is an error, whose example is the one of what raises it."""
    return inspect.isclass(value) and issubclass(value, BaseException)


def is_record(value):
    """Tell whether it only holds values, each of which its docstring explains."""
    if not inspect.isclass(value):
        return False
    fields = getattr(value, "_fields", None) or getattr(value, "__dataclass_fields__", {})
    explained = inspect.getdoc(value)
    return bool(fields) and all(re.search(rf"\b{field}\b", explained) for field in fields)


@pytest.mark.parametrize("wing", [wing for wing in WINGS_WITH_FACE if wing != "pages"])
def test_nobody_reaches_behind_a_face_for_what_it_shows_not(wing):
    """A module is private if its name says so, and then other wings leave it alone."""
    for path in COMPANION.rglob("*.py"):
        if path.parent.name == wing:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                f"companion.{wing}._"
            ):
                raise AssertionError(f"{path.name} imports {node.module}")
    assert path_of(wing).name == "__init__.py"
