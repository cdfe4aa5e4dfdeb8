"""Pooling, forward and backward, in NumPy: one value for each window of each channel."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from companion.by_hand._arguments import Padding, Pair, as_pads, as_pair
from companion.by_hand.padding import output_size
from companion.checks import check_array, check_shape

#: Bytes of the images that are pooled at a time: they should stay in the processor's cache.
BUFFER_BYTES = 2**19


def max_pool2d(
    images: np.ndarray, size: Pair = 2, *, stride: Pair | None = None, padding: Padding = 0
) -> np.ndarray:
    """Keep the greatest value of each window.

    Parameters
    ----------
    images : numpy.ndarray
        float32 or float64, (N, C, H, W).
    size : int or pair of int
        (rows, columns) of the window.
    stride : int or pair of int, optional
        Pixels from one window to the next; `size` when absent.
    padding : int, pair of int, or pair of pairs
        Pixels around the images that never win; less than `size`.

    Returns
    -------
    numpy.ndarray
        (N, C, H', W') with H' and W' from :func:`companion.by_hand.padding.output_size`.

    Raises
    ------
    ValueError
        If the window does not fit, or an argument is not what it should be.

    Examples
    --------
    >>> max_pool2d(np.arange(1.0, 17).reshape(1, 1, 4, 4))
    array([[[[ 6.,  8.],
             [14., 16.]]]])
    """
    window, steps, pads, places = _geometry(images, size, stride, padding)
    pooled = np.empty((*images.shape[:2], *places), images.dtype)
    for part, padded in _padded(images, pads, -np.inf):
        _greatest(_views(padded, window, steps, places), out=pooled[part])
    return pooled


def max_pool2d_backward(
    grad: np.ndarray,
    images: np.ndarray,
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Padding = 0,
) -> np.ndarray:
    """Give each window's gradient to the pixel that won it; of equals, to the first in row order.

    PyTorch and TensorFlow break ties the same way on a CPU.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the pooled values, (N, C, H', W').
    images, size, stride, padding : as in :func:`max_pool2d`

    Returns
    -------
    numpy.ndarray
        Of the loss with respect to `images`, (N, C, H, W).

    Raises
    ------
    ValueError
        As :func:`max_pool2d`, or if `grad` has another shape than the pooled values.

    Examples
    --------
    >>> max_pool2d_backward(np.ones((1, 1, 1, 1)), np.array([[[[7.0, 9], [9, 1]]]]))
    array([[[[0., 1.],
             [0., 0.]]]])
    """
    window, steps, pads, places = _geometry(images, size, stride, padding)
    check_shape("grad", grad, (*images.shape[:2], *places))
    d_images = np.empty_like(images, order="C")
    for part, padded in _padded(images, pads, -np.inf):
        views = _views(padded, window, steps, places)
        greatest = _greatest(views, out=np.empty_like(views[0]))
        won, free = np.empty(greatest.shape, bool), np.ones(greatest.shape, bool)
        d_padded, share = np.zeros_like(padded), np.empty_like(greatest)
        for view, d_view in zip(views, _views(d_padded, window, steps, places), strict=True):
            np.equal(view, greatest, out=won)
            won &= free
            free ^= won
            d_view += np.multiply(grad[part], won, out=share)
        d_images[part] = _inside(d_padded, pads, images.shape)
    return d_images


def avg_pool2d(
    images: np.ndarray, size: Pair = 2, *, stride: Pair | None = None, padding: Padding = 0
) -> np.ndarray:
    """Average each window; padding counts as zeros, as in PyTorch (Keras leaves it out).

    Parameters
    ----------
    images, size, stride, padding : as in :func:`max_pool2d`
        But the padding is zeros.

    Returns
    -------
    numpy.ndarray
        (N, C, H', W').

    Raises
    ------
    ValueError
        As :func:`max_pool2d`.

    Examples
    --------
    >>> avg_pool2d(np.arange(1.0, 17).reshape(1, 1, 4, 4))
    array([[[[ 3.5,  5.5],
             [11.5, 13.5]]]])
    """
    window, steps, pads, places = _geometry(images, size, stride, padding)
    pooled = np.zeros((*images.shape[:2], *places), images.dtype)
    for part, padded in _padded(images, pads, 0):
        sums = pooled[part]
        for view in _views(padded, window, steps, places):
            sums += view
        sums /= window[0] * window[1]
    return pooled


def avg_pool2d_backward(
    grad: np.ndarray,
    images: np.ndarray,
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Padding = 0,
) -> np.ndarray:
    """Share each window's gradient equally among its pixels.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the pooled values, (N, C, H', W').
    images, size, stride, padding : as in :func:`avg_pool2d`

    Returns
    -------
    numpy.ndarray
        Of the loss with respect to `images`, (N, C, H, W).

    Raises
    ------
    ValueError
        As :func:`avg_pool2d`, or if `grad` has another shape than the pooled values.

    Examples
    --------
    >>> avg_pool2d_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 2, 2)))
    array([[[[0.25, 0.25],
             [0.25, 0.25]]]])
    """
    window, steps, pads, places = _geometry(images, size, stride, padding)
    check_shape("grad", grad, (*images.shape[:2], *places))
    d_images = np.empty_like(images, order="C")
    for part, padded in _padded(images, pads, 0):
        share = grad[part] / (window[0] * window[1])
        d_padded = np.zeros_like(padded)
        for d_view in _views(d_padded, window, steps, places):
            d_view += share
        d_images[part] = _inside(d_padded, pads, images.shape)
    return d_images


def global_avg_pool2d(images: np.ndarray) -> np.ndarray:
    """Average over all rows and columns, one value a channel.

    Parameters
    ----------
    images : numpy.ndarray
        float32 or float64, (N, C, H, W).

    Returns
    -------
    numpy.ndarray
        (N, C).

    Examples
    --------
    >>> global_avg_pool2d(np.arange(1.0, 17).reshape(1, 1, 4, 4))
    array([[8.5]])
    """
    check_array("images", images, "N C H W")
    pixels = images.shape[2] * images.shape[3]
    average = np.full(pixels, 1 / pixels, images.dtype)
    return images.reshape(*images.shape[:2], pixels) @ average


def global_avg_pool2d_backward(grad: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Share each channel's gradient equally among its pixels.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the averages, (N, C).
    images : numpy.ndarray
        As in the forward pass; only its shape matters.

    Returns
    -------
    numpy.ndarray
        (N, C, H, W).

    Examples
    --------
    >>> global_avg_pool2d_backward(np.ones((1, 1)), np.zeros((1, 1, 1, 2)))
    array([[[[0.5, 0.5]]]])
    """
    check_array("images", images, "N C H W")
    check_shape("grad", grad, images.shape[:2])
    share = grad / (images.shape[2] * images.shape[3])
    return np.broadcast_to(share[:, :, None, None], images.shape).copy()


