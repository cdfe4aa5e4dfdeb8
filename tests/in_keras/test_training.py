"""The document's training call."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from companion.in_keras.training import fit_document_program


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = rng.random((40, 22, 22, 1), dtype=np.float32) * 0.5
    images[labels == 1, 5:15, 5:15] += 0.5
    return images[:32], labels[:32], (images[32:], labels[32:])


def run(films, **options):
    images, labels, validation = films
    options = {"seed": 0, "epochs": 2, "progress": False} | options
    return fit_document_program(images, labels, validation=validation, **options)


def test_the_same_seed_gives_the_same_history(films):
    first, again, other = (run(films, seed=seed).history for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_it_compiles_as_the_document_does(films):
    model = run(films, epochs=1).model
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(1e-3)
    assert model.loss == "binary_crossentropy"


def test_the_best_weights_are_those_of_the_least_validation_loss(films):
    done = run(films, epochs=4)
    assert done.history.index.tolist() == [1, 2, 3, 4]
    done.model.set_weights(done.best_weights)
    chances = np.asarray(done.model(films[2][0]))[:, 0].astype(float)
    loss = -np.log(np.where(films[2][1] == 1, chances, 1 - chances)).mean()
    assert loss == pytest.approx(done.history.val_loss.min(), rel=1e-4)


def test_patience_ends_the_run(films):
    images, labels, (held, truth) = films
    done = fit_document_program(
        images, labels, validation=(held, 1 - truth), seed=0, epochs=30, patience=1, progress=False
    )
    assert len(done.history) < 30


def test_unscaled_films_are_refused(films):
    images, labels, validation = films
    with pytest.raises(ValueError, match="divide 8-bit pixels by 255"):
        fit_document_program(images * 255, labels, validation=validation, seed=0)


def test_code_in_a_saved_model_is_not_run(tmp_path):
    lambda_layer = keras.layers.Lambda(lambda x: x * 2, output_shape=(2,))
    model = keras.Sequential([keras.Input((2,)), lambda_layer])
    model.save(tmp_path / "a.keras")
    with pytest.raises(ValueError, match="[Ll]ambda"):
        keras.models.load_model(tmp_path / "a.keras")
