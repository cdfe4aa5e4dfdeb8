"""Backstage of chapter 8: its hospitals, its numbers of films, its tables and its exercises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

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
    read_reports,
    repeated_attacks,
    search_table,
    subgroup_table,
    way_costs,
)
from companion.pages.check import Case

if TYPE_CHECKING:
    from companion.films import Films

__all__ = [
    "CASES", "PREVALENCES", "SIZES", "alarm_table", "annotation_prices", "film_numbers",
    "hospital_scores", "open_hospitals", "plot_alarms", "plot_hospitals", "plot_prices",
    "plot_wealth", "read_reports", "repeated_attacks", "search_table", "subgroup_table",
    "train_every_way", "train_small", "way_costs",
]  # fmt: skip

#: Films of the three hospitals, and the share of them that shows pneumonia.
SIZES, PREVALENCES = (600, 200, 60), (0.9, 0.5, 0.2)
#: Films of no hospital, on which each way of training chooses its epoch or round.
CHOOSING, ROUNDS = 300, 15

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


def open_hospitals(pool: Films, rng: np.random.Generator) -> tuple[list[Films], Films]:
    """Deal three hospitals, and films of none of them on which training may choose.

    Parameters
    ----------
    pool : companion.films.Films
        With enough films of both labels.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    hospitals : list of Films
        Of :data:`SIZES` and :data:`PREVALENCES`.
    choosing : Films
        As many of each label.
    """
    from companion.studies import deal_hospitals

    rows = deal_hospitals(pool.labels, (*SIZES, CHOOSING), (*PREVALENCES, 0.5), rng)
    *hospitals, choosing = (pool[own] for own in rows)
    return hospitals, choosing


def train_small(train: Films, choosing: Films, *, seed: int, epochs: int = 6) -> Predict:
    """Train the chapter's small network; give its predictions.

    Parameters
    ----------
    train, choosing : companion.films.Films
        To learn from, and to choose the epoch on.
    seed : int
        Of the weights and of the order.
    epochs : int
        At most so many.

    Returns
    -------
    function
        From images to probabilities.
    """
    from companion.in_torch import fit, predict

    model = _network(seed)
    fit(model, train, validation=choosing, epochs=epochs, optimizer=_quick(), seed=seed,
        progress=False)  # fmt: skip
    return partial(predict, model)


def train_every_way(hospitals: list[Films], choosing: Films, *, seed: int) -> dict[str, Predict]:
    """Train each hospital alone, all by federated averaging, and all films in one place.

    Parameters
    ----------
    hospitals : list of companion.films.Films
        Their training films.
    choosing : companion.films.Films
        On which epoch or round is chosen.
    seed : int
        Of the weights and of the order.

    Returns
    -------
    dict of str to function
        By way, in the order of the page's tables.
    """
    from companion.films import Films
    from companion.in_torch import predict
    from companion.studies import fit_federated

    names = ("large alone", "middle alone", "small alone")
    ways = {
        name: train_small(films, choosing, seed=seed, epochs=ROUNDS)
        for name, films in zip(names, hospitals, strict=True)
    }
    common = _network(seed)
    fit_federated(common, hospitals, validation=choosing, rounds=ROUNDS, optimizer=_quick(),
                  seed=seed)  # fmt: skip
    ways["federated"] = partial(predict, common)
    pooled = Films(
        np.concatenate([films.images for films in hospitals]),
        np.concatenate([films.labels for films in hospitals]),
    )
    ways["pooled"] = train_small(pooled, choosing, seed=seed, epochs=ROUNDS)
    return ways


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


def _network(seed):
    from companion.in_torch import PooledCNN

    return PooledCNN(widths=(8, 16, 32), seed=seed)


def _quick():
    from torch.optim import Adam

    return partial(Adam, lr=2e-3)
