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
