"""The experiment of chapter 9.3: films, markers, and which films are judged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from companion.data.marker import add_marker, marker_mask
from companion.films import Films
from companion.in_torch.models import PooledCNN
from companion.studies.phantoms import draw_splits, found_by_all, mark_those, train_on


class Brightest(nn.Module):
    """Calls ill what has a white pixel."""

    def forward(self, images):
        """Return logits."""
        return images.amax(dim=(1, 2, 3)) - 0.5


@pytest.fixture
def films():
    images = np.zeros((4, 1, 16, 16), np.float32)
    images[:3, 0, 8, 8] = 1
    lesions = np.zeros((4, 16, 16), bool)
    lesions[1:, 8, 8] = True
    return Films(images, np.array([0, 1, 1, 1]), lesions)


def test_only_films_that_are_ill_and_called_ill_are_judged(films):
    model = Brightest().eval()
    assert found_by_all(films, [model]).tolist() == [1, 2]
    assert found_by_all(films, [model], most=1).tolist() == [1]
    assert found_by_all(films, []).tolist() == [1, 2, 3]


def test_models_that_find_nothing_in_common_are_refused(films):
    class Blind(Brightest):
        def forward(self, images):
            """Return logits."""
            return super().forward(images) - 9

    with pytest.raises(ValueError, match="find a lesion in common, got none"):
        found_by_all(films, [Brightest().eval(), Blind().eval()])


def test_the_marker_is_where_its_mask_says_and_only_on_one_label(films):
    marked = mark_those(films, 0)
    changed = (marked.images != films.images)[:, 0]
    np.testing.assert_array_equal(changed[0], marker_mask((16, 16)))
    assert not changed[1:].any()
    np.testing.assert_array_equal(marked.labels, films.labels)
    np.testing.assert_array_equal(marked.masks, films.masks)
    assert not np.shares_memory(marked.images, films.images)
    everywhere = add_marker(np.zeros((1, 1, 16, 16)))[0, 0] == 1
    np.testing.assert_array_equal(everywhere, marker_mask((16, 16)))
    assert marker_mask((16, 16), margin=8).sum() == 14 * 14


def test_the_same_seed_gives_the_same_films_and_no_film_is_in_two_splits():
    counts = {"train": 5, "validation": 3, "test": 4}
    first, again, other = (draw_splits(seed, counts=counts, size=16) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["test"].images, again["test"].images)
    assert not np.array_equal(first["test"].images, other["test"].images)
    images = np.concatenate([split.images for split in first.values()])
    assert len(np.unique(images.reshape(12, -1), axis=0)) == 12
    for split in first.values():
        np.testing.assert_array_equal(split.masks.any(axis=(1, 2)), split.labels == 1)


def test_training_depends_on_its_seed_and_leaves_the_films_alone():
    splits = draw_splits(0, counts={"train": 40, "validation": 8}, size=16)
    before = splits["train"].images.copy()
    one, same, two = (
        train_on(splits, PooledCNN(1), epochs=1, seed=seed).classifier.weight for seed in (0, 0, 1)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, two)
    np.testing.assert_array_equal(before, splits["train"].images)
