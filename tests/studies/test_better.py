"""Recipes, their loss and optimiser, members, and the rules by which a recipe is chosen."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import expit, logit
from scipy.stats import spearmanr
from torch import nn

from companion.data import SHIFTS, Changes
from companion.films import Films
from companion.in_torch.training import logits
from companion.studies import (
    ASIDE,
    RULES,
    STEPS,
    VIEWS,
    BalancedLoss,
    Recipe,
    adamw,
    compare_rules,
    learning_rates,
    pooled_logits,
    train_members,
    train_recipe,
    trained,
    validate_shifted,
)

TINY = Recipe(widths=(4, 8), epochs=2, batch_size=8)


def test_every_step_changes_something_and_no_two_recipes_are_the_same():
    recipes = [*STEPS.values(), *ASIDE.values()]
    for number, first in enumerate(recipes):
        assert first not in recipes[number + 1 :]
    assert list(STEPS.values())[-1] == Recipe()


def test_what_was_tried_aside_differs_from_the_last_step_in_one_thing():
    for name, recipe in ASIDE.items():
        differing = [
            f.name for f in fields(Recipe)
            if getattr(recipe, f.name) != getattr(Recipe(), f.name)
        ]  # fmt: skip
        assert len(differing) == (2 if name.startswith("enlarged") else 1), name


def test_the_loss_is_binary_cross_entropy_where_nothing_is_changed():
    found, labels = torch.randn(9, dtype=torch.float64), (torch.arange(9) % 2).double()
    expected = nn.functional.binary_cross_entropy_with_logits(found, labels)
    torch.testing.assert_close(BalancedLoss()(found, labels), expected)


def test_the_loss_by_hand():
    found, labels = torch.tensor([0.0, np.log(3.0)]), torch.tensor([0.0, 1.0])
    # Probabilities 1/2 and 3/4; targets .1 and .9; weights 2 and 2/3 for three ill in four.
    healthy = -(0.1 * np.log(0.5) + 0.9 * np.log(0.5))
    ill = -(0.9 * np.log(0.75) + 0.1 * np.log(0.25))
    loss = BalancedLoss(share=0.75, smoothing=0.2)(found, labels)
    assert loss.item() == pytest.approx((2 * healthy + 2 / 3 * ill) / 2, rel=1e-6)


def test_balanced_weights_give_both_labels_the_same_say():
    labels = torch.tensor([1.0] * 9 + [0.0])
    found = torch.zeros(10, requires_grad=True)
    BalancedLoss(share=0.9)(found, labels).backward()
    assert found.grad[:9].sum().item() == pytest.approx(-found.grad[9].item())


def test_smoothed_labels_are_answered_best_by_a_probability_between():
    candidates = torch.linspace(-6, 6, 2401, dtype=torch.float64)
    loss = BalancedLoss(smoothing=0.1)
    values = [loss(one[None], torch.ones(1, dtype=torch.float64)).item() for one in candidates]
    assert candidates[int(np.argmin(values))].item() == pytest.approx(logit(0.95), abs=0.006)


@pytest.mark.parametrize("wrong", [{"share": 0}, {"share": 1}, {"smoothing": 1}])
def test_a_loss_that_means_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"share must be in \(0, 1\) and smoothing in \[0, 1\)"):
        BalancedLoss(**wrong)


def test_decay_shrinks_kernels_and_leaves_biases():
    layer = nn.Linear(2, 1)
    nn.init.ones_(layer.weight), nn.init.ones_(layer.bias)
    optimizer = adamw(layer.parameters(), learning_rate=0.5, weight_decay=0.2)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert layer.weight.tolist() == [[pytest.approx(0.9)] * 2]
    assert layer.bias.tolist() == [1.0]


def test_a_training_learns_and_is_the_same_again(films):
    first, history = train_recipe(TINY, films, films, seed=3, progress=False)
    second, _ = train_recipe(TINY, films, films, seed=3, progress=False)
    other, _ = train_recipe(TINY, films, films, seed=4, progress=False)
    asked = [logits(model, films.images).numpy() for model in (first, second, other)]
    np.testing.assert_array_equal(asked[0], asked[1])
    assert np.abs(asked[0] - asked[2]).max() > 1e-3
    assert len(history) == 2
    longer, curve = train_recipe(replace(TINY, epochs=12), films, films, progress=False)
    assert curve.train_loss[-1] < curve.train_loss[0]
    assert validate_shifted(longer, films)["as they are"] > 0.9


def test_the_rate_rises_to_its_greatest_and_falls(films, monkeypatch):
    rates = []
    step = torch.optim.AdamW.step

    def _noting(self, *args, **kwargs):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", _noting)
    train_recipe(replace(TINY, epochs=10, learning_rate=0.01), films, films, progress=False)
    assert len(rates) == 30
    assert max(rates) == pytest.approx(0.01, rel=0.02)
    assert int(np.argmax(rates)) in (8, 9)
    assert rates[-1] < rates[0] < 0.001
    told = learning_rates(replace(TINY, epochs=10, learning_rate=0.01), len(films))
    np.testing.assert_allclose(rates, told)
    rates.clear()
    train_recipe(replace(TINY, one_cycle=False), films, films, progress=False)
    assert set(rates) == {TINY.learning_rate}


def test_members_do_not_depend_on_how_many_are_trained_at_a_time(films):
    tiny = partial(trained, TINY)
    together = train_members([tiny, tiny], films, films, [0, 1], processes=2)
    alone, _ = train_recipe(TINY, films, films, seed=1, progress=False)
    np.testing.assert_allclose(
        logits(together[1], films.images), logits(alone, films.images), atol=1e-5
    )
    for trainings, seeds in (([], []), ([tiny], []), ([tiny], [0, 1])):
        with pytest.raises(ValueError, match=r"seeds must name at least one member, one for each"):
            train_members(trainings, films, films, seeds)


class Mean(nn.Module):
    """Answers with the mean pixel of a corner, times a factor."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, images):
        return self.factor * images[:, 0, :4, :4].mean(dim=(1, 2))


