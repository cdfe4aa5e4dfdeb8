"""The book's models in PyTorch: channels first, logits out, as PyTorch users expect."""

from __future__ import annotations

import torch
from torch import nn

from companion.checks import check_input_shape


class DocumentCNN(nn.Module):
    """The source document's pneumonia model, as :func:`companion.in_keras.models.document_cnn`.

    Parameters
    ----------
    input_shape : tuple of int
        (C, H, W), channels first. Height and width must be at least 22.
    seed : int
        Seed of the initial weights, drawn as Keras draws them: Glorot uniform, zero biases.

    Raises
    ------
    ValueError
        If `input_shape` is not three positive ints or too small for three poolings.

    References
    ----------
    Glorot and Bengio, AISTATS 2010.

    Examples
    --------
    >>> model = DocumentCNN((1, 28, 28))
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2])
    """

    #: The layer whose maps Grad-CAM weighs.
    last_maps = "features.7"

    def __init__(self, input_shape: tuple[int, int, int] = (3, 224, 224), *, seed: int = 0):
        super().__init__()
        check_input_shape(input_shape, "C H W")
        self.input_shape = tuple(input_shape)
        channels, height, width = input_shape
        for _ in range(3):
            height, width = (height - 2) // 2, (width - 2) // 2
        self.features = nn.Sequential(
            nn.Conv2d(channels, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 3), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(128 * height * width, 128), nn.ReLU(), nn.Linear(128, 1)
        )
        generator = torch.Generator().manual_seed(seed)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)

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

        Raises
        ------
        ValueError
            If the images are not of the shape that the model was built for.
        """
        if images.shape[1:] != self.input_shape:
            raise ValueError(
                f"images must be (N, {', '.join(map(str, self.input_shape))}), "
                f"got shape {tuple(images.shape)}"
            )
        return self.classifier(self.features(images)).squeeze(1)


class PooledCNN(nn.Module):
    """A better small network: batch normalisation, padding, and an average over the last maps.

    It keeps rows and columns until the end, so it takes films of any size from 8 x 8 on.

    Parameters
    ----------
    channels : int
        C of the films.
    widths : tuple of int
        Maps of each block; every block but the last halves height and width.
    seed : int
        Seed of the initial weights, drawn as PyTorch draws them.

    References
    ----------
    Lin, Chen and Yan, arXiv:1312.4400 (global average pooling).
    Ioffe and Szegedy, arXiv:1502.03167 (batch normalisation).

    Examples
    --------
    >>> PooledCNN()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2])
    """

    #: The layer whose maps Grad-CAM weighs; of three blocks.
    last_maps = "features.10"

    def __init__(self, channels: int = 1, *, widths: tuple[int, ...] = (24, 48, 96), seed: int = 0):
        super().__init__()
        blocks = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for number, width in enumerate(widths):
                if number:
                    blocks.append(nn.MaxPool2d(2))
                blocks += [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
                blocks += [nn.BatchNorm2d(width), nn.ReLU()]
                channels = width
            self.features = nn.Sequential(*blocks)
            self.classifier = nn.Linear(channels, 1)

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
        return self.classifier(self.features(images).mean(dim=(2, 3))).squeeze(1)


class Rescaled(nn.Module):
    """A model that sees its images multiplied by a factor: 255 gives it 8-bit pixels.

    Parameters
    ----------
    model : torch.nn.Module
        Any.
    factor : float
        Can be changed later, as happens to a model that is served from another program.

    Examples
    --------
    >>> Rescaled(nn.Flatten(), 255)(torch.ones(1, 1, 1, 2))
    tensor([[255., 255.]])
    """

    def __init__(self, model: nn.Module, factor: float):
        super().__init__()
        self.model, self.factor = model, factor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the model says of the multiplied images."""
        return self.model(self.factor * images)
