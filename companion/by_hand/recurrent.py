"""Recurrent layers in NumPy: simple, LSTM and GRU, unrolled over sequences.

Sequences are (N, T, D), states (N, H). The order of the gates' blocks is that of
:class:`companion.by_hand.cells.RecurrentParameters`.
"""

from __future__ import annotations

import numpy as np

from companion.by_hand._sequences import batch_first
from companion.by_hand._unrolling import trace_gru, trace_lstm, trace_rnn
from companion.by_hand.cells import GRUGates, LSTMGates, LSTMState, RecurrentParameters


def rnn(
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: np.ndarray | None = None,
    *,
    lengths: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Run a simple recurrent layer over sequences.

    Parameters
    ----------
    inputs : numpy.ndarray
        float32 or float64, (N, T, D).
    parameters : RecurrentParameters
        Same dtype, one block.
    state : numpy.ndarray, optional
        (N, H); zeros when absent.
    lengths : numpy.ndarray, optional
        int, (N,), 1 to T: how much of each sequence is real. Behind its end the outputs
        are zero and the state stays as it is.

    Returns
    -------
    outputs : numpy.ndarray
        (N, T, H).
    state : numpy.ndarray
        The last, (N, H).

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite or not a float, or a length is not one.

    Examples
    --------
    >>> p = RecurrentParameters(np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1), np.zeros(1))
    >>> rnn(np.zeros((2, 3, 1)), p)[0].shape
    (2, 3, 1)
    """
    states, live = trace_rnn(inputs, parameters, state, lengths)
    return batch_first(states[1:], live), states[-1].T.copy()


def lstm(
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: LSTMState | None = None,
    *,
    lengths: np.ndarray | None = None,
    return_gates: bool = False,
) -> tuple[np.ndarray, LSTMState] | tuple[np.ndarray, LSTMState, LSTMGates]:
    """Run an LSTM over sequences.

    Parameters
    ----------
    inputs : as in :func:`rnn`
    parameters : RecurrentParameters
        Same dtype, four blocks: input, forget, candidate, output.
    state : LSTMState, optional
        Hidden and cell, (N, H) each; zeros when absent.
    lengths : as in :func:`rnn`
    return_gates : bool
        Whether to return the gates of every step as well.

    Returns
    -------
    outputs : numpy.ndarray
        Hidden states, (N, T, H).
    state : LSTMState
        The last.
    gates : LSTMGates
        Input, forget, candidate, output, (N, T, H) each; only with `return_gates`.

    Raises
    ------
    ValueError
        As :func:`rnn`.

    References
    ----------
    F. Gers et al., Learning to forget, Neural Computation 12:2451, 2000.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4), np.zeros(4))
    >>> outputs, last = lstm(np.zeros((2, 3, 1)), p)
    >>> outputs.shape, last.cell.shape
    ((2, 3, 1), (2, 1))
    >>> outputs, last, gates = lstm(np.zeros((2, 3, 1)), p, return_gates=True)
    >>> gates.forget[0].ravel()
    array([0.5, 0.5, 0.5])
    """
    hiddens, cells, gates, live = trace_lstm(inputs, parameters, state, lengths)
    last = LSTMState(hiddens[-1].T.copy(), cells[-1].T.copy())
    if not return_gates:
        return batch_first(hiddens[1:], live), last
    return batch_first(hiddens[1:], live), last, LSTMGates(*_by_gate(gates, live))


def gru(
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: np.ndarray | None = None,
    *,
    lengths: np.ndarray | None = None,
    reset_after: bool = True,
    return_gates: bool = False,
) -> tuple[np.ndarray, np.ndarray] | tuple[np.ndarray, np.ndarray, GRUGates]:
    """Run a GRU over sequences.

    Parameters
    ----------
    inputs : as in :func:`rnn`
    parameters : RecurrentParameters
        Same dtype, three blocks: reset, update, candidate.
    state, lengths : as in :func:`rnn`
    reset_after : bool
        Whether the reset gate acts on the product of state and weights, as in PyTorch and
        Keras, or on the state before the product, as in the paper.
    return_gates : bool
        Whether to return the gates of every step as well.

    Returns
    -------
    outputs : numpy.ndarray
        (N, T, H).
    state : numpy.ndarray
        The last, (N, H).
    gates : GRUGates
        Reset, update, candidate, (N, T, H) each; only with `return_gates`.

    Raises
    ------
    ValueError
        As :func:`rnn`.

    References
    ----------
    K. Cho et al., Learning phrase representations using RNN encoder-decoder, EMNLP 2014.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(3))
    >>> gru(np.zeros((2, 3, 1)), p, np.ones((2, 1)))[0][0].ravel()
    array([0.5  , 0.25 , 0.125])
    """
    states, gates, _, live = trace_gru(inputs, parameters, state, lengths, reset_after=reset_after)
    last = states[-1].T.copy()
    if not return_gates:
        return batch_first(states[1:], live), last
    return batch_first(states[1:], live), last, GRUGates(*_by_gate(gates, live))


def _by_gate(gates, live):
    """Yield each gate of (T, G, H, N) as (N, T, H), zero behind a sequence's end."""
    return (batch_first(gates[:, block], live) for block in range(gates.shape[1]))
