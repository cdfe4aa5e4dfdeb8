"""Backstage of chapter 5.1: its own figures and the checks of its exercises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from companion.pages.check import expect
from companion.pages.figures import COLOURS


def plot_layers(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many values each layer passes on and how many weights it holds.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`companion.in_keras.models.layer_table`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a logarithmic scale.

    Examples
    --------
    >>> table = pd.DataFrame({"layer": ["Dense"], "values": [1], "parameters": [129]})
    >>> plot_layers(table).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.8))[1]
    rows = np.arange(len(table))
    ax.barh(rows - 0.2, table["values"], height=0.4, label="values passed on")
    ax.barh(rows + 0.2, table["parameters"], height=0.4, label="parameters")
    ax.set_yticks(rows, table["layer"])
    ax.invert_yaxis()
    ax.set(xscale="log", xlabel="count (logarithmic scale)", xlim=(0.8, None))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def plot_curves(
    curves: Mapping[str, Sequence[Sequence[float]]],
    *,
    best: Sequence[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw losses against epochs, one thin line a seed, one colour a split.

    Parameters
    ----------
    curves : mapping of str to sequences of float
        By split, then by seed: the loss of each epoch, in nats.
    best : sequence of int
        Epochs, from 1, to mark on the last split's lines, one a seed.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_curves({"training": [[0.5, 0.2]]}).get_xlabel()
    'epoch'
    """
    ax = ax if ax is not None else plt.subplots()[1]
    for (split, seeds), colour, style in zip(
        curves.items(), COLOURS, ("-", "--", ":"), strict=False
    ):
        for number, losses in enumerate(seeds):
            label = split if number == 0 else None
            ax.plot(np.arange(1, len(losses) + 1), losses, style, color=colour, label=label)
    for losses, epoch in zip(seeds, best, strict=False):
        ax.plot(epoch, losses[epoch - 1], "o", color=colour)
    ax.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=(0, None))
    ax.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    ax.legend()
    return ax


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
    companion.pages.check.WrongAnswer: nobody is ill: got 0.9, expected 0.5
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
    companion.pages.check.WrongAnswer: all three ill found: got 0.5, expected 0.2
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
