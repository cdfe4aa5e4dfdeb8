"""What holds for every explanation: the model stays, the neighbours don't count, pixels fit."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from companion.explanation import (
    METHODS,
    attention_maps,
    deletion_insertion,
    edges,
    explain,
    film_features,
    maximise_activation,
    randomise,
    score_maps,
    swap_attention,
    unit_activations,
)
from companion.in_torch.attention import AttentionCNN
from companion.in_torch.models import PooledCNN
from companion.in_torch.training import predict

MASKS = np.zeros((5, 16, 16), bool)
MASKS[:, 4:8, 4:8] = True


def by_method(method):
    """Return an explanation with a square that moves over 16 pixels in several steps."""
    return lambda model, images: explain(model, images, method, window=6, samples=3)


#: Everything that is computed film by film: a function of a model and of films.
FILM_BY_FILM = {method: by_method(method) for method in METHODS} | {
    "occlusion, grey": lambda m, x: explain(m, x, "occlusion", window=6, fill=0.5),
    "occlusion, film": lambda m, x: explain(m, x, "occlusion", window=6, fill=np.eye(16)[None]),
    "occlusion, blurred": lambda m, x: explain(m, x, "occlusion", window=6, fill="blur"),
    "attention_maps": attention_maps,
    "swap_attention": swap_attention,
    "unit_activations": lambda m, x: unit_activations(m, "features.2", x, batch_size=2),
    "edges": lambda m, x: edges(x),
    "film_features": lambda m, x: film_features(x[:, 0]).to_numpy(),
    "deletion": lambda m, x: deletion_insertion(lambda z: predict(m, z), x, x[:, 0])[0],
    "insertion": lambda m, x: deletion_insertion(lambda z: predict(m, z), x, x[:, 0])[1],
}
#: Everything that looks into a model.
LOOKS_INSIDE = {
    name: function
    for name, function in FILM_BY_FILM.items()
    if name not in ("edges", "film_features", "deletion", "insertion")
} | {
    "swap_attention, shuffled": lambda m, x: swap_attention(m, x, np.random.default_rng(0)),
    "maximise_activation": lambda m, x: maximise_activation(
        m, "features.2", 0, shape=x.shape[1:], steps=2
    ),
    "randomise": lambda m, x: [*randomise(m)],
    "score_maps": lambda m, x: score_maps(
        m, x, MASKS[: len(x)], np.random.default_rng(0), methods=["grad_cam"], few=2
    ),
}
TAKES_FILMS = sorted({*FILM_BY_FILM, *LOOKS_INSIDE} - {"maximise_activation", "randomise"})


def everything(name):
    return (FILM_BY_FILM | LOOKS_INSIDE)[name]


@pytest.fixture
def films(rng):
    """Films that differ in their brightness, so that a mean over several says little of one."""
    return (rng.random((5, 1, 16, 16)) * np.linspace(0.1, 1, 5)[:, None, None, None]).astype("f4")


@pytest.fixture
def model():
    """A model with dropout, statistics, gradients, a frozen layer and a hook of its own."""
    model = AttentionCNN(seed=3)
    model.features.insert(4, nn.Dropout(0.5))
    model.last_maps = "features.11"
    model(torch.rand(8, 1, 16, 16)).sum().backward()
    model.features[0].weight.requires_grad = False
    model.features[5].register_forward_hook(lambda layer, given, output: None)
    return model.eval()


def state_of(model):
    """Return everything about a model that an explanation could change."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "modes": {name: layer.training for name, layer in model.named_modules()},
        "hooks": {
            (name, kind): [*getattr(layer, kind)]
            for name, layer in model.named_modules()
            for kind in hooks
        },
        "requires_grad": {n: w.requires_grad for n, w in model.named_parameters()},
        "gradients": {
            n: None if w.grad is None else w.grad.tolist() for n, w in model.named_parameters()
        },
        "state": {name: value.tolist() for name, value in model.state_dict().items()},
    }


