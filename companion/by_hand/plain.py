"""Layers written to be read, one place after the other; the fast ones are tested against them."""

from __future__ import annotations

import numpy as np


def conv2d_loops(
    images: np.ndarray, kernels: np.ndarray, bias: np.ndarray | None = None
) -> np.ndarray:
    """Slide kernels over images, one place after the other: slow, and plain to read.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W).
    kernels : numpy.ndarray
        float, (O, C, M, N).
    bias : numpy.ndarray, optional
        float, (O,); zeros when absent.

    Returns
    -------
    numpy.ndarray
        (N, O, H - M + 1, W - N + 1).

    Examples
    --------
    >>> conv2d_loops(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)))
    array([[[[4.]]]])
    """
    rows, columns = kernels.shape[2:]
    height, width = images.shape[2] - rows + 1, images.shape[3] - columns + 1
    maps = np.zeros((len(images), len(kernels), height, width))
    for i in range(height):
        for j in range(width):
            window = images[:, None, :, i : i + rows, j : j + columns]
            maps[:, :, i, j] = (window * kernels).sum(axis=(2, 3, 4))
    return maps if bias is None else maps + bias[:, None, None]
