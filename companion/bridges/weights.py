"""The same weights in another framework: every axis and gate order stands here, and nowhere else.

NumPy's layers are the hub. Their kernels are (O, C, M, N), their dense weights (D, K), their
flattened maps channels first, their gates ordered as in
:class:`companion.by_hand.cells.RecurrentParameters`. What differs elsewhere:

- Keras keeps kernels as (M, N, C, O), and flattens position by position, channels last,
  so that the first Dense behind a Flatten has its rows in another order.
- PyTorch keeps dense and recurrent weights transposed.
- Keras' GRU puts the update gate before the reset gate.
- Keras' SimpleRNN and LSTM have one bias where the others have two, of which only the sum counts.

Numbers that are no weights and mean something else elsewhere: :mod:`companion.bridges.weights`.
"""

from __future__ import annotations

import keras
import numpy as np
import torch
from torch import nn

from companion.by_hand.cells import RecurrentParameters
from companion.by_hand.model import NumPyLayer
from companion.by_hand.normalization import Statistics

KINDS = {
    "convolution": (nn.Conv2d, keras.layers.Conv2D),
    "dense layer": (nn.Linear, keras.layers.Dense),
    "batch normalisation": (nn.BatchNorm1d, nn.BatchNorm2d, keras.layers.BatchNormalization),
    "simple recurrent layer": (nn.RNN, keras.layers.SimpleRNN),
    "LSTM": (nn.LSTM, keras.layers.LSTM),
    "GRU": (nn.GRU, keras.layers.GRU),
}


RECURRENT = ("simple recurrent layer", "LSTM", "GRU")


def copy_weights(source, target):
    """Copy the weights of a model into the same model of another framework.

    Parameters
    ----------
    source, target : keras.Sequential, torch.nn.Module or companion.by_hand.model.DocumentCNN
        The same layers in the same order. The target's weights are overwritten.

    Returns
    -------
    keras.Sequential, torch.nn.Module or companion.by_hand.model.DocumentCNN
        `target`.

    Raises
    ------
    ValueError
        If the layers differ in kind, number or size; nothing is copied then.

    Examples
    --------
    >>> from companion.in_keras.models import document_cnn
    >>> from companion.in_torch.models import DocumentCNN
    >>> _ = copy_weights(document_cnn((28, 28, 1)), DocumentCNN((1, 28, 28)))
    """
    ours, theirs = _layers(source), _layers(target)
    if len(ours) != len(theirs):
        raise ValueError(
            f"source has {len(ours)} layers with weights and target {len(theirs)}: they must agree"
        )
    moves = []
    for (layer, order), (other, other_order) in zip(ours, theirs, strict=True):
        if _kind(layer) != _kind(other):
            raise ValueError(f"source has a {_kind(layer)} where target has a {_kind(other)}")
        moves += _moves(other, _read(layer, order), other_order)
    _carry_out(moves)
    return target


def numpy_parameters(layer):
    """Return the parameters of one layer as the NumPy layers take them.

    Parameters
    ----------
    layer : torch.nn.Module or keras.layers.Layer
        A convolution, dense or recurrent layer, or a batch normalisation.

    Returns
    -------
    tuple of numpy.ndarray
        Weights and bias; or scale, shift and
        :class:`companion.by_hand.normalization.Statistics`; or
        :class:`companion.by_hand.cells.RecurrentParameters`. Absent biases are zeros.

    Raises
    ------
    ValueError
        If the layer is of another kind, or has several layers or directions in one.

    Examples
    --------
    >>> numpy_parameters(nn.Linear(3, 2))[0].shape
    (3, 2)
    """
    return _read(layer, None)


def set_parameters(layer, parameters):
    """Put parameters of a NumPy layer into a layer of a framework.

    Parameters
    ----------
    layer : torch.nn.Module or keras.layers.Layer
        Built; its weights are overwritten.
    parameters : tuple of numpy.ndarray
        As :func:`numpy_parameters` returns them.

    Returns
    -------
    torch.nn.Module or keras.layers.Layer
        `layer`.

    Raises
    ------
    ValueError
        If a shape does not fit, or a bias other than zero has no place; nothing is set then.

    Examples
    --------
    >>> layer = set_parameters(nn.Linear(3, 2), (np.ones((3, 2)), np.zeros(2)))
    >>> layer.weight.shape
    torch.Size([2, 3])
    """
    _carry_out(_moves(layer, parameters, None))
    return layer


