"""Features of a network, held against its answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from companion.in_torch import PooledCNN, pooled_features, predict


def test_features_are_what_the_last_layer_weighs(rng):
    model = PooledCNN(widths=(4, 6), seed=1)
    images = rng.random((5, 1, 28, 28), dtype=np.float32)
    found = pooled_features(model, images, batch_size=2)
    assert found.shape == (5, 6)
    weight, bias = (part.detach().double().numpy() for part in model.classifier.parameters())
    np.testing.assert_allclose(expit(found @ weight.T + bias)[:, 0], predict(model, images), 1e-5)


def test_the_model_is_left_as_it_was_and_other_scales_are_refused(rng):
    model = PooledCNN(widths=(4, 6)).train()
    before = model.features[1].running_mean.clone()
    pooled_features(model, rng.random((3, 1, 28, 28)))
    assert model.training
    assert (model.features[1].running_mean == before).all()
    with pytest.raises(ValueError, match="images"):
        pooled_features(model, 255 * rng.random((3, 1, 28, 28)))
