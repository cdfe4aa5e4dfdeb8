"""What page 5.3 shows of several processes."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from companion.pages._process_tables import (
    RESNET50_STEP_SECONDS,
    draw_shares,
    lose_process,
    scaling_table,
    step_seconds,
    talking_table,
)

MEASURED = {
    "films": 320,
    "parameters": {"document": 100_000, "ResNet-50": 25_000_000},
    "runs": [
        {"batch_size": 32, "processes": 1, "epoch_seconds": [2.0, 3.0, 4.0]},
        {"batch_size": 32, "processes": 2, "epoch_seconds": [1.0, 2.0, 4.0]},
    ],
}


def test_the_ratio_is_taken_within_each_round():
    (row,) = scaling_table(MEASURED).to_dict("records")
    assert row["one process (s)"] == "3.0"
    assert row["two processes (s)"] == "2.0"
    assert row["times as fast"] == "1.50 [1.00, 2.00]"


def test_talking_is_a_share_of_a_step():
    """By hand: 7/4 of 100,000 numbers of 32 bits at 10^9 bits a second are 5.6 ms of 300 ms."""
    assert step_seconds(MEASURED) == pytest.approx(0.3)
    table = talking_table(MEASURED)
    assert table.iloc[0, 0] == "5.6 ms, 1.9% of a step"
    assert len(table) == 3
    assert pytest.approx(0.2558, abs=1e-4) == RESNET50_STEP_SECONDS


def test_one_process_is_killed_once_after_its_epoch():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        read = lose_process(1, after_epoch=2)
        read(f"process 0 of 2: pid 1process 1 of 2: pid {process.pid}")  # as two writers may do
        read("epoch 1 of 3: loss 0.5")
        assert psutil.pid_exists(process.pid)
        read("epoch 2 of 3: loss 0.4")
        assert process.wait(timeout=60) != 0
        read(f"process 1 of 2: pid {process.pid}")
        read("epoch 2 of 3: loss 0.4")


def test_the_picture_shares_all_films_out():
    texts = [text.get_text() for text in draw_shares().axes[0].texts]
    assert "films 1\N{EN DASH}4" in texts
    assert "films 5\N{EN DASH}8" in texts
