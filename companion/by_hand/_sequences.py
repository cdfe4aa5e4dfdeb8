"""What the loops over time share: checks, sums of all inputs at once, sequences that end."""

from __future__ import annotations

import numpy as np

from companion.by_hand.cells import RecurrentParameters
from companion.checks import check_array, check_shape


def check_parameters(parameters, features, blocks, dtype):
    """Raise unless the parameters fit each other and inputs of D features."""
    if not isinstance(parameters, RecurrentParameters):
        raise ValueError(f"parameters must be RecurrentParameters, got {type(parameters).__name__}")
    check_array("state_weights", parameters.state_weights, "H G*H")
    units = len(parameters.state_weights)
    shapes = ((features, blocks * units), (units, blocks * units), *[(blocks * units,)] * 2)
    for name, array, shape in zip(parameters._fields, parameters, shapes, strict=True):
        check_shape(name, array, shape)
        if array.dtype != dtype:
            raise ValueError(f"{name} must be {dtype} as inputs are, got {array.dtype}")


def first_state(name, state, sums, parameters):
    """Return an array for the states of all steps, (T + 1, H, N), of which the first is set."""
    steps, _, number = sums.shape
    units = len(parameters.state_weights)
    states = np.empty((steps + 1, units, number), sums.dtype)
    states[0] = 0
    if state is not None:
        check_shape(name, state, (number, units))
        states[0] = state.T
    return states


def project_inputs(inputs, parameters, scales):
    """Multiply the inputs of all steps by their weights at once, before the loop over time.

    `scales` has a number for each of the G blocks, by which its sums are multiplied.
    Returned are the sums, (T, G * H, N), with the input's bias, and the state's weights and
    bias, both scaled: (G * H, H) and (G * H, 1).
    """
    check_array("inputs", inputs, "N T D")
    check_parameters(parameters, inputs.shape[2], len(scales), inputs.dtype)
    rows = np.repeat(np.array(scales, inputs.dtype), len(parameters.state_weights))[:, None]
    of_inputs, of_states = (np.multiply(w.T, rows, order="C") for w in parameters[:2])
    columns = np.ascontiguousarray(inputs.transpose(1, 2, 0))  # (T, D, N)
    # An array whose order is known: the gates are written through a reshape of it.
    sums = np.empty((len(columns), len(rows), len(inputs)), inputs.dtype)
    np.matmul(of_inputs, columns, out=sums)
    sums += parameters.input_bias[:, None] * rows
    return sums, of_states, parameters.state_bias[:, None] * rows


def live_steps(lengths, number, steps):
    """Return, for each step, which of N sequences have not ended: (N,); None where all go on."""
    if lengths is None:
        return [None] * steps
    lengths = np.asarray(lengths)
    if lengths.shape != (number,) or not np.issubdtype(lengths.dtype, np.integer):
        raise ValueError(f"lengths must be {number} ints, got {lengths.dtype} {lengths.shape}")
    if lengths.min() < 1 or lengths.max() > steps:
        raise ValueError(f"lengths must be from 1 to {steps}, got {lengths.tolist()}")
    return [t < lengths for t in range(steps)]


def keep_ended(states, t, live):
    """Put back the old state of sequences that have ended before step t, in place."""
    if live is not None:
        np.copyto(states[t + 1], states[t], where=~live)


def batch_first(states, live):
    """Return (T, H, N) as (N, T, H), zero behind a sequence's end."""
    if live[0] is not None:
        states = states * np.stack(live)[:, None]
    return states.transpose(2, 0, 1)
