"""Maps that are said to explain a decision, by Captum; how to judge them is in `map_scores`."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from companion.data.images import enlarge

METHODS = ("saliency", "smooth_grad", "integrated_gradients", "grad_cam", "occlusion")


def explain(
    model: nn.Module,
    images: np.ndarray,
    method: str,
    *,
    layer: str | None = None,
    window: int = 8,
    noise: float = 0.1,
    samples: int = 16,
    seed: int = 0,
) -> np.ndarray:
    """Return, for each pixel, how much it counts for label 1 by one method.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N,); in evaluation mode.
    images : numpy.ndarray
        float32, (N, C, H, W), scaled as in training.
    method : str
        One of :data:`METHODS`.
    layer : str, optional
        For Grad-CAM: the layer whose maps are weighed, by its name in
        ``model.named_modules()``; the model's `last_maps` when absent.
    window : int
        For occlusion: side of the grey square, in pixels; it moves by half of that.
    noise : float
        For SmoothGrad: standard deviation of the noise, in the unit of the pixels.
    samples : int
        For SmoothGrad, noisy copies; for integrated gradients, steps from black.
    seed : int
        Of SmoothGrad's noise.

    Returns
    -------
    numpy.ndarray
        float64, (N, H, W). Saliency, SmoothGrad and Grad-CAM are not negative; integrated
        gradients and occlusion are negative where a pixel counts against.

    Raises
    ------
    ValueError
        If the method or the layer does not exist or the layer gives no maps, the model is in
        training mode, the images are not finite (N, C, H, W), or a number is out of range.

    References
    ----------
    Simonyan et al., arXiv:1312.6034 (saliency). Smilkov et al., arXiv:1706.03825 (SmoothGrad).
    Sundararajan et al., arXiv:1703.01365 (integrated gradients).
    Selvaraju et al., arXiv:1610.02391 (Grad-CAM). Zeiler and Fergus, arXiv:1311.2901 (occlusion).

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> films = np.random.default_rng(0).random((2, 1, 16, 16), np.float32)
    >>> explain(PooledCNN().eval(), films, "grad_cam").shape
    (2, 16, 16)
    """
    from captum import attr

    images = np.asarray(images, np.float32)
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if images.ndim != 4 or not np.isfinite(images).all():
        raise ValueError(f"images must be finite (N, C, H, W), got shape {images.shape}")
    if method == "occlusion" and not 1 <= window <= min(images.shape[2:]):
        raise ValueError(f"window must be 1 to {min(images.shape[2:])} pixels, got {window}")
    if samples < 1 or noise < 0:
        raise ValueError(f"samples must be at least 1 and noise at least 0, got {samples}, {noise}")
    expect_evaluation_mode(model)
    inputs = torch.from_numpy(images).requires_grad_()
    if method == "grad_cam":
        weighed = attr.LayerGradCam(model, find_layer(model, layer))
        maps = weighed.attribute(inputs, relu_attributions=True)
        if maps.ndim != 4:
            raise ValueError(f"layer must give maps (N, C, h, w), got {layer!r}: {maps.shape}")
        return enlarge(maps.detach().double().numpy()[:, 0], images.shape[2:])
    if method == "saliency":
        found = attr.Saliency(model).attribute(inputs, abs=True)
    elif method == "smooth_grad":
        tunnel = attr.NoiseTunnel(attr.Saliency(model))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            found = tunnel.attribute(
                inputs, nt_type="smoothgrad", nt_samples=samples, stdevs=noise, abs=True
            )
    elif method == "integrated_gradients":
        found = attr.IntegratedGradients(model).attribute(inputs, n_steps=samples)
    else:
        channels = images.shape[1]
        with torch.inference_mode():
            found = attr.Occlusion(model).attribute(
                torch.from_numpy(images), (channels, window, window),
                strides=(channels, max(window // 2, 1), max(window // 2, 1)),
                baselines=float(images.mean()),
            )  # fmt: skip
    return found.detach().double().sum(dim=1).numpy()


def expect_evaluation_mode(model: nn.Module) -> None:
    """Raise if dropout and batch normalisation would still behave as in training.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.

    Raises
    ------
    ValueError
        If the model is in training mode.

    Examples
    --------
    >>> expect_evaluation_mode(nn.Linear(1, 1))
    Traceback (most recent call last):
    ...
    ValueError: model must be in evaluation mode, got training mode: call model.eval()
    """
    if model.training:
        raise ValueError("model must be in evaluation mode, got training mode: call model.eval()")


def find_layer(model: nn.Module, name: str | None = None) -> nn.Module:
    """Return a layer by its name.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.
    name : str, optional
        As in ``model.named_modules()``; the model's `last_maps` when absent.

    Returns
    -------
    torch.nn.Module
        The layer.

    Raises
    ------
    ValueError
        If there is no such layer; the message lists those there are.

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> find_layer(PooledCNN(), "features.2")
    ReLU()
    """
    name = getattr(model, "last_maps", None) if name is None else name
    layers = dict(model.named_modules())
    if not name or name not in layers:
        known = ", ".join(layer for layer in layers if layer)
        raise ValueError(f"layer must be one of {known}, got {name!r}")
    return layers[name]
