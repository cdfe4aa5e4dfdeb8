"""The book's models in Keras: channels last, probabilities out, as Keras users expect."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd

from companion.checks import check_input_shape
from companion.in_keras.images import model_inputs


def document_cnn(input_shape: tuple[int, int, int] = (224, 224, 3)) -> keras.Sequential:
    """Build the source document's pneumonia model: these layers and no other.

    Parameters
    ----------
    input_shape : tuple of int
        (H, W, C), channels last. Height and width must be at least 22.

    Returns
    -------
    keras.Sequential
        Takes float images (N, H, W, C), gives the probability of pneumonia, (N, 1).

    Raises
    ------
    ValueError
        If `input_shape` is not three positive ints or too small for three poolings.

    Examples
    --------
    >>> document_cnn().count_params()
    11169089
    """
    check_input_shape(input_shape, "H W C")
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Conv2D(32, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Conv2D(64, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Conv2D(128, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name="document_cnn",
    )


def logits(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return what the last layer computes before its sigmoid.

    A probability of 0.9999999 has lost the digits in which two models could be compared.

    Parameters
    ----------
    model : keras.Model
        A built model that takes (N, H, W, C) and ends in a Dense layer.
    images : numpy.ndarray
        float32, (N, C, H, W), in [0, 1]. Channels are put last here.

    Returns
    -------
    numpy.ndarray
        float32, (N, units of the last layer), any real number.

    Raises
    ------
    ValueError
        If the model does not end in a Dense layer, or the images are not (N, C, H, W) in [0, 1] of
        the size that it takes.

    Examples
    --------
    >>> logits(document_cnn((22, 22, 1)), np.zeros((2, 1, 22, 22), np.float32)).shape
    (2, 1)
    """
    return before_activation(model, model_inputs(model, images))


def before_activation(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """Return what a last Dense layer computes before its activation, for inputs of any kind."""
    last = model.layers[-1]
    if not isinstance(last, keras.layers.Dense):
        raise ValueError(f"model must end in a Dense layer, ends in {type(last).__name__}")
    features = np.asarray(keras.Model(model.inputs[0], last.input)(inputs, training=False))
    found = features @ np.asarray(last.kernel)
    return found if last.bias is None else found + np.asarray(last.bias)


def layer_table(model: keras.Sequential) -> pd.DataFrame:
    """Return what each layer gives and how many weights it has.

    Parameters
    ----------
    model : keras.Sequential
        A built model.

    Returns
    -------
    pandas.DataFrame
        One row a layer: ``layer``, ``output shape`` without the batch, ``values`` in it,
        ``parameters`` and their ``share`` of all.

    Examples
    --------
    >>> int(layer_table(document_cnn()).parameters[7])
    11075712
    """
    rows = []
    for layer in model.layers:
        shape = tuple(layer.output.shape[1:])
        rows.append((type(layer).__name__, shape, int(np.prod(shape)), layer.count_params()))
    table = pd.DataFrame(rows, columns=["layer", "output shape", "values", "parameters"])
    table["share"] = (table.parameters / table.parameters.sum()).map("{:.1%}".format)
    return table
