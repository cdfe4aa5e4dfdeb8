"""The convolution in NumPy: by hand, against PyTorch and Keras, and against finite differences."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from companion.by_hand import conv as numpy_conv
from companion.by_hand import plain
from companion.by_hand._arguments import as_pads
from companion.by_hand.conv import conv2d, conv2d_backward
from companion.by_hand.gradient_check import numerical_gradient
from companion.by_hand.padding import output_size, same_padding

CLOSE = {"rtol": 1e-6, "atol": 1e-12}


@st.composite
def cases(draw):
    """Images, kernels, bias, stride and padding that fit each other."""
    number, channels, maps = (draw(st.integers(1, 3)) for _ in range(3))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    size = tuple(k + draw(st.integers(0, 6)) for k in kernel)
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    pads = tuple(draw(st.tuples(st.integers(0, 3), st.integers(0, 3))) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    images = rng.standard_normal((number, channels, *size))
    kernels = rng.standard_normal((maps, channels, *kernel))
    return images, kernels, rng.standard_normal(maps), stride, pads


def in_torch(images, kernels, bias, stride, pads):
    """Return PyTorch's maps and the leaves that take the gradients."""
    leaves = [torch.tensor(array, requires_grad=True) for array in (images, kernels, bias)]
    (top, bottom), (left, right) = pads
    padded = functional.pad(leaves[0], (left, right, top, bottom))
    return functional.conv2d(padded, leaves[1], leaves[2], stride=stride), leaves


@given(cases())
def test_maps_and_gradients_are_pytorchs(case):
    images, kernels, bias, stride, pads = case
    theirs, leaves = in_torch(*case)
    ours = conv2d(images, kernels, bias, stride=stride, padding=pads)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), **CLOSE)
    grad = np.random.default_rng(0).standard_normal(ours.shape)
    theirs.backward(torch.from_numpy(grad))
    for gradient, leaf in zip(
        conv2d_backward(grad, images, kernels, stride=stride, padding=pads), leaves, strict=True
    ):
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), **CLOSE)


@given(cases(), st.sampled_from(["valid", "same"]))
@settings(max_examples=40)
def test_maps_and_gradients_are_keras(case, padding):
    images, kernels, _, stride, _ = case
    pads = same_padding(images.shape[2:], kernels.shape[2:], stride=stride)
    pads = pads if padding == "same" else 0
    last = tf.constant(images.transpose(0, 2, 3, 1))
    turned = tf.constant(kernels.transpose(2, 3, 1, 0))
    with tf.GradientTape() as tape:
        tape.watch([last, turned])
        theirs = keras.ops.conv(last, turned, strides=stride, padding=padding)
    ours = conv2d(images, kernels, stride=stride, padding=pads)
    np.testing.assert_allclose(ours.transpose(0, 2, 3, 1), theirs.numpy(), **CLOSE)
    grad = np.random.default_rng(0).standard_normal(ours.shape)
    d_last, d_turned = tape.gradient(
        theirs, [last, turned], output_gradients=tf.constant(grad.transpose(0, 2, 3, 1))
    )
    d_images, d_kernels, _ = conv2d_backward(grad, images, kernels, stride=stride, padding=pads)
    np.testing.assert_allclose(d_images.transpose(0, 2, 3, 1), d_last.numpy(), **CLOSE)
    np.testing.assert_allclose(d_kernels.transpose(2, 3, 1, 0), d_turned.numpy(), **CLOSE)


@pytest.mark.parametrize("trap", ["symmetric pads where TensorFlow's are not"])
def test_the_asymmetric_pads_are_needed(rng, trap):
    images, kernels = rng.standard_normal((1, 1, 8, 8)), rng.standard_normal((1, 1, 3, 3))
    theirs = keras.ops.conv(
        images.transpose(0, 2, 3, 1), kernels.transpose(2, 3, 1, 0), strides=2, padding="same"
    )
    theirs = np.asarray(theirs).transpose(0, 3, 1, 2)
    pads = same_padding(8, 3, stride=2)
    assert pads == ((0, 1), (0, 1))
    np.testing.assert_allclose(conv2d(images, kernels, stride=2, padding=pads), theirs, **CLOSE)
    wrong = conv2d(images, kernels, stride=2, padding=1)
    assert wrong.shape == theirs.shape
    assert np.abs(wrong - theirs).max() > 0.1


