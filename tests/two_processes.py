"""What two processes do in tests/in_torch/test_distributed.py: one start of them, many trainings.

Each training's result, or its error, is kept by name and written to a file of the process.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from companion.data import ShardedFilms, write_shards
from companion.data.augment import augment
from companion.films import Films
from companion.in_torch import (
    Checkpoint,
    DocumentCNN,
    PooledCNN,
    Processes,
    distributed,
    fit_distributed,
    group_norm,
    join_processes,
)
from companion.in_torch.parallel import cross_entropy_in_precision

SIZE = 22


def make_films(count=25, seed=0):
    """Films with a bright square where the label is 1; the last of three batches of 12 holds 1."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.random((count, 1, SIZE, SIZE), dtype=np.float32) * 0.6
    images[labels == 1, :, 5:12, 5:12] += 0.4
    return Films(images, labels)


FILMS, HELD = make_films(), make_films(13, seed=1)
TURNED = Films(HELD.images, 1 - HELD.labels)
MODELS = {
    "document": lambda: DocumentCNN((1, SIZE, SIZE)),
    "pooled": lambda: group_norm(PooledCNN(widths=(8, 12))),
}


OPTIONS = {
    "validation": HELD, "epochs": 2, "batch_size": 12, "augment": augment, "progress": False,
    "loss": cross_entropy_in_precision, "optimizer": partial(torch.optim.Adam, lr=3e-3),
}  # fmt: skip
PATIENT = {
    "validation": TURNED, "epochs": 9, "patience": 1,
    "schedule": partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.9),
}  # fmt: skip


class Dropping(nn.Module):
    """A model that keeps the masks of its dropout."""

    def __init__(self):
        super().__init__()
        self.dropout, self.last = nn.Dropout(0.5), nn.Linear(SIZE * SIZE, 1)
        nn.init.zeros_(self.last.weight)
        self.masks = []

    def forward(self, images):
        if self.training:
            self.masks.append(self.dropout(torch.ones(8)))
        return self.last(self.dropout(images.flatten(1)))[:, 0]


class Counting(Dropping):
    """A model with a statistic of the films that it has seen itself."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, images):
        self.mean = images.mean().detach()
        return super().forward(images)


def train(model, processes, films=FILMS, **options):
    """Train a model; return its weights and history."""
    history = fit_distributed(model, films, processes=processes, **OPTIONS | options)
    return {"weights": model.state_dict(), "history": vars(history)}


def die_once(images, rng):
    """No augmentation; on its fifth batch, in the second epoch, process 1 dies, the first time."""
    die_once.batches += 1
    first = os.environ.get("TORCHELASTIC_RESTART_COUNT") == "0" and os.environ["RANK"] == "1"
    if first and die_once.batches == 5 and die_once.signal is not None:
        os.kill(os.getpid(), die_once.signal)
    return images


die_once.batches, die_once.signal = 0, None


def fill_the_disk(processes, path):
    """Train an epoch; go on while process 0 can write no file of over a thousand bytes."""
    train(MODELS["document"](), processes, epochs=1, checkpoint=Checkpoint(path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if processes.rank == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        go_on = Checkpoint(path, resume=True)
        return train(MODELS["document"](), processes, checkpoint=go_on)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def read_bad_shards(processes, folder):
    """Check five shards of five films, of which the fourth is damaged: process 1 reads it."""

    def write():
        write_shards(folder, FILMS, films_per_shard=5, progress=False)
        path = folder / "pixels-00003.npy"
        path.write_bytes(path.read_bytes()[:-1] + b"?")

    processes.first(write)
    distributed._check_shards(ShardedFilms(folder), processes)


def drop(processes):
    """Return the masks of dropout that this process has drawn."""
    model = Dropping()
    train(model, processes)
    return {"masks": torch.stack(model.masks)}


def trainings(processes, folder):
    """Yield the name of each training, and a function that does it."""
    both = {name: make().double() for name, make in MODELS.items()}
    for name, model in both.items():
        yield name, lambda model=model: train(model, processes)
    yield "bad shard", lambda: read_bad_shards(processes, folder / "shards")
    yield "float32", lambda: train(MODELS["document"](), processes)
    yield "patient", lambda: train(MODELS["document"]().double(), processes, **PATIENT)
    yield "undisturbed", lambda: train(MODELS["document"](), processes, epochs=3, augment=die_once)
    yield "dropout", lambda: drop(processes)
    other = DocumentCNN((1, SIZE, SIZE), seed=processes.rank)
    yield "other start", lambda: train(other, processes)
    yield "batch norm", lambda: train(PooledCNN(), processes)
    yield "small batch", lambda: train(MODELS["document"](), processes, batch_size=1)
    yield "few films", lambda: train(MODELS["document"](), processes, FILMS[:1])
    mine = FILMS if processes.rank == 0 else FILMS[::-1]
    yield "other films", lambda: train(MODELS["document"](), processes, mine)
    yield "drifting", lambda: train(Counting(), processes)
    go_on = partial(Checkpoint, folder / "begun.pt", resume=True)
    yield "resumed", lambda: train(MODELS["document"]().double(), processes, checkpoint=go_on())
    yield "other model", lambda: train(MODELS["pooled"](), processes, checkpoint=go_on())
    yield (
        "other seed",
        lambda: train(MODELS["document"]().double(), processes, seed=9, checkpoint=go_on()),
    )
    yield "full disk", lambda: fill_the_disk(processes, folder / "full.pt")


def main():
    """Do all trainings, or one in which process 1 dies by a signal."""
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    if kind == "all":
        with join_processes("cpu") as processes:
            found = {}
            for name, training in trainings(processes, folder):
                try:
                    found[name] = training()
                except (ValueError, OSError, RuntimeError) as problem:
                    found[name] = f"{type(problem).__name__}: {problem}"
            torch.save(found, folder / f"process_{processes.rank}.pt")
        return
    die_once.signal = getattr(signal, kind)
    with join_processes("cpu", timeout_seconds=float(sys.argv[3])) as processes:
        go_on = Checkpoint(folder / "run.pt", resume=True)
        train(MODELS["document"](), processes, epochs=3, augment=die_once, checkpoint=go_on)


ALONE = Processes()

if __name__ == "__main__":  # by its own name, which a checkpoint keeps with the loss
    import two_processes

    two_processes.main()
