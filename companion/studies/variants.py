"""Other ideas of the literature, each on top of a recipe: one function an idea."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn.functional import conv2d, max_pool2d

from companion.films import Films
from companion.in_torch.training import as_tensor, in_precision, mode, paced, shuffled
from companion.studies.better import one_cycle, recipe_loss, recipe_optimizer, trained
from companion.studies.recipes import Recipe, untrained

#: From recipe, training films, watched films, seed and precision to a trained network.
Variant = Callable[[Recipe, Films, Films, int, str], nn.Module]


class BlurredPool(nn.Module):
    """The largest of each 2 x 2 pixels, blurred before every second one is dropped.

    A film that is shifted by one pixel then changes the maps less than behind a plain pool.

    References
    ----------
    Zhang, ICML 2019, arXiv:1904.11486.

    Examples
    --------
    >>> BlurredPool()(torch.ones(1, 3, 6, 6)).shape
    torch.Size([1, 3, 3, 3])
    """

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return maps of half the height and width."""
        width = maps.shape[1]
        row = torch.tensor([1.0, 2.0, 1.0], device=maps.device, dtype=maps.dtype)
        kernel = (torch.outer(row, row) / 16).expand(width, 1, 3, 3)
        largest = nn.functional.pad(max_pool2d(maps, 2, stride=1), (1, 1, 1, 1), "replicate")
        return conv2d(largest, kernel, stride=2, groups=width)


