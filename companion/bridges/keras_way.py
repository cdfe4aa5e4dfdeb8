"""One task in Keras: the loop is the framework's, and so is the choice of its engine."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from companion.bridges._way import check_task
from companion.films import Films


def train_with_keras(
    films: Films,
    start: Sequence[np.ndarray],
    *,
    epochs: int = 3,
    batch_size: int = 32,
    learning_rate: float = 0.05,
) -> tuple[list[float], np.ndarray]:
    """Train the document's model with Keras, on whichever engine this process has loaded.

    Parameters
    ----------
    films : companion.films.Films
        (N, 1, 28, 28), taken in their order; channels are put last here.
    start : sequence of numpy.ndarray
        The ten arrays of :func:`companion.bridges.same_start` for "keras".
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
    >>> from companion.bridges import same_start
    >>> films = Films(np.zeros((4, 1, 28, 28)), [0, 1, 0, 1])
    >>> losses, probabilities = train_with_keras(films, same_start(0)["keras"], epochs=1)
    >>> round(losses[0], 3), probabilities.round(2).tolist()
    (0.693, [0.5, 0.5, 0.5, 0.5])
    """
    check_task(films, epochs, batch_size, learning_rate)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(128, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(128, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    model.set_weights(start)
    optimizer = keras.optimizers.SGD(learning_rate)
    model.compile(optimizer, loss="binary_crossentropy", jit_compile=False)
    images = films.images.transpose(0, 2, 3, 1)
    history = model.fit(
        images, films.labels, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0
    )
    found = model.predict(images, batch_size=256, verbose=0)
    return history.history["loss"], found[:, 0]
