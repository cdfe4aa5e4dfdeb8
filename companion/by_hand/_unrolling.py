"""The loops over time of the recurrent layers, which keep what the way back needs.

Written for speed; :mod:`companion.by_hand.cells` has the same steps written to be read.
"""

from __future__ import annotations

import numpy as np

from companion.by_hand._sequences import (
    first_state,
    keep_ended,
    live_steps,
    project_inputs,
)
from companion.by_hand.activations import squash
from companion.by_hand.cells import LSTMState, RecurrentParameters


def trace_rnn(
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: np.ndarray | None,
    lengths: np.ndarray | None,
) -> tuple[np.ndarray, list]:
    """Run :func:`companion.by_hand.recurrent.rnn` and keep what its backward pass needs.

    Parameters
    ----------
    inputs, parameters, state, lengths : as in :func:`companion.by_hand.recurrent.rnn`
        As there.

    Returns
    -------
    states : numpy.ndarray
        (T + 1, H, N), the first one included.
    live : list of numpy.ndarray or None
        From :func:`companion.by_hand._sequences.live_steps`.

    Examples
    --------
    >>> p = RecurrentParameters(np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1), np.zeros(1))
    >>> trace_rnn(np.zeros((2, 3, 1)), p, None, None)[0].shape
    (4, 1, 2)
    """
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


def trace_lstm(
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: LSTMState | None,
    lengths: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list]:
    """Run :func:`companion.by_hand.recurrent.lstm` and keep what its backward pass needs.

    Parameters
    ----------
    inputs, parameters, state, lengths : as in :func:`companion.by_hand.recurrent.lstm`
        As there.

    Returns
    -------
    hiddens, cells : numpy.ndarray
        (T + 1, H, N), the first ones included.
    gates : numpy.ndarray
        (T, 4, H, N).
    live : list of numpy.ndarray or None
        From :func:`companion.by_hand._sequences.live_steps`.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4), np.zeros(4))
    >>> trace_lstm(np.zeros((2, 3, 1)), p, None, None)[2].shape
    (3, 4, 1, 2)
    """
    sums, weights, bias = project_inputs(inputs, parameters, (-1, -1, -2, -1))
    sums += bias
    live = live_steps(lengths, *inputs.shape[:2])
    if state is not None and not isinstance(state, tuple):
        raise ValueError(f"state must be an LSTMState, got {type(state).__name__}")
    hidden, cell = state or (None, None)
    hiddens = first_state("state.hidden", hidden, sums, parameters)
    cells = first_state("state.cell", cell, sums, parameters)
    gates = sums.reshape(len(sums), 4, *hiddens.shape[1:])
    memory, part = np.empty_like(sums[0]), np.empty_like(cells[0])
    with np.errstate(over="ignore"):
        for t, now in enumerate(live):
            sums[t] += np.matmul(weights, hiddens[t], out=memory)
            squash(sums[t])
            i, f, g, o = gates[t]
            g *= 2
            g -= 1
            np.multiply(f, cells[t], out=cells[t + 1])
            cells[t + 1] += np.multiply(i, g, out=part)
            keep_ended(cells, t, now)
            np.multiply(o, np.tanh(cells[t + 1], out=part), out=hiddens[t + 1])
            keep_ended(hiddens, t, now)
    return hiddens, cells, gates, live


def trace_gru(
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: np.ndarray | None,
    lengths: np.ndarray | None,
    *,
    reset_after: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list]:
    """Run :func:`companion.by_hand.recurrent.gru` and keep what its backward pass needs.

    Parameters
    ----------
    inputs, parameters, state, lengths, reset_after : as in :func:`companion.by_hand.recurrent.gru`
        As there.

    Returns
    -------
    states : numpy.ndarray
        (T + 1, H, N), the first one included.
    gates : numpy.ndarray
        (T, 3, H, N).
    recalled : numpy.ndarray
        (T, H, N): what the reset gate acted on.
    live : list of numpy.ndarray or None
        From :func:`companion.by_hand._sequences.live_steps`.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(3))
    >>> trace_gru(np.zeros((2, 3, 1)), p, None, None, reset_after=True)[1].shape
    (3, 3, 1, 2)
    """
    sums, weights, bias = project_inputs(inputs, parameters, (-1, -1, -2))
    live = live_steps(lengths, *inputs.shape[:2])
    states = first_state("state", state, sums, parameters)
    units = states.shape[1]
    gates = sums.reshape(len(sums), 3, units, -1)
    recalled = np.empty_like(states[1:])
    memory = np.empty_like(sums[0])
    with np.errstate(over="ignore"):
        for t, now in enumerate(live):
            r, z, n = gates[t]
            rows = slice(None) if reset_after else slice(2 * units)
            np.matmul(weights[rows], states[t], out=memory[rows])
            memory[rows] += bias[rows]
            sums[t, : 2 * units] += memory[: 2 * units]
            squash(sums[t, : 2 * units])
            if reset_after:
                recalled[t] = memory[2 * units :]
                n += np.multiply(r, recalled[t], out=memory[2 * units :])
                recalled[t] *= -0.5
            else:
                recalled[t] = states[t]
                n += weights[2 * units :] @ (r * states[t]) + bias[2 * units :]
            squash(n)
            n *= 2
            n -= 1
            np.subtract(states[t], n, out=states[t + 1])
            states[t + 1] *= z
            states[t + 1] += n
            keep_ended(states, t, now)
    return states, gates, recalled, live
