"""Films sorted by their look, and the ideas that are tried on top of a recipe."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve
from torch import nn

from companion.data import Changes
from companion.films import Films
from companion.in_torch import ResidualCNN
from companion.in_torch.training import logits
from companion.studies import (
    STEPS,
    VARIANTS,
    BalancedLoss,
    Recipe,
    adamw,
    group_by_look,
    learning_rates,
    renormalized,
    train_recipe,
    untrained,
    validate_shifted,
    variants,
)

TINY = Recipe(widths=(4, 8), epochs=4, batch_size=8)


def rooms(rng, counts=(30, 20, 10)):
    """Return films of three rooms that differ in brightness, mixed, and their rooms."""
    room = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    images = rng.uniform(0, 0.1, (len(room), 1, 8, 8)) + 0.3 * room[:, None, None, None]
    return Films(images, rng.permutation(np.arange(len(room)) % 2)), room


def test_groups_are_the_rooms_and_the_largest_comes_first(rng):
    films, room = rooms(rng)
    assert np.array_equal(group_by_look(films), room)


def test_labels_do_not_sort(rng):
    films, _ = rooms(rng)
    other = Films(films.images, 1 - films.labels)
    assert np.array_equal(group_by_look(films), group_by_look(other))


def test_groups_are_refused_where_no_auroc_could_be_measured(rng):
    films, room = rooms(rng)
    with pytest.raises(ValueError, match=r"group 2 of 3 holds 10 films, all labelled 1"):
        group_by_look(Films(films.images, np.where(room == 2, 1, films.labels)))
    for wrong in ({"groups": 1}, {"groups": 61}, {"components": 0}, {"components": 61}):
        with pytest.raises(ValueError, match=r"groups must be 2 to 60 and components 1 to 60"):
            group_by_look(films, **wrong)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_learns_and_its_seed_decides(films, name):
    first, again, other = (
        VARIANTS[name](TINY, films, films, seed, "float32") for seed in (0, 0, 1)
    )
    found = [logits(model, films.images) for model in (first, again, other)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert not any(torch.isnan(part).any() for part in found)


def test_a_blurred_pool_is_what_scipy_computes(rng):
    maps = rng.standard_normal((1, 2, 8, 8))
    found = variants.BlurredPool()(torch.from_numpy(maps))[0]
    windows = np.lib.stride_tricks.sliding_window_view(maps[0], (2, 2), axis=(1, 2)).max((-1, -2))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    padded = np.pad(windows, ((0, 0), (1, 1), (1, 1)), mode="edge")
    expected = [convolve(each, kernel)[1:-1, 1:-1][::2, ::2] for each in padded]
    assert np.allclose(found.numpy(), expected, atol=1e-12)


def test_a_blurred_pool_moves_less_than_a_plain_one_when_a_film_moves(rng):
    maps = torch.from_numpy(rng.standard_normal((4, 3, 17, 17)))
    changes = [
        (pool(maps[..., 1:]) - pool(maps[..., :-1])).abs().mean().item()
        for pool in (variants.BlurredPool(), nn.MaxPool2d(2))
    ]
    assert changes[0] < 0.7 * changes[1]


def test_all_poolings_are_blurred(films):
    model = variants.blurred_pools(TINY, films, films, 0, "float32")
    kinds = [type(layer) for layer in model.features]
    assert nn.MaxPool2d not in kinds
    assert kinds.count(variants.BlurredPool) == 1


def test_snapshots_answer_with_their_mean_and_the_last_has_learned_longest(films):
    together = variants.snapshots(TINY, films, films, 0, "float32")
    apart = torch.stack([logits(member, films.images) for member in together.members])
    assert len(apart) == 4
    assert len({float(part[0]) for part in apart}) == 4
    assert torch.allclose(logits(together, films.images), apart.mean(0), atol=1e-6)


def test_one_snapshot_is_a_short_training(films):
    first = variants.snapshots(TINY, films, films, 3, "float32").members[0]
    short, _ = train_recipe(replace(TINY, epochs=1), films, films, seed=3, progress=False)
    assert torch.equal(logits(first, films.images), logits(short, films.images))


def test_a_pupil_learns_its_teachers_answers_and_not_the_labels(films, monkeypatch):
    """The teacher says the opposite of every label."""
    taught = []

    class Contrary(nn.Module):
        def forward(self, images):
            taught.append(len(images))
            return 40 * (0.5 - images[:, 0, 4:8, 4:8].mean(dim=(1, 2)))

    plain = variants.trained

    def trained(*given):
        return plain(*given) if len(given) > 5 else Contrary()

    monkeypatch.setattr(variants, "trained", trained)
    recipe = replace(TINY, epochs=30, changes=None, dropout=0.0)
    pupil = variants.distilled(recipe, films, films, 0, "float32")
    said = logits(pupil, films.images).numpy()
    assert said[films.labels == 0].min() > said[films.labels == 1].max()
    assert sum(taught) == 30 * 24
    assert len(list(pupil.parameters())) == len(list(untrained(recipe).parameters()))


def test_the_sharper_step_is_what_a_loop_by_hand_takes(films):
    """One step in double precision, with plain additions: up the slope, look, back, down."""
    recipe = replace(TINY, epochs=1, batch_size=24, changes=None, dropout=0.0, weight_decay=0.1)
    found = variants.sharpness_aware(recipe, films, films, 0, "float32", reach=0.2)
    model = untrained(recipe).train()
    loss = BalancedLoss(films.labels.mean(), recipe.smoothing)
    order = np.random.default_rng([0, 0]).permutation(24)
    images, labels = torch.from_numpy(films.images[order]), torch.from_numpy(films.labels[order])
    value = loss(model(images), labels.float())
    slopes = torch.autograd.grad(value, list(model.parameters()))
    length = sum((s**2).sum() for s in slopes).sqrt()
    nearby = deepcopy(model)
    with torch.no_grad():
        for weight, slope in zip(nearby.parameters(), slopes, strict=True):
            weight += 0.2 * slope / length
    worst = torch.autograd.grad(loss(nearby(images), labels.float()), list(nearby.parameters()))
    for weight, slope in zip(model.parameters(), worst, strict=True):
        weight.grad = slope
    rate = learning_rates(recipe, 24)[0]
    adamw(model.parameters(), learning_rate=rate, weight_decay=0.1).step()
    for ours, expected in zip(found.parameters(), model.parameters(), strict=True):
        assert torch.allclose(ours, expected, atol=rate * 1e-2)


def test_without_reach_it_is_the_plain_training(films):
    recipe = replace(TINY, epochs=2, dropout=0.0)
    found = variants.sharpness_aware(recipe, films, films, 0, "float32", reach=0.0)
    plain, _ = train_recipe(recipe, films, films, seed=0, progress=False)
    for ours, expected in zip(found.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(ours, expected, atol=1e-4)


def test_pretraining_starts_from_other_weights_and_sees_no_label(films, monkeypatch):
    seen = []
    plain = variants.trained
    monkeypatch.setattr(
        variants, "trained", lambda recipe, train, *rest: seen.append(train) or plain(
            recipe, train, *rest)
    )  # fmt: skip
    variants.pretrained_on_mirrored(TINY, films, films, 0, "float32")
    pretext, real = seen
    assert real is films
    assert pretext.labels.tolist() == 12 * [0, 1]
    stored = {film.tobytes() for film in films.images}
    mirrored = {film[..., ::-1].tobytes() for film in films.images}
    for film, label in zip(pretext.images, pretext.labels, strict=True):
        assert film.tobytes() in (mirrored if label else stored)


def test_new_statistics_undo_what_all_films_share(films):
    """All films lose contrast alike: batch normalisation with their own statistics undoes it."""
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(144, 1), nn.Flatten(0))
    before = deepcopy(model.state_dict())
    duller = films.images * np.float32(0.5) + np.float32(0.2)
    base, moved = (renormalized(model, images) for images in (films.images, duller))
    apart = (logits(base, films.images) - logits(moved, duller)).abs().max()
    plain = (logits(model, films.images) - logits(model, duller)).abs().max()
    assert apart < 0.1 * plain
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module.training for module in moved.modules())


def test_new_statistics_do_not_depend_on_the_order_of_the_films(films):
    model = ResidualCNN(widths=(4, 8), seed=0)
    order = np.argsort(films.labels, kind="stable")
    found = [
        dict(renormalized(model, films.images[rows], batch_size=12).named_buffers())
        for rows in (np.arange(24), order)
    ]
    alike = (
        found[0]["features.0.change.1.running_mean"],
        found[1]["features.0.change.1.running_mean"],
    )
    assert torch.allclose(*alike, atol=0.05)


def test_validation_under_shift_asks_the_renewed_model(films):
    model = ResidualCNN(widths=(4, 8), seed=0)
    asked = []

    def renew(given, images):
        asked.append(images.mean())
        return renormalized(given, images)

    renewed, plain = validate_shifted(model, films, renew=renew), validate_shifted(model, films)
    assert len(asked) == 19
    assert renewed != plain


def test_variants_are_named_like_no_recipe():
    assert not set(VARIANTS) & set(STEPS)
    assert Recipe(changes=Changes()) == Recipe()
