"""Where an attention network looks, and whether other weights would change its mind."""

from __future__ import annotations

import numpy as np
import torch

from companion.checks import check_images
from companion.explanation._model import as_inputs, expect_evaluation_mode
from companion.in_torch.attention import AttentionCNN


def attention_maps(model: AttentionCNN, images: np.ndarray) -> np.ndarray:
    """Return where the model looks.

    Parameters
    ----------
    model : AttentionCNN
        Every layer in evaluation mode.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].

    Returns
    -------
    numpy.ndarray
        float64, (N, H / 4, W / 4), each summing to 1.

    Raises
    ------
    ValueError
        If a layer is in training mode, or the images are not as above.

    Examples
    --------
    >>> attention_maps(AttentionCNN().eval(), np.zeros((1, 1, 16, 16))).shape
    (1, 4, 4)
    """
    expect_evaluation_mode(model)
    inputs = as_inputs(model, check_images("images", images))
    with torch.inference_mode():
        return model.attend(inputs)[1].cpu().double().numpy()


def swap_attention(
    model: AttentionCNN, images: np.ndarray, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Return probabilities under attention that is not the model's: shuffled, or even.

    If the weights explained the decision, other weights should change it.

    Parameters
    ----------
    model : AttentionCNN
        Every layer in evaluation mode.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].
    rng : numpy.random.Generator, optional
        Shuffles each film's weights over its cells, film after film; the same weight everywhere
        when absent.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1].

    Raises
    ------
    ValueError
        As :func:`attention_maps`.

    References
    ----------
    Jain and Wallace, arXiv:1902.10186. Wiegreffe and Pinter, arXiv:1908.04626.

    Examples
    --------
    >>> swap_attention(AttentionCNN().eval(), np.zeros((2, 1, 16, 16))).shape
    (2,)
    """
    own = attention_maps(model, images)
    flat = own.reshape(len(own), -1)
    other = np.full_like(flat, 1 / flat.shape[1]) if rng is None else rng.permuted(flat, axis=1)
    inputs = as_inputs(model, check_images("images", images))
    weights = torch.from_numpy(other.reshape(own.shape)).to(inputs)
    with torch.inference_mode():
        logits, _ = model.attend(inputs, weights)
    return torch.sigmoid(logits.cpu().double()).numpy()
