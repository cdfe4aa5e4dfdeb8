"""Explanations against hand arithmetic, finite differences and each other's frameworks."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from companion.bridges import copy_weights
from companion.data.images import enlarge
from companion.explanation import (
    attention_maps,
    edges,
    explain,
    maximise_activation,
    randomise,
    swap_attention,
    unit_activations,
)
from companion.explanation._model import find_layer
from companion.in_keras.grad_cam import grad_cam
from companion.in_keras.models import document_cnn
from companion.in_torch.attention import AttentionCNN
from companion.in_torch.models import DocumentCNN, PooledCNN
from companion.in_torch.training import predict


class Linear(nn.Module):
    """One weight a pixel: every explanation of it is known."""

    def __init__(self, weights):
        super().__init__()
        self.dense = nn.Linear(weights.size, 1, bias=False)
        self.dense.weight.data = torch.from_numpy(weights.reshape(1, -1)).float()

    def forward(self, images):
        """Return logits."""
        return self.dense(images.flatten(1)).squeeze(1)


@pytest.fixture
def films(rng):
    return rng.random((3, 1, 16, 16)).astype(np.float32)


@pytest.fixture
def model():
    return PooledCNN(seed=3).eval()


def test_of_a_linear_model_every_gradient_method_finds_the_weights(rng, films):
    weights = rng.normal(0, 1, (16, 16))
    linear = Linear(weights).eval()
    for method in ("saliency", "smooth_grad"):
        maps = explain(linear, films, method)
        np.testing.assert_allclose(maps, np.abs(weights)[None].repeat(3, 0), rtol=1e-5)
    attributions = explain(linear, films, "integrated_gradients")
    np.testing.assert_allclose(attributions, weights * films[:, 0], rtol=1e-4, atol=1e-6)


def test_occlusion_of_a_linear_model_is_what_the_hidden_square_added(rng, films):
    weights = rng.normal(0, 1, (16, 16))
    maps = explain(Linear(weights).eval(), films, "occlusion", window=16)
    hidden = (weights * (films - films.mean(axis=(2, 3), keepdims=True))[:, 0]).sum(axis=(1, 2))
    np.testing.assert_allclose(maps, hidden[:, None, None] * np.ones((3, 16, 16)), rtol=1e-3)


def test_integrated_gradients_add_up_to_the_change_of_the_logit(films, model):
    torch.manual_seed(0)
    for layer in model.modules():  # a fresh model is linear on the way from black
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.bias)
    maps = explain(model, films, "integrated_gradients", samples=200)
    with torch.inference_mode():
        change = model(torch.from_numpy(films)) - model(torch.zeros(3, 1, 16, 16))
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), change.numpy(), atol=1e-4)
    coarse = explain(model, films, "integrated_gradients", samples=1)
    assert np.abs(coarse.sum(axis=(1, 2)) - change.numpy()).max() > 5e-4


def test_integrated_gradients_of_a_linear_model_are_measured_from_the_baseline(rng, films):
    weights = rng.normal(0, 1, (16, 16))
    linear, mean = Linear(weights).eval(), films.mean(axis=0)
    blurred = gaussian_filter(films, (0, 0, 2, 2))  # an eighth of 16 pixels
    for baseline, start in ((0.25, 0.25), (mean, mean), ("blur", blurred)):
        maps = explain(linear, films, "integrated_gradients", baseline=baseline)
        np.testing.assert_allclose(maps, weights * (films - start)[:, 0], rtol=1e-3, atol=1e-5)


def test_a_film_that_is_its_own_baseline_has_nothing_to_explain(films, model):
    maps = explain(model, films[:1], "integrated_gradients", baseline=films[0])
    assert maps.max() == maps.min() == 0


def test_saliency_is_the_finite_difference(films, model):
    maps = explain(model, films, "saliency")
    double = PooledCNN(seed=3).eval().double()
    for row, column in ((3, 4), (9, 12)):
        moved = torch.from_numpy(films).double().repeat(2, 1, 1, 1)
        moved[:3, 0, row, column] += 1e-5
        moved[3:, 0, row, column] -= 1e-5
        with torch.inference_mode():
            logits = double(moved)
        slope = ((logits[:3] - logits[3:]) / 2e-5).abs().numpy()
        np.testing.assert_allclose(maps[:, row, column], slope, rtol=1e-3, atol=1e-6)


def by_hand(model, films, layer):
    """Grad-CAM from its definition."""
    maps = find_layer(model, layer)
    kept = {}
    hook = maps.register_forward_hook(lambda module, inputs, output: kept.update(maps=output))
    logits = model(torch.from_numpy(films))
    hook.remove()
    (gradients,) = torch.autograd.grad(logits.sum(), kept["maps"])
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    return (weights * kept["maps"]).sum(dim=1).clamp(min=0).detach().double().numpy()


def test_grad_cam_is_its_definition(films, model):
    coarse = by_hand(model, films, "features.10")
    np.testing.assert_allclose(
        explain(model, films, "grad_cam"), enlarge(coarse, (16, 16)), rtol=1e-4, atol=1e-7
    )
    other = explain(model, films, "grad_cam", layer="features.2")
    np.testing.assert_allclose(other, by_hand(model, films, "features.2"), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("names", [(None, None), ("features.4", "conv2d_1")])
@pytest.mark.parametrize("sign", [1, -1])
def test_grad_cam_in_keras_and_torch_is_the_same_map(rng, names, sign):
    torch_layer, keras_layer = names
    keras.utils.set_random_seed(0)
    keras_model = document_cnn((28, 28, 1))
    last = keras_model.layers[-1].kernel
    last.assign(sign * np.abs(last.numpy()))  # all for, or all against
    twin = copy_weights(keras_model, DocumentCNN((1, 28, 28))).eval()
    films = rng.random((4, 1, 28, 28)).astype(np.float32)
    if keras_layer:
        keras_layer = [e.name for e in keras_model.layers if "conv" in e.name][1]
    theirs = grad_cam(keras_model, films, layer=keras_layer)
    ours = explain(twin, films, "grad_cam", layer=torch_layer)
    assert (ours.max() > 0) or sign < 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6 * ours.max() + 1e-8)


def test_only_occlusion_asks_for_room_for_its_square(model):
    tiny = np.zeros((1, 1, 4, 4), np.float32)
    assert explain(model, tiny, "saliency").shape == (1, 4, 4)
    with pytest.raises(ValueError, match="window must be 1 to 4 pixels, got 8"):
        explain(model, tiny, "occlusion")


def test_the_same_seed_gives_the_same_smooth_grad_and_leaves_torchs_own_alone(films, model):
    state = torch.random.get_rng_state()
    first = explain(model, films, "smooth_grad", seed=1)
    assert torch.equal(state, torch.random.get_rng_state())
    np.testing.assert_array_equal(first, explain(model, films, "smooth_grad", seed=1))
    assert np.abs(first - explain(model, films, "smooth_grad", seed=2)).max() > 0


def test_randomising_goes_from_the_top_and_spares_the_model(model):
    before = model.classifier.weight.clone()
    first, *_, (_, last) = [*randomise(model)]
    assert first[0] == "classifier"
    assert torch.equal(model.classifier.weight, before)
    assert torch.equal(first[1].features[0].weight, model.features[0].weight)
    assert not torch.equal(last.features[0].weight, model.features[0].weight)
    assert not any(layer.training for layer in last.modules())


def test_randomising_leaves_torchs_own_randomness_alone_between_two_layers(model):
    alone = [layered.state_dict() for _, layered in randomise(model, seed=5)]
    torch.manual_seed(8)
    expected = torch.rand(len(alone))
    torch.manual_seed(8)
    for (_, layered), state, number in zip(randomise(model, seed=5), alone, expected, strict=True):
        assert torch.rand(1) == number
        assert all(torch.equal(value, state[name]) for name, value in layered.state_dict().items())


def test_edges_do_not_know_the_model():
    step = np.zeros((1, 1, 4, 4))
    step[..., 2:] = 1
    np.testing.assert_array_equal(edges(step)[0], [[0, 0.5, 0.5, 0]] * 4)


def test_attention_sums_to_one_and_even_attention_is_the_average(films):
    model = AttentionCNN(seed=1).eval()
    np.testing.assert_allclose(attention_maps(model, films).sum(axis=(1, 2)), 1, rtol=1e-6)
    average = PooledCNN().eval()
    average.load_state_dict(
        {k: v for k, v in model.state_dict().items() if not k.startswith("attention")}
    )
    np.testing.assert_allclose(swap_attention(model, films), predict(average, films), rtol=1e-4)
    shuffled = swap_attention(model, films, np.random.default_rng(0))
    assert np.abs(shuffled - predict(model, films)).max() > 0


def test_an_image_made_for_a_unit_excites_it_more_than_any_film(films, model):
    made = maximise_activation(model, "features.6", 5, shape=(1, 16, 16), roughness=0)
    both = unit_activations(model, "features.6", np.concatenate([made[None], films]))
    assert both[0, 5] > both[1:, 5].max()
    assert 0 <= made.min() <= made.max() <= 1
    assert not model.features[6]._forward_hooks


def test_roughness_is_punished(model):
    rough, smooth = (
        maximise_activation(model, "features.6", 0, shape=(1, 16, 16), roughness=weight)[0]
        for weight in (0, 300)
    )
    assert np.abs(np.diff(smooth)).mean() < np.abs(np.diff(rough)).mean()


def call(function, *arguments, **options):
    return lambda: function(*arguments, **options)


class Twice(nn.Module):
    """Uses one layer twice and another never, and has a weight outside any layer."""

    def __init__(self):
        super().__init__()
        self.relu, self.spare = nn.ReLU(), nn.ReLU()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images):
        """Return logits."""
        return self.relu(1 - self.relu(self.scale * images)).mean(dim=(1, 2, 3))


ZEROS = np.zeros((1, 1, 16, 16), np.float32)
NET = PooledCNN().eval()
IG = "integrated_gradients"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (call(explain, NET, ZEROS, "magic"), "method must be one of saliency, .* got 'magic'"),
        (call(explain, NET, ZEROS[0], "saliency"), r"\(N, C, H, W\) .* got shape \(1, 16, 16\)"),
        (call(explain, NET, ZEROS + np.nan, "saliency"), "images must be finite"),
        (call(explain, NET, ZEROS, "grad_cam", layer="f"), "one of features, .* got 'f'"),
        (
            call(explain, NET, ZEROS, "grad_cam", layer="classifier"),
            "must give maps .* 'classifier'",
        ),
        (
            call(explain, NET, ZEROS, "occlusion", window=17),
            "window must be 1 to 16 pixels, got 17",
        ),
        (call(explain, NET, ZEROS, "occlusion", window=0), "got 0"),
        (call(explain, NET, ZEROS, "smooth_grad", samples=0), "samples must be at least 1"),
        (call(explain, NET, ZEROS, "smooth_grad", noise=-0.1), "noise at least 0, got 16, -0.1"),
        (call(find_layer, nn.Linear(2, 1)), "layer must be one of , got None"),
        (
            call(maximise_activation, NET, "features.2", 99, shape=(1, 16, 16)),
            r"a map of features.2, which gives \(1, 24, 16, 16\), got 99",
        ),
        (call(maximise_activation, NET, "features.2", -1, shape=(1, 16, 16)), "got -1"),
        (call(maximise_activation, NET, "features.2", 0, shape=(16, 16)), r"got \(16, 16\)"),
        (call(maximise_activation, NET, "features.2", 0, shape=(1, 16, 16), steps=0), "steps"),
        (
            call(maximise_activation, NET, "classifier", 0, shape=(1, 16, 16)),
            r"layer must give maps \(N, C, h, w\), got 'classifier': \(1, 1\)",
        ),
        (call(unit_activations, NET, "classifier", ZEROS), "must give maps .* 'classifier'"),
        (call(unit_activations, NET, "features.2", ZEROS, batch_size=0), "got 0"),
        (call(unit_activations, NET, "f", ZEROS), "layer must be one of features"),
        (call(explain, NET, ZEROS, "smooth_grad", noise=np.nan), "got 16, nan"),
        (call(explain, NET, ZEROS, "occlusion", fill=255), "fill must be in .* got .* 255"),
        (call(explain, NET, ZEROS, "occlusion", fill=np.nan), "fill must be finite"),
        (call(explain, NET, ZEROS, "occlusion", fill=ZEROS[0, 0]), r"got shape \(16, 16\)"),
        (call(explain, NET, ZEROS, "occlusion", fill=ZEROS), r"image \(1, 16, 16\) or 'blur', got"),
        (call(explain, NET, ZEROS, "occlusion", fill="grey"), "or 'blur', got 'grey'"),
        (call(explain, NET, ZEROS, "occlusion", fill=ZEROS[0].astype(np.uint8)), "dtype uint8"),
        (call(explain, NET, ZEROS, IG, baseline=2.0), "baseline must be in .* got .* 2"),
        (call(explain, NET, ZEROS, IG, baseline=np.inf), "baseline must be finite"),
        (call(explain, NET, ZEROS, IG, baseline=ZEROS[0, 0]), r"baseline must .* shape \(16, 16\)"),
        (call(explain, NET, ZEROS, IG, baseline=ZEROS), r"image \(1, 16, 16\) or 'blur', got"),
        (call(explain, NET, ZEROS, IG, baseline="black"), "or 'blur', got 'black'"),
        (call(explain, NET, ZEROS, IG, baseline=None), "or 'blur', got None"),
        (call(explain, nn.Flatten().eval(), ZEROS, "saliency"), r"logits \(N,\), got \(1, 256\)"),
        (call(explain, Twice().eval(), ZEROS, "grad_cam", layer="relu"), "'relu', used 2 times"),
        (call(unit_activations, Twice().eval(), "relu", ZEROS), "'relu', used 2 times"),
        (call(unit_activations, Twice().eval(), "spare", ZEROS), "'spare', used 0 times"),
        (call(randomise, Twice().eval()), "weights .*Twice.* without reset_parameters"),
    ],
)
def test_bad_input_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_keras_names_its_layers():
    films = np.zeros((1, 1, 28, 28), np.float32)
    with pytest.raises(ValueError, match=r"layer must be one of conv2d.* got 'none'"):
        grad_cam(document_cnn((28, 28, 1)), films, layer="none")
    model = document_cnn((28, 28, 1))
    with pytest.raises(ValueError, match=r"layer must give maps .* got 'flatten"):
        grad_cam(model, films, layer=model.layers[6].name)
    with pytest.raises(ValueError, match="images must be finite"):
        grad_cam(document_cnn((28, 28, 1)), films + np.nan)
