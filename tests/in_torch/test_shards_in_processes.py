"""Several processes train from shards on disk; shards that cannot be right end them first."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from companion.data import write_shards
from companion.films import Films
from companion.in_torch import (
    Checkpoint,
    DocumentCNN,
    Processes,
    compare_weights,
    distributed,
    fit_distributed,
    run_processes,
)
from companion.in_torch.parallel import cross_entropy_in_precision


def test_two_processes_on_shards_end_with_the_weights_of_one_in_memory(tmp_path):
    """The films lie in shards of seven; one process holds them in memory."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 28, 28), np.uint8)
    films = Films.from_pixels(pixels, np.arange(40) % 2)
    parts = {"train": films[:30], "validation": films[30:]}
    for name, part in parts.items():
        write_shards(tmp_path / name, part, films_per_shard=7, progress=False)
    work = ["--data", str(tmp_path), "--epochs", 2, "--batch-size", 10, "--precision", "float64"]
    said = run_processes(
        "companion.in_torch.distributed", [*work, "--folder", str(tmp_path / "out")], processes=2
    )
    assert f"data: shards in {tmp_path}; 30 films to train on, 10 to validate" in said
    plain = DocumentCNN((1, 28, 28), seed=0).double()
    fit_distributed(
        plain, parts["train"], validation=parts["validation"], processes=Processes(), epochs=2,
        batch_size=10, loss=cross_entropy_in_precision, progress=False, checkpoint=Checkpoint(
            tmp_path / "plain.pt"),
    )  # fmt: skip
    assert compare_weights(tmp_path / "plain.pt", tmp_path / "out" / "run.pt") < 1e-9


def test_bad_shards_end_the_command_before_any_training(tmp_path):
    films = Films.from_pixels(np.zeros((4, 28, 28), np.uint8), [0, 1, 0, 1])
    small = Films.from_pixels(np.zeros((4, 20, 20), np.uint8), [0, 1, 0, 1])
    work = ["--data", tmp_path, "--folder", tmp_path / "out", "--epochs", 1]

    def refused(word, *more):
        with pytest.raises(SystemExit, match=word):
            distributed.main([*work, *more])

    refused("process 0: FileNotFoundError: .*train")
    write_shards(tmp_path / "train", films, films_per_shard=4, progress=False)
    write_shards(tmp_path / "validation", small, films_per_shard=4, progress=False)
    refused(r"--data must be films \(N, 1, 28, 28\), got \(4, 1, 20, 20\)")
    refused("--films must not be given with shards", "--films", 2)
    shutil.rmtree(tmp_path / "validation")
    write_shards(tmp_path / "validation", films, films_per_shard=4, progress=False)
    shard = tmp_path / "validation" / "pixels-00000.npy"
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    refused("process 0: DatasetCorrupt: .*pixels-00000.npy")
    assert not list((tmp_path / "out").glob("*.pt"))
