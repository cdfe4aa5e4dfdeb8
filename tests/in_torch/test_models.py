"""The document's model, in both frameworks: these layers and no other."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch

from companion.in_keras import document_cnn, layer_table, logits, predict
from companion.in_torch.models import DocumentCNN


def test_keras_model_is_the_documents_program():
    model = document_cnn((224, 224, 3))
    kinds = ["Conv2D", "MaxPooling2D"] * 3 + ["Flatten", "Dense", "Dense"]
    assert [type(layer).__name__ for layer in model.layers] == kinds
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [32, 64, 128]
    for layer in convolutions:
        assert layer.kernel_size == (3, 3)
        assert layer.strides == (1, 1)
        assert layer.padding == "valid"
        assert layer.activation is keras.activations.relu
    assert model.layers[-2].units == 128
    assert model.layers[-2].activation is keras.activations.relu
    assert model.layers[-1].activation is keras.activations.sigmoid


def test_parameters_are_those_computed_by_hand():
    table = layer_table(document_cnn((224, 224, 3)))
    assert table.parameters.tolist() == [896, 0, 18_496, 0, 73_856, 0, 0, 11_075_712, 129]
    assert table.parameters.sum() == 11_169_089
    assert table.share[7] == "99.2%"
    assert table["output shape"][5] == (26, 26, 128)
    assert table["values"][6] == 86_528


@pytest.mark.parametrize("shape", [(224, 224, 3), (28, 28, 1), (22, 30, 2)])
def test_both_frameworks_have_as_many_parameters(shape):
    height, width, channels = shape
    ours = DocumentCNN((channels, height, width))
    assert sum(p.numel() for p in ours.parameters()) == document_cnn(shape).count_params()


def test_initial_weights_follow_the_seed_and_glorot():
    first, again, other = (DocumentCNN((1, 28, 28), seed=s).state_dict() for s in (3, 3, 4))
    for name, value in first.items():
        assert torch.equal(value, again[name])
        if name.endswith("bias"):
            assert not value.any()
        else:
            assert not torch.equal(value, other[name])
    limit = np.sqrt(6 / (1 * 9 + 32 * 9))
    assert first["features.0.weight"].abs().max() <= limit
    assert first["features.0.weight"].abs().max() > 0.9 * limit


def test_logits_are_what_the_sigmoid_gets(rng):
    model = document_cnn((22, 22, 1))
    images = rng.random((5, 1, 22, 22), dtype=np.float32)
    probabilities = predict(model, images)
    np.testing.assert_allclose(
        1 / (1 + np.exp(-logits(model, images)[:, 0])), probabilities, rtol=1e-5
    )


@pytest.mark.parametrize("shape", [(21, 28, 1), (28, 28), (28, 28, 0)])
def test_keras_names_a_shape_that_does_not_fit(shape):
    with pytest.raises(ValueError, match=r"at least 22, got \(" + str(shape[0])):
        document_cnn(shape)


@pytest.mark.parametrize("shape", [(1, 21, 28), (28, 28), (0, 28, 28)])
def test_torch_names_a_shape_that_does_not_fit(shape):
    with pytest.raises(ValueError, match=r"at least 22, got \(" + str(shape[0])):
        DocumentCNN(shape)


def test_torch_names_images_of_another_shape():
    with pytest.raises(ValueError, match=r"must be \(N, 1, 28, 28\), got shape \(2, 28, 28, 1\)"):
        DocumentCNN((1, 28, 28))(torch.zeros(2, 28, 28, 1))


def test_logits_need_a_dense_layer_at_the_end():
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Dense(2), keras.layers.ReLU()])
    with pytest.raises(ValueError, match="ends in ReLU"):
        logits(model, np.zeros((1, 1, 2, 2), np.float32))


def test_logits_of_a_functional_model_without_bias(rng):
    inputs = keras.Input((2, 3, 2))
    dense = keras.layers.Dense(1, use_bias=False)
    model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
    images = rng.random((3, 2, 2, 3), np.float32)
    expected = images.transpose(0, 2, 3, 1).reshape(3, 12) @ model.get_weights()[0]
    np.testing.assert_allclose(logits(model, images), expected, rtol=1e-5)
