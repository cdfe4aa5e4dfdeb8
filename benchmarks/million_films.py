"""A million synthetic films in shards: what reading them takes of memory and time; stores a table.

Run ``python benchmarks/million_films.py FOLDER``, on Linux; FOLDER needs 0.9 GB and keeps the
films, so that a second run makes none. They are synthetic twice over: some thousand phantoms,
each moved, brightened and made noisy anew many times.

Memory is RssAnon of /proc/self/status: what the process alone holds. RssFile, which is given
beside it, are pages of the mapped files; the system takes them back when memory is short, so it
may be as large as the files. USS would count them too, and so would not show what is flat.
Every measurement is a process of its own. Sampled: after opening, and every 50 batches.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from provenance import provenance, store

from companion.data import ShardedFilms, make_cohort, write_shards
from companion.films import Films

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "million_films.json"
SIZES = (10_000, 100_000, 1_000_000)
PHANTOMS, PER_SHARD, BATCH, WINDOW = 4000, 10_000, 64, 8
WAYS = ("in memory", "in order", "in windows", "shuffled", "training")
#: More than the process has at the beginning, in MB: the films need 784 as bytes, 3136 as floats.
LIMIT_MB = 256


def make_films(folder, count, rng):
    """Write so many films, each a phantom that is moved, brightened and made noisy."""
    made = make_cohort(rng, patients=PHANTOMS, size=28, films=(1, 1))
    wide = np.pad(made.images[:, 0], ((0, 0), (2, 2), (2, 2)), mode="edge")
    moved = np.lib.stride_tricks.sliding_window_view(wide, (28, 28), axis=(1, 2))

    def parts():
        for _ in range(0, count, PER_SHARD):
            rows = rng.integers(PHANTOMS, size=PER_SHARD)
            images = moved[rows, *rng.integers(5, size=(2, PER_SHARD))]
            gain, lift = rng.uniform([[0.9], [-0.05]], [[1.1], [0.05]], (2, PER_SHARD))
            images = images * gain[:, None, None] + lift[:, None, None]
            images += 0.02 * rng.standard_normal(images.shape, np.float32)
            yield Films(images.clip(0, 1)[:, None], made.labels[rows])

    write_shards(folder, parts(), films_per_shard=PER_SHARD, progress=False)


def memory():
    """Return what the process holds, in MB, by the names of /proc/self/status."""
    lines = Path("/proc/self/status").read_text("utf8").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return {name: int(found[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile", "VmData")}


def bytes_read():
    """Return how many bytes this process has made the disk read."""
    lines = Path("/proc/self/io").read_text("utf8").splitlines()
    return int(dict(line.split(": ") for line in lines)["read_bytes"])


def drop_from_cache(folder):
    """Ask the system to forget the files, which nobody maps now: the next reading is a first."""
    for path in folder.glob("*.npy"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def batches(films, way):
    """Return the batches of one epoch."""
    rng = np.random.default_rng(0)
    if way == "in windows":
        return films.batches(BATCH, rng, window=min(WINDOW, films.shards))
    return films.batches(BATCH, None if way == "in order" else rng)


def measure(folder, way, *, limited, first):
    """Stream an epoch, or its first films, in this process and return what it took."""
    if way == "training":
        importlib.import_module("companion.in_torch.training")  # its memory is not the films'
    before = memory()
    peak, start, read = dict(before), time.perf_counter(), bytes_read()
    if limited:
        most = int((before["VmData"] + LIMIT_MB) * 2**20)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    try:
        films = ShardedFilms(folder)
        count = first or len(films)
        if way == "training":
            train(films, peak)
        else:
            if way == "in memory":
                films = films[:]
                given = (films[i : i + BATCH] for i in range(0, len(films), BATCH))
            else:
                given = batches(films, way)
            stream(given, count, peak)
    except MemoryError as problem:
        return {"way": way, "refused": type(problem).__name__}
    seconds = time.perf_counter() - start
    return {
        "way": way, "films": count, "films_per_s": round(count / seconds),
        "before_mb": round(before["RssAnon"], 1), "anonymous_mb": round(peak["RssAnon"], 1),
        "mapped_mb": round(peak["RssFile"] - before["RssFile"], 1),
        "disk_bytes_a_film": round((bytes_read() - read) / count),
    }  # fmt: skip


def stream(given, count, peak):
    """Take batches until there were so many films, and note the peak of memory."""
    seen = 0
    for number, films in enumerate(given):
        seen += len(films)
        if number % 50 == 0:
            peak.update({name: max(peak[name], now) for name, now in memory().items()})
        if seen >= count:
            return


def train(films, peak):
    """Train a small network for an epoch with the book's own loop."""
    import torch
    from torch import nn

    from companion.in_torch import fit

    model = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(512, 1), nn.Flatten(0)
    )
    steps = iter(range(10**9))

    def noted(found, labels):
        if next(steps) % 50 == 0:
            peak.update({name: max(peak[name], now) for name, now in memory().items()})
        return torch.nn.functional.binary_cross_entropy_with_logits(found, labels)

    options = {"epochs": 1, "batch_size": BATCH, "loss": noted, "progress": False}
    fit(model, films, validation=films[:1000], **options)


def mixing():
    """Return how far the share of ill films in a batch varies if all ill come first.

    The standard deviation over batches of 64; .5 / 8 = .0625 if every film is drawn alone.
    """
    films = Films(np.linspace(0, 1, 20_000).reshape(-1, 1, 1, 1), np.arange(20_000) < 10_000)
    with tempfile.TemporaryDirectory() as folder:
        sharded = write_shards(folder, films, films_per_shard=200, progress=False)
        return {
            way: round(float(np.std([b.labels.mean() for b in batches(sharded, way)])), 3)
            for way in ("in order", "in windows", "shuffled")
        }


def apart(folder, way, *options):
    """Measure in a process of its own."""
    command = [sys.executable, __file__, str(folder), "--way", way, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(options, found, flush=True)
    return found


def main():
    """Make the films, measure each way in a process of its own, and store the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--way", choices=WAYS, help="measure only this, here")
    parser.add_argument("--limited", action="store_true")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--train-up-to", type=int, default=100_000, help="no larger training")
    given = parser.parse_args()
    if given.way:
        found = measure(given.folder, given.way, limited=given.limited, first=given.first)
        print(json.dumps(found))
        return
    made, folders = provenance(), {size: given.folder / str(size) for size in SIZES}
    for size, folder in folders.items():
        start = time.perf_counter()
        if not folder.exists():
            make_films(folder, size, np.random.default_rng([16, size]))
        print(f"{size} films are there after {time.perf_counter() - start:.0f} s", flush=True)
    largest, table = folders[SIZES[-1]], {}
    start = time.perf_counter()
    ShardedFilms(largest).check(progress=False)
    table["check_s"] = round(time.perf_counter() - start, 1)
    table["epochs"] = [
        apart(folders[size], way)
        for size in SIZES
        for way in (WAYS if size <= given.train_up_to else WAYS[:4])
    ]
    table["limit_mb"] = LIMIT_MB
    table["limited"] = [apart(largest, way, "--limited") for way in WAYS[:4]]
    table["cold"] = []
    for way in WAYS[1:4]:
        for first in ("0", "1000"):
            drop_from_cache(largest)
            table["cold"].append(apart(largest, way, "--first", first))
    table["mixing"] = mixing()
    about = {"phantoms": PHANTOMS, "films_per_shard": PER_SHARD, "batch": BATCH, "window": WINDOW}
    store(json.dumps(made | about | table).replace("{", "\n{"), STORED)


if __name__ == "__main__":
    main()
