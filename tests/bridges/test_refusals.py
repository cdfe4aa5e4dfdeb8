"""What the converter of weights does not understand it refuses, and the target is as it was."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from torch import nn

from companion import by_hand
from companion.bridges import copy_weights
from companion.in_torch import DocumentCNN, PooledCNN

L = keras.layers


def in_keras(*layers, shape=(8, 8, 2)):
    model = keras.Sequential([keras.Input(shape), *layers])
    rng = np.random.default_rng(7)
    model.set_weights([np.abs(rng.normal(0.5, 0.2, w.shape)) for w in model.get_weights()])
    return model


def convolution(stride=1, **options):
    return nn.Conv2d(2, 4, 3, stride=stride, **options)


def chain(*layers):
    return nn.Sequential(*layers)


def two_heads():
    inputs = keras.Input((4,))
    return keras.Model(inputs, [L.Dense(2)(inputs), L.Dense(2)(inputs)])


def branched():
    inputs = keras.Input((4,))
    return keras.Model(inputs, L.Add()([L.Dense(4)(inputs), inputs]))


def skipping():
    """Registered as a chain, applied as none."""
    inputs = keras.Input((4,))
    first = L.Dense(4)(inputs)
    second = L.Dense(4)(inputs)
    return keras.Model(inputs, L.Dense(1)(L.Add()([first, second])))


class Doubled(nn.Module):
    """Does in ``forward`` what no layer tells."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(4, 2)

    def forward(self, inputs):
        return 2 * self.dense(inputs)


class Scaled(nn.Module):
    """Holds a parameter of its own beside its layers."""

    def __init__(self):
        super().__init__()
        self.dense, self.scale = nn.Linear(4, 2), nn.Parameter(torch.ones(2))

    def forward(self, inputs):
        return self.scale * self.dense(inputs)