@pytest.mark.parametrize("name", LOOKS_INSIDE)
def test_an_explanation_leaves_model_films_and_randomness_as_they_were(name, model, films):
    before, kept = state_of(model), films.copy()
    random = torch.random.get_rng_state()
    LOOKS_INSIDE[name](model, films)
    after = state_of(model)
    for what, value in before.items():
        assert after[what] == value, what
    np.testing.assert_array_equal(films, kept)
    assert torch.equal(torch.random.get_rng_state(), random)


@pytest.mark.parametrize("submodule", ["features.1", "features.4", "attention.1"])
@pytest.mark.parametrize("name", LOOKS_INSIDE)
def test_one_layer_in_training_mode_is_refused_by_name(name, submodule, model, films):
    layer = model.get_submodule(submodule).train()
    before = state_of(model)
    with pytest.raises(ValueError, match=rf"in {submodule} \({type(layer).__name__}\): call model"):
        LOOKS_INSIDE[name](model, films)
    assert state_of(model) == before


@pytest.mark.parametrize("name", LOOKS_INSIDE)
def test_a_model_in_training_mode_is_refused(name, model, films):
    with pytest.raises(ValueError, match="evaluation mode, got training mode: call model.eval()"):
        LOOKS_INSIDE[name](model.train(), films)
    # The top alone says so as well: a model of one's own may look at its flag.
    model.eval().training = True
    with pytest.raises(ValueError, match="evaluation mode, got training mode: call model.eval()"):
        LOOKS_INSIDE[name](model, films)


def test_many_layers_in_training_mode_are_counted(model, films):
    model.features.train()
    with pytest.raises(ValueError, match=r"features.0 \(Conv2d\), .* and 10 more: call"):
        explain(model, films, "saliency")


def test_a_layer_that_takes_the_batchs_statistics_is_refused_by_name(films):
    model = PooledCNN()
    model.features[1] = nn.BatchNorm2d(24, track_running_stats=False)
    with pytest.raises(ValueError, match=r"each film alone, .* in features.1 \(BatchNorm2d\)"):
        explain(model.eval(), films, "saliency")


@pytest.mark.parametrize("name", FILM_BY_FILM)
def test_a_film_alone_gives_what_it_gives_among_others(name, model, films):
    together = FILM_BY_FILM[name](model, films)
    for row in range(len(films)):
        alone = FILM_BY_FILM[name](model, films[row : row + 1])[0]
        # The last digit of a logit near 1 is 6e-8, and occlusion is a difference of two.
        np.testing.assert_allclose(alone, together[row], rtol=1e-4, atol=1e-7)
    turned = FILM_BY_FILM[name](model, films[::-1])[::-1]
    np.testing.assert_allclose(turned, together, rtol=1e-4, atol=1e-7)


def test_smooth_grad_is_the_mean_saliency_of_noisy_copies(model, films):
    maps = explain(model, films, "smooth_grad", noise=0.3, samples=4, seed=6)
    generator, total = torch.Generator().manual_seed(6), 0
    for _ in range(4):
        grain = torch.randn(1, 16, 16, generator=generator)
        noisy = (torch.from_numpy(films) + 0.3 * grain).requires_grad_()
        (slope,) = torch.autograd.grad(model(noisy).sum(), noisy)
        total = total + slope.abs()[:, 0].double() / 4
    np.testing.assert_allclose(maps, total.numpy(), rtol=1e-4, atol=1e-9)
    still = explain(model, films, "smooth_grad", noise=0, samples=2)
    np.testing.assert_allclose(still, explain(model, films, "saliency"), rtol=1e-5, atol=1e-9)


def test_occlusion_by_hand_for_every_fill(model, films):
    mean_film = np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 16, 16)
    own = films.mean(axis=(2, 3), keepdims=True)

    def logits(images):
        with torch.inference_mode():
            return model(torch.from_numpy(np.ascontiguousarray(images, np.float32))).numpy()

    blurred = gaussian_filter(films, (0, 0, 8 / 3, 8 / 3))
    fills = ((None, own), (0.25, 0.25), (1, 1.0), (mean_film, mean_film), ("blur", blurred))
    for fill, shown in fills:
        lost, times = np.zeros((5, 16, 16)), np.zeros((16, 16))
        for top in range(0, 9, 4):
            for left in range(0, 9, 4):
                hidden = films.copy()
                square = np.s_[:, :, top : top + 8, left : left + 8]
                hidden[square] = np.broadcast_to(shown, films.shape)[square]
                lost[:, top : top + 8, left : left + 8] += (logits(films) - logits(hidden))[
                    :, None, None
                ]
                times[top : top + 8, left : left + 8] += 1
        by_hand = lost / times
        maps = explain(model, films, "occlusion", window=8, fill=fill)
        np.testing.assert_allclose(maps, by_hand, atol=1e-5 * np.abs(by_hand).max())


