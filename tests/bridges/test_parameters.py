"""Parameters of one layer are read and set as the NumPy layers take them, or refused by name."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from torch import nn

from companion import by_hand
from companion.bridges import (
    batch_norm_settings,
    numpy_parameters,
    set_parameters,
    torch_adam_epsilon,
)
from companion.by_hand import RecurrentParameters

L = keras.layers
WEIGHTS, BIAS = np.arange(8.0).reshape(4, 2), np.array([1.0, -1.0])


def built(layer, *shape):
    layer.build(shape)
    return layer


def held(layer):
    """Return copies of all numbers of a layer."""
    if isinstance(layer, nn.Module):
        return [value.numpy().copy() for value in layer.state_dict().values()]
    return layer.get_weights()


@pytest.mark.parametrize("between", [False, True])
def test_a_dense_layer_behind_a_flatten_of_maps_has_its_rows_channels_first(rng, between):
    """Its rows were handed over as Keras keeps them, and NumPy's answers were others."""
    middle = [L.BatchNormalization(), L.Dropout(0.5)] if between else []
    layers = [L.Conv2D(3, 3), L.Flatten(), *middle, L.Dense(2)]
    model = keras.Sequential([keras.Input((6, 5, 2)), *layers])
    maps = rng.normal(0, 1, (4, 4, 3, 3)).astype(np.float32)
    flat = by_hand.flatten(maps.transpose(0, 3, 1, 2))
    values = maps
    for layer in model.layers[1:]:
        values = layer(values, training=False)
    if between:
        scale, shift, kept = numpy_parameters(model.layers[2])
        flat = scale * (flat - kept.mean) / np.sqrt(kept.variance + 1e-3) + shift
    dense = model.layers[-1]
    ours = by_hand.dense(flat, *numpy_parameters(dense))
    np.testing.assert_allclose(ours, values, atol=1e-5)
    before = dense.get_weights()
    for new, old in zip(
        set_parameters(dense, numpy_parameters(dense)).get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(new, old)


def test_a_normalisation_behind_a_flatten_of_maps_is_reordered_too():
    model = keras.Sequential([keras.Input((2, 2, 3)), L.Flatten(), L.BatchNormalization()])
    layer = model.layers[-1]
    layer.beta.assign(np.arange(12.0))
    np.testing.assert_array_equal(
        numpy_parameters(layer)[1], np.arange(12).reshape(2, 2, 3).transpose(2, 0, 1).ravel()
    )


def test_a_convolution_that_was_built_and_never_applied_is_read():
    layer = built(L.Conv2D(3, 3, padding="same"), None, 8, 8, 2)
    assert numpy_parameters(layer)[0].shape == (3, 2, 3, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Dense(2), "must be built, got dense"),
        (lambda: L.BatchNormalization(), "must be built, got batch"),
        (lambda: nn.RNN(4, 3, nonlinearity="relu"), "must have activation tanh, got relu"),
        (
            lambda: built(L.LSTM(3, recurrent_activation="hard_sigmoid"), 2, 5, 4),
            "LSTM must have gates sigmoid, got hard_sigmoid",
        ),
        (lambda: built(L.GRU(3, activation=L.ReLU()), 2, 5, 4), "activation tanh, got ReLU"),
        (lambda: nn.Sequential(nn.Linear(4, 2)), "got Sequential"),
        (lambda: nn.ReLU(), "must have weights, got ReLU"),
        (lambda: nn.utils.weight_norm(nn.Linear(4, 2)), "Linear holds weight_g, weight_v"),
        (
            lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 2)),
            "got ParametrizedLinear, a class derived",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_a_layer_that_does_otherwise_is_neither_read_nor_set(make, message):
    layer = make()
    with pytest.raises(ValueError, match=message):
        numpy_parameters(layer)
    with pytest.raises(ValueError, match=message):
        set_parameters(layer, (WEIGHTS, BIAS))


RECURRENT = by_hand.init_recurrent(4, 3, 1, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("make", "parameters", "message"),
    [
        (lambda: nn.Linear(4, 2), (WEIGHTS,), "dense layer must be 2, got 1"),
        (lambda: nn.Linear(4, 2), (WEIGHTS, BIAS, BIAS), "dense layer must be 2, got 3"),
        (lambda: nn.Linear(4, 2), None, "dense layer must be 2, got NoneType"),
        (lambda: nn.BatchNorm1d(2), (BIAS, BIAS), "batch normalisation must be 3, got 2"),
        (lambda: nn.RNN(4, 3), RECURRENT[:3], "simple recurrent layer must be 4, got 3"),
        (lambda: nn.Linear(4, 2), (WEIGHTS * np.nan, BIAS), "finite, got 8 values"),
        (lambda: nn.Linear(4, 2), (WEIGHTS, BIAS * np.inf), "finite, got 2 values"),
        (lambda: nn.Linear(4, 2), (WEIGHTS.astype(str), BIAS), "must be arrays of floats, got"),
        (lambda: nn.Linear(4, 2), (WEIGHTS * 1j, BIAS), "must be arrays of floats, got"),
        (
            lambda: built(L.SimpleRNN(3), 2, 5, 4),
            RECURRENT._replace(state_bias=np.ones(2)),
            "have shapes that do not belong together",
        ),
        (
            lambda: built(L.GRU(3), 2, 5, 4),
            RecurrentParameters(*(np.ones(s) for s in ((4, 8), (3, 8), 8, 8))),
            "have shapes that do not belong together",
        ),
    ],
)
def test_parameters_that_do_not_fit_are_named_and_nothing_is_set(make, parameters, message):
    layer = make()
    before = held(layer)
    with pytest.raises(ValueError, match=message):
        set_parameters(layer, parameters)
    for new, old in zip(held(layer), before, strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize(
    "weights",
    [WEIGHTS[::-1], np.asfortranarray(WEIGHTS), WEIGHTS.tolist(), WEIGHTS.astype(int)],
)
def test_parameters_are_taken_in_any_order_of_memory(weights):
    layer = set_parameters(nn.Linear(4, 2), (weights, BIAS))
    np.testing.assert_array_equal(layer.weight.detach().T, np.asarray(weights))
    kernels = np.arange(2.0 * 9).reshape(2, 1, 3, 3)[:, :, ::-1]
    convolution = set_parameters(nn.Conv2d(1, 2, 3), (kernels, BIAS))
    assert torch.equal(convolution.weight, torch.tensor(kernels.copy()).float())


def test_settings_that_have_no_translation_are_refused():
    with pytest.raises(ValueError, match="must be a batch normalisation, got Linear"):
        batch_norm_settings(nn.Linear(1, 1))
    with pytest.raises(ValueError, match="momentum must be a number, got None"):
        batch_norm_settings(nn.BatchNorm2d(1, momentum=None))
    for wrong in ({"step": 0}, {"step": 1, "beta2": 1.0}, {"step": 1, "keras_epsilon": -1e-7}):
        with pytest.raises(ValueError, match="step at least 1 and beta2 from 0 to below 1"):
            torch_adam_epsilon(**{"keras_epsilon": 1e-7, **wrong})
