"""Checkers for the exercises of chapter 3.1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from companion.exercises import expect


def check_strided_map(strided_map: Callable) -> None:
    """Check a function that gives the whole map of a convolution with a stride.

    Parameters
    ----------
    strided_map : function
        Takes image (H, W), kernel (M, N) and stride; returns (H', W').

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_strided_map(lambda image, kernel, stride: image[::stride, ::stride])
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: the document's image, stride 1: got ...
    """
    image, kernel = np.arange(1.0, 10).reshape(3, 3), np.array([[0.0, 1], [2, 4]])
    wide = np.array([[1.0, 2, 3, 4, 5], [0, 1, 0, 1, 0]])
    for what, arguments, right in (
        ("the document's image, stride 1", (image, kernel, 1), [[30, 37], [51, 58]]),
        ("the same at stride 2", (image, kernel, 2), [[30]]),
        ("two rows and five columns at stride 2", (wide, kernel, 2), [[6, 8]]),
        ("a kernel of one row at stride 3", (wide, np.array([[1.0, 10]]), 3), [[21, 54]]),
    ):
        expect(what, strided_map(*arguments), np.array(right, float))
    print("Right: four cases passed.")


def check_count_parameters(count_parameters: Callable) -> None:
    """Check a function that counts the parameters of a convolution.

    Parameters
    ----------
    count_parameters : function
        Takes channels, maps, rows and columns of the kernel; returns an int.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_count_parameters(lambda c, o, rows, columns: (c * rows * columns + 1) * o)
    Right: three cases passed.
    """
    for arguments, right in (((3, 32, 3, 3), 896), ((1, 4, 2, 5), 44), ((64, 128, 1, 1), 8320)):
        channels, maps, rows, columns = arguments
        what = f"{channels} channels, {maps} maps, {rows} x {columns}"
        expect(what, count_parameters(*arguments), right)
    print("Right: three cases passed.")


def check_receptive_field(receptive_field: Callable) -> None:
    """Check a function that gives the receptive field of a stack of layers.

    Parameters
    ----------
    receptive_field : function
        Takes the kernels and the strides of the layers, two sequences of int; returns an int.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_receptive_field(lambda kernels, strides: sum(kernels))
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: two kernels of 3, stride 1: got 6, expected 5
    """
    for what, kernels, strides, right in (
        ("two kernels of 3, stride 1", (3, 3), (1, 1), 5),
        ("a kernel of 3, a pooling by 2, a kernel of 3", (3, 2, 3), (1, 2, 1), 8),
        ("one kernel of 7 at stride 2", (7,), (2,), 7),
        ("strides 2 and 3, then a kernel of 2", (2, 3, 2), (2, 3, 1), 12),
    ):
        expect(what, receptive_field(kernels, strides), right)
    print("Right: four cases passed.")
