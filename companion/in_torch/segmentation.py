"""How a network learns to give every voxel a label: losses, a loop, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot
from tqdm import tqdm

from companion.in_torch.training import mode

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def dice_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return one minus Dice's coefficient with probabilities in place of decisions.

    Parameters
    ----------
    logits : torch.Tensor
        float, (N, K, D, H, W).
    labels : torch.Tensor
        int64, (N, D, H, W), 0 to K - 1; 0, the background, is left out of the mean.

    Returns
    -------
    torch.Tensor
        (): the mean over volumes and structures, 0 to 1.

    References
    ----------
    Milletari, Navab and Ahmadi, arXiv:1606.04797. Equal to MONAI's ``DiceLoss``.

    Examples
    --------
    >>> labels = torch.tensor([[[[0, 1]]]])
    >>> sure = torch.tensor([[50.0, -50.0], [-50.0, 50.0]]).reshape(1, 2, 1, 1, 2)
    >>> round(dice_loss(sure, labels).item(), 4), round(dice_loss(-sure, labels).item(), 4)
    (0.0, 1.0)
    """
    found = logits.softmax(dim=1)[:, 1:]  # (N, K - 1, D, H, W)
    truth = one_hot(labels, logits.shape[1]).movedim(-1, 1)[:, 1:]  # the same, 0 or 1
    space = (2, 3, 4)
    common = (found * truth).sum(space)
    both = found.sum(space) + truth.sum(space)
    tiny = 1e-5  # a structure that is nowhere and not found is no mistake
    return (1 - (2 * common + tiny) / (both + tiny)).mean()


def both_losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return cross-entropy plus the loss of Dice.

    Parameters
    ----------
    logits : torch.Tensor
        float, (N, K, D, H, W).
    labels : torch.Tensor
        int64, (N, D, H, W).

    Returns
    -------
    torch.Tensor
        (), at least 0.

    References
    ----------
    Isensee et al., Nature Methods 2021, doi:10.1038/s41592-020-01008-z.

    Examples
    --------
    >>> both_losses(torch.zeros(1, 2, 1, 1, 2), torch.tensor([[[[0, 1]]]])).item() > 0.69
    True
    """
    return cross_entropy(logits, labels) + dice_loss(logits, labels)


#: What the page compares, by name.
LOSSES: dict[str, Loss] = {
    "cross-entropy": cross_entropy,
    "Dice": dice_loss,
    "both": both_losses,
}


def standardize_volume(values: np.ndarray) -> np.ndarray:
    """Return a volume with mean 0 and standard deviation 1, as MR has no unit of its own.

    Parameters
    ----------
    values : numpy.ndarray
        float, (D, H, W), finite.

    Returns
    -------
    numpy.ndarray
        float32, (D, H, W).

    Raises
    ------
    ValueError
        If it is no volume, is not finite, or all its values are the same.

    Examples
    --------
    >>> standardize_volume(np.array([[[0.0, 2.0]]])).tolist()
    [[[-1.0, 1.0]]]
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 3:
        raise ValueError(f"values must be (D, H, W), got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"values must be finite, got {(~np.isfinite(values)).sum()} that are not")
    spread = values.std()
    if not spread:
        raise ValueError(f"values must differ, got {values.size} times {values.flat[0]:g}")
    return ((values - values.mean()) / spread).astype(np.float32)


def fit_segmentation(
    model: nn.Module,
    volumes: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    *,
    epochs: int,
    batch_size: int = 2,
    loss: Loss = both_losses,
    learning_rate: float = 1e-2,
    seed: int = 0,
    progress: bool = True,
) -> list[float]:
    """Train a network on whole volumes, a few a step; the learning rate rises and falls once.

    Volumes of one step are filled up to a common size: with 0, their mean, and label 0.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (N, 1, D, H, W), gives logits (N, K, D, H, W); changed in place.
    volumes : sequence of numpy.ndarray
        float32, (D, H, W) each, of any size, from :func:`standardize_volume`.
    labels : sequence of numpy.ndarray
        int, (D, H, W), as its volume.
    epochs, batch_size : int
        Passes over all volumes; volumes a step. On one thread PyTorch's convolutions are several
        times faster for two volumes at once than for one.
    loss : function
        From logits and labels to a number: one of :data:`LOSSES`.
    learning_rate : float
        Its highest value.
    seed : int
        Of the order of volumes.
    progress : bool
        Show a bar.

    Returns
    -------
    list of float
        The mean loss of each epoch.

    Raises
    ------
    ValueError
        If `epochs` is below 1, there is no volume, or labels differ from their volume in shape.
    FloatingPointError
        If the loss is no longer finite.

    References
    ----------
    Smith and Topin, arXiv:1708.07120 (one cycle). Kingma and Ba, ICLR 2015 (Adam).

    Examples
    --------
    >>> from companion.in_torch.unet import UNet
    >>> volume = np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32)
    >>> model = UNet(2, widths=(2, 4))
    >>> len(fit_segmentation(model, [volume], [volume > 1], epochs=2, progress=False))
    2
    """
    if min(epochs, batch_size, len(volumes)) < 1:
        raise ValueError(
            f"epochs, batch_size and the number of volumes must be at least 1, "
            f"got {epochs}, {batch_size}, {len(volumes)}"
        )
    for number, (volume, label) in enumerate(zip(volumes, labels, strict=True)):
        if np.shape(volume) != np.shape(label):
            raise ValueError(
                f"labels must have the shape of their volume, got {np.shape(label)} "
                f"for {np.shape(volume)} at volume {number}"
            )
    steps = epochs * -(-len(volumes) // batch_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    rng = np.random.default_rng(seed)
    losses = []
    with mode(model, training=True), tqdm(total=steps, disable=not progress) as bar:
        for _ in range(epochs):
            total = 0.0
            order = rng.permutation(len(volumes))
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                given = _stack([volumes[row] for row in rows], np.float32)
                truth = _stack([labels[row] for row in rows], np.int64)
                value = loss(model(given[:, None]), truth)
                if not torch.isfinite(value):
                    raise FloatingPointError(
                        f"the loss is {value.item()} after {len(losses)} epochs: "
                        "take a smaller learning rate"
                    )
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                rates.step()
                total += value.item() * len(rows)
                bar.update()
            losses.append(total / len(volumes))
    return losses


def predict_labels(model: nn.Module, volume: np.ndarray) -> np.ndarray:
    """Return the most probable structure of each voxel.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N, K, D, H, W).
    volume : numpy.ndarray
        float32, (D, H, W), from :func:`standardize_volume`.

    Returns
    -------
    numpy.ndarray
        uint8, (D, H, W).

    Examples
    --------
    >>> from companion.in_torch.unet import UNet
    >>> predict_labels(UNet(2, widths=(2, 4)), np.zeros((8, 8, 8), np.float32)).shape
    (8, 8, 8)
    """
    with mode(model, training=False), torch.inference_mode():
        logits = model(_stack([volume], np.float32)[:, None])
    return logits[0].argmax(dim=0).numpy().astype(np.uint8)


def _stack(arrays, dtype):
    """Return (D, H, W) of any sizes as one tensor (N, D, H, W), filled up with 0."""
    sizes = np.array([np.shape(array) for array in arrays])
    stacked = np.zeros((len(arrays), *sizes.max(axis=0)), dtype)
    for place, array, (depth, height, width) in zip(stacked, arrays, sizes, strict=True):
        place[:depth, :height, :width] = array
    return torch.from_numpy(stacked)
