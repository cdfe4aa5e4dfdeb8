"""Chapter 5.3's tables and picture of speed, from the stored run of several training loops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: What every other way is compared with.
BASELINE = "tf.keras"


def speed_table(stored: Mapping, size: int) -> pd.DataFrame:
    """Return the speed of each way at one size of film, and its ratio to tf.keras.

    Parameters
    ----------
    stored : mapping
        ``read_table("throughput")``.
    size : int
        Rows of a film: 28 or 224.

    Returns
    -------
    pandas.DataFrame
        One row a way, strings: films a second in training and in inference, medians of the
        rounds; after each its ratio to tf.keras, the median of the ratios within a round with
        the least and the greatest; and the most memory that the process held in training.

    Examples
    --------
    >>> from companion.pages.tables import read_table
    >>> speed_table(read_table("throughput"), 28).loc["tf.keras", "times tf.keras"]
    '1.00'
    """
    import pandas as pd

    ways, rows = stored["sizes"][str(size)], {}
    for way, own in ways.items():
        rows[way] = {
            "training, films/s": f"{np.median(own['train']):,.0f}",
            "times tf.keras": range_text(ratios(stored, size, way)),
            "inference, films/s": f"{np.median(own['ask']):,.0f}",
            "times tf.keras ": range_text(ratios(stored, size, way, "ask")),
            "memory, MB": f"{own['peak_bytes'] / 1e6:,.0f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def ratios(stored: Mapping, size: int, way: str, what: str = "train") -> np.ndarray:
    """Return how many times as many films a second as tf.keras a way took, round by round.

    Parameters
    ----------
    stored : mapping
        ``read_table("throughput")``.
    size : int
        Rows of a film: 28 or 224.
    way : str
        A row of :func:`speed_table`.
    what : {"train", "ask", "train_cpu", "ask_cpu"}
        Training, or inference; "cpu": films for each second of the processor, not of the clock.

    Returns
    -------
    numpy.ndarray
        float64, (rounds,), above 0.
    """
    ways = stored["sizes"][str(size)]
    return np.array(ways[way][what]) / np.array(ways[BASELINE][what])


def days(
    stored: Mapping, size: int, way: str, *, films: float = 1e6, epochs: int = 90
) -> np.ndarray:
    """Return how long a training of many films would take at the speeds that were measured.

    Parameters
    ----------
    stored : mapping
        ``read_table("throughput")``.
    size : int
        Rows of a film: 28 or 224.
    way : str
        A row of :func:`speed_table`.
    films : float
        How many.
    epochs : int
        How often each is shown.

    Returns
    -------
    numpy.ndarray
        float64, (rounds,), days.
    """
    return films * epochs / np.array(stored["sizes"][str(size)][way]["train"]) / 86400


def plot_days(stored: Mapping, size: int = 224, *, ax: Axes | None = None) -> Axes:
    """Draw how many days a million films would take with each way, ninety times each.

    Parameters
    ----------
    stored : mapping
        ``read_table("throughput")``.
    size : int
        Rows of a film: 28 or 224.
    ax : matplotlib.axes.Axes, optional
        A new figure when absent.

    Returns
    -------
    matplotlib.axes.Axes
        A row a way: a bar for the median, with the median of the ratios to tf.keras in it, and a
        dot for each round.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(4.3, 2.7))
    names = list(stored["sizes"][str(size)])
    for row, name in enumerate(names):
        found = days(stored, size, name)
        ax.barh(row, np.median(found), height=0.6, color="#56B4E9")
        ax.plot(found, np.full(len(found), row), "o", color="black", markersize=3.5)
        ax.text(
            0.3,
            row,
            f"{np.median(ratios(stored, size, name)):.2f} times",
            va="center",
            fontsize="small",
        )
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel("days for a million films, ninety times each", loc="right")
    return ax


def precision_table(stored: Mapping) -> pd.DataFrame:
    """Return the validation AUROC of each precision, and bfloat16's difference, seed by seed.

    Parameters
    ----------
    stored : mapping
        ``read_table("throughput")``.

    Returns
    -------
    pandas.DataFrame
        One row a precision, strings: means over the seeds with Student's intervals.
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    exact = np.array(stored["auroc"]["float32"])
    rows = {"float32": {"validation AUROC": f"{mean_estimate(exact, bounds=(0, 1)):.4f}"}}
    for name, scores in stored["auroc"].items():
        if name != "float32":
            difference = mean_estimate(np.array(scores) - exact, bounds=(-1, 1))
            rows[name] = {
                "validation AUROC": f"{mean_estimate(scores, bounds=(0, 1)):.4f}",
                "less float32's": f"{difference:+.4f}",
            }
    return pd.DataFrame.from_dict(rows, orient="index").fillna("")


def range_text(values):
    """Return a median with its range, or alone where all are equal."""
    middle = f"{np.median(values):.2f}"
    return middle if np.ptp(values) == 0 else f"{middle} [{values.min():.2f}, {values.max():.2f}]"
