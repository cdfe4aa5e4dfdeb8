"""Batch normalisation and what stands in for it where a batch is spread over processes."""

from __future__ import annotations

import copy
import math

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def group_norm(model: nn.Module, *, groups: int = 8) -> nn.Module:
    """Return a copy of a model with group normalisation in place of each batch normalisation.

    Group normalisation takes mean and standard deviation over the pixels of some channels of one
    film. So a film's output does not depend on the other films, nor on which process has them.

    Parameters
    ----------
    model : torch.nn.Module
        Any; it stays as it is.
    groups : int
        Into how many groups the channels of a layer are put; where they cannot be divided so,
        the greatest common divisor of both is taken.

    Returns
    -------
    torch.nn.Module
        With the same weights, the two of each normalisation included. It is another function,
        even in evaluation, and has to be trained.

    Raises
    ------
    ValueError
        If `groups` is below 1, or a layer does not know its channels yet.

    References
    ----------
    Wu and He, ECCV 2018, arXiv:1803.08494.

    Examples
    --------
    >>> model = group_norm(nn.Sequential(nn.BatchNorm2d(24), nn.BatchNorm2d(20)))
    >>> [(type(layer).__name__, layer.num_groups) for layer in model]
    [('GroupNorm', 8), ('GroupNorm', 4)]
    """
    if groups < 1:
        raise ValueError(f"groups must be at least 1, got {groups}")
    for name, layer in model.named_modules():
        if isinstance(layer, _BatchNorm) and layer.num_features < 1:
            raise ValueError(f"{name!r} must know its channels, got {layer}: run the model once")
    return _replaced(copy.deepcopy(model), groups)


def _replaced(module, groups):
    if not isinstance(module, _BatchNorm):
        for name, child in module.named_children():
            setattr(module, name, _replaced(child, groups))
        return module
    channels = module.num_features
    made = nn.GroupNorm(math.gcd(channels, groups), channels, module.eps, module.affine)
    if module.affine:
        made.to(module.weight.device, module.weight.dtype)
        made.load_state_dict({"weight": module.weight, "bias": module.bias})
    return made.train(module.training)


def check_normalization(model: nn.Module, *, on_cuda: bool, always_shared: bool) -> None:
    """Raise unless no film's output depends on the films that another process has.

    Parameters
    ----------
    model : torch.nn.Module
        To be trained by several processes. Frozen batch normalisation is allowed.
    on_cuda : bool
        Whether ``SyncBatchNorm``, which takes its statistics over all processes, can work.
    always_shared : bool
        Whether each process has films in every batch, which ``SyncBatchNorm`` needs.

    Raises
    ------
    ValueError
        Naming the layer.
    """
    for name, module in model.named_modules():
        if not isinstance(module, _BatchNorm) or (model.training and not module.training):
            continue
        if on_cuda and always_shared and isinstance(module, nn.SyncBatchNorm):
            continue
        way = " (or, on CUDA and with films for all in the last batch, SyncBatchNorm)"
        raise ValueError(
            f"model must not have batch normalisation in training, got {type(module).__name__} "
            f"{name!r}: each process would take the mean of its own films only; use group "
            f"normalisation, as group_norm(model) gives it{way}"
        )
