"""Activations, forward and backward."""

from __future__ import annotations

import numpy as np

from companion.checks import check_array


def relu(inputs: np.ndarray) -> np.ndarray:
    """Set what is negative to zero.

    Parameters
    ----------
    inputs : numpy.ndarray
        float, any shape.

    Returns
    -------
    numpy.ndarray
        Same shape, from 0 up.

    Examples
    --------
    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(inputs, 0)


def relu_backward(grad: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Let the gradient pass where the input was positive; at zero exactly it does not pass.

    Parameters
    ----------
    grad, inputs : numpy.ndarray
        float, same shape.

    Returns
    -------
    numpy.ndarray
        Same shape.

    Raises
    ------
    ValueError
        If the shapes differ, or an array holds no floats.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 5.0, 5.0]), np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 5.])
    """
    _check_pair(grad, "inputs", inputs)
    return grad * (inputs > 0)


def sigmoid(inputs: np.ndarray) -> np.ndarray:
    """Squeeze any number into 0 to 1, without overflow.

    Parameters
    ----------
    inputs : numpy.ndarray
        float, any shape.

    Returns
    -------
    numpy.ndarray
        Same shape, from 0 to 1.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    inputs = np.asarray(inputs)
    negated = np.array(inputs, dtype=np.result_type(inputs, np.float32))
    with np.errstate(over="ignore"):
        return _sigmoid_of_negated(np.negative(negated, out=negated))


def sigmoid_backward(grad: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Multiply the gradient by the slope of :func:`sigmoid`, known from its outputs.

    Parameters
    ----------
    grad, outputs : numpy.ndarray
        float, same shape; `outputs` is what the forward pass returned.

    Returns
    -------
    numpy.ndarray
        Same shape.

    Raises
    ------
    ValueError
        If the shapes differ, or an array holds no floats.

    Examples
    --------
    >>> sigmoid_backward(np.array([1.0]), np.array([0.5]))
    array([0.25])
    """
    _check_pair(grad, "outputs", outputs)
    return grad * outputs * (1 - outputs)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn each row of numbers into probabilities that add up to one.

    Parameters
    ----------
    logits : numpy.ndarray
        float, (N, K), any real numbers.

    Returns
    -------
    numpy.ndarray
        (N, K), from 0 to 1.

    Raises
    ------
    ValueError
        If `logits` is no such array.

    Examples
    --------
    >>> softmax(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    check_array("logits", logits, "N K")
    with np.errstate(over="ignore"):  # to minus infinity, whose power is the zero that belongs
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def softmax_backward(grad: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the gradient with respect to the logits, from what :func:`softmax` returned.

    Parameters
    ----------
    grad, outputs : numpy.ndarray
        float, (N, K).

    Returns
    -------
    numpy.ndarray
        (N, K); each row adds up to zero.

    Raises
    ------
    ValueError
        If the shapes differ, or an array holds no floats.

    Examples
    --------
    >>> softmax_backward(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]]))
    array([[ 0.25, -0.25]])
    """
    _check_pair(grad, "outputs", outputs)
    return outputs * (grad - (grad * outputs).sum(axis=1, keepdims=True))


def _sigmoid_of_negated(negated):
    """Replace -x by sigmoid(x), in place: one exponential is faster than one tanh.

    Of -2 x it makes what `2 * result - 1` turns into tanh(x). The caller lets numbers
    overflow to infinity, whose inverse is the zero that belongs there.
    """
    np.exp(negated, out=negated)
    negated += 1
    return np.reciprocal(negated, out=negated)


def _check_pair(grad, name, other):
    """Raise unless the gradient has the shape of what it is multiplied with, and both are floats.

    Values are not looked at: that would take as long as the work itself.
    """
    for word, array in (("grad", grad), (name, other)):
        if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating):
            found = getattr(array, "dtype", type(array).__name__)
            raise ValueError(f"{word} must be a float array, got {found}")
    if grad.shape != other.shape:
        raise ValueError(f"grad must have the shape {other.shape} of {name}, got {grad.shape}")
