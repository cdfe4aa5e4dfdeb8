"""Backstage of chapter 6.2: its own figures and numbers, and the cases of its exercises."""

from __future__ import annotations

import numpy as np

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
    "CASES", "SHARES", "STRUCTURES", "benchmark_costs", "benchmark_losses", "benchmark_networks",
    "case_rows", "contour_errors", "estimates_table", "grey_step", "mean_mask", "place_mask",
    "plot_cases", "plot_errors", "plot_planes", "plot_unet", "read_volumes",
    "readers_differ", "shared_steps",
]  # fmt: skip

#: Of the patients: to learn from, to choose on, to be tested once.
SHARES = (0.6, 0.15, 0.25)
#: What the labels of the hippocampus mean, without the background.
STRUCTURES = {1: "anterior", 2: "posterior"}

_SQUARE = np.zeros((4, 4), bool)
_SQUARE[1:3, 1:3] = True
_HALF = np.zeros((4, 4), bool)
_HALF[1:3, 1] = True
CASES = {
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
