"""The training loop, its checkpoints and their guards."""

from __future__ import annotations

import os
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from companion.films import Films
from companion.in_torch.checkpoint import Checkpoint, CheckpointError, load_model, save_model
from companion.in_torch.models import DocumentCNN, PooledCNN, Rescaled
from companion.in_torch.training import choose_device, fit, predict

QUICK = partial(torch.optim.Adam, lr=0.01)


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
    both = Films(images, labels)
    return both[:32], both[32:]


def turned(films):
    """The same films with every label turned over."""
    return Films(films.images, 1 - films.labels)


def train(films, model=None, **options):
    learned, held = films
    model = Dropping() if model is None else model
    options = {"epochs": 4, "batch_size": 8, "progress": False, "optimizer": QUICK} | options
    return model, fit(model, learned, validation=held, **options)


def same(first, second):
    return all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


def test_it_learns(films):
    model, history = train(films, epochs=12)
    assert history.val_accuracy[history.best_epoch - 1] > 0.9
    assert history.train_loss[-1] < history.train_loss[0]
    assert predict(model, films[1].images)[films[1].labels == 1].mean() > 0.7


def test_the_same_seed_gives_the_same_weights_and_another_does_not(films):
    first, again, other = (train(films, seed=seed)[0] for seed in (5, 5, 6))
    assert same(first, again)
    assert not same(first, other)


def test_it_leaves_the_callers_randomness_alone(films):
    model = Dropping()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    train(films, model, epochs=1)
    assert torch.equal(torch.rand(1), expected)


def test_the_weights_of_the_best_epoch_are_kept(films):
    """With labels turned round on validation, learning makes it worse: the best comes early."""
    held = turned(films[1])
    model, history = train((films[0], held), epochs=6)
    chances = predict(model, held.images)
    loss = -np.log(np.where(held.labels == 1, chances, 1 - chances)).mean()
    assert loss == pytest.approx(min(history.val_loss), rel=1e-6)
    assert history.best_epoch == 1 + int(np.argmin(history.val_loss)) < 6


def test_it_stops_when_patience_runs_out(films):
    _, history = train((films[0], turned(films[1])), epochs=30, patience=2)
    assert len(history.val_loss) == history.best_epoch + 2 < 30


@pytest.mark.parametrize("patience", [0, -1])
def test_a_patience_below_one_is_refused(films, patience):
    with pytest.raises(ValueError, match=f"patience must be None or at least 1, got {patience}"):
        train(films, patience=patience)


@pytest.mark.parametrize("labels", [np.uint8, np.int8, np.float32, bool, list])
def test_labels_of_any_kind_give_the_same_training(films, labels):
    learned, held = films
    expected = train(films)[1]
    cast = list if labels is list else lambda values: values.astype(labels)
    recast = tuple(Films(part.images, cast(part.labels)) for part in (learned, held))
    assert train(recast)[1] == expected


def test_frozen_layers_stay_frozen_and_every_mode_is_left_as_it_was(films):
    model = PooledCNN(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    before = {name: module.training for name, module in model.named_modules()}
    statistics = {n: b.clone() for n, b in model.named_buffers()}
    train(films, model, epochs=2)
    predict(model, films[1].images)
    assert {name: module.training for name, module in model.named_modules()} == before
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, statistics[name]), name
    model.eval()
    train(films, model, epochs=1)
    assert not any(module.training for module in model.modules())
    assert not torch.equal(dict(model.named_buffers())["features.1.running_mean"], torch.zeros(24))


def test_divergence_is_an_error_that_names_epoch_and_batch(films):
    wild = partial(torch.optim.SGD, lr=float("inf"))
    with pytest.raises(FloatingPointError, match=r"loss is nan in epoch 1, batch 2: .*smaller"):
        train(films, optimizer=wild)
    model = Dropping()
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)
    with pytest.raises(FloatingPointError, match="answers 16 of 16 images with no number"):
        predict(model, films[1].images)


def test_a_schedule_and_a_loss_are_used(films):
    constant = train(films)[1]
    falling = train(
        films, schedule=partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.1)
    )
    assert falling[1].train_loss[0] == constant.train_loss[0]
    assert falling[1].train_loss[1] != constant.train_loss[1]

    def squared(logits, labels):
        return ((torch.sigmoid(logits) - labels) ** 2).mean()

    history = train(films, loss=squared)[1]
    assert max(history.val_loss) < 1
    assert history.val_loss != constant.val_loss


def test_augmentation_is_drawn_anew_for_each_epoch_and_from_the_seed(films):
    seen = []

    def record(images, rng):
        seen.append(rng.random())
        return images

    train(films, epochs=2, augment=record)
    assert len(set(seen)) == len(seen) == 8
    first, seen[:] = list(seen), []
    train(films, epochs=2, augment=record)
    assert seen == first


def test_the_device_is_the_best_there_is_or_the_one_named(monkeypatch):
    for cuda, mps, expected in ((1, 1, "cuda"), (0, 1, "mps"), (0, 0, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=cuda: bool(there))
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda there=mps: bool(there))
        assert choose_device().type == expected
        assert choose_device("cpu").type == "cpu"


def test_it_trains_on_another_device_and_brings_the_model_home(films):
    """The device "meta" computes nothing: that training gets there shows that it moves at all."""
    with pytest.raises((RuntimeError, NotImplementedError), match="[Mm]eta"):
        train(films, device="meta")
    model, _ = train(films, device="cpu", epochs=1)
    assert next(model.parameters()).device.type == "cpu"


