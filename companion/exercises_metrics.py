"""Checkers for the exercises of chapter 9.2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from companion.exercises import WrongAnswer, expect


def check_worth_of_an_alarm(worth_of_an_alarm: Callable) -> None:
    """Check a function that gives the positive predictive value.

    Parameters
    ----------
    worth_of_an_alarm : function
        Takes recall, specificity and prevalence, all in (0, 1); returns a float.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_worth_of_an_alarm(lambda recall, specificity, prevalence: recall)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: one in a hundred ill, nine in ten right: got 0.9, expected ...
    """
    for what, arguments, right in (
        ("one in a hundred ill, nine in ten right", (0.9, 0.9, 0.01), 0.009 / 0.108),
        ("half ill, a coin", (0.5, 0.5, 0.5), 0.5),
        ("three in four ill, half found, one false alarm in five", (0.5, 0.8, 0.75), 0.375 / 0.425),
    ):
        expect(what, worth_of_an_alarm(*arguments), right)
    print("Right: three cases passed.")


def check_split_patients(split_patients: Callable) -> None:
    """Check a function that splits films by patient.

    Parameters
    ----------
    split_patients : function
        Takes patients (N,), a share in (0, 1) and a numpy.random.Generator; returns bool (N,),
        True for the test films: all films of about that share of the patients.

    Raises
    ------
    companion.exercises.WrongAnswer
        With what is wrong.

    Examples
    --------
    >>> check_split_patients(lambda patients, share, rng: rng.random(len(patients)) < share)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: patients on both sides: got ...
    """
    patients = np.repeat([7, 3, 9, 1, 5, 8, 2, 6, 4, 0], [1, 30, 2, 1, 5, 1, 9, 2, 1, 3])
    splits = []
    for seed in range(8):
        test = np.asarray(split_patients(patients, 0.3, np.random.default_rng(seed)))
        if test.shape != patients.shape or test.dtype != bool:
            raise WrongAnswer(
                f"the mask: got {test.dtype} {test.shape}, expected bool {patients.shape}"
            )
        both = np.intersect1d(patients[test], patients[~test])
        expect("patients on both sides", len(both), 0)
        expect("how many of ten patients are in the test", len(np.unique(patients[test])), 3)
        splits.append(test.tobytes())
    if len(set(splits)) == 1:
        raise WrongAnswer("splits of eight generators: got one and the same, expected different")
    print("Right: no patient on both sides, three of ten in the test, drawn at random.")


def check_worst_to_expect(worst_to_expect: Callable) -> None:
    """Check a function that bounds an error rate when no error was seen.

    Parameters
    ----------
    worst_to_expect : function
        Takes the number of films, all of them right, and a confidence; returns the greatest
        rate of errors under which so clean a record has a chance of 1 - confidence.

    Raises
    ------
    companion.exercises.WrongAnswer
        With the case that failed.

    Examples
    --------
    >>> check_worst_to_expect(lambda films, confidence: 0.0)
    Traceback (most recent call last):
    ...
    companion.exercises.WrongAnswer: one film, confidence 0.95: got 0.0, expected 0.95
    """
    for what, films, confidence in (
        ("one film, confidence 0.95", 1, 0.95),
        ("ten films, confidence 0.95", 10, 0.95),
        ("sixty films, confidence 0.9", 60, 0.9),
    ):
        expect(what, worst_to_expect(films, confidence), 1 - (1 - confidence) ** (1 / films))
    print("Right: three cases passed.")
