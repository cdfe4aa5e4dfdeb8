"""The document's training call, with what it lacks: seeds, a validation split, the best epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
from tqdm.keras import TqdmCallback

from companion.checks import check_answers, check_rounds
from companion.history import History
from companion.in_keras.images import channels_last, model_inputs

if TYPE_CHECKING:
    from companion.films import Films


def fit(
    model: keras.Model,
    train: Films,
    *,
    validation: Films,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: str | keras.optimizers.Optimizer = "adam",
    patience: int | None = None,
    keep: str = "best",
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Compile a binary classifier and train it, as :func:`companion.in_torch.fit` does.

    Parameters
    ----------
    model : keras.Model
        Takes (N, H, W, C), gives the probability of label 1, (N, 1).
    train, validation : companion.films.Films
        To learn from, and to choose the best epoch on. Channels are put last here.
    epochs, batch_size : int
        At most so many passes over the films; films an update. The document's are 10 and 32.
    optimizer : str or keras.optimizers.Optimizer
        As Keras knows it.
    patience : int, optional
        Stop after so many epochs without a lower validation loss.
    keep : {"best", "last"}
        Which epoch's weights the model is left with; the document's program keeps the last.
    seed : int
        Of the shuffling.
    progress : bool
        Show a bar.

    Returns
    -------
    History
        Losses of each epoch.

    Raises
    ------
    ValueError
        If a number is out of range.
    FloatingPointError
        If a loss is no longer finite.

    Examples
    --------
    >>> from companion.films import Films
    >>> from companion.in_keras.models import document_cnn
    >>> films = Films(np.random.default_rng(0).random((8, 1, 22, 22)), np.arange(8) % 2)
    >>> history = fit(document_cnn((22, 22, 1)), films, validation=films, epochs=1, progress=False)
    >>> len(history.val_loss)
    1
    """
    check_rounds(epochs, batch_size, patience)
    if keep not in ("best", "last"):
        raise ValueError(f'keep must be "best" or "last", got {keep!r}')
    # How the engine runs, not what it computes: uncompiled, in calls of sixteen updates, it needs
    # half the time on a processor.
    engine = {"jit_compile": False, "steps_per_execution": 16}
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"], **engine)
    keras.utils.set_random_seed(seed)
    watch = _Watch(patience)
    model.fit(
        channels_last(train.images), train.labels, epochs=epochs, batch_size=batch_size, verbose=0,
        validation_data=(channels_last(validation.images), validation.labels),
        callbacks=[watch, *([TqdmCallback(verbose=0)] if progress else [])],
    )  # fmt: skip
    if keep == "best":
        model.set_weights(watch.best)
    return watch.history


def predict(model: keras.Model, images: np.ndarray, *, batch_size: int = 256) -> np.ndarray:
    """Return the probability of label 1 for each image.

    Parameters
    ----------
    model : keras.Model
        Gives probabilities, (N, 1).
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1]. Channels are put last here.
    batch_size : int
        How many images at a time; the result does not depend on it.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1].

    Raises
    ------
    ValueError
        If the images are not (N, C, H, W) in [0, 1], or of another size than the model takes.
    FloatingPointError
        If the model answers with what is no number: its weights have diverged.

    Examples
    --------
    >>> from companion.in_keras.models import document_cnn
    >>> predict(document_cnn((22, 22, 1)), np.zeros((2, 1, 22, 22)))
    array([0.5, 0.5])
    """
    inputs = model_inputs(model, images)
    parts = [inputs[i : i + batch_size] for i in range(0, len(inputs), batch_size)]
    found = [np.asarray(model(part, training=False)) for part in parts]
    return check_answers(np.concatenate(found)[:, 0])


class _Watch(keras.callbacks.Callback):
    """Keep the book's history and the best weights; stop when patience has run out."""

    def __init__(self, patience):
        super().__init__()
        self.patience, self.history = patience, History()

    def on_train_begin(self, logs=None):
        self.best = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        self.history.record(logs["loss"], logs["val_loss"], logs["val_accuracy"])
        if self.history.waited == 0:
            self.best = self.model.get_weights()
        self.model.stop_training = self.patience is not None and (
            self.history.waited >= self.patience
        )
