"""What layers cost and see, against models that were built."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from companion.by_hand.costs import document_costs, receptive_fields
from companion.in_keras.models import document_cnn


@pytest.mark.parametrize(("size", "channels"), [(224, 3), (28, 1), (46, 2)])
def test_parameters_are_those_of_the_model(size, channels):
    model = document_cnn((size, size, channels))
    counts = [layer.count_params() for layer in model.layers if layer.weights]
    assert document_costs(size, channels).parameters.tolist() == counts
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    costs = document_costs(size, channels).multiplications[:3]
    for layer, found in zip(convolutions, costs, strict=True):
        places = np.prod(layer.output.shape[1:3])
        assert found == layer.kernel.shape[0] ** 2 * np.prod(layer.kernel.shape[2:]) * places


def test_costs_of_images_too_small_are_refused():
    with pytest.raises(ValueError, match="size must be an int from 22 up, got 21"):
        document_costs(21, 1)
    with pytest.raises(ValueError, match="channels must be an int from 1 up, got 0"):
        document_costs(22, 0)


def test_sizes_of_eight_bits_do_not_wrap_around():
    layers = [(str(layer), np.uint8(3), np.uint8(2)) for layer in range(12)]
    assert list(receptive_fields(layers).values())[-1] == 2**13 - 1


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([("one", 0, 1)], "kernel must be an int from 1 up, got 0"),
        ([("one", 3, 1.5)], "stride must be an int from 1 up, got 1.5"),
        ([("one", 3, 1), ("one", 3, 1)], "layers must have different names, got 'one' twice"),
    ],
)
def test_layers_that_cannot_be_are_named(layers, message):
    with pytest.raises(ValueError, match=message):
        receptive_fields(layers)


def test_a_global_average_needs_a_hundredth():
    assert document_costs(224, 1, pooled=True).parameters.sum() == 109313


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=4))
@settings(max_examples=25)
def test_receptive_fields_are_what_the_gradient_touches(sizes):
    layers = [nn.Conv1d(1, 1, kernel, stride) for kernel, stride in sizes]
    signal = torch.rand(1, 1, 400, requires_grad=True)
    with torch.no_grad():
        for layer in layers:
            layer.weight.fill_(1.0)
    nn.Sequential(*layers)(signal)[0, 0, 1].backward()
    touched = np.flatnonzero(signal.grad[0, 0].numpy())
    named = [(str(number), *size) for number, size in enumerate(sizes)]
    # Strides larger than kernels leave gaps: the field is the span.
    assert list(receptive_fields(named).values())[-1] == touched[-1] - touched[0] + 1
