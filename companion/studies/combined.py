"""A third round of ideas: sharpness-aware training beside another change, and two more alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from companion.checks import check_array
from companion.data import Changes
from companion.films import Films
from companion.studies.better import recipe_loss, trained
from companion.studies.recipes import ASIDE, Recipe, untrained
from companion.studies.variants import Variant, renormalized, sharpness_aware, snapshots


@dataclass(frozen=True)
class Erased:
    """Changes of films after which one square of each is blank, half as high as the film.

    Parameters
    ----------
    changes : companion.data.Changes
        Drawn first.

    References
    ----------
    DeVries and Taylor, arXiv:1708.04552.

    Examples
    --------
    >>> films = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    >>> Erased()(films, np.random.default_rng(0)).shape
    (2, 1, 8, 8)
    """

    changes: Changes = Changes()  # noqa: RUF009 (frozen)

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return films (N, C, H, W), float32; a square has the mean of its film.

        Its middle lies anywhere, so that a part of it may lie outside.
        """
        check_array("images", images, "N C H W")
        changed = np.array(self.changes(images, rng))  # a copy: no change may give the films back
        height, width = images.shape[2:]
        middles = rng.integers((height, width), size=(len(images), 2))
        half = height // 4
        for film, (row, column) in zip(changed, middles, strict=True):
            top, left = max(row - half, 0), max(column - half, 0)
            film[:, top : row + half, left : column + half] = film.mean(axis=(1, 2))[:, None, None]
        return changed


class _Mixed(nn.Module):
    """A network that is shown sums of two films while it learns."""

    def __init__(self, pupil):
        super().__init__()
        self.pupil = pupil
        self.share = self.order = None

    def forward(self, images):
        self.order = None
        if self.training:
            self.share = torch.distributions.Beta(0.2, 0.2).sample()
            self.order = torch.randperm(len(images))
            images = self.share * images + (1 - self.share) * images[self.order]
        return self.pupil(images)


def mixed(recipe: Recipe, train: Films, watched: Films, seed: int, precision: str) -> nn.Module:
    """Train on sums of two films, with the loss of both labels in the same shares.

    References
    ----------
    Zhang, Cisse, Dauphin and Lopez-Paz, ICLR 2018, arXiv:1710.09412.
    """
    mixing = _Mixed(untrained(recipe, channels=train.images.shape[1], seed=seed))
    plain = recipe_loss(recipe, train)

    def loss(found, labels):
        if mixing.order is None:
            return plain(found, labels)
        share, others = mixing.share, labels[mixing.order]
        return share * plain(found, labels) + (1 - share) * plain(found, others)

    return trained(recipe, train, watched, seed, precision, mixing, loss).pupil


def averaged_weights(
    recipe: Recipe, train: Films, watched: Films, seed: int, precision: str
) -> nn.Module:
    """Spend half of the epochs on one cycle, the others at a quarter of its rate; average those.

    The statistics of batch normalisation are those of training films, changed once.

    References
    ----------
    Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, UAI 2018, arXiv:1803.05407.
    """
    cycle = replace(recipe, epochs=recipe.epochs // 2)
    model = untrained(recipe, channels=train.images.shape[1], seed=seed)
    trained(cycle, train, watched, seed, precision, model)
    going_on = replace(recipe, epochs=1, one_cycle=False, learning_rate=recipe.learning_rate / 4)
    mean = AveragedModel(model)
    for number in range(1, recipe.epochs - cycle.epochs + 1):
        trained(going_on, train, watched, seed + 1_000_003 * number, precision, model)
        mean.update_parameters(model)
    images = train.images
    if recipe.changes is not None:
        images = recipe.changes(images, np.random.default_rng([seed, 2]))
    return renormalized(mean.module, images)


_LAST = Recipe()
#: By what the chapter calls them: how each is trained, and by which recipe.
COMBINED: dict[str, tuple[Variant, Recipe]] = {
    "sharpness-aware, changed twice": (sharpness_aware, ASIDE["changed twice as much"]),
    "sharpness-aware, wider": (sharpness_aware, ASIDE["wider"]),
    "sharpness-aware, enlarged": (sharpness_aware, ASIDE["enlarged to 56 pixels"]),
    "sharpness-aware, erased": (sharpness_aware, replace(_LAST, changes=Erased())),
    "sharpness-aware, snapshots": (partial(snapshots, method=sharpness_aware), _LAST),
    "sharpness-aware, twice as far": (partial(sharpness_aware, reach=0.1), _LAST),
    "sharpness-aware at the end": (partial(sharpness_aware, plain=0.75), _LAST),
    "mixed films": (mixed, _LAST),
    "averaged weights": (averaged_weights, _LAST),
}
