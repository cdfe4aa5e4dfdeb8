"""How a model is run: on which device, in which mode, in which precision, in which order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from companion.checks import check_choice

#: What convolutions and products are computed in; weights and updates are float32 in both.
PRECISIONS = ("float32", "bfloat16")
#: Pixels of a map from which on another order of memory is worth its two conversions.
_LARGE = 64 * 64
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def choose_device(device: str = "auto") -> torch.device:
    """Return the fastest device there is, or the one that was named."""
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def as_tensor(images: np.ndarray) -> torch.Tensor:
    """Return images as a float32 tensor that is stored channels last, the faster order."""
    tensor = torch.from_numpy(np.ascontiguousarray(images, np.float32))
    return tensor.contiguous(memory_format=torch.channels_last)


def has_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 in hardware.

    Where it does not, bfloat16 is imitated, which takes several times as long as float32.

    Returns
    -------
    bool
        True with AVX-512 BF16 or AMX; False on any other processor.

    Examples
    --------
    >>> precision = "bfloat16" if has_bfloat16() else "float32"
    """
    able = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def in_precision(model: nn.Module, precision: str) -> nn.Module:
    """Return the model itself, or one of the same weights that computes in the other precision."""
    check_choice("precision", precision, PRECISIONS)
    return model if precision == "float32" else _InBfloat16(model)


class _InBfloat16(nn.Module):
    """Convolutions and products in bfloat16, sums in float32; the answers are float32."""

    def __init__(self, model):
        super().__init__()
        self.model, self.training = model, model.training

    def forward(self, images):
        with torch.autocast(images.device.type, torch.bfloat16):
            return self.model(images).float()


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of a model's weights and statistics."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def paced(
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    rates: torch.optim.lr_scheduler.LRScheduler,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Give batch after batch; a schedule takes a step when one has been learned from."""
    for batch in batches:
        yield batch
        rates.step()


@contextlib.contextmanager
def mode(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Put a model into training or evaluation mode, and every layer back into its own afterwards.

    A layer in evaluation mode inside a model in training mode was frozen on purpose and stays so.
    """
    before = {module: module.training for module in model.modules()}
    frozen = [m for m, was in before.items() if training and model.training and not was]
    model.train(training)
    for module in frozen:
        module.training = False
    try:
        yield
    finally:
        for module, was in before.items():
            module.training = was


@contextlib.contextmanager
def pooled_first(model: nn.Module) -> Iterator[None]:
    """Let every ReLU that a max-pool follows wait for it: the same numbers in less time.

    The largest of some numbers, cut off at zero, is the largest of the numbers cut off at zero,
    and the gradient goes the same way. Of pools of 2 x 2, ReLU then has a quarter of the work.
    Only layers of an ``nn.Sequential`` that is run as a whole change places, and only in it: a
    part of one, or one with a hook on either layer, is run as it stands.

    On the processor, a chain of convolutions, ReLUs and max-pools keeps its maps in oneDNN's own
    order from the first layer to the last where they are large. Its pooling writes down the
    place of each maximum in a byte, where PyTorch's writes eight, and clears no maps beforehand.
    """
    chains = [
        chain
        for chain in model.modules()
        if isinstance(chain, nn.Sequential)
        and type(chain).forward is nn.Sequential.forward
        and "forward" not in vars(chain)
    ]
    for chain in chains:
        chain.forward = lambda values, chain=chain: _run_pooled_first(chain, values)
    try:
        yield
    finally:
        for chain in chains:
            vars(chain).pop("forward", None)


def _run_pooled_first(chain, values):
    layers = list(chain)
    for i, pair in enumerate(pairwise(chain)):
        if _change_places(*pair):
            layers[i : i + 2] = pair[::-1]
    if not _suits_onednn(chain, values):
        for layer in layers:
            values = layer(values)
        return values
    values = values.to_mkldnn()
    for layer in layers:
        values = layer(values)
    return values.to_dense()


def _change_places(first, second):
    """Tell whether a pool comes after a ReLU, and nobody looks at what is between them."""
    pools = nn.MaxPool1d | nn.MaxPool2d | nn.MaxPool3d
    return (
        type(first) is nn.ReLU
        and isinstance(second, pools)
        and not second.return_indices
        and not _has_hooks(first)
        and not _has_hooks(second)
    )


def _suits_onednn(chain, values):
    """Tell whether oneDNN has all layers of a chain, and maps are worth the change of order."""
    return (
        torch.backends.mkldnn.is_available()
        and values.device.type == "cpu"
        and values.dtype == torch.float32
        and values.ndim == 4
        and values.shape[2] * values.shape[3] >= _LARGE
        and not torch.is_autocast_enabled("cpu")
        and not any(_has_hooks(layer) for layer in chain)
        and all(_in_onednn(layer) for layer in chain)
        and any(type(layer) is nn.MaxPool2d for layer in chain)
    )


def _in_onednn(layer):
    """Tell whether oneDNN runs a layer, forwards and backwards, as PyTorch defines it."""
    if type(layer) is nn.MaxPool2d:
        return layer.dilation in (1, (1, 1)) and not layer.return_indices
    if type(layer) is nn.Conv2d:
        return layer.padding_mode == "zeros" and layer.weight.dtype == torch.float32
    return type(layer) is nn.ReLU and not layer.inplace


def _has_hooks(layer):
    return any(getattr(layer, hooks) for hooks in _HOOKS)
