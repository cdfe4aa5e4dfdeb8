"""Batch normalisation and dropout, forward and backward, in NumPy.

Both do one thing in training and another in use.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from companion.checks import check_array, check_shape


class Statistics(NamedTuple):
    """What is kept of each channel for use after training: ``mean`` and ``variance``, (C,)."""

    mean: np.ndarray
    variance: np.ndarray


def batch_norm(
    inputs: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    running: Statistics,
    *,
    training: bool,
    momentum: float = 0.1,
    epsilon: float = 1e-5,
    unbiased: bool = True,
) -> tuple[np.ndarray, Statistics]:
    """Bring each channel to mean 0 and variance 1, then to a learned scale and shift.

    Parameters
    ----------
    inputs : numpy.ndarray
        float32 or float64, (N, C) or (N, C, H, W).
    scale, shift : numpy.ndarray
        Learned, (C,).
    running : Statistics
        Kept so far, (C,) each.
    training : bool
        Whether to take this batch's statistics, and to update the kept ones.
    momentum : float
        How far the kept statistics move towards the batch's, 0 to 1. PyTorch's sense;
        Keras calls 1 minus this its momentum.
    epsilon : float
        Added to the variance, from 0 up. PyTorch's default is 1e-5, Keras' 1e-3.
    unbiased : bool
        Whether the kept variance divides by one less than the count, as PyTorch's does
        and Keras' does not. The batch itself is always divided by the count.

    Returns
    -------
    outputs : numpy.ndarray
        Same shape as `inputs`.
    running : Statistics
        Updated in training, unchanged otherwise.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not a finite float, training has one value a channel,
        or a number is out of range.

    References
    ----------
    S. Ioffe and C. Szegedy, Batch normalization, ICML 2015, algorithm 1.

    Examples
    --------
    >>> kept = Statistics(np.zeros(1), np.ones(1))
    >>> films = np.array([[1.0], [3.0]])
    >>> outputs, kept = batch_norm(films, np.ones(1), np.zeros(1), kept, training=True)
    >>> outputs.round(4).ravel(), kept.mean
    (array([-1.,  1.]), array([0.2]))
    """
    maps = _maps(inputs, scale, shift, epsilon)
    for name, values in zip(("running mean", "running variance"), running, strict=True):
        check_shape(name, values, scale.shape)
    if running.variance.min() < 0:
        raise ValueError(f"running variance must not be negative, got {running.variance.min():g}")
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum must be from 0 to 1, got {momentum}")
    if training:
        mean, variance = _moments(maps, inputs.shape)
        count = inputs.size // len(scale)
        kept = variance * count / (count - 1) if unbiased else variance
        running = Statistics(
            (1 - momentum) * running.mean + momentum * mean,
            (1 - momentum) * running.variance + momentum * kept,
        )
    else:
        mean, variance = running
    factor = scale / np.sqrt(variance + epsilon)
    offset = shift - mean * factor
    outputs = _empty_row_major(inputs)
    for image, output in zip(maps, _as_maps(outputs), strict=True):
        np.multiply(image, factor[:, None], out=output)
        output += offset[:, None]
    return outputs, running


def batch_norm_backward(
    grad: np.ndarray, inputs: np.ndarray, scale: np.ndarray, *, epsilon: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to inputs, scale and shift, in training.

    The batch's mean and variance depend on every input, so every input's gradient
    depends on the whole batch.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the outputs, same shape as `inputs`.
    inputs, scale, epsilon : as in :func:`batch_norm`

    Returns
    -------
    tuple of numpy.ndarray
        ``(d_inputs, d_scale, d_shift)``.

    Raises
    ------
    ValueError
        As in the forward pass, or if `grad` has another shape than `inputs`.

    Examples
    --------
    >>> films = np.array([[1.0], [3.0]])
    >>> batch_norm_backward(np.ones((2, 1)), films, np.ones(1))[2]
    array([2.])
    """
    maps = _maps(inputs, scale, scale, epsilon)
    check_shape("grad", grad, inputs.shape)
    mean, variance = _moments(maps, inputs.shape)
    inverse = 1 / np.sqrt(variance + epsilon)
    d_scale, d_shift = np.zeros_like(scale), np.zeros_like(scale)
    d_inputs, count = _empty_row_major(inputs), inputs.size // len(scale)
    normal = np.empty_like(maps[0])
    for image, d_output in zip(maps, _as_maps(grad), strict=True):
        np.subtract(image, mean[:, None], out=normal)
        d_scale += np.einsum("cp,cp->c", normal, d_output) * inverse
        d_shift += d_output.sum(axis=1)
    for image, d_output, d_input in zip(maps, _as_maps(grad), _as_maps(d_inputs), strict=True):
        np.subtract(image, mean[:, None], out=normal)
        normal *= (d_scale * inverse / count)[:, None]
        np.subtract(d_output, normal, out=d_input)
        d_input -= (d_shift / count)[:, None]
        d_input *= (scale * inverse)[:, None]
    return d_inputs, d_scale, d_shift


