"""One vocabulary for the layers of all frameworks: one block a layer, each conversion once.

A layer that holds numbers, or changes them in a way that is not understood here, is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import singledispatch

import numpy as np
import torch

from companion.by_hand import Statistics


class NoPlaceError(ValueError):
    """Parameters hold what the layer has no variable for."""


@dataclass
class Block:
    """One step of a model: what it is, its settings, and its weights if it has any.

    ``read()`` returns them as the NumPy layers take them; ``moves(parameters)`` returns pairs of
    a variable and its new value. ``order`` says where NumPy's inputs stand among Keras' behind a
    Flatten of maps; ``count`` how many parameters there are.
    """

    kind: str
    settings: dict = field(default_factory=dict)
    read: Callable | None = None
    moves: Callable | None = None
    gives_order: np.ndarray | None = None
    takes_order: bool = False
    count: int = 2


@singledispatch
def blocks(layer, order=None) -> list[Block]:
    """Return a layer's blocks; `order` is that of its inputs behind a Flatten, or None."""
    raise ValueError(
        f"layer must be one that both sides understand (convolution, dense, pooling, batch "
        f"normalisation, recurrent, activation), got {type(layer).__name__}"
    )


#: What the numbers that a layer holds may be called; others would be left behind.
KNOWN = {
    "kernel", "recurrent_kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance",
    "weight", "running_mean", "running_var", "num_batches_tracked",
    "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
}  # fmt: skip


def blocks_of(layer, order=None) -> list[Block]:
    """Return a layer's blocks, if it is of a kind that is understood and holds nothing else."""
    if blocks.dispatch(type(layer)) is blocks.dispatch(object):
        return blocks(layer, order)
    name = type(layer).__name__
    if type(layer) not in blocks.registry:
        raise ValueError(f"layer must be a plain layer, got {name}, a class derived from one")
    if isinstance(layer, torch.nn.Module):
        held = {**dict(layer.named_parameters()), **dict(layer.named_buffers())}
        absent = [key for key, value in held.items() if _is_absent(value)]
        if absent:
            raise ValueError(f"{name} must have its numbers in memory, got none of {absent}")
    else:
        if not layer.built:
            raise ValueError(f"layer must be built, got {layer.name}, which has no weights yet")
        held = [variable.name for variable in layer.weights]
    found = blocks(layer, order)
    unknown = [key for key in held if key not in KNOWN]
    if unknown:
        raise ValueError(f"{name} holds {', '.join(unknown)}, which is not understood")
    return found


def _is_absent(value):
    return torch.nn.parameter.is_lazy(value) or value.is_meta


def activation(name, **settings):
    return [] if name == "linear" else [Block(name, settings)]


def pooling(kind, size, stride, pads):
    if any(any(pad) for pad in pads):
        raise ValueError(f"pooling must have no padding, got {pads}: its edges differ by framework")
    return [Block(kind, {"size": size, "stride": stride})]


def convolution(stride, pads, dilation, groups, read, moves):
    settings = {"stride": stride, "padding": pads, "dilation": dilation, "groups": groups}
    return Block("convolution", settings, read, moves)


def normalisation(slots, count, epsilon, order):
    absent = (1, 0, 0, 1)

    def read():
        arrays = [
            np.full(count, none, np.float32)
            if slot is None
            else rows_to_numpy(array_of(slot), order)
            for slot, none in zip(slots, absent, strict=True)
        ]
        return arrays[0], arrays[1], Statistics(*arrays[2:])

    def moves(parameters):
        values = [*parameters[:2], *parameters[2]]
        found = []
        for slot, value, none in zip(slots, values, absent, strict=True):
            found += move(slot, rows_to_keras(value, order), absent=none)
        return found

    return Block("batch normalisation", {"epsilon": round(float(epsilon), 9)}, read, moves, count=3)


def kernels_to_numpy(kernels):
    """From Keras' (M, N, C, O) to (O, C, M, N)."""
    return kernels.transpose(3, 2, 0, 1)


def kernels_to_keras(kernels):
    """From (O, C, M, N) to Keras' (M, N, C, O)."""
    return kernels.transpose(2, 3, 1, 0)


def rows_to_numpy(rows, order):
    """Put the rows behind a Keras Flatten, channels last, into NumPy's order, channels first."""
    return rows if order is None else rows[order]


def rows_to_keras(rows, order):
    """Do the reverse."""
    return rows if order is None else rows[np.argsort(order)]


def swap_gates(array):
    """Exchange update and reset, the first two gates of Keras' GRU; this is its own inverse."""
    update, reset, candidate = np.split(array, 3, axis=-1)
    return np.concatenate([reset, update, candidate], axis=-1)


def join_biases(of_input, of_state):
    """Add two biases of which only the sum counts."""
    return of_input + of_state


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(map(int, value))


def array_of(slot):
    """Return a copy of a variable."""
    value = slot.detach().cpu().numpy() if isinstance(slot, torch.Tensor) else np.asarray(slot)
    return value.copy()


def bias_of(slot, count, weights):
    return np.zeros(count, array_of(weights).dtype) if slot is None else array_of(slot)


def move(slot, value, *, absent=0):
    """Return the move of a value into a variable; where there is none it must change nothing."""
    if slot is None:
        if np.any(value != absent):
            raise NoPlaceError("parameters have a bias or scale")
        return []
    return [(slot, value)]
