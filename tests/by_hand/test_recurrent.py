"""Recurrent layers in NumPy against PyTorch and Keras, by finite differences and by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from by_hand.views import gru_in_torch, lstm_in_torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from companion.bridges import set_parameters
from companion.by_hand.cells import (
    GRUGates,
    LSTMGates,
    LSTMState,
    RecurrentParameters,
    init_recurrent,
)
from companion.by_hand.gradient_check import numerical_gradient
from companion.by_hand.plain import gru_step, lstm_step, rnn_step
from companion.by_hand.recurrent import gru, lstm, rnn
from companion.by_hand.recurrent_backward import gru_backward, lstm_backward, rnn_backward

CLOSE = {"rtol": 1e-6, "atol": 1e-11}
LAYERS = {
    "rnn": (rnn, rnn_backward, nn.RNN, keras.layers.SimpleRNN, 1),
    "lstm": (lstm, lstm_backward, nn.LSTM, keras.layers.LSTM, 4),
    "gru": (gru, gru_backward, nn.GRU, keras.layers.GRU, 3),
}


@st.composite
def cases(draw):
    """Sequences, their lengths or None, features, units, and a source of numbers."""
    number, steps = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    lengths = st.lists(st.integers(1, steps), min_size=number, max_size=number)
    lengths = draw(st.one_of(st.none(), lengths))
    lengths = None if lengths is None else np.array(lengths)
    seed = draw(st.integers(0, 10**6))
    return number, steps, draw(st.integers(1, 3)), draw(st.integers(1, 4)), lengths, seed


def draw_all(name, case):
    """Return inputs, parameters, the first state and the gradient of the outputs."""
    number, steps, features, units, _, seed = case
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((number, steps, features))
    parameters = init_recurrent(features, units, LAYERS[name][4], rng)
    state = rng.standard_normal((number, units))
    if name == "lstm":
        state = LSTMState(state, rng.standard_normal((number, units)))
    return inputs, parameters, state, rng.standard_normal((number, steps, units))


def np_parts(answer):
    """Return an LSTM's outputs, hidden state and cell in one row."""
    return answer[0], *answer[1]


def parts(state):
    """Return a state as a list of arrays."""
    return list(state) if isinstance(state, tuple) else [state]


