"""What chapter 5.1 hands to its page: pictures, a baseline, a packed model, stored runs."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from companion.films import Films
from companion.in_torch import DocumentCNN, predict
from companion.pages import read_table
from companion.pages.c5_1_pneumonia import (
    fit_logistic,
    for_the_page,
    other_pictures,
    seeds_table,
)


def test_pictures_that_are_no_childrens_films_are_the_same_each_time():
    first, second = other_pictures(), other_pictures()
    assert list(first) == ["adult film", "grey square", "noise", "photograph"]
    for name, picture in first.items():
        assert (picture.shape, picture.dtype) == ((28, 28), np.float32)
        assert 0 <= picture.min() <= picture.max() <= 1
        np.testing.assert_array_equal(picture, second[name])
    assert np.ptp(first["grey square"]) == 0


def test_the_penalty_is_chosen_on_validation(rng):
    images = rng.random((60, 1, 4, 4), dtype=np.float32)
    labels = (images.mean(axis=(1, 2, 3)) > 0.5).astype(int)
    train, validation = Films(images[:40], labels[:40]), Films(images[40:], labels[40:])
    right = np.mean((fit_logistic(train, validation)(validation.images) >= 0.5) == labels[40:])
    alone = [
        LogisticRegression(C=C).fit(images[:40].reshape(40, 16), labels[:40])
        for C in (0.01, 0.1)
    ]  # fmt: skip
    assert right == max(m.score(images[40:].reshape(20, 16), labels[40:]) for m in alone)


def test_a_packed_model_answers_like_the_one_that_was_packed(rng):
    model = DocumentCNN((1, 28, 28), seed=3)
    picture = rng.integers(0, 256, (28, 28)) / 255
    data = for_the_page(model, {"noise": (picture, "no film")}, mean=0.57)
    back = DocumentCNN((1, 28, 28), seed=4)
    layers = [layer for layer in (*back.features, *back.classifier) if hasattr(layer, "weight")]
    with torch.no_grad():
        for layer, part in zip(layers, data["layers"], strict=True):
            for name in ("weight", "bias"):
                target = getattr(layer, name)
                values = np.frombuffer(base64.b64decode(part[name]), "<f2").astype(np.float32)
                target.copy_(torch.from_numpy(values.reshape(target.shape)))
    pixels = np.frombuffer(base64.b64decode(data["pictures"]), "u1").reshape(1, 1, 28, 28)
    np.testing.assert_allclose(pixels[0, 0] / 255, picture)
    assert predict(back, pixels / 255) == pytest.approx(predict(model, pixels / 255), abs=1e-3)


def test_stored_runs_become_tables():
    stored = read_table("pneumonia_seeds")
    table = seeds_table(stored, [("test", "auroc"), ("validation", "accuracy")])
    assert list(table) == ["auroc, test", "accuracy, validation"]
    assert len(table) == 2 * stored["seeds"]
    last = stored["runs"]["stopped"][-1]["test"]["scores"]["auroc"][0]
    assert table.iloc[-1, 0] == pytest.approx(last, abs=5e-4)
