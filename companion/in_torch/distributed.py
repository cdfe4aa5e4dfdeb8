"""Train one of the book's models in several processes, on this machine or on many.

``torchrun --standalone --nproc-per-node=2 -m companion.in_torch.distributed --folder OUT``

Films that no memory holds are read from shards: ``--data FOLDER``, written by
:func:`companion.data.write_shards` into ``FOLDER/train`` and ``FOLDER/validation``.

The last checkpoint in the folder is where it goes on from: after a process died (add
``--max-restarts=3``), or when the same command is given again. Without torchrun it is one process.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from companion.data import ShardedFilms, load_pneumonia, make_cohort
from companion.data.augment import augment
from companion.films import Films
from companion.in_torch.checkpoint import Checkpoint, save_model
from companion.in_torch.models import DocumentCNN, PooledCNN
from companion.in_torch.normalization import group_norm
from companion.in_torch.parallel import cross_entropy_in_precision, fit_distributed
from companion.in_torch.processes import ProcessError, join_processes
from companion.in_torch.residual import ResidualCNN

#: What can be trained, all for films of 28 x 28.
MODELS = {
    "document": lambda seed: DocumentCNN((1, 28, 28), seed=seed),
    "pooled": lambda seed: group_norm(PooledCNN(1, seed=seed)),
    "residual": lambda seed: ResidualCNN(norm="group", seed=seed),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train as the arguments say, or the command line, and say what was done and where it lies."""
    options = _options(arguments)
    rank = os.environ.get("RANK", "0")
    try:
        _train(options)
    except (ValueError, OSError, FloatingPointError, ProcessError) as problem:
        sys.exit(f"process {rank}: {type(problem).__name__}: {problem}")


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for checkpoint and weights")
    parser.add_argument("--model", choices=MODELS, default="document")
    parser.add_argument(
        "--data", default="pneumonia",
        help="pneumonia, phantom, or a folder with shards in its folders train and validation",
    )  # fmt: skip
    parser.add_argument("--films", type=int, help="train on so many; all, if it is not said")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32, help="of all processes together")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--augment", action="store_true", help="turn, shift and scale the films")
    parser.add_argument("--patience", type=int, help="stop after so many epochs without gain")
    parser.add_argument("--precision", choices=("float32", "float64"), default="float32")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--timeout-seconds", type=float, default=300, help="for a silent process")
    return parser.parse_args(None if arguments is None else [*map(str, arguments)])


def _train(options):
    with join_processes(options.device, timeout_seconds=options.timeout_seconds) as processes:
        say = functools.partial(print, flush=True) if processes.rank == 0 else lambda *_: None
        if processes.count > 1:
            line = f"process {processes.rank} of {processes.count}: pid {os.getpid()}\n"
            # In one piece with its end: the lines of several processes must not run together.
            print(line, end="", flush=True)
        processes.first(lambda: options.folder.mkdir(parents=True, exist_ok=True))
        read = []  # process 0 reads first: what must be fetched is fetched once
        processes.first(lambda: read.append(_films(options)))
        train, validation, source = read.pop() if read else _films(options)
        for part in (train, validation):
            if isinstance(part, ShardedFilms):
                _check_shards(part, processes)
        say(f"data: {source}; {len(train)} films to train on, {len(validation)} to validate")
        model = MODELS[options.model](options.seed).to(getattr(torch, options.precision))
        path = options.folder / "run.pt"
        if path.exists():
            say(f"goes on from {path}")
        history = fit_distributed(
            model, train, validation=validation, processes=processes,
            epochs=options.epochs, batch_size=options.batch_size,
            optimizer=functools.partial(torch.optim.Adam, lr=options.learning_rate),
            loss=cross_entropy_in_precision, augment=augment if options.augment else None,
            patience=options.patience, seed=options.seed, progress=False,
            checkpoint=Checkpoint(path, resume=True),
            after_epoch=lambda history: say(_line(history, options.epochs)),
        )  # fmt: skip
        weights = options.folder / "model.pt"
        processes.first(lambda: save_model(weights, model, epoch=history.best_epoch) and None)
        say(f"{weights} holds the weights of epoch {history.best_epoch}, the best on validation")


def _films(options):
    """Return films to train on, others to validate on, and whose they are."""
    if options.films is not None and options.films < 1:
        raise ValueError(f"--films must be at least 1, got {options.films}")
    if options.data not in ("pneumonia", "phantom"):
        return _sharded(Path(options.data), options.films)
    if options.data == "phantom":
        count, rng = options.films or 400, np.random.default_rng(options.seed)
        films = make_cohort(rng, patients=count + 100, size=28, prevalence=0.5, films=(1, 1))
        films = Films(films.images, films.labels)
        return films[:count], films[count:], "synthetic phantoms, of no patient"
    data = load_pneumonia(fallback="phantom")
    rows = np.random.default_rng(options.seed).permutation(len(data.train))[: options.films]
    source = "synthetic phantoms, of NO patient: PneumoniaMNIST could not be had"
    source = source if data.is_synthetic else data.source
    return data.train[rows], data.validation, source


def _sharded(folder, films):
    """Return the films of two folders of shards; pixels are read when they are asked for."""
    if films is not None:
        raise ValueError(f"--films must not be given with shards, all of which are used: {films}")
    train, validation = (ShardedFilms(folder / part) for part in ("train", "validation"))
    for part in (train, validation):
        if part.shape[1:] != (1, 28, 28):
            raise ValueError(f"--data must be films (N, 1, 28, 28), got {part.shape} in {folder}")
    return train, validation, f"shards in {folder}"


def _check_shards(films, processes):
    """Let each process read every so-many-th shard, and tell the others after each.

    So none waits for longer than it takes to read a shard, however many there are.
    """
    for first in range(0, films.shards, processes.count):
        own = first + processes.rank
        processes.each(lambda own=own: own < films.shards and films.check(own, progress=False))


def _line(history, epochs):
    return (
        f"epoch {len(history)} of {epochs}: loss {history.train_loss[-1]:.4f}, on validation "
        f"{history.val_loss[-1]:.4f}, right there {history.val_accuracy[-1]:.1%}"
    )


if __name__ == "__main__":
    main()
