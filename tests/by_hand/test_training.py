"""Optimisers and the training loop in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from companion.by_hand import model as models
from companion.by_hand.activations import sigmoid
from companion.by_hand.loss import binary_cross_entropy
from companion.by_hand.model import DocumentCNN
from companion.by_hand.optimizers import SGD, Adam, clip_by_norm
from companion.by_hand.training import fit, learn_kernel, predict
from companion.films import Films


def test_momentum_by_hand():
    weights, optimizer = [np.array([1.0])], SGD(0.5, momentum=0.5)
    optimizer.step(weights, [np.array([1.0])])
    assert weights[0].item() == 0.5
    optimizer.step(weights, [np.array([1.0])])
    assert weights[0].item() == 0.5 - 0.5 * 1.5


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient():
    for gradient in (1e-3, 1.0, 1e3):
        weights = [np.array([1.0, 1.0])]
        Adam(0.1).step(weights, [np.array([gradient, -gradient])])
        np.testing.assert_allclose(weights[0], [0.9, 1.1], rtol=1e-4)


@pytest.mark.parametrize("limit", [0.5, 100.0])
def test_clipping_is_pytorchs(rng, limit):
    gradients = [rng.standard_normal((3, 4)), rng.standard_normal(5)]
    leaves = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in gradients]
    for leaf, gradient in zip(leaves, gradients, strict=True):
        leaf.grad = torch.tensor(gradient)
    norm = torch.nn.utils.clip_grad_norm_(leaves, limit)
    assert clip_by_norm(gradients, limit) == pytest.approx(norm.item())
    for leaf, gradient in zip(leaves, gradients, strict=True):
        np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-5)
    with pytest.raises(ValueError, match="limit must be above 0, got 0"):
        clip_by_norm(gradients, 0)


@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, momentum=0.9), Adam(0.1)])
def test_steps_stay_in_place_and_in_single_precision(optimizer):
    array = np.ones(3, np.float32)
    optimizer.step([array], [np.ones(3, np.float32)])
    assert array.dtype == np.float32
    assert (array < 1).all()


@pytest.mark.parametrize("optimizer", [SGD(0.05, momentum=0.9), Adam(2e-3)])
def test_training_learns_a_bright_spot_and_the_same_seed_gives_the_same_model(rng, optimizer):
    labels = np.arange(96) % 2
    images = rng.random((96, 1, 22, 22), dtype=np.float32) / 2
    images[labels == 1, :, 4:12, 8:16] += 0.25
    films = Films(images, labels)
    results = []
    for make in (type(optimizer), type(optimizer)):
        settings = {"learning_rate": optimizer.learning_rate}
        if make is SGD:
            settings["momentum"] = optimizer.momentum
        model = DocumentCNN((1, 22, 22), seed=1)
        history = fit(
            model, films, validation=films, epochs=8,
            optimizer=make(**settings), batch_size=16, rng=np.random.default_rng(0),
        )  # fmt: skip
        assert len(history) == len(history.train_loss) == len(history.val_accuracy) == 8
        assert history.val_loss[history.best_epoch - 1] == min(history.val_loss)
        results.append((history.val_loss, model.arrays()))
    (losses, arrays), (again, others) = results
    assert losses[-1] < losses[0]
    assert losses[-1] < 0.4
    assert losses == again
    assert all((a == b).all() for a, b in zip(arrays, others, strict=True))
    chances = predict(model, images)
    assert chances.shape == (len(images),)
    assert chances[labels == 1].mean() > chances[labels == 0].mean()
    assert history.val_accuracy[-1] == np.mean((chances >= 0.5) == labels) > 0.9
    assert history.val_loss[-1] == pytest.approx(
        binary_cross_entropy(model.logits(images), labels), rel=1e-6
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SGD(0), "learning_rate must be above 0 and finite, got 0"),
        (lambda: Adam(-1.0), "learning_rate must be above 0"),
        (lambda: SGD(momentum=1), "momentum must be from 0 to below 1, got 1"),
        (lambda: Adam(beta2=1.5), "beta2 must be from 0 to below 1"),
        (lambda: Adam(epsilon=-1), "epsilon must not be negative"),
        (lambda: SGD().step([np.ones(2)], [np.ones(3)]), r"gradients must have the shapes \[\(2,"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def films_of(count, *, size=22, channels=1, value=0.5):
    """Even films with alternating labels."""
    pixels = np.full((count, channels, size, size), value, np.float32)
    return Films(pixels, np.arange(count) % 2)


def train(model=None, **change):
    """Fit a small model for an epoch of two batches, with something changed."""
    settings = {"train": films_of(4), "validation": films_of(2), "epochs": 1, "batch_size": 2}
    settings |= {"optimizer": SGD(), "rng": np.random.default_rng(0)} | change
    return fit(model or DocumentCNN((1, 22, 22)), **settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be an int from 1 up, got 0"),
        ({"epochs": 1.5}, "epochs must be an int from 1 up, got 1.5"),
        ({"batch_size": 0}, "batch_size must be an int from 1 up, got 0"),
        ({"train": np.zeros((2, 1, 22, 22), np.float32)}, "train must be Films, got ndarray"),
        ({"validation": (np.zeros(2), [0, 1])}, "validation must be Films, got tuple"),
        (
            {"train": films_of(2, channels=2)},
            r"images of train must be \(N, 1, 22, 22\), got shape \(2, 2, 22, 22\)",
        ),
        (
            {"validation": films_of(2, size=24)},
            r"images of validation must be \(N, 1, 22, 22\), got shape \(2, 1, 24, 24\)",
        ),
    ],
)
def test_bad_training_data_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        train(**change)


def test_a_kernel_comes_back_by_the_steps_that_pytorch_takes(rng):
    images, wanted = rng.standard_normal((2, 1, 12, 11)), rng.standard_normal((1, 1, 3, 2))
    x, right = torch.tensor(images), torch.tensor(wanted)
    target = torch.nn.functional.conv2d(x, right)
    kernels = learn_kernel(
        images, target.numpy(), start=np.zeros_like(wanted), learning_rate=0.4, steps=10
    )
    kernel = torch.zeros_like(right, requires_grad=True)
    optimizer = torch.optim.SGD([kernel], lr=0.4)
    for ours in kernels[:-1]:
        np.testing.assert_allclose(ours, kernel.detach(), atol=1e-12)
        optimizer.zero_grad()
        ((torch.nn.functional.conv2d(x, kernel) - target) ** 2).mean().backward()
        optimizer.step()
    assert len(kernels) == 11
    np.testing.assert_allclose(kernels[-1], wanted, atol=0.05)


def test_a_target_that_would_be_broadcast_is_refused(rng):
    images, start = rng.standard_normal((1, 1, 5, 5)), np.zeros((1, 1, 3, 3))
    with pytest.raises(ValueError, match=r"target must have shape \(1, 1, 3, 3\), got \(1, 1"):
        learn_kernel(images, np.ones((1, 1, 1, 1)), start=start, learning_rate=0.1)


def test_labels_in_a_list_are_learned_from_as_in_an_array():
    found = []
    for labels in ([0, 1, 1, 0], np.array([0, 1, 1, 0], np.uint8), np.array([0, 1, 1, 0])):
        films = Films(np.random.default_rng(1).random((4, 1, 22, 22)), labels)
        model = DocumentCNN((1, 22, 22))
        history = train(model, train=films, validation=films, epochs=2)
        loss, _ = model.loss_and_gradients(films.images, labels)
        found.append((history.val_loss, history.val_accuracy, loss))
    assert found[0] == found[1] == found[2]
    assert found[0][1][-1] in (0.25, 0.5, 0.75, 1.0)


class Broken(DocumentCNN):
    """A model whose loss is not finite from some batch on."""

    batches = 0

    def loss_and_gradients(self, images, labels):
        """Return NaN for the loss from the third batch on."""
        self.batches += 1
        loss, gradients = super().loss_and_gradients(images, labels)
        return (np.nan if self.batches >= self.first else loss), gradients


@pytest.mark.parametrize(
    ("first", "place"), [(1, "epoch 1, batch 1"), (2, "epoch 1, batch 2"), (3, "epoch 2, batch 1")]
)
def test_a_loss_that_is_no_number_stops_the_training_at_once(first, place):
    model = Broken((1, 22, 22))
    model.first = first
    with pytest.raises(FloatingPointError, match=f"diverged in {place}: the loss is nan"):
        train(model, epochs=3)
    assert model.batches == first


def test_weights_that_are_no_numbers_stop_the_training_at_the_first_batch():
    model = DocumentCNN((1, 22, 22))
    model.layers[0].weights[:] = np.nan
    with pytest.raises(FloatingPointError, match="diverged in epoch 1, batch 1: kernels must be f"):
        train(model)
    with pytest.raises(ValueError, match="kernels must be finite"):
        predict(model, np.zeros((1, 1, 22, 22)))


def test_a_step_too_large_is_found_in_the_batch_after_it():
    with pytest.raises(FloatingPointError, match=r"epoch 1, batch 2: .*smaller learning rate"):
        train(optimizer=SGD(1e30), epochs=2)


def test_a_step_too_large_in_the_last_batch_is_found_on_validation():
    with pytest.raises(FloatingPointError, match=r"epoch 1, validation after the last batch: "):
        train(optimizer=SGD(1e30), batch_size=4)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_an_answer_that_is_not_finite_is_refused():
    model = DocumentCNN((1, 22, 22))
    model.layers[-1].weights[:] = 3e38
    with pytest.raises(ValueError, match="logits must be finite, got 1 values"):
        predict(model, np.ones((1, 1, 22, 22)))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((1, 1, 22, 22), 255.0), r"in \[0, 1\], got values from 255 .*divide 8-bit"),
        (
            np.full((1, 1, 22, 22), 255, np.uint8),
            "images must be floating point .* got dtype uint8",
        ),
        (np.full((1, 1, 22, 22), -0.1), r"images must be in \[0, 1\], got values from -0.1"),
        (np.full((1, 1, 22, 22), np.nan), "images must be finite, got 484 NaN"),
        (np.zeros((1, 3, 22, 22)), r"images must have 1 channels, got shape \(1, 3, 22, 22\)"),
        (np.zeros((1, 1, 24, 22)), r"images must be \(N, 1, 22, 22\), got shape \(1, 1, 24"),
        (np.zeros((0, 1, 22, 22)), r"not empty, got shape \(0, 1, 22, 22\)"),
        (np.zeros((22, 22)), r"images must be \(N, C, H, W\)"),
    ],
)
def test_images_of_another_scale_or_shape_are_not_answered(images, message):
    with pytest.raises(ValueError, match=message):
        predict(DocumentCNN((1, 22, 22)), images)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_answers_in_its_own_precision(dtype):
    model = DocumentCNN((1, 22, 22), dtype=dtype)
    images = np.random.default_rng(0).random((300, 1, 22, 22))
    train(model, train=Films(images[:4], [0, 1, 0, 1]))
    chances = predict(model, images)
    assert chances.dtype == dtype
    expected = sigmoid(model.logits(images.astype(np.float32).astype(dtype)))
    np.testing.assert_allclose(chances, expected, rtol=1e-5)
    assert {array.dtype for array in model.arrays()} == {np.dtype(dtype)}


def test_a_model_of_another_precision_is_refused():
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got float16"):
        models.DocumentCNN((1, 22, 22), dtype=np.float16)


def test_a_model_takes_only_images_it_was_made_for():
    model = DocumentCNN((1, 24, 24))
    with pytest.raises(ValueError, match=r"images must be \(N, 1, 24, 24\), got shape"):
        model.logits(np.zeros((2, 1, 26, 26), np.float32))


def test_optimisers_refuse_other_arrays_than_those_of_the_steps_before():
    for optimizer in (SGD(momentum=0.5), Adam()):
        optimizer.step([np.ones(1)], [np.ones(1)])
        with pytest.raises(ValueError, match=r"arrays must have the shapes \[\(1,\)\], got \[\(3,"):
            optimizer.step([np.ones(3)], [np.ones(3)])
        with pytest.raises(ValueError, match="float arrays, got int64"):
            optimizer.step([np.ones(1, int)], [np.ones(1)])
        with pytest.raises(ValueError, match="float arrays, got list"):
            optimizer.step([[1.0]], [[1.0]])


def test_clipping_neither_overflows_nor_hides_a_gradient_that_is_not_finite():
    gradient = np.full(4, 1e30, np.float32)
    assert clip_by_norm([gradient], 1.0) == pytest.approx(2e30)
    np.testing.assert_allclose(gradient, 0.5, rtol=1e-6)
    with pytest.raises(ValueError, match="gradients must be finite, got a norm of nan"):
        clip_by_norm([np.array([np.nan])], 1.0)
