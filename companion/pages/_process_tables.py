"""What page 5.3 shows of several processes: their shares, their times, and the loss of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from companion.pages._speed_tables import range_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Words of a table, in the order of the rows.
MODELS = {"document": "the document's model", "ResNet-50": "ResNet-50"}
#: Links between machines, in 10^9 bits a second.
LINKS = {"office network, 1 Gbit/s": 1, "cluster, 25 Gbit/s": 25, "GPU cluster, 400 Gbit/s": 400}
#: Goyal et al.: 90 epochs of ImageNet's 1,281,167 images, 8,192 a step, in one hour on 256 GPUs.
RESNET50_STEP_SECONDS = 3600 / (90 * 1_281_167 / 8192)


def scaling_table(measured: Mapping) -> pd.DataFrame:
    """Return seconds an epoch of one process and of two, and their ratio, by batch size.

    Parameters
    ----------
    measured : mapping
        The table "processes".

    Returns
    -------
    pandas.DataFrame
        A row a batch size; medians over rounds, and the least and greatest ratio of a round.
    """
    import pandas as pd

    times = {
        (run["batch_size"], run["processes"]): run["epoch_seconds"] for run in measured["runs"]
    }
    rows = {}
    for batch in sorted({batch for batch, _ in times}):
        one, two = times[batch, 1], times[batch, 2]
        rows[batch] = {
            "one process (s)": f"{median(one):.1f}",
            "two processes (s)": f"{median(two):.1f}",
            "times as fast": range_text(np.divide(one, two)),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("films a batch")


def talking_table(measured: Mapping, *, workers: int = 8) -> pd.DataFrame:
    """Return how long an all-reduce takes on paper, as a share of the time of a step.

    Parameters
    ----------
    measured : mapping
        The table "processes".
    workers : int
        How many machines.

    Returns
    -------
    pandas.DataFrame
        A row a link, a column a model: milliseconds, and per cent of a step's computing.
    """
    import pandas as pd

    from companion.in_torch import all_reduce_seconds

    steps = {"document": step_seconds(measured), "ResNet-50": RESNET50_STEP_SECONDS}
    rows = {}
    for link, gbit in LINKS.items():
        rows[link] = {}
        for model, name in MODELS.items():
            parameters = measured["parameters"][model]
            seconds = all_reduce_seconds(parameters, workers, bandwidth_gbit_per_s=gbit)
            share = seconds / steps[model]
            milliseconds = float(f"{1000 * seconds:.2g}")
            rows[link][name] = f"{milliseconds:,g} ms, {share:.1%} of a step"
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(f"{workers} workers")


def step_seconds(measured: Mapping, *, batch_size: int = 32) -> float:
    """Return the median time of a step of one process, in seconds."""
    (run,) = (
        run for run in measured["runs"] if (run["batch_size"], run["processes"]) == (batch_size, 1)
    )
    return median(run["epoch_seconds"]) / -(-measured["films"] // batch_size)


def lose_process(rank: int, *, after_epoch: int) -> Callable[[str], None]:
    """Return what reads the lines of a training and kills one of its processes, once.

    Parameters
    ----------
    rank : int
        Whose process.
    after_epoch : int
        After the end of which epoch, so in the middle of the next.

    Returns
    -------
    function
        For ``on_line`` of :func:`companion.in_torch.run_processes`.
    """
    import psutil

    pids = []

    def read(line):
        found = re.search(rf"process {rank} of \d+: pid (\d+)", line)
        if found:
            pids.append(int(found[1]))
        if line.startswith(f"epoch {after_epoch} of") and len(pids) == 1:
            psutil.Process(pids.pop()).kill()
            pids.extend([0, 0])  # never again

    return read


def draw_shares(films: int = 8, processes: int = 2) -> Figure:
    """Return a picture of one step: a batch, its shares, their gradients, one sum, one step.

    Parameters
    ----------
    films, processes : int
        How many of each.

    Returns
    -------
    matplotlib.figure.Figure
        Without a film in it.
    """
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(4.3, 3.8))
    each, middle = films // processes, (processes - 1) / 2
    box = {"boxstyle": "round,pad=0.4", "linewidth": 1.2, "facecolor": "white"}
    colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")

    def put(place, height, text, **style):
        ax.text(place, height, text, ha="center", va="center", bbox=box | style)

    def lead(start, end):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "linewidth": 1.3})

    for process in range(processes):
        first = process * each + 1
        edge = {"edgecolor": colours[process % len(colours)]}
        put(process, 4, f"films {first}\N{EN DASH}{first + each - 1}", **edge)
        put(process, 2.9, f"process {process}\nsame weights", **edge)
        put(process, 1.6, "its part of\nthe gradient", **edge)
        lead((process, 3.75), (process, 3.3))
        lead((process, 2.5), (process, 2.0))
        lead((process, 1.2), (middle + 0.4 * (process - middle), 0.62))
    put(middle, 0.25, "all-reduce: the sum, in each", edgecolor="black", facecolor="#F0E442")
    lead((middle, 0.0), (middle, -0.45))
    put(middle, -0.7, "the same step", edgecolor="black")
    ax.set(xlim=(-0.5, processes - 0.5), ylim=(-1, 4.3))
    ax.axis("off")
    return figure
