"""The tables of speed: medians, and ratios within a round."""

from __future__ import annotations

import numpy as np
import pytest

from companion.pages._speed_tables import precision_table, ratios, speed_table
from companion.pages.tables import read_table

STORED = {
    "sizes": {
        "28": {
            "tf.keras": {"train": [100, 50, 200], "ask": [10, 10, 10], "peak_bytes": 8e8},
            "in_torch.fit": {"train": [150, 100, 200], "ask": [20, 30, 40], "peak_bytes": 4e8},
        }
    },
    "auroc": {"float32": [0.90, 0.92, 0.94], "bfloat16": [0.91, 0.92, 0.96]},
}


def test_a_ratio_compares_two_ways_within_one_round():
    """Of 150/100, 100/50, 200/200; the ratio of the medians, 150/100, would be another one."""
    np.testing.assert_allclose(ratios(STORED, 28, "in_torch.fit"), [1.5, 2, 1])
    row = speed_table(STORED, 28).loc["in_torch.fit"]
    assert row["training, films/s"] == "150"
    assert row["times tf.keras"] == "1.50 [1.00, 2.00]"
    assert row["times tf.keras "] == "3.00 [2.00, 4.00]"
    assert row["memory, MB"] == "400"


def test_bfloat16_is_compared_seed_by_seed():
    table = precision_table(STORED)
    assert table.loc["float32", "less float32's"] == ""
    difference = table.loc["bfloat16", "less float32's"]
    mean, deviation = 0.01, 0.01  # of +.01, 0, +.02; Student's 95 % point with 2 degrees: 4.303
    assert difference.startswith(f"{mean:+.4f} [")
    low = float(difference.split("[")[1].split(",")[0])
    assert low == pytest.approx(mean - 4.303 * deviation / np.sqrt(3), abs=2e-3)


def test_without_bfloat16_in_the_processor_the_table_has_one_row():
    assert list(precision_table(STORED | {"auroc": {"float32": [0.9, 0.8]}}).index) == ["float32"]


def test_the_stored_run_is_whole():
    stored = read_table("throughput")
    assert set(stored["sizes"]) == {"28", "224"}
    for size, ways in stored["sizes"].items():
        rounds = {len(own[what]) for own in ways.values() for what in ("train", "ask")}
        assert len(rounds) == 1
        assert min(rounds) >= 5, "so few rounds show no range"
        assert list(speed_table(stored, int(size)).index) == list(ways)
        assert {"tf.keras", "Keras on PyTorch", "plain PyTorch", "in_torch.fit"} <= set(ways)