HOSTILE = {
    "a normalisation of layers": (
        lambda: (in_keras(L.Dense(2), shape=(4,)), chain(nn.Linear(4, 2), nn.LayerNorm(2))),
        "understand .*, got LayerNorm",
    ),
    "a learned slope": (
        lambda: (in_keras(L.Dense(2), shape=(4,)), chain(nn.Linear(4, 2), nn.PReLU())),
        "got PReLU",
    ),
    "an embedding": (
        lambda: (in_keras(L.Dense(2), shape=(4,)), chain(nn.Embedding(9, 4), nn.Linear(4, 2))),
        "got Embedding",
    ),
    "axes exchanged": (
        lambda: (
            in_keras(L.Permute((2, 1, 3)), L.Conv2D(4, 3), shape=(8, 6, 2)), chain(convolution())
        ),
        "got Permute",
    ),
    "a new shape": (
        lambda: (in_keras(L.Reshape((4,)), L.Dense(2), shape=(2, 2)), chain(nn.Linear(4, 2))),
        "got Reshape",
    ),
    "a rescaling": (
        lambda: (in_keras(L.Rescaling(0.5), L.Conv2D(4, 3)), chain(convolution())),
        "got Rescaling",
    ),
    "two heads": (lambda: (two_heads(), nn.Linear(4, 2)), "one input and one output, got 1 and 2"),
    "a branch": (lambda: (branched(), nn.Linear(4, 4)), "got Add|list|chain"),
    "a chain that is none": (lambda: (skipping(), chain(nn.Linear(4, 4))), "must be a chain, but"),
    "a model in a model": (
        lambda: (in_keras(in_keras(L.Dense(2), shape=(4,)), shape=(4,)), nn.Linear(4, 2)),
        "layers only, got the model",
    ),
    "another activation": (
        lambda: (
            in_keras(L.Dense(2, activation="tanh"), shape=(4,)), chain(nn.Linear(4, 2), nn.ReLU())
        ),
        "source has a tanh where target has a relu",
    ),
    "an activation that is missing": (
        lambda: (in_keras(L.Dense(2, activation="relu"), shape=(4,)), nn.Linear(4, 2)),
        "source has a relu where target has a nothing more",
    ),
    "an unknown activation": (
        lambda: (in_keras(L.Dense(2, activation="gelu"), shape=(4,)), nn.Linear(4, 2)),
        "activation must be .* got gelu",
    ),
    "another slope": (
        lambda: (
            in_keras(L.Dense(2), L.LeakyReLU(negative_slope=0.3), shape=(4,)),
            chain(nn.Linear(4, 2), nn.LeakyReLU(0.1)),
        ),
        "leaky relu of source has slope 0.3, that of target 0.1",
    ),
    "a capped relu": (
        lambda: (
            in_keras(L.Dense(2), L.ReLU(max_value=6), shape=(4,)),
            chain(nn.Linear(4, 2), nn.ReLU()),
        ),
        "plain ReLU",
    ),
    "another dilation": (
        lambda: (in_keras(L.Conv2D(4, 3, dilation_rate=2)), chain(convolution())),
        r"dilation \(2, 2\), that of target \(1, 1\)",
    ),
    "another stride": (
        lambda: (in_keras(L.Conv2D(4, 3, strides=2)), chain(convolution())),
        r"stride \(2, 2\)",
    ),
    "padding at stride 2, which is lopsided in Keras": (
        lambda: (
            in_keras(L.Conv2D(4, 3, strides=2, padding="same")), chain(convolution(2, padding=1))
        ),
        r"padding \[\(0, 1\), \(0, 1\)\], that of target \[\(1, 1\), \(1, 1\)\]",
    ),
    "other groups": (
        lambda: (in_keras(L.Conv2D(4, 3, groups=2)), chain(convolution())),
        "groups 2, that of target 1",
    ),
    "reflected padding": (
        lambda: (
            in_keras(L.Conv2D(4, 3, padding="same")),
            chain(convolution(padding=1, padding_mode="reflect")),
        ),
        "padding_mode must be zeros",
    ),
    "a transposed convolution": (
        lambda: (in_keras(L.Conv2DTranspose(4, 3)), chain(nn.ConvTranspose2d(2, 4, 3))),
        "got Conv2DTranspose",
    ),
    "pooling of another size": (
        lambda: (
            in_keras(L.Conv2D(4, 3), L.MaxPooling2D(3)), chain(convolution(), nn.MaxPool2d(2))
        ),
        r"size \(3, 3\)",
    ),
    "the other pooling": (
        lambda: (
            in_keras(L.Conv2D(4, 3), L.MaxPooling2D(2)), chain(convolution(), nn.AvgPool2d(2))
        ),
        "max pooling where target has a average pooling",
    ),
    "pooling that rounds up": (
        lambda: (
            in_keras(L.Conv2D(4, 4), L.MaxPooling2D(2)),
            chain(nn.Conv2d(2, 4, 4), nn.MaxPool2d(2, ceil_mode=True)),
        ),
        "no ceil_mode",
    ),
    "padded pooling": (
        lambda: (
            in_keras(L.Conv2D(4, 4), L.MaxPooling2D(2, padding="same")),
            chain(nn.Conv2d(2, 4, 4), nn.MaxPool2d(2, padding=1)),
        ),
        "pooling must have no padding",
    ),
    "another epsilon": (
        lambda: (
            in_keras(L.Conv2D(4, 3), L.BatchNormalization()),
            chain(convolution(), nn.BatchNorm2d(4)),
        ),
        "epsilon 0.001, that of target 1e-05",
    ),
    "statistics of the batch": (
        lambda: (
            in_keras(L.Conv2D(4, 3), L.BatchNormalization(epsilon=1e-5)),
            chain(convolution(), nn.BatchNorm2d(4, track_running_stats=False)),
        ),
        "must track its statistics",
    ),
    "backwards": (
        lambda: (in_keras(L.LSTM(3, go_backwards=True), shape=(5, 4)), nn.LSTM(4, 3)),
        "go_backwards",
    ),
    "two directions": (
        lambda: (in_keras(L.LSTM(3), shape=(5, 4)), nn.LSTM(4, 3, bidirectional=True)),
        "one direction",
    ),
    "a wrapper of two directions": (
        lambda: (in_keras(L.Bidirectional(L.LSTM(3)), shape=(5, 4)), nn.LSTM(4, 3)),
        "got Bidirectional",
    ),
    "another recurrent activation": (
        lambda: (
            in_keras(L.SimpleRNN(3, activation="relu"), shape=(5, 4)), nn.RNN(4, 3)
        ),
        "activation relu, that of target tanh",
    ),
    "the last step against all steps": (
        lambda: (
            in_keras(L.LSTM(3, recurrent_activation="sigmoid"), shape=(5, 4)),
            nn.LSTM(4, 3, batch_first=True),
        ),
        "answers with shape",
    ),
    "time first": (
        lambda: (
            in_keras(L.LSTM(3, return_sequences=True), shape=(5, 4)), nn.LSTM(4, 3)
        ),
        "answer the same images differently",
    ),
    "arithmetic that no layer tells": (
        lambda: (in_keras(L.Dense(2), shape=(4,)), Doubled()),
        "answer the same images differently, by up to",
    ),
    "a parameter beside the layers": (
        lambda: (in_keras(L.Dense(2), shape=(4,)), Scaled()),
        "Scaled holds scale beside its layers",
    ),
    "layers in a list": (
        lambda: (in_keras(L.Dense(2), shape=(4,)), chain(nn.ModuleList([nn.Linear(4, 2)]))),
        "apply its layers in a chain, got a ModuleList",
    ),
    "a dense layer on maps": (
        lambda: (in_keras(L.Dense(4)), chain(nn.Linear(2, 4))),
        r"must take \(N, D\)",
    ),
    "no shape to compare with": (
        lambda: (chain(convolution()), chain(convolution())),
        "input_shape must be given",
    ),
    "no model": (lambda: (in_keras(L.Dense(2), shape=(4,)), [1, 2]), "got list"),
}  # fmt: skip


