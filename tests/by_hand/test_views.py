"""However an array lies in memory, every layer gives the same, and leaves the array as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from by_hand.views import LAYERS, VIEWS, laid_out
from hypothesis import given, settings
from hypothesis import strategies as st

from companion import by_hand
from companion.films import Films

CLOSE = {"rtol": 1e-6, "atol": 1e-10}


def draw(shapes, dtype, rng):
    """Return random arrays of some shapes."""
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def outputs_of(theirs, arrays):
    """Return PyTorch's outputs and the leaves that take the gradients."""
    leaves = [torch.tensor(np.array(a, np.float64), requires_grad=True) for a in arrays]
    return theirs(*leaves), leaves


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("layer", LAYERS)
def test_outputs_and_gradients_are_those_of_a_copy_and_pytorchs(rng, layer, view, dtype):
    ours, theirs, shapes = LAYERS[layer]
    arrays = [VIEWS[view](array) for array in draw(shapes, dtype, rng)]
    expected, leaves = outputs_of(theirs, arrays)
    (grad,) = draw([tuple(expected.shape)], dtype, rng)
    grad = VIEWS[view](grad) if grad.ndim else grad
    before = [np.array(array, order="C") for array in (grad, *arrays)]
    found = ours(grad, *arrays)
    for array, old in zip((grad, *arrays), before, strict=True):
        np.testing.assert_array_equal(array, old)

    near = CLOSE if dtype is np.float64 else {"rtol": 1e-4, "atol": 1e-5}
    for one, other in zip(found, ours(*before), strict=True):
        np.testing.assert_allclose(one, other, **near)
    np.testing.assert_allclose(found[0], expected.detach(), **near)
    expected.backward(torch.tensor(np.array(before[0], np.float64)))
    for one, leaf in zip(found[1:], leaves, strict=False):
        np.testing.assert_allclose(one, leaf.grad, **near)
    assert len(found) in (1, len(leaves) + 1)


@pytest.mark.parametrize("layer", LAYERS)
@given(st.data())
@settings(max_examples=20)
def test_each_argument_may_lie_in_memory_in_its_own_way(layer, data):
    ours, theirs, shapes = LAYERS[layer]
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    arrays = draw(shapes, np.float64, rng)
    expected, _ = outputs_of(theirs, arrays)
    arrays = [*draw([tuple(expected.shape)], np.float64, rng), *arrays]
    views = [
        laid_out(
            array,
            data.draw(st.permutations(range(array.ndim))),
            [data.draw(st.sampled_from([-2, -1, 1, 2])) for _ in range(array.ndim)],
        )
        for array in arrays
    ]
    for one, other in zip(ours(*views), ours(*arrays), strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)
    for view, array in zip(views, arrays, strict=True):
        np.testing.assert_array_equal(view, array)


@pytest.mark.parametrize("view", [name for name in VIEWS if name not in ("read-only", "repeated")])
@pytest.mark.parametrize(
    ("make", "theirs"),
    [
        (lambda: by_hand.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        (
            lambda: by_hand.SGD(0.1, momentum=0.9),
            lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
        ),
        (lambda: by_hand.Adam(0.1), lambda p: torch.optim.Adam(p, 0.1)),
    ],
)
def test_optimisers_change_a_view_in_place_and_nothing_around_it(rng, view, make, theirs):
    arrays = [VIEWS[view](array) for array in draw([(4, 3, 6, 6), (3,)], np.float64, rng)]
    leaves = [torch.tensor(np.array(array), requires_grad=True) for array in arrays]
    optimizer, other = make(), theirs(leaves)
    for _ in range(3):
        gradients = [VIEWS[view](a) for a in draw([(4, 3, 6, 6), (3,)], np.float64, rng)]
        before = [gradient.copy() for gradient in gradients]
        optimizer.step(arrays, gradients)
        for leaf, gradient, old in zip(leaves, gradients, before, strict=True):
            np.testing.assert_array_equal(gradient, old)
            leaf.grad = torch.tensor(old)
        other.step()
    for array, leaf in zip(arrays, leaves, strict=True):
        np.testing.assert_allclose(array, leaf.detach(), **CLOSE)
        if view in ("strided", "cut out"):
            room = array.base
            assert np.isnan(room).sum() == room.size - array.size


@pytest.mark.parametrize("view", [name for name in VIEWS if name not in ("read-only", "repeated")])
def test_clipping_shrinks_a_view_in_place(rng, view):
    (values,) = draw([(4, 3, 6, 6)], np.float64, rng)
    gradient = VIEWS[view](values)
    expected = values / np.sqrt((values**2).sum())
    by_hand.clip_by_norm([gradient], 1.0)
    np.testing.assert_allclose(gradient, expected, **CLOSE)


@pytest.mark.parametrize("view", VIEWS)
def test_a_numerical_gradient_is_taken_at_a_view(rng, view):
    array = VIEWS[view](rng.standard_normal((3, 4)))
    before = array.copy()
    found = by_hand.numerical_gradient(lambda a: float((a**3).sum()), array)
    np.testing.assert_allclose(found, 3 * before**2, rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("view", VIEWS)
def test_the_model_learns_the_same_from_a_view(rng, view):
    images = VIEWS[view](rng.random((6, 1, 22, 22), dtype=np.float32))
    labels = VIEWS[view](np.array([0, 1, 1, 0, 1, 0]))
    before = images.copy(), labels.copy()
    answers = []
    for pixels, truth in ((images, labels), before):
        model, films = by_hand.DocumentCNN((1, 22, 22), seed=3), Films(pixels, truth)
        by_hand.fit(
            model, films, validation=films, epochs=2, optimizer=by_hand.Adam(), batch_size=4,
            rng=np.random.default_rng(1),
        )  # fmt: skip
        answers.append(by_hand.predict(model, pixels))
    np.testing.assert_allclose(*answers, rtol=1e-5)
    np.testing.assert_array_equal(images, before[0])
    np.testing.assert_array_equal(labels, before[1])
