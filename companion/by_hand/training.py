"""A training loop in NumPy: batches, gradients, steps. Nothing else happens in any framework."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from companion.by_hand._arguments import as_count, check_size
from companion.by_hand.activations import sigmoid
from companion.by_hand.conv import conv2d, conv2d_backward
from companion.by_hand.loss import binary_cross_entropy
from companion.by_hand.model import DocumentCNN
from companion.by_hand.optimizers import SGD, Adam
from companion.checks import check_array, check_images, check_shape
from companion.films import Films
from companion.history import History


def fit(
    model: DocumentCNN,
    train: Films,
    *,
    validation: Films,
    epochs: int,
    optimizer: SGD | Adam,
    batch_size: int = 32,
    rng: np.random.Generator,
) -> History:
    """Train a model, in place.

    Parameters
    ----------
    model : companion.by_hand.model.DocumentCNN
        Changed in place.
    train : companion.films.Films
        Learned from.
    validation : companion.films.Films
        Watched and not learned from.
    epochs : int
        From 1 up.
    optimizer : companion.by_hand.optimizers.SGD or companion.by_hand.optimizers.Adam
        Takes the steps.
    batch_size : int
        From 1 up.
    rng : numpy.random.Generator
        Shuffles the films anew for each epoch.

    Returns
    -------
    companion.history.History
        One entry an epoch.

    Raises
    ------
    ValueError
        If the films are not such as the model was made for, or a number is out of range.
    FloatingPointError
        If the training diverges, naming epoch and batch.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> films = Films(rng.random((4, 1, 22, 22)), [0, 1, 0, 1])
    >>> history = fit(DocumentCNN((1, 22, 22)), films, validation=films, epochs=1,
    ...               optimizer=Adam(), rng=rng)
    >>> len(history), history.best_epoch
    (1, 1)
    """
    epochs = as_count("epochs", epochs, least=1)
    batch_size = as_count("batch_size", batch_size, least=1)
    _check_films(model, train=train, validation=validation)
    history = History()
    # More threads gain a tenth on small batches, and cost tenfold when the machine is busy.
    with threadpool_limits(1):
        for epoch in tqdm(range(1, epochs + 1), desc="epochs", leave=False):
            order, total = rng.permutation(len(train)), 0.0
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                with _watched(f"epoch {epoch}, batch {start // batch_size + 1}"):
                    images = train.images[rows].astype(model.dtype, copy=False)
                    loss, gradients = model.loss_and_gradients(images, train.labels[rows])
                    if not np.isfinite(loss):
                        raise FloatingPointError(f"the loss is {loss}")
                    optimizer.step(model.arrays(), gradients)
                total += loss * len(rows)
            with _watched(f"epoch {epoch}, validation after the last batch"):
                logits = _logits(model, validation.images)
                history.record(
                    train_loss=total / len(train),
                    val_loss=binary_cross_entropy(logits, validation.labels),
                    val_accuracy=float(np.mean((logits >= 0) == validation.labels)),
                )
    return history


def learn_kernel(
    images: np.ndarray,
    target: np.ndarray,
    *,
    start: np.ndarray,
    learning_rate: float,
    steps: int = 10,
) -> list[np.ndarray]:
    """Find a kernel from what it makes of images, by gradient descent on the mean square error.

    Parameters
    ----------
    images, target, start : numpy.ndarray
        float of one type: images (N, C, H, W), the maps to be reached (N, O, H', W'), and the
        kernels to begin with, (O, C, M, N).
    learning_rate : float
        The step is so many times the gradient.
    steps : int
        From 0 up.

    Returns
    -------
    list of numpy.ndarray
        The kernels before the first step and after each.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> images = np.array([[[[1.0, 2.0]]]])
    >>> kernels = learn_kernel(
    ...     images, 3 * images, start=np.zeros((1, 1, 1, 1)), learning_rate=0.1, steps=2
    ... )
    >>> [float(kernel.squeeze().round(4)) for kernel in kernels]
    [0.0, 1.5, 2.25]
    """
    check_shape("target", target, conv2d(images, start).shape)
    kernels = [start]
    for _ in range(steps):
        error = conv2d(images, kernels[-1]) - target
        _, gradient, _ = conv2d_backward(2 * error / error.size, images, kernels[-1])
        kernels.append(kernels[-1] - learning_rate * gradient)
    return kernels


def predict(model: DocumentCNN, images: np.ndarray) -> np.ndarray:
    """Return the probability of pneumonia for each film.

    Parameters
    ----------
    model : companion.by_hand.model.DocumentCNN
        Trained.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].

    Returns
    -------
    numpy.ndarray
        The model's dtype, (N,), from 0 to 1.

    Raises
    ------
    ValueError
        If the images are not such as the model was made for, or an answer is not finite.

    Examples
    --------
    >>> predict(DocumentCNN((1, 22, 22)), np.zeros((2, 1, 22, 22), np.float32))
    array([0.5, 0.5], dtype=float32)
    """
    images = check_images("images", images, channels=model.input_shape[0])
    check_size("images", images, model.input_shape)
    return sigmoid(_logits(model, images))


@contextmanager
def _watched(where):
    """Say where the training was when numbers ceased to be finite.

    All else was checked before: what the layers still refuse is NaN or infinity.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except (ValueError, FloatingPointError) as problem:
        raise FloatingPointError(
            f"the training diverged in {where}: {problem}; take a smaller learning rate"
        ) from problem


def _check_films(model, **films):
    """Raise unless each is Films of the model's size."""
    for name, some in films.items():
        if not isinstance(some, Films):
            raise ValueError(f"{name} must be Films, got {type(some).__name__}")
        check_size(f"images of {name}", some.images, model.input_shape)


def _logits(model, images, batch_size=256):
    """Return finite logits, some images at a time."""
    images = images.astype(model.dtype, copy=False)
    parts = [model.logits(images[i : i + batch_size]) for i in range(0, len(images), batch_size)]
    logits = np.concatenate(parts)
    check_array("logits", logits, "N")
    return logits
