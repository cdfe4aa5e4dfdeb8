"""From lines to masks: a box of known volume, the file that pydicom ships, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from companion.applications import structure_mask
from companion.data import DoseGrid, Structure, read_dose_grid, read_structures

GRID = DoseGrid(np.ones((6, 20, 30)), (5.0, 2.0, 2.0), (100.0, 0.0, 0.0), "1.2", "PLAN")


def box(low, high, slices, frame="1.2"):
    """Lines around a box: (y, x) from low to high, on these slices."""
    corners = [(low[0], low[1]), (low[0], high[1]), (high[0], high[1]), (high[0], low[1])]
    lines = tuple(np.array([(z, y, x) for y, x in corners], float) for z in slices)
    return Structure("box", lines, frame)


def test_a_box_has_its_volume():
    mask = structure_mask(box((5, 7), (25, 39), (105, 110, 115)), GRID)
    assert mask.sum(axis=(1, 2)).tolist() == [0, 160, 160, 160, 0, 0]
    assert mask[1].any(1).sum() == 10
    assert mask.sum() * 20 / 1000 == pytest.approx(20 * 32 * 15 / 1000)


def test_lines_between_the_grids_slices_reach_half_way_to_the_next():
    mask = structure_mask(box((5, 5), (15, 15), (103, 113)), GRID)  # each stands for 10 mm
    assert mask.any(axis=(1, 2)).tolist() == [True, True, True, True, False, False]


def test_a_line_in_a_line_is_a_hole():
    outer, inner = box((3, 3), (35, 35), (105, 110)), box((11, 11), (23, 23), (105, 110))
    both = replace(outer, lines=outer.lines + inner.lines)
    difference = structure_mask(outer, GRID).sum() - structure_mask(inner, GRID).sum()
    assert structure_mask(both, GRID).sum() == difference


def test_the_shipped_structure_lies_in_another_frame_of_reference_than_the_shipped_dose():
    patient = read_structures(get_testdata_file("rtstruct.dcm"))["patient"]
    dose = read_dose_grid(get_testdata_file("rtdose.dcm"), reference_gy=30)
    with pytest.raises(ValueError, match="nobody knows how they lie to each other"):
        structure_mask(patient, dose)


def test_the_shipped_structure_is_filled_on_a_grid_of_its_own():
    patient = read_structures(get_testdata_file("rtstruct.dcm"))["patient"]
    grid = DoseGrid(np.ones((3, 32, 42)), (10.0, 10.0, 10.0), (-200.0, -155.0, -205.0),
                    patient.frame_of_reference, "PLAN")  # fmt: skip
    mask = structure_mask(patient, grid)
    assert mask[0].sum() == 30 * 40  # 300 mm by 400 mm


@pytest.mark.parametrize(
    ("structure", "said"),
    [
        (box((5, 5), (15, 15), (105, 110), frame="9"), "frame of reference 9, the dose in 1.2"),
        (box((5, 5), (15, 15), (205, 210)), "lies outside the dose grid"),
        (box((5, 5), (15, 75), (105, 110)), "reaches beyond the dose grid"),
        (box((5, 5), (15, 15), (90, 95, 100)), "reaches beyond the dose grid"),
        (box((5, 5), (15, 15), (105,)), "drawn on one slice"),
        (box((4.4, 4.4), (5.2, 5.2), (105, 110)), "holds no centre of a voxel"),
    ],
)
def test_what_has_no_dose_everywhere_is_refused(structure, said):
    with pytest.raises(ValueError, match=said):
        structure_mask(structure, GRID)
