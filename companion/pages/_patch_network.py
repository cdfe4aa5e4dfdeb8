"""The smallest network with every kind of layer, forward and backward, for chapter 4."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from companion.by_hand import (
    binary_cross_entropy_backward,
    conv2d,
    conv2d_backward,
    dense,
    dense_backward,
    flatten,
    flatten_backward,
    max_pool2d,
    max_pool2d_backward,
    relu,
    relu_backward,
)


class PatchWeights(NamedTuple):
    """The weights of the smallest network with every kind of layer, or their gradients."""

    kernel: np.ndarray
    bias: np.ndarray
    weight: np.ndarray
    offset: np.ndarray


def patch_forward(patch: np.ndarray, weights: PatchWeights) -> tuple[np.ndarray, ...]:
    """Compute what every layer of the smallest network makes of a patch of a film.

    Parameters
    ----------
    patch : numpy.ndarray
        float64, (1, 1, H, W), of a size that leaves one window to the pooling by 2.
    weights : PatchWeights
        kernel (1, 1, M, N), bias (1,), weight (1, 1) and offset (1,).

    Returns
    -------
    tuple of numpy.ndarray
        The map, after ReLU, after pooling, and the logit (1,).

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> weights = PatchWeights(one[None, None], np.zeros(1), 2 * one, np.ones(1))
    >>> patch_forward(np.array([[[[1.0, 3], [2, 0]]]]), weights)[-1]
    array([7.])
    """
    sums = conv2d(patch, weights.kernel, weights.bias)  # (1, 1, 2, 2)
    active = relu(sums)
    pooled = max_pool2d(active)  # (1, 1, 1, 1)
    logit = dense(flatten(pooled), weights.weight, weights.offset)[:, 0]
    return sums, active, pooled, logit


def patch_gradients(patch: np.ndarray, label: np.ndarray, weights: PatchWeights) -> PatchWeights:
    """Compute the gradient of the loss with respect to every weight, from the loss backwards.

    Parameters
    ----------
    patch, weights : as in :func:`patch_forward`
    label : numpy.ndarray
        (1,), 0 or 1.

    Returns
    -------
    PatchWeights
        One gradient a weight.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> weights = PatchWeights(one[None, None], np.zeros(1), 0 * one, np.zeros(1))
    >>> patch_gradients(np.array([[[[1.0, 3], [2, 0]]]]), np.array([1]), weights).weight
    array([[-1.5]])
    """
    sums, active, pooled, logit = patch_forward(patch, weights)
    d_logit = binary_cross_entropy_backward(logit, label)[:, None]
    d_row, d_weight, d_offset = dense_backward(d_logit, flatten(pooled), weights.weight)
    d_active = max_pool2d_backward(flatten_backward(d_row, pooled), active)
    d_sums = relu_backward(d_active, sums)
    _, d_kernel, d_bias = conv2d_backward(d_sums, patch, weights.kernel)
    return PatchWeights(d_kernel, d_bias, d_weight, d_offset)
