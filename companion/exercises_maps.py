"""Checkers for the exercises of chapter 9.3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from companion.exercises import expect


def check_weigh_maps(weigh_maps: Callable) -> None:
    """Check a function that makes a Grad-CAM map.

    Parameters
    ----------
    weigh_maps : function
        Takes a layer's maps and the gradient of the logit with respect to them, both (C, h, w);
        returns (h, w): the maps summed with the mean gradient as weight, negative values cut off.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_weigh_maps(lambda maps, gradients: maps.sum(axis=0))
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: two maps, one for and one against: got ...
    """
    maps = np.array([[[1.0, 0], [2, 0]], [[0, 3.0], [1, 0]]])
    gradients = np.array([[[2.0, 0], [2, 0]], [[-1.0, -1], [0, 0]]])
    right = np.array([[1.0, 0], [1.5, 0]])
    expect("two maps, one for and one against", weigh_maps(maps, gradients), right)
    expect("nothing speaks for it", weigh_maps(maps, -np.abs(gradients)), np.zeros((2, 2)))
    first = weigh_maps(maps[:1], gradients[:1])
    expect("one map", first, np.array([[1.0, 0], [2, 0]]))
    print("Right: three cases passed.")


def check_share_inside(share_inside: Callable) -> None:
    """Check a function that gives the share of a map's positive values inside a lesion.

    Parameters
    ----------
    share_inside : function
        Takes a map, float (H, W), and a mask, bool (H, W); returns a float.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_share_inside(lambda values, mask: values[mask].sum() / values.sum())
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: a negative value outside: got 1.5, expected 0.75
    """
    mask = np.array([[True, True], [False, False]])
    for what, values, right in (
        ("a negative value outside", [[2.0, 1.0], [1.0, -2.0]], 0.75),
        ("a negative value inside", [[3.0, -9.0], [1.0, 0.0]], 0.75),
        ("all of it outside", [[-1.0, 0.0], [5.0, 2.0]], 0.0),
    ):
        expect(what, share_inside(np.array(values), mask), right)
    print("Right: three cases passed.")


def check_reliance(reliance: Callable) -> None:
    """Check a function that says how much a model's answers hang on a marker.

    Parameters
    ----------
    reliance : function
        Takes a predictor from images (N, C, H, W) to probabilities (N,), the images, and a
        function that puts the marker into images; returns the mean change of the probability.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_reliance(lambda predict, images, mark: predict(mark(images)).mean())
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: a model that sees nothing but the marker: got 1.0, expected ...
    """
    images = np.array([0.0, 0.2, 0.4, 0.6]).reshape(4, 1, 1, 1) * np.ones((4, 1, 3, 3))

    def _mark(films):
        marked = films.copy()
        marked[:, :, 0, 0] = 1
        return marked

    for what, model, right in (
        ("a model that sees nothing but the marker", lambda x: x[:, 0, 0, 0], 0.7),
        ("a model that never looks there", lambda x: x[:, 0, 2, 2], 0.0),
        ("a model that takes the marker for health", lambda x: 1 - x[:, 0, 0, 0], -0.7),
    ):
        before = images.copy()
        expect(what, reliance(model, images, _mark), right)
        expect("the films afterwards", images, before)
    print("Right: three models seen through.")