@pytest.mark.parametrize("name", LAYERS)
@given(cases())
@settings(max_examples=60)
def test_outputs_states_and_gradients_are_pytorchs(name, case):
    run, backward, kind, _, _ = LAYERS[name]
    inputs, parameters, state, grad = draw_all(name, case)
    lengths = case[4]
    module = kind(
        *inputs.shape[2:], parts(state)[0].shape[1], batch_first=True, dtype=torch.float64
    )
    set_parameters(module, parameters)
    leaf = torch.tensor(inputs, requires_grad=True)
    firsts = [torch.tensor(part[None], requires_grad=True) for part in parts(state)]
    fed = leaf
    if lengths is not None:
        fed = nn.utils.rnn.pack_padded_sequence(
            leaf, torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
    theirs, last = module(fed, tuple(firsts) if name == "lstm" else firsts[0])
    if lengths is not None:
        theirs, _ = nn.utils.rnn.pad_packed_sequence(
            theirs, batch_first=True, total_length=inputs.shape[1]
        )
    outputs, end = run(inputs, parameters, state, lengths=lengths)
    np.testing.assert_allclose(outputs, theirs.detach(), **CLOSE)
    for ours, other in zip(parts(end), last if name == "lstm" else [last], strict=True):
        np.testing.assert_allclose(ours, other[0].detach(), **CLOSE)

    theirs.backward(torch.tensor(grad))
    d_inputs, d_parameters, d_state = backward(grad, inputs, parameters, state, lengths=lengths)
    np.testing.assert_allclose(d_inputs, leaf.grad, **CLOSE)
    gradients = [parameter.grad for parameter in module.parameters()]
    expected = [gradients[0].T, gradients[1].T, *gradients[2:]]
    for ours, other in zip(d_parameters, expected, strict=True):
        np.testing.assert_allclose(ours, other, **CLOSE)
    for ours, first in zip(parts(d_state), firsts, strict=True):
        np.testing.assert_allclose(ours, first.grad[0], **CLOSE)


@pytest.mark.parametrize("name", [*LAYERS, "gru, reset before"])
@given(cases())
@settings(max_examples=12)
def test_outputs_states_and_gradients_are_keras(name, case):
    name, _, before = name.partition(", reset ")
    run, backward, _, kind, _ = LAYERS[name]
    inputs, parameters, state, grad = draw_all(name, case)
    if name != "gru" or before:
        parameters = parameters._replace(state_bias=np.zeros_like(parameters.state_bias))
    how = {"reset_after": not before} if name == "gru" else {}
    layer = kind(
        parts(state)[0].shape[1], return_sequences=True, return_state=True, dtype="float64",
        **({"zero_output_for_mask": True}), **how,
    )  # fmt: skip
    layer.build(inputs.shape)
    set_parameters(layer, parameters)
    lengths, mask = case[4], None
    if lengths is not None:
        mask = tf.constant(np.arange(inputs.shape[1]) < lengths[:, None])
    variable = tf.Variable(inputs)
    firsts = [tf.Variable(part) for part in parts(state)]
    with tf.GradientTape() as tape:
        theirs, *last = layer(variable, initial_state=list(firsts), mask=mask)
    outputs, end = run(inputs, parameters, state, lengths=lengths, **how)
    np.testing.assert_allclose(outputs, theirs, **CLOSE)
    for ours, other in zip(parts(end), last, strict=True):
        np.testing.assert_allclose(ours, other, **CLOSE)

    d_inputs, d_parameters, _ = backward(grad, inputs, parameters, state, lengths=lengths, **how)
    wanted = [variable, layer.cell.kernel.value, layer.cell.recurrent_kernel.value]
    expected = tape.gradient(theirs, wanted, output_gradients=tf.constant(grad))
    np.testing.assert_allclose(d_inputs, expected[0], **CLOSE)
    for ours, other in zip(d_parameters[:2], expected[1:], strict=True):
        other = np.asarray(other)
        if name == "gru":
            update, reset, candidate = np.split(other, 3, axis=1)
            other = np.concatenate([reset, update, candidate], axis=1)
        np.testing.assert_allclose(ours, other, **CLOSE)


@pytest.mark.parametrize("name", [*LAYERS, "gru, reset before"])
@pytest.mark.parametrize("lengths", [None, np.array([3, 1])])
def test_backward_agrees_with_finite_differences(name, lengths):
    name, _, before = name.partition(", reset ")
    run, backward, *_ = LAYERS[name]
    inputs, parameters, state, grad = draw_all(name, (2, 3, 2, 2, None, 5))
    how = {"lengths": lengths} | ({"reset_after": not before} if name == "gru" else {})

    def loss(inputs, parameters, state):
        return float((run(inputs, parameters, state, **how)[0] * grad).sum())

    d_inputs, d_parameters, d_state = backward(grad, inputs, parameters, state, **how)
    near = {"rtol": 1e-6, "atol": 1e-8}
    theirs = numerical_gradient(lambda a: loss(a, parameters, state), inputs)
    np.testing.assert_allclose(d_inputs, theirs, **near)
    for field, ours in zip(RecurrentParameters._fields, d_parameters, strict=True):
        theirs = numerical_gradient(
            lambda a, f=field: loss(inputs, parameters._replace(**{f: a}), state),
            getattr(parameters, field),
        )
        np.testing.assert_allclose(ours, theirs, **near)
    for number, ours in enumerate(parts(d_state)):

        def with_part(a, number=number):
            changed = parts(state)
            changed[number] = a
            return loss(inputs, parameters, LSTMState(*changed) if name == "lstm" else a)

        np.testing.assert_allclose(
            ours, numerical_gradient(with_part, parts(state)[number]), **near
        )


@pytest.mark.parametrize("reset_after", [True, False])
@given(cases())
@settings(max_examples=25)
def test_the_fast_layers_take_the_plain_steps(reset_after, case):
    for name, step in (("rnn", rnn_step), ("lstm", lstm_step), ("gru", gru_step)):
        run = LAYERS[name][0]
        inputs, parameters, state, _ = draw_all(name, case)
        how = {"reset_after": reset_after} if name == "gru" else {}
        outputs, end = run(inputs, parameters, state, **how)
        for t in range(inputs.shape[1]):
            state = step(inputs[:, t], state, parameters, **how)
            np.testing.assert_allclose(outputs[:, t], parts(state)[0], **CLOSE)
        for ours, other in zip(parts(end), parts(state), strict=True):
            np.testing.assert_allclose(ours, other, **CLOSE)


@given(cases())
@settings(max_examples=25)
def test_an_lstms_gates_are_those_of_the_plain_steps_and_of_pytorchs_equations(case):
    inputs, parameters, state, _ = draw_all("lstm", case)
    outputs, end, gates = lstm(inputs, parameters, state, return_gates=True)
    assert isinstance(gates, LSTMGates)
    for ours, other in zip((outputs, *end), np_parts(lstm(inputs, parameters, state)), strict=True):
        np.testing.assert_array_equal(ours, other)
    expected = []
    lstm_in_torch(*map(torch.tensor, (inputs, *parameters, *state)), gates=expected)
    for t in range(inputs.shape[1]):
        after = lstm_step(inputs[:, t], state, parameters)
        i, f, g, o = (gate[:, t] for gate in gates)
        np.testing.assert_allclose(f * state.cell + i * g, after.cell, **CLOSE)
        np.testing.assert_allclose(o * np.tanh(after.cell), after.hidden, **CLOSE)
        for ours, other in zip((i, f, g, o), expected[t], strict=True):
            np.testing.assert_allclose(ours, other, **CLOSE)
        state = after


@pytest.mark.parametrize("reset_after", [True, False])
@given(cases())
@settings(max_examples=25)
def test_a_grus_gates_are_those_of_the_plain_steps_and_of_pytorchs_equations(reset_after, case):
    inputs, parameters, state, _ = draw_all("gru", case)
    how = {"reset_after": reset_after}
    outputs, end, gates = gru(inputs, parameters, state, return_gates=True, **how)
    assert isinstance(gates, GRUGates)
    for ours, other in zip((outputs, end), gru(inputs, parameters, state, **how), strict=True):
        np.testing.assert_array_equal(ours, other)
    expected = []
    gru_in_torch(*map(torch.tensor, (inputs, *parameters, state)), gates=expected, **how)
    for t in range(inputs.shape[1]):
        after = gru_step(inputs[:, t], state, parameters, **how)
        r, z, n = (gate[:, t] for gate in gates)
        np.testing.assert_allclose(z * state + (1 - z) * n, after, **CLOSE)
        for ours, other in zip((r, z, n), expected[t], strict=True):
            np.testing.assert_allclose(ours, other, **CLOSE)
        state = after


@pytest.mark.parametrize(("run", "blocks"), [(lstm, 4), (gru, 3)])
def test_gates_are_named_have_a_value_a_step_and_are_zero_behind_the_end(rng, run, blocks):
    parameters = init_recurrent(2, 4, blocks, rng, dtype=np.float32)
    inputs = rng.standard_normal((3, 5, 2), dtype=np.float32)
    *_, gates = run(inputs, parameters, lengths=[5, 2, 1], return_gates=True)
    *_, alone = run(inputs[1:2, :2], parameters, return_gates=True)
    for name in gates._fields:
        gate = getattr(gates, name)
        assert gate.shape == (3, 5, 4)
        assert gate.dtype == np.float32
        assert (gate[1, 2:] == 0).all()
        assert (gate[2, 1:] == 0).all()
        assert (gate[0] != 0).all()
        np.testing.assert_allclose(gate[1, :2], getattr(alone, name)[0], rtol=1e-5)
        if name != "candidate":
            assert gate.min() >= 0


def test_the_two_conventions_of_a_gru_differ():
    inputs, parameters, state, _ = draw_all("gru", (2, 4, 2, 3, None, 1))
    after, _ = gru(inputs, parameters, state)
    before, _ = gru(inputs, parameters, state, reset_after=False)
    assert np.abs(after - before).max() > 1e-3


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_behind_the_end_of_a_sequence_matters(name):
    run, backward, *_ = LAYERS[name]
    inputs, parameters, state, grad = draw_all(name, (2, 5, 2, 3, None, 3))
    other, lengths = inputs.copy(), np.array([2, 5])
    other[0, 2:] = 99
    ours, theirs = (run(x, parameters, state, lengths=lengths) for x in (inputs, other))
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert (ours[0][0, 2:] == 0).all()
    d_inputs, *_ = backward(grad, other, parameters, state, lengths=lengths)
    assert (d_inputs[0, 2:] == 0).all()
    assert (d_inputs[0, :2] != 0).all()


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("number", [1, 2])
def test_nothing_that_was_given_is_changed(name, number):
    _, backward, *_ = LAYERS[name]
    inputs, parameters, state, grad = draw_all(name, (number, 4, 2, 3, None, 3))
    given = [inputs, grad, *parameters, *parts(state)]
    before = [array.copy() for array in given]
    backward(grad, inputs, parameters, state, lengths=np.full(number, 2))
    for array, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize("name", LAYERS)
def test_single_precision_stays_and_great_numbers_do_not_overflow(name):
    run = LAYERS[name][0]
    rng = np.random.default_rng(0)
    parameters = init_recurrent(2, 3, LAYERS[name][4], rng, dtype=np.float32)
    outputs, _ = run(np.full((1, 4, 2), 1e4, np.float32), parameters)
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((2, 3))}, r"inputs must be \(N, T, D\), got shape \(2, 3\)"),
        ({"inputs": np.zeros((0, 3, 2))}, "inputs must not be empty"),
        ({"inputs": np.zeros((2, 3, 2), int)}, "inputs must be a float32 .* got int64"),
        ({"inputs": np.full((2, 3, 2), np.nan)}, "inputs must be finite, got 12 values"),
        ({"inputs": np.zeros((2, 3, 5))}, r"input_weights must have shape \(5, "),
        ({"inputs": np.zeros((2, 3, 2), np.float32)}, "input_weights must be float32 as inputs"),
        ({"lengths": np.array([4, 1])}, r"lengths must be from 1 to 3, got \[4, 1\]"),
        ({"lengths": np.array([0, 1])}, r"lengths must be from 1 to 3, got \[0, 1\]"),
        ({"lengths": np.array([1])}, "lengths must be 2 ints"),
        ({"lengths": np.array([1.0, 2.0])}, "lengths must be 2 ints, got float64"),
    ],
)
def test_bad_input_is_named(name, change, message):
    run, *_, blocks = LAYERS[name]
    parameters = init_recurrent(2, 4, blocks, np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        run(**{"inputs": np.zeros((2, 3, 2)), "parameters": parameters, **change})


@pytest.mark.parametrize("name", LAYERS)
def test_a_state_of_another_shape_is_named(name):
    run, backward, *_, blocks = LAYERS[name]
    inputs = np.zeros((2, 3, 2))
    parameters = init_recurrent(2, 4, blocks, np.random.default_rng(0))
    wrong = np.zeros((2, 5))
    state = LSTMState(wrong, wrong) if name == "lstm" else wrong
    with pytest.raises(ValueError, match=r"state.* must have shape \(2, 4\), got \(2, 5\)"):
        run(inputs, parameters, state)
    with pytest.raises(ValueError, match=r"grad must have shape \(2, 3, 4\), got \(2, 3, 5\)"):
        backward(np.zeros((2, 3, 5)), inputs, parameters)


@pytest.mark.parametrize("state", [np.zeros((2, 4)), (np.zeros((2, 4)),) * 2])
def test_an_lstm_says_that_it_needs_two_named_states(state):
    parameters = init_recurrent(2, 4, 4, np.random.default_rng(0))
    found = type(state).__name__
    with pytest.raises(ValueError, match=f"state must be an LSTMState, got {found}"):
        lstm(np.zeros((2, 3, 2)), parameters, state)


@pytest.mark.parametrize("run", [rnn, lstm, gru])
def test_parameters_of_another_kind_are_named(run):
    with pytest.raises(ValueError, match="parameters must be RecurrentParameters, got tuple"):
        run(np.zeros((2, 3, 2)), tuple(init_recurrent(2, 4, 1, np.random.default_rng(0))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": 0}, "units must be an int from 1 up, got 0"),
        ({"blocks": 1.5}, "blocks must be an int from 1 up, got 1.5"),
        ({"dtype": int}, "dtype must be float32 or float64, got int64"),
    ],
)
def test_parameters_that_cannot_be_drawn_are_named(rng, change, message):
    with pytest.raises(ValueError, match=message):
        init_recurrent(**{"features": 2, "units": 3, "blocks": 1, "rng": rng} | change)
