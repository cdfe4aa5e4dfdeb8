"""Imports go down only, and importing the package loads no framework."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

COMPANION = Path(__file__).resolve().parent.parent / "companion"

FLOORS = {
    1: {"phantom_anatomy", "data_files", "dicom", "weighted_scores", "simulated_studies",
        "bootstrap", "comparison", "calibration", "decisions", "leakage", "numpy_arguments",
        "numpy_optimizers", "finite_differences", "transforms", "learning_curves",
        "power_law", "film_worth", "document_shape", "stored_tables"},
    2: {"phantom", "images", "keras_models", "torch_models", "torch_checkpoint",
        "torch_recurrent", "numpy_activations", "numpy_padding", "numpy_normalization",
        "numpy_sequences", "active_learning", "evaluation", "explain",
        "keras_explain", "frozen_features", "film_features"},
    3: {"torch_attention", "torch_visualisation", "datasets", "torch_training",
        "keras_training", "numpy_conv", "numpy_pool", "numpy_layers", "numpy_cells",
        "numpy_unrolling", "layer_arithmetic", "map_scores"},
    4: {"numpy_models", "numpy_recurrent", "numpy_recurrent_backward", "learners",
        "map_judge", "phantom_study", "model_card"},
    5: {"weights", "numpy_training", "conventions"},
    6: {"plotting", "recurrent_figures", "notebook", "exercises"},
    7: {"layer_figures", "evaluation_figures", "learning_figures", "map_figures",
        "exercises_metrics", "exercises_maps",
        "exercises_data_size", "exercises_math", "exercises_cnn", "exercises_rnn"},
}  # fmt: skip
FIGURES = ("layer", "recurrent", "evaluation", "learning", "map")
HEAVY = {"torch", "tensorflow", "keras", "matplotlib", "IPython", "sklearn", "pydicom"}
MAY_IMPORT = {
    "torch": {
        "torch_models",
        "torch_recurrent",
        "torch_training",
        "torch_checkpoint",
        "frozen_features",
        "learners",
        "explain",
        "map_judge",
        "phantom_study",
        "torch_attention",
        "torch_visualisation",
        "weights",
        "conventions",
    },
    "keras": {"keras_models", "keras_training", "keras_explain", "weights"},
    "matplotlib": {"plotting", *(f"{name}_figures" for name in FIGURES)},
    "tensorflow": {"keras_explain"},
}


def floor_of(module):
    return next(floor for floor, modules in FLOORS.items() if module in modules)


def imports(tree):
    """Yield the modules that parsed code imports: companion's own by their last name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module == "companion":
                yield from (f"companion.{alias.name}" for alias in node.names)
            else:
                yield node.module


MODULES = sorted(path.stem for path in COMPANION.glob("*.py") if path.stem != "__init__")


def test_every_module_has_a_floor():
    assert set(MODULES) == set().union(*FLOORS.values())


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module):
    for name in imports(ast.parse((COMPANION / f"{module}.py").read_text("utf8"))):
        package, _, own = name.partition(".")
        if package == "companion":
            assert floor_of(own) < floor_of(module), f"{module} imports from floor {floor_of(own)}"
        allowed = MAY_IMPORT.get(package)
        assert allowed is None or module in allowed, f"{module} must not import {package}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_a_sitting(module):
    lines = (COMPANION / f"{module}.py").read_text("utf8").count("\n")
    assert lines <= 300, f"{module} has {lines} lines: split it"


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"phantom_anatomy"}))
def test_every_public_function_has_an_example_that_runs(module):
    for node in ast.parse((COMPANION / f"{module}.py").read_text("utf8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert node.name == "main" or ">>> " in ast.get_docstring(node), node.name


def test_the_bare_import_is_light():
    code = "import sys, companion; print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_data_and_phantom_need_no_framework():
    code = (
        "import sys, companion.datasets, companion.images, companion.evaluation\n"
        "print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *(HEAVY - {"sklearn"})],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
