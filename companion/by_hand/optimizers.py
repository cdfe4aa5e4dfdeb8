"""Optimisers, written out in NumPy: gradient descent with momentum, and Adam.

Each changes a list of arrays in place, given the gradients in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class SGD:
    """Step against the gradient; with momentum, against a decaying sum of gradients.

    Parameters
    ----------
    learning_rate : float
        Above 0.
    momentum : float
        What is kept of the sum at each step, 0 (plain gradient descent) to below 1.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> weights = [np.array([1.0])]
    >>> SGD(learning_rate=0.1).step(weights, [np.array([2.0])])
    >>> weights
    [array([0.8])]
    """

    def __init__(self, learning_rate: float = 0.01, *, momentum: float = 0.0):
        _check_rate(learning_rate)
        _check_decay("momentum", momentum)
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocities: list[np.ndarray] = []

    def step(self, arrays: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> None:
        """Change the arrays in place.

        Parameters
        ----------
        arrays : sequence of numpy.ndarray
            The parameters, in the same order at every step.
        gradients : sequence of numpy.ndarray
            Of the loss, one for each array and of its shape.

        Raises
        ------
        ValueError
            If shapes differ, from each other or from those of the steps before, or an array
            holds no floats.
        """
        _check_pairs("gradients", gradients, arrays)
        self.velocities = self.velocities or [np.zeros_like(array) for array in arrays]
        _check_pairs("arrays", arrays, self.velocities)
        for array, gradient, velocity in zip(arrays, gradients, self.velocities, strict=True):
            velocity *= self.momentum
            velocity += gradient
            array -= self.learning_rate * velocity


class Adam:
    """Divide a running mean of the gradient by the root of a running mean of its square.

    Parameters
    ----------
    learning_rate : float
        Above 0.
    beta1, beta2 : float
        How much of either mean is kept at each step, 0 to below 1.
    epsilon : float
        Added to the root, so that it is never zero.
    correct_first : bool
        Whether the means are corrected for their start at zero before epsilon is added,
        as in the paper's algorithm and in PyTorch (epsilon 1e-8), or after, as in Keras
        (epsilon 1e-7).

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    D. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.

    Examples
    --------
    >>> weights = [np.array([1.0])]
    >>> Adam(learning_rate=0.1).step(weights, [np.array([2.0])])
    >>> weights[0].round(6)
    array([0.9])
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        correct_first: bool = True,
    ):
        _check_rate(learning_rate)
        _check_decay("beta1", beta1)
        _check_decay("beta2", beta2)
        if epsilon < 0:
            raise ValueError(f"epsilon must not be negative, got {epsilon}")
        self.learning_rate, self.epsilon, self.correct_first = learning_rate, epsilon, correct_first
        self.beta1, self.beta2 = beta1, beta2
        self.steps = 0
        self.means: list[tuple[np.ndarray, np.ndarray]] = []

    def step(self, arrays: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> None:
        """Change the arrays in place.

        Parameters
        ----------
        arrays : sequence of numpy.ndarray
            The parameters, in the same order at every step.
        gradients : sequence of numpy.ndarray
            Of the loss, one for each array and of its shape.

        Raises
        ------
        ValueError
            If shapes differ, from each other or from those of the steps before, or an array
            holds no floats.
        """
        _check_pairs("gradients", gradients, arrays)
        self.means = self.means or [(np.zeros_like(a), np.zeros_like(a)) for a in arrays]
        _check_pairs("arrays", arrays, [mean for mean, _ in self.means])
        self.steps += 1
        first = 1 - self.beta1**self.steps
        second = np.sqrt(1 - self.beta2**self.steps)
        epsilon = self.epsilon * second if self.correct_first else self.epsilon
        rate = self.learning_rate * second / first
        for array, gradient, (mean, square) in zip(arrays, gradients, self.means, strict=True):
            mean *= self.beta1
            mean += (1 - self.beta1) * gradient
            square *= self.beta2
            square += (1 - self.beta2) * gradient**2
            array -= array.dtype.type(rate) * mean / (np.sqrt(square) + array.dtype.type(epsilon))


def clip_by_norm(gradients: Sequence[np.ndarray], limit: float) -> float:
    """Shrink all gradients together, in place, so that their common norm is at most a limit.

    Parameters
    ----------
    gradients : sequence of numpy.ndarray
        Of the loss; their direction stays as it is.
    limit : float
        Above 0.

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    ValueError
        If `limit` is not above 0, or a gradient is not finite.

    References
    ----------
    R. Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013.

    Examples
    --------
    >>> gradients = [np.array([3.0]), np.array([4.0])]
    >>> clip_by_norm(gradients, 1.0), gradients
    (5.0, [array([0.6]), array([0.8])])
    """
    if not limit > 0:
        raise ValueError(f"limit must be above 0, got {limit}")
    # In double precision: the squares of great numbers would not fit into single precision.
    norm = float(np.sqrt(sum(np.square(g, dtype=np.float64).sum() for g in gradients)))
    if not np.isfinite(norm):
        raise ValueError(f"gradients must be finite, got a norm of {norm}")
    if norm > limit:
        for gradient in gradients:
            gradient *= limit / norm
    return norm


def _check_rate(learning_rate):
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate must be above 0 and finite, got {learning_rate}")


def _check_decay(name, value):
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be from 0 to below 1, got {value}")


def _check_pairs(name, arrays, others):
    """Raise unless all are arrays of floats, and each has the shape of the other's."""
    for array in (*arrays, *others):
        if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating):
            found = getattr(array, "dtype", type(array).__name__)
            raise ValueError(f"parameters and gradients must be float arrays, got {found}")
    found, shapes = [a.shape for a in arrays], [a.shape for a in others]
    if found != shapes:
        raise ValueError(f"{name} must have the shapes {shapes}, got {found}")
