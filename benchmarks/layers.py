"""NumPy's layers beside PyTorch's: the same numbers, and how long each takes.

One thread each, in turns within one run; medians, and the ratio NumPy / PyTorch.
The table is printed, and stored beside this file with the date and the commit.

    python benchmarks/layers.py --repeats 15
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import torch
from provenance import provenance, store
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from companion.bridges import numpy_parameters
from companion.by_hand.activations import relu, relu_backward, sigmoid, softmax
from companion.by_hand.conv import conv2d, conv2d_backward
from companion.by_hand.dense import dense, dense_backward
from companion.by_hand.normalization import Statistics, batch_norm, batch_norm_backward
from companion.by_hand.pool import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    max_pool2d,
    max_pool2d_backward,
)
from companion.by_hand.recurrent import gru, lstm, rnn
from companion.by_hand.recurrent_backward import gru_backward, lstm_backward, rnn_backward

HERE = Path(__file__).resolve().parent
CONVOLUTIONS = [(32, 1, 32, 28), (32, 32, 64, 56), (8, 3, 32, 224)]
STEPS, BATCH, FEATURES, UNITS = 100, 32, 64, 128
aten = torch.ops.aten


def image_pairs(number, channels, outputs, size, rng):
    """Yield (function, shape, NumPy's call, PyTorch's call) for the layers of images."""
    shape = f"({number}, {channels}→{outputs}, {size}x{size})"
    x = torch.from_numpy(rng.standard_normal((number, channels, size, size), dtype=np.float32))
    k = torch.from_numpy(rng.standard_normal((outputs, channels, 3, 3), dtype=np.float32))
    b = torch.from_numpy(rng.standard_normal(outputs, dtype=np.float32))
    y = functional.conv2d(x, k, b)
    g = torch.randn_like(y)
    one = [1, 1]
    X, K, B, Y, G = (t.numpy() for t in (x, k, b, y, g))
    yield "conv2d", shape, lambda: conv2d(X, K, B), lambda: functional.conv2d(x, k, b)
    yield (
        "conv2d_backward", shape, lambda: conv2d_backward(G, X, K),
        lambda: aten.convolution_backward(
            g, x, k, [outputs], one, [0, 0], one, False, [0, 0], 1, [True] * 3
        ),
    )  # fmt: skip

    shape = f"({number}, {outputs}, {y.shape[2]}x{y.shape[3]})"
    m = functional.max_pool2d(y, 2)
    gm = torch.randn_like(m)
    GM = gm.numpy()
    two = [2, 2]
    yield "max_pool2d", shape, lambda: max_pool2d(Y), lambda: functional.max_pool2d(y, 2)
    yield (
        "max_pool2d_backward", shape, lambda: max_pool2d_backward(GM, Y),
        lambda: aten.max_pool2d_with_indices_backward(
            gm, y, two, two, [0, 0], one, False, functional.max_pool2d(y, 2, return_indices=True)[1]
        ),
    )  # fmt: skip
    yield "avg_pool2d", shape, lambda: avg_pool2d(Y), lambda: functional.avg_pool2d(y, 2)
    yield (
        "avg_pool2d_backward", shape, lambda: avg_pool2d_backward(GM, Y),
        lambda: aten.avg_pool2d_backward(gm, y, two, two, [0, 0], False, True, None),
    )  # fmt: skip
    yield (
        "global_avg_pool2d", shape, lambda: global_avg_pool2d(Y),
        lambda: functional.adaptive_avg_pool2d(y, 1)[:, :, 0, 0],
    )  # fmt: skip
    yield "relu", shape, lambda: relu(Y), lambda: torch.relu(y)
    yield (
        "relu_backward", shape, lambda: relu_backward(G, Y),
        lambda: aten.threshold_backward(g, y, 0),
    )  # fmt: skip
    yield "sigmoid", shape, lambda: sigmoid(Y), lambda: torch.sigmoid(y)
    norm = nn.BatchNorm2d(outputs)
    s, h = (p.detach() for p in (norm.weight, norm.bias))
    kept = Statistics(np.zeros(outputs, np.float32), np.ones(outputs, np.float32))
    yield (
        "batch_norm", shape,
        lambda: batch_norm(Y, s.numpy(), h.numpy(), kept, training=True)[0],
        lambda: functional.batch_norm(y, None, None, s, h, training=True),
    )  # fmt: skip
    mean, inverse = y.mean((0, 2, 3)), 1 / (y.var((0, 2, 3), unbiased=False) + 1e-5).sqrt()
    yield (
        "batch_norm_backward", shape, lambda: batch_norm_backward(G, Y, s.numpy()),
        lambda: aten.native_batch_norm_backward(
            g, y, s, None, None, mean, inverse, True, 1e-5, [True] * 3
        ),
    )  # fmt: skip


def dense_pairs(rng):
    """Yield the same for the document's first dense layer at 28 x 28, and for a softmax."""
    x, w, b, g = (
        torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
        for shape in ((32, 1152), (1152, 128), (128,), (32, 128))
    )
    X, W, B, G = (t.numpy() for t in (x, w, b, g))
    yield "dense", "(32, 1152→128)", lambda: dense(X, W, B), lambda: torch.addmm(b, x, w)
    yield (
        "dense_backward", "(32, 1152→128)", lambda: dense_backward(G, X, W),
        lambda: (g @ w.T, x.T @ g, g.sum(0)),
    )  # fmt: skip
    yield "softmax", "(32, 1152)", lambda: softmax(X), lambda: torch.softmax(x, 1)


