"""Checkers for the exercises of chapter 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.check import expect


def check_map_value(map_value: Callable) -> None:
    """Check a function that gives one value of a convolution's map.

    Parameters
    ----------
    map_value : function
        Takes image (H, W), kernel (M, N), row and column from 0; returns a float.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_map_value(lambda image, kernel, i, j: (kernel * image[i : i + 2, j : j + 3]).sum())
    Right: three cases passed.
    """
    image = np.arange(1.0, 13).reshape(3, 4)
    kernel = np.array([[0.0, 1, 2], [3, 4, 5]])
    expect("row 0, column 0", map_value(image, kernel, 0, 0), 2 + 2 * 3 + 3 * 5 + 4 * 6 + 5 * 7)
    expect("row 0, column 1", map_value(image, kernel, 0, 1), 3 + 2 * 4 + 3 * 6 + 4 * 7 + 5 * 8)
    expect("row 1, column 0", map_value(image, kernel, 1, 0), 6 + 2 * 7 + 3 * 9 + 4 * 10 + 5 * 11)
    print("Right: three cases passed.")


def check_pooled_value(pooled_value: Callable) -> None:
    """Check a function that gives one value of max pooling.

    Parameters
    ----------
    pooled_value : function
        Takes image (H, W), size, stride, row and column from 0; returns a float.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_pooled_value(lambda image, size, stride, i, j: image.max())
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: window 0, 0 of the document's example: got 16.0, expected 6
    """
    image = np.arange(1.0, 17).reshape(4, 4)
    upside_down = image[::-1]
    for what, arguments, right in (
        ("window 0, 0 of the document's example", (image, 2, 2, 0, 0), 6),
        ("window 1, 0 of the document's example", (image, 2, 2, 1, 0), 14),
        ("window 0, 1 at stride 1", (image, 2, 1, 0, 1), 7),
        ("window 1, 1 of size 1 at stride 3", (image, 1, 3, 1, 1), 16),
        ("window 1, 0 with the rows upside down", (upside_down, 2, 2, 1, 0), 6),
    ):
        expect(what, pooled_value(*arguments), right)
    print("Right: five cases passed.")


def check_kernel_gradient(kernel_gradient: Callable) -> None:
    """Check a function that gives the gradient of a loss with respect to a kernel.

    Parameters
    ----------
    kernel_gradient : function
        Takes image (H, W) and the map's gradient (H', W'); returns (M, N).

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_kernel_gradient(lambda image, grad: image[:2, :2])
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: one gradient of 1, at row 0 and column 1: got ...
    """
    image = np.arange(1.0, 10).reshape(3, 3)
    single = np.array([[0.0, 1], [0, 0]])
    expect(
        "one gradient of 1, at row 0 and column 1",
        kernel_gradient(image, single),
        np.array([[2.0, 3], [5, 6]]),
    )
    expect(
        "one gradient of 2, at row 1 and column 0",
        kernel_gradient(image, 2 * single.T),
        np.array([[8.0, 10], [14, 16]]),
    )
    expect(
        "two gradients, and a map that is not square",
        kernel_gradient(image, np.array([[1.0, 10, 0]])),
        np.array([[21.0], [54], [87]]),
    )
    print("Right: three cases passed.")


def check_pads_for_same(pads_for_same: Callable) -> None:
    """Check a function that gives TensorFlow's pads for the same size.

    Parameters
    ----------
    pads_for_same : function
        Takes size, kernel and stride; returns the pads before and after.

    Raises
    ------
    companion.pages.check.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_pads_for_same(lambda size, kernel, stride: ((kernel - 1) // 2, kernel // 2))
    Traceback (most recent call last):
    ...
    companion.pages.check.WrongAnswer: 28 pixels, kernel 3, stride 2: got (1, 1), expected (0, 1)
    """
    for (size, kernel, stride), right in (
        ((28, 3, 1), (1, 1)),
        ((28, 2, 1), (0, 1)),
        ((28, 3, 2), (0, 1)),
        ((27, 3, 2), (1, 1)),
        ((28, 1, 3), (0, 0)),
        ((10, 5, 3), (2, 2)),
    ):
        what = f"{size} pixels, kernel {kernel}, stride {stride}"
        expect(what, pads_for_same(size, kernel, stride), right)
    print("Right: six cases passed.")


def plot_matrix(matrix: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """Draw the matrix of a linear layer: which output depends on which input, and how.

    Parameters
    ----------
    matrix : numpy.ndarray
        (outputs, inputs).
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        White is zero, red above, blue below.

    Examples
    --------
    >>> plot_matrix(np.eye(3)).get_xlabel()
    'input'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3))[1]
    strongest = np.abs(matrix).max() or 1
    ax.imshow(matrix, cmap="RdBu_r", vmin=-strongest, vmax=strongest)
    ax.set_xticks(np.arange(matrix.shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(matrix.shape[0] + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="0.85", linewidth=0.4)
    ax.tick_params(which="minor", length=0)
    ax.set(xlabel="input", ylabel="output")
    return ax


def plot_step_errors(errors: Mapping[str, tuple], *, ax: Axes | None = None) -> Axes:
    """Draw how far a gradient by finite differences is off, against the step.

    Parameters
    ----------
    errors : mapping of str to tuple
        (steps, greatest relative errors), by the name of the line.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Both scales logarithmic.

    Examples
    --------
    >>> plot_step_errors({"float64": ([1e-3], [1e-6])}).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(5.5, 3))[1]
    for name, (steps, off) in errors.items():
        ax.plot(steps, off, "o-", markersize=4, label=name)
    ax.set(xscale="log", yscale="log", xlabel="step", ylabel="greatest relative error")
    ax.legend()
    return ax
