"""Checkers for the exercises of chapter 9.1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from companion.exercises import expect


def check_films_needed(films_needed: Callable) -> None:
    """Check a function that turns a power law around.

    Parameters
    ----------
    films_needed : function
        Takes floor, scale, exponent and a wished error; returns the number of films at which
        ``floor + scale * films ** -exponent`` is that error, infinite if it never is.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_films_needed(lambda floor, scale, exponent, error: 100.0)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: no floor, error 0.05: got 100.0, expected 400.0
    """
    for what, arguments, right in (
        ("no floor, error 0.05", (0.0, 1.0, 0.5, 0.05), 400.0),
        ("a floor of 0.01, error 0.06", (0.01, 1.0, 0.5, 0.06), 400.0),
        ("exponent 1, error 0.02", (0.0, 2.0, 1.0, 0.02), 100.0),
        ("an error below the floor", (0.1, 1.0, 0.5, 0.05), np.inf),
    ):
        expect(what, films_needed(*arguments), right)
    print("Right: four cases passed.")


def check_least_sure(least_sure: Callable) -> None:
    """Check a function that chooses the films a model is least sure of.

    Parameters
    ----------
    least_sure : function
        Takes probabilities (N,) and a count; returns that many indices, least sure first.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_least_sure(lambda probabilities, count: np.argsort(probabilities)[:count])
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: the two least sure of five: got [0, 2], expected [3, 4]
    """
    chance = np.array([0.02, 0.99, 0.3, 0.52, 0.45])
    expect("the two least sure of five", np.asarray(least_sure(chance, 2)), np.array([3, 4]))
    expect("the four least sure", np.asarray(least_sure(chance, 4)), np.array([3, 4, 2, 0]))
    expect("all below one half", np.asarray(least_sure(chance / 3, 1)), np.array([1]))
    print("Right: three cases passed.")


def check_mean_and_reach(mean_and_reach: Callable) -> None:
    """Check a function that gives a mean over seeds and half its 95 % interval.

    Parameters
    ----------
    mean_and_reach : function
        Takes scores (seeds,); returns the mean, and Student's quantile times the standard error.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_mean_and_reach(lambda scores: (scores.mean(), 1.96 * scores.std()))
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: the reach of 0.90, 0.92, 0.94: got ...
    """
    three, five = np.array([0.90, 0.92, 0.94]), np.array([0.8, 0.8, 0.9, 0.9, 0.9])
    expect("the mean of 0.90, 0.92, 0.94", mean_and_reach(three)[0], 0.92)
    expect("the reach of 0.90, 0.92, 0.94", mean_and_reach(three)[1], 0.04968275)
    expect("the mean of five", mean_and_reach(five)[0], 0.86)
    expect("the reach of five", mean_and_reach(five)[1], 0.06800870)
    print("Right: four cases passed.")
