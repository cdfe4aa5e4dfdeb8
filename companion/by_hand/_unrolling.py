"""The loops over time of the recurrent layers, which keep what the backward passes need.

Written for speed; :mod:`companion.by_hand.plain` has the same steps written to be read.
States are (T + 1, H, N), the first one included; gates are (T, G, H, N).
"""

from __future__ import annotations

import numpy as np

from companion.by_hand._sequences import (
    first_state,
    keep_ended,
    live_steps,
    project_inputs,
)
from companion.by_hand.activations import _sigmoid_of_negated
from companion.by_hand.cells import LSTMState


def trace_rnn(inputs, parameters, state, lengths):
    """Return the states, and which sequences go on at each step."""
    sums, weights, bias = project_inputs(inputs, parameters, (1,))
    sums += bias
    live = live_steps(lengths, *inputs.shape[:2])
    states = first_state("state", state, sums, parameters)
    for t, now in enumerate(live):
        np.matmul(weights, states[t], out=states[t + 1])
        states[t + 1] += sums[t]
        np.tanh(states[t + 1], out=states[t + 1])
        keep_ended(states, t, now)
    return states, live


def trace_lstm(inputs, parameters, state, lengths):
    """Return hidden states, cells, gates, and which sequences go on at each step."""
    sums, weights, bias = project_inputs(inputs, parameters, (-1, -1, -2, -1))
    sums += bias
    live = live_steps(lengths, *inputs.shape[:2])
    if state is not None and not isinstance(state, LSTMState):
        raise ValueError(f"state must be an LSTMState, got {type(state).__name__}")
    hidden, cell = state or (None, None)
    hiddens = first_state("state.hidden", hidden, sums, parameters)
    cells = first_state("state.cell", cell, sums, parameters)
    gates = sums.reshape(len(sums), 4, *hiddens.shape[1:])  # a view: see project_inputs
    memory, part = np.empty_like(sums[0]), np.empty_like(cells[0])
    with np.errstate(over="ignore"):
        for t, now in enumerate(live):
            sums[t] += np.matmul(weights, hiddens[t], out=memory)
            _sigmoid_of_negated(sums[t])
            i, f, g, o = gates[t]
            g *= 2
            g -= 1
            np.multiply(f, cells[t], out=cells[t + 1])
            cells[t + 1] += np.multiply(i, g, out=part)
            keep_ended(cells, t, now)
            np.multiply(o, np.tanh(cells[t + 1], out=part), out=hiddens[t + 1])
            keep_ended(hiddens, t, now)
    return hiddens, cells, gates, live


def trace_gru(inputs, parameters, state, lengths, *, reset_after):
    """Return states, gates, what the reset gate acted on (T, H, N), and which sequences go on."""
    sums, weights, bias = project_inputs(inputs, parameters, (-1, -1, -2))
    live = live_steps(lengths, *inputs.shape[:2])
    states = first_state("state", state, sums, parameters)
    units = states.shape[1]
    gates = sums.reshape(len(sums), 3, units, -1)  # a view: see project_inputs
    recalled = np.empty_like(states[1:])
    memory = np.empty_like(sums[0])
    with np.errstate(over="ignore"):
        for t, now in enumerate(live):
            r, z, n = gates[t]
            rows = slice(None) if reset_after else slice(2 * units)
            np.matmul(weights[rows], states[t], out=memory[rows])
            memory[rows] += bias[rows]
            sums[t, : 2 * units] += memory[: 2 * units]
            _sigmoid_of_negated(sums[t, : 2 * units])
            if reset_after:
                recalled[t] = memory[2 * units :]
                n += np.multiply(r, recalled[t], out=memory[2 * units :])
                recalled[t] *= -0.5
            else:
                recalled[t] = states[t]
                n += weights[2 * units :] @ (r * states[t]) + bias[2 * units :]
            _sigmoid_of_negated(n)
            n *= 2
            n -= 1
            np.subtract(states[t], n, out=states[t + 1])
            states[t + 1] *= z
            states[t + 1] += n
            keep_ended(states, t, now)
    return states, gates, recalled, live