def test_backward_agrees_with_finite_differences(rng):
    images, kernels = rng.standard_normal((2, 2, 6, 5)), rng.standard_normal((3, 2, 3, 2))
    bias, how = rng.standard_normal(3), {"stride": (2, 1), "padding": ((1, 0), (2, 1))}
    grad = rng.standard_normal(conv2d(images, kernels, bias, **how).shape)

    def loss(*arrays):
        return float((conv2d(*arrays, **how) * grad).sum())

    d_images, d_kernels, d_bias = conv2d_backward(grad, images, kernels, **how)
    for ours, theirs in (
        (d_images, numerical_gradient(lambda a: loss(a, kernels, bias), images)),
        (d_kernels, numerical_gradient(lambda a: loss(images, a, bias), kernels)),
        (d_bias, numerical_gradient(lambda a: loss(images, kernels, a), bias)),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


@given(cases())
@settings(max_examples=30)
def test_the_fast_way_is_the_plain_way(case):
    images, kernels, bias, (stride, _), _ = case
    np.testing.assert_allclose(
        conv2d(images, kernels, bias, stride=stride),
        plain.conv2d(images, kernels, bias, stride=stride),
        **CLOSE,
    )
    np.testing.assert_allclose(conv2d(images, kernels), plain.conv2d(images, kernels), **CLOSE)


@pytest.mark.parametrize("padding", [0, ((1, 0), (2, 1))])
@pytest.mark.parametrize("images_at_once", [1, 2, 3, 7])
def test_how_many_images_share_the_buffer_does_not_matter(
    rng, monkeypatch, images_at_once, padding
):
    images, kernels = rng.standard_normal((7, 2, 9, 8)), rng.standard_normal((3, 2, 3, 3))
    ours = conv2d(images, kernels, padding=padding)
    back = conv2d_backward(ours, images, kernels, padding=padding)
    each = 18 * ours[0, 0].size * 8
    monkeypatch.setattr(numpy_conv, "BUFFER_BYTES", images_at_once * each)
    np.testing.assert_allclose(conv2d(images, kernels, padding=padding), ours, **CLOSE)
    for one, other in zip(
        conv2d_backward(ours, images, kernels, padding=padding), back, strict=True
    ):
        np.testing.assert_allclose(one, other, **CLOSE)


def test_views_and_single_precision_are_taken_as_they_are(rng):
    images = rng.standard_normal((2, 9, 8, 3), dtype=np.float32).transpose(0, 3, 1, 2)
    kernels = rng.standard_normal((3, 3, 3, 4), dtype=np.float32).transpose(3, 0, 1, 2)
    maps = conv2d(images, kernels)
    assert maps.dtype == np.float32
    np.testing.assert_allclose(
        maps, functional.conv2d(*map(torch.tensor, (images, kernels))).numpy(), rtol=1e-3, atol=1e-5
    )
    before = images.copy()
    gradients = conv2d_backward(maps, images, kernels)
    assert {gradient.dtype for gradient in gradients} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(images, before)


def test_the_documents_example_and_its_mistake():
    image = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    symmetric, other = (
        np.array(k, float)[None, None] for k in ([[0, 1], [1, 0]], [[0, 1], [2, 3]])
    )
    assert conv2d(image, symmetric)[0, 0].tolist() == [[6, 8], [12, 14]]
    assert conv2d(image, other)[0, 0, 0, 0] == 0 * 1 + 1 * 2 + 2 * 4 + 3 * 5
    assert conv2d(image, other.swapaxes(2, 3))[0, 0, 0, 0] != conv2d(image, other)[0, 0, 0, 0]


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(0, 4))
def test_the_output_size_is_the_number_of_places(size, kernel, stride, pad):
    places = [p for p in range(0, size + pad, stride) if p + kernel <= size + pad]
    if not places:
        with pytest.raises(ValueError, match="kernel must fit the padded image"):
            output_size(size, kernel, stride=stride, before=pad)
    else:
        assert output_size(size, kernel, stride=stride, before=pad) == len(places)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "size must be an int from 1 up, got 0"),
        ({"size": 5.5}, "size must be an int from 1 up, got 5.5"),
        ({"kernel": -1}, "kernel must be an int from 1 up, got -1"),
        ({"stride": 0}, "stride must be an int from 1 up, got 0"),
        ({"stride": -1}, "stride must be an int from 1 up, got -1"),
        ({"before": -1}, "before must be an int from 0 up, got -1"),
        ({"after": True}, "after must be an int from 0 up, got True"),
    ],
)
def test_an_output_size_of_bad_numbers_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        output_size(**{"size": 5, "kernel": 2} | change)


