"""Backstage of chapter 8: its numbers of films, its tables and its exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from companion.pages._outlook_figures import (
    plot_alarms,
    plot_hospitals,
    plot_prices,
    plot_wealth,
)
from companion.pages._outlook_tables import (
    alarm_table,
    annotation_prices,
    hospital_scores,
    repeated_attacks,
    search_table,
)
from companion.pages._outlook_trials import read_reports, subgroup_table, way_costs
from companion.pages.check import Case

__all__ = [
    "CASES", "alarm_table", "annotation_prices", "film_numbers",
    "hospital_scores", "plot_alarms", "plot_hospitals", "plot_prices",
    "plot_wealth", "read_reports", "repeated_attacks", "search_table", "subgroup_table",
    "way_costs",
]  # fmt: skip

Predict = Callable[[np.ndarray], np.ndarray]

CASES = {
    "federated_mean": [
        Case("as many films in both", (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5, 5])),
             np.array([2.0, 3.0])),
        Case("three times as many in the first", (np.array([[0.0], [4.0]]), np.array([3, 1])),
             np.array([1.0])),
        Case("three hospitals", (np.array([[6.0], [0.0], [3.0]]), np.array([1, 1, 2])),
             np.array([3.0])),
    ],
    "price_per_error": [
        Case("every reading finds one", (2.0, 1.0), 2.0),
        Case("one suspect in four is wrong", (3.0, 0.25), 12.0),
        Case("labels picked at random, one in twenty wrong", (3.0, 0.05), 60.0),
    ],
    "add_one_sign": [
        Case("even odds, twice as common among the ill", (0.5, 0.8, 0.4), 2 / 3),
        Case("as common among the healthy", (0.3, 0.5, 0.5), 0.3),
        Case("a rare illness", (0.01, 0.9, 0.1), 1 / 12),
    ],
}  # fmt: skip


def film_numbers(images: np.ndarray, predict: Predict) -> dict[str, np.ndarray]:
    """Return three numbers of each film that a ward could watch without any label.

    Parameters
    ----------
    images : numpy.ndarray
        float32, (N, 1, H, W), in [0, 1].
    predict : function
        From images to probabilities.

    Returns
    -------
    dict of str to numpy.ndarray
        (N,) each: mean brightness, mean step from pixel to pixel in a column, and probability.
    """
    return {
        "brightness": images.mean(axis=(1, 2, 3)),
        "sharpness": np.abs(np.diff(images, axis=2)).mean(axis=(1, 2, 3)),
        "probability": predict(images),
    }
