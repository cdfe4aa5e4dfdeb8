"""From the document's model to a better one: a recipe is trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from companion.films import Films
from companion.history import History
from companion.in_torch import fit
from companion.studies.recipes import Recipe, untrained


@dataclass(frozen=True)
class BalancedLoss:
    """Cross-entropy that weighs both labels alike, with labels moved towards one half.

    Parameters
    ----------
    share : float
        Of the training films, how many have label 1, in (0, 1); one half: no weights.
    smoothing : float
        A label of 1 becomes 1 - smoothing / 2, one of 0 becomes smoothing / 2; in [0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Szegedy et al., CVPR 2016, arXiv:1512.00567 (label smoothing).

    Examples
    --------
    >>> loss = BalancedLoss(share=0.75)
    >>> missed = loss(torch.tensor([9.0, 9.0]), torch.tensor([0.0, 1.0]))
    >>> round(missed.item(), 2)  # 9 nats, times 0.5 / 0.25, over two films
    9.0
    """

    share: float = 0.5
    smoothing: float = 0.0

    def __post_init__(self):
        """Check the numbers."""
        if not (0 < self.share < 1 and 0 <= self.smoothing < 1):
            raise ValueError(
                f"share must be in (0, 1) and smoothing in [0, 1), "
                f"got {self.share} and {self.smoothing}"
            )

    def __call__(
        self, found: torch.Tensor, labels: torch.Tensor, told: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the mean weighted loss in nats of logits and labels, (N,) each.

        Where probabilities are `told`, they are learned instead of the moved labels.
        """
        target = labels * (1 - self.smoothing) + self.smoothing / 2 if told is None else told
        each = binary_cross_entropy_with_logits(found, target, reduction="none")
        weights = torch.where(labels == 1, 0.5 / self.share, 0.5 / (1 - self.share))
        return (each * weights).mean()


def adamw(
    parameters: Iterable[nn.Parameter], *, learning_rate: float, weight_decay: float
) -> torch.optim.AdamW:
    """Return AdamW that lets kernels and matrices decay, but no bias and no normalisation.

    Parameters
    ----------
    parameters : iterable of torch.nn.Parameter
        Of a model.
    learning_rate, weight_decay : float
        Each step multiplies what decays by 1 - learning_rate * weight_decay.

    Returns
    -------
    torch.optim.AdamW
        With two groups.

    References
    ----------
    Loshchilov and Hutter, ICLR 2019, arXiv:1711.05101.

    Examples
    --------
    >>> optimizer = adamw(nn.Linear(2, 1).parameters(), learning_rate=0.1, weight_decay=0.05)
    >>> [group["weight_decay"] for group in optimizer.param_groups]
    [0.05, 0.0]
    """
    parameters = list(parameters)
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def learning_rates(recipe: Recipe, films: int) -> list[float]:
    """Return the learning rate of each step of a recipe, from PyTorch's own schedule.

    Parameters
    ----------
    recipe : Recipe
        Its rate, epochs and batch size are used.
    films : int
        How many training films there are, at least 1.

    Returns
    -------
    list of float
        One a step.

    Raises
    ------
    ValueError
        If there is no film.

    References
    ----------
    Smith and Topin, arXiv:1708.07120.

    Examples
    --------
    >>> rates = learning_rates(Recipe(epochs=10, learning_rate=0.01), films=640)
    >>> len(rates), max(rates), rates[-1] < rates[0]
    (100, 0.01, True)
    """
    if films < 1:
        raise ValueError(f"films must be at least 1, got {films}")
    steps = _steps(recipe, films)
    if not recipe.one_cycle:
        return [recipe.learning_rate] * steps
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=recipe.learning_rate)
    schedule = one_cycle(recipe, films)(optimizer)
    rates = [schedule.get_last_lr()[0]]
    for _ in range(steps - 1):
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    return rates


def _steps(recipe, films):
    return recipe.epochs * math.ceil(films / recipe.batch_size)


