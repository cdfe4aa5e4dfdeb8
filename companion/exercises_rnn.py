"""Checkers for the exercises of chapter 3.2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from companion.exercises import expect


def check_lstm_outputs(lstm_outputs: Callable) -> None:
    """Check a function that gives hidden state and cell of an LSTM from its gates.

    Parameters
    ----------
    lstm_outputs : function
        Takes input gate, forget gate, candidate, output gate and the old cell, all (N, H);
        returns the new hidden state and the new cell.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_lstm_outputs(lambda i, f, g, o, c: (o * c, f * c + i * g))
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: the hidden state: got ...
    """
    i, f, g, o, c = (np.array([[value]]) for value in (0.5, 0.25, -0.8, 0.75, 4.0))
    hidden, cell = lstm_outputs(i, f, g, o, c)
    expect("the cell", cell, np.array([[0.25 * 4 - 0.5 * 0.8]]))
    expect("the hidden state", hidden, np.array([[0.75 * np.tanh(0.6)]]))
    everything = lstm_outputs(*(np.array([[value]]) for value in (0.0, 1.0, 0.9, 0.0, 2.0)))
    expect("nothing taken, nothing shown: the cell", everything[1], np.array([[2.0]]))
    expect("nothing taken, nothing shown: the hidden state", everything[0], np.array([[0.0]]))
    print("Right: four cases passed.")


def check_count_recurrent(count_recurrent: Callable) -> None:
    """Check a function that counts the parameters of a recurrent layer.

    Parameters
    ----------
    count_recurrent : function
        Takes blocks, features, units and the number of biases a unit; returns an int.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_count_recurrent(lambda blocks, features, units, biases: 0)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: a simple layer, one bias: got 0, expected 21
    """
    for what, arguments, right in (
        ("a simple layer, one bias", (1, 3, 3, 1), 21),
        ("an LSTM of PyTorch, 12 features, 32 units", (4, 12, 32, 2), 5888),
        ("an LSTM of Keras, 12 features, 32 units", (4, 12, 32, 1), 5760),
        ("a GRU without biases", (3, 5, 2, 0), 42),
    ):
        expect(what, count_recurrent(*arguments), right)
    print("Right: four cases passed.")


def check_last_real(last_real: Callable) -> None:
    """Check a function that takes each sequence's last output that is real.

    Parameters
    ----------
    last_real : function
        Takes outputs (N, T, H) and lengths (N,); returns (N, H).

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_last_real(lambda outputs, lengths: outputs[:, -1])
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: lengths 1, 3 and 2: got ...
    """
    outputs = np.arange(1.0, 19).reshape(3, 3, 2)
    first = np.array([[1.0, 2], [11, 12], [15, 16]])
    expect("lengths 1, 3 and 2", last_real(outputs, np.array([1, 3, 2])), first)
    expect("all of full length", last_real(outputs, np.array([3, 3, 3])), outputs[:, -1])
    negative = last_real(-outputs, np.array([1, 3, 2]))
    expect("outputs that are all negative", negative, -first)
    print("Right: three cases passed.")
