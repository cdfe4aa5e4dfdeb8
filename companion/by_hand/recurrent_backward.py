"""Backward through time: the gradients of the layers in :mod:`companion.by_hand.recurrent`.

Each function runs its layer forward, then walks back over the steps. The weights'
gradients are taken at the end, as one matrix product over all steps.
"""

from __future__ import annotations

import numpy as np

from companion.by_hand._unrolling import trace_gru, trace_lstm, trace_rnn
from companion.by_hand.cells import LSTMState, RecurrentParameters
from companion.checks import check_shape


def rnn_backward(
    grad: np.ndarray,
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: np.ndarray | None = None,
    *,
    lengths: np.ndarray | None = None,
) -> tuple[np.ndarray, RecurrentParameters, np.ndarray]:
    """Return the gradients of a loss with respect to what :func:`rnn` was given.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the outputs, (N, T, H).
    inputs, parameters, state, lengths : as in :func:`companion.by_hand.recurrent.rnn`

    Returns
    -------
    tuple of numpy.ndarray and RecurrentParameters
        ``(d_inputs, d_parameters, d_state)``, each of the shape of its argument.

    Raises
    ------
    ValueError
        As in the forward pass, or if `grad` has another shape than the outputs.

    Examples
    --------
    >>> p = RecurrentParameters(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), np.zeros(1))
    >>> rnn_backward(np.ones((1, 2, 1)), np.zeros((1, 2, 1)), p)[0].ravel()
    array([2., 1.])
    """
    states, live = trace_rnn(inputs, parameters, state, lengths)
    d_outputs = _columns(grad, states, live)
    d_sums = _empty_blocks(states, 1)
    d_state = np.zeros_like(states[0])
    for t in reversed(range(len(live))):
        d_state += d_outputs[t]
        d_new = d_state * (1 - states[t + 1] ** 2)
        d_sums[:, t] = d_new = _of_live(d_new, live[t])
        d_state = parameters.state_weights @ d_new + _of_ended(d_state, live[t])
    return *_gradients(inputs, parameters, states, d_sums, d_sums), d_state.T


def lstm_backward(
    grad: np.ndarray,
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: LSTMState | None = None,
    *,
    lengths: np.ndarray | None = None,
) -> tuple[np.ndarray, RecurrentParameters, LSTMState]:
    """Return the gradients of a loss with respect to what :func:`lstm` was given.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the outputs, (N, T, H).
    inputs, parameters, state, lengths : as in :func:`companion.by_hand.recurrent.lstm`

    Returns
    -------
    tuple of numpy.ndarray, RecurrentParameters and LSTMState
        ``(d_inputs, d_parameters, d_state)``, each of the shape of its argument.

    Raises
    ------
    ValueError
        As in the forward pass, or if `grad` has another shape than the outputs.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4), np.zeros(4))
    >>> lstm_backward(np.ones((1, 2, 1)), np.zeros((1, 2, 1)), p)[2].cell
    array([[0.375]])
    """
    hiddens, cells, gates, live = trace_lstm(inputs, parameters, state, lengths)
    d_outputs = _columns(grad, hiddens, live)
    d_sums = _empty_blocks(hiddens, 4)
    d_hidden, d_cell = np.zeros_like(hiddens[0]), np.zeros_like(cells[0])
    d_gates = np.empty_like(gates[0])
    for t in reversed(range(len(live))):
        i, f, g, o = gates[t]
        seen = np.tanh(cells[t + 1])
        d_hidden += d_outputs[t]
        d_new = d_cell + d_hidden * o * (1 - seen**2)
        np.multiply(d_new, g, out=d_gates[0])
        np.multiply(d_new, cells[t], out=d_gates[1])
        np.multiply(d_new, i, out=d_gates[2])
        np.multiply(d_hidden, seen, out=d_gates[3])
        d_gates *= _slopes(gates[t], tanh=2)
        d_sums[:, t] = d_step = _of_live(d_gates, live[t]).reshape(len(d_sums), -1)
        d_cell = _of_live(d_new * f, live[t]) + _of_ended(d_cell, live[t])
        d_hidden = parameters.state_weights @ d_step + _of_ended(d_hidden, live[t])
    d_inputs, d_parameters = _gradients(inputs, parameters, hiddens, d_sums, d_sums)
    return d_inputs, d_parameters, LSTMState(d_hidden.T, d_cell.T)