def _layers(model):
    """Return (layer, order of its inputs behind a Flatten or None) of all that have weights."""
    if isinstance(model, keras.Model):
        return _keras_layers(model)
    if isinstance(model, nn.Module):
        known = sum(KINDS.values(), ())
        return [(module, None) for module in model.modules() if isinstance(module, known)]
    return [(layer, None) for layer in model.layers]


def _keras_layers(model):
    """Do the same for Keras, where channels come last: say where PyTorch's inputs stand."""
    found, order = [], None
    for layer in model.layers:
        if isinstance(layer, keras.layers.Flatten) and len(layer.input.shape) == 4:
            height, width, channels = layer.input.shape[1:]
            positions = np.arange(height * width * channels).reshape(height, width, channels)
            order = positions.transpose(2, 0, 1).ravel()
        elif layer.weights:
            found.append((layer, order if isinstance(layer, keras.layers.Dense) else None))
            order = None
    return found


def _kind(layer):
    """Name what a layer does."""
    if isinstance(layer, NumPyLayer):
        return layer.kind
    kind = next((kind for kind, types in KINDS.items() if isinstance(layer, types)), None)
    if kind is None:
        raise ValueError(f"layer must be one of {', '.join(KINDS)}, got {type(layer).__name__}")
    if isinstance(layer, nn.RNNBase) and (layer.num_layers > 1 or layer.bidirectional):
        raise ValueError(f"layer must have one layer and one direction, got {layer}")
    if kind == "GRU" and not getattr(layer, "reset_after", True):
        return "GRU with the reset before the product"
    return kind


def _slots(layer):
    """Return the variables of a layer: weights, then biases (None where absent), then the rest."""
    if isinstance(layer, NumPyLayer):
        return [layer.weights, layer.bias]
    if isinstance(layer, nn.RNNBase):
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        return [getattr(layer, name, None) for name in names]
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        return [layer.weight, layer.bias, layer.running_mean, layer.running_var]
    if isinstance(layer, nn.Module):
        return [layer.weight, layer.bias]
    if isinstance(layer, keras.layers.BatchNormalization):
        return [layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance]
    if isinstance(layer, keras.layers.RNN):
        return [layer.cell.kernel, layer.cell.recurrent_kernel, layer.cell.bias]
    return [layer.kernel, layer.bias]


def _read(layer, order):
    """Return NumPy's parameters of a layer."""
    kind, slots = _kind(layer), _slots(layer)
    arrays = [None if slot is None else _as_numpy(slot) for slot in slots]
    if kind == "batch normalisation":
        return arrays[0], arrays[1], Statistics(*arrays[2:])
    if kind in ("convolution", "dense layer"):
        weights, bias = _turned(layer, arrays[0], order, back=True), arrays[1]
        units = weights.shape[0 if kind == "convolution" else 1]
        return weights, np.zeros(units, weights.dtype) if bias is None else bias
    return _read_recurrent(layer, arrays)


def _read_recurrent(layer, arrays):
    """Return NumPy's parameters of a recurrent layer."""
    weights = [array.T if isinstance(layer, nn.Module) else array for array in arrays[:2]]
    none = np.zeros(weights[0].shape[1], weights[0].dtype)
    if isinstance(layer, nn.Module):
        biases = [none if bias is None else bias for bias in arrays[2:]]
    else:
        one = none if arrays[2] is None else arrays[2]
        biases = list(one) if one.ndim == 2 else [one, none]
    return RecurrentParameters(*(_swapped(layer, array) for array in [*weights, *biases]))


