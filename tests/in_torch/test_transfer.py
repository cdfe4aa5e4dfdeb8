"""A network that begins with photographs: what is frozen stays, what is scaled is scaled once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from companion.films import Films
from companion.in_torch import TransferCNN, classify_photograph, fit, frozen_features, load_backbone


@pytest.fixture
def films(rng):
    """Sixteen small pictures."""
    return Films(rng.random((16, 1, 28, 28)), np.arange(16) % 2)


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_its_features_are_those_of_the_frozen_backbone(films):
    model = TransferCNN(size=64).eval()
    with torch.inference_mode():
        found = model.features(torch.from_numpy(films.images)).numpy()
    np.testing.assert_allclose(found, frozen_features(films.images, size=64), rtol=1e-4, atol=1e-5)


def test_frozen_only_the_last_layer_learns_and_unfrozen_statistics_stay(films):
    model = TransferCNN(size=32).freeze()
    before, shared = state(model), state(load_backbone())
    fit(model, films, validation=films, epochs=1, batch_size=8, progress=False)
    changed = {name for name, value in state(model).items() if not torch.equal(value, before[name])}
    assert changed == {"classifier.weight", "classifier.bias"}
    fit(model.unfreeze(), films, validation=films, epochs=1, batch_size=8, progress=False)
    changed = {name for name, value in state(model).items() if not torch.equal(value, before[name])}
    assert "backbone._conv_stem.weight" in changed
    assert not [name for name in changed if "running" in name or "num_batches" in name]
    assert all(torch.equal(value, shared[name]) for name, value in state(load_backbone()).items())


def test_a_random_start_depends_on_the_seed_only_and_keeps_its_own_statistics(films):
    first, second, other = (TransferCNN(pretrained=False, size=32, seed=s) for s in (1, 1, 2))
    weights = [model.backbone._conv_head.weight for model in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    before = state(first)
    fit(first, films, validation=films, epochs=1, batch_size=8, progress=False)
    assert not torch.equal(before["backbone._bn0.running_mean"], first.backbone._bn0.running_mean)


def test_photographs_of_a_cat_and_of_coffee_are_recognised():
    from skimage.data import chelsea, coffee

    cat = classify_photograph(chelsea() / 255, top=3)
    assert {number for number, _ in cat} <= {281, 282, 283, 284, 285}  # ImageNet's small cats
    (cup,) = classify_photograph(coffee() / 255, top=1)
    assert cup[0] == 967  # espresso
    everything = classify_photograph(np.zeros((40, 60)), top=1000)
    assert sum(p for _, p in everything) == pytest.approx(1)


@pytest.mark.parametrize(
    ("image", "top", "said"),
    [
        (np.zeros((4, 4, 4)), 3, r"image must be \(H, W, 3\) or \(H, W\), got shape"),
        (np.zeros((40, 40), np.uint8), 3, "divide 8-bit pixels by 255"),
        (np.full((40, 40), 255.0), 3, r"in \[0, 1\]"),
        (np.zeros((40, 40)), 0, "top must be from 1 to 1000, got 0"),
    ],
)
def test_what_is_no_picture_is_refused(image, top, said):
    with pytest.raises(ValueError, match=said):
        classify_photograph(image, top=top)


def test_colour_and_small_sizes_are_refused():
    with pytest.raises(ValueError, match=r"images must be \(N, 1, H, W\)"):
        TransferCNN(size=32)(torch.zeros(1, 3, 28, 28))
    with pytest.raises(ValueError, match="size must be at least 32, got 16"):
        TransferCNN(size=16)