def test_pooled_logits_are_means_over_networks_and_views(films):
    one = logits(Mean(1.0), films.images).numpy()
    np.testing.assert_allclose(pooled_logits([Mean(1.0), Mean(4.0)], films.images), 2.5 * one)
    seen = [pooled_logits([Mean(1.0)], films.images, views=n) for n in (1, 2, len(VIEWS))]
    assert np.abs(seen[0] - seen[1]).max() > 1e-4
    flat = Films(np.full((2, 1, 8, 8), 0.5, np.float32), [0, 1])
    np.testing.assert_allclose(
        pooled_logits([Mean(1.0)], flat.images, views=len(VIEWS)), 0.5, atol=1e-6
    )


@pytest.mark.parametrize(("models", "views"), [([], 1), ([Mean(1.0)], 0), ([Mean(1.0)], 10)])
def test_no_network_and_no_view_are_refused(films, models, views):
    with pytest.raises(ValueError, match="models must not be empty, and views be 1 to 9"):
        pooled_logits(models, films.images, views=views)


def test_validation_under_shift_is_scikit_learns(films):
    from sklearn.metrics import log_loss, roc_auc_score

    model = Mean(3.0)
    found = validate_shifted(model, films)
    said = logits(model, films.images).numpy()
    assert list(found) == ["loss", "as they are", *SHIFTS]
    assert found["loss"] == pytest.approx(log_loss(films.labels, expit(said)))
    assert found["as they are"] == pytest.approx(roc_auc_score(films.labels, said))
    for rule, score in RULES.items():
        assert np.isfinite(score(found)), rule
    assert RULES["AUROC, worst shift"](found) == min(found[name] for name in SHIFTS)
    with pytest.raises(ValueError, match="films must show both labels, got only 1"):
        validate_shifted(model, films[films.labels == 1])


def test_rules_are_compared_by_scipys_ranks_and_by_what_they_lose(rng):
    outcome = rng.random((8, 4))
    said = outcome + rng.normal(0, 0.2, outcome.shape)
    found = compare_rules({"noisy": said, "backwards": -outcome}, outcome, rng, n_boot=300)
    expected = spearmanr(said.mean(axis=1), outcome.mean(axis=1)).statistic
    assert found["noisy"]["rank correlation"] == pytest.approx(expected)
    assert found["noisy"]["low"] < expected < found["noisy"]["high"]
    means = outcome.mean(axis=1)
    assert found["backwards"]["picked"] == means.argmin()
    assert found["backwards"]["lost"] == pytest.approx(np.ptp(means))


def test_rules_of_another_shape_are_refused(rng):
    with pytest.raises(ValueError, match=r"at least three recipes and every rule alike"):
        compare_rules({"short": np.zeros((2, 4))}, np.zeros((3, 4)), rng)
    with pytest.raises(ValueError, match=r"at least three recipes"):
        compare_rules({}, np.zeros((2, 4)), rng)


def test_changes_are_part_of_a_checkpoints_description():
    from companion.in_torch.checkpoint import _described

    assert _described(Changes()) != _described(Changes(geometry=2))
    assert _described(BalancedLoss(0.7)) != _described(BalancedLoss(0.8))
