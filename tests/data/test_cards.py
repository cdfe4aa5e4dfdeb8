"""Cards say what the loaders do, and have no gaps."""

from __future__ import annotations

import dataclasses

import pytest

from companion.data import dataset_card
from companion.data.breast import LICENCE as BREAST_LICENCE
from companion.data.breast_mri import LICENCE as BREAST_MRI_LICENCE
from companion.data.hannover import LICENCE as HANNOVER_LICENCE
from companion.data.hippocampus import LICENCE as HIPPOCAMPUS_LICENCE
from companion.data.wpbc import LICENCE as WPBC_LICENCE


@pytest.mark.parametrize(
    "name", ["breast", "breast_mri", "hannover", "hippocampus", "nodules", "wpbc"]
)
def test_every_part_is_printed(name):
    card = dataset_card(name)
    text = card.to_markdown()
    for part in (card.name, card.source, card.licence, card.made, *card.faults, *card.missing):
        assert part in text
    assert "doi:" in card.source
    assert card.licence.startswith("CC BY")
    assert text.count("\n- ") == 3 + len(card.faults) + len(card.missing)


def test_licences_are_those_of_the_loaders():
    assert dataset_card("breast").licence.startswith(f"{BREAST_LICENCE},")
    assert dataset_card("hippocampus").licence.startswith(f"{HIPPOCAMPUS_LICENCE}:")
    assert dataset_card("breast_mri").licence == f"{BREAST_MRI_LICENCE}."
    assert dataset_card("hannover").licence == f"{HANNOVER_LICENCE}."
    assert dataset_card("wpbc").licence.startswith(f"{WPBC_LICENCE},")


@pytest.mark.parametrize("part", ["licence", "faults", "missing"])
def test_a_card_with_a_gap_is_refused(part):
    with pytest.raises(ValueError, match=f"^{part} must not be empty"):
        dataclasses.replace(dataset_card("breast"), **{part: ""})


def test_an_unknown_card_is_refused():
    with pytest.raises(ValueError, match="'retina'"):
        dataset_card("retina")
