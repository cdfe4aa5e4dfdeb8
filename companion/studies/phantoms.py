"""The experiment of chapter 9.3: networks trained on phantoms, whose lesions are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import nn

from companion.data.marker import add_marker
from companion.data.phantom import make_cohort
from companion.films import Films
from companion.in_torch.training import fit, predict

#: How many patients, one film each, a split has.
COUNTS = {"train": 2000, "validation": 300, "test": 300}


def draw_splits(
    seed: int, *, counts: Mapping[str, int] = COUNTS, size: int = 32
) -> dict[str, Films]:
    """Make the films of each split; no patient is in two.

    Parameters
    ----------
    seed : int
        Of the films.
    counts : mapping of str to int
        Number of patients by split.
    size : int
        Height and width in pixels, at least 16.

    Returns
    -------
    dict of str to companion.films.Films
        By the names in `counts`; the masks are the lesions.

    Examples
    --------
    >>> splits = draw_splits(0, counts={"train": 4, "test": 2}, size=16)
    >>> splits["train"].images.shape, splits["test"].masks.shape
    ((4, 1, 16, 16), (2, 16, 16))
    """
    rng = np.random.default_rng(seed)
    return {
        name: make_cohort(rng, patients=count, size=size, films=(1, 1))
        for name, count in counts.items()
    }


def mark_those(films: Films, label: int) -> Films:
    """Put a marker into the corner of every film of one label.

    Parameters
    ----------
    films : companion.films.Films
        Not changed.
    label : {0, 1}
        Whose films.

    Returns
    -------
    companion.films.Films
        With the same labels and lesions.

    Examples
    --------
    >>> films = draw_splits(0, counts={"test": 6}, size=16)["test"]
    >>> changed = (mark_those(films, 1).images != films.images).any(axis=(1, 2, 3))
    >>> bool((changed == (films.labels == 1)).all())
    True
    """
    chosen = (films.labels == label)[:, None, None, None]
    return films.with_images(np.where(chosen, add_marker(films.images), films.images))


def train_on(
    splits: Mapping[str, Films],
    model: nn.Module,
    *,
    epochs: int = 5,
    learning_rate: float = 2e-3,
    seed: int = 0,
) -> nn.Module:
    """Train a network on the phantoms, its epoch chosen on validation.

    Parameters
    ----------
    splits : mapping of str to companion.films.Films
        With "train" and "validation".
    model : torch.nn.Module
        Gives logits (N,); it is changed.
    epochs : int
        At most so many passes.
    learning_rate : float
        Adam's.
    seed : int
        Of the shuffling.

    Returns
    -------
    torch.nn.Module
        The model, in evaluation mode.

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> splits = draw_splits(0, counts={"train": 8, "validation": 8}, size=16)
    >>> train_on(splits, PooledCNN(1), epochs=1).training
    False
    """
    fit(
        model, splits["train"], validation=splits["validation"], epochs=epochs, seed=seed,
        optimizer=partial(torch.optim.Adam, lr=learning_rate), progress=False,
    )  # fmt: skip
    return model.eval()


def found_by_all(films: Films, models: Sequence[nn.Module], *, most: int = 40) -> np.ndarray:
    """Choose films whose lesion every model finds: the map of a wrong answer has nothing to show.

    Parameters
    ----------
    films : companion.films.Films
        Of the test.
    models : sequence of torch.nn.Module
        In evaluation mode.
    most : int
        At most so many films, the first ones.

    Returns
    -------
    numpy.ndarray
        int, rows of `films`.

    Raises
    ------
    ValueError
        If there is no such film.

    Examples
    --------
    >>> films = draw_splits(0, counts={"test": 6}, size=16)["test"]
    >>> found_by_all(films, [], most=2).tolist() == np.flatnonzero(films.labels)[:2].tolist()
    True
    """
    found = films.labels == 1
    for model in models:
        found &= predict(model, films.images) > 0.5
    if not found.any():
        raise ValueError("models must find a lesion in common, got none: train them longer")
    return np.flatnonzero(found)[:most]
