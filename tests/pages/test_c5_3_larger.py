"""What chapter 5.3's page draws and checks; its tables have tests of their own beside this one."""

from __future__ import annotations

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from companion.in_torch import all_reduce_seconds
from companion.pages import read_table
from companion.pages.c5_3_larger import CASES, days, plot_days

STORED = {
    "sizes": {
        "224": {
            "tf.keras": {"train": [100.0, 50.0, 200.0]},
            "in_torch.fit": {"train": [150.0, 100.0, 200.0]},
        }
    }
}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_days_are_films_times_epochs_over_the_speed():
    """A film a second for a day is 86,400 films."""
    found = days(STORED, 224, "tf.keras", films=8.64e6, epochs=2)
    np.testing.assert_allclose(found, [2, 4, 1])


def test_a_bar_is_the_median_and_each_round_has_a_dot():
    ax = plot_days(STORED)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(
        [np.median(days(STORED, 224, way)) for way in STORED["sizes"]["224"]]
    )
    assert [len(line.get_xdata()) for line in ax.lines] == [3, 3]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["tf.keras", "in_torch.fit"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first way stands above"
    assert [text.get_text() for text in ax.texts] == ["1.00 times", "1.50 times"]


def test_large_films_take_more_than_a_week_and_small_ones_less_than_a_day():
    """The page says so."""
    speed = read_table("throughput")
    assert np.median(days(speed, 224, "plain PyTorch")) > 7
    for way in speed["sizes"]["28"]:
        assert days(speed, 28, way).max() < 1


def test_exercises_have_three_cases_or_more():
    assert {name: len(cases) for name, cases in CASES.items()} == {
        "mean_gradient": 4, "talk_seconds": 4,
    }  # fmt: skip


def test_the_right_times_of_talk_are_those_of_the_package():
    for case in CASES["talk_seconds"]:
        weights, bits, workers, bandwidth, latency = case.arguments
        seconds = all_reduce_seconds(
            weights, workers, bandwidth_gbit_per_s=bandwidth / 1e9, latency_seconds=latency,
            bytes_each=bits // 8,
        )  # fmt: skip
        assert seconds == pytest.approx(case.right, rel=1e-12)


def test_the_import_loads_no_framework():
    code = (
        "import sys, companion.pages.c5_3_larger\n"
        "print(sorted({'torch', 'keras', 'tensorflow', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