def _moves(layer, parameters, order):
    """Return (variable, its new value) of a layer, or raise if something does not fit."""
    kind, slots = _kind(layer), _slots(layer)
    if kind == "batch normalisation":
        values = [*parameters[:2], *parameters[2]]
    elif kind in ("convolution", "dense layer"):
        values = [_turned(layer, parameters[0], order, back=False), parameters[1]]
    else:
        values = _recurrent_values(layer, parameters)
    moves = []
    for slot, value in zip(slots, values, strict=True):
        if slot is None and np.any(value):
            raise ValueError(f"parameters have a bias, the {kind} has no place for one")
        if slot is not None and tuple(slot.shape) != value.shape:
            raise ValueError(
                f"parameters of the {kind} must have shape {tuple(slot.shape)} "
                f"in its own order, got {value.shape}"
            )
        if slot is not None:
            moves.append((slot, value))
    return moves


def _recurrent_values(layer, parameters):
    """Return the arrays of a recurrent layer in its own order."""
    *weights, input_bias, state_bias = (_swapped(layer, array) for array in parameters)
    if isinstance(layer, nn.Module):
        return [weights[0].T, weights[1].T, input_bias, state_bias]
    if layer.cell.bias is not None and len(layer.cell.bias.shape) == 2:
        return [*weights, np.stack([input_bias, state_bias])]
    return [*weights, input_bias + state_bias]


def _carry_out(moves):
    for slot, value in moves:
        if isinstance(slot, torch.Tensor):
            with torch.no_grad():
                slot.copy_(torch.tensor(value))
        elif isinstance(slot, np.ndarray):
            slot[...] = value
        else:
            slot.assign(value)


def _as_numpy(slot):
    """Return a copy of a variable."""
    value = slot.detach().cpu().numpy() if isinstance(slot, torch.Tensor) else np.asarray(slot)
    return value.copy()


def _turned(layer, weights, order, *, back):
    """Turn weights from NumPy's axes to the layer's own, or back."""
    if isinstance(layer, NumPyLayer):
        return weights
    if isinstance(layer, nn.Module):
        return weights if weights.ndim == 4 else weights.T
    if weights.ndim == 4:
        return weights.transpose((3, 2, 0, 1) if back else (2, 3, 1, 0))
    if order is None:
        return weights
    return weights[order] if back else weights[np.argsort(order)]


def _swapped(layer, array):
    """Exchange the first two gates of Keras' GRU; the way back is the same."""
    if not isinstance(layer, keras.layers.GRU):
        return array
    update, reset, candidate = np.split(array, 3, axis=-1)
    return np.concatenate([reset, update, candidate], axis=-1)


def batch_norm_settings(layer) -> dict:
    """Return what :func:`companion.by_hand.normalization.batch_norm` must be told to do the same.

    Parameters
    ----------
    layer : torch.nn.BatchNorm2d, torch.nn.BatchNorm1d or keras.layers.BatchNormalization
        Its numbers are translated.

    Returns
    -------
    dict
        ``momentum``, ``epsilon`` and ``unbiased``.

    Examples
    --------
    >>> batch_norm_settings(nn.BatchNorm2d(1))
    {'momentum': 0.1, 'epsilon': 1e-05, 'unbiased': True}
    """
    if isinstance(layer, nn.Module):
        return {"momentum": layer.momentum, "epsilon": layer.eps, "unbiased": True}
    return {"momentum": 1 - layer.momentum, "epsilon": layer.epsilon, "unbiased": False}


def torch_adam_epsilon(keras_epsilon: float, step: int, *, beta2: float = 0.999) -> float:
    """Return the epsilon with which PyTorch's Adam takes the step that Keras' takes.

    Parameters
    ----------
    keras_epsilon : float
        Keras' default is 1e-7.
    step : int
        From 1.
    beta2 : float
        Decay of the squared gradients' mean.

    Returns
    -------
    float
        It shrinks towards `keras_epsilon` as the steps go on.

    References
    ----------
    D. Kingma and J. Ba, Adam, ICLR 2015, end of section 2: the other order of computation.

    Examples
    --------
    >>> round(torch_adam_epsilon(1e-7, 1), 9)
    3.162e-06
    """
    return keras_epsilon / (1 - beta2**step) ** 0.5
