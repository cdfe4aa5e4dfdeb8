"""A residual network for small films: each block adds to what it was given."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.functional import interpolate

from companion.checks import check_choice, check_images
from companion.in_torch._running import as_tensor, mode
from companion.in_torch.normalization import group_norm

NORMS = ("batch", "group")


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to their input.

    Parameters
    ----------
    inputs, outputs : int
        Maps that come in and go out; where they differ, the input passes a 1 x 1 convolution.
    norm : {"batch", "group"}
        How maps are normalised: with the statistics of a batch, or of groups of maps of one film.

    References
    ----------
    He, Zhang, Ren and Sun, CVPR 2016, arXiv:1512.03385.

    Examples
    --------
    >>> ResidualBlock(4, 8)(torch.zeros(2, 4, 7, 7)).shape
    torch.Size([2, 8, 7, 7])
    """

    def __init__(self, inputs: int, outputs: int, *, norm: str = "batch"):
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), normalization(norm, outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), normalization(norm, outputs),
        )  # fmt: skip
        self.shortcut = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, bias=False), normalization(norm, outputs)
            )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the input plus its change, negative sums set to zero: (N, outputs, H, W)."""
        return torch.relu(self.shortcut(maps) + self.change(maps))


class ResidualCNN(nn.Module):
    """Residual blocks with poolings between them, and an average over the last maps.

    Parameters
    ----------
    channels : int
        C of the films.
    widths : tuple of int
        Maps of each block; every block but the last halves height and width.
    norm : {"batch", "group"}
        As in :class:`ResidualBlock`; "group" does not depend on the other films of a batch.
    dropout : float
        Share of the averaged maps that is set to zero while training, in [0, 1).
    pixel_mean, pixel_std : float
        Subtracted from the pixels, which then are divided by the second: those of the training
        films of PneumoniaMNIST.
    standardize : bool
        Use each film's own mean and standard deviation instead.
    enlarge : int
        How many times as high and as wide films become first, at least 1.
    seed : int
        Seed of the initial weights, drawn as PyTorch draws them.

    Raises
    ------
    ValueError
        If `norm` is unknown, `widths` is empty, `pixel_std` is not above 0, or `enlarge` below 1.

    References
    ----------
    He, Zhang, Ren and Sun, CVPR 2016, arXiv:1512.03385 (residual learning).
    Wu and He, ECCV 2018, arXiv:1803.08494 (group normalisation).

    Examples
    --------
    >>> model = ResidualCNN(widths=(8, 16))
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2])
    """

    #: The layer whose maps Grad-CAM weighs; of three blocks.
    last_maps = "features.4"

    def __init__(
        self,
        channels: int = 1,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        norm: str = "batch",
        dropout: float = 0.3,
        pixel_mean: float = 0.57,
        pixel_std: float = 0.17,
        standardize: bool = False,
        enlarge: int = 1,
        seed: int = 0,
    ):
        super().__init__()
        check_choice("norm", norm, NORMS)
        if not widths:
            raise ValueError(f"widths must name at least one block, got {widths}")
        if not 0 < pixel_std < float("inf"):
            raise ValueError(f"pixel_std must be above 0, got {pixel_std}")
        if enlarge != int(enlarge) or enlarge < 1:
            raise ValueError(f"enlarge must be a whole number of at least 1, got {enlarge}")
        self.pixel_mean, self.pixel_std = pixel_mean, pixel_std
        self.standardize, self.enlarge = standardize, enlarge
        blocks = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for width in widths:
                if blocks:
                    blocks.append(nn.MaxPool2d(2))
                blocks.append(ResidualBlock(channels, width, norm=norm))
                channels = width
            self.features = nn.Sequential(*blocks)
            self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(channels, 1))

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
        if self.standardize:
            deviation, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True)
            images = (images - mean) / (deviation + 1e-3)  # a film of one grey stays finite
        else:
            images = (images - self.pixel_mean) / self.pixel_std
        if self.enlarge > 1:
            images = interpolate(images, scale_factor=self.enlarge, mode="bilinear")
        maps = self.features(images)
        return self.classifier(maps.mean(dim=(2, 3))).squeeze(1)


def block_maps(model: ResidualCNN, image: np.ndarray, *, block: int) -> dict[str, np.ndarray]:
    """Return what a block of a network is given for one film, what it adds, and what it passes on.

    Parameters
    ----------
    model : ResidualCNN
        Evaluated; its mode is as before afterwards.
    image : numpy.ndarray
        float, (C, H, W), in [0, 1].
    block : int
        Which, from 1 on.

    Returns
    -------
    dict of str to numpy.ndarray
        "given" (behind the shortcut), "added" and "passed on", each float32 (K, H', W').

    Raises
    ------
    ValueError
        If there is no such block, or `image` is no film.

    Examples
    --------
    >>> maps = block_maps(ResidualCNN(widths=(4, 8)), np.zeros((1, 8, 8)), block=2)
    >>> {name: values.shape for name, values in maps.items()}
    {'given': (8, 4, 4), 'added': (8, 4, 4), 'passed on': (8, 4, 4)}
    """
    blocks = [part for part in model.features if isinstance(part, ResidualBlock)]
    if not 1 <= block <= len(blocks):
        raise ValueError(f"block must be 1 to {len(blocks)}, got {block}")
    images = as_tensor(check_images("image", np.asarray(image)[None]))
    chosen, seen = blocks[block - 1], {}
    parts = {"given": chosen.shortcut, "added": chosen.change, "passed on": chosen}
    hooks = [
        part.register_forward_hook(lambda *call, name=name: seen.update({name: call[2][0]}))
        for name, part in parts.items()
    ]
    try:
        with mode(model, training=False), torch.inference_mode():
            model(images.to(next(model.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: seen[name].cpu().numpy() for name in parts}


def normalization(norm: str, width: int) -> nn.Module:
    """Return a layer that normalises so many maps, all together or in up to eight groups."""
    layer = nn.BatchNorm2d(width)
    return layer if norm == "batch" else group_norm(layer)
