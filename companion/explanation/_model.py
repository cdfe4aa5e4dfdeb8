"""What every explanation asks of a model before it looks inside; nothing here changes one."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


def expect_evaluation_mode(model: nn.Module) -> None:
    """Raise if any layer would treat a film by chance or by its neighbours, and name the layer."""
    layers = dict(model.named_modules())
    training = [name for name, layer in layers.items() if layer.training]
    if "" in training:
        raise ValueError("model must be in evaluation mode, got training mode: call model.eval()")
    if training:
        raise ValueError(
            f"model must be in evaluation mode, got training mode in {_listed(training, layers)}: "
            f"call model.eval()"
        )
    # Without running statistics the batch's own are taken, in evaluation mode as well.
    batchwise = [
        name
        for name, layer in layers.items()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.running_mean is None
    ]
    if batchwise:
        raise ValueError(
            f"model must treat each film alone, got batch normalisation without running "
            f"statistics in {_listed(batchwise, layers)}"
        )


def find_layer(model: nn.Module, name: str | None = None) -> nn.Module:
    """Return a layer by its name in ``model.named_modules()``, or the model's `last_maps`."""
    name = _layer_name(model, name)
    layers = dict(model.named_modules())
    if not name or name not in layers:
        known = ", ".join(layer for layer in layers if layer)
        raise ValueError(f"layer must be one of {known}, got {name!r}")
    return layers[name]


def as_inputs(model: nn.Module, images: np.ndarray) -> torch.Tensor:
    """Return a copy of checked images, in the precision and on the device of the weights."""
    inputs = torch.from_numpy(images.copy())
    like = next((weights for weights in model.parameters()), inputs)
    return inputs.to(like.device, like.dtype)


def expect_logits(model: nn.Module, inputs: torch.Tensor) -> None:
    """Raise unless the model gives one number a film, (N,)."""
    with torch.no_grad():
        logits = model(inputs[:2])
    found = tuple(getattr(logits, "shape", ())) or type(logits).__name__
    if found != (len(inputs[:2]),):
        raise ValueError(f"model must give logits (N,), got {found} for {len(inputs[:2])} films")


def expect_maps(model: nn.Module, name: str | None, inputs: torch.Tensor) -> tuple[int, ...]:
    """Return the shape (1, C, h, w) of what a layer gives for one film, or raise."""
    seen = []
    hook = find_layer(model, name).register_forward_hook(
        lambda layer, given, output: seen.append(tuple(getattr(output, "shape", ())))
    )
    try:
        with torch.no_grad():
            model(inputs[:1])
    finally:
        hook.remove()
    name = _layer_name(model, name)
    if len(seen) != 1:
        raise ValueError(f"layer must be used once a film, got {name!r}, used {len(seen)} times")
    if len(seen[0]) != 4:
        raise ValueError(f"layer must give maps (N, C, h, w), got {name!r}: {seen[0]}")
    return seen[0]


def _layer_name(model, name):
    return getattr(model, "last_maps", None) if name is None else name


def _listed(names, layers):
    shown = ", ".join(f"{name} ({type(layers[name]).__name__})" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
