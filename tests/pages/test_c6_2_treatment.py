"""What chapter 6.2's target hands to its page: siblings, tables, worst and best, drawings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from companion.data import load_hippocampus
from companion.data.volumes import Volume
from companion.pages import c6_2_treatment as page
from companion.pages import read_table


@pytest.fixture
def scored():
    """Return three scans, two structures: scan 1 is worst, scan 2 best."""
    rows = [
        {"scan": scan, "patient": f"p{scan}", "structure": structure, "dice": dice + more,
         "hd95_mm": 2.0, "assd_mm": 1.0 + scan / 10, "surface_dice": 0.5 + scan / 10,
         "volume_error_ml": 0.1}
        for scan, dice in enumerate((0.7, 0.4, 0.9))
        for structure, more in (("anterior", 0.0), ("posterior", 0.05))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_worst_median_and_best_by_the_mean_of_both_structures(scored):
    rows, titles = page.case_rows(scored)
    assert rows == [1, 0, 2]
    assert [title.split(":")[0] for title in titles] == ["worst", "median", "best"]
    assert titles[0].endswith((" 0.42", " 0.43"))
    table = page.case_rows(scored, as_table=True)
    assert table.index.get_level_values(0).tolist() == ["worst"] * 2 + ["median"] * 2 + ["best"] * 2
    assert table["Dice"].iloc[0] == 0.4


def test_a_distance_that_is_unknown_is_said_to_be(scored):
    table = page.estimates_table({"network": scored})
    assert table.loc["network, anterior", "Dice"].startswith("0.67 [")
    scored.loc[0, "hd95_mm"] = np.nan
    table = page.estimates_table({"network": scored})
    assert table.loc["network, posterior", "HD95, mm"] == "1 unknown"


def test_siblings_share_the_step_between_their_grey_values():
    data = load_hippocampus(fallback="phantom")
    image = np.arange(8.0).reshape(2, 2, 2)

    def _read(number):
        step = 1 + (number + 1) // 2 / 10
        return Volume((step * image).astype(np.float32), (1, 1, 1), np.eye(4)), image.astype(int)

    table = page.shared_steps(replace(data, reader=_read, numbers=np.arange(1, 11)), 10)
    assert table.loc["2k-1 and 2k"].tolist() == [5, 5]
    assert table.loc["2k and 2k+1"].tolist() == [4, 0]


def test_the_stored_benchmark_says_what_the_page_says_of_it():
    stored = read_table("segmentation")
    losses = page.benchmark_losses(stored)
    lowest = losses["lowest and highest seed"].str.split(", ").str[0].astype(float)
    assert lowest["both"] > lowest["Dice"]
    assert lowest["both"] > float(losses.loc["cross-entropy", "lowest and highest seed"][-5:])
    assert stored["chosen"] == "both"
    networks = page.benchmark_networks(stored)
    assert len(networks) == 6
    dice = networks["Dice"].str.split().str[0].astype(float)
    assert dice.filter(like="mean mask").max() < dice.drop(dice.filter(like="mean").index).min()
    assert page.benchmark_costs(stored).shape == (2, 4)
    assert "dirty" not in stored["commit"]


def test_a_drawn_u_net_has_a_box_for_each_level_and_way():
    ax = page.plot_unet((8, 16, 32), (40, 20, 10), 3)
    said = [text.get_text() for text in ax.texts]
    assert said.count("8") == said.count("16") == 2
    assert said.count("32") == 1
    assert "labels\n3" in said
