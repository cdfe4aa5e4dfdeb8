"""The same weights give the same numbers in NumPy, in PyTorch and in Keras."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

from companion.bridges import (
    _keras_layers,
    copy_weights,
    numpy_parameters,
    set_parameters,
    torch_adam_epsilon,
)
from companion.by_hand import model as numpy_models
from companion.by_hand.cells import init_recurrent
from companion.by_hand.optimizers import SGD, Adam
from companion.by_hand.recurrent import gru, lstm, rnn
from companion.in_keras.models import document_cnn, logits
from companion.in_torch import models as torch_models
from companion.in_torch.models import DocumentCNN


@pytest.fixture
def double():
    """Let Keras build in float64 for the length of a test."""
    for dtype in ("float64", "float32"):
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)
        if dtype == "float64":
            yield


def torch_logits(model, images):
    with torch.inference_mode():
        return model(torch.from_numpy(images)).numpy()


def randomise_biases(model, rng):
    """Biases start as zeros, which would hide that they were forgotten."""
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, rng.normal(0, 0.1, bias.shape)])


@pytest.mark.parametrize("shape", [(224, 224, 3), (28, 28, 1), (46, 31, 2)])
def test_logits_agree_to_1e_4(rng, shape):
    height, width, channels = shape
    source = document_cnn(shape)
    randomise_biases(source, rng)
    target = copy_weights(source, DocumentCNN((channels, height, width)))
    images = rng.random((3, channels, height, width), dtype=np.float32)
    np.testing.assert_allclose(
        torch_logits(target, images), logits(source, images)[:, 0], atol=1e-4, rtol=0
    )


def test_the_way_round_all_three_changes_nothing(rng):
    source = document_cnn((46, 31, 2))
    randomise_biases(source, rng)
    there = copy_weights(source, DocumentCNN((2, 46, 31)))
    further = copy_weights(there, numpy_models.DocumentCNN((2, 46, 31)))
    back = copy_weights(further, document_cnn((46, 31, 2)))
    for ours, theirs in zip(back.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


class Three:
    """The document's model with the same weights in NumPy, PyTorch and Keras, in float64."""

    def __init__(self, rng):
        self.numpy = numpy_models.DocumentCNN((1, 28, 28), dtype=np.float64)
        for layer in self.numpy.layers:
            layer.bias += rng.normal(0, 0.1, layer.bias.shape)
        self.torch = copy_weights(self.numpy, DocumentCNN((1, 28, 28)).double())
        self.keras = copy_weights(self.numpy, document_cnn((28, 28, 1)))
        # In float64 what float32 can hold: predictions pass through it.
        self.images = rng.random((6, 1, 28, 28), np.float32).astype(np.float64)
        self.labels = np.array([0, 1, 1, 0, 1, 1])

    def torch_gradients(self):
        """Return loss and gradients."""
        self.torch.zero_grad()
        chances = self.torch(torch.from_numpy(self.images))
        answers = torch.from_numpy(self.labels).double()
        loss = nn.functional.binary_cross_entropy_with_logits(chances, answers)
        loss.backward()
        return loss.item(), [p.grad.numpy() for p in self.torch.parameters()]

    def keras_gradients(self):
        """Return loss and gradients, these in Keras' own order."""
        last = tf.constant(self.images.transpose(0, 2, 3, 1))
        with tf.GradientTape() as tape:
            losses = keras.losses.binary_crossentropy(self.labels[:, None] * 1.0, self.keras(last))
            loss = tf.reduce_mean(losses)
        return float(loss), tape.gradient(loss, self.keras.trainable_weights)

    def in_keras_order(self, arrays):
        """Return weights or gradients of the NumPy model as Keras lists them."""
        holder = numpy_models.DocumentCNN((1, 28, 28), dtype=np.float64)
        for place, array in zip(holder.arrays(), arrays, strict=True):
            place[...] = array
        return copy_weights(holder, document_cnn((28, 28, 1))).get_weights()


def in_torch_order(arrays):
    """Return weights or gradients of the NumPy model as PyTorch lists them."""
    return [array.T if array.ndim == 2 else array for array in arrays]


def assert_all_close(ours, theirs, **near):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, np.asarray(other), **near)


@pytest.mark.usefixtures("double")
def test_logits_loss_and_gradients_are_equal_in_all_three(rng):
    three = Three(rng)
    mine = three.numpy.logits(three.images)
    np.testing.assert_allclose(mine, torch_logits(three.torch, three.images), rtol=1e-6)
    np.testing.assert_allclose(mine, logits(three.keras, three.images)[:, 0], rtol=1e-6)
    loss, gradients = three.numpy.loss_and_gradients(three.images, three.labels)
    theirs, torch_gradients = three.torch_gradients()
    others, keras_gradients = three.keras_gradients()
    assert loss == pytest.approx(theirs, rel=1e-6)
    assert loss == pytest.approx(others, rel=1e-6)
    near = {"rtol": 1e-6, "atol": 1e-9}
    assert_all_close(in_torch_order(gradients), torch_gradients, **near)
    assert_all_close(three.in_keras_order(gradients), keras_gradients, **near)


