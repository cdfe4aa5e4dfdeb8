"""A small network for volumes: kernels that reach into the slices before and behind."""

from __future__ import annotations

import torch
from torch import nn


class VolumeCNN(nn.Module):
    """Two blocks of 3 x 3 x 3 convolutions, then one weighted sum of all that they found.

    A volume is handed over as an image whose channels are its slices, so that `fit` and `predict`
    take it like any film.

    Parameters
    ----------
    shape : tuple of int
        Z, Y, X of the volumes; an odd row at the end of a length is left out by the pooling.
    widths : tuple of int
        Maps of each block; each block halves the three lengths.
    dropout : float
        In [0, 1): share of the sum's inputs that is left out at random in training.
    seed : int
        Seed of the initial weights, drawn as PyTorch draws them.

    Raises
    ------
    ValueError
        If `shape` is not three lengths that can be halved so often, or `dropout` out of range.

    References
    ----------
    Ji, Xu, Yang and Yu, IEEE TPAMI 35 (2013) 221, doi:10.1109/TPAMI.2012.59 (3-D convolution).

    Examples
    --------
    >>> VolumeCNN((12, 20, 15))(torch.zeros(2, 12, 20, 15)).shape
    torch.Size([2])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        widths: tuple[int, ...] = (8, 16),
        dropout: float = 0.5,
        seed: int = 0,
    ):
        super().__init__()
        kept = [length // 2 ** len(widths) for length in shape]
        if len(kept) != 3 or not all(kept):
            raise ValueError(
                f"shape must be three lengths of {2 ** len(widths)} or more, got {tuple(shape)}"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout}")
        self.shape, blocks, maps = tuple(shape), [], 1
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for width in widths:
                blocks += [nn.Conv3d(maps, width, 3, padding=1, bias=False)]
                blocks += [nn.BatchNorm3d(width), nn.ReLU(), nn.MaxPool3d(2)]
                maps = width
            self.features = nn.Sequential(*blocks)
            self.classifier = nn.Sequential(
                nn.Flatten(), nn.Dropout(dropout), nn.Linear(maps * kept[0] * kept[1] * kept[2], 1)
            )

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return the logit of label 1 of each volume.

        Parameters
        ----------
        volumes : torch.Tensor
            float, (N, Z, Y, X), scaled as in training.

        Returns
        -------
        torch.Tensor
            (N,), any real number; its sigmoid is the probability.

        Raises
        ------
        ValueError
            If the volumes have another shape than the network was made for.
        """
        if tuple(volumes.shape[1:]) != self.shape:
            raise ValueError(
                f"volumes must be (N, {', '.join(map(str, self.shape))}), "
                f"got shape {tuple(volumes.shape)}"
            )
        # The slices stop being channels: (N, Z, Y, X) -> (N, 1, Z, Y, X)
        return self.classifier(self.features(volumes[:, None])).squeeze(1)
