"""Pooling in NumPy: by hand, against PyTorch and Keras, and against finite differences."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from companion.by_hand import plain
from companion.by_hand import pool as numpy_pool
from companion.by_hand.gradient_check import numerical_gradient
from companion.by_hand.pool import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

CLOSE = {"rtol": 1e-6, "atol": 1e-12}
POOLS = {
    "max": (max_pool2d, max_pool2d_backward, functional.max_pool2d),
    "avg": (avg_pool2d, avg_pool2d_backward, functional.avg_pool2d),
}


@st.composite
def cases(draw):
    """Images of few values, so that there are ties; a window, stride and padding that fit."""
    window = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    size = tuple(w + draw(st.integers(0, 6)) for w in window)
    stride = draw(st.one_of(st.none(), st.tuples(st.integers(1, 4), st.integers(1, 4))))
    padding = tuple(draw(st.integers(0, w // 2)) for w in window)
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *size)
    return rng.integers(-3, 3, shape).astype(float), window, stride, padding


@pytest.mark.parametrize("kind", POOLS)
@given(cases())
def test_values_and_gradients_are_pytorchs_ties_too(kind, case):
    images, window, stride, padding = case
    pool, backward, theirs = POOLS[kind]
    leaf = torch.tensor(images, requires_grad=True)
    expected = theirs(leaf, window, stride=stride, padding=padding)
    how = {"size": window, "stride": stride, "padding": padding}
    ours = pool(images, **how)
    np.testing.assert_allclose(ours, expected.detach().numpy(), **CLOSE)
    grad = np.random.default_rng(0).standard_normal(ours.shape)
    expected.backward(torch.from_numpy(grad))
    np.testing.assert_allclose(backward(grad, images, **how), leaf.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("kind", POOLS)
@given(cases())
@settings(max_examples=30)
def test_values_and_gradients_are_keras(kind, case):
    images, window, stride, _ = case
    pool, backward, _ = POOLS[kind]
    last = tf.constant(images.transpose(0, 2, 3, 1))
    with tf.GradientTape() as tape:
        tape.watch(last)
        call = keras.ops.max_pool if kind == "max" else keras.ops.average_pool
        theirs = call(last, window, strides=stride, padding="valid")
    ours = pool(images, window, stride=stride)
    np.testing.assert_allclose(ours.transpose(0, 2, 3, 1), theirs.numpy(), **CLOSE)
    grad = np.random.default_rng(0).standard_normal(ours.shape)
    expected = tape.gradient(
        theirs, last, output_gradients=tf.constant(grad.transpose(0, 2, 3, 1))
    ).numpy()
    gradient = backward(grad, images, window, stride=stride)
    np.testing.assert_allclose(gradient.transpose(0, 2, 3, 1), expected, **CLOSE)


@pytest.mark.parametrize("kind", POOLS)
@given(cases())
@settings(max_examples=30)
def test_the_fast_way_is_the_plain_way(kind, case):
    images, (size, _), stride, _ = case
    size, stride = min(size, *images.shape[2:]), 2 if stride is None else stride[0]
    slow = getattr(plain, f"{kind}_pool2d")(images, size, stride=stride)
    np.testing.assert_allclose(POOLS[kind][0](images, size, stride=stride), slow, **CLOSE)


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("images_at_once", [1, 2, 3])
def test_how_many_images_are_pooled_at_a_time_does_not_matter(
    rng, monkeypatch, kind, images_at_once
):
    pool, backward, _ = POOLS[kind]
    images, how = rng.standard_normal((7, 2, 6, 5)), {"size": 3, "stride": 2, "padding": 1}
    ours = pool(images, **how)
    back = backward(ours, images, **how)
    monkeypatch.setattr(numpy_pool, "BUFFER_BYTES", images_at_once * images[0].nbytes)
    np.testing.assert_array_equal(pool(images, **how), ours)
    np.testing.assert_array_equal(backward(ours, images, **how), back)


@pytest.mark.parametrize("kind", POOLS)
def test_backward_agrees_with_finite_differences(rng, kind):
    pool, backward, _ = POOLS[kind]
    images, how = rng.standard_normal((2, 2, 6, 5)), {"size": (3, 2), "stride": 2, "padding": 1}
    grad = rng.standard_normal(pool(images, **how).shape)
    theirs = numerical_gradient(lambda a: float((pool(a, **how) * grad).sum()), images)
    np.testing.assert_allclose(backward(grad, images, **how), theirs, rtol=1e-6, atol=1e-8)


def test_of_equals_the_first_in_row_order_takes_the_gradient():
    equal = np.full((1, 1, 4, 4), 7.0)
    taken = max_pool2d_backward(np.ones((1, 1, 2, 2)), equal)
    assert taken[0, 0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]


def test_the_documents_example():
    image = np.arange(1.0, 17).reshape(1, 1, 4, 4)
    assert max_pool2d(image)[0, 0].tolist() == [[6, 8], [14, 16]]
    # The document's own index, x[i M + m - 1] counted from 1, is the window one further on.
    assert image[0, 0, 1:3, 1:3].max() == 11


def test_padding_never_wins_a_maximum_and_counts_as_zeros_in_a_mean():
    image = np.full((1, 1, 2, 2), -5.0)
    assert max_pool2d(image, 2, padding=1).tolist() == [[[[-5, -5], [-5, -5]]]]
    assert avg_pool2d(image, 2, padding=1).tolist() == [[[[-1.25, -1.25], [-1.25, -1.25]]]]


def test_unequal_pads_are_those_of_tensorflow(rng):
    images = rng.standard_normal((1, 1, 7, 8))
    from companion.by_hand.padding import same_padding

    pads = same_padding((7, 8), 3, stride=2)
    theirs = keras.ops.max_pool(images.transpose(0, 2, 3, 1), 3, strides=2, padding="same")
    ours = max_pool2d(images, 3, stride=2, padding=pads)
    np.testing.assert_allclose(ours[:, 0], np.asarray(theirs)[..., 0], **CLOSE)


def test_the_global_average_and_its_gradient(rng):
    images, grad = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((2, 3))
    layer = keras.layers.GlobalAveragePooling2D(dtype="float64")
    theirs = layer(images.transpose(0, 2, 3, 1)).numpy()
    np.testing.assert_allclose(global_avg_pool2d(images), theirs, **CLOSE)
    expected = functional.adaptive_avg_pool2d(torch.tensor(images), 1)[:, :, 0, 0]
    np.testing.assert_allclose(global_avg_pool2d(images), expected, **CLOSE)
    gradient = numerical_gradient(lambda a: float((global_avg_pool2d(a) * grad).sum()), images)
    np.testing.assert_allclose(global_avg_pool2d_backward(grad, images), gradient, atol=1e-8)


def test_inputs_are_not_changed(rng):
    images = rng.standard_normal((2, 2, 4, 4))
    before = images.copy()
    max_pool2d_backward(max_pool2d(images), images)
    avg_pool2d_backward(avg_pool2d(images), images)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((4, 4))}, r"images must be \(N, C, H, W\), got shape \(4, 4\)"),
        ({"images": np.zeros((0, 1, 4, 4))}, "images must not be empty"),
        ({"images": np.zeros((1, 1, 4, 4), int)}, "images must be a float32 .* got int64"),
        ({"images": np.full((1, 1, 4, 4), np.inf)}, "images must be finite, got 16 values"),
        ({"size": 0}, "size must be .* from 1 up, got 0"),
        ({"size": 5}, "kernel must fit the padded image: 5 pixels against 4"),
        ({"stride": -2}, "stride must be .* got -2"),
        ({"padding": 2}, r"padding must be less than size \(2, 2\), got 2"),
    ],
)
def test_bad_input_is_named(pool, change, message):
    with pytest.raises(ValueError, match=message):
        pool(**{"images": np.zeros((1, 1, 4, 4)), **change})


def test_a_gradient_of_another_shape_is_named():
    for backward in (max_pool2d_backward, avg_pool2d_backward):
        with pytest.raises(ValueError, match=r"grad must have shape \(1, 1, 2, 2\)"):
            backward(np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 4, 4)))
    with pytest.raises(ValueError, match=r"grad must have shape \(1, 1\)"):
        global_avg_pool2d_backward(np.zeros((1, 4)), np.zeros((1, 1, 4, 4)))
