"""Recurrent layers in NumPy: simple, LSTM and GRU, unrolled over sequences.

Sequences are (N, T, D), states (N, H). The order of the gates' blocks is that of
:class:`companion.by_hand.cells.RecurrentParameters`.
"""

from __future__ import annotations

import numpy as np

from companion.by_hand._sequences import batch_first
from companion.by_hand._unrolling import trace_gru, trace_lstm, trace_rnn
from companion.by_hand.cells import LSTMState, RecurrentParameters, gru_step, lstm_step, rnn_step

__all__ = ["gru", "gru_step", "lstm", "lstm_step", "rnn", "rnn_step"]


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
        If shapes do not fit, or a value is not finite or not a float.

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
) -> tuple[np.ndarray, LSTMState]:
    """Run an LSTM over sequences.

    Parameters
    ----------
    inputs : numpy.ndarray
        float32 or float64, (N, T, D).
    parameters : RecurrentParameters
        Same dtype, four blocks: input, forget, candidate, output.
    state : LSTMState, optional
        Hidden and cell, (N, H) each; zeros when absent.
    lengths : numpy.ndarray, optional
        int, (N,), 1 to T, as in :func:`rnn`.

    Returns
    -------
    outputs : numpy.ndarray
        Hidden states, (N, T, H).
    state : LSTMState
        The last.

    Raises
    ------
    ValueError
        If shapes do not fit, or a value is not finite or not a float.

    References
    ----------
    F. Gers et al., Learning to forget, Neural Computation 12:2451, 2000.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4), np.zeros(4))
    >>> outputs, last = lstm(np.zeros((2, 3, 1)), p)
    >>> outputs.shape, last.cell.shape
    ((2, 3, 1), (2, 1))
    """
    hiddens, cells, _, live = trace_lstm(inputs, parameters, state, lengths)
    return batch_first(hiddens[1:], live), LSTMState(hiddens[-1].T.copy(), cells[-1].T.copy())


def gru(
    inputs: np.ndarray,
    parameters: RecurrentParameters,
    state: np.ndarray | None = None,
    *,
    lengths: np.ndarray | None = None,
    reset_after: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Run a GRU over sequences.

    Parameters
    ----------
    inputs : numpy.ndarray
        float32 or float64, (N, T, D).
    parameters : RecurrentParameters
        Same dtype, three blocks: reset, update, candidate.
    state : numpy.ndarray, optional
        (N, H); zeros when absent.
    lengths : numpy.ndarray, optional
        int, (N,), 1 to T, as in :func:`rnn`.
    reset_after : bool
        As in :func:`gru_step`.

    Returns
    -------
    outputs : numpy.ndarray
        (N, T, H).
    state : numpy.ndarray
        The last, (N, H).

    Raises
    ------
    ValueError
        If shapes do not fit, or a value is not finite or not a float.

    References
    ----------
    K. Cho et al., Learning phrase representations using RNN encoder-decoder, EMNLP 2014.

    Examples
    --------
    >>> p = RecurrentParameters(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(3))
    >>> gru(np.zeros((2, 3, 1)), p, np.ones((2, 1)))[0][0].ravel()
    array([0.5  , 0.25 , 0.125])
    """
    states, _, _, live = trace_gru(inputs, parameters, state, lengths, reset_after=reset_after)
    return batch_first(states[1:], live), states[-1].T.copy()
