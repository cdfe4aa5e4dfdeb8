"""Backstage of chapter 5.2: its figures and tables, and the cases of its exercises."""

from __future__ import annotations

import numpy as np

from companion.pages._better_figures import (
    first_kernels,
    plot_block,
    plot_kernels,
    plot_published,
    plot_rates,
    plot_rules,
    plot_softened,
)
from companion.pages._better_tables import (
    DOCUMENT,
    PUBLISHED,
    RENORMALIZED,
    below_first,
    cost_of,
    folds_table,
    gap_table,
    published_table,
    recipe_table,
    result_table,
    revealed,
    rule_scores,
    scores_on_test,
    scores_over_looks,
    search_table,
    shift_table,
    with_films,
)
from companion.pages.check import Case

__all__ = [
    "CASES",
    "DOCUMENT",
    "PUBLISHED",
    "RENORMALIZED",
    "below_first",
    "cost_of",
    "first_kernels",
    "folds_table",
    "gap_table",
    "plot_block",
    "plot_kernels",
    "plot_published",
    "plot_rates",
    "plot_rules",
    "plot_softened",
    "published_table",
    "recipe_table",
    "result_table",
    "revealed",
    "rule_scores",
    "scores_on_test",
    "scores_over_looks",
    "search_table",
    "shift_table",
    "with_films",
]  # fmt: skip

_FOUND = {
    "A": {"as they are": 0.99, "blurred": 0.70, "noisy": 0.80},
    "B": {"as they are": 0.95, "blurred": 0.90, "noisy": 0.91},
    "C": {"as they are": 0.97, "blurred": 0.96, "noisy": 0.72},
}
CASES = {
    "softened_loss": [
        Case("label 1 moved by 0.2: target 0.9", (np.array([0.5]), np.array([1]), 0.2),
             -np.log(0.5)),
        Case("a sure and right answer is no longer free", (np.array([0.99]), np.array([1]), 0.2),
             -0.9 * np.log(0.99) - 0.1 * np.log(0.01)),
        Case("no smoothing: plain cross-entropy, the mean of two films",
             (np.array([0.8, 0.4]), np.array([1, 0]), 0.0),
             (-np.log(0.8) - np.log(0.6)) / 2),
        Case("label 0 is moved as well", (np.array([0.25]), np.array([0]), 0.4),
             -0.2 * np.log(0.25) - 0.8 * np.log(0.75)),
    ],
    "choose_recipe": [
        Case("three recipes, two shifts", (_FOUND,), "B"),
        Case("films as they are are not asked", (
            {"A": {"as they are": 0.9, "noisy": 0.6}, "B": {"as they are": 0.5, "noisy": 0.7}},),
            "B"),
        Case("the order of the names does not matter",
             (dict(reversed(list(_FOUND.items()))),), "B"),
    ],
}  # fmt: skip
