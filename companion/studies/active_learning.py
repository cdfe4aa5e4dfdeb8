"""Which films to have labelled next: those a model is least sure of, or any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from companion.checks import check_choice
from companion.studies.budgets import SELECTION_EVERY

if TYPE_CHECKING:
    from companion.films import Films

STRATEGIES = ("random", "uncertainty")


def choose_next(
    probabilities: np.ndarray, count: int, strategy: str, rng: np.random.Generator
) -> np.ndarray:
    """Choose which unlabelled films to have labelled.

    Parameters
    ----------
    probabilities : numpy.ndarray
        float, (N,), in [0, 1]: what the present model says of each unlabelled film.
    count : int
        How many, at most N.
    strategy : {"random", "uncertainty"}
        Any films, or those whose probability is nearest to one half.
    rng : numpy.random.Generator
        Source of randomness; it also breaks ties.

    Returns
    -------
    numpy.ndarray
        int, (count,): different indices into `probabilities`.

    Raises
    ------
    ValueError
        If there are not so many films, or the strategy is unknown.

    References
    ----------
    Lewis and Gale, arXiv:cmp-lg/9407020 (uncertainty sampling).

    Examples
    --------
    >>> sure = np.array([0.01, 0.45, 0.99, 0.6])
    >>> choose_next(sure, 2, "uncertainty", np.random.default_rng(0)).tolist()
    [1, 3]
    """
    if not 0 <= count <= len(probabilities):
        raise ValueError(f"count must be from 0 to {len(probabilities)}, got {count}")
    check_choice("strategy", strategy, STRATEGIES)
    order = rng.permutation(len(probabilities))
    if strategy == "uncertainty":
        distance = np.abs(np.asarray(probabilities)[order] - 0.5)
        order = order[np.argsort(distance, kind="stable")]
    return order[:count]


def label_in_rounds(
    learn: Callable,
    pool: Films,
    *,
    sizes: Sequence[int],
    strategy: str,
    seed: int,
) -> Iterator[tuple[int, Callable[[np.ndarray], np.ndarray]]]:
    """Have films labelled round by round, and train from scratch after each.

    The first round is drawn at random and is the same for every strategy.
    Labels of films that were not chosen are never looked at.

    Parameters
    ----------
    learn : function
        From training films, films to choose on and a seed to a predictor,
        as :mod:`companion.studies.learners` has them.
    pool : companion.films.Films
        Films that can be labelled.
    sizes : sequence of int
        Increasing numbers of labelled films, in all, after each round.
    strategy : {"random", "uncertainty"}
        As in :func:`choose_next`.
    seed : int
        Of the choices and of the training.

    Yields
    ------
    tuple
        The number of labelled films, and the predictor learned from them.

    Raises
    ------
    ValueError
        If `sizes` do not increase from 10 on or exceed the pool.

    Examples
    --------
    >>> from companion.films import Films
    >>> pool = Films(np.linspace(0, 1, 50).reshape(50, 1, 1, 1), np.arange(50) // 25)
    >>> from companion.studies.active_learning import label_in_rounds
    >>> def learn(train, selection, seed):
    ...     return lambda images: images[:, 0, 0, 0]
    >>> rounds = label_in_rounds(learn, pool, sizes=[10, 20], strategy="random", seed=0)
    >>> [size for size, predictor in rounds]
    [10, 20]
    """
    if not (len(sizes) and sizes[0] >= 10 and np.all(np.diff(sizes) > 0)):
        raise ValueError(f"sizes must increase from at least 10, got {list(sizes)}")
    if sizes[-1] > len(pool):
        raise ValueError(f"sizes must be at most {len(pool)}, the pool, got {sizes[-1]}")
    rng = np.random.default_rng(seed)
    chosen, left = np.empty(0, int), rng.permutation(len(pool))
    probabilities = np.full(len(pool), 0.5)
    for size in sizes:
        picked = choose_next(probabilities, size - len(chosen), strategy, rng)
        chosen, left = np.append(chosen, left[picked]), np.delete(left, picked)
        held = np.arange(size) % SELECTION_EVERY == SELECTION_EVERY - 1
        train, selection = chosen[~held], chosen[held]
        predictor = learn(pool[train], pool[selection], seed)
        yield size, predictor
        if len(left):
            probabilities = predictor(pool.images[left])
