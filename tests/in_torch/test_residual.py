"""The residual network: what a block adds, what each normalisation depends on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from companion.in_torch import ResidualBlock, ResidualCNN, block_maps


def test_a_block_without_a_change_gives_its_input_back():
    block = ResidualBlock(4, 4).eval()
    nn.init.zeros_(block.change[4].weight)
    maps = torch.rand(2, 4, 6, 6)
    torch.testing.assert_close(block(maps), maps, rtol=0, atol=0)


def test_a_block_is_input_plus_change_by_hand():
    block = ResidualBlock(3, 5, norm="group").double()
    maps = torch.randn(2, 3, 7, 7, dtype=torch.float64)
    first, norm1, _, second, norm2 = block.change
    inner = functional.conv2d(maps, first.weight, padding=1)
    inner = functional.group_norm(inner, 1, norm1.weight, norm1.bias).clamp(min=0)
    inner = functional.conv2d(inner, second.weight, padding=1)
    inner = functional.group_norm(inner, 1, norm2.weight, norm2.bias)
    short = functional.conv2d(maps, block.shortcut[0].weight)
    short = functional.group_norm(short, 1, block.shortcut[1].weight, block.shortcut[1].bias)
    torch.testing.assert_close(block(maps), (inner + short).clamp(min=0), rtol=1e-12, atol=1e-12)


def test_gradients_agree_with_finite_differences():
    model = ResidualCNN(widths=(2, 3), norm="group", dropout=0, seed=3).double()
    images = torch.rand(2, 1, 6, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(model, images)


def test_group_norm_does_not_look_at_the_other_films_and_batch_norm_does():
    images = torch.rand(4, 1, 12, 12)
    for norm, depends in (("group", False), ("batch", True)):
        model = ResidualCNN(widths=(8, 8), norm=norm, dropout=0).train()
        alone, together = model(images[:2]), model(images)[:2]
        assert (not torch.allclose(alone, together, atol=1e-5)) == depends


def test_the_same_seed_gives_the_same_weights_and_leaves_the_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second, other = (ResidualCNN(widths=(4,), seed=s).state_dict() for s in (1, 1, 2))
    torch.testing.assert_close(torch.rand(3), expected)
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    name = "features.0.change.0.weight"
    assert not torch.equal(first[name], other[name])


def test_pixels_are_standardised_first():
    model = ResidualCNN(widths=(4,), pixel_mean=0.2, pixel_std=0.5).eval()
    plain = ResidualCNN(widths=(4,), pixel_mean=0, pixel_std=1).eval()
    plain.load_state_dict(model.state_dict())
    images = torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(model(images), plain((images - 0.2) / 0.5))


def test_standardised_films_are_answered_alike_in_any_exposure():
    model = ResidualCNN(widths=(4,), standardize=True, seed=2).eval()
    images = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(model(images), model(0.8 * images + 0.1), atol=2e-2, rtol=0)
    assert torch.isfinite(model(torch.full((1, 1, 8, 8), 0.5))).all()


def test_enlarged_films_are_seen_as_if_they_came_enlarged():
    model = ResidualCNN(widths=(4, 4), enlarge=2).eval()
    plain = ResidualCNN(widths=(4, 4), pixel_mean=0, pixel_std=1).eval()
    images = torch.rand(2, 1, 8, 8)
    larger = functional.interpolate((images - 0.57) / 0.17, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(model(images), plain(larger))


def test_the_named_layer_gives_the_last_maps():
    model = ResidualCNN()
    assert model.get_submodule(model.last_maps) is model.features[-1]
    seen = {}
    model.features[-1].register_forward_hook(lambda *a: seen.update(shape=a[2].shape))
    model(torch.zeros(1, 1, 28, 28))
    assert seen["shape"] == (1, 128, 7, 7)


def test_parameters_are_counted_by_hand():
    widths, count = (32, 64, 128), 0
    for inputs, outputs in zip((1, 32, 64), widths, strict=True):
        count += 9 * inputs * outputs + 9 * outputs**2 + inputs * outputs + 3 * 2 * outputs
    assert sum(p.numel() for p in ResidualCNN().parameters()) == count + 128 + 1


def test_a_blocks_maps_add_up_and_leave_the_network_as_it_was():
    model = ResidualCNN(widths=(4, 8), seed=1)
    image = np.random.default_rng(0).random((1, 8, 8))
    maps = block_maps(model, image, block=2)
    np.testing.assert_allclose(
        maps["passed on"], np.maximum(maps["given"] + maps["added"], 0), atol=1e-6
    )
    assert model.training
    assert not model.features[2]._forward_hooks
    with pytest.raises(ValueError, match="block must be 1 to 2, got 3"):
        block_maps(model, image, block=3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"norm": "layer"}, "norm must be one of batch, group, got 'layer'"),
        ({"widths": ()}, r"widths must name at least one block, got \(\)"),
        ({"pixel_std": 0}, "pixel_std must be above 0, got 0"),
        ({"enlarge": 0}, "enlarge must be a whole number of at least 1, got 0"),
    ],
)
def test_what_means_nothing_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ResidualCNN(**wrong)
