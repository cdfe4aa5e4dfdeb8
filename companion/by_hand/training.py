"""A training loop in NumPy: batches, gradients, steps. Nothing else happens in any framework."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from companion.by_hand.activations import sigmoid
from companion.by_hand.loss import binary_cross_entropy
from companion.by_hand.model import DocumentCNN
from companion.by_hand.optimizers import SGD, Adam


@dataclass
class NumPyHistory:
    """Mean loss of each epoch, in nats: while training, and after it on validation."""

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)


def fit(
    model: DocumentCNN,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    validation: tuple[np.ndarray, np.ndarray],
    epochs: int,
    optimizer: SGD | Adam,
    batch_size: int = 32,
    rng: np.random.Generator,
) -> NumPyHistory:
    """Train a model, in place.

    Parameters
    ----------
    model : companion.by_hand.model.DocumentCNN
        Changed in place.
    images : numpy.ndarray
        The model's dtype, (N, C, H, W), scaled to 0 to 1.
    labels : numpy.ndarray
        (N,), 0 or 1.
    validation : tuple of numpy.ndarray
        Images and labels that are watched and not learned from.
    epochs : int
        From 1 up.
    optimizer : companion.by_hand.optimizers.SGD or companion.by_hand.optimizers.Adam
        Takes the steps.
    batch_size : int
        From 1 up.
    rng : numpy.random.Generator
        Shuffles the images anew for each epoch.

    Returns
    -------
    NumPyHistory
        One entry an epoch.

    Raises
    ------
    ValueError
        If the numbers of images and labels differ, or `epochs` or `batch_size` is below 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> films, labels = rng.random((4, 1, 22, 22), np.float32), np.array([0, 1, 0, 1])
    >>> model = DocumentCNN((1, 22, 22))
    >>> history = fit(model, films, labels, validation=(films, labels), epochs=1,
    ...               optimizer=Adam(), rng=rng)
    >>> len(history.train_loss)
    1
    """
    if len(images) != len(labels):
        raise ValueError(f"labels must be one an image, got {len(labels)} for {len(images)}")
    if min(epochs, batch_size) < 1:
        raise ValueError(f"epochs and batch_size must be from 1 up, got {epochs} and {batch_size}")
    history = NumPyHistory()
    # More threads gain a tenth on small batches, and cost tenfold when the machine is busy.
    with threadpool_limits(1):
        for _ in tqdm(range(epochs), desc="epochs", leave=False):
            order, losses = rng.permutation(len(images)), []
            for start in range(0, len(order), batch_size):
                batch = order[start : start + batch_size]
                loss, gradients = model.loss_and_gradients(images[batch], labels[batch])
                optimizer.step(model.arrays(), gradients)
                losses.append(loss * len(batch))
            history.train_loss.append(sum(losses) / len(images))
            logits = _logits(model, validation[0])
            history.val_loss.append(binary_cross_entropy(logits, validation[1]))
    return history


def predict(model: DocumentCNN, images: np.ndarray) -> np.ndarray:
    """Return the probability of pneumonia for each film.

    Parameters
    ----------
    model : companion.by_hand.model.DocumentCNN
        Trained.
    images : numpy.ndarray
        The model's dtype, (N, C, H, W), scaled as in training.

    Returns
    -------
    numpy.ndarray
        (N,), from 0 to 1.

    Examples
    --------
    >>> predict(DocumentCNN((1, 22, 22)), np.zeros((2, 1, 22, 22), np.float32))
    array([0.5, 0.5], dtype=float32)
    """
    return sigmoid(_logits(model, images))


def _logits(model, images, batch_size=256):
    parts = [model.logits(images[i : i + batch_size]) for i in range(0, len(images), batch_size)]
    return np.concatenate(parts)