def _geometry(images, size, stride, padding):
    """Check the arguments; return window, strides, pads and the number of places."""
    check_array("images", images, "N C H W")
    window, pads = as_pair("size", size, least=1), as_pads(padding)
    steps = window if stride is None else as_pair("stride", stride, least=1)
    if any(max(pad) >= length for pad, length in zip(pads, window, strict=True)):
        raise ValueError(f"padding must be less than size {window}, got {padding}")
    places = tuple(
        output_size(length, width, stride=step, before=pad[0], after=pad[1])
        for length, width, step, pad in zip(images.shape[2:], window, steps, pads, strict=True)
    )
    return window, steps, pads, places


def _padded(images, pads, value) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (which images, these images with a border): so many that they stay in the cache.

    What is yielded is overwritten by the next.
    """
    at_once = max(BUFFER_BYTES // images[0].nbytes, 1)
    (top, bottom), (left, right) = pads
    number, channels, height, width = images.shape
    padded = None
    if top + bottom + left + right:
        shape = (min(at_once, number), channels, top + height + bottom, left + width + right)
        padded = np.full(shape, value, images.dtype)
    for start in range(0, number, at_once):
        part = slice(start, min(start + at_once, number))
        if padded is None:
            yield part, images[part]
        else:
            _inside(padded, pads, images.shape)[: part.stop - start] = images[part]
            yield part, padded[: part.stop - start]


def _inside(padded, pads, shape):
    (top, _), (left, _) = pads
    return padded[:, :, top : top + shape[2], left : left + shape[3]]


def _views(padded, window, steps, places) -> list[np.ndarray]:
    """Return, for each pixel of the window in row order, its values at all places."""
    spans = [
        [slice(i, i + (count - 1) * step + 1, step) for i in range(width)]
        for width, step, count in zip(window, steps, places, strict=True)
    ]
    return [padded[:, :, rows, columns] for rows, columns in product(*spans)]


def _greatest(views, out):
    """Return the greatest value at each place."""
    np.copyto(out, views[0])
    for view in views[1:]:
        np.maximum(out, view, out=out)
    return out
