"""Ways in which the same numbers can lie in memory, and what each layer is called with."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from companion import by_hand

PAD, SEED = ((1, 0), (0, 1)), 5


def stored_turned(array):
    """Lie in memory turned by a quarter over the last two axes (the only one, reversed)."""
    if array.ndim < 2:
        return array[::-1].copy()[::-1]
    return np.rot90(np.rot90(array, -1, axes=(-2, -1)).copy(), axes=(-2, -1))


def stored_swapped(*axes):
    """Lie in memory with two axes swapped, as far as there are so many."""

    def store(array):
        pair = [min(axis, array.ndim - 1) for axis in axes]
        return array.swapaxes(*pair).copy().swapaxes(*pair)

    return store


def unusable(shape, dtype):
    """Return room full of what no layer accepts."""
    return np.full(shape, np.nan if np.issubdtype(dtype, np.floating) else 99, dtype)


def strided(array):
    """Lie in every second place of every axis, among numbers that nothing may read."""
    room = unusable([2 * size for size in array.shape], array.dtype)
    view = room[(slice(None, None, 2),) * array.ndim]
    view[...] = array
    return view


def reversed_axes(array):
    """Lie in memory back to front along every axis."""
    back = (slice(None, None, -1),) * array.ndim
    return array[back].copy()[back]


def cut_out(array):
    """Lie within a larger array."""
    room = unusable([size + 2 for size in array.shape], array.dtype)
    view = room[(slice(1, -1),) * array.ndim]
    view[...] = array
    return view


def read_only(array):
    """Refuse to be written to."""
    array = array.copy()
    array.flags.writeable = False
    return array


def repeated(array):
    """Hold the first row for every row: strides of zero, and read-only."""
    return np.broadcast_to(array[:1], array.shape)


def unaligned(array):
    """Begin at an odd byte, as in a file that was mapped."""
    room = np.zeros(array.nbytes + 1, np.uint8)
    view = np.ndarray(array.shape, array.dtype, buffer=room.data, offset=1)
    view[...] = array
    return view


def laid_out(array, order, steps):
    """Lie with the axes in any order, and every so many places forwards or backwards."""
    sizes = [size * abs(step) for size, step in zip(array.shape, steps, strict=True)]
    room = unusable([sizes[axis] for axis in order], array.dtype)
    view = room.transpose(np.argsort(order))[(*(slice(None, None, step) for step in steps), ...)]
    view[...] = array
    return view


VIEWS = {
    "turned": stored_turned,
    "axes 2 and 3 swapped": stored_swapped(2, 3),
    "axes 1 and 2 swapped": stored_swapped(1, 2),
    "axes 0 and 1 swapped": stored_swapped(0, 1),
    "channels last": lambda a: np.moveaxis(np.moveaxis(a, 1 % a.ndim, -1).copy(), -1, 1 % a.ndim),
    "Fortran": np.asfortranarray,
    "strided": strided,
    "reversed": reversed_axes,
    "cut out": cut_out,
    "read-only": read_only,
    "repeated": repeated,
    "unaligned": unaligned,
}


def with_grad(forward, backward, **how):
    """Return a call of a layer and its gradients on (gradient of the outputs, arguments)."""

    def call(grad, *arrays):
        gradients = backward(grad, *arrays[:2], **how)
        return forward(*arrays, **how), *(
            gradients if isinstance(gradients, tuple) else [gradients]
        )

    return call


def norm(grad, inputs, scale, shift):
    """Normalise in training, forward and backward."""
    kept = by_hand.Statistics(np.zeros_like(scale), np.ones_like(scale))
    outputs, _ = by_hand.batch_norm(inputs, scale, shift, kept, training=True)
    return outputs, *by_hand.batch_norm_backward(grad, inputs, scale)


def norm_in_torch(inputs, scale, shift):
    """Normalise in training."""
    return functional.batch_norm(inputs, None, None, scale, shift, training=True)


def norm_in_use(_, inputs, scale, shift, mean, deviation):
    """Normalise with kept statistics, forward only."""
    kept = by_hand.Statistics(mean, np.abs(deviation))
    return by_hand.batch_norm(inputs, scale, shift, kept, training=False)[:1]


def norm_in_use_in_torch(inputs, scale, shift, mean, deviation):
    """Normalise with kept statistics."""
    kept = mean.detach(), deviation.detach().abs()
    return functional.batch_norm(inputs, *kept, scale, shift, training=False)


def dropped(grad, inputs):
    """Drop a third of the values, always the same."""
    outputs, mask = by_hand.dropout(inputs, 1 / 3, np.random.default_rng(SEED))
    return outputs, by_hand.dropout_backward(grad, mask)


def dropped_in_torch(inputs):
    """Drop the same third."""
    kept = np.random.default_rng(SEED).random(tuple(inputs.shape)) >= 1 / 3
    return inputs * torch.tensor(kept * 1.5)


def from_outputs(forward, backward):
    """Return a call of an activation whose backward pass takes what the forward one gave."""
    return lambda grad, inputs: (forward(inputs), backward(grad, forward(inputs)))


def loss(grad, logits):
    """Return the loss of fixed labels and its gradient times that of the result."""
    labels = np.arange(len(logits)) % 2
    gradient = by_hand.binary_cross_entropy_backward(logits, labels)
    return np.array(by_hand.binary_cross_entropy(logits, labels)), gradient * grad


def loss_in_torch(logits):
    """Return the loss of the same labels."""
    labels = torch.arange(len(logits), dtype=logits.dtype) % 2
    return functional.binary_cross_entropy_with_logits(logits, labels)


def over_time(forward, backward, **how):
    """Return a call of a recurrent layer; an LSTM takes two states."""

    def call(grad, inputs, w, v, b, c, *state):
        parameters = by_hand.RecurrentParameters(w, v, b, c)
        state = by_hand.LSTMState(*state) if len(state) == 2 else state[0]
        d_inputs, d_parameters, d_state = backward(grad, inputs, parameters, state, **how)
        d_state = d_state if isinstance(d_state, tuple) else (d_state,)
        return forward(inputs, parameters, state, **how)[0], d_inputs, *d_parameters, *d_state

    return call


def rnn_in_torch(x, w, v, b, c, h):
    """Run the simple layer's equation."""
    outputs = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ w + b + h @ v + c)
        outputs.append(h)
    return torch.stack(outputs, 1)


