"""Dense layers and flattening, forward and backward."""

from __future__ import annotations

import numpy as np

from companion.checks import check_array, check_shape


def dense(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return weighted sums of the inputs, each with its bias.

    Parameters
    ----------
    inputs : numpy.ndarray
        float32 or float64, (N, D).
    weights : numpy.ndarray
        Same dtype, (D, K): one column a unit.
    bias : numpy.ndarray, optional
        Same dtype, (K,); zeros when absent.

    Returns
    -------
    numpy.ndarray
        (N, K).

    Raises
    ------
    ValueError
        If shapes do not fit, or a value is not finite or not a float.

    Examples
    --------
    >>> dense(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0]))
    array([[16.]])
    """
    check_array("inputs", inputs, "N D")
    check_array("weights", weights, "D K")
    check_shape("weights", weights, (inputs.shape[1], weights.shape[1]))
    if bias is None:
        return inputs @ weights
    check_shape("bias", bias, weights.shape[1:])
    return inputs @ weights + bias


def dense_backward(
    grad: np.ndarray, inputs: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to what :func:`dense` was given.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the sums, (N, K).
    inputs, weights : as in :func:`dense`

    Returns
    -------
    tuple of numpy.ndarray
        ``(d_inputs, d_weights, d_bias)``.

    Raises
    ------
    ValueError
        If shapes do not fit, or a value is not finite or not a float.

    Examples
    --------
    >>> dense_backward(np.ones((1, 1)), np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    (array([[3., 4.]]), array([[1.],
           [2.]]), array([1.]))
    """
    check_array("inputs", inputs, "N D")
    check_shape("weights", weights, (inputs.shape[1], np.shape(weights)[-1]))
    check_shape("grad", grad, (len(inputs), weights.shape[1]))
    return grad @ weights.T, inputs.T @ grad, grad.sum(axis=0)


def flatten(images: np.ndarray) -> np.ndarray:
    """Lay each image out as one row: channels first, then rows, then columns.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W).

    Returns
    -------
    numpy.ndarray
        (N, C * H * W).

    Raises
    ------
    ValueError
        If `images` is no such array.

    Examples
    --------
    >>> flatten(np.arange(4.0).reshape(1, 1, 2, 2))
    array([[0., 1., 2., 3.]])
    """
    check_array("images", images, "N C H W")
    return images.reshape(len(images), -1)


def flatten_backward(grad: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Give each entry of the row back to its pixel.

    Parameters
    ----------
    grad : numpy.ndarray
        (N, C * H * W).
    images : numpy.ndarray
        As in the forward pass; only its shape matters.

    Returns
    -------
    numpy.ndarray
        (N, C, H, W).

    Raises
    ------
    ValueError
        If `grad` has another size.

    Examples
    --------
    >>> flatten_backward(np.ones((1, 4)), np.zeros((1, 1, 2, 2))).shape
    (1, 1, 2, 2)
    """
    check_shape("grad", grad, (len(images), images[0].size))
    return grad.reshape(images.shape)
