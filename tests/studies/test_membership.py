"""Attacks find what was learned by heart, and noise keeps what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from companion.studies import attack_membership, fit_private, losses_of, privacy_of


def test_losses_are_those_of_scikit_learn():
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(0)
    labels, said = rng.integers(0, 2, 50), rng.random(50)
    assert losses_of(labels, said).mean() == pytest.approx(log_loss(labels, said), rel=1e-12)
    assert np.isfinite(losses_of([1, 0], [0.0, 1.0])).all()


def test_an_attack_on_what_was_not_learned_guesses():
    holds = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = attack_membership(rng.exponential(size=60), rng.exponential(size=60))
        holds += found.low <= 0.5 <= found.high
    assert holds >= 52
    assert attack_membership([0.1, 0.1, 0.1], [1.0, 1.0, 1.0]).value == 1.0


def test_a_model_that_learned_noise_by_heart_tells_its_members():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 200)), np.arange(80) % 2
    weights = fit_private(x[:40], y[:40], noise=0, rng=rng, clip=1e9, steps=500)
    losses = losses_of(y, expit(x @ weights[:-1] + weights[-1]))
    assert attack_membership(losses[:40], losses[40:]).low > 0.8


def test_without_noise_and_clipping_it_is_gradient_descent():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), np.arange(30) % 2
    ours = fit_private(x, y, noise=0, rng=rng, clip=1e9, steps=3, rate=0.5)
    ones, weights = np.hstack([x, np.ones((30, 1))]), np.zeros(4)
    for _ in range(3):
        weights -= 0.5 * ones.T @ (expit(ones @ weights) - y) / 30
    np.testing.assert_allclose(ours, weights, rtol=1e-9)


def test_one_film_moves_a_step_by_no_more_than_the_clip():
    rng = np.random.default_rng(0)
    x, y = 50 * rng.normal(size=(20, 5)), np.arange(20) % 2
    one_step = {"noise": 0.0, "rng": rng, "steps": 1, "clip": 0.3}
    whole = 20 * fit_private(x, y, **one_step)
    without = 19 * fit_private(x[1:], y[1:], **one_step)
    assert np.linalg.norm(whole - without) == pytest.approx(0.3, rel=1e-9)


def test_noise_has_the_size_that_was_promised():
    x, y = np.zeros((10, 4000)), np.arange(10) % 2
    weights = fit_private(x, y, noise=3.0, rng=np.random.default_rng(0), steps=1, clip=0.5)
    assert weights[:-1].std() == pytest.approx(3.0 * 0.5 / 10, rel=0.05)


def test_epsilon_solves_the_formula_and_grows_with_steps():
    epsilon, advantage = privacy_of(4.0, 50, delta=1e-4)
    mu = np.sqrt(50) / 4
    delta = norm.cdf(mu / 2 - epsilon / mu) - np.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)
    assert delta == pytest.approx(1e-4, rel=1e-6)
    assert advantage == pytest.approx(norm.cdf(mu / 2) - norm.cdf(-mu / 2))
    assert privacy_of(4.0, 200)[0] > privacy_of(4.0, 50)[0] > privacy_of(8.0, 50)[0]
    # A hundred steps with ten times the noise are one step: squares add up.
    assert privacy_of(10.0, 100) == pytest.approx(privacy_of(1.0, 1))


def test_no_attack_on_one_film_beats_the_promised_advantage():
    # A film's gradient of length 1 is there or not; the best attack looks along it.
    noise, steps, rng = 5.0, 25, np.random.default_rng(0)
    sums = rng.normal(0, noise, (20_000, steps)).sum(axis=1)
    seen = max((sums + steps > cut).mean() - (sums > cut).mean() for cut in range(-50, 80))
    assert seen == pytest.approx(privacy_of(noise, steps)[1], abs=0.02)


@pytest.mark.parametrize("wrong", [{"noise": -1.0}, {"steps": 0}, {"rate": 0}, {"clip": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    given = {"noise": 1.0, "rng": np.random.default_rng(0)} | wrong
    with pytest.raises(ValueError, match="noise must be at least 0"):
        fit_private(np.zeros((4, 2)), [0, 1, 0, 1], **given)


def test_bad_arrays_are_refused():
    with pytest.raises(ValueError, match=r"features must be finite \(2, D\), got shape \(3, 1\)"):
        fit_private(np.zeros((3, 1)), [0, 1], noise=1.0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="inside must be at least two finite losses"):
        attack_membership([0.1], [0.2, 0.3])
    with pytest.raises(ValueError, match="noise must be above 0"):
        privacy_of(0, 10)
