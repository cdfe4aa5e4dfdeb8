"""What ``from companion import by_hand`` offers, and what it costs to import."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from companion import by_hand

FOLDER = Path(by_hand.__file__).parent
MODULES = sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))


def test_the_face_offers_functions_and_classes_and_the_plain_module():
    for name in by_hand.__all__:
        assert callable(getattr(by_hand, name)), name
    assert by_hand.plain.conv2d is not by_hand.conv2d
    assert by_hand.lstm_step is by_hand.plain.lstm_step


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_is_public_in_a_module_is_on_the_face(path):
    for node in ast.parse(path.read_text("utf8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert node.name in by_hand.__all__, f"{path.stem}.{node.name}"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_no_module_is_longer_than_a_sitting(path):
    assert path.read_text("utf8").count("\n") < 300


@pytest.mark.parametrize("name", ["conv2d", "max_pool2d", "avg_pool2d", "dense", "rnn_step"])
def test_a_plain_layer_is_about_ten_lines(name):
    function = getattr(by_hand.plain, name)
    node = ast.parse(inspect.getsource(function)).body[0]
    assert node.end_lineno - node.body[1].lineno + 1 <= 12


def test_importing_loads_no_framework_and_no_tables():
    code = (
        "import sys\nfrom companion import by_hand\nprint(sorted(set(sys.modules) & set(sys.argv)))"
    )
    heavy = ["torch", "tensorflow", "keras", "pandas", "matplotlib", "scipy", "sklearn", "IPython"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
