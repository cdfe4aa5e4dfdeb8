"""A network for volumes: its convolution by hand, what it refuses, and that `fit` takes it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate

from companion.films import Films
from companion.in_torch import VolumeCNN, fit, predict

SHAPE = (8, 9, 10)


def test_its_kernels_reach_into_the_slices_before_and_behind(rng):
    model = VolumeCNN(SHAPE, widths=(2,)).eval()
    volume = rng.random(SHAPE, dtype=np.float32)
    found = model.features[0](torch.from_numpy(volume)[None, None]).detach().numpy()[0]
    for maps, kernel in zip(found, model.features[0].weight.detach().numpy()[:, 0], strict=True):
        np.testing.assert_allclose(maps, correlate(volume, kernel, mode="constant"), atol=1e-6)


def test_slices_in_another_order_are_another_volume(rng):
    model = VolumeCNN(SHAPE).eval()
    volumes = torch.from_numpy(rng.random((1, *SHAPE), dtype=np.float32))
    assert abs(model(volumes) - model(volumes.flip(1))).item() > 1e-4


def test_the_same_seed_gives_the_same_weights():
    first, again, other = (VolumeCNN(SHAPE, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["features.0.weight"], other["features.0.weight"])


def test_fit_learns_where_a_bright_ball_lies(rng):
    labels = np.arange(60) % 2
    volumes = rng.random((60, *SHAPE), dtype=np.float32) * 0.5
    volumes[labels == 1, :4, 3:6, 3:6] += 0.5
    volumes[labels == 0, 4:, 3:6, 3:6] += 0.5
    films = Films(volumes, labels)
    model = VolumeCNN(SHAPE)
    quick = partial(torch.optim.Adam, lr=5e-3)
    fit(model, films[:40], validation=films[40:], epochs=8, batch_size=8, optimizer=quick,
        progress=False)  # fmt: skip
    assert np.mean((predict(model, films.images[40:]) > 0.5) == labels[40:]) == 1


@pytest.mark.parametrize("shape", [(8, 8), (3, 8, 8), (8, 8, 8, 8)])
def test_a_shape_that_can_not_be_halved_is_refused(shape):
    with pytest.raises(ValueError, match="shape must be three lengths of 4 or more"):
        VolumeCNN(shape)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"dropout must be in \[0, 1\), got 1"):
        VolumeCNN(SHAPE, dropout=1)
    with pytest.raises(ValueError, match=r"volumes must be \(N, 8, 9, 10\), got shape"):
        VolumeCNN(SHAPE)(torch.zeros(2, 1, 9, 10))
