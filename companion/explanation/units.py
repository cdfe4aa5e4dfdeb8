"""What excites a unit: an image made for it, and the films that come nearest."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from companion.checks import check_images
from companion.explanation._model import (
    as_inputs,
    expect_evaluation_mode,
    expect_maps,
    find_layer,
)


def maximise_activation(
    model: nn.Module,
    layer: str,
    unit: int,
    *,
    shape: tuple[int, int, int],
    steps: int = 128,
    step_size: float = 0.05,
    jitter: int = 4,
    roughness: float = 10.0,
    seed: int = 0,
) -> np.ndarray:
    """Maximise the activation of one map of a layer, by gradient ascent from grey noise.

    Two regularisers keep it from becoming noise that no eye can read: the image is shifted at
    random before each step, and differences between neighbours are punished.

    Parameters
    ----------
    model : torch.nn.Module
        Every layer in evaluation mode.
    layer : str
        Name of a layer that gives (N, C, H, W).
    unit : int
        Which of its maps.
    shape : tuple of int
        (C, H, W) of the image.
    steps : int
        How many steps, each with Adam.
    step_size : float
        Adam's learning rate, in the logit of a pixel.
    jitter : int
        Greatest shift, in pixels; 0 for none.
    roughness : float
        Weight of the mean squared difference between neighbours; 0 for none.
    seed : int
        Of the start and of the shifts.

    Returns
    -------
    numpy.ndarray
        float32, (C, H, W), in [0, 1].

    Raises
    ------
    ValueError
        If the layer does not exist, gives no maps or has no such unit, a layer is in training
        mode, or a number is out of range.

    References
    ----------
    Erhan et al., University of Montreal report 1341 (2009).
    Olah, Mordvintsev and Schubert, Distill (2017). doi:10.23915/distill.00007

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> maximise_activation(PooledCNN().eval(), "features.2", 0, shape=(1, 16, 16), steps=2).shape
    (1, 16, 16)
    """
    expect_evaluation_mode(model)
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"shape must be (C, H, W), got {shape}")
    if steps < 1 or jitter < 0:
        raise ValueError(f"steps must be at least 1 and jitter at least 0, got {steps}, {jitter}")
    generator = torch.Generator().manual_seed(seed)
    start = 0.1 * torch.randn((1, *shape), generator=generator)
    pixels = as_inputs(model, start.numpy()).requires_grad_()
    given = expect_maps(model, layer, torch.sigmoid(pixels))
    if not 0 <= unit < given[1]:
        raise ValueError(f"unit must be a map of {layer}, which gives {given}, got {unit}")
    seen = {}
    # The mean is taken here and now: a layer that works in place may change the maps later.
    hook = find_layer(model, layer).register_forward_hook(
        lambda module, inputs, output: seen.update(mean=output[:, unit].mean())
    )
    optimizer = torch.optim.Adam([pixels], step_size)
    try:
        with torch.enable_grad():
            for _ in range(steps):
                image = torch.sigmoid(pixels)
                shift = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
                model(torch.roll(image, shift, (2, 3)))
                rough = image.diff(dim=2).square().mean() + image.diff(dim=3).square().mean()
                loss = roughness * rough - seen["mean"]
                # Not loss.backward(), which would add to the gradients of the model's weights.
                (pixels.grad,) = torch.autograd.grad(loss, pixels)
                optimizer.step()
    finally:
        hook.remove()
    return torch.sigmoid(pixels)[0].detach().cpu().float().numpy()


def unit_activations(
    model: nn.Module, layer: str, images: np.ndarray, *, batch_size: int = 256
) -> np.ndarray:
    """Return how much each map of a layer is excited by each film, on average over the film.

    Parameters
    ----------
    model : torch.nn.Module
        Every layer in evaluation mode.
    layer : str
        Name of a layer that gives (N, C, H, W).
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].
    batch_size : int
        How many films at a time.

    Returns
    -------
    numpy.ndarray
        float32, (N, units).

    Raises
    ------
    ValueError
        If the layer does not exist or gives no maps, a layer is in training mode, the images
        are not as above, or `batch_size` is below 1.

    Examples
    --------
    >>> from companion.in_torch.models import PooledCNN
    >>> films = np.zeros((3, 1, 16, 16), np.float32)
    >>> unit_activations(PooledCNN().eval(), "features.2", films).shape
    (3, 24)
    """
    expect_evaluation_mode(model)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    inputs = as_inputs(model, check_images("images", images))
    expect_maps(model, layer, inputs)
    found = []
    hook = find_layer(model, layer).register_forward_hook(
        lambda module, given, output: found.append(output.mean(dim=(2, 3)))
    )
    try:
        with torch.inference_mode():
            for part in inputs.split(batch_size):
                model(part)
    finally:
        hook.remove()
    return torch.cat(found).cpu().float().numpy()
