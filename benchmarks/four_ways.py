"""One task four ways, each in a process of its own: time, memory and answers; chapter 7's table.

Run ``python benchmarks/four_ways.py``: some minutes in one thread, real data needed. The ways take
turns, since the machine may be busy; medians and their ratios are what to look at.
"""

from __future__ import annotations

import json
import os
import statistics
from importlib.metadata import version
from pathlib import Path

import numpy as np
from provenance import provenance, store

from companion.bridges import run_way, same_start
from companion.bridges.four_ways import WAYS
from companion.data import load_pneumonia

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "four_ways.json"
ROUNDS, FILMS, EPOCHS = 3, 512, 1
COSTS = ("import_s", "ready_s", "epoch_s", "peak_bytes")
PACKAGES = ("numpy", "torch", "tensorflow", "keras")


def main():
    """Measure, print, store."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    made, films, starts = provenance(), load_pneumonia().train[:FILMS], same_start(0)
    runs = {way: [] for way in WAYS}
    for turn in range(ROUNDS):
        for way, found in runs.items():
            found.append(run_way(way, films, starts, epochs=EPOCHS, timed=True))
            costs = {name: getattr(found[-1], name) for name in COSTS}
            print(turn, way, costs, flush=True)
    base = runs["NumPy"][0]
    made |= {"rounds": ROUNDS, "films": FILMS, "batch_size": 32, "threads": 1, "ways": {}}
    made["versions"] = {name: version(name) for name in PACKAGES}
    for way, found in runs.items():
        seen = {name: [getattr(run, name) for run in found] for name in COSTS}
        made["ways"][way] = {
            name: [float(f"{pick(values):.4g}") for pick in (statistics.median, min, max)]
            for name, values in seen.items()
        } | {
            "loss": round(float(found[0].losses[-1]), 6),
            "apart": float(f"{np.abs(found[0].probabilities - base.probabilities).max():.2g}"),
            "apart_of_rounds": float(np.ptp([run.losses[-1] for run in found])),
        }
    store(json.dumps(made).replace('{"import_s"', '\n{"import_s"'), STORED)


if __name__ == "__main__":
    main()
