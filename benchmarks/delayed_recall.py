"""Accuracy against delay: who still knows, after so many steps, what stood at the start?

Run ``OMP_NUM_THREADS=1 python benchmarks/delayed_recall.py``: about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from provenance import provenance, store

from companion.in_torch import NextSample, fit_recall, open_gates, recall_accuracy

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "delayed_recall.json"
DELAYS = (10, 20, 40, 80)
SEEDS, UNITS = 5, 16
#: Kind of layer, and the bias of the gate that keeps the old state; None leaves PyTorch's start.
LAYERS = {
    "simple RNN": ("rnn", None),
    "GRU": ("gru", None),
    "GRU, update bias 3": ("gru", 3.0),
    "LSTM": ("lstm", None),
    "LSTM, forget bias 1": ("lstm", 1.0),
    "LSTM, forget bias 3": ("lstm", 3.0),
}


def accuracy(run: tuple[str, int, int], *, batches: int) -> float:
    """Train one layer for one delay from one seed; return its accuracy on new sequences."""
    name, delay, seed = run
    kind, bias = LAYERS[name]
    model = NextSample(kind, 1, UNITS, seed=seed)
    if bias is not None:
        open_gates(model.layer, bias)
    rng = np.random.default_rng(seed)
    fit_recall(model, delay, rng, batches=batches)
    return recall_accuracy(model, delay, rng)


def main() -> None:
    """Train, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=300)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    made = provenance() | {"batches": options.batches, "units": UNITS, "delays": DELAYS}
    runs = [(n, d, s) for d in reversed(DELAYS) for n in LAYERS for s in range(SEEDS)]
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        found = pool.map(partial(accuracy, batches=options.batches), runs, chunksize=1)
    of_run = dict(zip(runs, found, strict=True))
    table = {
        name: {str(d): [round(of_run[name, d, s], 4) for s in range(SEEDS)] for d in DELAYS}
        for name in LAYERS
    }
    print(pd.DataFrame(table).T.to_string())
    store(json.dumps(made | {"accuracy": table}, indent=1), STORED)


if __name__ == "__main__":
    main()
