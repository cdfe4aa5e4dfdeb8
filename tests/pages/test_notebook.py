"""What cells display."""

from __future__ import annotations

import re

import numpy as np
import pytest

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


def test_versions_are_one_line(capsys):
    notebook.show_versions("numpy", "scipy")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert re.match(r"Ready: Python 3\.\d+\.\d+, companion \d.*, numpy \d.*, scipy \d", out)


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


def test_cost_is_a_sentence_and_a_value_for_the_top_of_the_page(displayed, capsys):
    notebook.show_cost()
    sentence = capsys.readouterr().out.strip()
    assert re.fullmatch(
        r"Running this page took [\d.]+ minutes and [\d.]+ GB of memory on \d+ CPU cores\.",
        sentence,
    )
    assert displayed == [{"application/papermill.record/text/plain": sentence}]


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
