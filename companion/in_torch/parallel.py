"""Data-parallel training: each process takes a share of every batch, and all take the same step.

The training loop is :func:`companion.in_torch.fit` itself. Three hooks make it parallel: before the
model sees a batch, the process's own films are cut out of it; after it, the answers of all are put
together, so that the loss is that of the whole batch; before a step, the gradients are added.
PyTorch's DistributedDataParallel averages the processes' gradients with equal weights instead,
which is another step wherever a batch does not divide evenly.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from companion.checks import check_rounds
from companion.history import History
from companion.in_torch.checkpoint import Checkpoint, _described, _digest
from companion.in_torch.normalization import check_normalization
from companion.in_torch.processes import ProcessError, Processes
from companion.in_torch.training import fit

if TYPE_CHECKING:
    from companion.films import Films

#: By how much weights may differ between processes, next to the greatest: rounding, and no more.
TOLERANCE = 1e-6


def fit_distributed(
    model: nn.Module,
    train: Films,
    *,
    validation: Films,
    processes: Processes,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] = torch.optim.Adam,
    checkpoint: Checkpoint | None = None,
    after_epoch: Callable[[History], None] | None = None,
    progress: bool = True,
    **options,
) -> History:
    """Train as :func:`companion.in_torch.fit` does, in several processes that share each batch.

    The result is that of one process with the same batches, but for rounding. Each process has all
    films, shuffles them in the same order and draws the same augmentation of each whole batch, so
    neither depends on the number of processes. What does depend on it are dropout's masks: each
    process draws those of its own films. All begin with the weights of process 0.

    Parameters
    ----------
    model : torch.nn.Module
        As for ``fit``, without batch normalisation. Films are converted to the type of its
        weights: ``model.double()`` is trained in float64.
    train, validation : companion.films.Films
        The same in all processes; the validation is shared out, too.
    processes : Processes
        From :func:`join_processes`.
    epochs, batch_size : int
        At most so many passes over the films; films an update, of all processes together.
    optimizer : function
        From the parameters to an optimiser.
    checkpoint : Checkpoint, optional
        Read and written by process 0. It is that of ``fit``: the number of processes may change.
    after_epoch : function, optional
        Called in process 0 after each epoch, when its checkpoint is written.
    progress : bool
        Show a bar, of process 0.
    **options
        `schedule`, `loss`, `augment`, `patience` and `seed` of ``fit``.

    Returns
    -------
    History
        The same in all processes.

    Raises
    ------
    ValueError
        If a number is out of range, processes would have nothing to do, they train on different
        things, or a layer mixes the films of a batch; before any work.
    CheckpointError
        If the checkpoint is of another model or training.
    ProcessError
        If another process is lost or has stopped, or the weights have drifted apart.

    References
    ----------
    Goyal et al., arXiv:1706.02677 (large batches). Li et al., PVLDB 13, 3005-3018 (2020).

    Examples
    --------
    >>> import numpy as np
    >>> from companion.films import Films
    >>> from companion.in_torch.models import DocumentCNN
    >>> films = Films(np.random.default_rng(0).random((8, 1, 22, 22)), np.arange(8) % 2)
    >>> options = {"validation": films, "epochs": 2, "progress": False}
    >>> history = fit_distributed(
    ...     DocumentCNN((1, 22, 22)), films, processes=Processes(), **options
    ... )
    >>> len(history.val_loss)
    2
    """
    check_rounds(epochs, batch_size, options.get("patience"))
    count = processes.count
    for name, few in (("batch_size", batch_size), ("train", len(train))):
        if few < count:
            raise ValueError(f"{name} must have a film for each of {count} processes, got {few}")
    if count > 1:
        check_normalization(
            model,
            on_cuda=processes.device.type == "cuda",
            always_shared=len(train) % batch_size == 0 or len(train) % batch_size >= count,
        )
    with _shared(model, processes):
        return fit(
            model, train, validation=validation, epochs=epochs, batch_size=batch_size,
            optimizer=lambda parameters: _adding(optimizer(parameters), processes),
            device=str(processes.device), progress=progress and processes.rank == 0,
            checkpoint=_Shared(checkpoint, processes, after_epoch), **options,
        )  # fmt: skip


def cross_entropy_in_precision(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy in the logits' precision; of float32 labels it is float32."""
    return binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))


