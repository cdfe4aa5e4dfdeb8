"""One task four ways: from the same weights, each in a process of its own, timed and weighed."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.bridges._way import SHAPE, check_task
from companion.checks import check_choice
from companion.films import Films

#: By name: module and function, whose weights it takes, and Keras' engine.
WAYS = {
    "NumPy": ("numpy_way", "train_with_numpy", "numpy", ""),
    "PyTorch": ("torch_way", "train_with_torch", "torch", ""),
    "Keras on TensorFlow": ("keras_way", "train_with_keras", "keras", "tensorflow"),
    "Keras on PyTorch": ("keras_way", "train_with_keras", "keras", "torch"),
}
#: Epochs of the second, longer training of a timed run.
LONGER = 4


@dataclass(frozen=True)
class WayRun:
    """What one way found, and what it cost.

    Attributes
    ----------
    losses : numpy.ndarray
        float64, one an epoch: the mean loss.
    probabilities : numpy.ndarray
        (N,), in [0, 1]: what the trained model says of the films.
    import_s, ready_s, epoch_s : float
        Seconds to import the framework, to make the model ready for its first epoch, and of one
        further epoch; the last two are NaN where the run was not timed.
    peak_bytes : int
        The most memory that the process held.
    """

    losses: np.ndarray
    probabilities: np.ndarray
    import_s: float
    ready_s: float
    epoch_s: float
    peak_bytes: int


def same_start(seed: int = 0) -> dict[str, list[np.ndarray]]:
    """Draw one random start of the document's model, in the order of each framework.

    Parameters
    ----------
    seed : int
        Of the weights.

    Returns
    -------
    dict of str to list of numpy.ndarray
        By "numpy", "torch" and "keras": ten float32 arrays, each layer's weights and bias.

    Examples
    --------
    >>> starts = same_start(0)
    >>> [arrays[0].shape for arrays in starts.values()]
    [(32, 1, 3, 3), (32, 1, 3, 3), (3, 3, 1, 32)]
    """
    from companion import by_hand, in_keras, in_torch
    from companion.bridges.weights import copy_weights

    model = by_hand.DocumentCNN(SHAPE, seed=seed)
    by_torch = copy_weights(model, in_torch.DocumentCNN(SHAPE))
    by_keras = copy_weights(model, in_keras.document_cnn((28, 28, 1)))
    return {
        "numpy": [array.copy() for array in model.arrays()],
        "torch": [value.numpy().copy() for value in by_torch.state_dict().values()],
        "keras": by_keras.get_weights(),
    }


def run_way(
    way: str,
    films: Films,
    starts: dict[str, Sequence[np.ndarray]],
    *,
    epochs: int = 3,
    batch_size: int = 32,
    learning_rate: float = 0.05,
    timed: bool = False,
) -> WayRun:
    """Train in one way, in a Python process that loads nothing else.

    Parameters
    ----------
    way : str
        One of "NumPy", "PyTorch", "Keras on TensorFlow" and "Keras on PyTorch".
    films : companion.films.Films
        (N, 1, 28, 28), taken in their order.
    starts : dict of str to sequence of numpy.ndarray
        From :func:`same_start`.
    epochs, batch_size : int
        Passes over the films; films an update.
    learning_rate : float
        Of plain gradient descent.
    timed : bool
        Train twice more, with one epoch and with more of them: the difference is the time of an
        epoch, the rest of the first is what it takes until the model is ready.

    Returns
    -------
    WayRun
        Losses, probabilities, seconds and bytes.

    Raises
    ------
    ValueError
        If there is no such way, or the films or a number are of another kind.
    RuntimeError
        If the process fails; the end of what it said is told.

    Examples
    --------
    >>> films = Films(np.zeros((4, 1, 28, 28)), [0, 1, 0, 1])
    >>> run_way("NumPy", films, same_start(0), epochs=1).losses.round(3)
    array([0.693])
    """
    check_choice("way", way, WAYS)
    check_task(films, epochs, batch_size, learning_rate)
    _, _, order, engine = WAYS[way]
    numbers = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    arrays = {f"start_{i}": array for i, array in enumerate(starts[order])}
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "given.npz"), Path(folder, "found.npz")
        np.savez(given, images=films.images, labels=films.labels, **arrays, **numbers)
        engine = {"KERAS_BACKEND": engine, "TF_CPP_MIN_LOG_LEVEL": "2"} if engine else {}
        command = [sys.executable, "-m", __name__, way, given, found, *(["timed"] * timed)]
        done = subprocess.run(command, env=os.environ | engine, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{way} failed: {done.stderr.strip()[-600:]}")
        with np.load(found, allow_pickle=False) as result:
            losses, probabilities, costs = (result[k] for k in ("losses", "probabilities", "costs"))
    return WayRun(losses, probabilities, *map(float, costs[:3]), int(costs[3]))


def _main(way, given, found, *timed):
    """Train in this process; both files are written and read by :func:`run_way` only."""
    module, function, _, _ = WAYS[way]
    with np.load(given, allow_pickle=False) as task:
        films = Films(task["images"], task["labels"])
        start = [task[f"start_{i}"] for i in range(10)]
        rates = {"batch_size": int(task["batch_size"]), "learning_rate": task["learning_rate"]}
        epochs, rates["learning_rate"] = int(task["epochs"]), float(rates["learning_rate"])
    since = time.perf_counter()
    train = getattr(importlib.import_module(f"companion.bridges.{module}"), function)
    import_s = time.perf_counter() - since
    losses, probabilities = train(films, start, epochs=epochs, **rates)
    ready_s = epoch_s = np.nan
    if timed:
        one, more = (_seconds(train, films, start, n, rates) for n in (1, 1 + LONGER))
        epoch_s = (more - one) / LONGER
        ready_s = one - epoch_s
    costs = np.array([import_s, ready_s, epoch_s, peak_bytes()])
    np.savez(found, losses=losses, probabilities=probabilities, costs=costs)


def _seconds(train, films, start, epochs, rates):
    since = time.perf_counter()
    train(films, start, epochs=epochs, **rates)
    return time.perf_counter() - since


def peak_bytes():
    """Return this process' own peak; the one that getrusage tells begins with the parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import psutil

    memory = psutil.Process().memory_info()
    return getattr(memory, "peak_wset", memory.rss)


if __name__ == "__main__":
    _main(*sys.argv[1:])
