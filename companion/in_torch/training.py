"""A training loop that can be read in one sitting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import trange

from companion.checks import check_answers, check_choice, check_images, check_rounds
from companion.data import ImagesInShards
from companion.history import History
from companion.in_torch._running import (
    as_tensor,
    choose_device,
    in_precision,
    mode,
    paced,
    pooled_first,
    weights_of,
)

if TYPE_CHECKING:
    from companion.films import Films
    from companion.in_torch.checkpoint import Checkpoint

Augmentation = Callable[[np.ndarray, np.random.Generator], np.ndarray]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def fit(
    model: nn.Module,
    train: Films,
    *,
    validation: Films,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] = torch.optim.Adam,
    schedule: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler] | None = None,
    schedule_every: str = "epoch",
    loss: Loss = binary_cross_entropy_with_logits,
    augment: Augmentation | None = None,
    patience: int | None = None,
    keep: str = "best",
    seed: int = 0,
    device: str = "auto",
    precision: str = "float32",
    checkpoint: Checkpoint | None = None,
    progress: bool = True,
) -> History:
    """Train a binary classifier; leave it with the weights of its best epoch, where it was.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (N, C, H, W), gives logits (N,). Layers that you have put into evaluation mode,
        such as frozen batch normalisation, stay in it.
    train, validation : companion.films.Films
        To learn from, and to choose the best epoch on.
    epochs, batch_size : int
        At most so many passes over the films; films an update.
    optimizer : function
        From the parameters to an optimiser: ``functools.partial(torch.optim.Adam, lr=2e-3)``.
    schedule : function, optional
        From the optimiser to a schedule of its learning rate.
    schedule_every : {"epoch", "batch"}
        When the schedule takes a step; a one-cycle schedule is made for "batch".
    loss : function
        From logits and labels, (N,) each, to their mean loss.
    augment : function, optional
        Changes each batch of training images, as :func:`companion.data.augment.augment` does.
    patience : int, optional
        Stop after so many epochs without a lower validation loss.
    keep : {"best", "last"}
        Which epoch's weights the model is left with.
    seed : int
        Of shuffling, augmentation and dropout: same seed, same machine, same result.
    device : str
        "auto" takes CUDA, then MPS, then the processor; or one that PyTorch knows by name.
    precision : {"float32", "bfloat16"}
        Of convolutions and products in training. Weights, updates and validation are float32.
        Without bfloat16 in hardware (:func:`companion.in_torch.has_bfloat16`) it is slow.
    checkpoint : companion.in_torch.Checkpoint, optional
        Written after every epoch, and where the training goes on from.
    progress : bool
        Show a bar.

    Returns
    -------
    History
        Losses of each epoch.

    Raises
    ------
    ValueError
        If a number is out of range, or a name is not one of those above.
    FloatingPointError
        If the loss is no longer finite: epoch and batch are named.

    References
    ----------
    Kingma and Ba, ICLR 2015 (Adam). Prechelt, 2012 (early stopping).
    Kalamkar et al., arXiv:1905.12322 (bfloat16).

    Examples
    --------
    >>> from companion.films import Films
    >>> from companion.in_torch.models import DocumentCNN
    >>> films = Films(np.random.default_rng(0).random((8, 1, 22, 22)), np.arange(8) % 2)
    >>> history = fit(DocumentCNN((1, 22, 22)), films, validation=films, epochs=2, progress=False)
    >>> len(history.val_loss)
    2
    """
    check_rounds(epochs, batch_size, patience)
    check_choice("schedule_every", schedule_every, ("epoch", "batch"))
    check_choice("keep", keep, ("best", "last"))
    learner = in_precision(model, precision)
    home = next(model.parameters()).device
    model.to(choose_device(device))
    if all(weights.ndim < 5 for weights in model.parameters()):  # the order is that of images
        model.to(memory_format=torch.channels_last)
    updates = optimizer(model.parameters())
    rates = None if schedule is None else schedule(updates)
    history, best = History(), weights_of(model)
    if checkpoint is not None:
        settings = {"batch_size": batch_size, "loss": loss, "augment": augment, "seed": seed}
        settings |= {"schedule_every": schedule_every, "keep": keep, "precision": precision}
        films = {"train": train, "validation": validation}
        best = checkpoint.restore(model, updates, rates, history, best, settings, films)
    bar = trange(len(history), epochs, unit="epoch", disable=not progress)
    with torch.random.fork_rng(devices=[]), pooled_first(model):
        for epoch in bar:
            if patience is not None and history.waited >= patience:
                break
            torch.manual_seed(seed * 100_003 + epoch)
            batches = shuffled(train, batch_size, np.random.default_rng([seed, epoch]), augment)
            if rates is not None and schedule_every == "batch":
                batches = paced(batches, rates)
            train_loss = train_epoch(learner, batches, updates, loss, epoch=epoch + 1)
            if rates is not None and schedule_every == "epoch":
                rates.step()
            history.record(train_loss, *validate(model, validation, loss))
            if history.waited == 0 or keep == "last":
                best = weights_of(model)
            bar.set_postfix(validation_loss=f"{history.val_loss[-1]:.3f}")
            if checkpoint is not None:
                checkpoint.save(model, updates, rates, history, best)
    model.load_state_dict(best)
    model.to(home)
    return history


def train_epoch(
    model: nn.Module,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    optimizer: torch.optim.Optimizer,
    loss: Loss = binary_cross_entropy_with_logits,
    *,
    epoch: int = 1,
) -> float:
    """Take one step for each batch: predict, measure the loss, go down its gradient.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (N, C, H, W), gives logits (N,); changed in place.
    batches : iterable of tuple of torch.Tensor
        Images (N, C, H, W) and labels (N,), float32.
    optimizer : torch.optim.Optimizer
        Of the model's parameters.
    loss : function
        From logits and labels to their mean loss.
    epoch : int
        Only named when the loss is not finite.

    Returns
    -------
    float
        Mean loss of all films.

    Raises
    ------
    FloatingPointError
        If the loss is no longer finite.

    Examples
    --------
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    >>> batches = [(torch.zeros(2, 1, 2, 2), torch.tensor([0.0, 1.0]))]
    >>> 0 < train_epoch(model, batches, torch.optim.SGD(model.parameters(), lr=0.1)) < 2
    True
    """
    device = next(model.parameters()).device
    total = films = 0
    with mode(model, training=True):
        for number, (images, labels) in enumerate(batches, 1):
            value = loss(model(images.to(device)), labels.to(device))
            if not torch.isfinite(value):
                raise FloatingPointError(
                    f"the training loss is {value.item()} in epoch {epoch}, batch {number}: "
                    f"the training has diverged; take a smaller learning rate"
                )
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += value.item() * len(labels)
            films += len(labels)
    return total / films


def predict(
    model: nn.Module, images: np.ndarray, *, batch_size: int = 256, precision: str = "float32"
) -> np.ndarray:
    """Return the probability of label 1 for each image.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N,). The mode of each of its layers is as before afterwards.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].
    batch_size : int
        How many images at a time; the result does not depend on it.
    precision : {"float32", "bfloat16"}
        Of convolutions and products, as in :func:`fit`.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1].

    Raises
    ------
    ValueError
        If the images are not finite or not in [0, 1], or there is no such precision.
    FloatingPointError
        If the model answers with what is no number: its weights have diverged.

    Examples
    --------
    >>> from companion.in_torch.models import DocumentCNN
    >>> predict(DocumentCNN((1, 22, 22)), np.zeros((2, 1, 22, 22)))
    array([0.5, 0.5])
    """
    found = logits(model, images, batch_size=batch_size, precision=precision)
    return torch.sigmoid(found).numpy()


def logits(
    model: nn.Module, images: np.ndarray, *, batch_size: int = 256, precision: str = "float32"
) -> torch.Tensor:
    """Return what :func:`predict` puts through a sigmoid: float64, (N,), on the processor."""
    ask = in_precision(model, precision)
    with pooled_first(model):
        found = in_batches(model, ask, images, batch_size)
    return torch.from_numpy(check_answers(found.numpy()))


def in_batches(
    model: nn.Module,
    ask: Callable[[torch.Tensor], torch.Tensor],
    images: np.ndarray,
    batch_size: int,
) -> torch.Tensor:
    """Return what is asked of an evaluated model, some images at a time, on the processor."""
    if not isinstance(images, ImagesInShards):  # those are read batch by batch, and in range
        images = check_images("images", images)
    device = next(iter(model.parameters()), torch.empty(0)).device
    parts = (as_tensor(images[i : i + batch_size]) for i in range(0, len(images), batch_size))
    with mode(model, training=False), torch.inference_mode():
        return torch.cat([ask(part.to(device)).cpu() for part in parts])


def validate(model: nn.Module, films: Films, loss: Loss) -> tuple[float, float]:
    """Return the mean loss, and the share of right answers at a threshold of 0.5."""
    found, labels = logits(model, films.images), torch.from_numpy(films.labels)
    right = (found >= 0) == (labels == 1)
    return loss(found, labels.double()).item(), right.double().mean().item()


def shuffled(
    films: Films, batch_size: int, rng: np.random.Generator, augment: Augmentation | None = None
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Give the films of one epoch in a new order, changed if asked for, batch by batch."""
    order = rng.permutation(len(films))
    labels = torch.from_numpy(films.labels.astype(np.float32))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        images = films.images[rows]
        yield as_tensor(images if augment is None else augment(images, rng)), labels[rows]
