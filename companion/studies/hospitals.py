"""Three simulated hospitals of unequal size and prevalence, and the ways to train for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from companion.films import Films, join_films
from companion.in_torch import PooledCNN, fit, predict
from companion.studies.federated import deal_hospitals, fit_federated

#: Films of the three hospitals, and the share of them that shows pneumonia.
SIZES, PREVALENCES = (600, 200, 60), (0.9, 0.5, 0.2)
#: Films of no hospital, on which each way of training chooses its epoch or round.
CHOOSING, ROUNDS = 300, 15

Predict = Callable[[np.ndarray], np.ndarray]


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

    Raises
    ------
    ValueError
        If the pool has too few films of a label.

    Examples
    --------
    >>> films = Films(np.zeros((2000, 1, 1, 1)), np.arange(2000) % 2)
    >>> hospitals, choosing = open_hospitals(films, np.random.default_rng(0))
    >>> [len(own) for own in hospitals], len(choosing)
    ([600, 200, 60], 300)
    """
    rows = deal_hospitals(pool.labels, (*SIZES, CHOOSING), (*PREVALENCES, 0.5), rng)
    *hospitals, choosing = (pool[own] for own in rows)
    return hospitals, choosing


def train_small(train: Films, choosing: Films, *, seed: int, epochs: int = 6) -> Predict:
    """Train a small pooled network for a few epochs; give its predictions.

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

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> films = Films(np.random.default_rng(0).random((8, 1, 8, 8)), np.arange(8) % 2)
    >>> train_small(films, films, seed=0, epochs=1)(films.images).shape
    (8,)
    """
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

    Raises
    ------
    ValueError
        If there are not three hospitals.

    Examples
    --------
    >>> films = Films(np.random.default_rng(0).random((8, 1, 8, 8)), np.arange(8) % 2)
    >>> list(train_every_way([films, films, films], films, seed=0))
    ['large alone', 'middle alone', 'small alone', 'federated', 'pooled']
    """
    if len(hospitals) != 3:
        raise ValueError(f"hospitals must be three, got {len(hospitals)}")
    names = ("large alone", "middle alone", "small alone")
    ways = {
        name: train_small(films, choosing, seed=seed, epochs=ROUNDS)
        for name, films in zip(names, hospitals, strict=True)
    }
    common = _network(seed)
    fit_federated(common, hospitals, validation=choosing, rounds=ROUNDS, optimizer=_quick(),
                  seed=seed)  # fmt: skip
    ways["federated"] = partial(predict, common)
    ways["pooled"] = train_small(join_films(hospitals), choosing, seed=seed, epochs=ROUNDS)
    return ways


def _network(seed):
    return PooledCNN(widths=(8, 16, 32), seed=seed)


def _quick():
    return partial(torch.optim.Adam, lr=2e-3)
