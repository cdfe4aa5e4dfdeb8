"""One neuron, and its way down the gradient: the smallest network that learns."""

from __future__ import annotations

import numpy as np

from companion.by_hand.activations import sigmoid
from companion.by_hand.loss import binary_cross_entropy
from companion.checks import check_array, check_labels


def descend(
    inputs: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    learning_rate: float,
    steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Train one neuron by gradient descent on all cases at once, and keep every step.

    Parameters
    ----------
    inputs : numpy.ndarray
        float, (N, D); a column of ones makes its weight the bias.
    labels : numpy.ndarray
        0 or 1, (N,).
    weights : numpy.ndarray
        (D,), where to begin; not changed.
    learning_rate : float
        Above 0.
    steps : int
        How many.

    Returns
    -------
    path : numpy.ndarray
        (steps + 1, D): the weights at the start and after every step.
    losses : numpy.ndarray
        (steps + 1,): the mean cross-entropy there.

    Raises
    ------
    ValueError
        If shapes do not fit, the learning rate is not above 0, or `steps` is negative.

    Examples
    --------
    >>> film, label = np.array([[2.0]]), np.array([1])
    >>> path, losses = descend(film, label, np.zeros(1), learning_rate=0.5, steps=1)
    >>> path.tolist(), losses.round(3).tolist()
    ([[0.0], [0.5]], [0.693, 0.313])
    """
    labels, weights = _checked(inputs, labels, weights, learning_rate, steps)
    path, losses = [weights], [binary_cross_entropy(inputs @ weights, labels)]
    for _ in range(steps):
        wrong = sigmoid(inputs @ weights) - labels  # (N,): above 0 if too high
        gradient = inputs.T @ wrong / len(inputs)  # (D,)
        weights = weights - learning_rate * gradient
        path.append(weights)
        losses.append(binary_cross_entropy(inputs @ weights, labels))
    return np.array(path), np.array(losses)


def _checked(inputs, labels, weights, learning_rate, steps):
    """Return labels and weights as arrays of numbers, or raise."""
    check_array("inputs", inputs, "N D")
    weights = np.asarray(weights, float)
    if weights.shape != inputs.shape[1:]:
        raise ValueError(f"weights must be {inputs.shape[1:]}, got {weights.shape}")
    if not learning_rate > 0 or steps < 0:
        raise ValueError(
            f"learning_rate must be above 0 and steps not negative, got {learning_rate}, {steps}"
        )
    return check_labels("labels", labels, count=len(inputs)), weights
