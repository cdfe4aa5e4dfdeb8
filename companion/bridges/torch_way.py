"""One task in PyTorch: gradients by the framework, the loop by the user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from companion.bridges._way import check_task
from companion.films import Films


def train_with_torch(
    films: Films,
    start: Sequence[np.ndarray],
    *,
    epochs: int = 3,
    batch_size: int = 32,
    learning_rate: float = 0.05,
) -> tuple[list[float], np.ndarray]:
    """Train the document's model with PyTorch's layers.

    Parameters
    ----------
    films : companion.films.Films
        (N, 1, 28, 28), taken in their order.
    start : sequence of numpy.ndarray
        The ten arrays of :func:`companion.bridges.same_start` for "torch".
    epochs, batch_size : int
        Passes over the films; films an update.
    learning_rate : float
        Of plain gradient descent.

    Returns
    -------
    losses : list of float
        Mean loss of each epoch.
    probabilities : numpy.ndarray
        (N,): what the trained model says of the same films.

    Raises
    ------
    ValueError
        If the films or a number are of another kind.

    Examples
    --------
    >>> from companion.bridges import same_start
    >>> films = Films(np.zeros((4, 1, 28, 28)), [0, 1, 0, 1])
    >>> losses, probabilities = train_with_torch(films, same_start(0)["torch"], epochs=1)
    >>> round(losses[0], 3), probabilities.round(2).tolist()
    (0.693, [0.5, 0.5, 0.5, 0.5])
    """
    check_task(films, epochs, batch_size, learning_rate)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1), nn.Flatten(0),
    )  # fmt: skip
    named = zip(model.state_dict(), map(torch.as_tensor, start), strict=True)
    model.load_state_dict(dict(named))
    images, labels = torch.from_numpy(films.images), torch.from_numpy(films.labels).float()
    optimizer = torch.optim.SGD(model.parameters(), learning_rate)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.arange(len(films)).split(batch_size):
            loss = binary_cross_entropy_with_logits(model(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(films))
    with torch.inference_mode():
        parts = [torch.sigmoid(model(part)) for part in images.split(256)]
    return losses, torch.cat(parts).numpy()
