"""Gradients by trying: change one number a little and see how the result changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def numerical_gradient(
    function: Callable[[np.ndarray], float], array: np.ndarray, *, step: float = 1e-6
) -> np.ndarray:
    """Return the gradient of a function of an array by central differences.

    Parameters
    ----------
    function : callable
        Takes an array of the shape of `array`, returns a number.
    array : numpy.ndarray
        float64, any shape: where the gradient is taken. Not changed.
    step : float
        How far each entry is moved either way, above 0.

    Returns
    -------
    numpy.ndarray
        float64, the shape of `array`. The error is of the order of ``step ** 2``,
        and of the rounding of `function` over `step`.

    Raises
    ------
    ValueError
        If `array` is not float64 (in float32, rounding hides a step so small), or `step` is
        not above 0.

    Examples
    --------
    >>> numerical_gradient(lambda x: float((x**2).sum()), np.array([1.0, 3.0])).round(6)
    array([2., 6.])
    """
    if getattr(array, "dtype", None) != np.float64:
        found = getattr(array, "dtype", type(array).__name__)
        raise ValueError(f"array must be float64, got {found}")
    if not step > 0:
        raise ValueError(f"step must be above 0, got {step}")
    moved, gradient = array.copy(), np.empty(array.shape)
    for index in np.ndindex(array.shape):
        moved[index] = array[index] + step
        above = function(moved)
        moved[index] = array[index] - step
        below = function(moved)
        moved[index] = array[index]
        gradient[index] = (above - below) / (2 * step)
    return gradient
