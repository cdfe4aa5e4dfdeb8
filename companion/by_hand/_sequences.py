"""What the loops over time share: checks, sums of all inputs at once, sequences that end."""

from __future__ import annotations

import numpy as np

from companion.by_hand.cells import RecurrentParameters
from companion.checks import check_array, check_shape


def check_parameters(
    parameters: RecurrentParameters, features: int, blocks: int, dtype: np.dtype
) -> None:
    """Raise unless the parameters fit each other and the inputs.

    Parameters
    ----------
    parameters : RecurrentParameters
        To be checked.
    features, blocks : int
        D and G.
    dtype : numpy.dtype
        Of the inputs.

    Raises
    ------
    ValueError
        Naming the array, what was found and what was expected.

    Examples
    --------
    >>> from companion.by_hand.cells import init_recurrent
    >>> check_parameters(init_recurrent(3, 2, 4, np.random.default_rng(0)), 3, 4, np.float64)
    """
    units = len(parameters.state_weights)
    shapes = ((features, blocks * units), (units, blocks * units), *[(blocks * units,)] * 2)
    for name, array, shape in zip(parameters._fields, parameters, shapes, strict=True):
        check_shape(name, array, shape)
        if array.dtype != dtype:
            raise ValueError(f"{name} must be {dtype} as inputs are, got {array.dtype}")


def first_state(
    name: str, state: np.ndarray | None, sums: np.ndarray, parameters: RecurrentParameters
) -> np.ndarray:
    """Make room for the states of all steps and put the first in its place.

    Parameters
    ----------
    name : str
        What the caller calls it.
    state : numpy.ndarray or None
        (N, H); zeros if None.
    sums : numpy.ndarray
        From :func:`project_inputs`, (T, G * H, N).
    parameters : RecurrentParameters
        The layer's.

    Returns
    -------
    numpy.ndarray
        (T + 1, H, N), of which the first is set.

    Raises
    ------
    ValueError
        If it has another shape, or a value is not finite or not a float.

    Examples
    --------
    >>> from companion.by_hand.cells import init_recurrent
    >>> p = init_recurrent(3, 2, 1, np.random.default_rng(0))
    >>> first_state("state", None, np.zeros((5, 2, 7)), p).shape
    (6, 2, 7)
    """
    steps, _, number = sums.shape
    units = len(parameters.state_weights)
    states = np.empty((steps + 1, units, number), sums.dtype)
    states[0] = 0
    if state is not None:
        check_shape(name, state, (number, units))
        states[0] = state.T
    return states


def project_inputs(
    inputs: np.ndarray, parameters: RecurrentParameters, scales: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Multiply the inputs of all steps by their weights at once, before the loop over time.

    Parameters
    ----------
    inputs : numpy.ndarray
        float32 or float64, (N, T, D).
    parameters : RecurrentParameters
        Same dtype, G blocks.
    scales : tuple of float
        One for each block, by which its sums are multiplied: see
        :func:`companion.by_hand.activations.squash`.

    Returns
    -------
    sums : numpy.ndarray
        (T, G * H, N), with the input bias.
    weights : numpy.ndarray
        Of the states, turned and scaled, (G * H, H).
    bias : numpy.ndarray
        Of the states, scaled, (G * H, 1).

    Raises
    ------
    ValueError
        If shapes do not fit, or a value is not finite or not a float.

    Examples
    --------
    >>> from companion.by_hand.cells import init_recurrent
    >>> p = init_recurrent(3, 2, 4, np.random.default_rng(0))
    >>> project_inputs(np.zeros((5, 7, 3)), p, (1, 1, 1, 1))[0].shape
    (7, 8, 5)
    """
    check_array("inputs", inputs, "N T D")
    check_parameters(parameters, inputs.shape[2], len(scales), inputs.dtype)
    rows = np.repeat(np.array(scales, inputs.dtype), len(parameters.state_weights))[:, None]
    of_inputs, of_states = (np.multiply(w.T, rows, order="C") for w in parameters[:2])
    sums = of_inputs @ np.ascontiguousarray(inputs.transpose(1, 2, 0))
    sums += parameters.input_bias[:, None] * rows
    return sums, of_states, parameters.state_bias[:, None] * rows


def live_steps(lengths: np.ndarray | None, number: int, steps: int) -> list[np.ndarray | None]:
    """Return, for each step, which sequences have not ended.

    Parameters
    ----------
    lengths : numpy.ndarray or None
        int, (N,), each from 1 to T; None if all are T.
    number, steps : int
        N and T.

    Returns
    -------
    list of numpy.ndarray or None
        T masks (N,); None where all are alive.

    Raises
    ------
    ValueError
        If a length is no int, or outside 1 to T.

    Examples
    --------
    >>> live_steps(np.array([2, 1]), 2, 2)[1]
    array([ True, False])
    """
    if lengths is None:
        return [None] * steps
    lengths = np.asarray(lengths)
    if lengths.shape != (number,) or not np.issubdtype(lengths.dtype, np.integer):
        raise ValueError(f"lengths must be {number} ints, got {lengths.dtype} {lengths.shape}")
    if lengths.min() < 1 or lengths.max() > steps:
        raise ValueError(f"lengths must be from 1 to {steps}, got {lengths.tolist()}")
    return [t < lengths for t in range(steps)]


def keep_ended(states: np.ndarray, t: int, live: np.ndarray | None) -> None:
    """Put back the old state of sequences that have ended before step t.

    Parameters
    ----------
    states : numpy.ndarray
        (T + 1, H, N); the state after step t is changed in place.
    t : int
        From 0.
    live : numpy.ndarray or None
        (N,); None if all are alive.

    Examples
    --------
    >>> states = np.array([[[1.0, 1.0]], [[5.0, 5.0]]])
    >>> keep_ended(states, 0, np.array([True, False]))
    >>> states[1]
    array([[5., 1.]])
    """
    if live is not None:
        np.copyto(states[t + 1], states[t], where=~live)


def batch_first(states: np.ndarray, live: list[np.ndarray | None]) -> np.ndarray:
    """Return states as outputs: batch first, and zero behind a sequence's end.

    Parameters
    ----------
    states : numpy.ndarray
        (T, H, N).
    live : list of numpy.ndarray or None
        From :func:`live_steps`.

    Returns
    -------
    numpy.ndarray
        (N, T, H).

    Examples
    --------
    >>> batch_first(np.ones((2, 1, 1)), live_steps(np.array([1]), 1, 2)).ravel()
    array([1., 0.])
    """
    if live[0] is not None:
        states = states * np.stack(live)[:, None]
    return states.transpose(2, 0, 1)
