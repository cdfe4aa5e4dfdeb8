"""A network that begins with what it learned from photographs, and goes on with films."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from companion.checks import check_images
from companion.in_torch.pretrained import as_colour, empty_backbone, load_backbone
from companion.in_torch.training import mode

#: What the backbone gives for each image.
FEATURES = 1280


class TransferCNN(nn.Module):
    """EfficientNet-Lite0 with one weighted sum on top: grey films in, one logit out.

    Its batch normalisations stand in evaluation mode where the network is pretrained, because a
    few films tell less about means and variances than the photographs did; they stay so in
    :func:`companion.in_torch.fit`.

    Parameters
    ----------
    pretrained : bool
        Begin with the weights learned from ImageNet; or draw them anew.
    size : int
        Height and width that the backbone sees, at least 32; it was trained at 224.
    seed : int
        Of the weights that are drawn.

    Raises
    ------
    ValueError
        If `size` is below 32.

    References
    ----------
    Tan and Le, arXiv:1905.11946. Kumar et al., arXiv:2202.10054: the last layer first.

    Examples
    --------
    >>> model = TransferCNN(size=32)
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2])
    >>> sum(weights.numel() for weights in model.freeze().parameters() if weights.requires_grad)
    1281
    """

    def __init__(self, *, pretrained: bool = True, size: int = 64, seed: int = 0):
        super().__init__()
        if size < 32:
            raise ValueError(f"size must be at least 32, got {size}")
        self.pretrained, self.size = pretrained, size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            fresh = empty_backbone()
            self.classifier = nn.Linear(FEATURES, 1)
        self.backbone = copy.deepcopy(load_backbone()) if pretrained else fresh
        self.backbone._fc = nn.Identity()  # its thousand classes are not asked for
        self.backbone.requires_grad_(True)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = 0.1  # the published 0.01 needs thousands of updates
                layer.train(not pretrained)

    def freeze(self) -> TransferCNN:
        """Let only the last layer learn.

        Returns
        -------
        TransferCNN
            Itself.
        """
        self.backbone.requires_grad_(False).eval()
        return self

    def unfreeze(self) -> TransferCNN:
        """Let all weights learn, batch normalisation's means and variances excepted.

        Returns
        -------
        TransferCNN
            Itself.
        """
        self.backbone.requires_grad_(True)
        return self

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the last layer weighs.

        Parameters
        ----------
        images : torch.Tensor
            float, (N, 1, H, W), in [0, 1].

        Returns
        -------
        torch.Tensor
            (N, 1280).

        Raises
        ------
        ValueError
            If the images are not (N, 1, H, W).
        """
        if images.ndim != 4 or images.shape[1] != 1:
            raise ValueError(f"images must be (N, 1, H, W), got shape {tuple(images.shape)}")
        return self.backbone.extract_features(as_colour(images, self.size)).mean(dim=(2, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logit of label 1 of each image.

        Parameters
        ----------
        images : torch.Tensor
            float, (N, 1, H, W), in [0, 1].

        Returns
        -------
        torch.Tensor
            (N,), any real number; its sigmoid is the probability.
        """
        return self.classifier(self.features(images)).squeeze(1)


def classify_photograph(image: np.ndarray, *, top: int = 3) -> list[tuple[int, float]]:
    """Ask the network of ImageNet's thousand classes about a picture.

    Parameters
    ----------
    image : numpy.ndarray
        float, (H, W, 3) in colour or (H, W) grey, in [0, 1]; its middle square is looked at.
    top : int
        How many answers, from 1 to 1000.

    Returns
    -------
    list of tuple
        Number of the class, from 0 to 999, and its probability; the likeliest first. The
        probabilities of all classes add up to one, so there is an answer to any picture.

    Raises
    ------
    ValueError
        If the image is of another shape or range, or `top` is out of range.

    References
    ----------
    Tan and Le, arXiv:1905.11946. Russakovsky et al., doi:10.1007/s11263-015-0816-y: the classes.

    Examples
    --------
    >>> [(number, p)] = classify_photograph(np.zeros((40, 40)), top=1)
    >>> 0 <= number < 1000 and 0 < p < 1
    True
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image must be (H, W, 3) or (H, W), got shape {image.shape}")
    if not 1 <= top <= 1000:
        raise ValueError(f"top must be from 1 to 1000, got {top}")
    height, width, _ = image.shape
    side = min(height, width)
    above, left = (height - side) // 2, (width - side) // 2
    square = image[above : above + side, left : left + side].transpose(2, 0, 1)[None]
    given = torch.from_numpy(np.ascontiguousarray(check_images("image", square)))
    backbone = load_backbone()
    with mode(backbone, training=False), torch.inference_mode():
        maps = backbone.extract_features(as_colour(given, 224))
        chances = torch.softmax(backbone._fc(maps.mean(dim=(2, 3)))[0].double(), dim=0)
    best = torch.topk(chances, top)
    return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))
