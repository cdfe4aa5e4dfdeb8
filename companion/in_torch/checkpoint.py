"""Save and load PyTorch weights: written beside and moved into place, never trusted on reading."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import pickle
import tempfile
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from companion.history import History

if TYPE_CHECKING:
    from companion.films import Films


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
            whole = io.BytesIO()  # of a full disk PyTorch says no more than "unexpected pos"
            content = {"model": type(model).__name__, "weights": model.state_dict(), **extra}
            torch.save(content, whole)
            file.write(whole.getbuffer())
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
    content = _read(path, model)
    model.load_state_dict(content.pop("weights"))
    return content


def compare_weights(first: str | os.PathLike, second: str | os.PathLike) -> float:
    """Return the greatest difference between the weights of two files of :func:`save_model`.

    Parameters
    ----------
    first, second : path
        Two trainings of one model, for example by one process and by two.

    Returns
    -------
    float
        At least 0; 0 only if all weights and statistics are equal.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If one is no checkpoint, or they are of different models.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = [os.path.join(folder, name) for name in ("a.pt", "b.pt")]
    ...     for path, value in zip(paths, (1.0, 1.5)):
    ...         _ = save_model(path, nn.PReLU(init=value))
    ...     compare_weights(*paths)
    0.5
    """
    found = [_content(path) for path in (first, second)]
    one, other = (content["weights"] for content in found)
    if found[0]["model"] != found[1]["model"] or {n: v.shape for n, v in one.items()} != {
        n: v.shape for n, v in other.items()
    }:
        raise CheckpointError(
            f"{second}: is of the model {found[1]['model']}, expected {found[0]['model']} with "
            f"the same shapes, as in {first}"
        )
    return max((one[name].double() - other[name].double()).abs().max().item() for name in one)


def _read(path, model):
    """Return what a file holds, its weights such as the model has, and the rest; load nothing."""
    content = _content(path)
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in content["weights"].items()}
    if content["model"] != type(model).__name__ or wanted != found:
        differing = sorted(n for n in wanted | found if wanted.get(n) != found.get(n))
        first = "".join(f"; {n}: {found.get(n)}, expected {wanted.get(n)}" for n in differing[:1])
        raise CheckpointError(
            f"{path}: is of the model {content['model']}, expected {type(model).__name__}{first}"
        )
    return {key: value for key, value in content.items() if key != "model"}


def _content(path):
    """Return all that a file of this book holds."""
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
    return content


class Checkpoint:
    """A training that can be interrupted: what :func:`companion.in_torch.fit` needs to go on.

    Parameters
    ----------
    path : path
        Written after every epoch.
    resume : bool
        Go on from `path` if it exists; the result equals an uninterrupted run.

    Raises
    ------
    FileExistsError
        If `path` exists and `resume` is False.

    Examples
    --------
    >>> Checkpoint("no/such/run.pt").path.name
    'run.pt'
    """

    def __init__(self, path: str | os.PathLike, *, resume: bool = False):
        self.path = Path(path)
        if self.path.exists() and not resume:
            raise FileExistsError(
                f"{self.path} exists: pass resume=True to go on from it, or move it away"
            )

    def restore(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler | None,
        history: History,
        best: dict[str, torch.Tensor],
        settings: dict[str, object],
        films: dict[str, Films],
    ) -> dict[str, torch.Tensor]:
        """Put model, optimiser, schedule and history back, and return the best weights so far.

        What is trained on, and how, is kept as text; a run with anything else is refused.
        """
        self._run = {name: _described(value) for name, value in settings.items()}
        self._run["optimizer"] = f"{type(optimizer).__name__} {optimizer.defaults}"
        self._run["schedule"] = type(schedule).__name__ + _numbers(schedule)
        self._run |= {f"{name} films": _digest(part) for name, part in films.items()}
        if not self.path.exists():
            return best
        state = _read(self.path, model)
        was = state.get("run")
        if was != self._run:
            was = was if isinstance(was, dict) else {}
            names = [name for name in self._run if was.get(name) != self._run[name]]
            raise CheckpointError(
                f"{self.path}: is of another training: "
                + "; ".join(f"{n} was {was.get(n)}, is {self._run[n]}" for n in names)
            )
        model.load_state_dict(state["weights"])
        optimizer.load_state_dict(state["optimizer"])
        if schedule is not None:
            schedule.load_state_dict(state["schedule"])
        history.__dict__.update(state["history"])
        return state["best"]

    def save(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler | None,
        history: History,
        best: dict[str, torch.Tensor],
    ) -> None:
        """Write all that :meth:`restore` puts back."""
        save_model(
            self.path, model, optimizer=optimizer.state_dict(), history=asdict(history), best=best,
            schedule=None if schedule is None else schedule.state_dict(), run=self._run,
        )  # fmt: skip


def _described(value):
    """Return a function's name with a digest of what it does, or a number as text."""
    if isinstance(value, functools.partial):
        return f"{_described(value.func)} {value.args} {value.keywords}"
    if not callable(value) or (is_dataclass(value) and not isinstance(value, type)):
        return repr(value)
    name = f"{value.__module__}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    code = getattr(value, "__code__", None)
    if code is None:
        return name
    does = repr((code.co_code, code.co_names, value.__defaults__)).encode()
    return f"{name} {hashlib.sha256(does).hexdigest()[:8]}"


def _numbers(schedule):
    state = {} if schedule is None else schedule.state_dict()
    return "".join(f" {k}={v}" for k, v in state.items() if isinstance(v, int | float))


def _digest(films):
    digest = getattr(films, "digest", None)  # of films in shards: that of their index
    if digest is None:
        digest = hashlib.sha256(films.images.tobytes() + films.labels.tobytes()).hexdigest()
    return f"{len(films)}, {digest[:16]}"
