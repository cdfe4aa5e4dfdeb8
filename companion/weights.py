"""The same weights in another framework: every axis order stands here and nowhere else.

Keras keeps a convolution kernel as (height, width, in, out) and PyTorch as
(out, in, height, width); a Dense matrix as (in, out) against (out, in).
After flattening, Keras counts positions first and channels last, PyTorch the other way round,
so that the first Dense matrix behind a Flatten needs its rows in another order too.
"""

from __future__ import annotations

import keras
import numpy as np
import torch
from torch import nn


def keras_to_torch(source: keras.Model, target: nn.Module) -> nn.Module:
    """Copy the weights of a sequential Keras model into a PyTorch model.

    Parameters
    ----------
    source : keras.Model
        Sequential, of Conv2D and Dense layers (others must have no weights).
    target : torch.nn.Module
        The same layers in the same order; its weights are overwritten.

    Returns
    -------
    torch.nn.Module
        `target`.

    Raises
    ------
    ValueError
        If the layers differ in kind, number or size; nothing is copied then.

    Examples
    --------
    >>> from companion.keras_models import document_cnn
    >>> from companion.torch_models import DocumentCNN
    >>> _ = keras_to_torch(document_cnn((28, 28, 1)), DocumentCNN((1, 28, 28)))
    """
    pairs = list(_pairs(source, target))
    with torch.no_grad():
        for layer, module, order in pairs:
            kernel, bias = layer.get_weights()
            module.weight.copy_(torch.tensor(_to_torch(kernel, order)))
            module.bias.copy_(torch.tensor(bias))
    return target


def torch_to_keras(source: nn.Module, target: keras.Model) -> keras.Model:
    """Copy the weights of a PyTorch model into a sequential Keras model.

    Parameters
    ----------
    source : torch.nn.Module
        Conv2d and Linear layers, in the order in which they are applied.
    target : keras.Model
        The same layers in the same order; its weights are overwritten.

    Returns
    -------
    keras.Model
        `target`.

    Raises
    ------
    ValueError
        If the layers differ in kind, number or size; nothing is copied then.

    Examples
    --------
    >>> from companion.keras_models import document_cnn
    >>> from companion.torch_models import DocumentCNN
    >>> _ = torch_to_keras(DocumentCNN((1, 28, 28)), document_cnn((28, 28, 1)))
    """
    for layer, module, order in list(_pairs(target, source)):
        weight, bias = (p.detach().cpu().numpy() for p in (module.weight, module.bias))
        layer.set_weights([_to_keras(weight, order), bias])
    return target


def _pairs(keras_model, torch_model):
    """Yield (Keras layer, PyTorch module, order of the flattened inputs or None)."""
    layers = [layer for layer in keras_model.layers if layer.weights]
    modules = [m for m in torch_model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    if len(layers) != len(modules):
        raise ValueError(f"Keras has {len(layers)} layers with weights, PyTorch {len(modules)}")
    orders = _flatten_orders(keras_model)
    found = []
    for layer, module in zip(layers, modules, strict=True):
        kind = {nn.Conv2d: keras.layers.Conv2D, nn.Linear: keras.layers.Dense}[type(module)]
        if not isinstance(layer, kind):
            raise ValueError(f"{layer.name} is a {type(layer).__name__}, PyTorch has {module}")
        order = orders.get(layer.name)
        shape = _to_torch(layer.get_weights()[0], order).shape
        if shape != module.weight.shape:
            raise ValueError(
                f"{layer.name} has weights {shape} in PyTorch's order, {module} has "
                f"{tuple(module.weight.shape)}"
            )
        found.append((layer, module, order))
    return found


def _flatten_orders(keras_model):
    """For each layer behind a Flatten: where PyTorch's inputs stand among Keras'."""
    orders, order = {}, None
    for layer in keras_model.layers:
        if isinstance(layer, keras.layers.Flatten):
            height, width, channels = layer.input.shape[1:]
            positions = np.arange(height * width * channels).reshape(height, width, channels)
            order = positions.transpose(2, 0, 1).ravel()
        elif layer.weights and order is not None:
            orders[layer.name], order = order, None
    return orders


def _to_torch(kernel, order):
    if kernel.ndim == 4:
        return kernel.transpose(3, 2, 0, 1)
    return (kernel if order is None else kernel[order]).T


def _to_keras(weight, order):
    if weight.ndim == 4:
        return weight.transpose(2, 3, 1, 0)
    if order is None:
        return weight.T
    kernel = np.empty_like(weight.T)
    kernel[order] = weight.T
    return kernel
