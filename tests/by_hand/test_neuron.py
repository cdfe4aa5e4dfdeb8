"""One neuron's way down the gradient is PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from companion.by_hand import descend


@pytest.fixture
def films(rng):
    return np.column_stack([rng.normal(size=(20, 2)), np.ones(20)]), rng.integers(0, 2, 20)


@pytest.mark.parametrize("learning_rate", [0.01, 1.0, 30.0])
def test_the_way_is_that_of_pytorch(films, learning_rate):
    inputs, labels = films
    start = np.array([1.5, -2.0, 0.5])
    path, losses = descend(inputs, labels, start, learning_rate=learning_rate, steps=5)
    weights = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=learning_rate)
    for ours, our_loss in zip(path, losses, strict=True):
        np.testing.assert_allclose(ours, weights.detach().numpy(), rtol=1e-9)
        loss = binary_cross_entropy_with_logits(
            torch.from_numpy(inputs) @ weights, torch.from_numpy(labels).double()
        )
        assert our_loss == pytest.approx(loss.item(), rel=1e-9)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert start.tolist() == [1.5, -2.0, 0.5]


def test_what_does_not_fit_is_refused(films):
    inputs, labels = films
    with pytest.raises(ValueError, match=r"weights must be \(3,\), got \(2,\)"):
        descend(inputs, labels, np.zeros(2), learning_rate=1, steps=1)
    with pytest.raises(ValueError, match=r"got 0, 1"):
        descend(inputs, labels, np.zeros(3), learning_rate=0, steps=1)
    with pytest.raises(ValueError, match=r"got nan, 1"):
        descend(inputs, labels, np.zeros(3), learning_rate=float("nan"), steps=1)
    with pytest.raises(ValueError, match=r"got 1, -1"):
        descend(inputs, labels, np.zeros(3), learning_rate=1, steps=-1)
