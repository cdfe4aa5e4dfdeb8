"""Optimisers and the training loop in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from companion.by_hand.model import DocumentCNN
from companion.by_hand.optimizers import SGD, Adam, clip_by_norm
from companion.by_hand.training import fit, predict


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
    images = rng.random((96, 1, 22, 22), dtype=np.float32)
    images[labels == 1, :, 4:12, 8:16] += 0.5
    results = []
    for make in (type(optimizer), type(optimizer)):
        settings = {"learning_rate": optimizer.learning_rate}
        if make is SGD:
            settings["momentum"] = optimizer.momentum
        model = DocumentCNN((1, 22, 22), seed=1)
        history = fit(
            model, images, labels, validation=(images, labels), epochs=4,
            optimizer=make(**settings), batch_size=16, rng=np.random.default_rng(0),
        )  # fmt: skip
        results.append((history.val_loss, model.arrays()))
    (losses, arrays), (again, others) = results
    assert losses[-1] < losses[0]
    assert losses[-1] < 0.4
    assert losses == again
    assert all((a == b).all() for a, b in zip(arrays, others, strict=True))
    chances = predict(model, images)
    assert chances.shape == (len(images),)
    assert chances[labels == 1].mean() > chances[labels == 0].mean()


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.array([0])}, "labels must be one an image, got 1 for 2"),
        ({"epochs": 0}, "epochs and batch_size must be from 1 up"),
        ({"images": np.zeros((2, 2, 22, 22), np.float32)}, "kernels must have the images' 2 chann"),
    ],
)
def test_bad_training_data_is_named(rng, change, message):
    images, labels = np.zeros((2, 1, 22, 22), np.float32), np.array([0, 1])
    settings = {"images": images, "labels": labels, "validation": (images, labels), "epochs": 1}
    with pytest.raises(ValueError, match=message):
        fit(DocumentCNN((1, 22, 22)), optimizer=SGD(), rng=rng, **settings | change)