@pytest.mark.parametrize("interrupted", [1, 3])
def test_a_resumed_run_equals_an_uninterrupted_one(films, tmp_path, interrupted):
    whole, history = train(films, epochs=5)
    path = tmp_path / "run.pt"
    train(films, epochs=interrupted, checkpoint=Checkpoint(path))
    resumed, resumed_history = train(films, epochs=5, checkpoint=Checkpoint(path, resume=True))
    assert same(whole, resumed)
    assert resumed_history == history


def test_a_resumed_run_keeps_its_schedule(films, tmp_path):
    options = {"schedule": partial(torch.optim.lr_scheduler.StepLR, step_size=2, gamma=0.5)}
    whole, history = train(films, epochs=5, **options)
    path = tmp_path / "run.pt"
    train(films, epochs=3, checkpoint=Checkpoint(path), **options)
    resumed, again = train(films, epochs=5, checkpoint=Checkpoint(path, resume=True), **options)
    assert same(whole, resumed)
    assert again == history


def test_a_checkpoint_is_never_overwritten_by_mistake(films, tmp_path):
    path = tmp_path / "run.pt"
    train(films, epochs=1, checkpoint=Checkpoint(path))
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"run\.pt exists: pass resume=True"):
        Checkpoint(path)
    assert path.read_bytes() == before


def brighter(images, rng):
    return np.clip(images * 1.1, 0, 1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 9}, "seed was 0, is 9"),
        ({"batch_size": 16}, "batch_size was 8, is 16"),
        ({"augment": brighter}, "augment was None, is .*brighter"),
        ({"loss": lambda logits, labels: (logits - labels).square().mean()}, "loss was .*lambda"),
        ({"optimizer": torch.optim.SGD}, "optimizer was Adam .* is SGD"),
        ({"optimizer": partial(torch.optim.Adam, lr=0.02)}, "optimizer was Adam .*0.02"),
        ({"schedule": partial(torch.optim.lr_scheduler.StepLR, step_size=1)}, "schedule was None"),
    ],
)
def test_resuming_another_training_is_refused_and_what_differs_is_named(
    films, tmp_path, change, named
):
    path = tmp_path / "run.pt"
    train(films, epochs=1, checkpoint=Checkpoint(path))
    model = Dropping()
    with pytest.raises(CheckpointError, match=named):
        train(films, model, epochs=2, checkpoint=Checkpoint(path, resume=True), **change)
    assert same(model, Dropping()), "refused, yet the model was changed"


def test_resuming_on_other_films_or_labels_is_refused(films, tmp_path):
    path = tmp_path / "run.pt"
    train(films, epochs=1, checkpoint=Checkpoint(path))
    learned, held = films
    for others, named in (
        ((learned[::-1], held), "train films was"),
        ((turned(learned), held), "train films was"),
        ((learned, held[:8]), "validation films was 16.* is 8"),
    ):
        with pytest.raises(CheckpointError, match=named):
            train(others, epochs=2, checkpoint=Checkpoint(path, resume=True))
    save_model(path, Dropping())
    with pytest.raises(CheckpointError, match="is of another training: batch_size was None"):
        train(films, epochs=2, checkpoint=Checkpoint(path, resume=True))


def test_predictions_do_not_depend_on_the_batch_and_leave_the_mode(films):
    model, images = Dropping().train(), films[0].images
    chances = predict(model, images)
    np.testing.assert_allclose(predict(model, images, batch_size=5), chances, rtol=1e-5)
    assert model.training
    assert chances.dtype == np.float64


@pytest.mark.parametrize("scale", [255, -1, np.nan])
def test_pixels_of_another_scale_are_refused_everywhere(films, scale):
    images = films[0].images * np.float32(scale)
    with pytest.raises(ValueError, match="images must be (in|finite)"):
        Films(images, films[0].labels)
    with pytest.raises(ValueError, match="images must be (in|finite)"):
        predict(Dropping(), images)
    with pytest.raises(ValueError, match="got dtype uint8; divide 8-bit pixels by 255"):
        predict(Dropping(), (films[0].images * 255).astype(np.uint8))


def test_a_rescaled_model_sees_multiplied_images(films):
    inner = Dropping().eval()
    images = torch.from_numpy(films[0].images)
    torch.testing.assert_close(Rescaled(inner, 3.0).eval()(images), inner(3 * images))


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


def test_the_last_weights_are_kept_if_asked_for(films):
    train, validation = films
    models = {}
    for keep in ("best", "last"):
        models[keep] = PooledCNN(widths=(4, 8), seed=1)
        history = fit(
            models[keep], train, validation=turned(validation),
            epochs=4, keep=keep, progress=False,
        )  # fmt: skip
    shorter = PooledCNN(widths=(4, 8), seed=1)
    fit(shorter, train, validation=train, epochs=history.best_epoch, keep="last", progress=False)
    best, last = (predict(models[keep], train.images) for keep in ("best", "last"))
    assert history.best_epoch < 4
    np.testing.assert_array_equal(best, predict(shorter, train.images))
    assert np.abs(best - last).max() > 1e-6
    with pytest.raises(ValueError, match="keep must be one of best, last, got 'first'"):
        fit(shorter, train, validation=train, keep="first")
