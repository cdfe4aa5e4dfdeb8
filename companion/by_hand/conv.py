"""Convolution as deep learning means it, forward and backward.

Images are (N, C, H, W), kernels (O, C, M, N): O maps out of C channels, M rows by N columns.
The kernel is not flipped: mathematics calls this cross-correlation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from companion.by_hand._arguments import Padding, Pair, as_pads, as_pair
from companion.by_hand.padding import output_size
from companion.checks import check_array, check_shape

#: Bytes of the column buffer: it should stay in the processor's cache.
BUFFER_BYTES = 2**20


def conv2d(
    images: np.ndarray,
    kernels: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
) -> np.ndarray:
    """Slide kernels over images: one matrix product for a few images at a time.

    Parameters
    ----------
    images : numpy.ndarray
        float32 or float64, (N, C, H, W).
    kernels : numpy.ndarray
        Same dtype, (O, C, M, N).
    bias : numpy.ndarray, optional
        Same dtype, (O,); zeros when absent.
    stride : int or pair of int
        Pixels from one place to the next, (rows, columns).
    padding : int, pair of int, or pair of pairs
        Zeros around the images: on all sides, by axis, or ((top, bottom), (left, right)).

    Returns
    -------
    numpy.ndarray
        (N, O, H', W') with H' and W' from :func:`companion.by_hand.padding.output_size`.

    Raises
    ------
    ValueError
        If shapes do not fit, the batch is empty, a value is not finite or not a float,
        or the kernel is larger than the padded image.

    References
    ----------
    K. Chellapilla et al., High performance convolutional neural networks for document
    processing, 2006: the convolution as a matrix product.

    Examples
    --------
    >>> image = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    >>> conv2d(image, np.array([[[[0.0, 1], [1, 0]]]]))
    array([[[[ 6.,  8.],
             [12., 14.]]]])
    """
    steps, pads, size = _geometry(images, kernels, stride, padding)
    outputs = len(kernels)
    bias = np.zeros(outputs, images.dtype) if bias is None else bias
    check_shape("bias", bias, (outputs,))
    matrix = kernels.reshape(outputs, -1)
    maps = np.empty((len(images), outputs, *size), images.dtype)
    at_once = _images_at_once(images, kernels, size)
    buffer = np.empty(outputs * at_once * size[0] * size[1], images.dtype)
    for part, columns in _columns(images, kernels.shape, steps, pads, size, at_once):
        sums = _product(matrix, columns, buffer).reshape(outputs, -1, *size)
        np.add(sums.swapaxes(0, 1), bias[:, None, None], out=maps[part])
    return maps


def conv2d_backward(
    grad: np.ndarray,
    images: np.ndarray,
    kernels: np.ndarray,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to what :func:`conv2d` was given.

    Parameters
    ----------
    grad : numpy.ndarray
        Of the loss with respect to the maps, (N, O, H', W').
    images, kernels, stride, padding : as in :func:`conv2d`

    Returns
    -------
    tuple of numpy.ndarray
        ``(d_images, d_kernels, d_bias)``, each of the shape of its argument.

    Raises
    ------
    ValueError
        As :func:`conv2d`, or if `grad` has another shape than the maps.

    Examples
    --------
    >>> image = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    >>> conv2d_backward(np.ones((1, 1, 2, 2)), image, np.ones((1, 1, 2, 2)))[1]
    array([[[[12., 16.],
             [24., 28.]]]])
    """
    steps, pads, size = _geometry(images, kernels, stride, padding)
    outputs, *window = kernels.shape
    check_shape("grad", grad, (len(images), outputs, *size))
    matrix = np.ascontiguousarray(kernels.reshape(outputs, -1).T)
    d_matrix = np.zeros((outputs, len(matrix)), images.dtype)
    d_images = np.zeros_like(images, order="C")
    at_once = _images_at_once(images, kernels, size)
    buffer = np.empty(len(matrix) * at_once * size[0] * size[1], images.dtype)
    for part, columns in _columns(images, kernels.shape, steps, pads, size, at_once):
        sums = grad[part].swapaxes(0, 1).reshape(outputs, -1)
        d_matrix += sums @ columns.T
        shares = _product(matrix, sums, buffer).reshape(*window, -1, *size)
        for i, j in product(*map(range, window[1:])):
            pixels, places = _overlap(i, j, images.shape, size, steps, pads)
            d_images[part][:, :, *pixels] += shares[:, i, j, :, *places].swapaxes(0, 1)
    return d_images, d_matrix.reshape(kernels.shape), grad.sum(axis=(0, 2, 3))


