"""Save and load PyTorch weights: written beside and moved into place, never trusted on reading."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path

import torch
from torch import nn


class CheckpointError(ValueError):
    """A file is not a checkpoint of this model; the message says what was found."""


def save_model(path: str | os.PathLike, model: nn.Module, **extra) -> Path:
    """Write a model's weights, and what else is needed to go on, to one file.

    Parameters
    ----------
    path : path
        Where to; its folder must exist. A file there is replaced only when the new one is whole.
    model : torch.nn.Module
        The model.
    **extra
        Numbers, strings, lists, dicts and tensors only.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    OSError
        If the folder is missing, full or read-only; the old file, if any, is then as it was.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(os.path.join(folder, "a.pt"), nn.Linear(2, 1)).name
    'a.pt'
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(
                {"model": type(model).__name__, "weights": model.state_dict(), **extra}, file
            )
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def load_model(path: str | os.PathLike, model: nn.Module) -> dict:
    """Read weights that :func:`save_model` wrote into a model of the same kind.

    Parameters
    ----------
    path : path
        The file. Code that it may carry is refused, not run.
    model : torch.nn.Module
        Receives the weights; untouched when the file is refused.

    Returns
    -------
    dict
        What was saved beside the weights.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If it is no checkpoint, is damaged, carries code, or belongs to another model.

    References
    ----------
    ``torch.load(weights_only=True)``: only tensors and plain containers are unpickled.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(os.path.join(folder, "a.pt"), nn.Linear(2, 1), epoch=3)
    ...     load_model(path, nn.Linear(2, 1))
    {'epoch': 3}
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except pickle.UnpicklingError as problem:
        raise CheckpointError(f"{path}: refused, damaged or carries code: {problem}") from None
    except Exception as problem:  # torch, zipfile and pickle each raise their own
        raise CheckpointError(f"{path}: refused, no readable checkpoint: {problem}") from problem
    if not isinstance(content, dict) or not {"model", "weights"} <= set(content):
        raise CheckpointError(f"{path}: expected a checkpoint of this book, found other content")
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in content["weights"].items()}
    if content["model"] != type(model).__name__ or wanted != found:
        differing = sorted(n for n in wanted | found if wanted.get(n) != found.get(n))
        first = "".join(f"; {n}: {found.get(n)}, expected {wanted.get(n)}" for n in differing[:1])
        raise CheckpointError(
            f"{path}: is of the model {content['model']}, expected {type(model).__name__}{first}"
        )
    model.load_state_dict(content["weights"])
    return {key: value for key, value in content.items() if key not in ("model", "weights")}