def recurrent_pairs(rng):
    """Yield the same for recurrent layers; backward includes the forward pass, on both sides."""
    shape = f"T={STEPS} N={BATCH} D={FEATURES} H={UNITS}"
    x = torch.from_numpy(rng.standard_normal((BATCH, STEPS, FEATURES), dtype=np.float32))
    g = torch.from_numpy(rng.standard_normal((BATCH, STEPS, UNITS), dtype=np.float32))
    X, G = x.numpy(), g.numpy()
    for run, back, kind in (
        (rnn, rnn_backward, nn.RNN),
        (lstm, lstm_backward, nn.LSTM),
        (gru, gru_backward, nn.GRU),
    ):
        module = kind(FEATURES, UNITS, batch_first=True)
        parameters = numpy_parameters(module)

        def forward(module=module):
            with torch.no_grad():
                return module(x)[0]

        def both(module=module):
            leaf = x.clone().requires_grad_()
            module(leaf)[0].backward(g)
            return leaf.grad

        yield run.__name__, shape, lambda r=run, p=parameters: r(X, p)[0], forward
        yield back.__name__, shape, lambda r=back, p=parameters: r(G, X, p)[0], both


def measure(ours, theirs, repeats):
    """Return the median seconds of two functions that take turns."""
    times = {ours: [], theirs: []}
    for turn in range(repeats + 2):
        for function, found in times.items():
            start = time.perf_counter()
            function()
            if turn >= 2:
                found.append(time.perf_counter() - start)
    return np.median(times[ours]), np.median(times[theirs])


def same(ours, theirs):
    """Raise unless both give the same numbers."""
    ours, theirs = ours(), theirs()
    pairs = zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]
    for one, other in pairs:
        other = other.detach().numpy()
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(other).max())


def main():
    """Measure all pairs and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=15, help="measurements of each")
    repeats = arguments.parse_args().repeats
    made = provenance() | {"repeats": repeats}
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    pairs = [pair for shape in CONVOLUTIONS for pair in image_pairs(*shape, rng)]
    pairs += [*dense_pairs(rng), *recurrent_pairs(rng)]
    rows = []
    for name, shape, ours, theirs in tqdm(pairs, desc="layers", leave=False):
        same(ours, theirs)
        rows.append((name, shape, *measure(ours, theirs, repeats)))
    print(f"{'layer':20} {'shape':26} {'NumPy ms':>9} {'torch ms':>9} {'ratio':>6}")
    for name, shape, ours, theirs in rows:
        ratio = ours / theirs
        print(f"{name:20} {shape:26} {1e3 * ours:9.2f} {1e3 * theirs:9.2f} {ratio:6.2f}")
    print(f"greatest ratio: {max(ours / theirs for *_, ours, theirs in rows):.2f}")
    made |= {
        "milliseconds": {
            f"{name} {shape}": [round(1e3 * ours, 3), round(1e3 * theirs, 3)]
            for name, shape, ours, theirs in rows
        },
    }
    store(json.dumps(made, indent=1, ensure_ascii=False), HERE / "layers.json")


if __name__ == "__main__":
    main()
