"""The third round: erased and mixed films, averaged weights, sharpness-aware beside others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from companion.data import Changes
from companion.in_torch.training import logits
from companion.studies import (
    ASIDE,
    COMBINED,
    LATER,
    STEPS,
    VARIANTS,
    Recipe,
    combined,
    train_recipe,
    variants,
)
from companion.studies.better import recipe_loss

TINY = Recipe(widths=(4, 8), epochs=4, batch_size=8)


def test_every_name_is_new():
    assert not set(COMBINED) & set(STEPS | ASIDE | LATER | VARIANTS)


@pytest.mark.parametrize("name", COMBINED)
def test_every_combination_learns_and_its_seed_decides(films, name):
    how, recipe = COMBINED[name]
    small = replace(recipe, widths=(4, 8), epochs=4, batch_size=8)
    first, again, other = (
        logits(how(small, films, films, seed, "float32"), films.images) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.isnan(first).any()


def test_a_square_is_blank_and_all_else_as_it_was(rng):
    images = rng.random((50, 2, 12, 16), np.float32)
    before = images.copy()
    erased = combined.Erased(Changes(geometry=0, exposure=0))(images, np.random.default_rng(1))
    assert np.array_equal(images, before)
    blank = erased != images
    assert np.array_equal(blank[:, 0], blank[:, 1])
    for film, given, gone in zip(erased, images, blank[:, 0], strict=True):
        rows, columns = np.flatnonzero(gone.any(1)), np.flatnonzero(gone.any(0))
        assert gone.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert np.ptp(rows) < 6
        assert np.ptp(columns) < 6
        for channel, was in zip(film, given, strict=True):
            np.testing.assert_allclose(channel[gone], was.mean(), rtol=1e-5)
    assert blank[:, 0].sum(axis=(1, 2)).max() == 36
    assert blank[:, 0].any(axis=0).all()


def test_a_mixed_film_is_a_sum_and_its_loss_that_of_both_labels(films, monkeypatch):
    """Every pupil answers with a film's first pixel, so that films and losses can be told."""
    told = []

    class FirstPixel(nn.Module):
        def forward(self, images):
            return images[:, 0, 0, 0]

    def trained(recipe, train, watched, seed, precision, model, loss):
        images = torch.from_numpy(train.images[:6])
        labels = torch.from_numpy(train.labels[:6]).float()
        found = model.train()(images)
        told.append((images[:, 0, 0, 0], labels, found, model.order, loss(found, labels)))
        plain = model.eval()(images)
        told.append((plain, loss(plain, labels)))
        return model

    monkeypatch.setattr(combined, "trained", trained)
    monkeypatch.setattr(combined, "untrained", lambda *_, **__: FirstPixel())
    monkeypatch.setattr(torch.distributions.Beta, "sample", lambda _: torch.tensor(0.25))
    combined.mixed(TINY, films, films, 0, "float32")
    (pixels, labels, found, order, loss), (plain, plain_loss) = told
    torch.testing.assert_close(found, 0.25 * pixels + 0.75 * pixels[order])
    by_hand = recipe_loss(TINY, films)
    both = 0.25 * by_hand(found, labels) + 0.75 * by_hand(found, labels[order])
    torch.testing.assert_close(loss, both)
    torch.testing.assert_close(plain, pixels)
    torch.testing.assert_close(plain_loss, by_hand(plain, labels))


def test_weights_are_averaged_over_the_second_half(films, monkeypatch):
    recipes = []

    def trained(recipe, train, watched, seed, precision, model):
        recipes.append(recipe)
        with torch.no_grad():
            for weight in model.parameters():
                weight.fill_(len(recipes))
        return model

    monkeypatch.setattr(combined, "trained", trained)
    recipe = replace(TINY, epochs=6, changes=None)
    model = combined.averaged_weights(recipe, films, films, 0, "float32")
    assert [each.epochs for each in recipes] == [3, 1, 1, 1]
    assert [each.one_cycle for each in recipes] == [True, False, False, False]
    assert recipes[1].learning_rate == recipe.learning_rate / 4
    for weight in model.parameters():
        torch.testing.assert_close(weight, torch.full_like(weight, 3.0))  # of 2, 3 and 4
    first = next(each for each in model.modules() if isinstance(each, nn.BatchNorm2d))
    images = (torch.from_numpy(films.images) - model.pixel_mean) / model.pixel_std
    maps = nn.functional.conv2d(images, model.features[0].change[0].weight, padding=1)
    torch.testing.assert_close(first.running_mean, maps.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-4)


def test_only_the_last_epochs_look_around(films, monkeypatch):
    looked = []
    uphill = variants._uphill
    monkeypatch.setattr(variants, "_uphill", lambda *given: looked.append(1) or uphill(*given))
    how, _ = COMBINED["sharpness-aware at the end"]
    how(TINY, films, films, 0, "float32")
    assert len(looked) == 3  # 24 films in batches of 8, in the last of four epochs
    recipe = replace(TINY, dropout=0.0)
    never = variants.sharpness_aware(recipe, films, films, 0, "float32", plain=1.0)
    plain, _ = train_recipe(recipe, films, films, seed=0, progress=False)
    for ours, expected in zip(never.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5)


def test_a_snapshot_of_the_sharpness_aware_goes_on_from_the_one_before(films):
    how, _ = COMBINED["sharpness-aware, snapshots"]
    together = how(TINY, films, films, 3, "float32")
    first = variants.sharpness_aware(replace(TINY, epochs=1), films, films, 3, "float32")
    assert torch.equal(logits(together.members[0], films.images), logits(first, films.images))
    apart = [logits(member, films.images) for member in together.members]
    assert not torch.equal(apart[0], apart[1])
