"""Films a second and memory of the document's model in several loops; a table of chapter 5.3.

    python benchmarks/throughput.py --threads 2

Each way has a process of its own, warmed up before anything is timed, and they take turns, since
the machine may be busy: what to look at are the ratios to tf.keras of the same round. Films for
each second of the processor are stored as well ("cpu"), which in one thread hold on a busy machine.
Then what bfloat16 costs in AUROC, on real films that are no test films. Some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import numpy as np
from provenance import provenance, store

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "throughput.json"
#: By name: Keras' engine, or the precision of a loop in PyTorch.
WAYS = {
    "tf.keras": "tensorflow",
    "Keras on PyTorch": "torch",
    "plain PyTorch": "float32",
    "in_torch.fit": "float32",
    "in_torch.fit, bfloat16": "bfloat16",
}
SHAPES, FILMS, BATCH = {28: (1, 28, 28), 224: (3, 224, 224)}, {28: 1536, 224: 256}, 32
TURN = 2  # epochs of one call, so that what a call costs once weighs little
SEEDS, EPOCHS = 6, 5
#: Lets the C library keep what a batch frees. Else large arrays go back to the system after each
#: batch, and come back page by page, which can take as long as the computation at 224 pixels.
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**33)}
PACKAGES = ("torch", "tensorflow", "keras")


def keras_way(films, engine):
    """Return functions that train a Keras model for so many epochs and that ask it."""
    from companion import in_keras

    model = in_keras.document_cnn((*films.images.shape[2:], films.images.shape[1]))
    images = films.images.transpose(0, 2, 3, 1).copy()
    # As in_keras.fit does it: no slower than Keras' own choice. PyTorch takes one update a call.
    how = {"jit_compile": False, "steps_per_execution": 16 if engine == "tensorflow" else 1}
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], **how)
    return (
        lambda: model.fit(images, films.labels, epochs=TURN, batch_size=BATCH, verbose=0),
        lambda: model.predict(images, batch_size=BATCH, verbose=0),
    )


def plain_way(films, _):
    """Return the same for the loop of PyTorch's tutorials: channels first, nothing added."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    from companion.in_torch import DocumentCNN

    model = DocumentCNN(films.images.shape[1:])
    images, labels = torch.from_numpy(films.images), torch.from_numpy(films.labels).float()
    optimizer = torch.optim.Adam(model.parameters())

    def train():
        for _ in range(TURN):
            for rows in torch.randperm(len(films)).split(BATCH):
                loss = binary_cross_entropy_with_logits(model(images[rows]), labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def ask():
        with torch.inference_mode():
            torch.cat([torch.sigmoid(model(part)) for part in images.split(BATCH)])

    return train, ask


def book_way(films, precision):
    """Return the same for the book's functions; its fit also validates on a batch of films."""
    from companion.in_torch import DocumentCNN, fit, predict

    model, held = DocumentCNN(films.images.shape[1:]), films[:BATCH]
    how = {"validation": held, "epochs": TURN, "batch_size": BATCH, "precision": precision}
    return (
        lambda: fit(model, films, **how, device="cpu", progress=False),
        lambda: predict(model, films.images, batch_size=BATCH, precision=precision),
    )


def work(way, size):
    """Warm up, then measure once for each line that comes in; runs in a process of its own."""
    from companion.bridges.four_ways import peak_bytes
    from companion.films import Films

    rng = np.random.default_rng(0)
    images = rng.random((FILMS[size], *SHAPES[size]), np.float32)
    films = Films(images, np.arange(len(images)) % 2)
    make = keras_way if "eras" in way else plain_way if "plain" in way else book_way
    train, ask = make(films, WAYS[way])
    train()
    memory = peak_bytes()
    ask()
    print(json.dumps({"peak_bytes": memory}), flush=True)
    for _ in sys.stdin:
        found = {}
        for name, run, seen in (("train", train, TURN * len(films)), ("ask", ask, len(films))):
            start, start_cpu = time.perf_counter(), time.process_time()
            run()
            seconds = time.perf_counter() - start, time.process_time() - start_cpu
            for kind, spent in zip((name, f"{name}_cpu"), seconds, strict=True):
                found[kind] = float(f"{seen / spent:.4g}")
        print(json.dumps(found), flush=True)


def start_worker(way, size):
    """Start a way in a process that loads nothing else."""
    keras = {"KERAS_BACKEND": WAYS[way], "TF_CPP_MIN_LOG_LEVEL": "3"} if "eras" in way else {}
    command = [sys.executable, __file__, "--way", way, "--size", str(size)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=os.environ | keras, stderr=subprocess.DEVNULL, **pipes)


def answer_of(worker):
    """Return what a way says next."""
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(f"{worker.args} ended with code {worker.wait()}; run it to see why")
    return json.loads(line)


def measure(ways, size, rounds):
    """Return of each way the films a second of each round, and its peak of memory."""
    with ExitStack() as stack:
        workers, found = {}, {}
        for way in ways:
            workers[way] = stack.enter_context(start_worker(way, size))
            stack.callback(workers[way].stdin.close)
            found[way] = {"train": [], "ask": [], "train_cpu": [], "ask_cpu": []}
            found[way] |= answer_of(workers[way])
        for turn in range(rounds):
            for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
                print("go", file=workers[way].stdin, flush=True)
                for name, speed in answer_of(workers[way]).items():
                    found[way][name].append(speed)
        for way, own in found.items():
            print(size, way.ljust(24), *(f"{k} {np.median(v):.4g}" for k, v in own.items()))
            for kind in ("train", "train_cpu", "ask_cpu"):
                ratios = np.divide(own[kind], found["tf.keras"][kind])
                print(" " * 28, kind, "times tf.keras:", np.sort(ratios).round(2), flush=True)
    return found


def auroc_of(precision):
    """Return the validation AUROC of each seed of the document's model, on real films."""
    from sklearn.metrics import roc_auc_score

    from companion.data import load_pneumonia
    from companion.in_torch import DocumentCNN, fit, predict

    data, found = load_pneumonia(), []
    held = data.validation
    for seed in range(SEEDS):
        model = DocumentCNN((1, 28, 28), seed=seed)
        how = {"epochs": EPOCHS, "seed": seed, "precision": precision, "progress": False}
        fit(model, data.train, validation=held, device="cpu", **how)
        score = roc_auc_score(held.labels, predict(model, held.images, precision=precision))
        found.append(round(float(score), 5))
    print(precision, found, flush=True)
    return found


def main():
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SHAPES), choices=SHAPES)
    parser.add_argument("--keep-memory", action="store_true", help="glibc only: see KEPT")
    parser.add_argument("--to", type=Path, default=STORED)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        work(given.way, given.size)
        return
    for name in ("OMP", "OPENBLAS", "TF"):
        kinds = ("INTRAOP_THREADS", "INTEROP_THREADS") if name == "TF" else ("THREADS",)
        os.environ |= {f"{name}_NUM_{kind}": str(given.threads) for kind in kinds}
    os.environ |= KEPT if given.keep_memory else {}
    from companion.in_torch import has_bfloat16

    made = provenance() | {"threads": given.threads, "memory_kept": given.keep_memory}
    made |= {"batch_size": BATCH, "films": FILMS}
    made |= {"bfloat16_in_hardware": has_bfloat16(), "load_before": round(os.getloadavg()[0], 2)}
    made["versions"] = {name: version(name) for name in PACKAGES}
    ways = [way for way in WAYS if has_bfloat16() or WAYS[way] != "bfloat16"]
    made["sizes"] = {size: measure(ways, size, given.rounds) for size in given.sizes}
    kinds = ("float32", "bfloat16") if has_bfloat16() else ("float32",)
    made |= {"epochs": EPOCHS, "auroc": {kind: auroc_of(kind) for kind in kinds}}
    made["load_after"] = round(os.getloadavg()[0], 2)
    store(json.dumps(made).replace('{"train"', '\n{"train"'), given.to)


if __name__ == "__main__":
    main()
