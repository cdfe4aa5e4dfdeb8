"""Checkers for the exercises: each calls the reader's function and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


class WrongAnswer(AssertionError):
    """The function gave a wrong answer; the message shows a case small enough to check by hand."""


def check_shared_images(shared_images: Callable) -> None:
    """Check a function that counts films of one split that occur, pixel for pixel, in another.

    Parameters
    ----------
    shared_images : function
        Takes two uint8 arrays (N, H, W) and (M, H, W), returns an int.

    Raises
    ------
    WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_shared_images(lambda a, b: sum(any((x == y).all() for y in b) for x in a))
    Right: three cases passed.
    """
    zero, one = np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8)
    mirrored = np.array([[0, 1], [2, 3]], np.uint8)
    cases = [
        ("a film that is in both once", [zero, one], [one], 1),
        ("two equal films of the first split, both in the second", [one, one], [one, zero], 2),
        ("films of equal mean that differ", [mirrored], [mirrored.T, mirrored[::-1]], 0),
    ]
    for what, first, second, right in cases:
        expect(what, shared_images(np.stack(first), np.stack(second)), right)
    print("Right: three cases passed.")


def check_accuracy_at(accuracy_at: Callable) -> None:
    """Check a function that gives the accuracy at a prevalence from recall and specificity.

    Parameters
    ----------
    accuracy_at : function
        Takes prevalence, recall and specificity, all in [0, 1], returns a float.

    Raises
    ------
    WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_accuracy_at(lambda prevalence, recall, specificity: recall)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: nobody is ill: got 0.9, expected 0.5
    """
    cases = [
        ("nobody is ill", (0.0, 0.9, 0.5), 0.5),
        ("everybody is ill", (1.0, 0.9, 0.5), 0.9),
        ("one in four is ill", (0.25, 0.8, 0.4), 0.5),
    ]
    for what, arguments, right in cases:
        expect(what, accuracy_at(*arguments), right)
    print("Right: three cases passed.")


def check_threshold_for_recall(threshold_for_recall: Callable) -> None:
    """Check a function that gives the greatest threshold with at least the wished recall.

    Parameters
    ----------
    threshold_for_recall : function
        Takes labels (N,), scores (N,) and a recall in (0, 1], returns a float;
        a film counts as 1 when its score is at least the threshold.

    Raises
    ------
    WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_threshold_for_recall(lambda labels, scores, recall: 0.5)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: all three ill found: got 0.5, expected 0.2
    """
    labels = np.array([1, 0, 1, 1, 0, 0])
    scores = np.array([0.2, 0.3, 0.6, 0.9, 0.95, 0.05])
    for what, recall, right in [
        ("all three ill found", 1.0, 0.2),
        ("two of three are enough for 0.6", 0.6, 0.6),
        ("one of three is enough for 0.3", 0.3, 0.9),
    ]:
        expect(what, threshold_for_recall(labels, scores, recall), right)
    print("Right: three cases passed.")


def expect(what: str, got: object, right: object) -> None:
    """Raise unless an answer is right.

    Parameters
    ----------
    what : str
        The case, in words.
    got, right : number or numpy.ndarray
        What the reader's function gave, and what it should have given.

    Raises
    ------
    WrongAnswer
        If they differ in shape or by more than rounding.

    Examples
    --------
    >>> expect("twice two", 5, 4)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: twice two: got 5, expected 4
    """
    try:
        same = np.shape(got) == np.shape(right) and np.allclose(got, right)
    except (TypeError, ValueError):
        same = False
    if not same:
        shown = [str(v.tolist() if isinstance(v, np.ndarray) else v) for v in (got, right)]
        raise WrongAnswer(f"{what}: got {shown[0]}, expected {shown[1]}")
