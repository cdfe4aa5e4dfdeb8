"""Two gloo processes on this machine train as one does, and end clearly when something is wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import two_processes
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from two_processes import ALONE, FILMS, MODELS, OPTIONS, PATIENT, train

from companion.in_torch import (
    Checkpoint,
    CheckpointError,
    PooledCNN,
    Processes,
    all_reduce_seconds,
    compare_weights,
    distributed,
    fit,
    group_norm,
    join_processes,
    processes,
    run_processes,
    save_model,
)

HERE = str(Path(two_processes.__file__).parent)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each of two processes has found, by the name of the training."""
    folder = tmp_path_factory.mktemp("both")
    begun = Checkpoint(folder / "begun.pt")
    train(MODELS["document"]().double(), ALONE, epochs=1, checkpoint=begun)
    run_processes("two_processes", [folder, "all"])
    return [torch.load(folder / f"process_{rank}.pt") for rank in (0, 1)]


def apart(first, second):
    """Return the greatest difference between two models' weights."""
    assert first["weights"].keys() == second["weights"].keys()
    return max((first["weights"][k] - second["weights"][k]).abs().max() for k in first["weights"])


class InDouble(nn.Module):
    """A model in float64 for the plain training, whose films are float32."""

    def __init__(self, model):
        super().__init__()
        self.model = model.double()

    def forward(self, images):
        return self.model(images.double())


@pytest.mark.parametrize("name", MODELS)
def test_two_processes_give_the_weights_of_plain_fit(both, name):
    model = MODELS[name]()
    history = fit(InDouble(model), FILMS, **OPTIONS)
    alone = {"weights": model.state_dict(), "history": vars(history)}
    for found in both:
        assert apart(found[name], alone) < 1e-12
        assert found[name]["history"].keys() == alone["history"].keys()
        for key, values in alone["history"].items():
            assert found[name]["history"][key] == pytest.approx(values, rel=1e-12)
    assert apart(found[name], {"weights": MODELS[name]().double().state_dict()}) > 1e-3


def test_both_processes_end_with_the_same_bits(both):
    for name in ("document", "pooled", "float32", "patient", "other start", "undisturbed"):
        assert apart(both[0][name], both[1][name]) == 0, name
        assert both[0][name]["history"] == both[1][name]["history"]


def test_float32_is_equal_up_to_its_rounding(both):
    assert apart(both[0]["float32"], train(MODELS["document"](), ALONE)) < 1e-5


def test_they_stop_early_together_and_follow_the_schedule(both):
    alone = train(MODELS["document"]().double(), ALONE, **PATIENT)
    assert len(alone["history"]["val_loss"]) < PATIENT["epochs"]
    for found in both:
        assert len(found["patient"]["history"]["val_loss"]) == len(alone["history"]["val_loss"])
        assert apart(found["patient"], alone) < 1e-12


def test_all_start_with_the_weights_of_process_0(both):
    assert apart(both[1]["other start"], both[0]["float32"]) == 0


def test_each_process_draws_dropout_of_its_own(both):
    first, second = (found["dropout"]["masks"] for found in both)
    assert first.shape == second.shape
    assert not torch.equal(first, second)
    alone = two_processes.drop(ALONE)["masks"]
    assert torch.equal(alone[0], first[0]), "process 0 draws what one process draws"


def test_what_one_process_began_two_go_on_with(both):
    alone = train(MODELS["document"]().double(), ALONE)
    assert all(apart(found["resumed"], alone) < 1e-12 for found in both)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("batch norm", "ValueError: model must not have batch normalisation .*'features.1'.*group"),
        ("small batch", "ValueError: batch_size must have a film for each of 2 processes, got 1"),
        ("few films", "ValueError: train must have a film for each of 2 processes, got 1"),
        ("other films", "ValueError: .* in process 1 train films is 25, .*, in process 0 25, "),
        ("drifting", "ProcessError: the processes' weights are .* apart: a layer of Counting"),
        ("other model", "CheckpointError: .*is of the model DocumentCNN, expected PooledCNN"),
        ("other seed", "CheckpointError: .*is of another training: seed was 0, is 9"),
        ("full disk", "OSError: "),
        ("bad shard", "DatasetCorrupt: .*pixels-00003.npy: its bytes have changed"),
    ],
)
def test_an_error_is_clear_in_both_processes(both, name, said):
    for found in both:
        assert isinstance(found[name], str), f"{name} went through"
        words = re.sub("^ProcessError: process [01] has stopped the training: ", "", found[name])
        assert re.match(said, words), words


