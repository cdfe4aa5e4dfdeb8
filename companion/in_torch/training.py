"""A training loop that can be read in one sitting."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import tqdm

from companion.checks import check_films
from companion.in_torch.checkpoint import CheckpointError, load_model, save_model


@dataclass
class History:
    """What happened in each epoch; entry i of every list belongs to epoch i + 1.

    Attributes
    ----------
    train_loss, val_loss, val_accuracy : list of float
        Mean cross-entropy in nats; share of right answers at a threshold of 0.5.
    best_epoch : int
        The epoch, from 1, of the least validation loss: its weights are in the model.
    stopped_early : bool
        Whether `patience` ran out before the last epoch.
    """

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0
    stopped_early: bool = False


def fit(
    model: nn.Module,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    validation: tuple[np.ndarray, np.ndarray],
    epochs: int = 10,
    patience: int | None = None,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    seed: int = 0,
    value_range: tuple[float, float] = (0.0, 1.0),
    precision: str = "auto",
    augment: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
    checkpoint: str | os.PathLike | None = None,
    resume: bool = False,
    progress: bool = True,
) -> History:
    """Train a binary classifier with Adam; leave it with the weights of its best epoch.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (N, C, H, W), gives logits (N,).
    images : numpy.ndarray
        float32, (N, C, H, W), within `value_range`.
    labels : numpy.ndarray
        int, (N,), 0 or 1.
    validation : tuple of numpy.ndarray
        Images and labels on which the best epoch is chosen.
    epochs : int
        At most so many passes over the images.
    patience : int, optional
        Stop after so many epochs without a lower validation loss.
    batch_size : int
        Films an update.
    learning_rate : float
        Adam's.
    seed : int
        Seed of the shuffling and of dropout: same seed, same machine, same result.
    value_range : tuple of float
        Pixels outside it are refused, as they would be scaled wrongly.
    precision : {"auto", "float32", "bfloat16"}
        "auto" takes bfloat16 where the processor multiplies it in hardware.
    augment : function, optional
        Changes each batch of training images, as :func:`companion.data.augment.augment` does.
    checkpoint : path, optional
        Written after every epoch.
    resume : bool
        Go on from `checkpoint` if it exists; the result equals an uninterrupted run.
    progress : bool
        Show a bar.

    Returns
    -------
    History
        Losses of each epoch.

    Raises
    ------
    ValueError
        If an array has the wrong shape, dtype, range or labels.
    FileExistsError
        If `checkpoint` exists and `resume` is False.
    CheckpointError
        If `checkpoint` is damaged, of another model or of another setting.

    References
    ----------
    Kingma and Ba, ICLR 2015 (Adam).

    Examples
    --------
    >>> from companion.in_torch.models import DocumentCNN
    >>> x, y = np.random.default_rng(0).random((8, 1, 22, 22), np.float32), np.arange(8) % 2
    >>> history = fit(DocumentCNN((1, 22, 22)), x, y, validation=(x, y), epochs=2, progress=False)
    >>> len(history.val_loss)
    2
    """
    check_films(images, labels, value_range)
    check_films(*validation, value_range, name="validation")
    settings = {"batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    settings["films"] = len(images)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None and path.exists() and not resume:
        raise FileExistsError(f"{path} exists: pass resume=True to go on from it, or move it away")

    autocast = _autocast(precision)
    model.to(memory_format=torch.channels_last)
    x, y = to_tensor(images), torch.from_numpy(np.asarray(labels, np.float32))
    optimizer = torch.optim.Adam(model.parameters(), learning_rate, fused=True)
    shuffler = torch.Generator().manual_seed(seed)
    history, best = History(), _copy(model)
    if path is not None and path.exists():
        state = load_model(path, model)
        if state.get("settings") != settings:
            raise CheckpointError(f"{path}: made with {state.get('settings')}, now {settings}")
        optimizer.load_state_dict(state["optimizer"])
        shuffler.set_state(state["shuffler"])
        history, best = History(**state["history"]), state["best"]

    batches = math.ceil(len(x) / batch_size)
    done = len(history.train_loss)
    bar = tqdm(total=epochs * batches, initial=done * batches, disable=not progress, unit="batch")
    with bar, torch.random.fork_rng(devices=[]):
        for epoch in range(done + 1, epochs + 1):
            if history.stopped_early:
                break
            torch.manual_seed(seed * 100_003 + epoch)
            rng = np.random.default_rng([seed, epoch])
            model.train()
            total = 0.0
            for rows in torch.randperm(len(x), generator=shuffler).split(batch_size):
                batch = x[rows] if augment is None else to_tensor(augment(x[rows].numpy(), rng))
                with autocast():
                    logits = model(batch)
                loss = binary_cross_entropy_with_logits(logits.float(), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(rows)
                bar.update()
            history.train_loss.append(total / len(x))
            _validate(model, *validation, history, precision)
            bar.set_postfix(epoch=epoch, validation_loss=f"{history.val_loss[-1]:.3f}")
            if history.val_loss[-1] <= min(history.val_loss):
                history.best_epoch, best = epoch, _copy(model)
            waited = epoch - history.best_epoch
            history.stopped_early = patience is not None and waited >= patience
            if path is not None:
                save_model(
                    path, model, optimizer=optimizer.state_dict(), shuffler=shuffler.get_state(),
                    history=asdict(history), best=best, settings=settings,
                )  # fmt: skip
    model.load_state_dict(best)
    return history


def predict(
    model: nn.Module, images: np.ndarray, *, batch_size: int = 256, precision: str = "float32"
) -> np.ndarray:
    """Return the probability of label 1 for each image.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N,). Its training or evaluation mode is as before afterwards.
    images : numpy.ndarray
        float32, (N, C, H, W), scaled as in training.
    batch_size : int
        How many images at a time; the result does not depend on it.
    precision : {"float32", "bfloat16", "auto"}
        As in :func:`fit`.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1].

    Examples
    --------
    >>> from companion.in_torch.models import DocumentCNN
    >>> predict(DocumentCNN((1, 22, 22)), np.zeros((2, 1, 22, 22), np.float32))
    array([0.5, 0.5])
    """
    was_training, autocast = model.training, _autocast(precision)
    model.eval()
    try:
        with torch.inference_mode(), autocast():
            logits = [model(part) for part in to_tensor(images).split(batch_size)]
    finally:
        model.train(was_training)
    return torch.sigmoid(torch.cat(logits).double()).numpy()


def has_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 in hardware.

    Returns
    -------
    bool
        True for AVX-512 BF16 or AMX; False where PyTorch is too old to say.

    Examples
    --------
    >>> has_bfloat16() in (True, False)
    True
    """
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def to_tensor(images: np.ndarray) -> torch.Tensor:
    """Return images as a float32 tensor that is stored channels last, the faster order.

    Parameters
    ----------
    images : numpy.ndarray
        (N, C, H, W).

    Returns
    -------
    torch.Tensor
        float32, (N, C, H, W).

    Examples
    --------
    >>> to_tensor(np.zeros((1, 3, 2, 2))).stride()
    (12, 1, 6, 3)
    """
    tensor = torch.from_numpy(np.ascontiguousarray(images, np.float32))
    return tensor.contiguous(memory_format=torch.channels_last)


def _validate(model, images, labels, history, precision):
    chance = predict(model, images, precision=precision)
    right = np.where(labels == 1, chance, 1 - chance)
    history.val_loss.append(float(-np.log(np.maximum(right, 1e-12)).mean()))
    history.val_accuracy.append(float(((chance >= 0.5) == (labels == 1)).mean()))


def _copy(model):
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def _autocast(precision):
    if precision not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"precision must be auto, float32 or bfloat16, got {precision!r}")
    if precision == "bfloat16" or (precision == "auto" and has_bfloat16()):
        return lambda: torch.autocast("cpu", torch.bfloat16)
    return contextlib.nullcontext
