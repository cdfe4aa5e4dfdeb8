"""How what chapter 5.2 compares is trained, by its name; for the other scripts of this folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from companion.in_torch import DocumentCNN, fit
from companion.pages.c5_2_better import DOCUMENT
from companion.studies import ASIDE, COMBINED, LATER, STEPS, VARIANTS, trained

if TYPE_CHECKING:
    from companion.films import Films
    from companion.history import History
    from companion.studies.members import Training


def train_stopped(train: Films, validation: Films, seed: int) -> tuple[DocumentCNN, History]:
    """Train until two epochs have not improved on the best; return the model and its losses."""
    model = DocumentCNN((1, 28, 28), seed=seed)
    history = fit(
        model, train, validation=validation, epochs=12, patience=2, batch_size=64,
        optimizer=partial(torch.optim.Adam, lr=2e-3), seed=seed, progress=False,
    )  # fmt: skip
    return model, history


def training_of(name: str) -> Training:
    """Return how the document's model, a recipe, or a variant of one is trained."""
    if name == DOCUMENT:
        return _document
    last = list(STEPS.values())[-1]
    known = {recipe: (trained, how) for recipe, how in (STEPS | ASIDE | LATER).items()}
    known |= {variant: (how, last) for variant, how in VARIANTS.items()} | COMBINED
    return partial(*known[name])


def _document(train, watched, seed, _precision):
    return train_stopped(train, watched, seed)[0]
