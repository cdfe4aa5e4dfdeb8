"""The document's training call, with what it lacks: seeds, a validation split, the best epoch."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
from tqdm.keras import TqdmCallback

from companion.checks import check_films
from companion.in_keras.models import document_cnn


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes
    ----------
    model : keras.Model
        With the weights of the last epoch, as the document's program leaves it.
    best_weights : list of numpy.ndarray
        Those of the epoch with the least validation loss, for ``model.set_weights``.
    history : pandas.DataFrame
        One row an epoch, from 1: loss, accuracy, val_loss, val_accuracy.
    """

    model: keras.Model
    best_weights: list[np.ndarray]
    history: pd.DataFrame


def fit_document_program(
    images: np.ndarray,
    labels: np.ndarray,
    *,
    validation: tuple[np.ndarray, np.ndarray],
    seed: int,
    epochs: int = 10,
    patience: int | None = None,
    progress: bool = True,
) -> Run:
    """Build, compile and fit as the source document does, once, from a seed.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, H, W, C), in [0, 1].
    labels : numpy.ndarray
        int, (N,), 0 or 1.
    validation : tuple of numpy.ndarray
        Images and labels that are watched, not trained on.
    seed : int
        Seed of the initial weights and of the shuffling.
    epochs : int
        The document's ten.
    patience : int, optional
        Stop after so many epochs without a lower validation loss; never when absent.
    progress : bool
        Show a bar.

    Returns
    -------
    Run
        The model and its history.

    Raises
    ------
    ValueError
        If an array has the wrong shape, dtype, range or labels.

    Examples
    --------
    >>> x, y = np.random.default_rng(0).random((8, 22, 22, 1), np.float32), np.arange(8) % 2
    >>> run = fit_document_program(x, y, validation=(x, y), seed=0, epochs=1, progress=False)
    >>> run.history.columns.tolist()
    ['accuracy', 'loss', 'val_accuracy', 'val_loss']
    """
    check_films(images, labels, (0.0, 1.0))
    check_films(*validation, (0.0, 1.0), name="validation")
    keras.utils.set_random_seed(seed)
    model = document_cnn(images.shape[1:])
    # How the engine runs, not what it computes: uncompiled, in calls of sixteen updates, it needs
    # half the time on a processor.
    engine = {"jit_compile": False, "steps_per_execution": 16}
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"], **engine)
    best = _BestWeights()
    callbacks = [best]
    if progress:
        callbacks.append(TqdmCallback(verbose=0))
    if patience is not None:
        callbacks.append(keras.callbacks.EarlyStopping(patience=patience))
    log = model.fit(
        images, labels, epochs=epochs, validation_data=validation, callbacks=callbacks, verbose=0
    )
    history = pd.DataFrame(log.history)
    history.index = pd.RangeIndex(1, len(history) + 1, name="epoch")
    return Run(model, best.weights, history)


class _BestWeights(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.least, self.weights = float("inf"), self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_loss"] < self.least:
            self.least, self.weights = logs["val_loss"], self.model.get_weights()
