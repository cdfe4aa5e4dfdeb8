"""Checkers for the exercises: each calls the reader's function and says what is wrong with it."""

from __future__ import annotations

import numpy as np


class WrongAnswer(AssertionError):
    """The function gave a wrong answer; the message shows a case small enough to check by hand."""


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
    companion.pages.check.WrongAnswer: twice two: got 5, expected 4
    """
    try:
        same = np.shape(got) == np.shape(right) and np.allclose(got, right)
    except (TypeError, ValueError):
        same = False
    if not same:
        shown = [str(v.tolist() if isinstance(v, np.ndarray) else v) for v in (got, right)]
        raise WrongAnswer(f"{what}: got {shown[0]}, expected {shown[1]}")
