"""Grad-CAM for Keras models on TensorFlow, the same as the torch one given the same weights."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from companion.checks import check_choice
from companion.data.images import enlarge
from companion.in_keras.chain import layers_in_chain
from companion.in_keras.images import model_inputs


def grad_cam(model: keras.Model, images: np.ndarray, *, layer: str | None = None) -> np.ndarray:
    """Weigh a layer's maps by the mean gradient of the logit, and keep what is positive.

    Parameters
    ----------
    model : keras.Model
        A chain of layers, ending in a Dense layer of one unit with a sigmoid or none.
    images : numpy.ndarray
        float32, (N, C, H, W), in [0, 1]. Channels are put last here.
    layer : str, optional
        Name of a layer that gives (N, h, w, maps); the last convolution when absent.

    Returns
    -------
    numpy.ndarray
        float64, (N, H, W), not negative.

    Raises
    ------
    ValueError
        If there is no such layer, it gives no maps, a layer before it may move places, the images
        are not (N, C, H, W) in [0, 1] or of another size than the model takes, the model is no
        chain, or it does not end in one unit.

    References
    ----------
    Selvaraju et al., arXiv:1610.02391.

    Examples
    --------
    >>> from companion.in_keras.models import document_cnn
    >>> grad_cam(document_cnn((28, 28, 1)), np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 28, 28)
    """
    layers = layers_in_chain(model)
    names = [each.name for each in layers]
    convolutions = [e.name for e in layers if isinstance(e, keras.layers.Conv2D)]
    name = layer if layer is not None else (convolutions or [None])[-1]
    check_choice("layer", name, names)
    place = names.index(name) + 1
    last = layers[-1]
    _expect_one_logit(last)
    if place == len(layers) or len(layers[place - 1].output.shape) != 4:
        raise ValueError(f"layer must give maps (N, h, w, C), got {name!r}")
    for each in layers[:place]:
        first = getattr(each, "data_format", None) == "channels_first"
        if first or type(each) not in KEEP_PLACES:
            raise ValueError(
                f"layers up to {name} must leave rows and columns where they are, got {each.name} "
                f"({type(each).__name__}{' with channels first' if first else ''})"
            )
    inputs = model_inputs(model, images)
    maps = tf.convert_to_tensor(inputs)
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
    return enlarge(weighed, inputs.shape[1:3])


#: Their maps show, at each place, what is at that place of the image.
KEEP_PLACES = {
    getattr(keras.layers, name)
    for name in (
        "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose", "MaxPooling2D",
        "AveragePooling2D", "UpSampling2D", "ZeroPadding2D", "BatchNormalization",
        "LayerNormalization", "GroupNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU",
        "ELU", "Dropout", "SpatialDropout2D", "GaussianNoise", "Rescaling", "Normalization",
    )
}  # fmt: skip


def _expect_one_logit(last):
    if type(last) is not keras.layers.Dense or last.units != 1 or len(last.input.shape) != 2:
        raise ValueError(
            f"model must end in a Dense layer of one unit for each image, got {last.name}"
        )
    if getattr(last, "quantization_mode", None) is not None:
        raise ValueError(f"model must end in a Dense layer of floats, got {last.quantization_mode}")
    if getattr(last.activation, "__name__", "") not in ("sigmoid", "linear"):
        raise ValueError(f"model must end in a sigmoid or nothing, got {last.activation}")
