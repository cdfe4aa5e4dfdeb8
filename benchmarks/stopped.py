"""What chapter 5.2 compares, trained by its name; for the other scripts of this folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from companion.in_torch import DocumentCNN, fit
from companion.pages.c5_2_better import DOCUMENT
from companion.studies import ASIDE, COMBINED, LATER, STEPS, VARIANTS, train_recipe

if TYPE_CHECKING:
    from torch import nn

    from companion.films import Films
    from companion.history import History


def train_stopped(train: Films, validation: Films, seed: int) -> tuple[DocumentCNN, History]:
    """Train until two epochs have not improved on the best; return the model and its losses."""
    model = DocumentCNN((1, 28, 28), seed=seed)
    history = fit(
        model, train, validation=validation, epochs=12, patience=2, batch_size=64,
        optimizer=partial(torch.optim.Adam, lr=2e-3), seed=seed, progress=False,
    )  # fmt: skip
    return model, history


def train_named(name: str, train: Films, watched: Films, seed: int, precision: str) -> nn.Module:
    """Train the document's model, a recipe, a variant of the last step, or one of another."""
    if name == DOCUMENT:
        return train_stopped(train, watched, seed)[0]
    if name in VARIANTS:
        return VARIANTS[name](list(STEPS.values())[-1], train, watched, seed, precision)
    if name in COMBINED:
        variant, recipe = COMBINED[name]
        return variant(recipe, train, watched, seed, precision)
    recipe = (STEPS | ASIDE | LATER)[name]
    return train_recipe(recipe, train, watched, seed=seed, precision=precision, progress=False)[0]
