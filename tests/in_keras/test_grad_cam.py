"""Grad-CAM of any chain of Keras layers, equal to PyTorch's on the same weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from torch import nn

from companion.bridges import copy_weights
from companion.explanation import explain
from companion.in_keras import document_cnn, grad_cam
from companion.in_torch import DocumentCNN

L = keras.layers


@pytest.fixture
def films(rng):
    return rng.random((3, 12, 10, 1), np.float32)


def functional(*, use_bias=True):
    inputs = keras.Input((12, 10, 1))
    maps = L.Conv2D(4, 3, activation="relu", name="maps")(inputs)
    return keras.Model(inputs, L.Dense(1, use_bias=use_bias)(L.Flatten()(maps)))


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_functional_chain_is_explained_as_in_pytorch(films, use_bias):
    model = functional(use_bias=use_bias)
    twin = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(320, 1), nn.Flatten(0)
    )
    if use_bias:
        copy_weights(model, twin)
    else:
        twin[3] = nn.Linear(320, 1, bias=False)
        copy_weights(model, twin)
    theirs = explain(twin.eval(), films.transpose(0, 3, 1, 2), "grad_cam", layer="1")
    ours = grad_cam(model, films)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert ours.max() > 0


def test_the_documents_model_is_explained_as_in_pytorch(rng):
    model = document_cnn((28, 28, 1))
    twin = copy_weights(model, DocumentCNN((1, 28, 28))).eval()
    films = rng.random((2, 28, 28, 1), np.float32)
    theirs = explain(twin, films.transpose(0, 3, 1, 2), "grad_cam", layer="features.7")
    np.testing.assert_allclose(grad_cam(model, films), theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda films: (films * 255).astype(np.uint8), "floating point in .*, got dtype uint8"),
        (lambda films: films * 255, r"images must be in \[0, 1\], got values"),
        (lambda films: films * np.nan, "images must be finite"),
        (lambda films: films[0], r"images must be \(N, H, W, C\), got shape \(12, 10, 1\)"),
    ],
)
def test_images_of_another_scale_or_shape_are_refused(films, change, message):
    with pytest.raises(ValueError, match=message):
        grad_cam(functional(), change(films))


def test_what_is_no_chain_or_ends_otherwise_is_refused(films):
    inputs = keras.Input((12, 10, 1))
    maps = L.Conv2D(4, 3, padding="same")(inputs)
    branch = keras.Model(inputs, L.Dense(1)(L.Flatten()(L.Add()([maps, maps]))))
    with pytest.raises(ValueError, match="must be a chain"):
        grad_cam(branch, films)
    for last in (L.Dense(2), L.Dense(1, activation="tanh")):
        model = keras.Model(inputs, last(L.Flatten()(maps)))
        with pytest.raises(ValueError, match="model must end in a"):
            grad_cam(model, films)
    with pytest.raises(ValueError, match="layer must be one of"):
        grad_cam(functional(), films, layer="nowhere")


def test_the_gradient_is_that_of_finite_differences(films):
    """One map, one weight: the map is weighed by the mean slope, which is known by hand."""
    inputs = keras.Input((12, 10, 1))
    average = L.GlobalAveragePooling2D()(L.Conv2D(1, 1, use_bias=False, name="maps")(inputs))
    model = keras.Model(inputs, L.Dense(1, use_bias=False)(average))
    model.set_weights([np.full((1, 1, 1, 1), 3.0), np.full((1, 1), 2.0)])
    expected = films[..., 0] * 3 * 2 / 120
    np.testing.assert_allclose(grad_cam(model, films), expected, rtol=1e-5)
