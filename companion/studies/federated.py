"""Federated averaging: hospitals train one model together, and no film leaves its hospital.

Flower's simulation would do it for many machines; it asks for other versions of protobuf, rich
and packaging than the book's, and the idea fits on a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from companion.checks import check_labels
from companion.in_torch.training import shuffled, train_epoch, validate, weights_of

if TYPE_CHECKING:
    from companion.films import Films

Weights = Mapping[str, torch.Tensor]


def deal_hospitals(
    labels: np.ndarray,
    sizes: Sequence[int],
    prevalences: Sequence[float],
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Deal a pool of films to hospitals of unequal size and prevalence; none gets a film twice.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1: of the pool.
    sizes : sequence of int
        How many films each hospital gets.
    prevalences : sequence of float
        Share of label 1 in each, between 0 and 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    list of numpy.ndarray
        Rows of the pool for each hospital.

    Raises
    ------
    ValueError
        If the two sequences differ in length, a hospital would lack a label, or the pool has too
        few films of one.

    Examples
    --------
    >>> dealt = deal_hospitals([0] * 10 + [1] * 10, [8, 4], [0.25, 0.5], np.random.default_rng(0))
    >>> [len(rows) for rows in dealt], [int((rows >= 10).sum()) for rows in dealt]
    ([8, 4], [2, 2])
    """
    labels = check_labels("labels", labels, both=True)
    if len(sizes) != len(prevalences) or not len(sizes):
        raise ValueError(
            f"sizes and prevalences must be one a hospital, got {len(sizes)} and {len(prevalences)}"
        )
    left = {label: rng.permutation(np.flatnonzero(labels == label)) for label in (0, 1)}
    dealt = []
    for size, prevalence in zip(sizes, prevalences, strict=True):
        ill = round(size * prevalence)
        rows = []
        for label, count in ((0, size - ill), (1, ill)):
            if not 1 <= count <= len(left[label]):
                raise ValueError(
                    f"a hospital of {size} films at prevalence {prevalence:g} needs {count} of "
                    f"label {label}, expected 1 to {len(left[label])}, which are left"
                )
            rows.append(left[label][:count])
            left[label] = left[label][count:]
        dealt.append(rng.permutation(np.concatenate(rows)))
    return dealt


def average_weights(weights: Sequence[Weights], films: Sequence[int]) -> dict[str, torch.Tensor]:
    """Return the mean of several models' weights, each counted by how many films it learned from.

    Statistics of batch normalisation are averaged as weights are; counters are taken from the
    first model.

    Parameters
    ----------
    weights : sequence of mapping
        ``model.state_dict()`` of each, of one architecture.
    films : sequence of int
        How many films each learned from, above 0.

    Returns
    -------
    dict of str to torch.Tensor
        For ``model.load_state_dict``.

    Raises
    ------
    ValueError
        If the sequences differ in length, a count is not above 0, or the models differ in names
        or shapes.

    References
    ----------
    McMahan et al., AISTATS 2017, arXiv:1602.05629 (federated averaging).

    Examples
    --------
    >>> average_weights([{"w": torch.tensor([0.0])}, {"w": torch.tensor([4.0])}], [3, 1])
    {'w': tensor([1.])}
    """
    _check_models(weights, films)
    total = sum(films)
    mean = {}
    for name, first in weights[0].items():
        mean[name] = first.clone()
        if torch.is_floating_point(first):  # a counter is no weight
            # In float64: the order of the hospitals then leaves no trace in the sum.
            parts = [n / total * part[name].double()
                     for part, n in zip(weights, films, strict=True)]  # fmt: skip
            mean[name] = sum(parts).to(first.dtype)
    return mean


def fit_federated(
    model: nn.Module,
    hospitals: Sequence[Films],
    *,
    validation: Films,
    rounds: int = 10,
    local_epochs: int = 1,
    batch_size: int = 32,
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] = torch.optim.Adam,
    seed: int = 0,
) -> list[float]:
    """Train one model over several hospitals; leave it with the weights of its best round.

    In each round every hospital starts from the common weights, trains on its own films, and
    sends its weights back; their mean is the new common model.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (N, C, H, W), gives logits (N,); changed in place.
    hospitals : sequence of companion.films.Films
        Each hospital's training films.
    validation : companion.films.Films
        On which the best round is chosen.
    rounds, local_epochs, batch_size : int
        How often weights are averaged, epochs in a hospital between, films an update.
    optimizer : function
        From the parameters to an optimiser, new in each round.
    seed : int
        Of the order of the films.

    Returns
    -------
    list of float
        Validation loss after each round.

    Raises
    ------
    ValueError
        If there is no hospital, or a number is below 1.
    FloatingPointError
        If a loss is no longer finite.

    References
    ----------
    McMahan et al., AISTATS 2017, arXiv:1602.05629.

    Examples
    --------
    >>> from companion.films import Films
    >>> films = Films(np.random.default_rng(0).random((8, 1, 2, 2)), np.arange(8) % 2)
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    >>> losses = fit_federated(net, [films[:6], films[6:]], validation=films, rounds=2)
    >>> len(losses)
    2
    """
    if not len(hospitals):
        raise ValueError("hospitals must be at least one, got none")
    numbers = {"rounds": rounds, "local_epochs": local_epochs, "batch_size": batch_size}
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    losses, best = [], weights_of(model)
    for turn in range(rounds):
        common, sent = weights_of(model), []
        for place, films in enumerate(hospitals):
            model.load_state_dict(common)
            updates = optimizer(model.parameters())
            for epoch in range(local_epochs):
                rng = np.random.default_rng([seed, turn, place, epoch])
                train_epoch(model, shuffled(films, batch_size, rng), updates, epoch=turn + 1)
            sent.append(weights_of(model))
        model.load_state_dict(average_weights(sent, [len(films) for films in hospitals]))
        losses.append(
            validate(model, validation, nn.functional.binary_cross_entropy_with_logits)[0]
        )
        if losses[-1] == min(losses):
            best = weights_of(model)
    model.load_state_dict(best)
    return losses


def _check_models(weights, films):
    """Raise unless there is a mean of these models."""
    if len(weights) != len(films) or not len(films):
        raise ValueError(
            f"weights and films must be one a hospital, got {len(weights)} and {len(films)}"
        )
    if min(films) <= 0:
        raise ValueError(f"films must be above 0, got {list(films)}")
    shapes = [{name: tuple(value.shape) for name, value in part.items()} for part in weights]
    if any(other != shapes[0] for other in shapes):
        raise ValueError("weights must be of one architecture, got other names or shapes")
