"""In which precision and order a training computes, and when its learning rate changes."""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from companion import in_torch
from companion.films import Films
from companion.in_torch import Checkpoint, CheckpointError, DocumentCNN, fit, has_bfloat16, predict
from companion.in_torch._running import in_precision, pooled_first
from companion.in_torch.training import train_epoch

aten = torch.ops.aten
PRODUCTS = (aten.convolution, aten.conv2d, aten.addmm, aten.linear)
EPOCHS, BATCH = 3, 8


@pytest.fixture
def films(rng):
    """Films with a bright square where the label is 1, and others to validate on."""
    labels = np.arange(48) % 2
    images = rng.random((48, 1, 28, 28), dtype=np.float32) * 0.6
    images[labels == 1, :, 8:20, 8:20] += 0.4
    both = Films(images, labels)
    return both[:32], both[32:]


class Kinds(torch.utils._python_dispatch.TorchDispatchMode):
    """Notes in which kind of number convolutions and products are computed."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run the operation; its arguments tell the kind."""
        if function.overloadpacket in PRODUCTS:
            self.seen |= {value.dtype for value in args if isinstance(value, torch.Tensor)}
        return function(*args, **kwargs or {})


def train(films, model=None, **options):
    model = DocumentCNN((1, 28, 28)) if model is None else model
    options = {"epochs": EPOCHS, "batch_size": BATCH, "progress": False, "device": "cpu"} | options
    return model, fit(model, films[0], validation=films[1], **options)


def same(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, {torch.float32}),
        ({"precision": "float32"}, {torch.float32}),
        ({"precision": "bfloat16"}, {torch.bfloat16, torch.float32}),
    ],
)
def test_numbers_are_of_the_precision_asked_for_and_float32_where_nothing_is(films, options, kinds):
    """The float32 of the last is validation's, which is what the best epoch is chosen by."""
    with Kinds() as used:
        model, _ = train(films, epochs=1, **options)
    assert used.seen == kinds
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
    with Kinds() as used:
        predict(model, films[1].images, **options)
    assert used.seen == {torch.bfloat16 if "bfloat16" in options.values() else torch.float32}


@pytest.mark.parametrize("function", [fit, predict])
def test_float32_is_what_every_function_computes_in_unless_told(function):
    assert inspect.signature(function).parameters["precision"].default == "float32"


@pytest.mark.parametrize("precision", ["float16", "auto", "BFLOAT16", "", None])
def test_another_precision_is_refused_before_any_work(films, precision):
    model = DocumentCNN((1, 28, 28))
    with pytest.raises(ValueError, match="precision must be one of float32, bfloat16, got"):
        train(films, model, precision=precision)
    assert same(model, DocumentCNN((1, 28, 28)))
    with pytest.raises(ValueError, match="precision must be one of float32, bfloat16, got"):
        predict(model, films[0].images, precision=precision)


def test_bfloat16_is_near_float32_and_not_equal(films):
    (exact, history), (coarse, other) = train(films), train(films, precision="bfloat16")
    np.testing.assert_allclose(other.train_loss, history.train_loss, atol=0.02)
    assert other.train_loss != history.train_loss
    chances = predict(exact, films[1].images)
    rounded = predict(exact, films[1].images, precision="bfloat16")
    np.testing.assert_allclose(rounded, chances, atol=0.01)  # 7 bits of fraction: 1/256
    assert not np.array_equal(rounded, chances)
    np.testing.assert_allclose(predict(coarse, films[1].images), chances, atol=0.1)


def test_bfloat16_keeps_frozen_layers_frozen_and_every_mode(films):
    model = in_torch.PooledCNN(1, widths=(4, 8))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    before = {name: module.training for name, module in model.named_modules()}
    statistics = {name: value.clone() for name, value in model.named_buffers()}
    train(films, model, epochs=1, precision="bfloat16")
    assert {name: module.training for name, module in model.named_modules()} == before
    assert all(torch.equal(value, statistics[name]) for name, value in model.named_buffers())
    model.eval()
    train(films, model, epochs=1, precision="bfloat16")
    assert not any(module.training for module in model.modules())
    assert dict(model.named_buffers())["features.1.running_mean"].any()


def test_a_model_of_float32_is_the_model_itself():
    model = DocumentCNN((1, 28, 28))
    assert in_precision(model, "float32") is model


