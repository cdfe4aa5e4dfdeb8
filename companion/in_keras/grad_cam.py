"""Grad-CAM for Keras models on TensorFlow, the same as the torch one given the same weights."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from companion.checks import check_images
from companion.data.images import enlarge


def grad_cam(model: keras.Model, images: np.ndarray, *, layer: str | None = None) -> np.ndarray:
    """Weigh a layer's maps by the mean gradient of the logit, and keep what is positive.

    Parameters
    ----------
    model : keras.Model
        A chain of layers, ending in a Dense layer of one unit with a sigmoid or none.
    images : numpy.ndarray
        float32, (N, H, W, C), scaled as in training.
    layer : str, optional
        Name of a layer that gives (N, h, w, maps); the last convolution when absent.

    Returns
    -------
    numpy.ndarray
        float64, (N, H, W), not negative.

    Raises
    ------
    ValueError
        If there is no such layer, it gives no maps, the images are not (N, H, W, C) in [0, 1],
        the model is no chain, or it does not end in one unit.

    References
    ----------
    Selvaraju et al., arXiv:1610.02391.

    Examples
    --------
    >>> from companion.in_keras.models import document_cnn
    >>> grad_cam(document_cnn((28, 28, 1)), np.zeros((2, 28, 28, 1), np.float32)).shape
    (2, 28, 28)
    """
    layers = _chain(model)
    names = [each.name for each in layers]
    convolutions = [e.name for e in layers if isinstance(e, keras.layers.Conv2D)]
    name = layer if layer is not None else (convolutions or [None])[-1]
    if name not in names:
        raise ValueError(f"layer must be one of {', '.join(names)}, got {name!r}")
    last = layers[-1]
    if not isinstance(last, keras.layers.Dense) or last.units != 1:
        raise ValueError(f"model must end in a Dense layer of one unit, got {last.name}")
    if getattr(last.activation, "__name__", "") not in ("sigmoid", "linear"):
        raise ValueError(f"model must end in a sigmoid or nothing, got {last.activation}")
    if np.ndim(images) != 4:
        raise ValueError(f"images must be (N, H, W, C), got shape {np.shape(images)}")
    images = check_images("images", images)
    place = names.index(name) + 1
    if place == len(layers) or len(layers[place - 1].output.shape) != 4:
        raise ValueError(f"layer must give maps (N, h, w, C), got {name!r}")
    maps = tf.convert_to_tensor(images)
    for each in layers[:place]:
        maps = each(maps, training=False)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        values = maps
        for each in layers[place:-1]:
            values = each(values, training=False)
        logits = tf.matmul(values, last.kernel)
        logits = logits if last.bias is None else logits + last.bias
    gradients = tape.gradient(logits, maps)
    weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
    weighed = tf.nn.relu(tf.reduce_sum(weights * maps, axis=3)).numpy()
    return enlarge(weighed, images.shape[1:3])


def _chain(model):
    """Return the layers in the order in which they are applied, or raise where they branch."""
    last, found = model.inputs[0], []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer.input, list) or layer.input is not last:
            raise ValueError(f"model must be a chain, but {layer.name} takes something else")
        last = layer.output
        found.append(layer)
    return found