def one_cycle(
    recipe: Recipe, films: int
) -> Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.OneCycleLR]:
    """Return what makes the one cycle of an optimiser: of its rate, and of its momentum."""
    return partial(
        torch.optim.lr_scheduler.OneCycleLR,
        max_lr=recipe.learning_rate, total_steps=_steps(recipe, films),
    )  # fmt: skip


def recipe_loss(recipe: Recipe, train: Films) -> BalancedLoss:
    """Return the loss by which a recipe learns from these films."""
    return BalancedLoss(train.labels.mean() if recipe.balanced else 0.5, recipe.smoothing)


def recipe_optimizer(recipe: Recipe) -> Callable[[Iterable[nn.Parameter]], torch.optim.AdamW]:
    """Return what makes a recipe's optimiser of the parameters of a model."""
    return partial(adamw, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay)


def train_recipe(
    recipe: Recipe,
    train: Films,
    validation: Films,
    *,
    seed: int = 0,
    model: nn.Module | None = None,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
    precision: str = "float32",
    progress: bool = True,
) -> tuple[nn.Module, History]:
    """Train one network as a recipe says, and keep its last weights.

    Parameters
    ----------
    recipe : Recipe
        How.
    train, validation : companion.films.Films
        To learn from, and to watch; nothing is chosen on the second.
    seed : int
        Of weights, order, changes and dropout.
    model : torch.nn.Module, optional
        Trained further, instead of a new network of the recipe's.
    loss : function, optional
        From logits and labels, (N,) each, to their loss, instead of the recipe's.
    precision : str
        As in :func:`companion.in_torch.fit`.
    progress : bool
        Show a bar.

    Returns
    -------
    model : companion.in_torch.ResidualCNN
        Trained; or the one that was given.
    history : companion.history.History
        Losses of each epoch.

    Raises
    ------
    ValueError
        If a number of the recipe is out of range, or a label does not occur in `train`.

    Examples
    --------
    >>> import numpy as np
    >>> films = Films(np.random.default_rng(0).random((8, 1, 12, 12)), np.arange(8) % 2)
    >>> small = Recipe(widths=(4, 8), epochs=2)
    >>> model, history = train_recipe(small, films, films, progress=False)
    >>> len(history)
    2
    """
    if model is None:
        model = untrained(recipe, channels=train.images.shape[1], seed=seed)
    history = fit(
        model, train, validation=validation, epochs=recipe.epochs, batch_size=recipe.batch_size,
        optimizer=recipe_optimizer(recipe),
        schedule=one_cycle(recipe, len(train)) if recipe.one_cycle else None,
        schedule_every="batch", loss=recipe_loss(recipe, train) if loss is None else loss,
        augment=recipe.changes, keep="last", precision=precision, seed=seed, progress=progress,
    )  # fmt: skip
    return model, history


def trained(
    recipe: Recipe,
    train: Films,
    watched: Films,
    seed: int,
    precision: str,
    model: nn.Module | None = None,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> nn.Module:
    """Return what :func:`train_recipe` trains, without its losses and without a bar.

    Parameters
    ----------
    recipe : Recipe
        How.
    train, watched : companion.films.Films
        To learn from, and to watch.
    seed : int
        Of weights, order, changes and dropout.
    precision : str
        As in :func:`companion.in_torch.fit`.
    model : torch.nn.Module, optional
        Trained further, instead of a new network of the recipe's.
    loss : function, optional
        Instead of the recipe's.

    Returns
    -------
    torch.nn.Module
        With its last weights.

    Examples
    --------
    >>> import numpy as np
    >>> films = Films(np.random.default_rng(0).random((8, 1, 12, 12)), np.arange(8) % 2)
    >>> trained(Recipe(widths=(4,), epochs=1), films, films, 0, "float32").training
    True
    """
    return train_recipe(
        recipe, train, watched, seed=seed, model=model, loss=loss, precision=precision,
        progress=False,
    )[0]  # fmt: skip
