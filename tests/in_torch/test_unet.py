"""The readable U-Net, held to MONAI's on the same weights, and its losses and loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.losses import DiceLoss
from monai.networks.nets import BasicUNet

from companion.in_torch import (
    UNet,
    both_losses,
    dice_loss,
    fit_segmentation,
    predict_labels,
    standardize_volume,
)


def twins():
    """Return the book's network and MONAI's with its weights, in double precision."""
    ours = UNet(structures=3, widths=(4, 4, 8, 16, 32), seed=3).double()
    theirs = BasicUNet(3, 1, 3, features=(4, 4, 8, 16, 32, 4)).double()
    values = ours.state_dict().values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), values, strict=True)))
    return ours, theirs


@pytest.mark.parametrize("size", [(32, 32, 32), (33, 40, 35), (47, 32, 38)])
def test_five_levels_answer_as_monais_basic_unet_with_the_same_weights(size):
    ours, theirs = twins()
    volume = torch.randn(2, 1, *size, dtype=torch.float64, generator=torch.manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(ours(volume), theirs(volume), rtol=1e-9, atol=1e-9)


def test_gradients_are_those_of_monai():
    ours, theirs = twins()
    volume = torch.randn(1, 1, 32, 33, 32, dtype=torch.float64, generator=torch.manual_seed(1))
    labels = torch.randint(0, 3, (1, 32, 33, 32), generator=torch.manual_seed(2))
    for network in (ours, theirs):
        both_losses(network(volume), labels).backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-6, atol=1e-9)


def test_parameters_are_those_computed_by_hand():
    # Two levels, 2 and 4 maps: convolution = maps * (27 * channels + 1), normalisation 2 * maps.
    first = 2 * (27 * 1 + 1) + 4 + 2 * (27 * 2 + 1) + 4
    second = 4 * (27 * 2 + 1) + 8 + 4 * (27 * 4 + 1) + 8
    up = 4 * 2 * 8 + 2 + 2 * (27 * 4 + 1) + 4 + 2 * (27 * 2 + 1) + 4
    last = 3 * (2 + 1)
    network = UNet(structures=3, widths=(2, 4))
    assert sum(values.numel() for values in network.parameters()) == first + second + up + last


@pytest.mark.parametrize("size", [(8, 8, 8), (9, 8, 11), (13, 9, 10)])
def test_the_answer_has_the_size_of_the_volume(size):
    assert UNet(4, widths=(2, 3, 4))(torch.zeros(1, 1, *size)).shape == (1, 4, *size)


def test_a_seed_gives_one_network_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, other = UNet(widths=(2, 4), seed=1), UNet(widths=(2, 4), seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(map(torch.equal, one.parameters(), other.parameters()))
    assert not torch.equal(next(one.parameters()), next(UNet(widths=(2, 4), seed=2).parameters()))


def test_bad_networks_and_volumes_are_refused():
    with pytest.raises(ValueError, match=r"structures must be 2 or more.*got 1"):
        UNet(1)
    with pytest.raises(ValueError, match=r"widths .*got \(8,\)"):
        UNet(widths=(8,))
    with pytest.raises(ValueError, match=r"at least 8 voxels, got shape \(1, 1, 8, 7, 8\)"):
        UNet()(torch.zeros(1, 1, 8, 7, 8))


def test_the_dice_loss_is_monais():
    rng = torch.manual_seed(0)
    logits = torch.randn(2, 3, 5, 6, 7, dtype=torch.float64, generator=rng)
    labels = torch.randint(0, 3, (2, 5, 6, 7), generator=rng)
    theirs = DiceLoss(
        include_background=False, to_onehot_y=True, softmax=True, smooth_nr=1e-5, smooth_dr=1e-5
    )
    torch.testing.assert_close(dice_loss(logits, labels), theirs(logits, labels[:, None]))


def test_the_dice_loss_by_hand():
    # Two voxels, both half sure, one of them labelled: 1 - 2 * 0.5 / (1 + 1).
    loss = dice_loss(torch.zeros(1, 2, 1, 1, 2), torch.tensor([[[[0, 1]]]]))
    assert loss.item() == pytest.approx(0.5, abs=1e-5)


def test_a_network_learns_a_bright_cube_of_any_size_of_volume():
    rng = np.random.default_rng(0)
    volumes, labels = [], []
    for size in ((12, 14, 12), (13, 12, 15), (12, 12, 12), (14, 13, 12)):
        mask = np.zeros(size, int)
        low = rng.integers(2, 5, 3)
        mask[tuple(slice(start, start + 5) for start in low)] = 1
        volumes.append(standardize_volume(rng.normal(0, 0.3, size) + 2 * mask))
        labels.append(mask)
    network = UNet(2, widths=(4, 8))
    losses = fit_segmentation(network, volumes[:3], labels[:3], epochs=60, progress=False)
    found = predict_labels(network, volumes[3])
    assert losses[-1] < 0.3 * losses[0]
    common = (found & labels[3]).sum()
    assert 2 * common / (found.sum() + labels[3].sum()) > 0.9


def test_the_same_seed_gives_the_same_training():
    volume = np.random.default_rng(0).normal(size=(3, 8, 8, 8)).astype(np.float32)
    runs = []
    for _ in range(2):
        network = UNet(2, widths=(2, 4))
        runs.append(fit_segmentation(network, volume, volume > 1, epochs=2, progress=False))
    assert runs[0] == runs[1]


def test_bad_training_is_refused_before_any_work():
    volume = np.zeros((8, 8, 8), np.float32)
    with pytest.raises(ValueError, match=r"\(8, 8, 7\) for \(8, 8, 8\) at volume 1"):
        fit_segmentation(UNet(2), [volume] * 2, [volume, volume[..., :7]], epochs=1)
    with pytest.raises(ValueError, match="at least 1, got 0, 2, 1"):
        fit_segmentation(UNet(2), [volume], [volume], epochs=0)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler")
def test_a_training_that_diverges_says_so():
    volume = np.full((8, 8, 8), np.nan, np.float32)
    with pytest.raises(FloatingPointError, match="the loss is nan after 0 epochs"):
        fit_segmentation(UNet(2, widths=(2, 4)), [volume], [volume > 0], epochs=1, progress=False)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((4, 4)), r"\(D, H, W\), got shape \(4, 4\)"),
        (np.full((2, 2, 2), 3.0), "8 times 3"),
        (np.full((2, 2, 2), np.nan), "8 that are not"),
    ],
)
def test_volumes_that_have_no_scale_are_refused(values, reason):
    with pytest.raises(ValueError, match=reason):
        standardize_volume(values)
