"""The document's model as chapter 5.1 stops it; for the other scripts of this folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from companion.in_torch import DocumentCNN, fit

if TYPE_CHECKING:
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
