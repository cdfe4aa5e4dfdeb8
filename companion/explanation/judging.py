"""Every explanation held to every score."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch
from torch import nn

from companion.checks import check_images
from companion.evaluation.intervals import mean_estimate
from companion.explanation._model import expect_evaluation_mode
from companion.explanation.maps import METHODS, explain
from companion.explanation.scores import (
    _check_masks,
    deletion_insertion,
    energy_inside,
    pointing_game,
    rank_agreement,
)
from companion.in_torch.training import predict

#: A function from a model and images (N, C, H, W) to maps (N, H, W).
Explainer = Callable[[nn.Module, np.ndarray], np.ndarray]


def randomise(model: nn.Module, *, seed: int = 0) -> Iterator[tuple[str, nn.Module]]:
    """Draw the weights of one layer after the other anew, from the last to the first.

    A map that explains what the model has learned must change when that is lost.

    Parameters
    ----------
    model : torch.nn.Module
        Every layer in evaluation mode; not changed. Its layers are taken in the order in which
        ``model.named_modules()`` lists them.
    seed : int
        Of the new weights.

    Returns
    -------
    iterator of tuple
        The name of the layer that was randomised last, and a copy of the model in which it and
        all layers after it are randomised.

    Raises
    ------
    ValueError
        If a layer is in training mode, or has weights and no way to draw them anew: they would
        stay as they were learned.

    References
    ----------
    Adebayo et al., arXiv:1810.03292 (cascading parameter randomisation).

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> [name for name, randomised in randomise(PooledCNN().eval())][:2]
    ['classifier', 'features.9']
    """
    expect_evaluation_mode(model)
    for name, layer in model.named_modules():
        if [*layer.parameters(recurse=False)] and not hasattr(layer, "reset_parameters"):
            raise ValueError(
                f"model must know how to draw its weights anew, "
                f"got {name or 'weights'} ({type(layer).__name__}) without reset_parameters"
            )
    return _randomised(copy.deepcopy(model), seed)


def _randomised(model, seed):
    layers = [(n, m) for n, m in model.named_modules() if hasattr(m, "reset_parameters")]
    state = torch.Generator().manual_seed(seed).get_state()
    for name, layer in reversed(layers):
        # Within one layer only: between two the caller may draw, and must find torch's own state.
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state)
            layer.reset_parameters()
            state = torch.get_rng_state()
        yield name, copy.deepcopy(model)


def edges(images: np.ndarray) -> np.ndarray:
    """Return the steps between neighbouring pixels: a map that knows no model at all.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].

    Returns
    -------
    numpy.ndarray
        float64, (N, H, W), the length of the gradient of the image.

    Raises
    ------
    ValueError
        If the images are not as above.

    Examples
    --------
    >>> float(edges(np.ones((1, 1, 4, 4))).max())
    0.0
    """
    grey = check_images("images", images).mean(axis=1, dtype=np.float64)
    down, right = np.gradient(grey, axis=(1, 2))
    return np.hypot(down, right)


#: Maps that know nothing of the model, to be beaten by those that claim to.
BASELINES = ("edges", "noise")


def score_maps(
    model: nn.Module,
    images: np.ndarray,
    masks: np.ndarray,
    rng: np.random.Generator,
    *,
    methods: Sequence[str] = METHODS,
    more: Mapping[str, Explainer] = MappingProxyType({}),
    few: int = 24,
    noise: float = 0.02,
    **options: object,
) -> dict[str, dict[str, np.ndarray]]:
    """Score explanation methods on films whose lesion is known.

    Parameters
    ----------
    model : torch.nn.Module
        Every layer in evaluation mode.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].
    masks : array_like
        bool, or 0 and 1, (N, H, W): the lesions.
    rng : numpy.random.Generator
        Source of the noise.
    methods : sequence of str
        Of :data:`companion.explanation.METHODS`; edges and noise are added.
    more : mapping of str to function
        Further maps by their name: functions of a model and images, such as
        ``partial(explain, method="occlusion", fill=mean_film)``.
    few : int
        The last two scores, which explain again, take the first so many films.
    noise : float
        Standard deviation of what is added to the films for "same under noise".
    **options : object
        For :func:`companion.explanation.explain`, in all `methods`.

    Returns
    -------
    dict of str to dict of str to numpy.ndarray
        By method and score, a value a film: pointing at the lesion and energy inside it (more is
        better); mean probability while pixels are deleted (less) and inserted (more); rank
        agreement with the map of a randomised model (about 0 is right) and with the map of a
        noisy film (more).

    Raises
    ------
    ValueError
        As :func:`companion.explanation.explain`, :func:`companion.explanation.pointing_game` and
        :func:`companion.explanation.randomise`; if two maps share a name, or a number is out of
        range.

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> films, lesion = np.zeros((2, 1, 16, 16), np.float32), np.ones((2, 16, 16), bool)
    >>> rng = np.random.default_rng(0)
    >>> scores = score_maps(PooledCNN().eval(), films, lesion, rng, methods=["saliency"])
    >>> scores["edges"]["energy inside"].tolist()
    [1.0, 1.0]
    """
    images = check_images("images", images)
    masks = _check_masks(masks, (len(images), *images.shape[2:]))
    if few < 1 or not 0 <= noise < np.inf:
        raise ValueError(f"few must be at least 1 and noise at least 0, got {few}, {noise}")
    names = [*methods, *more, *BASELINES]
    if len(set(names)) < len(names):
        raise ValueError(f"methods and more must have names of their own, got {names}")
    explainers = {method: partial(explain, method=method, **options) for method in methods}
    explainers |= dict(more)
    explainers["edges"] = lambda model, images: edges(images)
    explainers["noise"] = lambda model, images: rng.random((len(images), *images.shape[2:]))
    *_, (_, randomised) = randomise(model)
    noisy = images[:few] + rng.normal(0, noise, images[:few].shape)
    noisy = np.clip(noisy, 0, 1).astype(np.float32)
    found = {}
    for name, explainer in explainers.items():
        maps = explainer(model, images)
        deleted, inserted = deletion_insertion(partial(predict, model), images, maps, steps=8)
        found[name] = {
            "points at lesion": pointing_game(maps, masks),
            "energy inside": energy_inside(maps, masks),
            "deletion": deleted.mean(axis=1),
            "insertion": inserted.mean(axis=1),
            "same when randomised": rank_agreement(maps[:few], explainer(randomised, images[:few])),
            "same under noise": rank_agreement(maps[:few], explainer(model, noisy)),
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
    0.300 [0.116, 0.583]
    """
    return pd.DataFrame.from_dict(
        {
            method: {
                name: _mean(name, np.asarray(values, float)) for name, values in by_score.items()
            }
            for method, by_score in scores.items()
        },
        orient="index",
    )


def _mean(name, values):
    """Return the mean of a score over films; of a yes or no a film, the interval of a share."""
    yes_or_no = name.startswith("points at") and bool(np.isin(values, (0, 1)).all())
    bounds = None if yes_or_no else (-1.0 if name.startswith("same") else 0.0, 1.0)
    return mean_estimate(values, share=yes_or_no, bounds=bounds)
