"""Hospitals train together as one would with all films, where theory says so."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from companion.films import Films
from companion.in_torch import DocumentCNN, train_epoch
from companion.in_torch.training import weights_of
from companion.studies import average_weights, deal_hospitals, fit_federated


@given(seed=st.integers(0, 200))
def test_hospitals_share_no_film_and_have_what_they_were_promised(seed):
    labels = np.arange(400) % 2
    dealt = deal_hospitals(labels, [100, 60, 20], [0.9, 0.5, 0.2], np.random.default_rng(seed))
    rows = np.concatenate(dealt)
    assert len(rows) == len(np.unique(rows)) == 180
    assert [int(labels[own].sum()) for own in dealt] == [90, 30, 4]


@pytest.mark.parametrize(
    ("sizes", "shares", "message"),
    [
        ([10], [0.5, 0.5], "one a hospital, got 1 and 2"),
        ([10, 10], [0.8, 0.8], "needs 8 of label 1, expected 1 to 2, which are left"),
        ([10], [0.0], "needs 0 of label 1"),
    ],
)
def test_hospitals_that_the_pool_cannot_fill_are_refused(sizes, shares, message):
    with pytest.raises(ValueError, match=message):
        deal_hospitals(np.arange(20) % 2, sizes, shares, np.random.default_rng(0))


def test_one_step_of_each_averages_to_the_step_of_all_films():
    rng = np.random.default_rng(0)
    images, labels = rng.random((30, 1, 22, 22), dtype=np.float32), rng.integers(0, 2, 30)

    def after_one_step(rows):
        model = DocumentCNN((1, 22, 22), seed=3).double()
        batch = torch.from_numpy(images[rows]).double(), torch.from_numpy(labels[rows]).double()
        train_epoch(model, [batch], torch.optim.SGD(model.parameters(), lr=0.1))
        return weights_of(model)

    parts = [slice(0, 15), slice(15, 25), slice(25, 30)]
    common = average_weights([after_one_step(rows) for rows in parts], [15, 10, 5])
    for name, value in after_one_step(slice(0, 30)).items():
        torch.testing.assert_close(common[name], value, rtol=1e-9, atol=1e-12)
    # A plain mean is not that step: what a planted fault would give.
    plain = average_weights([after_one_step(rows) for rows in parts], [1, 1, 1])
    assert max(abs(plain[name] - common[name]).max() for name in plain) > 1e-6


def test_the_order_of_the_hospitals_does_not_matter():
    parts = [{"w": torch.tensor([value])} for value in (0.1, 0.7, 0.3)]
    one = average_weights(parts, [1, 2, 3])["w"]
    other = average_weights(parts[::-1], [3, 2, 1])["w"]
    assert one.item() == other.item() == pytest.approx((0.1 + 1.4 + 0.9) / 6)


def test_counters_are_not_averaged():
    layers = [nn.BatchNorm2d(2) for _ in range(2)]
    layers[1].num_batches_tracked += 7
    mean = average_weights([layer.state_dict() for layer in layers], [1, 3])
    assert mean["num_batches_tracked"].item() == 0


@pytest.mark.parametrize(
    ("weights", "films", "message"),
    [
        ([{"w": torch.zeros(1)}], [1, 2], "one a hospital, got 1 and 2"),
        ([{"w": torch.zeros(1)}], [0], r"films must be above 0, got \[0\]"),
        ([{"w": torch.zeros(1)}, {"w": torch.zeros(2)}], [1, 1], "one architecture"),
    ],
)
def test_models_that_have_no_mean_are_refused(weights, films, message):
    with pytest.raises(ValueError, match=message):
        average_weights(weights, films)


def test_training_ends_with_the_weights_of_its_best_round():
    rng = np.random.default_rng(1)
    pixels = rng.random((60, 1, 2, 2))
    films = Films(pixels, (pixels.mean(axis=(1, 2, 3)) > 0.5).astype(int))
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    losses = fit_federated(
        model, [films[:30], films[30:50]], validation=films[50:], rounds=6,
        optimizer=lambda weights: torch.optim.SGD(weights, lr=30.0),
    )  # fmt: skip
    logits = model(torch.from_numpy(films[50:].images)).double()
    truth = torch.from_numpy(films[50:].labels).double()
    loss = nn.functional.binary_cross_entropy_with_logits(logits, truth).item()
    assert loss == pytest.approx(min(losses), rel=1e-5)


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"local_epochs": 0}, {"batch_size": 0}])
def test_numbers_below_one_are_refused(wrong):
    films = Films(np.zeros((4, 1, 2, 2)), [0, 1, 0, 1])
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be at least 1, got 0"):
        fit_federated(model, [films], validation=films, **wrong)
    with pytest.raises(ValueError, match="hospitals must be at least one"):
        fit_federated(model, [], validation=films)
