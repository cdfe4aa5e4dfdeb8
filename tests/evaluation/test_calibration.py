"""Calibration against simulated truth and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from companion.evaluation.calibration import METHODS, fit_platt, fit_temperature, reliability_table
from companion.evaluation.report import evaluate


def too_sure(rng, count, temperature=2.5):
    """Labels that follow probabilities, and those probabilities with logits stretched."""
    true = expit(rng.normal(0.5, 2, count))
    labels = (rng.random(count) < true).astype(int)
    return labels, true, expit(temperature * logit(true))


@pytest.mark.parametrize("method", METHODS)
def test_calibration_fitted_on_some_films_mends_others(rng, method):
    labels, _, said = too_sure(rng, 4000)
    calibrate = METHODS[method](labels, said)
    new, true, overconfident = too_sure(rng, 4000)
    mended = calibrate(overconfident)
    assert np.abs(mended - true).mean() < 0.03
    before, after = (
        evaluate(new, p, n_boot=20, rng=rng)["ece"].value for p in (overconfident, mended)
    )
    assert after < 0.03 < 0.08 < before


def test_platt_leaves_nothing_that_slope_or_shift_could_mend(rng):
    """At the greatest likelihood, errors neither lean to a side nor grow with the logit."""
    labels, _, said = too_sure(rng, 60)
    errors = fit_platt(labels, said)(said) - labels
    assert errors.mean() == pytest.approx(0, abs=1e-3)
    assert (errors * logit(said)).mean() == pytest.approx(0, abs=3e-3)


def test_temperature_finds_the_stretch_and_keeps_the_order(rng):
    labels, true, said = too_sure(rng, 20_000)
    calibrate = fit_temperature(labels, said)
    np.testing.assert_allclose(calibrate(said), true, atol=0.02)
    assert calibrate(np.array([0.5]))[0] == 0.5
    assert np.all(np.diff(calibrate(np.linspace(0, 1, 50))) > 0)


@pytest.mark.parametrize("method", METHODS)
def test_no_method_makes_the_fitted_films_worse(rng, method):
    labels, _, said = too_sure(rng, 500)
    assert log_loss(labels, METHODS[method](labels, said)(said)) < log_loss(labels, said)


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_of_exactly_0_and_1_are_taken(rng, method):
    labels, _, said = too_sure(rng, 100)
    said[:2] = 0, 1
    mended = METHODS[method](labels, said)(np.array([0.0, 0.5, 1.0]))
    assert np.isfinite(mended).all()
    assert np.all(np.diff(mended) >= 0)


def test_the_reliability_table_is_scikit_learns_curve(rng):
    labels, _, said = too_sure(rng, 300)
    table = reliability_table(labels, said)
    share, mean = calibration_curve(labels, said, n_bins=10)
    np.testing.assert_allclose(table["share"], share)
    np.testing.assert_allclose(table["probability"], mean)
    assert table["count"].sum() == 300
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()


@pytest.mark.parametrize("method", [*METHODS.values(), reliability_table])
@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1], [0.2, 1.2], r"probabilities must be in \[0, 1\], got values from 0.2 to 1.2"),
        ([0, 1], [0.2, np.nan], "probabilities must be finite, got 1 NaN"),
        ([1, 1], [0.2, 0.3], r"labels must hold 0 and 1, both, got \[1\]"),
        ([0, 1, 1], [0.2, 0.3], r"probabilities must be \(3,\), got shape \(2,\)"),
    ],
)
def test_bad_input_is_named(method, labels, probabilities, message):
    with pytest.raises(ValueError, match=message):
        method(np.array(labels), np.array(probabilities))


def test_a_table_has_bins():
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        reliability_table(np.array([0, 1]), np.array([0.2, 0.8]), bins=0)


@pytest.mark.parametrize("method", METHODS)
def test_a_fitted_calibration_takes_only_probabilities(rng, method):
    labels, _, said = too_sure(rng, 100)
    with pytest.raises(ValueError, match=r"probabilities must be in \[0, 1\], got .* 1.5"):
        METHODS[method](labels, said)([0.2, 1.5])


def test_a_table_has_a_confidence():
    with pytest.raises(ValueError, match="confidence must be between 0 and 1, got 95"):
        reliability_table([0, 1], [0.2, 0.8], confidence=95)