# Exact in float32 as well, through which Keras' Adam passes its decays even in float64:
# with 0.999 its steps differ in the sixth digit.
BETA1, BETA2 = 1 - 2**-3, 1 - 2**-10

OPTIMIZERS = {
    "gradient descent": (
        lambda: SGD(0.05),
        lambda p: torch.optim.SGD(p, lr=0.05),
        lambda: keras.optimizers.SGD(0.05),
    ),
    "momentum": (
        lambda: SGD(0.05, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    ),
    "Adam": (
        lambda: Adam(1e-3, beta1=BETA1, beta2=BETA2, epsilon=1e-7, correct_first=False),
        lambda p: torch.optim.Adam(p, lr=1e-3, betas=(BETA1, BETA2)),
        lambda: keras.optimizers.Adam(1e-3, beta_1=BETA1, beta_2=BETA2, epsilon=1e-7),
    ),
}


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_are_equal_in_all_three_after_five_steps(rng, name):
    three = Three(rng)
    start = [array.copy() for array in three.numpy.arrays()]
    mine, theirs, others = OPTIMIZERS[name]
    mine, theirs, others = mine(), theirs(three.torch.parameters()), others()
    for step in range(1, 6):
        _, gradients = three.numpy.loss_and_gradients(three.images, three.labels)
        mine.step(three.numpy.arrays(), gradients)
        three.torch_gradients()
        if name == "Adam":
            theirs.param_groups[0]["eps"] = torch_adam_epsilon(1e-7, step, beta2=BETA2)
        theirs.step()
        _, gradients = three.keras_gradients()
        others.apply(gradients, three.keras.trainable_weights)
    arrays = three.numpy.arrays()
    near = {"rtol": 1e-5, "atol": 1e-9}
    assert_all_close(in_torch_order(arrays), [p.detach() for p in three.torch.parameters()], **near)
    assert_all_close(three.in_keras_order(arrays), three.keras.get_weights(), **near)
    moved = [np.abs(array - old).max() for array, old in zip(arrays, start, strict=True)]
    assert min(moved) > 1e-5


@pytest.mark.parametrize("correct_first", [True, False])
def test_each_framework_has_its_own_epsilon_in_adam(rng, correct_first):
    """With gradients as small as epsilon, PyTorch's steps and Keras' differ."""
    start, gradients = rng.standard_normal(4), [1e-8 * rng.standard_normal(4) for _ in range(3)]
    ours = [start.copy()]
    optimizer = Adam(0.1, epsilon=1e-8, correct_first=correct_first)
    leaf = torch.tensor(start, requires_grad=True)
    theirs = torch.optim.Adam([leaf], lr=0.1, eps=1e-8)
    variable = keras.Variable(start, dtype="float64")
    others = keras.optimizers.Adam(0.1, epsilon=1e-8)
    others.build([variable])
    for gradient in gradients:
        optimizer.step(ours, [gradient])
        leaf.grad = torch.tensor(gradient)
        theirs.step()
        others.apply([tf.constant(gradient)], [variable])
    torchs, kerass = leaf.detach().numpy(), np.asarray(variable)
    same, other = (torchs, kerass) if correct_first else (kerass, torchs)
    np.testing.assert_allclose(ours[0], same, rtol=1e-6)
    assert np.abs(ours[0] - other).max() > 1e-3


RECURRENT = {
    "rnn": (rnn, nn.RNN, keras.layers.SimpleRNN, 1),
    "lstm": (lstm, nn.LSTM, keras.layers.LSTM, 4),
    "gru": (gru, nn.GRU, keras.layers.GRU, 3),
}


def recurrent_outputs(name, rng):
    """Return what PyTorch's layer gives, and Keras' with weights copied by way of NumPy."""
    _, kind, other, _ = RECURRENT[name]
    module = kind(3, 4, batch_first=True, dtype=torch.float64)
    layer = other(4, return_sequences=True, dtype="float64")
    inputs = rng.standard_normal((2, 5, 3))
    layer.build(inputs.shape)
    set_parameters(layer, numpy_parameters(module))
    return module(torch.tensor(inputs))[0].detach().numpy(), layer(inputs).numpy()


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_weights_go_from_pytorch_to_keras_and_back(rng, name):
    ours, theirs = recurrent_outputs(name, rng)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-12)
    _, kind, other, blocks = RECURRENT[name]
    parameters = init_recurrent(3, 4, blocks, rng)
    for layer in (kind(3, 4, dtype=torch.float64), other(4, dtype="float64")):
        if isinstance(layer, keras.layers.Layer):
            layer.build((2, 5, 3))
        back = numpy_parameters(set_parameters(layer, parameters))
        for one, before in zip(back[:2], parameters[:2], strict=True):
            np.testing.assert_array_equal(one, before)
        sums = [p.input_bias + p.state_bias for p in (back, parameters)]
        np.testing.assert_allclose(*sums, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "trap"),
    [
        ("lstm", "the second bias"),
        ("gru", "the order of the gates"),
        ("gru", "the two biases kept apart"),
    ],
)
def test_each_recurrent_conversion_is_needed(rng, name, trap, monkeypatch):
    if trap == "the order of the gates":
        monkeypatch.setattr(_keras_layers, "swap_gates", lambda array: array)
    elif trap == "the second bias":
        monkeypatch.setattr(_keras_layers, "join_biases", lambda of_input, of_state: of_input)
    else:
        stack = np.stack
        monkeypatch.setattr(
            _keras_layers.np, "stack", lambda both: stack([both[0] + both[1], 0 * both[1]])
        )
    ours, theirs = recurrent_outputs(name, rng)
    assert np.abs(ours - theirs).max() > 1e-3