def gru_backward(
    grad: np.ndarray,
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: np.ndarray | None = None,
    *,
    lengths: np.ndarray | None = None,
    reset_after: bool = True,
) -> tuple[np.ndarray, RecurrentParameters, np.ndarray]:
    """Return the gradients of a loss with respect to what :func:`gru` was given.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the outputs, (N, T, H).
    inputs, parameters, state, lengths, reset_after : as in :func:`companion.by_hand.recurrent.gru`

    Returns
    -------
    tuple of numpy.ndarray and RecurrentParameters
        ``(d_inputs, d_parameters, d_state)``, each of the shape of its argument.

    Raises
    ------
    ValueError
        As in the forward pass, or if `grad` has another shape than the outputs.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(3))
    >>> gru_backward(np.ones((1, 2, 1)), np.zeros((1, 2, 1)), p)[2]
    array([[0.75]])
    """
    states, gates, recalled, live = trace_gru(
        inputs, parameters, state, lengths, reset_after=reset_after
    )
    d_outputs = _columns(grad, states, live)
    units = states.shape[1]
    gate_weights, weights = np.split(parameters.state_weights, [2 * units], axis=1)
    d_sums, d_memory = _empty_blocks(states, 3), _empty_blocks(states, 3)
    d_state = np.zeros_like(states[0])
    d_gates = np.empty_like(gates[0])
    for t in reversed(range(len(live))):
        r, z, n = gates[t]
        slopes = _slopes(gates[t], tanh=2)
        d_state += d_outputs[t]
        d_new = _of_live(d_state, live[t])
        d_n = np.multiply(d_new * (1 - z), slopes[2], out=d_gates[2])
        np.multiply(d_new * (states[t] - n), slopes[1], out=d_gates[1])
        d_product = d_n * r if reset_after else d_n
        through = weights @ d_product
        d_r = (d_n if reset_after else through) * recalled[t]
        np.multiply(d_r, slopes[0], out=d_gates[0])
        d_step = d_gates.reshape(3 * units, -1)
        d_sums[:, t] = d_step
        d_memory[: 2 * units, t] = d_step[: 2 * units]
        d_memory[2 * units :, t] = d_product
        d_state = d_new * z + _of_ended(d_state, live[t])
        d_state += through if reset_after else through * r
        d_state += gate_weights @ d_step[: 2 * units]
    d_inputs, d_parameters = _gradients(inputs, parameters, states, d_sums, d_memory)
    if not reset_after:
        reset = (gates[:, 0] * recalled).transpose(1, 0, 2).reshape(units, -1)
        d_parameters.state_weights[:, 2 * units :] = (
            reset @ d_memory[2 * units :].reshape(units, -1).T
        )
    return d_inputs, d_parameters, d_state.T


def _columns(grad, states, live):
    """Check the outputs' gradient; return it as (T, H, N), zero behind a sequence's end."""
    steps, units, number = states.shape
    check_shape("grad", grad, (number, steps - 1, units))
    d_outputs = np.ascontiguousarray(grad.transpose(1, 2, 0))
    return d_outputs if live[0] is None else d_outputs * np.stack(live)[:, None]


def _empty_blocks(states, blocks):
    """Return an array for the gradients of the sums of all steps, (G * H, T, N)."""
    steps, units, number = states.shape
    return np.empty((blocks * units, steps - 1, number), states.dtype)


def _slopes(gates, *, tanh):
    """Return the derivatives: of a sigmoid s (1 - s), of the one that is a tanh 1 - t * t."""
    slopes = gates * (1 - gates)
    slopes[tanh] = 1 - gates[tanh] ** 2
    return slopes


def _of_live(values, live):
    """Return the values of sequences that have not ended, zero for the others."""
    return values if live is None else values * live


def _of_ended(values, live):
    """Return what an ended sequence hands on untouched, zero for the others."""
    return 0 if live is None else values * ~live


def _gradients(inputs, parameters, states, d_sums, d_memory):
    """Return the gradients of inputs and parameters, summed over all steps."""
    number, steps, features = inputs.shape
    of_inputs, of_states = (d.reshape(len(d), -1) for d in (d_sums, d_memory))
    columns = inputs.transpose(2, 1, 0).reshape(features, -1)
    hiddens = states[:-1].transpose(1, 0, 2).reshape(-1, steps * number)
    d_inputs = (parameters.input_weights @ of_inputs).reshape(features, steps, number)
    return d_inputs.transpose(2, 1, 0), RecurrentParameters(
        columns @ of_inputs.T,
        hiddens @ of_states.T,
        of_inputs.sum(axis=1),
        of_states.sum(axis=1),
    )
