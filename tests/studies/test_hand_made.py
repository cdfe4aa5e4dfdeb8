"""Hand-made features: what they see, and what they are blind to."""

from __future__ import annotations

import numpy as np

from companion.films import Films
from companion.studies import edge_features, hog_features, learn_logistic


def stripes(vertical, count=1):
    image = np.zeros((28, 28))
    image[:, ::4] = image[:, 1::4] = 1
    return np.repeat((image if vertical else image.T)[None, None], count, axis=0)


def test_edges_know_strength_and_place_but_no_direction():
    weak, strong = edge_features(0.2 * stripes(True)), edge_features(stripes(True))
    np.testing.assert_allclose(5 * weak, strong)
    half = stripes(True)
    half[..., 14:] = 0
    cells = edge_features(half)[0, :16].reshape(4, 4)
    assert cells[:, 0].min() > 0
    assert cells[:, 3].max() == 0
    upright, lying = (edge_features(stripes(vertical))[0, :16] for vertical in (True, False))
    np.testing.assert_allclose(upright.reshape(4, 4), lying.reshape(4, 4).T, atol=1e-12)


def test_oriented_gradients_know_the_direction_and_not_the_strength():
    upright, lying = (hog_features(stripes(vertical))[0] for vertical in (True, False))
    assert np.abs(upright - lying).max() > 0.3
    np.testing.assert_allclose(hog_features(0.2 * stripes(True))[0], upright, atol=1e-3)


def test_a_linear_model_learns_from_them(rng):
    def cohort(count):
        labels = np.arange(count) % 2
        images = np.concatenate([stripes(bool(label)) for label in labels])
        return Films(np.clip(images + rng.normal(0, 0.2, images.shape), 0, 1), labels)

    train, test = cohort(40), cohort(20)
    found = learn_logistic(train, train, features=hog_features)(test.images)
    assert ((found > 0.5) == test.labels).all()


def test_sides_that_are_no_multiple_of_four_are_cut():
    assert edge_features(np.zeros((1, 1, 31, 29))).shape == (1, 32)
    assert hog_features(np.zeros((1, 1, 31, 29))).shape == (1, 288)
