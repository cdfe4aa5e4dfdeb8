"""Weights in safetensors: read whole, into the model they belong to, or refused."""

from __future__ import annotations

import hashlib
import pickle

import pytest
import torch

from companion.bridges import (
    WeightFileError,
    check_digest,
    file_digest,
    load_weights,
    save_weights,
)
from companion.in_torch import DocumentCNN, PooledCNN


class Gift:
    """What a pickle may hold: a call that is made when the file is read."""

    def __reduce__(self):
        return print, ("this ran",)


@pytest.fixture
def saved(tmp_path):
    """A file of weights."""
    return save_weights(tmp_path / "a.safetensors", PooledCNN(widths=(4, 6), seed=1))


def weights(model):
    return torch.cat([value.double().flatten() for value in model.state_dict().values()])


@pytest.mark.parametrize("maps", range(1, 40))
def test_weights_come_back_to_the_last_bit_however_the_file_begins(tmp_path, maps):
    model = PooledCNN(widths=(maps,), seed=maps)
    path = save_weights(tmp_path / "a.safetensors", model)
    back = load_weights(path, PooledCNN(widths=(maps,)))
    assert torch.equal(weights(back), weights(model))
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_offered_as_weights_is_refused_and_not_run(tmp_path, capsys, protocol):
    path = tmp_path / "gift.safetensors"
    path.write_bytes(pickle.dumps(Gift(), protocol=protocol))
    with pytest.raises(WeightFileError, match="refused, it is a pickle"):
        load_weights(path, PooledCNN())
    assert capsys.readouterr().out == ""


def test_pytorch_s_own_archive_is_refused(tmp_path):
    torch.save(PooledCNN().state_dict(), tmp_path / "a.safetensors")
    with pytest.raises(WeightFileError, match="zip archive such as PyTorch writes"):
        load_weights(tmp_path / "a.safetensors", PooledCNN())


@pytest.mark.parametrize("kept", [0, 5, 8, 50, 1000, -1])
def test_a_truncated_file_is_refused_and_the_model_is_as_it_was(saved, kept):
    saved.write_bytes(saved.read_bytes()[:kept])
    model = PooledCNN(widths=(4, 6))
    before = weights(model)
    with pytest.raises(WeightFileError, match="damaged or other file"):
        load_weights(saved, model)
    assert torch.equal(weights(model), before)


def test_weights_of_another_architecture_are_refused_by_name(saved):
    with pytest.raises(WeightFileError, match="of the model PooledCNN, expected DocumentCNN"):
        load_weights(saved, DocumentCNN((1, 28, 28)))
    with pytest.raises(
        WeightFileError, match=r"classifier.weight: \(\(1, 6\).*expected \(\(1, 8\)"
    ):
        load_weights(saved, PooledCNN(widths=(4, 8)))
    with pytest.raises(FileNotFoundError):
        load_weights(saved.parent / "none", PooledCNN())


def test_weights_that_are_no_numbers_are_neither_written_nor_read(saved, tmp_path):
    from safetensors.torch import load_file, save_file

    model = PooledCNN(widths=(4, 6))
    content = load_file(saved)
    content["classifier.bias"][:] = torch.nan
    save_file(content, saved, metadata={"model": "PooledCNN"})
    with pytest.raises(WeightFileError, match=r"finite weights, classifier.bias does not"):
        load_weights(saved, model)
    model.classifier.bias.data[:] = torch.inf
    with pytest.raises(ValueError, match="model must hold finite weights"):
        save_weights(tmp_path / "b.safetensors", model)
    assert not (tmp_path / "b.safetensors").exists()


def test_the_digest_is_that_of_the_standard_library_and_tells_one_bit(saved):
    content = saved.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert file_digest(saved) == digest
    assert check_digest(saved, f" {digest.upper()}\n") == saved
    saved.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(WeightFileError, match="is not the file that was meant"):
        check_digest(saved, digest)


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, None, "a" * 63])
def test_what_is_no_digest_is_refused(saved, digest):
    with pytest.raises(ValueError, match="digest must be 64 hexadecimal digits"):
        check_digest(saved, digest)
