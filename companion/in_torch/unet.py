"""A U-Net that can be read in one sitting: down, across, up, in three dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import pad


def two_convolutions(channels: int, maps: int) -> nn.Sequential:
    """Return two convolutions of 3 x 3 x 3 voxels, each normalised and bent.

    Parameters
    ----------
    channels, maps : int
        How many feature maps go in, and how many come out.

    Returns
    -------
    torch.nn.Sequential
        Keeps depth, height and width.

    Examples
    --------
    >>> two_convolutions(1, 4)(torch.zeros(1, 1, 6, 6, 6)).shape
    torch.Size([1, 4, 6, 6, 6])
    """
    layers = []
    for given in (channels, maps):
        layers += [
            nn.Conv3d(given, maps, kernel_size=3, padding=1),
            nn.InstanceNorm3d(maps, affine=True),  # of this volume alone: grey values of MR differ
            nn.LeakyReLU(0.1),
        ]
    return nn.Sequential(*layers)


class UpAndJoin(nn.Module):
    """Double the size, lay the fine maps of the way down beside it, and convolve both.

    Parameters
    ----------
    coarse, fine : int
        Feature maps from below, and from the same height on the way down.

    Examples
    --------
    >>> UpAndJoin(8, 4)(torch.zeros(1, 8, 3, 3, 3), torch.zeros(1, 4, 7, 6, 6)).shape
    torch.Size([1, 4, 7, 6, 6])
    """

    def __init__(self, coarse: int, fine: int):
        super().__init__()
        self.up = nn.ConvTranspose3d(coarse, fine, kernel_size=2, stride=2)
        self.convolutions = two_convolutions(2 * fine, fine)

    def forward(self, below: torch.Tensor, beside: torch.Tensor) -> torch.Tensor:
        """Return (N, fine, D, H, W), as large as `beside`.

        Parameters
        ----------
        below : torch.Tensor
            (N, coarse, D // 2, H // 2, W // 2).
        beside : torch.Tensor
            (N, fine, D, H, W).

        Returns
        -------
        torch.Tensor
            (N, fine, D, H, W).
        """
        larger = self.up(below)
        # An odd side lost its last voxel on the way down: its neighbour is repeated.
        missing = [b - a for a, b in zip(larger.shape[2:], beside.shape[2:], strict=True)]
        larger = pad(larger, [n for side in reversed(missing) for n in (0, side)], "replicate")
        return self.convolutions(torch.cat([beside, larger], dim=1))  # (N, 2 fine, D, H, W)


class UNet(nn.Module):
    """A U-Net for volumes: one logit for each voxel and each structure.

    On the same weights it gives what MONAI's ``BasicUNet`` gives, for five levels of which the
    first two are as wide; MONAI has no fewer levels, and this class any number of them.

    Parameters
    ----------
    structures : int
        Labels, the background among them.
    channels : int
        Of the volume: 1 for MR.
    widths : sequence of int
        Feature maps of each level, the finest first; each level has half the size of the last.
    seed : int
        Of the initial weights.

    Raises
    ------
    ValueError
        If there are fewer than two structures or two levels, or a width is not above 0.

    References
    ----------
    Ronneberger, Fischer and Brox, arXiv:1505.04597.
    Çiçek et al., arXiv:1606.06650 (three dimensions).

    Examples
    --------
    >>> model = UNet(structures=3, widths=(4, 8))
    >>> model(torch.zeros(1, 1, 9, 8, 8)).shape
    torch.Size([1, 3, 9, 8, 8])
    """

    def __init__(
        self,
        structures: int = 3,
        channels: int = 1,
        *,
        widths: Sequence[int] = (8, 16, 32),
        seed: int = 0,
    ):
        super().__init__()
        if structures < 2:
            raise ValueError(f"structures must be 2 or more, one the background, got {structures}")
        if len(widths) < 2 or min(widths) < 1:
            raise ValueError(f"widths must be two or more numbers above 0, got {tuple(widths)}")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            steps = zip((channels, *widths), widths, strict=False)
            self.down = nn.ModuleList(two_convolutions(given, maps) for given, maps in steps)
            pairs = list(zip(widths[1:], widths, strict=False))
            self.up = nn.ModuleList(UpAndJoin(coarse, fine) for coarse, fine in reversed(pairs))
            self.last = nn.Conv3d(widths[0], structures, kernel_size=1)
        self.halve = nn.MaxPool3d(2)

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Return the logit of each structure at each voxel.

        Parameters
        ----------
        volumes : torch.Tensor
            float, (N, C, D, H, W), each side at least ``2 ** levels`` voxels.

        Returns
        -------
        torch.Tensor
            (N, structures, D, H, W), any real number; their softmax are probabilities.

        Raises
        ------
        ValueError
            If a side is too short to be halved so often.
        """
        least = 2 ** len(self.down)
        if volumes.ndim != 5 or min(volumes.shape[2:]) < least:
            raise ValueError(
                f"volumes must be (N, C, D, H, W) with sides of at least {least} voxels, "
                f"got shape {tuple(volumes.shape)}"
            )
        maps = self.down[0](volumes)
        kept = []
        for convolutions in self.down[1:]:
            kept.append(maps)
            maps = convolutions(self.halve(maps))
        for join in self.up:
            maps = join(maps, kept.pop())
        return self.last(maps)