def _geometry(images, kernels, stride, padding):
    """Check the arguments; return strides, pads and the size of the maps."""
    check_array("images", images, "N C H W")
    check_array("kernels", kernels, "O C M N")
    if images.shape[1] != kernels.shape[1]:
        raise ValueError(
            f"kernels must have the images' {images.shape[1]} channels, got shape {kernels.shape}"
        )
    if images.dtype != kernels.dtype:
        raise ValueError(f"kernels must be {images.dtype} as images are, got {kernels.dtype}")
    steps, pads = as_pair("stride", stride, least=1), as_pads(padding)
    size = tuple(
        output_size(length, kernel, stride=step, before=pad[0], after=pad[1])
        for length, kernel, step, pad in zip(
            images.shape[2:], kernels.shape[2:], steps, pads, strict=True
        )
    )
    return steps, pads, size


def _images_at_once(images, kernels, size):
    """Return how many images are worked on at a time, so that buffers stay in the cache."""
    each = max(len(kernels), kernels[0].size) * size[0] * size[1] * images.itemsize
    return min(max(BUFFER_BYTES // each, 1), len(images))


def _product(left, right, buffer):
    """Return the matrix product, in a buffer that the next one overwrites."""
    shape = len(left), right.shape[1]
    return np.matmul(left, right, out=buffer[: shape[0] * shape[1]].reshape(shape))


def _columns(images, shape, steps, pads, size, at_once) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (which images, (C * M * N, images * H' * W')): each column is one window.

    One buffer serves all: asking the system for new memory costs more than filling it.
    """
    number, channels, height, width = images.shape
    (top, bottom), (left, right) = pads
    framed = any((top, bottom, left, right))
    padded = images
    if framed:
        padded_size = (top + height + bottom, left + width + right)
        padded = np.zeros((at_once, channels, *padded_size), images.dtype)
    windows = sliding_window_view(padded, shape[2:], axis=(2, 3))[:, :, :: steps[0], :: steps[1]]
    windows = windows.transpose(1, 4, 5, 0, 2, 3)
    each = windows[:, :, :, 0].size
    buffer = np.empty(at_once * each, images.dtype)
    for start in range(0, number, at_once):
        part = slice(start, min(start + at_once, number))
        count = part.stop - start
        if framed:
            padded[:count, :, top : top + height, left : left + width] = images[part]
        columns = buffer[: count * each].reshape(*windows.shape[:3], count, *size)
        np.copyto(columns, windows[:, :, :, :count] if framed else windows[:, :, :, part])
        yield part, columns.reshape(-1, count * size[0] * size[1])


def _overlap(i, j, shape, size, steps, pads):
    """Return which pixels (slices) the kernel's weight (i, j) meets, and at which places."""
    pixels, places = [], []
    for offset, length, count, step, (before, _) in zip(
        (i, j), shape[2:], size, steps, pads, strict=True
    ):
        first = max(0, -(-(before - offset) // step))
        last = min(count, (length - 1 + before - offset) // step + 1)
        begin = first * step + offset - before
        pixels.append(slice(begin, max(begin + (last - first - 1) * step + 1, begin), step))
        places.append(slice(first, max(last, first)))
    return pixels, places
