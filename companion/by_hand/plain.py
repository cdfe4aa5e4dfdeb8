"""Layers as plainly as Python can say them, to be read; the fast ones are tested against them.

They walk from place to place and check nothing. Axes are those of the fast ones.
"""

from __future__ import annotations

import numpy as np

from companion.by_hand.activations import sigmoid
from companion.by_hand.cells import LSTMState, RecurrentParameters


def conv2d(
    images: np.ndarray, kernels: np.ndarray, bias: np.ndarray | None = None, *, stride: int = 1
) -> np.ndarray:
    """Slide kernels over images: at each place, products are added up.

    Parameters
    ----------
    images, kernels, bias : numpy.ndarray
        float, (N, C, H, W), (O, C, M, N) and (O,); no bias when absent.
    stride : int
        Pixels from one place to the next.

    Returns
    -------
    numpy.ndarray
        (N, O, H', W').

    Examples
    --------
    >>> conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)))
    array([[[[4.]]]])
    """
    rows, columns = kernels.shape[2:]
    height = (images.shape[2] - rows) // stride + 1
    width = (images.shape[3] - columns) // stride + 1
    maps = np.zeros((len(images), len(kernels), height, width))
    for i in range(height):
        for j in range(width):
            top, left = i * stride, j * stride
            window = images[:, None, :, top : top + rows, left : left + columns]  # (N, 1, C, M, N)
            maps[:, :, i, j] = (window * kernels).sum(axis=(2, 3, 4))  # (N, O)
    return maps if bias is None else maps + bias[:, None, None]


def max_pool2d(images: np.ndarray, size: int = 2, *, stride: int = 2) -> np.ndarray:
    """Keep the greatest value of each square window.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W).
    size, stride : int
        Pixels of the window's side, and from one window to the next.

    Returns
    -------
    numpy.ndarray
        (N, C, H', W').

    Examples
    --------
    >>> max_pool2d(np.arange(1.0, 17).reshape(1, 1, 4, 4))
    array([[[[ 6.,  8.],
             [14., 16.]]]])
    """
    height, width = ((length - size) // stride + 1 for length in images.shape[2:])
    pooled = np.zeros((*images.shape[:2], height, width))
    for i in range(height):
        for j in range(width):
            top, left = i * stride, j * stride
            window = images[:, :, top : top + size, left : left + size]
            pooled[:, :, i, j] = window.max(axis=(2, 3))  # (N, C)
    return pooled


def avg_pool2d(images: np.ndarray, size: int = 2, *, stride: int = 2) -> np.ndarray:
    """Average each square window.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W).
    size, stride : int
        Pixels of the window's side, and from one window to the next.

    Returns
    -------
    numpy.ndarray
        (N, C, H', W').

    Examples
    --------
    >>> avg_pool2d(np.arange(1.0, 17).reshape(1, 1, 4, 4))
    array([[[[ 3.5,  5.5],
             [11.5, 13.5]]]])
    """
    height, width = ((length - size) // stride + 1 for length in images.shape[2:])
    pooled = np.zeros((*images.shape[:2], height, width))
    for i in range(height):
        for j in range(width):
            top, left = i * stride, j * stride
            window = images[:, :, top : top + size, left : left + size]
            pooled[:, :, i, j] = window.mean(axis=(2, 3))  # (N, C)
    return pooled


def dense(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Add up the inputs, each times its weight, and the bias of each unit.

    Parameters
    ----------
    inputs, weights, bias : numpy.ndarray
        float, (N, D), (D, K) and (K,).

    Returns
    -------
    numpy.ndarray
        (N, K).

    Examples
    --------
    >>> dense(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0]))
    array([[16.]])
    """
    sums = np.zeros((len(inputs), len(bias)))
    for n, row in enumerate(inputs):
        for k in range(len(bias)):
            sums[n, k] = bias[k]
            for d, value in enumerate(row):
                sums[n, k] += value * weights[d, k]
    return sums


def rnn_step(inputs: np.ndarray, state: np.ndarray, parameters: RecurrentParameters) -> np.ndarray:
    """Return the next state of a simple recurrent unit: tanh of two weighted sums.

    Parameters
    ----------
    inputs, state : numpy.ndarray
        float, (N, D) and (N, H).
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
    of_inputs = inputs @ parameters.input_weights + parameters.input_bias
    of_state = state @ parameters.state_weights + parameters.state_bias
    return np.tanh(of_inputs + of_state)


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
    of_inputs = inputs @ parameters.input_weights + parameters.input_bias
    of_state = state.hidden @ parameters.state_weights + parameters.state_bias
    i, f, g, o = np.split(of_inputs + of_state, 4, axis=1)  # (N, H) each
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
    inputs, state : numpy.ndarray
        float, (N, D) and (N, H).
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
    x_r, x_z, x_n = np.split(inputs @ parameters.input_weights + parameters.input_bias, 3, axis=1)
    v_r, v_z, v_n = np.split(parameters.state_weights, 3, axis=1)  # (H, H) each
    c_r, c_z, c_n = np.split(parameters.state_bias, 3)
    r = sigmoid(x_r + state @ v_r + c_r)
    z = sigmoid(x_z + state @ v_z + c_z)
    inner = r * (state @ v_n + c_n) if reset_after else (r * state) @ v_n + c_n
    n = np.tanh(x_n + inner)
    return z * state + (1 - z) * n
