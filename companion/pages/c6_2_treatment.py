"""Backstage of chapter 6.2: its own figures and numbers, and the cases of its exercises."""

from __future__ import annotations

import numpy as np

from companion.pages._dose_figures import (
    NAMES,
    plot_beams,
    plot_contributions,
    plot_dose_planes,
    plot_errors_of_dose,
    plot_histograms,
    plot_slice,
    plot_two_plans,
)
from companion.pages._dose_numbers import (
    beamlet_rows,
    error_rows,
    goal_row,
    margin_rows,
    plan_rows,
)
from companion.pages._dose_operated import for_dose
from companion.pages._target_figures import plot_cases, plot_errors, plot_planes, plot_unet
from companion.pages._target_numbers import (
    contour_errors,
    grey_step,
    mean_mask,
    place_mask,
    read_volumes,
    readers_differ,
    shared_steps,
)
from companion.pages._target_tables import (
    benchmark_costs,
    benchmark_losses,
    benchmark_networks,
    case_rows,
    estimates_table,
)
from companion.pages.check import Case

__all__ = [
    "CASES", "NAMES", "SHARES", "STRUCTURES", "beamlet_rows", "benchmark_costs",
    "benchmark_losses", "benchmark_networks", "case_rows", "contour_errors", "error_rows",
    "estimates_table", "for_dose", "goal_row", "grey_step", "margin_rows", "mean_mask",
    "place_mask", "plan_rows", "plot_beams", "plot_cases", "plot_contributions",
    "plot_dose_planes", "plot_errors", "plot_errors_of_dose", "plot_histograms", "plot_planes",
    "plot_slice", "plot_two_plans", "plot_unet", "read_volumes", "readers_differ", "shared_steps",
]  # fmt: skip

#: Of the patients: to learn from, to choose on, to be tested once.
SHARES = (0.6, 0.15, 0.25)
#: What the labels of the hippocampus mean, without the background.
STRUCTURES = {1: "anterior", 2: "posterior"}

_SQUARE = np.zeros((4, 4), bool)
_SQUARE[1:3, 1:3] = True
_HALF = np.zeros((4, 4), bool)
_HALF[1:3, 1] = True
_DOSE_GY = np.array([[50.0, 60.0, 0.0], [49.0, 52.0, 10.0]])
_TARGET = np.array([[True, False, False], [True, True, False]])
CASES = {
    "conformity": [
        Case("two of three covered, one beside them", (_DOSE_GY, _TARGET, 50.0), 4 / 9),
        Case("just the target", (50.0 * _TARGET, _TARGET, 50.0), 1.0),
        Case("everything gets the dose", (np.full((2, 3), 60.0), _TARGET, 50.0), 0.5),
    ],
    "dice": [
        Case("four voxels, two of them found", (_HALF, _SQUARE), 2 / 3),
        Case("the same mask twice", (_SQUARE, _SQUARE), 1.0),
        Case("nothing in common", (_SQUARE, np.roll(_SQUARE, 2, axis=0)), 0.0),
    ],
    "volume_ml": [
        Case("eight voxels of 1 mm", (np.ones((2, 2, 2), bool), (1.0, 1.0, 1.0)), 0.008),
        Case("slices of 3 mm", (np.ones((2, 2, 2), bool), (3.0, 0.5, 0.5)), 0.006),
        Case("half of the voxels are in", (np.arange(8).reshape(2, 2, 2) % 2 == 0, (2.0, 1.0, 1.0)),
             0.008),
    ],
}  # fmt: skip
