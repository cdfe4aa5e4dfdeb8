"""Every explanation held to every score."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import nn

from companion.evaluation.intervals import mean_estimate
from companion.explanation.maps import METHODS, explain
from companion.explanation.scores import (
    deletion_insertion,
    energy_inside,
    pointing_game,
    rank_agreement,
)
from companion.in_torch.training import predict


def randomise(model: nn.Module, *, seed: int = 0) -> Iterator[tuple[str, nn.Module]]:
    """Replace the weights of one layer after the other, from the output to the input.

    A map that explains what the model has learned must change when that is wiped out.

    Parameters
    ----------
    model : torch.nn.Module
        Not changed.
    seed : int
        Of the new weights.

    Yields
    ------
    tuple
        The name of the layer that was wiped out last, and a copy of the model that has lost it
        and all after it; in evaluation mode.

    References
    ----------
    Adebayo et al., arXiv:1810.03292 (cascading parameter randomisation).

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> from companion.explanation.judge import randomise
    >>> [name for name, wiped in randomise(PooledCNN())][:2]
    ['classifier', 'features.9']
    """
    wiped = copy.deepcopy(model)
    layers = [(n, m) for n, m in wiped.named_modules() if hasattr(m, "reset_parameters")]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name, layer in reversed(layers):
            layer.reset_parameters()
            yield name, copy.deepcopy(wiped).eval()


def edges(images: np.ndarray) -> np.ndarray:
    """Return the steps between neighbouring pixels: a map that knows no model at all.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W).

    Returns
    -------
    numpy.ndarray
        float64, (N, H, W), the length of the gradient of the image.

    Examples
    --------
    >>> edges(np.ones((1, 1, 4, 4))).max()
    np.float64(0.0)
    """
    grey = np.asarray(images, float).mean(axis=1)
    down, right = np.gradient(grey, axis=(1, 2))
    return np.hypot(down, right)


#: Maps that know nothing of the model, to be beaten by those that claim to.
IGNORANT = ("edges", "noise")


def score_maps(
    model: nn.Module,
    images: np.ndarray,
    masks: np.ndarray,
    rng: np.random.Generator,
    *,
    methods: Sequence[str] = METHODS,
    few: int = 24,
    noise: float = 0.02,
    **options: object,
) -> dict[str, dict[str, np.ndarray]]:
    """Score explanation methods on films whose lesion is known.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode.
    images : numpy.ndarray
        float32, (N, C, H, W), in [0, 1].
    masks : numpy.ndarray
        bool, (N, H, W): the lesions.
    rng : numpy.random.Generator
        Source of the noise.
    methods : sequence of str
        Of :data:`companion.explanation.maps.METHODS`; edges and noise are added.
    few : int
        The last two scores, which explain again, take the first so many films.
    noise : float
        Standard deviation of what is added to the films for "same under noise".
    **options : object
        For :func:`companion.explanation.maps.explain`.

    Returns
    -------
    dict of str to dict of str to numpy.ndarray
        By method and score, a value a film: pointing at the lesion and energy inside it (more is
        better); mean probability while pixels are deleted (less) and inserted (more); rank
        agreement with the map of a model whose weights were wiped out (about 0 is right) and with
        the map of a noisy film (more).

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> films, lesion = np.zeros((2, 1, 16, 16), np.float32), np.ones((2, 16, 16), bool)
    >>> rng = np.random.default_rng(0)
    >>> scores = score_maps(PooledCNN().eval(), films, lesion, rng, methods=["saliency"])
    >>> scores["edges"]["energy inside"].tolist()
    [1.0, 1.0]
    """
    *_, (_, wiped) = randomise(model)
    noisy = images[:few] + rng.normal(0, noise, images[:few].shape)
    noisy = np.clip(noisy, 0, 1).astype(np.float32)
    found = {}
    for method in [*methods, *IGNORANT]:
        draw = _drawer(method, rng, options)
        maps = draw(model, images)
        deleted, inserted = deletion_insertion(partial(predict, model), images, maps, steps=8)
        found[method] = {
            "points at lesion": pointing_game(maps, masks),
            "energy inside": energy_inside(maps, masks),
            "deletion": deleted.mean(axis=1),
            "insertion": inserted.mean(axis=1),
            "same when wiped out": rank_agreement(maps[:few], draw(wiped, images[:few])),
            "same under noise": rank_agreement(maps[:few], draw(model, noisy)),
        }
    return found


def judge(scores: dict[str, dict[str, np.ndarray]]) -> pd.DataFrame:
    """Return the means over films, with intervals.

    Parameters
    ----------
    scores : dict of str to dict of str to numpy.ndarray
        From :func:`score_maps`.

    Returns
    -------
    pandas.DataFrame
        A row a method, a column a score, of :class:`companion.evaluation.intervals.Estimate`.

    Examples
    --------
    >>> table = judge({"mine": {"energy inside": np.array([0.2, 0.3, 0.4])}})
    >>> print(table.loc["mine", "energy inside"])
    0.300 [0.052, 0.548]
    """
    return pd.DataFrame.from_dict(
        {
            method: {
                name: mean_estimate(values, share=name.startswith("points at"))
                for name, values in by_score.items()
            }
            for method, by_score in scores.items()
        },
        orient="index",
    )


def _drawer(method, rng, options) -> Callable[[nn.Module, np.ndarray], np.ndarray]:
    if method == "edges":
        return lambda model, images: edges(images)
    if method == "noise":
        return lambda model, images: rng.random((len(images), *images.shape[2:]))
    return lambda model, images: explain(model, images, method, **options)