@contextlib.contextmanager
def _shared(model, processes):
    """Let a model compute its own films of each batch, and return the answers for all of them."""
    share, total, seeded = slice(0), 0, None

    def take_share(model, inputs):
        nonlocal share, total, seeded
        (films,) = inputs
        share, total = processes.share(len(films)), len(films)
        if model.training and torch.initial_seed() != seeded:  # a new epoch: masks of one's own
            seeded = _own_seed(torch.initial_seed(), processes.rank)
            torch.manual_seed(seeded)
        own = films[share] if share.stop > share.start else films[:1]  # computed, and not used
        return (own.to(next(model.parameters()).dtype),)

    def join_answers(model, inputs, answers):
        own = answers[: share.stop - share.start]
        joined = own.new_zeros((total, *own.shape[1:]))
        joined[share] = own.detach()
        processes.all_reduce(joined)  # zeros but for one process's answer
        joined[share] = own  # the same numbers, with a way back to the weights
        return joined

    handles = [
        model.register_forward_pre_hook(take_share),
        model.register_forward_hook(join_answers),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _own_seed(seed, rank):
    """Return a seed of 32 bits, as PyTorch's generator uses no more; process 0 keeps its own."""
    return seed if rank == 0 else int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])


def _adding(optimizer, processes):
    """Let an optimiser add the gradients of all processes before each step.

    Each is the part of the batch's gradient that comes from the process's own films.
    """

    def add(optimizer, *_):
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        whole = processes.all_reduce(torch.cat([part.reshape(-1) for part in gradients]))
        for part, added in zip(gradients, whole.split([p.numel() for p in gradients]), strict=True):
            part.copy_(added.view(part.shape))

    if processes.count > 1:
        optimizer.register_step_pre_hook(add)
    return optimizer


class _Shared:
    """A checkpoint that process 0 reads and writes; the others have its state, and its errors."""

    def __init__(self, checkpoint, processes, after_epoch):
        self.checkpoint, self.processes, self.after_epoch = checkpoint, processes, after_epoch

    def restore(self, model, optimizer, schedule, history, best, settings, films):
        """Give all processes the state of process 0: read from the file, or that of the start."""
        facts = {name: _described(value) for name, value in settings.items()}
        facts |= {f"{name} films": _digest(part) for name, part in films.items()}
        facts |= {"model": type(model).__name__, "optimizer": f"{optimizer.defaults}"}
        self.processes.check_same(facts)

        def read():
            kept = best
            if self.checkpoint is not None:
                kept = self.checkpoint.restore(
                    model, optimizer, schedule, history, best, settings, films
                )
            state = {"weights": model.state_dict(), "optimizer": optimizer.state_dict()}
            state |= {"best": kept, "history": asdict(history)}
            state["schedule"] = None if schedule is None else schedule.state_dict()
            written = io.BytesIO()
            torch.save(state, written)
            return written.getvalue()

        told = io.BytesIO(self.processes.first(read))
        state = torch.load(told, map_location=self.processes.device, weights_only=True)
        model.load_state_dict(state["weights"])
        optimizer.load_state_dict(state["optimizer"])
        if schedule is not None:
            schedule.load_state_dict(state["schedule"])
        history.__dict__.update(state["history"])
        return state["best"]

    def save(self, model, optimizer, schedule, history, best):
        """Write the state, if all processes agree on it, and tell of the epoch."""
        self._check_together(model)
        if self.checkpoint is not None:
            self.processes.first(
                lambda: self.checkpoint.save(model, optimizer, schedule, history, best)
            )
        if self.after_epoch is not None and self.processes.rank == 0:
            self.after_epoch(history)

    def _check_together(self, model):
        """Raise where the processes' weights or statistics differ by more than rounding."""
        state = [part for part in model.state_dict().values() if part.is_floating_point()]
        flat = torch.cat([part.reshape(-1).double() for part in state])
        ends = self.processes.all_reduce(torch.stack([flat, -flat]), "greatest")
        apart = ends.sum(dim=0).max().item()
        if not apart <= TOLERANCE * (1 + ends.max().item()):
            raise ProcessError(
                f"the processes' weights are {apart:.1e} apart: a layer of "
                f"{type(model).__name__} keeps statistics of one process's films"
            )
