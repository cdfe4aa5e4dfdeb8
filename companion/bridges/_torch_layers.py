"""PyTorch's layers as blocks; what changes shapes only gives none, as answers are compared."""

from __future__ import annotations

import numpy as np
from torch import nn

from companion.bridges._blocks import (
    Block,
    activation,
    array_of,
    bias_of,
    blocks,
    convolution,
    move,
    normalisation,
    pair,
    pooling,
)
from companion.by_hand import RecurrentParameters


@blocks.register(nn.ReLU)
def _(layer, order=None):
    return activation("relu")


@blocks.register(nn.Sigmoid)
def _(layer, order=None):
    return activation("sigmoid")


@blocks.register(nn.Tanh)
def _(layer, order=None):
    return activation("tanh")


@blocks.register(nn.LeakyReLU)
def _(layer, order=None):
    return activation("leaky relu", slope=round(layer.negative_slope, 7))


@blocks.register(nn.Softmax)
def _(layer, order=None):
    return activation("softmax", axis="channels" if layer.dim in (1, -1) else layer.dim)


@blocks.register(nn.Identity)
@blocks.register(nn.Dropout)
@blocks.register(nn.Dropout2d)
def _(layer, order=None):
    return []


@blocks.register(nn.AdaptiveAvgPool2d)
def _(layer, order=None):
    if layer.output_size not in (1, (1, 1)):
        raise ValueError(f"layer must average whole maps, got {layer}")
    return []


@blocks.register(nn.Flatten)
def _(layer, order=None):
    if layer.end_dim != -1:
        raise ValueError(f"layer must flatten to the end, got {layer}")
    return []


@blocks.register(nn.MaxPool2d)
@blocks.register(nn.AvgPool2d)
def _(layer, order=None):
    if layer.ceil_mode or getattr(layer, "dilation", 1) not in (1, (1, 1)):
        raise ValueError(f"pooling must have no ceil_mode and no dilation, got {layer}")
    if getattr(layer, "divisor_override", None):
        raise ValueError(f"pooling must divide by the window's size, got {layer}")
    if getattr(layer, "return_indices", False):
        raise ValueError(f"pooling must return no indices, got {layer} with return_indices=True")
    kind = "max pooling" if isinstance(layer, nn.MaxPool2d) else "average pooling"
    pads = [(pad, pad) for pad in pair(layer.padding)]
    return pooling(kind, pair(layer.kernel_size), pair(layer.stride), pads)


@blocks.register(nn.Conv2d)
def _(layer, order=None):
    if layer.padding_mode != "zeros":
        raise ValueError(f"padding_mode must be zeros, got {layer.padding_mode!r}")
    dilation, stride = pair(layer.dilation), pair(layer.stride)
    if layer.padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, layer.kernel_size, strict=True)]
        pads = [(r // 2, r - r // 2) for r in totals]
    else:
        pads = [(p, p) for p in ((0, 0) if layer.padding == "valid" else pair(layer.padding))]

    def read():
        return array_of(layer.weight), bias_of(layer.bias, layer.out_channels, layer.weight)

    def moves(parameters):
        return move(layer.weight, parameters[0]) + move(layer.bias, parameters[1])

    return [convolution(stride, pads, dilation, layer.groups, read, moves)]


@blocks.register(nn.Linear)
def _(layer, order=None):
    def read():
        return array_of(layer.weight).T, bias_of(layer.bias, layer.out_features, layer.weight)

    def moves(parameters):
        return move(layer.weight, parameters[0].T) + move(layer.bias, parameters[1])

    return [Block("dense layer", {}, read, moves)]


@blocks.register(nn.BatchNorm1d)
@blocks.register(nn.BatchNorm2d)
def _(layer, order=None):
    if layer.running_mean is None:
        raise ValueError(f"layer must track its statistics, got {layer}")
    slots = [layer.weight, layer.bias, layer.running_mean, layer.running_var]
    return [normalisation(slots, layer.num_features, layer.eps, None)]


_TORCH_RECURRENT = {nn.RNN: "simple recurrent layer", nn.LSTM: "LSTM", nn.GRU: "GRU"}


@blocks.register(nn.RNN)
@blocks.register(nn.LSTM)
@blocks.register(nn.GRU)
def _(layer, order=None):
    if layer.num_layers > 1 or layer.bidirectional or layer.proj_size:
        raise ValueError(f"layer must have one layer and one direction, got {layer}")
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    slots = [getattr(layer, name, None) for name in names]
    kind = _TORCH_RECURRENT[type(layer)]
    settings = {"activation": getattr(layer, "nonlinearity", "tanh")}
    if kind != "simple recurrent layer":
        settings["gates"] = "sigmoid"

    def read():
        weights = [array_of(slot).T for slot in slots[:2]]
        none = np.zeros(weights[0].shape[1], weights[0].dtype)
        biases = [none if slot is None else array_of(slot) for slot in slots[2:]]
        return RecurrentParameters(*weights, *biases)

    def moves(parameters):
        values = [parameters[0].T, parameters[1].T, *parameters[2:]]
        pairs = zip(slots, values, strict=True)
        return [pair for slot, value in pairs for pair in move(slot, value)]

    return [Block(kind, settings, read, moves, count=4)]
