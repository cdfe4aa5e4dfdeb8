"""Maps that are said to explain a decision, by Captum; how to judge them is in `scores`."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from companion.checks import check_choice, check_images
from companion.data.images import enlarge
from companion.explanation._model import (
    as_inputs,
    expect_evaluation_mode,
    expect_logits,
    expect_maps,
    find_layer,
)

METHODS = ("saliency", "smooth_grad", "integrated_gradients", "grad_cam", "occlusion")


def explain(
    model: nn.Module,
    images: np.ndarray,
    method: str,
    *,
    layer: str | None = None,
    window: int = 8,
    fill: float | np.ndarray | str | None = None,
    baseline: float | np.ndarray | str = 0.0,
    noise: float = 0.1,
    samples: int = 16,
    seed: int = 0,
) -> np.ndarray:
    """Return, for each pixel, how much it counts for label 1 by one method.

    A film's map does not depend on the films beside it, and the model is left as it was.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N,); every layer in evaluation mode.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1], scaled as in training.
    method : str
        One of :data:`METHODS`.
    layer : str, optional
        For Grad-CAM: the layer whose maps are weighed, by its name in
        ``model.named_modules()``; the model's `last_maps` when absent.
    window : int
        For occlusion: side of the hidden square, in pixels; it moves by half of that.
    fill : float, numpy.ndarray or "blur", optional
        For occlusion, what a hidden square shows: a grey value in [0, 1]; the same place of an
        image (C, H, W) in [0, 1], such as the mean training film; or of the film itself, blurred
        with a standard deviation of a third of the window. When absent, the film's own mean, a
        value a channel: the grey square of the authors.
    baseline : float, numpy.ndarray or "blur"
        For integrated gradients, the image from which the way to the film starts: a grey value
        in [0, 1], black as a rule; an image (C, H, W) in [0, 1]; or the film itself, blurred
        with a standard deviation of an eighth of its shorter side.
    noise : float
        For SmoothGrad: standard deviation of the noise, in the unit of the pixels.
    samples : int
        For SmoothGrad, noisy copies; for integrated gradients, steps from the baseline.
    seed : int
        Of SmoothGrad's noise, which is the same for every film.

    Returns
    -------
    numpy.ndarray
        float64, (N, H, W). Saliency, SmoothGrad and Grad-CAM are not negative; integrated
        gradients and occlusion are negative where a pixel counts against.

    Raises
    ------
    ValueError
        If the method or the layer does not exist or the layer gives no maps, a layer is in
        training mode, the images, the fill or the baseline are not finite, in [0, 1] and of the
        shape above, or a number is out of range.

    Notes
    -----
    Occlusion measures the film against what stands in the square, so the fill is part of the
    question: a grey square on a dark lung is itself a bright spot. Integrated gradients measure
    it against the baseline: what is as dark as that gets nothing. Try more than one of either.

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

    check_choice("method", method, METHODS)
    images = check_images("images", images)
    if method == "occlusion" and not 1 <= window <= min(images.shape[2:]):
        raise ValueError(f"window must be 1 to {min(images.shape[2:])} pixels, got {window}")
    if not samples >= 1 or not 0 <= noise < np.inf:
        raise ValueError(f"samples must be at least 1 and noise at least 0, got {samples}, {noise}")
    expect_evaluation_mode(model)
    inputs = as_inputs(model, images)
    expect_logits(model, inputs)
    if method == "occlusion":
        channels = images.shape[1]
        with torch.inference_mode():
            found = attr.Occlusion(model).attribute(
                inputs, (channels, window, window),
                strides=(channels, max(window // 2, 1), max(window // 2, 1)),
                baselines=as_inputs(model, _filled(fill, images, window)),
            )  # fmt: skip
        return _summed(found)
    if method == "smooth_grad":
        return _summed(_smooth_grad(attr.Saliency(model), inputs, noise, samples, seed))
    inputs.requires_grad_()
    if method == "grad_cam":
        expect_maps(model, layer, inputs)
        weighed = attr.LayerGradCam(model, find_layer(model, layer))
        maps = weighed.attribute(inputs, relu_attributions=True)
        return enlarge(_summed(maps), images.shape[2:])
    if method == "saliency":
        return _summed(attr.Saliency(model).attribute(inputs, abs=True))
    start = _instead("baseline", baseline, images, min(images.shape[2:]) / 8)
    found = attr.IntegratedGradients(model).attribute(
        inputs, as_inputs(model, start), n_steps=samples
    )
    return _summed(found)


def _smooth_grad(saliency, inputs, noise, samples, seed):
    """Average saliency over noisy copies; Captum's own draws other noise for other neighbours."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros_like(inputs)
    for _ in range(samples):
        grain = noise * torch.randn(inputs.shape[1:], generator=generator)
        noisy = (inputs + grain.to(inputs)).requires_grad_()
        total += saliency.attribute(noisy, abs=True)
    return total / samples


def _filled(fill, images, window):
    """Return what stands in the hidden squares of each film, (N, C, H, W)."""
    if fill is None:
        means = images.mean(axis=(2, 3), keepdims=True, dtype=np.float64)
        return np.broadcast_to(means, images.shape).astype(np.float32)
    return _instead("fill", fill, images, window / 3)


def _instead(name, value, images, deviation):
    """Return a grey value, one image or the blurred films themselves, a film each (N, C, H, W)."""
    if isinstance(value, str) and value == "blur":
        values = gaussian_filter(images, (0, 0, deviation, deviation))
    else:
        shape = np.shape(value)
        if value is None or isinstance(value, str) or shape not in ((), images.shape[1:]):
            raise ValueError(
                f"{name} must be a grey value, an image {images.shape[1:]} or 'blur', "
                f"got {f'shape {shape}' if shape else repr(value)}"
            )
        values = check_images(name, [value] if shape else np.full((1, 1, 1, 1), value, float))
    return np.broadcast_to(values, images.shape).astype(np.float32)


def _summed(found):
    """Sum over channels: (N, C, H, W) to float64 (N, H, W)."""
    return found.detach().cpu().double().sum(dim=1).numpy()