class Together(nn.Module):
    """The mean logit of several networks.

    Parameters
    ----------
    members : sequence of torch.nn.Module
        Give logits (N,).
    """

    def __init__(self, members: Sequence[nn.Module]):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits, (N,)."""
        return torch.stack([member(images) for member in self.members]).mean(dim=0)


class _Taught(nn.Module):
    """A network that learns the answers of a teacher who sees the same changed films."""

    def __init__(self, pupil, teacher):
        super().__init__()
        self.pupil = pupil
        self.unregistered = [teacher.eval()]  # in a list: not learned, not saved
        self.told = None

    def forward(self, images):
        self.told = None
        if self.training:
            with torch.no_grad():
                self.told = torch.sigmoid(self.unregistered[0](images).float())
        return self.pupil(images)


def blurred_pools(
    recipe: Recipe, train: Films, watched: Films, seed: int, precision: str
) -> nn.Module:
    """Train a network whose poolings are :class:`BlurredPool`."""
    model = untrained(recipe, channels=train.images.shape[1], seed=seed)
    for position, layer in enumerate(model.features):
        if isinstance(layer, nn.MaxPool2d):
            model.features[position] = BlurredPool()
    return trained(recipe, train, watched, seed, precision, model)


def snapshots(
    recipe: Recipe,
    train: Films,
    watched: Films,
    seed: int,
    precision: str,
    *,
    method: Variant = trained,
) -> Together:
    """Train in four short cycles instead of a long one, and let the ends of all four answer.

    A cycle is a training by a `method` that goes on from a model.

    References
    ----------
    Huang et al., ICLR 2017, arXiv:1704.00109.
    """
    cycle = replace(recipe, epochs=recipe.epochs // 4)
    model, kept = untrained(recipe, channels=train.images.shape[1], seed=seed), []
    for number in range(4):
        method(cycle, train, watched, seed + 1_000_003 * number, precision, model)
        kept.append(deepcopy(model))
    return Together(kept)


def distilled(recipe: Recipe, train: Films, watched: Films, seed: int, precision: str) -> nn.Module:
    """Train a network on the answers of another one of the same recipe, instead of the labels.

    References
    ----------
    Hinton et al., arXiv:1503.02531. Furlanello et al., ICML 2018, arXiv:1805.04770.
    """
    teacher = trained(recipe, train, watched, seed + 1_000_003, precision)
    taught = _Taught(untrained(recipe, channels=train.images.shape[1], seed=seed), teacher)
    weighed = recipe_loss(recipe, train)

    def loss(found, labels):
        return weighed(found, labels, taught.told)

    return trained(recipe, train, watched, seed, precision, taught, loss).pupil


def pretrained_on_mirrored(
    recipe: Recipe, train: Films, watched: Films, seed: int, precision: str
) -> nn.Module:
    """Let a network first tell mirrored films from others, which needs no label; then train it.

    References
    ----------
    Gidaris et al., ICLR 2018, arXiv:1803.07728, who turned photographs instead.
    """
    rng = np.random.default_rng([seed, 1])
    mirrored = np.arange(len(train)) % 2
    images = train.images[rng.permutation(len(train))].copy()
    images[mirrored == 1] = images[mirrored == 1, ..., ::-1]
    model = untrained(recipe, channels=train.images.shape[1], seed=seed)
    pretext = Films(images, mirrored)
    trained(replace(recipe, smoothing=0), pretext, watched, seed, precision, model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model.classifier[-1].reset_parameters()
    return trained(recipe, train, watched, seed, precision, model)


def sharpness_aware(
    recipe: Recipe,
    train: Films,
    watched: Films,
    seed: int,
    precision: str,
    model: nn.Module | None = None,
    *,
    reach: float = 0.05,
    plain: float = 0.0,
) -> nn.Module:
    """Train by the slopes at the worst point nearby, which looks for flat ground.

    At each step the weights first go up the slope; the slopes that are found there are used from
    where the weights were.

    Parameters
    ----------
    recipe : companion.studies.Recipe
        As in :func:`companion.studies.trained`, and so are the next five.
    train, watched : companion.films.Films
        The second are not asked.
    seed : int
        As there.
    precision : str
        As there.
    model : torch.nn.Module, optional
        As there.
    reach : float
        How far up the slope, over all weights together.
    plain : float
        The share of the epochs, from the first on, that do without.

    Returns
    -------
    torch.nn.Module
        With its last weights.

    References
    ----------
    Foret et al., ICLR 2021, arXiv:2010.01412. Zhou et al., ICLR 2025, arXiv:2410.10373 (`plain`).

    Examples
    --------
    >>> films = Films(np.random.default_rng(0).random((8, 1, 12, 12)), np.arange(8) % 2)
    >>> recipe = Recipe(widths=(4,), epochs=2)
    >>> model = sharpness_aware(recipe, films, films, 0, "float32", plain=0.5)
    """
    if model is None:
        model = untrained(recipe, channels=train.images.shape[1], seed=seed)
    model.to(memory_format=torch.channels_last)
    learner, loss = in_precision(model, precision), recipe_loss(recipe, train)
    updates = recipe_optimizer(recipe)(model.parameters())
    rates = one_cycle(recipe, len(train))(updates) if recipe.one_cycle else None
    weights = list(model.parameters())
    with torch.random.fork_rng(devices=[]), mode(model, training=True):
        for epoch in range(recipe.epochs):
            torch.manual_seed(seed * 100_003 + epoch)
            rng = np.random.default_rng([seed, epoch])
            batches = shuffled(train, recipe.batch_size, rng, recipe.changes)
            for images, labels in batches if rates is None else paced(batches, rates):
                _find_slopes(learner, loss, images, labels, updates)
                if epoch >= plain * recipe.epochs:
                    steps = _uphill(weights, reach)
                    _move(weights, steps, 1)
                    _find_slopes(learner, loss, images, labels, updates)
                    _move(weights, steps, -1)
                updates.step()
    return model


def _find_slopes(learner, loss, images, labels, updates):
    updates.zero_grad()
    loss(learner(images), labels).backward()


def _uphill(weights, reach):
    """Return the way up the slope, as long as `reach` over all weights together."""
    steps = [weight.grad.clone() for weight in weights]
    length = torch.linalg.vector_norm(
        torch.stack([torch.linalg.vector_norm(step) for step in steps])
    )
    torch._foreach_mul_(steps, reach / (length + 1e-12))
    return steps


@torch.no_grad()
def _move(weights, steps, sign):
    for weight, step in zip(weights, steps, strict=True):
        weight.add_(step, alpha=sign)


def renormalized(model: nn.Module, images: np.ndarray, *, batch_size: int = 256) -> nn.Module:
    """Return a copy whose batch normalisation has the statistics of these images, not labels.

    Parameters
    ----------
    model : torch.nn.Module
        Not changed.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1]: films of the other room. They are mixed first, so that
        the order in which they lie says nothing.
    batch_size : int
        How many at a time.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.

    References
    ----------
    Schneider et al., NeurIPS 2020, arXiv:2006.16971.

    Examples
    --------
    >>> model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    >>> images = np.full((6, 1, 2, 2), 0.75, np.float32)
    >>> renormalized(model, images)[0].running_mean.tolist()
    [0.75]
    """
    model = deepcopy(model).eval()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean over batches
            layer.train()
    order = np.random.default_rng(0).permutation(len(images))
    with torch.inference_mode():
        for rows in np.array_split(order, -(-len(order) // batch_size)):
            model(as_tensor(images[rows]))
    return model.eval()


#: By what the chapter calls them.
VARIANTS: dict[str, Variant] = {
    "blurred pooling": blurred_pools,
    "snapshots": snapshots,
    "distilled": distilled,
    "pretrained on mirrored films": pretrained_on_mirrored,
    "sharpness-aware": sharpness_aware,
}
