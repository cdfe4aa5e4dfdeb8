"""The methods that a learning curve compares, each as one function from films to a predictor.

Every learner takes training films and the few films on which it may choose, and returns a
function that gives the probability of label 1 of new films.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from companion.data.augment import augment
from companion.films import Films
from companion.in_torch.models import DocumentCNN, PooledCNN
from companion.in_torch.training import fit, predict

Predictor = Callable[[np.ndarray], np.ndarray]


#: Every network is given as many updates, however few its films are, unless it stops early.
UPDATES, BATCH_SIZE = 800, 64


PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def flat_pixels(images: np.ndarray) -> np.ndarray:
    """Return each image as one row of its pixels, float64."""
    return images.reshape(len(images), -1).astype(np.float64)


def learn_logistic(
    train: Films,
    selection: Films,
    seed: int = 0,
    *,
    features: Callable[[np.ndarray], np.ndarray] = flat_pixels,
) -> Predictor:
    """Fit logistic regression on standardised values, its penalty chosen on the selection.

    Parameters
    ----------
    train, selection : companion.films.Films
        To learn from, and to choose on.
    seed : int
        Not used: the fit has no randomness.
    features : function
        From images to (N, D): what the regression sees.

    Returns
    -------
    function
        From films to probabilities, float64, (N,).

    Examples
    --------
    >>> pixels = np.array([0.0, 0.2, 0.8, 1.0]).reshape(4, 1, 1, 1)
    >>> films = Films(pixels, [0, 0, 1, 1])
    >>> probabilities = learn_logistic(films, films)(films.images)
    >>> bool(probabilities[0] < 0.5 < probabilities[3])
    True
    """

    seen, chosen_on = features(train.images), features(selection.images)

    def _loss(model):
        return log_loss(selection.labels, model.predict_proba(chosen_on)[:, 1], labels=[0, 1])

    # Followed so far down that every processor ends at the same place.
    models = [
        make_pipeline(StandardScaler(), LogisticRegression(C=penalty, tol=1e-6, max_iter=5000))
        for penalty in PENALTIES
    ]
    # More threads gain nothing on so few films, and cost much when the machine is busy.
    with threadpool_limits(1):
        fitted = [model.fit(seen, train.labels) for model in models]
    best = min(fitted, key=_loss)
    return lambda images: best.predict_proba(features(images))[:, 1]


def learn_network(
    train: Films,
    selection: Films,
    seed: int = 0,
    *,
    build: Callable[[int], torch.nn.Module],
    augmented: bool = False,
) -> Predictor:
    """Train a network for at most 800 updates, its epoch chosen on the selection."""
    model = build(seed)
    batch_size = min(BATCH_SIZE, len(train))
    epochs = math.ceil(UPDATES / math.ceil(len(train) / batch_size))
    fit(
        model, train, validation=selection, seed=seed, batch_size=batch_size, progress=False,
        epochs=epochs, patience=max(3, epochs // 4),
        augment=augment if augmented else None,
    )  # fmt: skip
    return partial(predict, model)


def document_model(seed: int) -> DocumentCNN:
    """Return the document's network for films of 28 x 28.

    Parameters
    ----------
    seed : int
        Of the initial weights.

    Returns
    -------
    DocumentCNN
        Untrained.

    Examples
    --------
    >>> document_model(0).input_shape
    (1, 28, 28)
    """
    return DocumentCNN((1, 28, 28), seed=seed)


def better_cnn(seed: int) -> PooledCNN:
    """Return the pooled network for grey films.

    Parameters
    ----------
    seed : int
        Of the initial weights.

    Returns
    -------
    PooledCNN
        Untrained.

    Examples
    --------
    >>> sum(weights.numel() for weights in better_cnn(0).parameters())
    52489
    """
    return PooledCNN(1, seed=seed)


#: By name, as the book's figures call them.
LEARNERS: dict[str, Callable[..., Predictor]] = {
    "logistic regression": learn_logistic,
    "document model": partial(learn_network, build=document_model),
    "better CNN": partial(learn_network, build=better_cnn),
    "better CNN, augmented": partial(learn_network, build=better_cnn, augmented=True),
}
