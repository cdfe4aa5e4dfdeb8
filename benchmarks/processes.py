"""One process against two of one thread each, with the same global batch; stores one table.

Run ``python benchmarks/processes.py --rounds 5`` on a machine that does nothing else. It trains the
document's model at 28 x 28 in interleaved rounds, and times the all-reduce of as many numbers as
this model and a ResNet-50 have, between two processes on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from provenance import provenance, store

from companion.films import Films
from companion.in_torch import DocumentCNN, fit_distributed, join_processes, run_processes

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "processes.json"
#: As many as PneumoniaMNIST has; noise, since only the time counts.
FILMS, BATCHES, EPOCHS = 4708, (32, 256), 3
#: torchvision's ResNet-50, as its documentation says.
RESNET50 = 25_557_032
REPEATS = 15


def measure(path, batch_size, count):
    """In each process: time epochs, the first left out, and the all-reduce; process 0 writes."""
    rng = np.random.default_rng(0)
    films = Films(rng.random((count, 1, 28, 28), dtype=np.float32), np.arange(count) % 2)
    ends, model = [], DocumentCNN((1, 28, 28))
    with join_processes("cpu") as processes:
        fit_distributed(
            model, films, validation=films[: count // 9], processes=processes, epochs=EPOCHS + 1,
            batch_size=batch_size, progress=False,
            after_epoch=lambda history: ends.append(time.perf_counter()),
        )  # fmt: skip
        found = {"epochs": np.diff(ends).tolist()}
        found["parameters"] = sum(weights.numel() for weights in model.parameters())
        for name, numbers in (("document", found["parameters"]), ("ResNet-50", RESNET50)):
            found[name] = [all_reduce(processes, torch.ones(numbers)) for _ in range(REPEATS)]
        if processes.rank == 0:
            Path(path).write_text(json.dumps(found), "utf8")


def all_reduce(processes, numbers):
    """Return the seconds of one all-reduce that all processes begin together."""
    processes.all_reduce(torch.zeros(1))
    start = time.perf_counter()
    processes.all_reduce(numbers)
    return time.perf_counter() - start


def main():
    """Run the rounds, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--films", type=int, default=FILMS)
    parser.add_argument("--into", type=Path, default=STORED)
    options, made = parser.parse_args(), provenance()
    load = os.getloadavg()[0]
    seconds = {(batch, count): [] for batch in BATCHES for count in (1, 2)}
    reduced = {"document": [], "ResNet-50": []}
    for _ in range(options.rounds):
        for batch, count in seconds:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "found.json")
                run_processes("processes", [path, batch, options.films], processes=count)
                found = json.loads(path.read_text("utf8"))
            seconds[batch, count].append(round(statistics.median(found["epochs"]), 4))
            if count == 2:
                for name, times in reduced.items():
                    times.append(round(statistics.median(found[name]), 6))
            print(f"batch {batch}, processes {count}: {seconds[batch, count][-1]:.2f} s an epoch")
    about = {
        "films": options.films,
        "parameters": {"document": found["parameters"], "ResNet-50": RESNET50},
        "cores": os.cpu_count(), "load_before": round(load, 2), "rounds": options.rounds,
    }  # fmt: skip
    runs = [
        {"batch_size": batch, "processes": count, "epoch_seconds": times}
        for (batch, count), times in seconds.items()
    ]
    table = made | about | {"runs": runs, "all_reduce_seconds": reduced}
    store(json.dumps(table).replace('{"batch_size', '\n{"batch_size'), options.into)


if __name__ == "__main__":
    if "RANK" in os.environ:
        measure(sys.argv[1], *map(int, sys.argv[2:]))
    else:
        main()
