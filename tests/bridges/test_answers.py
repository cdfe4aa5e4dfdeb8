"""Two models are compared by what they answer, however small, large or saturated that is."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from torch import nn

from companion import by_hand
from companion.bridges import copy_weights
from companion.in_torch import DocumentCNN

L = keras.layers


def in_keras(*layers, scale=1.0, shape=(4,)):
    """Return a model with drawn weights, the last bias included."""
    model, rng = keras.Sequential([keras.Input(shape), *layers]), np.random.default_rng(7)
    model.set_weights([scale * rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


class Factor(nn.Module):
    """Multiplies in ``forward``, which no layer tells."""

    def __init__(self, factor=2.0, *, hidden=False, sigmoid=False):
        super().__init__()
        self.hidden = nn.Linear(4, 4) if hidden else None
        self.dense, self.factor = nn.Linear(4, 2), factor
        self.sigmoid = nn.Sigmoid() if sigmoid else None

    def forward(self, inputs):
        if self.hidden is not None:
            return self.dense(self.factor * self.hidden(inputs))
        sums = torch.tensor(self.factor) * self.dense(inputs)
        return sums if self.sigmoid is None else self.sigmoid(sums)


class Behind(nn.Module):
    """Goes on behind its sigmoid, or leaves it out."""

    def __init__(self, *, applied):
        super().__init__()
        self.dense, self.sigmoid, self.applied = nn.Linear(4, 2), nn.Sigmoid(), applied

    def forward(self, inputs):
        sums = self.dense(inputs)
        return self.sigmoid(sums) / 2 if self.applied else sums


def with_last_bias(value):
    model = in_keras(L.Dense(4), L.Dense(2))
    model.layers[-1].bias.assign(np.full(2, value))
    return model


def with_uneven_outputs():
    model = in_keras(L.Dense(2))
    model.layers[0].kernel.assign(np.asarray(model.layers[0].kernel) * [5000, 1])
    return model


def saturated(last):
    """Return a model whose logits are near 30, where a float32 sigmoid is 1."""
    model = (
        in_keras(L.Dense(2), L.Activation("sigmoid"))
        if last == "own layer"
        else in_keras(L.Dense(2, activation="sigmoid"))
    )
    model.layers[0].bias.assign([30.0, 28.0])
    return model


DIFFERENT = {
    "answers of a hundred-thousandth": lambda: (in_keras(L.Dense(2), scale=1e-5), Factor()),
    "a bias that is large beside what differs": lambda: (
        with_last_bias(3000.0), Factor(1.5, hidden=True)
    ),
    "a small output beside a large one": lambda: (with_uneven_outputs(), Factor([1.0, 0.5])),
    "logits behind saturated sigmoids": lambda: (
        saturated("own layer"), Factor(sigmoid=True)
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DIFFERENT)
def test_a_difference_is_seen_whatever_its_size(what):
    source, target = DIFFERENT[what]()
    before = {name: value.clone() for name, value in target.state_dict().items()}
    with pytest.raises(ValueError, match="answer the same images differently, by up to .* where"):
        copy_weights(source, target)
    for name, value in target.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("last", ["in the dense layer", "own layer"])
@pytest.mark.parametrize("back", [False, True])
def test_models_that_saturate_are_the_same_by_their_logits(last, back):
    source = saturated(last)
    target = nn.Sequential(nn.Linear(4, 2), nn.Sigmoid(), nn.Identity())
    copy_weights(source, target)
    np.testing.assert_array_equal(target[0].bias.detach(), [30, 28])
    if back:
        other = copy_weights(target, saturated(last))
        np.testing.assert_array_equal(other.layers[0].kernel, source.layers[0].kernel)


@pytest.mark.parametrize("applied", [True, False])
def test_a_sigmoid_that_is_not_the_last_step_is_no_end(applied):
    with pytest.raises(ValueError, match="target must answer .* must end in its Sigmoid"):
        copy_weights(in_keras(L.Dense(2)), Behind(applied=applied))


class Untold(keras.Model):
    def call(self, inputs):
        return inputs


def with_lora():
    model = in_keras(L.Dense(2))
    model.layers[0].enable_lora(2)
    return model


class Twice(nn.Linear):
    def forward(self, inputs):
        return 2 * super().forward(inputs)


class TwiceInKeras(L.Dense):
    def call(self, inputs, training=None):
        return 2 * super().call(inputs)


def stateful():
    return keras.Sequential(
        [keras.Input((5, 4), batch_size=6), L.GRU(3, stateful=True, return_sequences=True)]
    )


def normalised(function):
    return nn.Sequential(function(nn.Linear(4, 2)))


REFUSED = {
    "a layer derived from one of PyTorch": (lambda: Twice(4, 2), "got Twice, a class derived"),
    "a layer derived from one of Keras": (
        lambda: in_keras(TwiceInKeras(2)), "got TwiceInKeras, a class derived",
    ),
    "weights that are computed": (
        lambda: normalised(nn.utils.parametrizations.weight_norm),
        "got ParametrizedLinear, a class derived",
    ),
    "weights that a hook computes": (
        lambda: normalised(nn.utils.spectral_norm), "Linear holds weight_orig",
    ),
    "low-rank additions": (with_lora, "Dense holds lora_kernel_a, lora_kernel_b"),
    "weights that are not there": (
        lambda: nn.Linear(4, 2, device="meta"), "Linear must have its numbers in memory",
    ),
    "a size that is not known": (lambda: nn.LazyLinear(2), "got LazyLinear, a class derived"),
    "a model of its own": (Untold, "functional Keras model, got Untold"),
    "a model that is not built": (
        lambda: keras.Sequential([L.Dense(2)]), "must be a built Sequential",
    ),
    "a state that is kept": (stateful, "must be stateless, got stateful=True"),
    "indices beside maps": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2, return_indices=True)),
        "return_indices=True",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("back", [False, True])
def test_layers_that_are_more_than_they_seem_are_refused(what, back):
    make, message = REFUSED[what]
    pair = [make(), in_keras(L.Dense(2))]
    with pytest.raises(ValueError, match=message):
        copy_weights(*(pair[::-1] if back else pair))


@pytest.mark.parametrize("shape", ["abc", 4, (4.0,), (0, 4), (-1,), ()])
def test_a_shape_that_is_none_is_named(shape):
    with pytest.raises(ValueError, match="input_shape must be a tuple of sizes from 1 up, got"):
        copy_weights(nn.Linear(4, 2), nn.Linear(4, 2), input_shape=shape)


def test_a_shape_that_the_models_do_not_take_is_named():
    target = nn.Linear(4, 2)
    before = target.weight.clone()
    with pytest.raises(ValueError, match=r"source must answer to inputs of shape \(6, 5\), but"):
        copy_weights(nn.Linear(4, 2), target, input_shape=(5,))
    assert torch.equal(target.weight, before)


def test_models_without_any_weights_are_compared_as_well():
    source = keras.Sequential([keras.Input((2, 3)), L.Flatten()])
    module = nn.Flatten()
    assert copy_weights(source, module) is module
    with pytest.raises(ValueError, match="answers with shape"):
        copy_weights(source, nn.Identity())


def test_weights_that_are_not_finite_are_refused():
    source = in_keras(L.Dense(2))
    source.layers[0].kernel.assign(np.full((4, 2), np.nan))
    with pytest.raises(ValueError, match="parameters must be finite, got 8 values"):
        copy_weights(source, nn.Linear(4, 2))


def test_a_target_that_is_half_frozen_is_left_whole():
    source, target = (by_hand.DocumentCNN((1, 22, 22), seed=seed) for seed in (1, 2))
    before = [array.copy() for array in target.arrays()]
    target.layers[2].weights.setflags(write=False)
    with pytest.raises(ValueError, match="target must be writable"):
        copy_weights(source, target)
    for array, old in zip(target.arrays(), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_what_acts_in_training_only_may_differ():
    layers = L.Conv2D(2, 3), L.BatchNormalization(momentum=0.5, epsilon=1e-5), L.Dropout(0.9)
    source = in_keras(*layers, shape=(6, 6, 1), scale=0.1)
    source.layers[1].moving_variance.assign([1.0, 2.0])
    target = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, momentum=0.2), nn.Dropout(0.1))
    copy_weights(source, target)
    np.testing.assert_array_equal(target[1].running_var, [1, 2])


def test_many_untrained_models_pass(rng):
    """The comparison is strict, and rounding is not what it sees."""
    for seed in range(3):
        source = by_hand.DocumentCNN((2, 46, 31), seed=seed)
        copy_weights(source, DocumentCNN((2, 46, 31)))
