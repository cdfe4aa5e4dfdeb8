"""The figures of chapter 5.2: what each step changes, and which rule would have chosen well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.figures import COLOURS, SIGNED

if TYPE_CHECKING:
    import pandas as pd

    from companion.in_torch import ResidualCNN
    from companion.studies import Recipe


def first_kernels(model: ResidualCNN) -> np.ndarray:
    """Return a copy of the kernels of a residual network's first convolution, (K, 3, 3)."""
    return model.features[0].change[0].weight.detach().numpy()[:, 0].copy()


def plot_kernels(before: np.ndarray, after: np.ndarray, *, count: int = 10) -> np.ndarray:
    """Draw some kernels as they were drawn by chance, after training, and the difference.

    Parameters
    ----------
    before, after : numpy.ndarray
        (K, 3, 3).
    count : int
        How many of them.

    Returns
    -------
    numpy.ndarray of Axes
        (3, count).
    """
    _, axes = plt.subplots(3, count, figsize=(7, 2.4))
    most = max(np.abs(before[:count]).max(), np.abs(after[:count]).max())
    for row, kernels in zip(axes, (before, after, after - before), strict=True):
        for ax, kernel in zip(row, kernels[:count], strict=True):
            ax.imshow(kernel, cmap=SIGNED, vmin=-most, vmax=most)
            ax.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("before", fontsize="small")
    axes[1, 0].set_ylabel("after", fontsize="small")
    axes[2, 0].set_ylabel("change", fontsize="small")
    return axes


def plot_block(model: ResidualCNN, image: np.ndarray, *, maps: int = 5) -> np.ndarray:
    """Draw what the second block of a network is given, what it adds, and what it passes on.

    Parameters
    ----------
    model : companion.in_torch.ResidualCNN
        Trained.
    image : numpy.ndarray
        float32, (1, H, W).
    maps : int
        How many maps, those that change most.

    Returns
    -------
    numpy.ndarray of Axes
        (3, maps).
    """
    from companion.in_torch import block_maps

    seen = block_maps(model, image, block=2)
    chosen = np.abs(seen["added"]).mean(axis=(1, 2)).argsort()[::-1][:maps]
    _, axes = plt.subplots(3, maps, figsize=(7, 4.3))
    most = max(np.abs(value[chosen]).max() for value in seen.values())
    for row, (name, value) in zip(axes, seen.items(), strict=True):
        for ax, number in zip(row, chosen, strict=True):
            ax.imshow(value[number], cmap=SIGNED, vmin=-most, vmax=most)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(name, fontsize="small")
    return axes


def plot_rates(recipe: Recipe, films: int, *, ax: Axes | None = None) -> Axes:
    """Draw the learning rate of a recipe's one cycle, step by step, above a constant one.

    Parameters
    ----------
    recipe : companion.studies.Recipe
        Its greatest rate, epochs and batch size are used.
    films : int
        How many training films there are.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
    """
    from companion.studies import STEPS, learning_rates

    rates = learning_rates(recipe, films)
    ax = ax if ax is not None else plt.subplots(figsize=(6, 2.6))[1]
    ax.plot(rates, label="one cycle")
    constant = next(recipe for recipe in STEPS.values() if not recipe.one_cycle)
    ax.axhline(constant.learning_rate, color=COLOURS[1], linestyle="--", label="constant")
    ax.set(xlabel="step (one batch each)", ylabel="learning rate", ylim=(0, None))
    ax.legend()
    return ax


def plot_softened(smoothing: float, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of a film labelled 1 against the answer, with the label as it is and moved.

    Parameters
    ----------
    smoothing : float
        As in :class:`companion.studies.BalancedLoss`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 2.6))[1]
    found = np.linspace(-4, 9, 300)
    for soft, style in ((0.0, "-"), (smoothing, "--")):
        target = 1 - soft / 2
        # Cross-entropy from the logit, as ln(1 + e^z) - t z.
        losses = np.logaddexp(0, found) - target * found
        (line,) = ax.plot(found, losses, style, label=f"label {target:g}")
        best = int(losses.argmin())
        ax.plot(found[best], losses[best], "o", color=line.get_color())
    ax.set(xlabel="logit of pneumonia", ylabel="loss (nats)", ylim=(-0.1, 4))
    ax.legend()
    return ax


def plot_rules(table: pd.DataFrame, rules: Sequence[str], outcome: str, chosen: str) -> np.ndarray:
    """Draw for each rule what it says of every recipe against what the test said in the end.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a recipe; a column a rule, and one of the outcome.
    rules : sequence of str
        Two columns.
    outcome : str
        One column.
    chosen : str
        The row that is drawn as a triangle.

    Returns
    -------
    numpy.ndarray of Axes
        One a rule.
    """
    _, axes = plt.subplots(1, len(rules), figsize=(7, 3), sharey=True)
    picked = table.index == chosen
    for ax, rule in zip(axes, rules, strict=True):
        ax.plot(table[rule][~picked], table[outcome][~picked], "o", color=COLOURS[0])
        ax.plot(table[rule][picked], table[outcome][picked], "^", color=COLOURS[1], markersize=9)
        ax.set(xlabel=rule)
        ax.locator_params(axis="x", nbins=5)
    axes[0].set_ylabel(outcome)
    return axes


def plot_published(
    ours: Mapping[str, tuple[float, float, float]], others: Mapping[str, float],
    *, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw this book's scores with their intervals above published ones, which have none.

    Parameters
    ----------
    ours : mapping of str to tuple of float
        Value, low and high.
    others : mapping of str to float
        By method.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a method.
    """
    count = len(ours) + len(others)
    ax = ax if ax is not None else plt.subplots(figsize=(7, 0.32 * count + 0.8))[1]
    places = -np.arange(count)
    for place, (value, low, high) in zip(places, ours.values(), strict=False):
        ax.errorbar(value, place, xerr=[[value - low], [high - value]], fmt="^", capsize=3,
                    color=COLOURS[1])  # fmt: skip
    ax.plot(list(others.values()), places[len(ours) :], "o", color=COLOURS[0])
    ax.set_yticks(places, [*ours, *others], fontsize="small")
    ax.grid(axis="x", alpha=0.3)
    return ax
