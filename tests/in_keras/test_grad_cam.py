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
    return rng.random((3, 1, 12, 10), np.float32)


def functional(*, use_bias=True):
    rng = np.random.default_rng(1)
    inputs = keras.Input((12, 10, 1))
    maps = L.Conv2D(4, 3, activation="relu", name="maps")(inputs)
    model = keras.Model(inputs, L.Dense(1, use_bias=use_bias)(L.Flatten()(maps)))
    model.set_weights([rng.normal(0.05, 0.2, w.shape) for w in model.get_weights()])
    return model


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
    theirs = explain(twin.eval(), films, "grad_cam", layer="1")
    ours = grad_cam(model, films)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert ours.max() > 0


def test_the_documents_model_is_explained_as_in_pytorch(rng):
    """Two channels and a height other than the width: no other order of the axes gives this."""
    model = document_cnn((36, 28, 2))
    model.layers[-1].kernel.assign(np.abs(model.layers[-1].kernel))
    twin = copy_weights(model, DocumentCNN((2, 36, 28))).eval()
    films = rng.random((2, 2, 36, 28), np.float32)
    for number, layer in (("features.4", 2), ("features.7", 4)):
        theirs = explain(twin, films, "grad_cam", layer=number)
        ours = grad_cam(model, films, layer=model.layers[layer].name)
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * theirs.max())
        assert theirs.max() > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda films: (films * 255).astype(np.uint8), "floating point in .*, got dtype uint8"),
        (lambda films: films * 255, r"images must be in \[0, 1\], got values"),
        (lambda films: films * np.nan, "images must be finite"),
        (lambda films: films[0], r"images must be \(N, C, H, W\) .*, got shape \(1, 12, 10\)"),
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


class Doubled(L.Dense):
    """Gives twice what its weights tell."""

    def call(self, inputs, training=None):
        return 2 * super().call(inputs)


class Untold(keras.Model):
    """A model whose layers do not tell how they are applied."""

    def call(self, inputs):
        return inputs


def on(*layers, outputs=lambda steps: steps[-1]):
    """Return a functional chain of layers on films of (12, 10, 1)."""
    steps = [keras.Input((12, 10, 1))]
    for layer in layers:
        steps.append(layer(steps[-1]))
    return keras.Model(steps[0], outputs(steps))


NOT_UNDERSTOOD = {
    "a dense layer on maps": (
        lambda: on(L.Conv2D(2, 3), L.Dense(1)), "one unit for each image, got dense",
    ),
    "maps as a second output": (
        lambda: on(L.Conv2D(2, 3), L.Flatten(), L.Dense(1), outputs=lambda steps: steps[1:4:2]),
        "one input and one output, got 1 and 2",
    ),
    "a layer derived from Dense": (
        lambda: on(L.Conv2D(2, 3), L.Flatten(), Doubled(1)), "Dense layer of one unit",
    ),
    "rows and columns exchanged": (
        lambda: on(L.Permute((2, 1, 3)), L.Conv2D(2, 3), L.Flatten(), L.Dense(1)),
        r"rows and columns where they are, got permute.* \(Permute\)",
    ),
    "rows cut anew": (
        lambda: on(L.Reshape((10, 12, 1)), L.Conv2D(2, 3), L.Flatten(), L.Dense(1)),
        r"rows and columns where they are, got reshape.* \(Reshape\)",
    ),
    "channels first": (
        lambda: on(L.AveragePooling2D(1, data_format="channels_first"), L.Conv2D(2, 3),
                   L.Flatten(), L.Dense(1)),
        "AveragePooling2D with channels first",
    ),
    "a model of its own": (Untold, "functional Keras model, got Untold"),
    "a model that is not built": (
        lambda: keras.Sequential([L.Conv2D(1, 3), L.Flatten(), L.Dense(1)]),
        "must be a built Sequential",
    ),
    "a model of PyTorch": (lambda: nn.Linear(1, 1), "functional Keras model, got Linear"),
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_UNDERSTOOD)
def test_a_model_that_is_not_understood_is_refused(films, what):
    make, message = NOT_UNDERSTOOD[what]
    with pytest.raises(ValueError, match=message):
        grad_cam(make(), films)


@pytest.mark.parametrize(
    "change",
    [
        lambda films: films[:, :, :8],
        lambda films: films.repeat(3, axis=1),
        lambda films: films.transpose(0, 2, 3, 1),
    ],
)
def test_images_that_the_model_does_not_take_are_named(films, change):
    with pytest.raises(ValueError, match=r"must be \(N, 1, 12, 10\), .* got shape \(3, "):
        grad_cam(functional(), change(films))
    with pytest.raises(ValueError, match=r"\(N, C, H, W\) and not empty, got shape \(0, 1"):
        grad_cam(functional(), films[:0])


def test_the_gradient_is_that_of_finite_differences(films):
    """One map, one weight: the map is weighed by the mean slope, which is known by hand."""
    inputs = keras.Input((12, 10, 1))
    average = L.GlobalAveragePooling2D()(L.Conv2D(1, 1, use_bias=False, name="maps")(inputs))
    model = keras.Model(inputs, L.Dense(1, use_bias=False)(average))
    model.set_weights([np.full((1, 1, 1, 1), 3.0), np.full((1, 1), 2.0)])
    expected = films[:, 0] * 3 * 2 / 120
    np.testing.assert_allclose(grad_cam(model, films), expected, rtol=1e-5)