def state_of(model):
    if isinstance(model, nn.Module):
        return [value.detach().numpy().copy() for value in model.state_dict().values()]
    return [] if isinstance(model, list) else model.get_weights()


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_not_understood_is_refused_and_nothing_is_changed(what):
    make, message = HOSTILE[what]
    source, target = make()
    before = state_of(target)
    with pytest.raises(ValueError, match=message):
        copy_weights(source, target)
    for old, new in zip(before, state_of(target), strict=True):
        np.testing.assert_array_equal(new, old)


ALIKE = {
    "normalisation behind a Flatten of maps": lambda: (
        in_keras(
            L.Conv2D(4, 3), L.Flatten(), L.BatchNormalization(epsilon=1e-5), L.Dense(3),
            shape=(6, 5, 2),
        ),
        chain(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.BatchNorm1d(48), nn.Linear(48, 3)),
    ),
    "an activation and dropout behind a Flatten": lambda: (
        in_keras(L.Flatten(), L.ReLU(), L.Dropout(0.5), L.Dense(3), shape=(3, 4, 2)),
        chain(nn.Flatten(), nn.ReLU(), nn.Dropout(0.5), nn.Linear(24, 3)),
    ),
    "padding at stride 1, dilated, grouped": lambda: (
        in_keras(L.Conv2D(4, 3, padding="same", dilation_rate=2, groups=2)),
        chain(convolution(padding=2, dilation=2, groups=2)),
    ),
    "normalisation without scale and shift": lambda: (
        in_keras(L.Conv2D(4, 3), L.BatchNormalization(epsilon=1e-5, scale=False, center=False)),
        chain(convolution(), nn.BatchNorm2d(4)),
    ),
    "pooling, whole averages, no bias": lambda: (
        in_keras(
            L.Conv2D(4, 3, use_bias=False, activation="tanh"), L.AveragePooling2D(2, strides=1),
            L.GlobalAveragePooling2D(), L.Dense(1, activation="sigmoid"),
        ),
        chain(
            convolution(bias=False), nn.Tanh(), nn.AvgPool2d(2, stride=1), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(4, 1), nn.Sigmoid(),
        ),
    ),
    "all steps of a GRU": lambda: (
        in_keras(L.GRU(3, return_sequences=True), shape=(5, 4)), nn.GRU(4, 3, batch_first=True)
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ALIKE)
@pytest.mark.parametrize("back", [False, True])
def test_what_is_understood_gives_the_same_answers(what, back):
    ours, theirs = ALIKE[what]()
    if back:
        ours, theirs = theirs, ours
    copy_weights(ours, theirs)
    module, model = (theirs, ours) if isinstance(theirs, nn.Module) else (ours, theirs)
    inputs = np.random.default_rng(1).random((3, *model.input_shape[1:]), np.float32)
    with torch.inference_mode():
        given = torch.from_numpy(np.moveaxis(inputs, -1, 1) if inputs.ndim == 4 else inputs)
        found = module.eval()(given.contiguous())
    found = found[0] if isinstance(found, tuple) else found
    found = found.movedim(1, -1) if found.ndim == 4 else found
    np.testing.assert_allclose(found.numpy(), model(inputs, training=False), atol=1e-5)


def test_the_mode_of_every_layer_is_left_as_it_was():
    source, target = PooledCNN(1, seed=1).eval(), PooledCNN(1, seed=2)
    target.features[1].eval()
    before = [module.training for module in target.modules()]
    copy_weights(source, target, input_shape=(1, 16, 16))
    assert [module.training for module in target.modules()] == before
    for one, other in zip(source.parameters(), target.parameters(), strict=True):
        assert torch.equal(one, other)


def test_numpy_and_pytorch_need_no_shape_as_they_know_it():
    source = by_hand.DocumentCNN((1, 22, 22), seed=3)
    target = copy_weights(source, DocumentCNN((1, 22, 22)))
    images = np.random.default_rng(0).random((2, 1, 22, 22), np.float32)
    with torch.inference_mode():
        theirs = target(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(source.logits(images), theirs, atol=1e-5)
