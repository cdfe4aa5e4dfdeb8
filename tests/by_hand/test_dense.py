"""Dense layers, activations, the loss, normalisation and dropout in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from torch import nn
from torch.nn import functional

from companion.bridges import batch_norm_settings, numpy_parameters
from companion.by_hand import plain
from companion.by_hand.activations import (
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
)
from companion.by_hand.dense import dense, dense_backward, flatten, flatten_backward
from companion.by_hand.gradient_check import numerical_gradient
from companion.by_hand.loss import binary_cross_entropy, binary_cross_entropy_backward
from companion.by_hand.normalization import (
    Statistics,
    batch_norm,
    batch_norm_backward,
    dropout,
    dropout_backward,
)

CLOSE = {"rtol": 1e-6, "atol": 1e-12}
numbers = st.floats(-30, 30, allow_subnormal=False)
rows = npst.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(2, 5)), elements=numbers)


@given(st.tuples(*[st.integers(1, 6)] * 3), st.integers(0, 10**6))
def test_dense_and_its_gradients_are_pytorchs_and_keras(sizes, seed):
    rng = np.random.default_rng(seed)
    number, inputs, units = sizes
    shapes = ((number, inputs), (inputs, units), (units,), (number, units))
    x, w, b, g = (rng.standard_normal(shape) for shape in shapes)
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, w, b)]
    sums = functional.linear(leaves[0], leaves[1].T, leaves[2])
    np.testing.assert_allclose(dense(x, w, b), sums.detach(), **CLOSE)
    np.testing.assert_allclose(dense(x, w), dense(x, w, 0 * b), **CLOSE)
    np.testing.assert_allclose(dense(x, w, b), plain.dense(x, w, b), **CLOSE)
    sums.backward(torch.tensor(g))
    variables = [tf.Variable(array) for array in (x, w, b)]
    with tf.GradientTape() as tape:
        theirs = keras.ops.matmul(variables[0], variables[1]) + variables[2]
    others = tape.gradient(theirs, variables, output_gradients=tf.constant(g))
    for ours, leaf, other in zip(dense_backward(g, x, w), leaves, others, strict=True):
        np.testing.assert_allclose(ours, leaf.grad, **CLOSE)
        np.testing.assert_allclose(ours, other, **CLOSE)


def test_flatten_puts_channels_first_as_pytorch_does(rng):
    images = rng.standard_normal((2, 3, 2, 2))
    np.testing.assert_array_equal(flatten(images), nn.Flatten()(torch.tensor(images)))
    np.testing.assert_array_equal(flatten_backward(flatten(images), images), images)
    assert (keras.layers.Flatten()(images.transpose(0, 2, 3, 1)) != flatten(images)).numpy().any()


@given(rows)
def test_activations_and_gradients_are_pytorchs_and_keras(x):
    g = np.random.default_rng(0).standard_normal(x.shape)
    for ours, gradient, theirs, other in (
        (relu(x), relu_backward(g, x), torch.relu, keras.ops.relu),
        (sigmoid(x), sigmoid_backward(g, sigmoid(x)), torch.sigmoid, keras.ops.sigmoid),
        (
            softmax(x), softmax_backward(g, softmax(x)),
            lambda a: torch.softmax(a, 1), keras.ops.softmax,
        ),
    ):  # fmt: skip
        leaf, variable = torch.tensor(x, requires_grad=True), tf.Variable(x)
        values = theirs(leaf)
        np.testing.assert_allclose(ours, values.detach(), rtol=1e-6, atol=1e-12)
        values.backward(torch.tensor(g))
        np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-6, atol=1e-12)
        with tf.GradientTape() as tape:
            others = other(variable)
        np.testing.assert_allclose(ours, others, rtol=1e-6, atol=1e-12)
        expected = tape.gradient(others, variable, output_gradients=tf.constant(g))
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-12)


def test_sigmoid_neither_overflows_nor_changes_its_input():
    x = np.array([-1e4, 1e4])
    assert sigmoid(x).tolist() == [0, 1]
    assert x.tolist() == [-1e4, 1e4]
    assert sigmoid(np.array([0, 1000])).tolist() == [0.5, 1]
    assert float(sigmoid(0.0)) == 0.5


def test_activations_agree_with_finite_differences(rng):
    x, g = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    for call, gradient in (
        (relu, relu_backward(g, x)),
        (sigmoid, sigmoid_backward(g, sigmoid(x))),
        (softmax, softmax_backward(g, softmax(x))),
        (lambda a: dense(a, np.eye(4)), dense_backward(g, x, np.eye(4))[0]),
    ):
        theirs = numerical_gradient(lambda a, call=call: float((call(a) * g).sum()), x)
        np.testing.assert_allclose(gradient, theirs, rtol=1e-6, atol=1e-8)


@given(npst.arrays(np.float64, st.integers(1, 6), elements=numbers), st.integers(0, 2**6 - 1))
def test_the_loss_is_pytorchs_and_keras(logits, bits):
    labels = np.array([bits >> i & 1 for i in range(len(logits))])
    leaf = torch.tensor(logits, requires_grad=True)
    theirs = functional.binary_cross_entropy_with_logits(leaf, torch.tensor(labels * 1.0))
    theirs.backward()
    assert binary_cross_entropy(logits, labels) == pytest.approx(theirs.item(), rel=1e-6, abs=1e-12)
    gradient = binary_cross_entropy_backward(logits, labels)
    np.testing.assert_allclose(gradient, leaf.grad, **CLOSE)
    other = keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
    expected = float(other(labels[:, None] * 1.0, logits[:, None]))
    assert binary_cross_entropy(logits, labels) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_the_loss_of_a_sure_mistake_is_finite():
    assert binary_cross_entropy(np.array([-1e4]), np.array([1])) == pytest.approx(1e4)


NORMS = {
    "images, PyTorch": lambda c: nn.BatchNorm2d(c, dtype=torch.float64),
    "rows, PyTorch": lambda c: nn.BatchNorm1d(c, dtype=torch.float64),
    "images, Keras": lambda c: keras.layers.BatchNormalization(dtype="float64"),
    "rows, Keras": lambda c: keras.layers.BatchNormalization(dtype="float64"),
}


def norm_layer(name, rng):
    """A layer of four channels with a random scale and shift, and its NumPy parameters."""
    layer = NORMS[name](4)
    if name.endswith("PyTorch"):
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(rng.uniform(0.5, 2, 4)))
            layer.bias.copy_(torch.tensor(rng.standard_normal(4)))
    else:
        layer.build((None, 5, 6, 4) if name.startswith("images") else (None, 4))
        layer.set_weights(
            [rng.uniform(0.5, 2, 4), rng.standard_normal(4), *layer.get_weights()[2:]]
        )
    return layer, numpy_parameters(layer)


def call_norm(layer, x, training, grad=None):
    """Return outputs, and gradients with respect to inputs, scale and shift."""
    if isinstance(layer, nn.Module):
        leaf = torch.tensor(x, requires_grad=True)
        outputs = layer.train(training)(leaf)
        if grad is None:
            return outputs.detach().numpy(), None
        outputs.backward(torch.tensor(grad))
        return outputs.detach().numpy(), [leaf.grad, layer.weight.grad, layer.bias.grad]
    turn, back = ((0, 2, 3, 1), (0, 3, 1, 2)) if x.ndim == 4 else ((0, 1), (0, 1))
    variable = tf.Variable(x.transpose(turn))
    with tf.GradientTape() as tape:
        outputs = layer(variable, training=training)
    if grad is None:
        return outputs.numpy().transpose(back), None
    wanted = [variable, layer.gamma.value, layer.beta.value]
    d_x, *others = tape.gradient(
        outputs, wanted, output_gradients=tf.constant(grad.transpose(turn))
    )
    return outputs.numpy().transpose(back), [d_x.numpy().transpose(back), *others]


@pytest.mark.parametrize("name", NORMS)
def test_batch_norm_is_the_frameworks_in_training_and_in_use(rng, name):
    shape = (7, 4, 5, 6) if name.startswith("images") else (7, 4)
    layer, (scale, shift, running) = norm_layer(name, rng)
    settings_of = batch_norm_settings(layer)
    for _ in range(3):
        x, grad = 3 * rng.standard_normal(shape) + 2, rng.standard_normal(shape)
        ours, running = batch_norm(x, scale, shift, running, training=True, **settings_of)
        if isinstance(layer, nn.Module):
            layer.zero_grad()
        theirs, gradients = call_norm(layer, x, True, grad)
        np.testing.assert_allclose(ours, theirs, **CLOSE)
        mine = batch_norm_backward(grad, x, scale, epsilon=settings_of["epsilon"])
        for one, other in zip(mine, gradients, strict=True):
            np.testing.assert_allclose(one, np.asarray(other), rtol=1e-6, atol=1e-10)
    kept = numpy_parameters(layer)[2]
    np.testing.assert_allclose(running.mean, kept.mean, **CLOSE)
    np.testing.assert_allclose(running.variance, kept.variance, **CLOSE)
    ours, same = batch_norm(x, scale, shift, running, training=False, **settings_of)
    np.testing.assert_allclose(ours, call_norm(layer, x, False)[0], **CLOSE)
    assert same is running


@pytest.mark.parametrize("trap", ["momentum", "unbiased"])
@pytest.mark.parametrize("name", ["rows, PyTorch", "rows, Keras"])
def test_each_batch_norm_convention_is_needed(rng, name, trap):
    layer, (scale, shift, running) = norm_layer(name, rng)
    settings_of = batch_norm_settings(layer)
    wrong = {"momentum": 1 - settings_of["momentum"], "unbiased": not settings_of["unbiased"]}
    x = 3 * rng.standard_normal((7, 4)) + 2
    call_norm(layer, x, True)
    _, running = batch_norm(
        x, scale, shift, running, training=True, **settings_of | {trap: wrong[trap]}
    )
    difference = np.abs(running.variance - numpy_parameters(layer)[2].variance)
    assert difference.max() > 1e-3


def test_batch_norm_agrees_with_finite_differences(rng):
    x, grad = rng.standard_normal((3, 2, 2, 2)), rng.standard_normal((3, 2, 2, 2))
    scale, shift = rng.standard_normal(2), rng.standard_normal(2)
    start = Statistics(np.zeros(2), np.ones(2))

    def loss(x, scale, shift):
        return float((batch_norm(x, scale, shift, start, training=True)[0] * grad).sum())

    d_x, d_scale, d_shift = batch_norm_backward(grad, x, scale)
    for ours, theirs in (
        (d_x, numerical_gradient(lambda a: loss(a, scale, shift), x)),
        (d_scale, numerical_gradient(lambda a: loss(x, a, shift), scale)),
        (d_shift, numerical_gradient(lambda a: loss(x, scale, a), shift)),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_one_value_a_channel_can_be_normalised_in_use_and_not_in_training():
    one, start = np.ones((1, 2)), Statistics(np.zeros(2), np.ones(2))
    ones, zeros = np.ones(2), np.zeros(2)
    outputs, _ = batch_norm(one, ones, zeros, start, training=False, epsilon=0)
    assert outputs.tolist() == [[1, 1]]
    with pytest.raises(ValueError, match=r"inputs must have two values a channel.*\(1, 2\)"):
        batch_norm(one, ones, zeros, start, training=True)
    with pytest.raises(ValueError, match=r"scale must have shape \(2,\), got \(3,\)"):
        batch_norm(one, np.ones(3), zeros, start, training=True)
    with pytest.raises(ValueError, match=r"inputs must have two values a channel.*\(1, 2\)"):
        batch_norm_backward(one, one, ones)
    with pytest.raises(ValueError, match=r"running mean must have shape \(2,\)"):
        batch_norm(one, ones, zeros, Statistics(np.ones(1), ones), training=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"momentum": 1.5}, "momentum must be from 0 to 1, got 1.5"),
        ({"momentum": np.nan}, "momentum must be from 0 to 1, got nan"),
        ({"epsilon": -1e-3}, "epsilon must be from 0 up and finite, got -0.001"),
        (
            {"running": Statistics(np.zeros(2), np.array([1.0, -1.0]))},
            "running variance must not be negative, got -1",
        ),
    ],
)
def test_a_number_out_of_range_is_named_instead_of_giving_nan(change, message):
    start = Statistics(np.zeros(2), np.ones(2))
    how = {"running": start, "training": False} | change
    with pytest.raises(ValueError, match=message):
        batch_norm(np.ones((3, 2)), np.ones(2), np.ones(2), **how)


LABELS = [0, 1, 1, 0]


@pytest.mark.parametrize(
    "labels",
    [
        LABELS, tuple(LABELS), np.array(LABELS, np.uint8), np.array(LABELS, np.int8),
        np.array(LABELS, bool), np.array(LABELS, np.float16), np.array(LABELS, np.uint64),
    ],
    ids=lambda labels: str(getattr(labels, "dtype", type(labels).__name__)),
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_of_any_kind_give_the_same_loss(labels, dtype):
    logits = np.array([-300.0, -1.0, 0.5, 200.0], dtype)
    wanted = np.array(LABELS, np.int64)
    assert binary_cross_entropy(logits, labels) == binary_cross_entropy(logits, wanted)
    assert binary_cross_entropy(logits, labels) == pytest.approx(50.4468, abs=1e-3)
    gradient = binary_cross_entropy_backward(logits, labels)
    np.testing.assert_array_equal(gradient, binary_cross_entropy_backward(logits, wanted))
    assert gradient.dtype == dtype


def test_a_softmax_of_the_greatest_numbers_is_one_and_zero():
    assert softmax(np.array([[-1.7e308, 1.7e308]])).tolist() == [[0, 1]]


@given(st.floats(0, 0.9), st.integers(0, 1000))
@settings(max_examples=25)
def test_dropout_keeps_the_mean_and_tells_what_it_dropped(rate, seed):
    x = np.ones((100, 100))
    outputs, mask = dropout(x, rate, np.random.default_rng(seed))
    assert set(np.unique(mask)) <= {0, 1 / (1 - rate)}
    assert np.mean(mask == 0) == pytest.approx(rate, abs=0.03)
    assert outputs.mean() == pytest.approx(1, abs=0.2)
    np.testing.assert_array_equal(outputs, x * mask)
    np.testing.assert_array_equal(dropout_backward(x, mask), mask)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, np.nan])
def test_a_rate_out_of_range_is_named(rng, rate):
    with pytest.raises(ValueError, match="rate must be from 0 to below 1, got"):
        dropout(np.ones(3), rate, rng)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dense(np.ones(3), np.ones((3, 2))), r"inputs must be \(N, D\), got shape \(3,\)"),
        (lambda: dense(np.ones((1, 3)), np.ones((2, 2))), r"weights must have shape \(3, 2\)"),
        (lambda: dense(np.ones((1, 3)), np.ones((3, 2)), np.ones(3)), r"bias must have shape \(2,"),
        (lambda: dense_backward(np.ones((1, 3)), np.ones((1, 3)), np.ones((3, 2))), "grad must"),
        (lambda: flatten(np.ones((2, 2))), r"images must be \(N, C, H, W\)"),
        (lambda: softmax(np.ones(3)), r"logits must be \(N, K\)"),
        (
            lambda: binary_cross_entropy(np.ones(3), np.ones(2)),
            r"labels must be \(3,\), got shape \(2,\)",
        ),
        (
            lambda: binary_cross_entropy(np.ones(2), np.array([0, 2])),
            r"labels must be 0 or 1, got \[2\]",
        ),
        (lambda: binary_cross_entropy_backward(np.ones(2), [0, -1]), r"0 or 1, got \[-1\]"),
        (
            lambda: numerical_gradient(np.sum, np.ones(2, np.float32)),
            "array must be float64, got float32",
        ),
        (lambda: numerical_gradient(np.sum, [1.0]), "array must be float64, got list"),
        (lambda: numerical_gradient(np.sum, np.ones(1), step=0), "step must be above 0, got 0"),
        (
            lambda: relu_backward(np.ones((2, 1)), np.ones((2, 3))),
            r"grad must have the shape \(2, 3\) of inputs, got \(2, 1\)",
        ),
        (
            lambda: sigmoid_backward(np.ones(3), np.ones(1)),
            r"grad must have the shape \(1,\) of outputs, got \(3,\)",
        ),
        (
            lambda: softmax_backward(np.ones((1, 3)), np.ones((2, 3))),
            r"grad must have the shape \(2, 3\) of outputs, got \(1, 3\)",
        ),
        (lambda: relu_backward(np.ones(2), np.ones(2, int)), "inputs must be a float array, got i"),
        (lambda: sigmoid_backward([1.0], np.ones(1)), "grad must be a float array, got list"),
        (lambda: dropout(np.ones(2, np.uint8), 0.5, None), "inputs must be a float32 .* got uint8"),
        (
            lambda: dropout_backward(np.ones(1), np.ones(2)),
            r"grad must have shape \(2,\), got \(1,",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
