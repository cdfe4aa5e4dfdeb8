"""The same weights in another framework: every axis and gate order is translated in this wing only.

NumPy's layers are the hub. Their kernels are (O, C, M, N), their dense weights (D, K), their
flattened maps channels first, their gates ordered as in
:class:`companion.by_hand.RecurrentParameters`. What differs elsewhere:

- Keras keeps kernels as (M, N, C, O), and flattens position by position, channels last,
  so that what follows a Flatten has its rows in another order.
- PyTorch keeps dense and recurrent weights transposed.
- Keras' GRU puts the update gate before the reset gate.
- Keras' SimpleRNN and LSTM have one bias where the others have two, of which only the sum counts.
"""

from __future__ import annotations

import itertools

import keras
import numpy as np
import torch

from companion.bridges._answers import expect_same_answers, input_shape_of
from companion.bridges._blocks import Block, NoPlaceError, array_of, blocks_of
from companion.bridges._chains import chain_of
from companion.bridges._keras_layers import order_before
from companion.bridges.onnx_model import check_shape_of_inputs
from companion.by_hand import RecurrentParameters, Statistics


def copy_weights(source, target, *, input_shape: tuple[int, ...] | None = None):
    """Copy the weights of a model into the same model of another framework, and compare the two.

    Parameters
    ----------
    source, target : keras.Model, torch.nn.Module or companion.by_hand.DocumentCNN
        The same layers in the same order. The target's weights are overwritten.
    input_shape : tuple of int, optional
        Of one image, (C, H, W), where neither model knows it.

    Returns
    -------
    keras.Model, torch.nn.Module or companion.by_hand.DocumentCNN
        `target`.

    Raises
    ------
    ValueError
        If a layer is not understood, if the layers differ in kind, number, settings or size, or
        if the two models answer differently to the same random images. The target is then as it
        was. A sigmoid at the very end may stand in one of them only: the logits are compared.
        What acts in training only, dropout and the momentum of batch normalisation, may differ.

    Examples
    --------
    >>> from companion.in_keras import document_cnn
    >>> from companion.in_torch import DocumentCNN
    >>> _ = copy_weights(document_cnn((28, 28, 1)), DocumentCNN((1, 28, 28)))
    """
    ours, theirs = _without_sigmoid(chain_of(source)), _without_sigmoid(chain_of(target))
    with_weights = [sum(block.read is not None for block in chain) for chain in (ours, theirs)]
    if with_weights[0] != with_weights[1]:
        raise ValueError(
            f"source has {with_weights[0]} layers with weights and target {with_weights[1]}: "
            f"they must agree"
        )
    moves = []
    for one, other in itertools.zip_longest(ours, theirs, fillvalue=Block("nothing more")):
        _expect_alike(one, other)
        if one.read is not None:
            moves += _fitting(other, one.read())
    shape = input_shape_of(source, target) if input_shape is None else input_shape
    shape = check_shape_of_inputs(shape)
    before = [(slot, array_of(slot)) for slot, _ in moves]
    _expect_writable(moves)
    try:
        _carry_out(moves)
        expect_same_answers(source, target, shape)
    except BaseException:
        _carry_out(before)
        raise
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
        Weights and bias; or scale, shift and :class:`companion.by_hand.Statistics`; or
        :class:`companion.by_hand.RecurrentParameters`. Absent biases are zeros.

    Raises
    ------
    ValueError
        If the layer is of another kind, is not built, has several layers or directions in one,
        or a recurrent one has other activations than the NumPy layers.

    Examples
    --------
    >>> numpy_parameters(torch.nn.Linear(3, 2))[0].shape
    (3, 2)
    """
    return _only(layer).read()


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
        If a shape does not fit, a value is not finite, a bias other than zero has no place, or
        the layer is not understood; nothing is set then.

    Examples
    --------
    >>> layer = set_parameters(torch.nn.Linear(3, 2), (np.ones((3, 2)), np.zeros(2)))
    >>> layer.weight.shape
    torch.Size([2, 3])
    """
    _carry_out(_fitting(_only(layer), parameters))
    return layer


def _only(layer):
    """Return the one block with weights of a layer, which does as the NumPy layers do."""
    order = order_before(layer) if isinstance(layer, keras.layers.Layer) else None
    found = [block for block in blocks_of(layer, order) if block.read is not None]
    if len(found) != 1:
        raise ValueError(f"layer must have weights, got {type(layer).__name__}")
    for name, only in (("activation", "tanh"), ("gates", "sigmoid")):
        given = found[0].settings.get(name, only)
        if given != only:
            raise ValueError(f"the {found[0].kind} must have {name} {only}, got {given}")
    return found[0]


def _without_sigmoid(chain):
    return chain[:-1] if chain and chain[-1].kind == "sigmoid" else chain


def _expect_alike(one, other):
    if one.kind != other.kind:
        a = "an" if other.kind == "LSTM" else "a"
        raise ValueError(f"source has a {one.kind} where target has {a} {other.kind}")
    differing = [name for name in one.settings if one.settings[name] != other.settings.get(name)]
    if differing:
        name = differing[0]
        raise ValueError(
            f"the {one.kind} of source has {name} {one.settings[name]}, that of target "
            f"{other.settings.get(name)}"
        )


def _fitting(block, parameters):
    """Return a block's moves, or raise if the parameters do not fit."""
    parameters = _checked(block, parameters)
    try:
        moves = block.moves(parameters)
    except NoPlaceError as problem:
        raise ValueError(f"{problem}, the {block.kind} has no place for one") from None
    except (ValueError, IndexError) as problem:
        raise ValueError(
            f"parameters of the {block.kind} have shapes that do not belong together: {problem}"
        ) from problem
    for slot, value in moves:
        if tuple(slot.shape) != value.shape:
            raise ValueError(
                f"parameters of the {block.kind} must have shape {tuple(slot.shape)} "
                f"in its own order, got {value.shape}"
            )
    return moves


def _checked(block, parameters):
    """Return parameters as arrays of finite floats, in the tuple that they came in."""
    if not isinstance(parameters, tuple | list) or len(parameters) != block.count:
        found = len(parameters) if hasattr(parameters, "__len__") else type(parameters).__name__
        raise ValueError(f"parameters of the {block.kind} must be {block.count}, got {found}")
    cleaned = [
        Statistics(*map(_floats, each)) if isinstance(each, Statistics) else _floats(each)
        for each in parameters
    ]
    return RecurrentParameters(*cleaned) if block.count == 4 else tuple(cleaned)


def _floats(values):
    try:
        array = np.asarray(values)
        array = array if array.dtype.kind == "f" else array.astype(np.float64, casting="safe")
    except (TypeError, ValueError):
        raise ValueError(f"parameters must be arrays of floats, got {values!r:.60}") from None
    if not np.isfinite(array).all():
        bad = array.size - np.isfinite(array).sum()
        raise ValueError(f"parameters must be finite, got {bad} values that are NaN or infinite")
    return array


def _expect_writable(moves):
    for slot, _ in moves:
        if isinstance(slot, np.ndarray) and not slot.flags.writeable:
            raise ValueError(f"target must be writable, got a read-only array of {slot.shape}")


def _carry_out(moves):
    for slot, value in moves:
        if isinstance(slot, torch.Tensor):
            with torch.no_grad():
                slot.copy_(torch.tensor(np.ascontiguousarray(value)))
        elif isinstance(slot, np.ndarray):
            slot[...] = value
        else:
            slot.assign(value)