def test_sizes_of_eight_bits_do_not_wrap_around():
    few = np.uint8
    assert output_size(few(250), few(3), before=few(10), after=few(10)) == 268


def test_pads_are_given_once_twice_or_four_times():
    assert as_pads(2) == ((2, 2), (2, 2))
    assert as_pads((1, 2)) == ((1, 1), (2, 2))
    assert as_pads(((1, 2), (3, 4))) == ((1, 2), (3, 4))


IMAGES, KERNELS = np.zeros((1, 2, 4, 4)), np.zeros((3, 2, 3, 3))
HOLED = IMAGES.copy()
HOLED[0, 0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("arguments", "more", "message"),
    [
        ((IMAGES[0], KERNELS), {}, r"images must be \(N, C, H, W\), got shape \(2, 4, 4\)"),
        ((IMAGES, KERNELS[0]), {}, r"kernels must be \(O, C, M, N\), got shape \(2, 3, 3\)"),
        ((IMAGES, KERNELS[:, :1]), {}, r"images' 2 channels, got shape \(3, 1, 3, 3\)"),
        ((IMAGES[:, :, :2], KERNELS), {}, "kernel must fit the padded image: 3 pixels against 2"),
        ((IMAGES, KERNELS), {"stride": 0}, "stride must be .* from 1 up, got 0"),
        ((IMAGES, KERNELS), {"stride": (1, -1)}, r"stride must be .* got \(1, -1\)"),
        ((IMAGES, KERNELS), {"stride": 1.5}, "stride must be an int or a pair"),
        ((IMAGES, KERNELS), {"padding": -1}, "padding must be .* from 0 up, got -1"),
        ((IMAGES, KERNELS), {"padding": ((0, 1),)}, r"padding must be \(\(top, bottom\)"),
        ((HOLED, KERNELS), {}, "images must be finite, got 1 values"),
        ((IMAGES, KERNELS + np.inf), {}, "kernels must be finite, got 54 values"),
        ((IMAGES.astype(np.uint8), KERNELS), {}, "images must be a float32 .*, got uint8"),
        ((IMAGES.astype(np.float32), KERNELS), {}, "kernels must be float32 as images are"),
        ((IMAGES[:0], KERNELS), {}, r"images must not be empty, got shape \(0, 2, 4, 4\)"),
        ((IMAGES.tolist(), KERNELS), {}, "images must be a float32 or float64 array, got list"),
        ((IMAGES, KERNELS, np.zeros(2)), {}, r"bias must have shape \(3,\), got \(2,\)"),
    ],
)
def test_bad_input_is_named(arguments, more, message):
    with pytest.raises(ValueError, match=message):
        conv2d(*arguments, **more)
    if len(arguments) == 2:
        with pytest.raises(ValueError, match=message):
            conv2d_backward(np.zeros((1, 3, 2, 2)), *arguments, **more)


def test_a_gradient_of_another_shape_is_named():
    with pytest.raises(
        ValueError, match=r"grad must have shape \(1, 3, 2, 2\), got \(1, 3, 4, 4\)"
    ):
        conv2d_backward(np.zeros((1, 3, 4, 4)), IMAGES, KERNELS)


def test_great_finite_numbers_are_not_taken_for_infinite_ones():
    images = np.full((1, 1, 2, 2), 1e300)
    assert np.isfinite(conv2d(images, np.full((1, 1, 1, 1), 1e-300))).all()
