"""A million films in shards take no more memory than ten thousand, but for what each film needs."""

from __future__ import annotations

import pytest

from companion.pages._shard_tables import memory_table, shuffle_table
from companion.pages.tables import read_table

STREAMED = ("in order", "in windows", "shuffled")


@pytest.fixture(scope="module")
def stored():
    return read_table("million_films")


def test_memory_is_flat_in_shards_and_grows_with_the_films_without(stored):
    more = {
        (run["way"], run["films"]): run["anonymous_mb"] - run["before_mb"]
        for run in stored["epochs"]
    }
    assert more["in memory", 1_000_000] > 2900
    for way in STREAMED:
        # Labels and order are 16 bytes a film; windows are full only of 100,000 films on.
        grown = more[way, 1_000_000] - more[way, 100_000]
        assert grown < 2 * 16 * 900_000 / 2**20, way
        assert more[way, 1_000_000] < 120, way


def test_under_the_limit_only_shards_are_read(stored):
    ends = {run["way"]: run.get("refused") for run in stored["limited"]}
    assert ends == {"in memory": "MemoryError"} | dict.fromkeys(STREAMED)
    assert stored["limit_mb"] * 2**20 < 784e6  # the least that a million films need


def test_only_a_full_shuffle_mixes_as_chance_does(stored):
    mixing = stored["mixing"]
    assert mixing["in order"] > 0.4
    assert mixing["shuffled"] == pytest.approx(0.5 / stored["batch"] ** 0.5, abs=0.01)
    assert mixing["shuffled"] < mixing["in windows"] < mixing["in order"]


def test_the_tables_say_what_was_measured(stored):
    memory = memory_table(stored)
    assert list(memory.columns[:3]) == ["10,000 films", "100,000 films", "1,000,000 films"]
    assert memory.loc["in memory"].iloc[-1] == "refused"
    assert set(memory.loc[list(STREAMED)].iloc[:, -1]) == {"read to the end"}
    assert list(shuffle_table(stored).index) == list(STREAMED)
