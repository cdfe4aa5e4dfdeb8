"""A network that averages its maps with weights of its own: attention pooling."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from companion.explain import expect_evaluation_mode
from companion.torch_models import PooledCNN


class AttentionCNN(PooledCNN):
    """The pooled network, with the average over rows and columns replaced by attention.

    Parameters
    ----------
    channels : int
        C of the films.
    widths : tuple of int
        Maps of each block.
    seed : int
        Seed of the initial weights.

    References
    ----------
    Ilse, Tomczak and Welling, arXiv:1802.04712 (attention-based pooling).

    Examples
    --------
    >>> logits, attention = AttentionCNN().attend(torch.zeros(2, 1, 32, 32))
    >>> logits.shape, attention.shape, attention[0].sum().item()
    (torch.Size([2]), torch.Size([2, 8, 8]), 1.0)
    """

    def __init__(self, channels: int = 1, *, widths: tuple[int, ...] = (24, 48, 96), seed: int = 0):
        super().__init__(channels, widths=widths, seed=seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.attention = nn.Sequential(nn.Linear(widths[-1], 32), nn.Tanh(), nn.Linear(32, 1))

    def attend(
        self, images: torch.Tensor, attention: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits and the attention behind them.

        Parameters
        ----------
        images : torch.Tensor
            float, (N, C, H, W).
        attention : torch.Tensor, optional
            (N, H / 4, W / 4), each summing to 1: weights to use instead of the model's own.

        Returns
        -------
        tuple of torch.Tensor
            Logits (N,), and attention (N, H / 4, W / 4), each summing to 1.
        """
        maps = self.features(images)
        cells = maps.flatten(2).transpose(1, 2)
        if attention is None:
            weights = self.attention(cells).squeeze(2).softmax(dim=1)
        else:
            weights = attention.flatten(1)
        pooled = (weights.unsqueeze(2) * cells).sum(dim=1)
        return self.classifier(pooled).squeeze(1), weights.reshape(-1, *maps.shape[2:])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logit of pneumonia of each image.

        Parameters
        ----------
        images : torch.Tensor
            float, (N, C, H, W), scaled as in training.

        Returns
        -------
        torch.Tensor
            (N,), any real number; its sigmoid is the probability.
        """
        return self.attend(images)[0]


def attention_maps(model: AttentionCNN, images: np.ndarray) -> np.ndarray:
    """Return where the model looks.

    Parameters
    ----------
    model : AttentionCNN
        In evaluation mode.
    images : numpy.ndarray
        float32, (N, C, H, W).

    Returns
    -------
    numpy.ndarray
        float64, (N, H / 4, W / 4), each summing to 1.

    Raises
    ------
    ValueError
        If the model is in training mode.

    Examples
    --------
    >>> attention_maps(AttentionCNN().eval(), np.zeros((1, 1, 16, 16))).shape
    (1, 4, 4)
    """
    expect_evaluation_mode(model)
    with torch.inference_mode():
        return model.attend(torch.from_numpy(np.asarray(images, np.float32)))[1].double().numpy()


def swap_attention(
    model: AttentionCNN, images: np.ndarray, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Return probabilities under attention that is not the model's: shuffled, or even.

    If the weights explained the decision, other weights should change it.

    Parameters
    ----------
    model : AttentionCNN
        In evaluation mode.
    images : numpy.ndarray
        float32, (N, C, H, W).
    rng : numpy.random.Generator, optional
        Shuffles each film's weights over its cells; the same weight everywhere when absent.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1].

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
    weights = torch.from_numpy(other.reshape(own.shape)).float()
    with torch.inference_mode():
        logits, _ = model.attend(torch.from_numpy(np.asarray(images, np.float32)), weights)
    return torch.sigmoid(logits.double()).numpy()
