"""Keras' layers as blocks; what changes shapes only gives none, as answers are compared."""

from __future__ import annotations

import keras
import numpy as np

from companion.bridges._blocks import (
    Block,
    activation,
    array_of,
    bias_of,
    blocks,
    convolution,
    join_biases,
    kernels_to_keras,
    kernels_to_numpy,
    move,
    normalisation,
    pair,
    pooling,
    rows_to_keras,
    rows_to_numpy,
    swap_gates,
)
from companion.by_hand import RecurrentParameters


@blocks.register(keras.layers.Activation)
def _(layer, order=None):
    return _of_function(layer.activation)


@blocks.register(keras.layers.ReLU)
def _(layer, order=None):
    if layer.max_value is not None or layer.threshold:
        raise ValueError(f"layer must be a plain ReLU, got {layer.get_config()}")
    slope = float(layer.negative_slope)
    return activation("leaky relu", slope=round(slope, 7)) if slope else activation("relu")


@blocks.register(keras.layers.LeakyReLU)
def _(layer, order=None):
    return activation("leaky relu", slope=round(float(layer.negative_slope), 7))


@blocks.register(keras.layers.Softmax)
def _(layer, order=None):
    return activation("softmax", axis="channels" if layer.axis == -1 else layer.axis)


def _of_function(function):
    """Return the blocks of an activation that Keras holds as a function."""
    name = _name_of(function)
    if name == "softmax":
        return activation("softmax", axis="channels")
    if name not in ("linear", "relu", "sigmoid", "tanh"):
        raise ValueError(f"activation must be linear, relu, sigmoid, tanh or softmax, got {name}")
    return activation(name)


def _name_of(function):
    return getattr(function, "__name__", type(function).__name__)


def order_before(layer):
    """Return how a Flatten of maps before a layer of a model ordered its inputs, or None."""
    inputs = getattr(layer, "input", None)
    while keras.utils.is_keras_tensor(inputs):
        before = inputs._keras_history.operation
        if isinstance(before, keras.layers.Flatten):
            found = blocks(before)
            return found[0].gives_order if found else None
        inputs = before.input if isinstance(before, _KEEP_ORDER) else None
    return None


_KEEP_ORDER = (
    keras.layers.BatchNormalization, keras.layers.Dropout, keras.layers.Activation,
    keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.Softmax,
)  # fmt: skip


@blocks.register(keras.layers.InputLayer)
@blocks.register(keras.layers.Dropout)
@blocks.register(keras.layers.GlobalAveragePooling2D)
def _(layer, order=None):
    return []


@blocks.register(keras.layers.Flatten)
def _(layer, order=None):
    shape = layer.input.shape[1:]
    if len(shape) != 3:
        return []
    if None in shape:
        raise ValueError(f"layer must flatten maps of known size, got {tuple(shape)}")
    positions = np.arange(np.prod(shape)).reshape(shape)
    return [Block("flatten", gives_order=positions.transpose(2, 0, 1).ravel())]


@blocks.register(keras.layers.MaxPooling2D)
@blocks.register(keras.layers.AveragePooling2D)
def _(layer, order=None):
    _expect_channels_last(layer)
    kind = "max pooling" if isinstance(layer, keras.layers.MaxPooling2D) else "average pooling"
    size, stride = pair(layer.pool_size), pair(layer.strides)
    return pooling(kind, size, stride, _keras_pads(layer, size, stride, (1, 1)))


@blocks.register(keras.layers.Conv2D)
def _(layer, order=None):
    _expect_channels_last(layer)
    stride, dilation = pair(layer.strides), pair(layer.dilation_rate)
    pads = _keras_pads(layer, pair(layer.kernel_size), stride, dilation)

    def read():
        kernels = kernels_to_numpy(array_of(layer.kernel))
        return kernels, bias_of(layer.bias, layer.filters, layer.kernel)

    def moves(parameters):
        kernels = kernels_to_keras(parameters[0])
        return move(layer.kernel, kernels) + move(layer.bias, parameters[1])

    block = convolution(stride, pads, dilation, layer.groups, read, moves)
    return [block, *_of_function(layer.activation)]


@blocks.register(keras.layers.Dense)
def _(layer, order=None):
    def read():
        weights = rows_to_numpy(array_of(layer.kernel), order)
        return weights, bias_of(layer.bias, layer.units, layer.kernel)

    def moves(parameters):
        weights = rows_to_keras(parameters[0], order)
        return move(layer.kernel, weights) + move(layer.bias, parameters[1])

    block = Block("dense layer", {}, read, moves, takes_order=True)
    return [block, *_of_function(layer.activation)]


@blocks.register(keras.layers.BatchNormalization)
def _(layer, order=None):
    inputs = getattr(layer, "input", None)
    if layer.axis not in (-1, None if inputs is None else len(inputs.shape) - 1):
        raise ValueError(f"axis must be the last, channels, got {layer.axis}")
    slots = [layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance]
    return [normalisation(slots, layer.moving_mean.shape[0], layer.epsilon, order)]


@blocks.register(keras.layers.SimpleRNN)
@blocks.register(keras.layers.LSTM)
@blocks.register(keras.layers.GRU)
def _(layer, order=None):
    if layer.go_backwards:
        raise ValueError("layer must go forwards, got go_backwards=True")
    is_gru, is_lstm = (isinstance(layer, k) for k in (keras.layers.GRU, keras.layers.LSTM))
    kind = "GRU" if is_gru else "LSTM" if is_lstm else "simple recurrent layer"
    if is_gru and not layer.reset_after:
        kind = "GRU with the reset before the product"
    cell = layer.cell
    settings = {"activation": _name_of(cell.activation)}
    if is_gru or is_lstm:
        settings["gates"] = _name_of(cell.recurrent_activation)

    def read():
        arrays = [array_of(cell.kernel), array_of(cell.recurrent_kernel)]
        none = np.zeros(arrays[0].shape[1], arrays[0].dtype)
        bias = none if cell.bias is None else array_of(cell.bias)
        arrays += list(bias) if bias.ndim == 2 else [bias, none]
        return RecurrentParameters(*(swap_gates(a) if is_gru else a for a in arrays))

    def moves(parameters):
        *weights, of_input, of_state = (swap_gates(a) if is_gru else a for a in parameters)
        two = cell.bias is not None and len(cell.bias.shape) == 2
        bias = np.stack([of_input, of_state]) if two else join_biases(of_input, of_state)
        slots = (cell.kernel, cell.recurrent_kernel, cell.bias)
        pairs = zip(slots, [*weights, bias], strict=True)
        return [pair for slot, value in pairs for pair in move(slot, value)]

    return [Block(kind, settings, read, moves, count=4)]


def _keras_pads(layer, size, stride, dilation):
    """Return the zeros that Keras puts (before, after) rows and columns."""
    if layer.padding == "valid":
        return [(0, 0), (0, 0)]
    inputs = getattr(layer, "input", None)
    if inputs is None:
        return "same"
    shape = inputs.shape[1:3]
    if None in shape:
        raise ValueError(f"padding 'same' needs maps of known size, got {tuple(shape)}")
    pads = []
    for length, window, step, spread in zip(shape, size, stride, dilation, strict=True):
        extent = spread * (window - 1) + 1
        total = max((-(-length // step) - 1) * step + extent - length, 0)
        pads.append((total // 2, total - total // 2))
    return pads


def _expect_channels_last(layer):
    if layer.data_format != "channels_last":
        raise ValueError(f"data_format must be channels_last, got {layer.data_format!r}")