def test_the_processor_tells_whether_it_has_bfloat16(monkeypatch):
    for found, expected in (({"avx512_bf16": True}, True), ({"amx_bf16": True}, True),
                            ({"avx512_bf16": False}, False), ({}, False)):  # fmt: skip
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found, raising=False)
        assert has_bfloat16() is expected
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert has_bfloat16() is False


@pytest.mark.parametrize("scale", [1, 0])
def test_pooling_before_relu_gives_the_same_weights_bit_for_bit(rng, scale):
    """Many equal pixels, so that the largest of a window is often found twice."""
    images = torch.from_numpy(rng.integers(0, 3, (16, 1, 28, 28)).astype(np.float32) * scale / 2)
    batches = [(part, torch.arange(8) % 2.0) for part in images.split(8)]
    models = [DocumentCNN((1, 28, 28)) for _ in range(2)]
    losses = []
    for model, context in zip(models, (pooled_first, lambda _: torch.enable_grad()), strict=True):
        updates = torch.optim.Adam(model.parameters())
        with context(model):
            losses.append([train_epoch(model, batches, updates) for _ in range(3)])
    assert same(*models)
    assert losses[0] == losses[1]


def shapes_after_relu(model, images):
    """Return the shape that the first ReLU is given, by its hook."""
    seen = []
    handle = model.features[1].register_forward_hook(lambda *parts: seen.append(parts[1][0].shape))
    model(images)
    handle.remove()
    return seen


def test_pooling_before_relu_leaves_alone_what_somebody_looks_at_and_ends_with_the_block(films):
    model, images = DocumentCNN((1, 28, 28)), torch.rand(2, 1, 28, 28)
    expected, part = model(images), model.features[:2](images)
    with pooled_first(model):
        assert torch.equal(model(images), expected)
        assert torch.equal(model.features[:2](images), part)
        assert shapes_after_relu(model, images)[0][-1] == 26
        with pooled_first(model):
            pass
        assert "forward" in vars(model.features)
    with pytest.raises(RuntimeError, match="stop"), pooled_first(model):
        raise RuntimeError("stop")
    train(films, model, epochs=1)
    predict(model, films[1].images)
    assert not any("forward" in vars(module) for module in model.modules())


