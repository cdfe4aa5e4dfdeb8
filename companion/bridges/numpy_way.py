"""One task in NumPy: every gradient by the book's own layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from companion import by_hand
from companion.bridges._way import check_task
from companion.films import Films


def train_with_numpy(
    films: Films,
    start: Sequence[np.ndarray],
    *,
    epochs: int = 3,
    batch_size: int = 32,
    learning_rate: float = 0.05,
) -> tuple[list[float], np.ndarray]:
    """Train the document's model with layers written by hand.

    Parameters
    ----------
    films : companion.films.Films
        (N, 1, 28, 28), taken in their order.
    start : sequence of numpy.ndarray
        The ten arrays of :func:`companion.bridges.same_start` for "numpy".
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
        If the films or a number are of another kind, or `start` does not fit.

    Examples
    --------
    >>> films = Films(np.zeros((4, 1, 28, 28)), [0, 1, 0, 1])
    >>> losses, probabilities = train_with_numpy(
    ...     films, by_hand.DocumentCNN(seed=0).arrays(), epochs=1)
    >>> round(losses[0], 3), probabilities.round(2).tolist()
    (0.693, [0.5, 0.5, 0.5, 0.5])
    """
    check_task(films, epochs, batch_size, learning_rate)
    model = by_hand.DocumentCNN((1, 28, 28))
    for array, value in zip(model.arrays(), start, strict=True):
        array[:] = value
    losses = []
    for _ in range(epochs):
        total = 0.0
        for first in range(0, len(films), batch_size):
            batch = films[first : first + batch_size]
            loss, gradients = model.loss_and_gradients(batch.images, batch.labels)
            for array, gradient in zip(model.arrays(), gradients, strict=True):
                array -= learning_rate * gradient
            total += loss * len(batch)
        losses.append(total / len(films))
    return losses, by_hand.predict(model, films.images)
