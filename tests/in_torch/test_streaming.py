"""Training on films in shards is training on the same films in memory."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from companion.data import ImagesInShards, ShardedFilms, write_shards
from companion.films import Films
from companion.in_torch import fit, predict
from companion.in_torch.checkpoint import Checkpoint, CheckpointError

SIZE = 8


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (50, SIZE, SIZE), np.uint8)


@pytest.fixture
def both(pixels, tmp_path):
    """The same films in memory and, seven a shard, on disk."""
    films = Films.from_pixels(pixels, np.arange(50) % 2)
    return films, write_shards(tmp_path / "shards", films, films_per_shard=7, progress=False)


def train(films, held, **options):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 1), nn.Flatten(0)
    )
    options = {"epochs": 3, "batch_size": 8, "progress": False} | options
    optimizer = partial(torch.optim.Adam, lr=1e-3)
    history = fit(model, films, validation=held, optimizer=optimizer, **options)
    return model, history


def flipped(images, rng):
    return np.ascontiguousarray(images[..., ::-1]) if rng.random() < 0.5 else images


@pytest.mark.parametrize("augment", [None, flipped])
def test_the_weights_are_exactly_those_of_films_in_memory(both, augment):
    films, sharded = both
    wanted, history = train(films, films, augment=augment)
    found, streamed = train(sharded, sharded, augment=augment)
    assert history == streamed
    for name, value in wanted.state_dict().items():
        assert torch.equal(value, found.state_dict()[name]), name


def test_predictions_are_exactly_those_of_films_in_memory(both):
    films, sharded = both
    model, _ = train(films, films, epochs=1)
    wanted = predict(model, films.images, batch_size=16)
    assert (predict(model, sharded.images, batch_size=16) == wanted).all()


def test_a_streamed_training_goes_on_where_it_was_interrupted(both, tmp_path):
    films, sharded = both
    wanted, _ = train(films, films, epochs=4)
    train(sharded, films, epochs=2, checkpoint=Checkpoint(tmp_path / "run.pt"))
    again = ShardedFilms(sharded.folder)
    going = Checkpoint(tmp_path / "run.pt", resume=True)
    found, _ = train(again, films, epochs=4, checkpoint=going)
    assert all(
        torch.equal(a, b) for a, b in zip(wanted.parameters(), found.parameters(), strict=True)
    )


def test_a_streamed_training_does_not_go_on_with_other_films(both, pixels, tmp_path):
    films, sharded = both
    train(sharded, films, epochs=1, checkpoint=Checkpoint(tmp_path / "run.pt"))
    changed = Films.from_pixels(255 - pixels, films.labels)
    other = write_shards(tmp_path / "other", changed, films_per_shard=7, progress=False)
    with pytest.raises(CheckpointError, match="is of another training: train films was 50, "):
        train(other, films, checkpoint=Checkpoint(tmp_path / "run.pt", resume=True))


def test_no_more_than_a_batch_is_read_at_once(both, monkeypatch):
    films, sharded = both
    read, taken = [], ImagesInShards.__getitem__
    monkeypatch.setattr(
        ImagesInShards,
        "__getitem__",
        lambda self, rows: read.append(len(rows)) or taken(self, rows),
    )
    train(sharded, films, epochs=1)
    assert sum(read) == 50
    assert max(read) == 8
