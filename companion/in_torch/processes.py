"""Several processes that train one model: how they find each other, and what they tell each other.

``torchrun`` starts them and says in the environment which of them each one is. They speak through
``torch.distributed``: gloo between processors, NCCL between CUDA devices.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import torch
from torch import distributed

from companion.in_torch.training import choose_device

#: What is added up, or of which the greatest is wanted.
_OPERATIONS = {"sum": distributed.ReduceOp.SUM, "greatest": distributed.ReduceOp.MAX}


class ProcessError(RuntimeError):
    """Another process is gone, does not answer, or has stopped the training; it is said why."""


@dataclass(frozen=True)
class Processes:
    """The processes of one training, as one of them sees them.

    Parameters
    ----------
    rank : int
        The number of this process, from 0; process 0 writes the files.
    count : int
        How many there are.
    device : torch.device
        Where this process computes.

    Examples
    --------
    >>> alone = Processes()
    >>> alone.share(5), Processes(rank=1, count=2).share(5)
    (slice(0, 5, None), slice(3, 5, None))
    >>> alone.all_reduce(torch.ones(2)).tolist()
    [1.0, 1.0]
    """

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def share(self, total: int) -> slice:
        """Return which of so many rows are this process's: as many as the others', or one more."""
        each, more = divmod(total, self.count)
        start = self.rank * each + min(self.rank, more)
        return slice(start, start + each + (self.rank < more))

    def all_reduce(self, tensor: torch.Tensor, operation: str = "sum") -> torch.Tensor:
        """Put the sum over all processes, or the greatest value, into each one's tensor."""
        if self.count > 1:
            with self._in_contact():
                distributed.all_reduce(tensor, _OPERATIONS[operation])
        return tensor

    def first(self, action: Callable[[], bytes | None]) -> bytes:
        """Let process 0 do something, and give what it returns, or its error, to all of them.

        So no process waits for ever for one that could not write its file.
        """
        made, problem = _tried(action) if self.rank == 0 else (None, None)
        told = [made or b"", _in_words(problem)]
        if self.count > 1:
            with self._in_contact():
                distributed.broadcast_object_list(told)
        if problem is not None:
            raise problem
        if told[1] is not None:
            raise ProcessError(f"process 0 has stopped the training: {told[1]}")
        return told[0]

    def each(self, action: Callable[[], object]) -> None:
        """Let every process do something; an error of one of them ends all, and says whose it is.

        It waits for the slowest one, and no longer than the timeout.
        """
        _, problem = _tried(action)
        said = [_in_words(problem)] * self.count
        if self.count > 1:
            with self._in_contact():
                distributed.all_gather_object(said, said[self.rank])
        if problem is not None:
            raise problem
        for rank, other in enumerate(said):
            if other is not None:
                raise ProcessError(f"process {rank} has stopped the training: {other}")

    def check_same(self, facts: dict[str, str]) -> None:
        """Raise ValueError unless all processes say the same of what they train on, and how."""
        said = [facts] * self.count
        if self.count > 1:
            with self._in_contact():
                distributed.all_gather_object(said, facts)
        for rank, other in enumerate(said):
            names = [name for name in said[0] if other.get(name) != said[0][name]]
            if names:
                raise ValueError(
                    f"all processes must train on the same: in process {rank} "
                    + "; ".join(f"{n} is {other.get(n)}, in process 0 {said[0][n]}" for n in names)
                )

    @contextlib.contextmanager
    def _in_contact(self):
        try:
            yield
        except RuntimeError as problem:
            raise ProcessError(
                f"process {self.rank} of {self.count} has lost contact with another one, which "
                f"has died or does not answer; start again to go on from the last checkpoint. "
                f"PyTorch says: {str(problem).splitlines()[0]}"
            ) from problem


def _tried(action):
    """Return what an action returns, and its error: whatever it is, the others must hear of it."""
    try:
        return action(), None
    except Exception as problem:
        return None, problem


def _in_words(problem):
    return None if problem is None else f"{type(problem).__name__}: {problem}"


@contextlib.contextmanager
def join_processes(device: str = "auto", *, timeout_seconds: float = 300) -> Iterator[Processes]:
    """Meet the processes that ``torchrun`` has started; without it, be the only one.

    Parameters
    ----------
    device : str
        "auto" gives each process of a machine a CUDA device of its own, or else the processor.
    timeout_seconds : float
        How long to wait for the others, at every step, until they are given up. It must be longer
        than what one process may do while the others wait, such as writing a checkpoint.

    Yields
    ------
    Processes
        To be handed to :func:`companion.in_torch.fit_distributed`.

    Raises
    ------
    ValueError
        If there are more processes on this machine than CUDA devices, or they cannot use the
        device.
    ProcessError
        If the others do not come.

    References
    ----------
    Li et al., PVLDB 13, 3005-3018 (2020), doi:10.14778/3415478.3415530 (torch.distributed).

    Examples
    --------
    >>> with join_processes("cpu") as processes:
    ...     processes.rank, processes.count
    (0, 1)
    """
    if not timeout_seconds > 0:
        raise ValueError(f"timeout_seconds must be above 0, got {timeout_seconds}")
    rank, count = (int(os.environ.get(name, n)) for name, n in (("RANK", 0), ("WORLD_SIZE", 1)))
    own = Processes(rank, count, _own_device(device, count))
    if count == 1:
        yield own
        return
    with own._in_contact():
        _meet(own, timedelta(seconds=timeout_seconds))
    try:
        yield own
    finally:
        distributed.destroy_process_group()


def _meet(own, timeout):
    """Exchange addresses with the others, through the store that torchrun or process 0 keeps.

    After a restart that store still holds the addresses of those who died (pytorch issue 135712).
    On one machine all count the restarts alike, and each start gets a part of the store for itself.
    """
    backend = "gloo" if own.device.type == "cpu" else "cpu:gloo,cuda:nccl"
    store, rank, count = next(distributed.rendezvous("env://", timeout=timeout))
    store.set_timeout(timeout)
    if os.environ.get("LOCAL_WORLD_SIZE") == os.environ["WORLD_SIZE"]:
        _stay_on_this_machine()
        start = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store = distributed.PrefixStore(f"start {start}", store)
    distributed.init_process_group(
        backend, store=store, rank=rank, world_size=count, timeout=timeout
    )


def _own_device(device, count):
    """Return the device of this process: of several on one machine, each has its own."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu" if count > 1 else choose_device()
    found = torch.device(device)
    if count > 1 and found.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be 'cpu' or 'cuda' for several processes, got {device!r}")
    if found.type != "cuda" or found.index is not None:
        return found
    own, there = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if own >= there:
        raise ValueError(
            f"there must be no more processes on a machine than CUDA devices: this is process "
            f"{own}, counted from 0, and there are {there} devices"
        )
    torch.cuda.set_device(own)
    return torch.device("cuda", own)


def _stay_on_this_machine():
    """Let gloo use the loopback interface: a host's name may lead to a network that is not there.

    What the user has chosen stays.
    """
    names = {name for _, name in socket.if_nameindex()}
    loopback = next((name for name in ("lo", "lo0") if name in names), None)
    if loopback is not None:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
