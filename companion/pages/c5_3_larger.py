"""Backstage of chapter 5.3: its figures and tables, and the cases of its exercises."""

from __future__ import annotations

import numpy as np

from companion.pages._process_tables import (
    draw_shares,
    lose_process,
    scaling_table,
    talking_table,
)
from companion.pages._shard_tables import memory_table, shuffle_table
from companion.pages._speed_tables import (
    days,
    plot_days,
    precision_table,
    ratios,
    speed_table,
)
from companion.pages.check import Case

__all__ = [
    "CASES",
    "days",
    "draw_shares",
    "lose_process",
    "memory_table",
    "plot_days",
    "precision_table",
    "ratios",
    "scaling_table",
    "shuffle_table",
    "speed_table",
    "talking_table",
]

CASES = {
    "mean_gradient": [
        Case("even shares of 2 and 2 films, one weight",
             (np.array([[1.0], [3.0]]), np.array([2, 2])), np.array([2.0])),
        Case("shares of 3 films and 1: (3 x 1 + 1 x 5) / 4",
             (np.array([[1.0], [5.0]]), np.array([3, 1])), np.array([2.0])),
        Case("three processes, two weights: each weight has its own mean",
             (np.array([[6.0, 0.0], [3.0, 3.0], [0.0, 9.0]]), np.array([3, 2, 1])),
             np.array([4.0, 2.5])),
        Case("a process without films has no say",
             (np.array([[2.0, -4.0], [0.0, 0.0]]), np.array([5, 0])), np.array([2.0, -4.0])),
    ],
    "talk_seconds": [
        Case("two workers: each sends its gradient of 32 million bits once",
             (1e6, 32, 2, 1e9, 0.0), 0.032),
        Case("four workers: one and a half gradients, and six messages of a millisecond",
             (1e6, 32, 4, 1e9, 1e-3), 0.054),
        Case("16 bits instead of 32", (1e6, 16, 4, 1e9, 0.0), 0.024),
        Case("one worker has nobody to talk to", (1e6, 32, 1, 1e9, 1e-3), 0.0),
    ],
}  # fmt: skip
