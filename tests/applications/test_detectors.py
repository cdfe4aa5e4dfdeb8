"""Scores of foreign films, against scikit-learn, scipy and arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit, softmax
from sklearn.covariance import EmpiricalCovariance, ShrunkCovariance
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from companion.applications import (
    detection_auroc,
    energy_score,
    fit_mahalanobis,
    fit_neighbours,
    max_probability_score,
)


@pytest.fixture
def features(rng):
    """Features that are correlated and of different scales."""
    return rng.normal(size=(80, 5)) @ rng.normal(size=(5, 5)) * [1, 10, 0.1, 3, 1] + 4


def test_the_greatest_probability_by_hand():
    np.testing.assert_allclose(max_probability_score([0.0, 0.3, 0.5, 0.9]), [0, 0.3, 0.5, 0.1])
    np.testing.assert_allclose(max_probability_score([[0.2, 0.5, 0.3], [1, 0, 0]]), [0.5, 0])


def test_the_energy_is_the_logarithm_of_the_sum_and_never_overflows(rng):
    logits = rng.normal(size=(7, 3))
    np.testing.assert_allclose(energy_score(logits), -np.log(np.exp(logits).sum(1)), rtol=1e-12)
    theirs = -2 * torch.logsumexp(torch.from_numpy(logits) / 2, dim=1)
    np.testing.assert_allclose(energy_score(logits, temperature=2), theirs, rtol=1e-9)
    np.testing.assert_allclose(
        energy_score(logits, temperature=2), -2 * np.log(np.exp(logits / 2).sum(1))
    )
    assert energy_score([[2000.0, 0.0]]).tolist() == [-2000]
    assert np.isfinite(energy_score([1e6, -1e6])).all()


def test_energy_knows_the_size_of_logits_that_probabilities_forget():
    weak, strong = np.array([[0.0, 1.0]]), np.array([[10.0, 11.0]])
    np.testing.assert_allclose(softmax(weak), softmax(strong))
    assert energy_score(weak) > energy_score(strong)


def test_of_one_logit_the_energy_ranks_as_the_probability_does(rng):
    logits = rng.normal(0, 3, 200)
    order = np.argsort(energy_score(logits))
    np.testing.assert_array_equal(order, np.argsort(max_probability_score(expit(logits))))


@pytest.mark.parametrize("shrinkage", [0.0, 0.1, 1.0])
def test_one_class_is_the_distance_of_scikit_learn(features, rng, shrinkage):
    new = rng.normal(size=(20, 5)) * 5
    oracle = (ShrunkCovariance(shrinkage=shrinkage) if shrinkage else EmpiricalCovariance()).fit(
        features
    )
    found = fit_mahalanobis(features, shrinkage=shrinkage)(new)
    np.testing.assert_allclose(found, np.sqrt(oracle.mahalanobis(new)), rtol=1e-9)


def test_of_several_classes_the_nearest_mean_counts_with_one_covariance(features, rng):
    labels = np.arange(80) % 3
    shifted = features + labels[:, None] * 20
    means = np.stack([shifted[labels == k].mean(0) for k in range(3)])
    oracle = EmpiricalCovariance(assume_centered=True).fit(shifted - means[labels])
    new = rng.normal(size=(20, 5)) * 30
    each = [np.sqrt(oracle.mahalanobis(new - mean)) for mean in means]
    np.testing.assert_allclose(fit_mahalanobis(shifted, labels)(new), np.min(each, 0), rtol=1e-9)


def test_scaling_a_feature_changes_no_distance(features):
    one = fit_mahalanobis(features)(features[:9] + 1)
    scale = np.array([100, 1, 1, 0.01, 5])
    np.testing.assert_allclose(fit_mahalanobis(features * scale)((features[:9] + 1) * scale), one)


@pytest.mark.parametrize("k", [1, 3, 80])
def test_neighbours_are_those_of_scikit_learn(features, rng, k):
    new = rng.normal(size=(20, 5)) * 5
    oracle = NearestNeighbors(n_neighbors=k).fit(features).kneighbors(new)[0][:, -1]
    np.testing.assert_allclose(fit_neighbours(features, k=k)(new), oracle, rtol=1e-9)
    if k == 1:
        np.testing.assert_allclose(fit_neighbours(features)(features), 0)


@pytest.fixture
def ood():
    """The detectors of pytorch-ood, where it can be imported: it asks for torchvision."""
    return pytest.importorskip("pytorch_ood.detector", exc_type=ImportError)


def test_pytorch_ood_gives_the_same_scores_of_logits(ood, rng):
    logits = rng.normal(0, 3, (20, 4))
    theirs = ood.EnergyBased(None, t=2).predict_logits(torch.from_numpy(logits)).numpy()
    np.testing.assert_allclose(energy_score(logits, temperature=2), theirs, rtol=1e-9)
    theirs = ood.MaxSoftmax(None).predict_logits(torch.from_numpy(logits)).numpy()
    np.testing.assert_allclose(max_probability_score(softmax(logits, 1)), 1 + theirs, rtol=1e-9)


def test_pytorch_ood_gives_the_same_distances(ood, features, rng):
    labels, new = np.arange(80) % 3, rng.normal(size=(20, 5)) * 30
    own = features + labels[:, None] * 20
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # it keeps its means in this precision
    try:
        nearest = ood.KNN(None, k=5, normalize=False)
        nearest.fit_features(torch.from_numpy(own), torch.from_numpy(labels))
        distances = nearest.predict_features(torch.from_numpy(new)).numpy()
        # It adds 1e-6 to the diagonal of the covariance, which on this scale is nothing.
        around = ood.Mahalanobis(None)
        around.fit_features(torch.from_numpy(own * 1e3), torch.from_numpy(labels))
        squared = around.predict_features(torch.from_numpy(new * 1e3)).numpy()
    finally:
        torch.set_default_dtype(before)
    np.testing.assert_allclose(fit_neighbours(own, k=5)(new), distances, rtol=1e-9)
    # It gives half the square, from the sum of products in place of their mean.
    found = fit_mahalanobis(own, labels)(new)
    np.testing.assert_allclose(found, np.sqrt(2 * len(own) * squared), rtol=1e-9)


def test_all_scores_are_higher_for_what_is_foreign(features, rng):
    own, foreign = features[:40] + 0.01, features[:40] + 200
    for detector in (fit_mahalanobis(features), fit_neighbours(features, k=5)):
        assert detection_auroc(detector(own), detector(foreign)).value == 1
    sure, unsure = rng.normal(8, 1, (40, 1)), rng.normal(0, 1, (40, 1))
    for score in (lambda z: max_probability_score(expit(z[:, 0])), lambda z: energy_score(z[:, 0])):
        assert detection_auroc(score(sure), score(unsure)).value == 1


def test_the_area_is_scikit_learns_with_ties_and_any_scale(rng):
    own, foreign = rng.integers(0, 6, 50) * 1e6, rng.integers(2, 9, 70) * 1e6
    labels = np.repeat([0, 1], [50, 70])
    found = detection_auroc(own, foreign)
    assert found.value == pytest.approx(roc_auc_score(labels, np.r_[own, foreign]))
    assert found.low < found.value < found.high
    assert "constant" in detection_auroc(np.ones(5), np.ones(5)).reason


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_mahalanobis(np.ones((9, 2))), "can't be inverted.*shrinkage"),
        (lambda: fit_mahalanobis(np.eye(5)[:3]), "5 features over 3 films can't"),
        (lambda: fit_mahalanobis(np.c_[np.arange(9.0), 2 * np.arange(9.0)]), "can't be inverted"),
        (lambda: fit_mahalanobis(np.eye(3), [0, 1]), r"labels must be numbers \(3,\)"),
        (lambda: fit_mahalanobis(np.eye(3), [0, 0, 2], shrinkage=0.5), "there is no 1"),
        (lambda: fit_mahalanobis(np.eye(3), [0, 0, -1]), "whole numbers from 0"),
        (lambda: fit_mahalanobis(np.eye(3), shrinkage=2), r"shrinkage must be in \[0, 1\]"),
        (lambda: fit_mahalanobis([[0.0, np.nan]]), "NaN"),
        (lambda: fit_neighbours(np.eye(3), k=4), "from 1 to 3"),
        (lambda: fit_neighbours(np.eye(3), k=0), "from 1 to 3"),
        (lambda: fit_neighbours(np.eye(3), k=1.5), "whole number"),
        (lambda: fit_neighbours(np.zeros((0, 3))), "not empty"),
        (lambda: fit_neighbours(np.eye(3))(np.eye(4)), r"\(N, 3\)"),
        (lambda: energy_score([[1.0]]), "K at least 2"),
        (lambda: energy_score([1.0, np.inf]), "infinite"),
        (lambda: energy_score([1.0], temperature=0), "temperature"),
        (lambda: max_probability_score([3.0]), r"in \[0, 1\]"),
        (lambda: detection_auroc([], [1.0]), "own must be numbers"),
        (lambda: detection_auroc([1.0], [np.nan]), "foreign must be finite"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_constant_covariance_that_is_all_zero_is_refused_whatever_the_shrinkage():
    with pytest.raises(ValueError, match="can't be inverted"):
        fit_mahalanobis(np.ones((9, 2)), shrinkage=0.5)