def test_the_fill_of_a_film_with_colours_is_a_mean_a_channel(rng):
    films = rng.random((2, 3, 16, 16)).astype(np.float32)
    model = PooledCNN(3, seed=1).eval()
    means = np.broadcast_to(films[0].mean(axis=(1, 2), keepdims=True), films[0].shape)
    np.testing.assert_allclose(
        explain(model, films[:1], "occlusion"),
        explain(model, films[:1], "occlusion", fill=means),
        rtol=1e-4, atol=1e-8,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x * 255, r"images must be in \[0, 1\], got values from .* divide 8-bit"),
        (lambda x: x - 0.5, r"images must be in \[0, 1\], got values from -0"),
        (lambda x: (x * 255).astype(np.uint8), "images must be floating point .* dtype uint8"),
        (lambda x: x > 0.5, "images must be floating point .* dtype bool"),
        (lambda x: np.where(x == x.max(), np.nan, x), "images must be finite"),
        (lambda x: np.where(x == x.max(), np.inf, x), "images must be finite"),
        (lambda x: x[:0], r"images must be .* got (shape )?\(0, "),
    ],
)
@pytest.mark.parametrize("name", TAKES_FILMS)
def test_pixels_of_another_scale_are_refused_everywhere(name, spoil, message, model, films):
    with pytest.raises(ValueError, match=message):
        everything(name)(model, spoil(films))


@pytest.mark.parametrize("name", TAKES_FILMS)
def test_how_films_lie_in_memory_does_not_count(name, model, films):
    expected = everything(name)(model, films)
    readonly = np.asfortranarray(films)
    readonly.flags.writeable = False
    mirrored = np.ascontiguousarray(films[..., ::-1])[..., ::-1]
    for same in (readonly, mirrored, films.astype(np.float64), films.astype(">f4")):
        found = everything(name)(model, same)
        if name == "score_maps":
            continue
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_a_model_in_double_precision_is_explained_in_double_precision(films):
    model = PooledCNN(seed=3).eval()
    double = copy.deepcopy(model).double()
    for method in METHODS:
        np.testing.assert_allclose(
            explain(double, films, method), explain(model, films, method), rtol=1e-2, atol=1e-4
        )
    assert unit_activations(double, "features.2", films).dtype == np.float32
    assert maximise_activation(double, "features.2", 0, shape=(1, 16, 16), steps=1).dtype == "f4"


def test_a_layer_that_works_in_place_does_not_change_what_is_maximised(films):
    model = PooledCNN(seed=3).eval()
    in_place = copy.deepcopy(model)
    in_place.features[2] = nn.ReLU(inplace=True).eval()
    options = {"layer": "features.1", "unit": 4, "shape": (1, 16, 16), "steps": 8}
    np.testing.assert_allclose(
        maximise_activation(model, **options), maximise_activation(in_place, **options), atol=1e-6
    )
    np.testing.assert_allclose(
        unit_activations(model, "features.1", films),
        unit_activations(in_place, "features.1", films),
    )
    np.testing.assert_allclose(
        explain(model, films, "grad_cam", layer="features.1"),
        explain(in_place, films, "grad_cam", layer="features.1"), rtol=1e-5,
    )  # fmt: skip


def test_an_image_can_be_made_where_gradients_are_switched_off(model):
    options = {"layer": "features.2", "unit": 0, "shape": (1, 16, 16), "steps": 3}
    expected = maximise_activation(model, **options)
    with torch.no_grad():
        np.testing.assert_array_equal(maximise_activation(model, **options), expected)
