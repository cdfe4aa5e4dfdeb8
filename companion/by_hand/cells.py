"""One step of each recurrent unit, in NumPy: simple, LSTM and GRU.

Inputs are (N, D), states (N, H). The order of the gates' blocks is that of
:class:`companion.by_hand.cells.RecurrentParameters`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from companion.by_hand.activations import sigmoid


def rnn_step(inputs: np.ndarray, state: np.ndarray, parameters: RecurrentParameters) -> np.ndarray:
    """Return the next state of a simple recurrent unit: tanh of two weighted sums.

    Parameters
    ----------
    inputs : numpy.ndarray
        float, (N, D).
    state : numpy.ndarray
        (N, H).
    parameters : RecurrentParameters
        With one block.

    Returns
    -------
    numpy.ndarray
        (N, H), from -1 to 1.

    Examples
    --------
    >>> p = RecurrentParameters(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), np.zeros(1))
    >>> rnn_step(np.array([[0.5]]), np.array([[-0.5]]), p)
    array([[0.]])
    """
    return np.tanh(_of_inputs(inputs, parameters) + _of_state(state, parameters))


def lstm_step(inputs: np.ndarray, state: LSTMState, parameters: RecurrentParameters) -> LSTMState:
    """Return the next state of an LSTM: forget some of the cell, add some of a candidate.

    Parameters
    ----------
    inputs : numpy.ndarray
        float, (N, D).
    state : LSTMState
        Hidden and cell, (N, H) each.
    parameters : RecurrentParameters
        With four blocks: input, forget, candidate, output.

    Returns
    -------
    LSTMState
        The next.

    Examples
    --------
    >>> zeros = np.zeros((1, 1))
    >>> p = RecurrentParameters(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4), np.zeros(4))
    >>> lstm_step(zeros, LSTMState(zeros, np.array([[2.0]])), p).cell
    array([[1.]])
    """
    i, f, g, o = np.split(
        _of_inputs(inputs, parameters) + _of_state(state.hidden, parameters), 4, 1
    )
    cell = sigmoid(f) * state.cell + sigmoid(i) * np.tanh(g)
    return LSTMState(sigmoid(o) * np.tanh(cell), cell)


def gru_step(
    inputs: np.ndarray,
    state: np.ndarray,
    parameters: RecurrentParameters,
    *,
    reset_after: bool = True,
) -> np.ndarray:
    """Return the next state of a GRU: a mixture of the old state and a candidate.

    Parameters
    ----------
    inputs : numpy.ndarray
        float, (N, D).
    state : numpy.ndarray
        (N, H).
    parameters : RecurrentParameters
        With three blocks: reset, update, candidate.
    reset_after : bool
        Whether the reset gate acts on the product of state and weights, as in PyTorch and
        Keras, or on the state before the product, as in the paper.

    Returns
    -------
    numpy.ndarray
        (N, H).

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(3))
    >>> gru_step(np.zeros((1, 1)), np.array([[2.0]]), p)
    array([[1.]])
    """
    units = state.shape[1]
    x_r, x_z, x_n = np.split(_of_inputs(inputs, parameters), 3, axis=1)
    h_r, h_z, h_n = np.split(_of_state(state, parameters), 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    if reset_after:
        n = np.tanh(x_n + r * h_n)
    else:
        weights, bias = parameters.state_weights[:, -units:], parameters.state_bias[-units:]
        n = np.tanh(x_n + (r * state) @ weights + bias)
    return (1 - z) * n + z * state


def _of_inputs(inputs, parameters):
    return inputs @ parameters.input_weights + parameters.input_bias


def _of_state(state, parameters):
    return state @ parameters.state_weights + parameters.state_bias


class RecurrentParameters(NamedTuple):
    """Weights of a recurrent layer with G blocks: 1 (simple), 4 (LSTM) or 3 (GRU).

    ``input_weights`` (D, G * H), ``state_weights`` (H, G * H), and two biases (G * H,):
    one is added to the input's product, one to the state's.
    The blocks stand side by side: input, forget, candidate, output in an LSTM;
    reset, update, candidate in a GRU.
    """

    input_weights: np.ndarray
    state_weights: np.ndarray
    input_bias: np.ndarray
    state_bias: np.ndarray


class LSTMState(NamedTuple):
    """What an LSTM hands to the next step: ``hidden`` (N, H) and ``cell`` (N, H)."""

    hidden: np.ndarray
    cell: np.ndarray


def init_recurrent(
    features: int, units: int, blocks: int, rng: np.random.Generator, *, dtype: type = np.float64
) -> RecurrentParameters:
    """Draw parameters evenly between plus and minus one over the root of the units.

    Parameters
    ----------
    features, units, blocks : int
        D, H and G.
    rng : numpy.random.Generator
        Draws them.
    dtype : type
        float32 or float64.

    Returns
    -------
    RecurrentParameters
        Both biases included, as in PyTorch.

    Examples
    --------
    >>> parameters = init_recurrent(3, 2, 4, np.random.default_rng(0))
    >>> [array.shape for array in parameters]
    [(3, 8), (2, 8), (8,), (8,)]
    """
    bound, wide = units**-0.5, blocks * units
    return RecurrentParameters(
        *(
            rng.uniform(-bound, bound, shape).astype(dtype)
            for shape in ((features, wide), (units, wide), (wide,), (wide,))
        )
    )
