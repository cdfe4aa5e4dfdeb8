"""The training loop, its checkpoints and their guards."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from companion.in_torch import training as torch_training
from companion.in_torch.checkpoint import CheckpointError, load_model, save_model
from companion.in_torch.models import DocumentCNN
from companion.in_torch.training import fit, predict


class Dropping(nn.Module):
    """A small model with dropout, so that its randomness is seen."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.LazyLinear(1)
        )
        generator = torch.Generator().manual_seed(0)
        self(torch.zeros(1, 1, 8, 8))
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.2, generator=generator)

    def forward(self, images):
        return self.layers(images)[:, 0]


@pytest.fixture
def films(rng):
    """Films with a bright square where the label is 1, and others to validate on."""
    labels = np.arange(48) % 2
    images = rng.random((48, 1, 8, 8), dtype=np.float32) * 0.6
    images[labels == 1, :, 2:5, 2:5] += 0.4
    return images[:32], labels[:32], (images[32:], labels[32:])


def train(films, **options):
    images, labels, validation = films
    model = Dropping()
    options = {"epochs": 4, "batch_size": 8, "progress": False, "learning_rate": 0.01} | options
    return model, fit(model, images, labels, validation=validation, **options)


def same(first, second):
    return all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


def test_it_learns(films):
    model, history = train(films, epochs=12)
    assert history.val_accuracy[history.best_epoch - 1] > 0.9
    assert history.train_loss[-1] < history.train_loss[0]
    assert predict(model, films[2][0])[films[2][1] == 1].mean() > 0.7


def test_the_same_seed_gives_the_same_weights_and_another_does_not(films):
    first, again, other = (train(films, seed=seed)[0] for seed in (5, 5, 6))
    assert same(first, again)
    assert not same(first, other)


def test_it_leaves_the_callers_randomness_alone(films):
    images, labels, validation = films
    model = Dropping()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    fit(model, images, labels, validation=validation, epochs=1, progress=False)
    assert torch.equal(torch.rand(1), expected)


def test_the_weights_of_the_best_epoch_are_kept(films):
    """With labels turned round on validation, learning makes it worse: the best comes early."""
    images, labels, (held, truth) = films
    model = Dropping()
    options = {"epochs": 6, "learning_rate": 0.01, "progress": False, "precision": "float32"}
    history = fit(model, images, labels, validation=(held, 1 - truth), **options)
    chances = predict(model, held)
    loss = -np.log(np.where(truth == 0, chances, 1 - chances)).mean()
    assert loss == pytest.approx(min(history.val_loss), rel=1e-6)
    assert history.best_epoch == 1 + int(np.argmin(history.val_loss)) < 6


def test_it_stops_when_patience_runs_out(films):
    images, labels, (held, truth) = films
    options = {"epochs": 30, "progress": False, "patience": 2, "learning_rate": 0.01}
    history = fit(Dropping(), images, labels, validation=(held, 1 - truth), **options)
    assert history.stopped_early
    assert len(history.val_loss) == history.best_epoch + 2 < 30


@pytest.mark.parametrize("interrupted", [1, 3])
def test_a_resumed_run_equals_an_uninterrupted_one(films, tmp_path, interrupted):
    whole, history = train(films, epochs=5)
    path = tmp_path / "run.pt"
    train(films, epochs=interrupted, checkpoint=path)
    resumed, resumed_history = train(films, epochs=5, checkpoint=path, resume=True)
    assert same(whole, resumed)
    assert resumed_history == history


def test_a_checkpoint_is_never_overwritten_by_mistake(films, tmp_path):
    path = tmp_path / "run.pt"
    train(films, epochs=1, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"run\.pt exists: pass resume=True"):
        train(films, epochs=1, checkpoint=path)
    assert path.read_bytes() == before