def test_relu_waits_for_the_pool(films):
    """Without a hook a quarter of the values pass it."""
    model, seen = DocumentCNN((1, 28, 28)), []

    class Relus(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if function is torch.relu or function is nn.functional.relu:
                seen.append(args[0].shape[-1])
            return function(*args, **kwargs or {})

    for context in (pooled_first(model), torch.no_grad()):
        with context, Relus():
            model(torch.rand(2, 1, 28, 28))
    assert [size for size in seen if size != 128] == [13, 5, 1, 26, 11, 3]


def blocked(chain, images):
    """Return the layouts that the poolings of a chain are given."""
    seen = []

    class Pools(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if function is torch.nn.functional.max_pool2d:
                seen.append(args[0].layout)
            return function(*args, **kwargs or {})

    with pooled_first(chain), Pools():
        chain(images)
    return seen


needs_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")


@needs_onednn
@pytest.mark.parametrize("size", [64, 75])
def test_large_maps_in_onednns_order_give_the_same_gradients(size):
    """Odd sizes, so that a pooling leaves a row and a column out."""
    images = torch.rand(3, 2, size, size, generator=torch.Generator().manual_seed(0))
    labels, found = torch.tensor([0.0, 1.0, 1.0]), []
    for context in (pooled_first, lambda _: torch.enable_grad()):
        model = DocumentCNN((2, size, size), seed=0)
        seen = images.clone().requires_grad_()
        with context(model):
            value = nn.functional.binary_cross_entropy_with_logits(model(seen), labels)
        value.backward()
        found.append([value.detach(), seen.grad, *(p.grad for p in model.parameters())])
    assert blocked(DocumentCNN((2, size, size)), images) == 3 * [torch._mkldnn]
    for ours, plain in zip(*found, strict=True):
        assert torch.linalg.norm(ours - plain) <= 1e-4 * torch.linalg.norm(plain)


@needs_onednn
def test_onednns_order_is_only_for_chains_that_it_has_whole_and_for_large_maps_of_float32():
    conv, pool, large = nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), torch.rand(1, 1, 64, 64)
    assert blocked(nn.Sequential(conv, nn.ReLU(), pool), large) == [torch._mkldnn]
    others = [
        (nn.Sequential(conv, nn.ReLU(), pool), large[..., :63]),
        (nn.Sequential(conv, nn.BatchNorm2d(4), pool), large),
        (nn.Sequential(conv, nn.ReLU(inplace=True), pool), large),
        (nn.Sequential(nn.Conv2d(1, 4, 3, padding_mode="reflect"), pool), large),
        (nn.Sequential(conv, nn.MaxPool2d(2, dilation=2)), large),
        (nn.Sequential(nn.Conv2d(1, 4, 3), pool).double(), large.double()),
    ]
    for chain, images in others:
        assert blocked(chain, images) == [torch.strided], chain
    chain = nn.Sequential(conv, pool)
    handle = pool.register_forward_hook(lambda *_: None)
    assert blocked(chain, large) == [torch.strided]
    handle.remove()
    with torch.autocast("cpu", torch.bfloat16):
        assert blocked(chain, large) == [torch.strided]
    assert blocked(nn.Sequential(conv, nn.ReLU()), large) == []


def one_cycle(batches=4, epochs=EPOCHS):
    total = batches * epochs
    return partial(torch.optim.lr_scheduler.OneCycleLR, max_lr=0.01, total_steps=total)


def test_a_schedule_of_batches_is_what_a_loop_by_hand_does(films):
    """Falling by half after each update: the third film's update is taken with a quarter."""
    rates = []

    class Watched(torch.optim.SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    halving = partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)
    given = {"optimizer": partial(Watched, lr=0.1), "schedule": halving}
    train(films, epochs=2, **given, schedule_every="batch")
    np.testing.assert_allclose(rates, 0.1 * 0.5 ** np.arange(8), rtol=1e-12)
    rates.clear()
    train(films, epochs=2, **given)
    np.testing.assert_allclose(rates, [0.1] * 4 + [0.05] * 4, rtol=1e-12)


def test_a_one_cycle_schedule_rises_and_falls_over_the_whole_training(films):
    rates = []

    class Watched(torch.optim.AdamW):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    train(films, optimizer=Watched, schedule=one_cycle(), schedule_every="batch")
    assert len(rates) == 12
    # PyTorch's: a cosine from 1/25 up to the highest at .3 of the steps less one, and down to zero.
    up = 0.3 * 12 - 1
    rising = 0.01 + (0.01 / 25 - 0.01) / 2 * (1 + np.cos(np.pi * np.arange(3) / up))
    np.testing.assert_allclose(rates[:3], rising, rtol=1e-9)
    share = (np.arange(3, 12) - up) / (11 - up)
    last = 0.01 / 25 / 1e4
    np.testing.assert_allclose(
        rates[3:], last + (0.01 - last) / 2 * (1 + np.cos(np.pi * share)), rtol=1e-9
    )


@pytest.mark.parametrize("interrupted", [1, 2])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_run_goes_on_within_its_cycle(films, tmp_path, interrupted, precision):
    options = {"schedule": one_cycle(), "schedule_every": "batch", "precision": precision}
    whole, history = train(films, **options)
    path = tmp_path / "run.pt"
    train(films, epochs=interrupted, checkpoint=Checkpoint(path), **options)
    resumed, again = train(films, checkpoint=Checkpoint(path, resume=True), **options)
    assert same(whole, resumed)
    assert again == history


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"precision": "bfloat16"}, "precision was 'float32', is 'bfloat16'"),
        ({"schedule_every": "epoch"}, "schedule_every was 'batch', is 'epoch'"),
        ({"schedule": one_cycle(epochs=9)}, "schedule was .*total_steps=12.* is .*total_steps=36"),
    ],
)
def test_resuming_in_another_precision_or_rhythm_is_refused(films, tmp_path, change, named):
    options = {"schedule": one_cycle(), "schedule_every": "batch"}
    path = tmp_path / "run.pt"
    train(films, epochs=1, checkpoint=Checkpoint(path), **options)
    with pytest.raises(CheckpointError, match=named):
        train(films, checkpoint=Checkpoint(path, resume=True), **options | change)


@pytest.mark.parametrize("every", ["step", "", None, 1])
def test_another_rhythm_is_refused(films, every):
    with pytest.raises(ValueError, match="schedule_every must be one of epoch, batch, got"):
        train(films, schedule=one_cycle(), schedule_every=every)


def test_auto_is_the_device_there_is(films):
    """Nothing is pretended here: what this machine has must train, and equal its own name."""
    expected = in_torch.training.choose_device("auto").type
    chosen, named = (train(films, epochs=1, device=device)[0] for device in ("auto", expected))
    assert same(chosen, named)
    assert next(chosen.parameters()).device.type == "cpu"
