"""A model as the chain of blocks that it applies; what is no chain is refused."""

from __future__ import annotations

import keras
from torch import nn

import companion.bridges._keras_layers
import companion.bridges._torch_layers  # noqa: F401  both tell singledispatch their layers
from companion import by_hand
from companion.bridges._blocks import Block, blocks, blocks_of
from companion.in_keras import layers_in_chain


def chain_of(model):
    """Return all blocks of a model, in the order in which it applies them."""
    if isinstance(model, by_hand.DocumentCNN):
        return _numpy_chain(model)
    if isinstance(model, keras.Model):
        return _keras_chain(model)
    if isinstance(model, nn.Module):
        return [block for layer in torch_leaves(model) for block in blocks_of(layer)]
    raise ValueError(f"model must be of PyTorch, Keras or by_hand, got {type(model).__name__}")


def torch_leaves(module):
    """Yield the layers of a module; one that holds weights beside its parts is refused."""
    known = blocks.dispatch(type(module)) is not blocks.dispatch(object)
    children = list(module.children())
    if known or not children:
        yield module
        return
    own = [*module._parameters, *module._buffers]
    if own:
        raise ValueError(f"{type(module).__name__} holds {', '.join(own)} beside its layers")
    if isinstance(module, nn.ModuleList | nn.ModuleDict):
        raise ValueError(f"model must apply its layers in a chain, got a {type(module).__name__}")
    for child in children:
        yield from torch_leaves(child)


def _keras_chain(model):
    """Return the blocks of a chain of Keras layers, each told how its inputs are ordered."""
    found, order = [], None
    for layer in layers_in_chain(model):
        if getattr(layer, "stateful", False):
            raise ValueError(f"{layer.name} must be stateless, got stateful=True")
        if isinstance(layer, keras.layers.Dense) and len(layer.input.shape) != 2:
            raise ValueError(f"{layer.name} must take (N, D), got {tuple(layer.input.shape)}")
        for block in blocks_of(layer, order):
            if block.gives_order is not None:
                order = block.gives_order
                continue
            found.append(block)
            order = None if block.takes_order else order
    return found


def _numpy_chain(model):
    pool = Block("max pooling", {"size": (2, 2), "stride": (2, 2)})
    none = [(0, 0), (0, 0)]
    plain = {"stride": (1, 1), "padding": none, "dilation": (1, 1), "groups": 1}
    found = []
    for number, layer in enumerate(model.layers):

        def read(layer=layer):
            return layer.weights.copy(), layer.bias.copy()

        def moves(parameters, layer=layer):
            return [(layer.weights, parameters[0]), (layer.bias, parameters[1])]

        settings = plain if layer.kind == "convolution" else {}
        found.append(Block(layer.kind, settings, read, moves))
        if layer.kind == "convolution":
            found += [Block("relu"), pool]
        elif number < len(model.layers) - 1:
            found.append(Block("relu"))
    return found