def test_resuming_with_other_settings_is_refused(films, tmp_path):
    path = tmp_path / "run.pt"
    train(films, epochs=1, checkpoint=path)
    with pytest.raises(CheckpointError, match="'seed': 0.* now .*'seed': 9"):
        train(films, epochs=2, checkpoint=path, resume=True, seed=9)
    save_model(path, Dropping())
    with pytest.raises(CheckpointError, match="made with None"):
        train(films, epochs=2, checkpoint=path, resume=True)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_every_precision_learns_the_same_task(films, precision):
    _, history = train(films, epochs=12, precision=precision)
    assert max(history.val_accuracy) > 0.85


def test_auto_takes_bfloat16_only_where_the_processor_has_it(monkeypatch):
    for capable in (True, False):
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda c=capable: {"avx512_bf16": c}, raising=False
        )
        with torch_training._autocast("auto")():
            assert torch.is_autocast_enabled("cpu") == capable
    with pytest.raises(ValueError, match="got 'float16'"):
        torch_training._autocast("float16")


def test_predictions_do_not_depend_on_the_batch_and_leave_the_mode(films):
    model = Dropping().train()
    chances = predict(model, films[0])
    np.testing.assert_allclose(predict(model, films[0], batch_size=5), chances, rtol=1e-5)
    assert model.training
    assert chances.dtype == np.float64


def test_unscaled_films_are_refused_unless_their_range_is_named(films):
    images, labels, validation = films
    with pytest.raises(ValueError, match="divide 8-bit pixels by 255"):
        fit(Dropping(), images * 255, labels, validation=validation, progress=False)
    with pytest.raises(ValueError, match="validation must be within"):
        fit(Dropping(), images, labels, validation=(images * 255, labels), progress=False)
    wide = (images * 255, labels)
    history = fit(
        Dropping(), *wide, validation=wide, value_range=(0, 255), epochs=1, progress=False
    )
    assert len(history.val_loss) == 1


def test_saving_and_loading_changes_nothing(tmp_path):
    model, other = DocumentCNN((1, 28, 28), seed=1), DocumentCNN((1, 28, 28), seed=2)
    save_model(tmp_path / "a.pt", model, note="hello")
    assert load_model(tmp_path / "a.pt", other) == {"note": "hello"}
    assert same(model, other)


def test_a_checkpoint_of_another_model_is_named(tmp_path):
    save_model(tmp_path / "a.pt", DocumentCNN((1, 28, 28)))
    target = DocumentCNN((3, 28, 28), seed=7)
    with pytest.raises(
        CheckpointError, match=r"features\.0\.weight: \(32, 1, 3, 3\), expected \(32, 3, 3, 3\)"
    ):
        load_model(tmp_path / "a.pt", target)
    assert same(target, DocumentCNN((3, 28, 28), seed=7))
    with pytest.raises(CheckpointError, match="is of the model DocumentCNN, expected Linear"):
        load_model(tmp_path / "a.pt", nn.Linear(1, 1))


class Trap:
    """Unpickling it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        """Run code on loading."""
        return (os.mkdir, (str(self.path),))


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path):
    torch.save({"model": "Linear", "weights": Trap(tmp_path / "sprung")}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(CheckpointError, match="refused"):
            load_model(tmp_path / name, nn.Linear(1, 1))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>", b"\x80\x04N."])
def test_what_is_no_checkpoint_is_named(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"a\.pt"):
        load_model(tmp_path / "a.pt", nn.Linear(1, 1))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.floats(0, 0.99))
def test_a_truncated_checkpoint_is_named_and_the_model_untouched(tmp_path, cut):
    save_model(tmp_path / "a.pt", nn.Linear(3, 2))
    content = (tmp_path / "a.pt").read_bytes()
    (tmp_path / "b.pt").write_bytes(content[: int(cut * len(content))])
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    with pytest.raises(CheckpointError, match=r"b\.pt"):
        load_model(tmp_path / "b.pt", model)
    assert torch.equal(model.weight, before)


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = save_model(tmp_path / "a.pt", nn.Linear(1, 1))
    before = path.read_bytes()

    def full(content, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(path, nn.Linear(1, 1))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]