def dropout(
    inputs: np.ndarray, rate: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Set a random share of the values to zero and enlarge the others to keep the mean.

    Parameters
    ----------
    inputs : numpy.ndarray
        float, any shape.
    rate : float
        The share that is dropped, from 0 to below 1.
    rng : numpy.random.Generator
        Draws which.

    Returns
    -------
    outputs, mask : numpy.ndarray
        Same shape; the mask holds 0 or ``1 / (1 - rate)``.

    Raises
    ------
    ValueError
        If `rate` is outside that range, or a value is not a finite float.

    Examples
    --------
    >>> outputs, mask = dropout(np.ones(1000), 0.5, np.random.default_rng(0))
    >>> np.unique(outputs)
    array([0., 2.])
    """
    check_shape("inputs", inputs, np.shape(inputs))
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be from 0 to below 1, got {rate}")
    mask = (rng.random(inputs.shape) >= rate).astype(inputs.dtype)
    mask /= 1 - rate
    return inputs * mask, mask


def dropout_backward(grad: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Let the gradient pass where the value did.

    Parameters
    ----------
    grad, mask : numpy.ndarray
        float, same shape; `mask` is what the forward pass returned.

    Returns
    -------
    numpy.ndarray
        Same shape.

    Raises
    ------
    ValueError
        If the shapes differ, or a value is not a finite float.

    Examples
    --------
    >>> dropout_backward(np.array([3.0, 3.0]), np.array([0.0, 2.0]))
    array([0., 6.])
    """
    check_shape("grad", grad, np.shape(mask))
    return grad * mask


def _maps(inputs, scale, shift, epsilon):
    """Check the arguments; return the inputs as :func:`_as_maps` does."""
    check_array("inputs", inputs, "N C H W" if np.ndim(inputs) == 4 else "N C")
    check_shape("scale", scale, inputs.shape[1:2])
    check_shape("shift", shift, inputs.shape[1:2])
    if not 0 <= epsilon < np.inf:
        raise ValueError(f"epsilon must be from 0 up and finite, got {epsilon}")
    return _as_maps(inputs)


def _as_maps(array):
    """Return (N, C, H, W) as (N, C, H * W), and (N, C) as (1, C, N).

    To be written to only where :func:`_empty_row_major` made the array: of one that does not
    lie in memory row by row, this is a copy.
    """
    return array.T[None] if array.ndim == 2 else array.reshape(*array.shape[:2], -1)


def _empty_row_major(array):
    """Return an array of the same shape that lies in memory row by row, whatever the other does.

    `empty_like` would keep the array's order; what is then written through :func:`_as_maps`
    would go to a copy.
    """
    return np.empty(array.shape, array.dtype)


def _moments(maps, shape):
    """Return mean and variance of each channel, one image at a time to stay in the cache."""
    count = len(maps) * maps.shape[2]
    if count == 1:
        raise ValueError(f"inputs must have two values a channel or more, got shape {shape}")
    mean = sum(image.sum(axis=1) for image in maps) / count
    variance, centred = np.zeros_like(mean), np.empty_like(maps[0])
    for image in maps:
        np.subtract(image, mean[:, None], out=centred)
        variance += np.einsum("cp,cp->c", centred, centred) / count
    return mean, variance
