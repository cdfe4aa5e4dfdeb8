"""Wrong labels are planted as asked, found as cleanlab finds them, and counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.films import Films
from companion.studies import (
    held_out_probabilities,
    plant_label_errors,
    rank_suspects,
    score_search,
    suspect_labels,
)

LABELS = np.arange(200) % 2


@given(share=st.floats(0, 1), seed=st.integers(0, 50))
def test_as_many_labels_are_wrong_as_was_asked_and_the_given_ones_stay(share, seed):
    given = LABELS.copy()
    noisy = plant_label_errors(given, share, np.random.default_rng(seed))
    assert (noisy != LABELS).sum() == round(share * 200)
    assert (given == LABELS).all()


def test_films_without_doubt_keep_their_labels():
    doubt = (np.arange(200) < 60).astype(float)
    noisy = plant_label_errors(LABELS, 0.1, np.random.default_rng(0), doubt=doubt)
    wrong = np.flatnonzero(noisy != LABELS)
    assert len(wrong) == 20
    assert wrong.max() < 60


@pytest.mark.parametrize(
    ("share", "doubt", "message"),
    [
        (1.2, None, r"share must be in \[0, 1\], got 1.2"),
        (0.5, np.ones(3), r"doubt must be \(200,\).* got shape \(3,\)"),
        (0.5, -np.ones(200), "at least 0"),
        (0.5, np.eye(1, 200)[0], "doubt must be above 0 for 100 films, got 1"),
    ],
)
def test_what_cannot_be_planted_is_refused(share, doubt, message):
    with pytest.raises(ValueError, match=message):
        plant_label_errors(LABELS, share, np.random.default_rng(0), doubt=doubt)


def test_suspects_by_hand():
    # usual: of 0 the mean of .9, .2, .7 = .6; of 1 the mean of .8, .6, .4 = .6
    labels = [0, 0, 0, 1, 1, 1]
    of_one = [0.1, 0.8, 0.3, 0.8, 0.6, 0.4]
    assert suspect_labels(labels, of_one).tolist() == [False, True, False, False, False, True]
    assert rank_suspects(labels, of_one).tolist() == [1, 5]


@given(seed=st.integers(0, 10_000))
def test_suspects_are_those_of_cleanlab(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(60) % 2)
    of_one = np.clip(rng.beta(2, 2, 60) * 0.6 + 0.4 * rng.permutation(labels), 0, 1)
    assert set(rank_suspects(labels, of_one)) == set(np.flatnonzero(suspect_labels(labels, of_one)))


def test_each_film_is_asked_of_a_model_that_has_not_learned_from_it():
    pixels = np.linspace(0, 1, 40).reshape(40, 1, 1, 1).astype(np.float32)
    films, asked = Films(pixels, np.arange(40) % 2), []

    def learn(train, choosing):
        known = np.concatenate([train.images, choosing.images]).ravel()

        def predict(images):
            assert not np.isin(images, known).any()
            asked.append(images.ravel())
            return np.full(len(images), 0.5)

        return predict

    found = held_out_probabilities(films, learn, np.random.default_rng(0), folds=4)
    assert len(asked) == 4
    assert sorted(np.concatenate(asked)) == sorted(pixels.ravel())
    assert (found == 0.5).all()


@pytest.mark.parametrize("folds", [1, 21])
def test_folds_that_cannot_be_dealt_are_refused(folds):
    films = Films(np.zeros((40, 1, 1, 1)), np.arange(40) % 2)
    with pytest.raises(ValueError, match=f"folds must be from 2 to 20.* got {folds}"):
        held_out_probabilities(films, None, np.random.default_rng(0), folds=folds)


def test_precision_and_recall_by_hand():
    suspects, planted = np.zeros(10, bool), np.zeros(10, bool)
    suspects[:4], planted[2:8] = True, True
    found = score_search(suspects, planted)
    assert found["precision"].value == 0.5
    assert found["recall"].value == pytest.approx(2 / 6)
    with pytest.raises(ValueError, match="suspects must mark at least two films, got 0"):
        score_search(np.zeros(10), planted)