def lstm_in_torch(x, w, v, b, c, h, cell, *, gates=None):
    """Run the LSTM's equations; append each step's gates to a list."""
    outputs = []
    for t in range(x.shape[1]):
        i, f, g, o = torch.chunk(x[:, t] @ w + b + h @ v + c, 4, dim=1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        cell = f * cell + i * g
        h = o * torch.tanh(cell)
        outputs.append(h)
        if gates is not None:
            gates.append((i, f, g, o))
    return torch.stack(outputs, 1)


def gru_in_torch(x, w, v, b, c, h, *, reset_after, gates=None):
    """Run the GRU's equations in either convention; append each step's gates to a list."""
    outputs = []
    wr, wz, wn = torch.chunk(w, 3, dim=1)
    vr, vz, vn = torch.chunk(v, 3, dim=1)
    (br, bz, bn), (cr, cz, cn) = torch.chunk(b, 3), torch.chunk(c, 3)
    for t in range(x.shape[1]):
        r = torch.sigmoid(x[:, t] @ wr + br + h @ vr + cr)
        z = torch.sigmoid(x[:, t] @ wz + bz + h @ vz + cz)
        inner = r * (h @ vn + cn) if reset_after else (r * h) @ vn + cn
        n = torch.tanh(x[:, t] @ wn + bn + inner)
        h = (1 - z) * n + z * h
        outputs.append(h)
        if gates is not None:
            gates.append((r, z, n))
    return torch.stack(outputs, 1)


def recurrent(blocks, states=1):
    """Return the shapes that a recurrent layer's arguments have."""
    return (
        (4, 3, 2),
        (2, 5 * blocks),
        (5, 5 * blocks),
        (5 * blocks,),
        (5 * blocks,),
        *[(4, 5)] * states,
    )


IMAGES, ROWS, BIAS = (4, 3, 6, 6), (4, 3), (3,)
KERNELS = (2, 3, 3, 3)


def padded(pool, **how):
    """Return PyTorch's pooling."""
    return lambda images: pool(images, **how)


CONV = {"stride": (2, 1), "padding": PAD}
#: Name: our outputs and gradients from (gradient, arguments); PyTorch's outputs; the shapes.
LAYERS = {
    "conv2d": (
        lambda g, x, k, b: (
            by_hand.conv2d(x, k, b, **CONV), *by_hand.conv2d_backward(g, x, k, **CONV)
        ),
        lambda x, k, b: functional.conv2d(functional.pad(x, (0, 1, 1, 0)), k, b, stride=(2, 1)),
        (IMAGES, KERNELS, (2,)),
    ),
    "conv2d without padding": (
        lambda g, x, k, b: (by_hand.conv2d(x, k, b), *by_hand.conv2d_backward(g, x, k)),
        functional.conv2d,
        (IMAGES, KERNELS, (2,)),
    ),
    "max_pool2d": (
        with_grad(by_hand.max_pool2d, by_hand.max_pool2d_backward),
        padded(functional.max_pool2d, kernel_size=2),
        (IMAGES,),
    ),
    "max_pool2d with padding": (
        with_grad(by_hand.max_pool2d, by_hand.max_pool2d_backward, size=3, stride=2, padding=1),
        padded(functional.max_pool2d, kernel_size=3, stride=2, padding=1),
        (IMAGES,),
    ),
    "avg_pool2d": (
        with_grad(by_hand.avg_pool2d, by_hand.avg_pool2d_backward),
        padded(functional.avg_pool2d, kernel_size=2),
        (IMAGES,),
    ),
    "avg_pool2d with padding": (
        with_grad(by_hand.avg_pool2d, by_hand.avg_pool2d_backward, size=3, stride=2, padding=1),
        padded(functional.avg_pool2d, kernel_size=3, stride=2, padding=1),
        (IMAGES,),
    ),
    "global_avg_pool2d": (
        with_grad(by_hand.global_avg_pool2d, by_hand.global_avg_pool2d_backward),
        lambda x: x.mean(dim=(2, 3)),
        (IMAGES,),
    ),
    "dense": (
        lambda g, x, w, b: (by_hand.dense(x, w, b), *by_hand.dense_backward(g, x, w)),
        lambda x, w, b: x @ w + b,
        (ROWS, (3, 5), (5,)),
    ),
    "flatten": (
        with_grad(by_hand.flatten, by_hand.flatten_backward),
        lambda x: x.flatten(1),
        (IMAGES,),
    ),
    "relu": (with_grad(by_hand.relu, by_hand.relu_backward), torch.relu, (IMAGES,)),
    "sigmoid": (
        from_outputs(by_hand.sigmoid, by_hand.sigmoid_backward), torch.sigmoid, (IMAGES,)
    ),
    "softmax": (
        from_outputs(by_hand.softmax, by_hand.softmax_backward),
        lambda x: torch.softmax(x, 1),
        (ROWS,),
    ),
    "binary_cross_entropy": (loss, loss_in_torch, ((6,),)),
    "batch_norm of images": (norm, norm_in_torch, (IMAGES, BIAS, BIAS)),
    "batch_norm of rows": (norm, norm_in_torch, (ROWS, BIAS, BIAS)),
    "batch_norm of images in use": (
        norm_in_use, norm_in_use_in_torch, (IMAGES, BIAS, BIAS, BIAS, BIAS)
    ),
    "batch_norm of rows in use": (
        norm_in_use, norm_in_use_in_torch, (ROWS, BIAS, BIAS, BIAS, BIAS)
    ),
    "dropout": (dropped, dropped_in_torch, (IMAGES,)),
    "rnn": (over_time(by_hand.rnn, by_hand.rnn_backward), rnn_in_torch, recurrent(1)),
    "lstm": (over_time(by_hand.lstm, by_hand.lstm_backward), lstm_in_torch, recurrent(4, 2)),
    "gru": (
        over_time(by_hand.gru, by_hand.gru_backward),
        lambda *arrays: gru_in_torch(*arrays, reset_after=True),
        recurrent(3),
    ),
    "gru, reset before": (
        over_time(by_hand.gru, by_hand.gru_backward, reset_after=False),
        lambda *arrays: gru_in_torch(*arrays, reset_after=False),
        recurrent(3),
    ),
}  # fmt: skip
