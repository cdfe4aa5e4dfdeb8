"""What cells display."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from companion import pages
from companion.data.breast_mri import BreastMriData
from companion.data.pneumonia import PneumoniaData
from companion.evaluation.model_card import model_card
from companion.evaluation.report import evaluate
from companion.films import Films
from companion.in_torch.models import DocumentCNN
from companion.pages import notebook
from companion.pages.notebook import report_table


@pytest.fixture
def displayed(monkeypatch):
    """What would be shown, in order."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *things, **more: shown.extend(things))
    return shown


def test_versions_are_one_short_line(capsys, monkeypatch):
    notebook.show_versions("numpy", "torch", "keras")
    out = capsys.readouterr().out
    assert re.fullmatch(
        r"Ready: Python 3\.\d+, companion \d[\w.]*, numpy \d+\.\d+, torch \d+\.\d+, "
        r"keras \d+\.\d+\n",
        out,
    )
    assert len(out) <= 78, "longer lines are broken on the page"


def test_the_package_that_brings_a_module_is_named(capsys, monkeypatch):
    installed = {"tensorflow-cpu": "2.20.0", "torch": "2.11.0+cpu"}

    def version(name):
        if name not in installed:
            raise PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(notebook, "version", version)
    monkeypatch.setattr(
        notebook, "packages_distributions", lambda: {"tensorflow": ["tensorflow-cpu"]}
    )
    notebook.show_versions("torch", "tensorflow")
    assert capsys.readouterr().out.endswith(", torch 2.11, tensorflow-cpu 2.20\n")
    with pytest.raises(PackageNotFoundError):
        notebook.show_versions("keras")


def test_the_version_is_that_of_the_package_that_runs(capsys, monkeypatch):
    monkeypatch.setattr("companion.__version__", "9.9")
    notebook.show_versions()
    assert capsys.readouterr().out.endswith(", companion 9.9\n")


def test_the_first_cell_of_a_page_waits_for_nothing():
    code = (
        "import sys; before = set(sys.modules); import companion.pages.notebook; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {
        "IPython", "PIL", "keras", "matplotlib", "numpy", "pandas", "pooch", "psutil", "requests",
        "scipy", "sklearn", "tensorflow", "torch",
    }  # fmt: skip
    assert "companion" in loaded
    assert not loaded & heavy


def test_the_face_offers_what_pages_call_and_imports_it_late():
    assert pages.show_source is notebook.show_source
    for name in pages.__all__:
        assert callable(getattr(pages, name)), name
        assert name in dir(pages)
    with pytest.raises(AttributeError, match="'companion.pages' has no attribute 'plot_all'"):
        pages.plot_all  # noqa: B018


def test_source_is_shown_without_docstrings(displayed):
    notebook.show_source(DocumentCNN)
    text = displayed[0].data
    assert text.startswith("```python\nclass DocumentCNN(nn.Module):")
    assert '"""' not in text
    assert "return self.classifier(self.features(images)).squeeze(1)" in text


@pytest.mark.parametrize("synthetic", [True, False])
def test_the_notice_is_plain(displayed, synthetic):
    empty = Films(np.zeros((1, 1, 2, 2)), [0])
    notebook.show_data_notice(
        PneumoniaData(empty, empty, empty, "the publisher", "CC BY 4.0", synthetic)
    )
    text = displayed[0].data
    assert ("These are not patients" in text) == synthetic
    assert ("the publisher" in text and "CC BY 4.0" in text) != synthetic


@pytest.mark.parametrize("stand_in", [True, False])
def test_other_patients_are_announced(displayed, stand_in):
    notebook.show_data_notice(BreastMriData(None, "the publisher", "CC BY 3.0", stand_in))
    text = displayed[0].data
    assert ("These are other patients" in text) == stand_in
    assert "the publisher" in text
    assert "not patients" not in text


def test_cost_is_a_sentence_and_a_value_for_the_top_of_the_page(displayed, capsys):
    notebook.show_cost()
    sentence = capsys.readouterr().out.strip()
    assert re.fullmatch(
        r"Running this page took [\d.]+ minutes and [\d.]+ GB of memory on \d+ CPU cores\.",
        sentence,
    )
    assert displayed == [{"application/papermill.record/text/plain": sentence}]


NOTEBOOK = """
import types
from IPython.core.interactiveshell import InteractiveShell
from companion.pages import notebook
now = [0.0]
notebook.time = types.SimpleNamespace(perf_counter=lambda: now[0])
shell = InteractiveShell.instance(user_ns={"now": now, "notebook": notebook})
def cell(code):
    shell.run_cell(code, store_history=True).raise_error()
cell("now[0] += 100  # installing, before the count begins")
cell("notebook.show_versions(); now[0] += 1")
now[0] += 1000  # somebody reads
cell("notebook.show_versions(); now[0] += 2")
cell("now[0] += 30")
now[0] += 1000
cell("now[0] += 0.5; print('seconds', notebook._Clock.seconds())")
"""


def test_the_time_of_the_cells_counts_and_not_the_readers(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK], capture_output=True, text=True, check=True,
        env=os.environ | {"IPYTHONDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.endswith("seconds 33.5\n")


def test_outside_jupyter_the_cost_is_the_time_of_the_processor(displayed, capsys, monkeypatch):
    monkeypatch.setattr(notebook.time, "process_time", lambda: 90.0)
    notebook.show_cost()
    assert "took 1.5 minutes and" in capsys.readouterr().out


def test_a_table_shows_the_scores_that_are_asked_for(rng):
    report = evaluate(np.arange(20) % 2, rng.random(20), n_boot=20, rng=rng)
    table = report_table({"mine": report}, ("mcc", "ece"))
    assert table.columns.tolist() == ["mcc", "ece"]
    assert table.loc["mine", "mcc"] == str(report["mcc"])


def test_a_model_card_shows_its_scores_and_refuses_gaps(rng):
    report = evaluate(np.arange(20) % 2, rng.random(20), n_boot=20, rng=rng)
    parts = {
        "details": "d", "intended_use": "u", "out_of_scope": ["patients"], "training_data": "t",
        "evaluation_data": "e", "reports": {"test": report}, "caveats": ["c"],
    }  # fmt: skip
    card = model_card("net", **parts)
    assert f"| test | {report['auroc']} |" in card
    assert "**Not for:** patients" in card
    for part in parts:
        empty = parts | {part: type(parts[part])()}
        with pytest.raises(ValueError, match=f"{part} must not be empty"):
            model_card("net", **empty)
