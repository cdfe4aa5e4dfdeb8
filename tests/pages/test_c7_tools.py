"""What chapter 7's page counts, draws and gives away."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from companion.in_torch import CheckpointError, DocumentCNN, load_model
from companion.pages import read_table
from companion.pages.c7_tools import (
    CASES,
    asked_pictures,
    class_name,
    code_lines,
    cost_table,
    gains,
    own_layers,
    plot_answers,
    plot_transfer,
    write_gift,
)


def with_everything():
    """A docstring."""
    # a comment

    return """not a docstring
    # and this is no comment"""


def test_lines_of_code_leave_out_docstrings_comments_and_blank_lines():
    assert code_lines(with_everything) == 3
    assert code_lines(with_everything, with_everything) == 6
    assert own_layers() > code_lines(with_everything)


def test_the_gift_prints_and_does_nothing_else(tmp_path, capsys):
    assert pickle.loads(write_gift(tmp_path / "a.pkl").read_bytes()) is None
    assert capsys.readouterr().out == "This line was printed by the file, while it was read.\n"


def test_the_gift_inside_pytorch_s_archive_is_refused_unread(tmp_path, capsys):
    path = write_gift(tmp_path / "a.pt", inside_torch=True)
    with pytest.raises(CheckpointError, match="refused, damaged or carries code"):
        load_model(path, DocumentCNN((1, 28, 28)))
    assert capsys.readouterr().out == ""


def test_pictures_are_scaled_and_answers_are_written_under_them():
    pictures = asked_pictures()
    assert len(pictures) == 4
    assert all(0 <= p.min() <= p.max() <= 1 for p in pictures.values())
    axes = plot_answers(pictures, {name: [(967, 0.5), (3, 0.25)] for name in pictures})
    assert axes[0].texts[0].get_text() == "espresso  0.500\nclass 3  0.250"
    assert class_name(285) == "Egyptian cat"


def test_the_tables_show_what_was_measured():
    made, table = read_table("four_ways"), cost_table()
    assert list(table.index) == list(made["ways"])
    assert table.loc["PyTorch", "an epoch, s"].startswith(
        f"{made['ways']['PyTorch']['epoch_s'][0]:.2f} ["
    )
    assert len(table.columns) == 4


def test_the_ways_of_the_stored_table_agree():
    ways = read_table("four_ways")["ways"].values()
    losses = [way["loss"] for way in ways]
    assert np.ptp(losses) < 1e-3
    assert max(way["apart"] for way in ways) < 1e-2


def test_the_figure_shows_each_start_at_each_size_with_its_interval():
    stored = read_table("transfer")
    ax = plot_transfer(stored, "test")
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == list(stored["scores"][0]["test"])
    for number, name in enumerate(names):
        line = ax.containers[number].lines[0]
        expected = [row["test"][name]["auroc"][0] for row in stored["scores"]]
        np.testing.assert_allclose(line.get_ydata(), expected)


def test_gains_name_each_size_and_keep_the_value_inside_its_interval():
    stored = read_table("transfer")
    table = gains(stored, "fine-tuned", "small network, random start")
    assert list(table.index) == [f"{size} films" for size in stored["sizes"]]
    for row in stored["scores"]:
        for split in ("validation", "test"):
            for arm in row[split].values():
                for value, low, high in (v for k, v in arm.items() if k != "by seed"):
                    assert low <= value <= high


def test_exercises_have_three_cases_each():
    assert {name: len(cases) for name, cases in CASES.items()} == {
        "as_served": 3, "differing_weights": 3, "helps": 3,
    }  # fmt: skip


def test_the_import_loads_no_framework():
    code = (
        "import sys, companion.pages.c7_tools\n"
        "print(sorted({'torch', 'keras', 'tensorflow', 'pandas', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
