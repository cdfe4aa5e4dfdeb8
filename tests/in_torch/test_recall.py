"""What was seen at the start is told after a delay, by what can keep it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from companion.bridges import numpy_parameters
from companion.by_hand import gru, lstm
from companion.in_torch import (
    NextSample,
    fit_recall,
    make_recall,
    open_gates,
    recall_accuracy,
)


def test_the_first_value_is_the_label_and_the_rest_is_noise(rng):
    sequences, labels = make_recall(4000, 9, rng)
    assert sequences.shape == (4000, 10, 1)
    assert sequences.dtype == np.float32
    np.testing.assert_array_equal(sequences[:, 0, 0], 2 * labels - 1)
    assert abs(labels.mean() - 0.5) < 0.05
    assert abs(sequences[:, 1:].std() - 0.5) < 0.02
    # no later step tells the label
    told = np.abs(((2 * labels - 1)[:, None] * sequences[:, 1:, 0]).mean(axis=0))
    assert told.max() < 0.04


@pytest.mark.parametrize(("number", "delay"), [(0, 5), (5, 0)])
def test_an_empty_task_is_refused(rng, number, delay):
    with pytest.raises(ValueError, match=f"got {number} and {delay}"):
        make_recall(number, delay, rng)


@pytest.mark.parametrize(("kind", "run"), [("lstm", lstm), ("gru", gru)])
def test_the_gate_that_is_opened_is_the_one_that_keeps(kind, run):
    layer = NextSample(kind, 1, 3).layer
    open_gates(layer, 30.0)
    *_, gates = run(np.zeros((1, 4, 1), np.float32), numpy_parameters(layer), return_gates=True)
    np.testing.assert_allclose(gates[1], 1, atol=1e-6)
    assert all(np.abs(gate).max() < 0.9 for gate in gates[:1] + gates[2:])


def test_a_simple_layer_has_no_gate_to_open():
    with pytest.raises(ValueError, match="LSTM or a GRU, got RNN"):
        open_gates(torch.nn.RNN(1, 2), 3.0)


def test_a_short_delay_is_learned_and_an_untrained_model_guesses():
    model = NextSample("lstm", 1, 8)
    before = recall_accuracy(model, 4, np.random.default_rng(1))
    losses = fit_recall(model, 4, np.random.default_rng(0), batches=150, learning_rate=0.01)
    assert before < 0.9 < recall_accuracy(model, 4, np.random.default_rng(1))
    assert len(losses) == 150
    assert losses[-1] < losses[0]
