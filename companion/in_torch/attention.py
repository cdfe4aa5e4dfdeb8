"""A network that averages its maps with weights of its own: attention pooling."""

from __future__ import annotations

import torch
from torch import nn

from companion.in_torch.models import PooledCNN


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