@pytest.mark.parametrize("trap", ["the order behind Flatten", "rows and columns of kernels"])
def test_each_conversion_is_needed(trap, monkeypatch):
    """Without it the two models answer differently, which is noticed, and nothing is changed."""
    if trap == "the order behind Flatten":
        monkeypatch.setattr(_keras_layers, "rows_to_numpy", lambda rows, order: rows)
    else:
        plain = _keras_layers.kernels_to_numpy
        monkeypatch.setattr(
            _keras_layers, "kernels_to_numpy", lambda kernels: plain(kernels).swapaxes(2, 3)
        )
    target = DocumentCNN((2, 46, 46))
    before = {name: value.clone() for name, value in target.state_dict().items()}
    with pytest.raises(ValueError, match="answer the same images differently"):
        copy_weights(document_cnn((46, 46, 2)), target)
    for name, value in target.state_dict().items():
        assert torch.equal(value, before[name])


def test_dense_weights_are_turned(rng):
    parameters = rng.standard_normal((3, 3)), rng.standard_normal(3)
    module = set_parameters(nn.Linear(3, 3, dtype=torch.float64), parameters)
    x = rng.standard_normal((2, 3))
    np.testing.assert_allclose(
        module(torch.tensor(x)).detach(), x @ parameters[0] + parameters[1], rtol=1e-12
    )
    assert np.abs(x @ parameters[0].T - x @ parameters[0]).max() > 1e-3


def test_a_dense_layer_on_sequences_is_not_reordered(rng):
    """A Flatten of something that is no image has no channels to put first."""
    source = keras.Sequential([keras.Input((4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    target = copy_weights(source, nn.Sequential(nn.Flatten(), nn.Linear(12, 2)))
    x = rng.random((2, 4, 3), dtype=np.float32)
    np.testing.assert_allclose(target(torch.tensor(x)).detach(), source(x), rtol=1e-4, atol=1e-6)


def test_layers_without_bias_are_read_and_refuse_one(rng):
    module = nn.Conv2d(2, 3, 3, bias=False)
    kernels, bias = numpy_parameters(module)
    assert bias.tolist() == [0, 0, 0]
    set_parameters(module, (kernels, bias))
    with pytest.raises(ValueError, match="the convolution has no place for one"):
        set_parameters(module, (kernels, bias + 1))


def test_other_layers_are_named_and_nothing_is_copied():
    source = document_cnn((28, 28, 1))
    target = DocumentCNN((3, 28, 28))
    before = {name: value.clone() for name, value in target.state_dict().items()}
    with pytest.raises(ValueError, match=r"convolution must have shape \(32, 3, 3, 3\).*\(32, 1,"):
        copy_weights(source, target)
    for name, value in target.state_dict().items():
        assert torch.equal(value, before[name])
    with pytest.raises(ValueError, match="source has 5 layers with weights and target 1"):
        copy_weights(source, nn.Linear(1, 1))
    upside_down = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)]
    )
    with pytest.raises(ValueError, match="source has a convolution where target has a dense layer"):
        copy_weights(nn.Sequential(nn.Conv2d(4, 3, 1), nn.Linear(3, 2)), upside_down)


def test_layers_that_have_no_counterpart_are_named():
    with pytest.raises(ValueError, match="that both sides understand .*, got Embedding"):
        numpy_parameters(nn.Embedding(2, 2))
    with pytest.raises(ValueError, match="one layer and one direction"):
        numpy_parameters(nn.LSTM(2, 3, num_layers=2))
    before = keras.Sequential([keras.Input((5, 3)), keras.layers.GRU(4, reset_after=False)])
    with pytest.raises(ValueError, match="a GRU with the reset before the product where target"):
        copy_weights(before, nn.GRU(3, 4))


def test_the_numpy_model_refuses_images_that_are_too_small():
    for kind in (numpy_models.DocumentCNN, torch_models.DocumentCNN):
        with pytest.raises(ValueError, match="H and W at least 22, got"):
            kind((1, 21, 28))
