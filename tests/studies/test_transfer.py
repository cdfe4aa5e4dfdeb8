"""The last layer is logistic regression folded into weights; intervals add up in squares."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import t as student

from companion.evaluation import Estimate
from companion.films import Films
from companion.in_torch import TransferCNN, frozen_features, predict
from companion.studies import fine_tune, learn_head, learn_logistic, over_seeds


@pytest.fixture
def films(rng):
    """Bright pictures are 1."""
    labels = np.arange(24) % 2
    return Films(rng.random((24, 1, 28, 28)) * (0.6 + 0.4 * labels[:, None, None, None]), labels)


def test_the_head_answers_as_the_regression_on_the_features_does(films):
    train, selection = films[:16], films[16:]
    by_regression = learn_logistic(
        train, selection, features=lambda images: frozen_features(images, size=32).astype(float)
    )
    model = learn_head(train, selection, size=32)
    np.testing.assert_allclose(
        predict(model, films.images), by_regression(films.images), rtol=0, atol=2e-3
    )


def test_fine_tuning_moves_the_backbone_and_keeps_the_best_epoch(films):
    model = learn_head(films[:16], films[16:], size=32)
    before = model.backbone._conv_head.weight.clone()
    assert fine_tune(model, films[:16], films[16:], updates=2, learning_rate=1e-4) is model
    assert not torch.equal(before, model.backbone._conv_head.weight)
    with pytest.raises(ValueError, match="updates must be at least 1, got 0"):
        fine_tune(model, films, films, updates=0)
    assert TransferCNN(size=32).pretrained


def test_the_interval_is_the_root_of_the_squares_of_both():
    seeds = [Estimate(v, v - 0.1, v + 0.2) for v in (0.1, 0.3, 0.5)]
    found, half = over_seeds(seeds), student.ppf(0.975, 2) * 0.2 / 3**0.5
    assert found.value == pytest.approx(0.3)
    assert found.low == pytest.approx(0.3 - (half**2 + 0.1**2) ** 0.5)
    assert found.high == pytest.approx(0.3 + (half**2 + 0.2**2) ** 0.5)


def test_a_share_stays_within_its_range_and_what_is_unknown_stays_unknown():
    found = over_seeds([Estimate(0.97, 0.9, 0.99), Estimate(0.7, 0.6, 0.8)], share=True)
    assert 0 < found.low < found.value < found.high < 1
    unknown = Estimate(0.5, np.nan, np.nan, "constant")
    assert "no interval" in str(over_seeds([unknown, unknown]))
    assert "no interval" in str(over_seeds([Estimate(1.0, 0.9, 1.0)] * 2, share=True))
    with pytest.raises(ValueError, match="estimates must be at least 2, got 1"):
        over_seeds([unknown])


def test_the_interval_holds_in_nineteen_of_twenty_studies_of_seeds_and_films():
    rng, held = np.random.default_rng(3), []
    for _ in range(400):
        film = rng.normal(0, 0.03)  # the same films for every seed
        seeds = film + rng.normal(0, 0.02, 4)
        found = over_seeds([Estimate(v, v - 1.96 * 0.03, v + 1.96 * 0.03) for v in seeds])
        held.append(found.low < 0 < found.high)
    assert 0.94 < np.mean(held) <= 1
