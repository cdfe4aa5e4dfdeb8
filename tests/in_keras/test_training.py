"""The document's training call, and that it means the same as the other frameworks'."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from companion.films import Films
from companion.in_keras import document_cnn, fit, grad_cam, logits, predict


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = rng.random((40, 1, 22, 22), dtype=np.float32) * 0.5
    images[labels == 1, :, 5:15, 5:15] += 0.5
    both = Films(images, labels)
    return both[:32], both[32:]


def run(films, *, seed=0, **options):
    keras.utils.set_random_seed(seed)
    model = document_cnn((22, 22, 1))
    options = {"epochs": 2, "progress": False} | options
    return model, fit(model, films[0], validation=films[1], seed=seed, **options)


def loss_of(model, films):
    chances = predict(model, films.images)
    return -np.log(np.where(films.labels == 1, chances, 1 - chances)).mean()


def test_the_same_seed_gives_the_same_history(films):
    first, again, other = (run(films, seed=seed)[1] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_it_compiles_as_the_document_does(films):
    model, _ = run(films, epochs=1)
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(1e-3)
    assert model.loss == "binary_crossentropy"


def test_the_model_keeps_its_best_epoch_or_the_last(films):
    held = Films(films[1].images, 1 - films[1].labels)
    best, history = run((films[0], held), epochs=4)
    last, same = run((films[0], held), epochs=4, keep="last")
    assert history == same
    assert history.best_epoch < 4
    assert loss_of(best, held) == pytest.approx(min(history.val_loss), rel=1e-4)
    assert loss_of(last, held) == pytest.approx(history.val_loss[-1], rel=1e-4)
    with pytest.raises(ValueError, match="keep must be"):
        run(films, keep="first")


def test_patience_ends_the_run_as_in_the_other_frameworks(films):
    held = Films(films[1].images, 1 - films[1].labels)
    _, history = run((films[0], held), epochs=30, patience=1)
    assert len(history) == history.best_epoch + 1 < 30
    with pytest.raises(ValueError, match="patience must be None or at least 1, got 0"):
        run(films, patience=0)


def test_labels_of_eight_bits_and_lists_change_nothing(films):
    expected = run(films)[1]
    for cast in (list, lambda labels: labels.astype(np.uint8)):
        parts = tuple(Films(part.images, cast(part.labels)) for part in films)
        assert run(parts)[1] == expected


def test_divergence_is_an_error(films):
    with pytest.raises(FloatingPointError, match="loss is nan after epoch 1"):
        run(films, optimizer=keras.optimizers.SGD(1e30))
    model = document_cnn((22, 22, 1))
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    with pytest.raises(FloatingPointError, match="answers 8 of 8 images with no number"):
        predict(model, films[1].images)


def test_pixels_of_another_scale_are_refused(films):
    model = document_cnn((22, 22, 1))
    with pytest.raises(ValueError, match="divide 8-bit pixels by 255"):
        predict(model, films[0].images * 255)
    np.testing.assert_allclose(
        predict(model, films[0].images, batch_size=5), predict(model, films[0].images), rtol=1e-5
    )


@pytest.mark.parametrize("answer", [predict, logits, grad_cam])
def test_images_with_channels_last_are_refused(answer):
    wrong = np.zeros((2, 24, 22, 3), np.float32)
    with pytest.raises(ValueError, match=r"images must be \(N, 3, 24, 22\), .* \(2, 24, 22, 3\)"):
        answer(document_cnn((24, 22, 3)), wrong)


def test_a_model_of_any_size_is_told_by_its_channels():
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(2, 3),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ]
    )
    assert predict(model, np.zeros((2, 3, 9, 8))).shape == (2,)
    with pytest.raises(ValueError, match=r"images must be \(N, 3, H, W\), .* \(2, 9, 8, 3\)"):
        predict(model, np.zeros((2, 9, 8, 3)))
    vectors = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"model must take images .*, takes \(None, 4\)"):
        logits(vectors, np.zeros((2, 1, 2, 2)))


def test_code_in_a_saved_model_is_not_run(tmp_path):
    lambda_layer = keras.layers.Lambda(lambda x: x * 2, output_shape=(2,))
    model = keras.Sequential([keras.Input((2,)), lambda_layer])
    model.save(tmp_path / "a.keras")
    with pytest.raises(ValueError, match="[Ll]ambda"):
        keras.models.load_model(tmp_path / "a.keras")
