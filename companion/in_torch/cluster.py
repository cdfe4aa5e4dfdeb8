"""Start processes on this machine, and estimate on paper how long many would have to talk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence


def run_processes(
    module: str,
    arguments: Sequence[str] = (),
    *,
    processes: int = 2,
    restarts: int = 0,
    on_line: Callable[[str], None] | None = None,
    timeout_seconds: float = 600,
) -> str:
    """Run a module in several processes of this machine under ``torchrun``, one thread each.

    It is ``torchrun --standalone --nproc-per-node=2 -m MODULE …``, with the modules that this
    process finds. If a process dies, all are started again, `restarts` times at most.

    Parameters
    ----------
    module : str
        For example "companion.in_torch.distributed".
    arguments : sequence of str
        Of the module.
    processes : int
        How many.
    restarts : int
        How often all may be started again.
    on_line : function, optional
        Called with each line as it is printed.
    timeout_seconds : float
        Stop all after so long.

    Returns
    -------
    str
        What the processes have printed, errors included.

    Raises
    ------
    ValueError
        If a number is out of range.
    RuntimeError
        If the processes did not end well, with what they said of it, or else the last lines.

    References
    ----------
    ``torchrun``, https://docs.pytorch.org/docs/stable/elastic/run.html

    Examples
    --------
    >>> run_processes("this", processes=1).splitlines()[0]  # doctest: +SKIP
    'The Zen of Python, by Tim Peters'
    """
    if processes < 1 or restarts < 0:
        raise ValueError(
            f"processes must be at least 1 and restarts 0, got {processes}, {restarts}"
        )
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1",
        f"--nproc-per-node={processes}", f"--max-restarts={restarts}", "-m", module,
    ]  # fmt: skip
    known = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": "1"}
    environment = {"OMP_NUM_THREADS": "1"} | os.environ | known
    lines = []
    with subprocess.Popen(
        [*command, *map(str, arguments)], env=environment, text=True, encoding="utf8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as running:  # fmt: skip
        ending = threading.Timer(timeout_seconds, running.terminate)  # torchrun ends its own
        ending.start()
        try:
            for line in running.stdout:
                lines.append(line)
                if on_line is not None:
                    on_line(line.rstrip("\n"))
        except BaseException:
            running.terminate()
            raise
        finally:
            ending.cancel()
    if running.returncode:
        said = [line for line in lines if line.startswith("process ")] or lines[-60:]
        raise RuntimeError(f"{module} has ended with an error:\n{''.join(said)}")
    return "".join(lines)


def all_reduce_seconds(
    parameters: float,
    workers: int,
    *,
    bandwidth_gbit_per_s: float,
    latency_seconds: float = 0.0,
    bytes_each: int = 4,
) -> float:
    """Return how long workers in a ring take to add up their gradients, at least.

    Each cuts its gradient into as many parts as there are workers. In n - 1 rounds every part goes
    once around the ring and is added up; in n - 1 more the sums go around. So each worker sends
    2 (n - 1) / n times its gradient, less than twice of it, however many they are.

    Parameters
    ----------
    parameters : float
        How many numbers the gradient has.
    workers : int
        How many there are, n.
    bandwidth_gbit_per_s : float
        Of each worker's link, in 10^9 bits a second.
    latency_seconds : float
        Of a message, whatever its length; there are 2 (n - 1) rounds of them.
    bytes_each : int
        4 for float32, 2 for bfloat16.

    Returns
    -------
    float
        Seconds; 0 for one worker.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Patarasuk and Yuan, J. Parallel Distrib. Comput. 69, 117-124 (2009),
    doi:10.1016/j.jpdc.2008.09.002.

    Examples
    --------
    A million numbers of 32 bits, twice half of them, over a wire for 10^9 bits a second:

    >>> all_reduce_seconds(1e6, 2, bandwidth_gbit_per_s=1)
    0.032
    """
    if workers < 1 or min(parameters, latency_seconds) < 0 or bytes_each < 1:
        raise ValueError(
            f"parameters and latency_seconds must be at least 0, workers and bytes_each 1, got "
            f"{parameters}, {latency_seconds}, {workers} and {bytes_each}"
        )
    if not bandwidth_gbit_per_s > 0:
        raise ValueError(f"bandwidth_gbit_per_s must be above 0, got {bandwidth_gbit_per_s}")
    bits = 2 * (workers - 1) / workers * parameters * bytes_each * 8
    return bits / (bandwidth_gbit_per_s * 1e9) + 2 * (workers - 1) * latency_seconds
