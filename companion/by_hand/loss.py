"""The loss of a yes-or-no question, forward and backward, in NumPy."""

from __future__ import annotations

import numpy as np

from companion.by_hand.activations import sigmoid
from companion.checks import check_array, check_labels


def binary_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean loss of yes-or-no answers given as logits.

    Parameters
    ----------
    logits : numpy.ndarray
        float, (N,), any real numbers; a sigmoid would turn them into probabilities.
    labels : array_like
        (N,), 0 or 1, of any dtype.

    Returns
    -------
    float
        In nats, from 0 up.

    Raises
    ------
    ValueError
        If lengths differ, a label is neither 0 nor 1, or a logit is not a finite float.

    Examples
    --------
    >>> round(binary_cross_entropy(np.array([0.0]), np.array([1])), 4)
    0.6931
    """
    labels = _check_answers(logits, labels)
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))


def binary_cross_entropy_backward(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the gradient of the mean loss: (probability - label) / N.

    Parameters
    ----------
    logits, labels : as in :func:`binary_cross_entropy`

    Returns
    -------
    numpy.ndarray
        (N,).

    Raises
    ------
    ValueError
        As in the forward pass.

    Examples
    --------
    >>> binary_cross_entropy_backward(np.array([0.0]), np.array([1]))
    array([-0.5])
    """
    labels = _check_answers(logits, labels)
    return (sigmoid(logits) - labels.astype(logits.dtype)) / len(logits)


def _check_answers(logits, labels):
    """Return the labels as int64."""
    check_array("logits", logits, "N")
    return check_labels("labels", labels, count=len(logits))
