"""The same weights give the same numbers in Keras and in PyTorch."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from torch import nn

from companion import weights
from companion.keras_models import document_cnn, logits
from companion.torch_models import DocumentCNN
from companion.weights import keras_to_torch, torch_to_keras


def torch_logits(model, images):
    with torch.inference_mode():
        return model(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy()


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
    target = keras_to_torch(source, DocumentCNN((channels, height, width)))
    images = rng.random((3, *shape), dtype=np.float32)
    np.testing.assert_allclose(
        torch_logits(target, images), logits(source, images)[:, 0], atol=1e-4, rtol=0
    )


def test_the_way_back_changes_nothing(rng):
    source = document_cnn((46, 31, 2))
    randomise_biases(source, rng)
    there = keras_to_torch(source, DocumentCNN((2, 46, 31)))
    back = torch_to_keras(there, document_cnn((46, 31, 2)))
    for ours, theirs in zip(back.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_gradients_agree(rng):
    source = document_cnn((28, 28, 1))
    target = keras_to_torch(source, DocumentCNN((1, 28, 28)))
    images = rng.random((6, 28, 28, 1), dtype=np.float32)
    answers = np.array([0, 1, 1, 0, 1, 1], np.float32)
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.losses.binary_crossentropy(answers[:, None], source(images))
        mean = tf.reduce_mean(loss)
    theirs = tape.gradient(mean, source.trainable_weights)
    chances = target(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()))
    ours = nn.functional.binary_cross_entropy_with_logits(chances, torch.from_numpy(answers))
    ours.backward()
    assert ours.item() == pytest.approx(float(mean), rel=1e-5)
    kernel = target.features[0].weight.grad.numpy()
    np.testing.assert_allclose(kernel, theirs[0].numpy().transpose(3, 2, 0, 1), atol=1e-6)
    bias = target.classifier[3].bias.grad.numpy()
    np.testing.assert_allclose(bias, theirs[-1].numpy(), atol=1e-6)


@pytest.mark.parametrize("trap", ["the order behind Flatten", "rows and columns of kernels"])
def test_each_conversion_is_needed(rng, trap, monkeypatch):
    if trap == "the order behind Flatten":
        monkeypatch.setattr(weights, "_flatten_orders", lambda model: {})
    else:
        plain = weights._to_torch

        def unturned(kernel, order):
            return plain(kernel.swapaxes(0, 1) if kernel.ndim == 4 else kernel, order)

        monkeypatch.setattr(weights, "_to_torch", unturned)
    source = document_cnn((46, 46, 2))
    target = keras_to_torch(source, DocumentCNN((2, 46, 46)))
    images = rng.random((3, 46, 46, 2), dtype=np.float32)
    difference = np.abs(torch_logits(target, images) - logits(source, images)[:, 0])
    assert difference.max() > 1e-3


def test_other_layers_are_named_and_nothing_is_copied():
    source = document_cnn((28, 28, 1))
    target = DocumentCNN((3, 28, 28))
    before = {name: value.clone() for name, value in target.state_dict().items()}
    with pytest.raises(ValueError, match=r"conv2d.* has weights \(32, 1, 3, 3\).*\(32, 3, 3, 3\)"):
        keras_to_torch(source, target)
    for name, value in target.state_dict().items():
        assert torch.equal(value, before[name])
    with pytest.raises(ValueError, match="Keras has 5 layers with weights, PyTorch 1"):
        keras_to_torch(source, nn.Linear(1, 1))
    upside_down = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)]
    )
    with pytest.raises(ValueError, match="is a Dense, PyTorch has Conv2d"):
        torch_to_keras(nn.Sequential(nn.Conv2d(4, 3, 1), nn.Linear(3, 2)), upside_down)
