"""One task four ways: the same losses and the same answers, from one start."""

from __future__ import annotations

import numpy as np
import pytest

from companion.bridges import (
    run_way,
    same_start,
    train_with_keras,
    train_with_numpy,
    train_with_torch,
)
from companion.films import Films

IN_PROCESS = {"numpy": train_with_numpy, "torch": train_with_torch, "keras": train_with_keras}


@pytest.fixture(scope="module")
def films():
    """A task that can be learned: bright pictures are 1."""
    rng, labels = np.random.default_rng(5), np.arange(48) % 2
    images = rng.random((48, 1, 28, 28)) * (0.5 + 0.5 * labels[:, None, None, None])
    return Films(images, labels)


@pytest.fixture(scope="module")
def starts():
    """One random start in three orders."""
    return same_start(2)


@pytest.fixture(scope="module")
def expected(films, starts):
    """What NumPy finds."""
    return train_with_numpy(films, starts["numpy"], epochs=2, learning_rate=0.02)


@pytest.mark.parametrize("order", ["torch", "keras"])
def test_the_frameworks_find_what_numpy_finds(order, films, starts, expected):
    losses, probabilities = IN_PROCESS[order](films, starts[order], epochs=2, learning_rate=0.02)
    np.testing.assert_allclose(losses, expected[0], rtol=1e-5)
    np.testing.assert_allclose(probabilities, expected[1], atol=1e-5)
    assert losses[1] < losses[0]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["NumPy", "PyTorch", "Keras on TensorFlow", "Keras on PyTorch"])
def test_each_way_finds_it_in_a_process_of_its_own_and_says_what_it_cost(
    way, films, starts, expected
):
    found = run_way(way, films, starts, epochs=2, learning_rate=0.02, timed=way == "NumPy")
    np.testing.assert_allclose(found.losses, expected[0], rtol=1e-5)
    np.testing.assert_allclose(found.probabilities, expected[1], atol=1e-5)
    assert found.peak_bytes > 20e6
    assert np.isfinite(found.epoch_s) == (way == "NumPy")


def test_a_last_batch_that_is_smaller_counts_by_its_films(films, starts):
    found = [IN_PROCESS[o](films, starts[o], epochs=1, batch_size=20)[0][0] for o in IN_PROCESS]
    np.testing.assert_allclose(found, found[0], rtol=1e-5)


def test_the_start_is_left_as_it_was(films, starts, expected):
    again = train_with_numpy(films, starts["numpy"], epochs=2, learning_rate=0.02)
    np.testing.assert_array_equal(again[1], expected[1])


@pytest.mark.parametrize("train", IN_PROCESS.values())
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"films": Films(np.zeros((2, 1, 30, 30)), [0, 1])}, r"films must be of shape"),
        ({"films": np.zeros((2, 1, 28, 28))}, "films must be Films, got ndarray"),
        ({"epochs": 0}, "epochs and batch_size must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0"),
    ],
)
def test_another_task_is_refused_before_any_work(train, changed, said, films):
    given = {"films": films, "start": None} | changed
    with pytest.raises(ValueError, match=said):
        train(given.pop("films"), given.pop("start"), **given)


def test_an_unknown_way_is_refused_by_name(films, starts):
    with pytest.raises(ValueError, match="way must be one of NumPy, PyTorch, .*, got 'JAX'"):
        run_way("JAX", films, starts)


def test_a_process_that_fails_says_why(films, starts):
    broken = {**starts, "numpy": starts["numpy"][:9]}
    with pytest.raises(RuntimeError, match="NumPy failed"):
        run_way("NumPy", films, broken)