def test_a_full_disk_leaves_the_old_checkpoint_and_nothing_half_written(both, tmp_path_factory):
    folder = next(tmp_path_factory.getbasetemp().glob("both*"))
    kept = torch.load(folder / "full.pt", weights_only=True)
    assert len(kept["history"]["val_loss"]) == 1
    assert not list(folder.glob("*.part"))


def test_after_the_loss_of_a_process_a_restart_ends_as_if_nothing_had_been(both, tmp_path):
    lines = []
    arguments = [tmp_path, "SIGKILL", "60"]
    run_processes("two_processes", arguments, restarts=1, on_line=lines.append)
    assert any("SIGKILL" in line or "exitcode: -9" in line for line in lines)
    found = torch.load(tmp_path / "run.pt", weights_only=True)
    assert len(found["history"]["val_loss"]) == 3
    found["weights"] = found["best"]
    assert apart(found, both[0]["undisturbed"]) == 0


@pytest.mark.parametrize(("kind", "timeout"), [("SIGKILL", 60), ("SIGSTOP", 1)])
def test_a_process_that_dies_or_falls_silent_ends_the_others_with_a_word(tmp_path, kind, timeout):
    """Without torchrun, which would end the others itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    known = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCHELASTIC_RESTART_COUNT": "0"}
    known |= {"PYTHONPATH": os.pathsep.join([HERE, *sys.path])}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "two_processes", tmp_path, kind, str(timeout)],
            env=os.environ | known | own, stderr=subprocess.PIPE, text=True,
        )
        for own in ({"RANK": r, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"} for r in "01")
    ]  # fmt: skip
    try:
        _, said = started[0].communicate(timeout=90)
    finally:
        for process in started:
            process.kill()
            process.communicate()
    assert "process 0 of 2 has lost contact with another one, which has died or does not" in said
    assert started[0].returncode == 1
    assert len(torch.load(tmp_path / "run.pt")["history"]["val_loss"]) == 1
    assert started[1].returncode == -signal.SIGKILL


def test_the_command_trains_says_what_it_did_and_goes_on(tmp_path, capsys):
    options = ["--folder", str(tmp_path / "new"), "--data", "phantom", "--films", "40"]
    said = run_processes("companion.in_torch.distributed", [*options, "--epochs", "1"])
    assert "data: synthetic phantoms, of no patient; 40 films to train on" in said
    assert said.count("epoch 1 of 1: loss ") == 1, "process 0 alone tells of an epoch"
    assert "model.pt holds the weights of epoch 1, the best on validation" in said
    distributed.main([*options, "--epochs", 2])
    said = capsys.readouterr().out
    assert "goes on from" in said
    assert "epoch 1 of" not in said
    assert "epoch 2 of 2: loss " in said
    with pytest.raises(SystemExit, match="process 0: CheckpointError: .*expected PooledCNN"):
        distributed.main([*options, "--model", "pooled"])
    with pytest.raises(
        SystemExit, match="process 0: ValueError: --films must be at least 1, got 0"
    ):
        distributed.main([*options, "--films", 0])


def test_the_command_says_when_its_films_are_of_no_patient(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(distributed, "load_pneumonia", lambda fallback: tiny_phantoms())
    monkeypatch.setattr(sys, "argv", ["x", "--folder", str(tmp_path), "--epochs", "1"])
    distributed.main()
    assert "synthetic phantoms, of NO patient: PneumoniaMNIST could not" in capsys.readouterr().out


def tiny_phantoms():
    """Stand in for the phantom cohort that takes the place of the real films."""
    images = np.random.default_rng(0).random((6, 1, 28, 28))
    films = type(FILMS)(images, np.arange(6) % 2)
    found = type("Data", (), {"train": films, "validation": films, "is_synthetic": True})
    found.source = "none"
    return found


def test_run_processes_hands_on_what_went_wrong(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="processes must be at least 1 and restarts 0, got 0, 0"):
        run_processes("this", processes=0)
    stand_in = tmp_path / "python"
    stand_in.write_text("#!/bin/sh\necho much noise\necho process 1: it was so >&2\nexit 3\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    with pytest.raises(
        RuntimeError, match="^module has ended with an error:\nprocess 1: it was so"
    ):
        run_processes("module")


def test_the_weights_of_two_files_are_compared(tmp_path):
    first, second, other = (tmp_path / name for name in ("a.pt", "b.pt", "c.pt"))
    save_model(first, nn.Linear(2, 1))
    save_model(second, nn.Linear(2, 1))
    save_model(other, nn.Linear(3, 1))
    assert compare_weights(first, first) == 0
    assert compare_weights(first, second) > 0
    with pytest.raises(
        CheckpointError, match=r"c\.pt: is of the model Linear, expected Linear with"
    ):
        compare_weights(first, other)


@given(total=st.integers(0, 60), count=st.integers(1, 9))
def test_the_shares_make_up_the_batch_and_differ_by_a_film_at_most(total, count):
    shares = [Processes(rank, count).share(total) for rank in range(count)]
    assert [row for share in shares for row in range(total)[share]] == list(range(total))
    sizes = {share.stop - share.start for share in shares}
    assert max(sizes) - min(sizes) <= 1


def test_each_process_gets_a_cuda_device_of_its_own(monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    for local, expected in (("0", "cuda:0"), ("1", "cuda:1")):
        monkeypatch.setenv("LOCAL_RANK", local)
        assert str(processes._own_device("auto", 2)) == expected
    assert chosen == [0, 1]
    assert str(processes._own_device("cpu", 2)) == "cpu"
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ValueError, match="no more processes on a machine than CUDA devices: .* 2,"):
        processes._own_device("cuda", 3)


def test_without_cuda_several_processes_take_the_processor(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert processes._own_device("auto", 2).type == "cpu"
    assert processes._own_device("auto", 1).type == "mps"
    with pytest.raises(ValueError, match="device must be 'cpu' or 'cuda' for several .* got 'mps'"):
        processes._own_device("mps", 2)
    with (
        pytest.raises(ValueError, match="timeout_seconds must be above 0, got 0"),
        join_processes(timeout_seconds=0),
    ):
        pass


def test_group_norm_takes_the_place_of_batch_norm_and_keeps_the_weights():
    model = PooledCNN(widths=(24, 20))
    for number, parameter in enumerate(model.parameters()):
        nn.init.constant_(parameter, number + 1)
    made = group_norm(model.eval())
    kinds = [type(layer) for layer in made.modules()]
    assert nn.BatchNorm2d not in kinds
    assert kinds.count(nn.GroupNorm) == 2
    assert all(map(torch.equal, model.parameters(), made.parameters()))
    assert not any(layer.training for layer in made.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in model.modules()), "the old one stays"
    one, more = torch.rand(1, 1, 8, 8), torch.rand(3, 1, 8, 8)
    together = made.train()(torch.cat([one, more]))
    torch.testing.assert_close(together[:1], made(one), msg="a film's output needs no other film")
    with pytest.raises(ValueError, match="groups must be at least 1, got 0"):
        group_norm(model, groups=0)
    with pytest.raises(ValueError, match=r"'1' must know its channels, got LazyBatchNorm2d\(0"):
        group_norm(nn.Sequential(nn.ReLU(), nn.LazyBatchNorm2d()))


def test_a_ring_sends_less_than_two_gradients_a_worker():
    """By hand: 3 workers, 3 million numbers: each sends 4 parts of a million, at 8 Gbit/s."""
    times = {"bandwidth_gbit_per_s": 8, "latency_seconds": 0.001}
    assert all_reduce_seconds(3e6, 3, **times) == pytest.approx(4 * 1e6 * 4 / 1e9 + 4 * 0.001)
    assert all_reduce_seconds(3e6, 1, **times) == 0
    many = all_reduce_seconds(1e9, 10_000, bandwidth_gbit_per_s=8)
    assert 0.999 * 8 < many < 8
    with pytest.raises(ValueError, match="bandwidth_gbit_per_s must be above 0, got 0"):
        all_reduce_seconds(1, 2, bandwidth_gbit_per_s=0)
    with pytest.raises(ValueError, match="workers and bytes_each 1, got 1, 0.0, 0 and 4"):
        all_reduce_seconds(1, 0, bandwidth_gbit_per_s=1)


def test_a_bad_shard_is_told_by_the_process_that_has_read_it(both):
    first, second = (found["bad shard"] for found in both)
    assert first.startswith("ProcessError: process 1 has stopped the training: DatasetCorrupt")
    assert second.startswith("DatasetCorrupt")
