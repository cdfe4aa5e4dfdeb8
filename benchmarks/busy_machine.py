"""Run one page alone, then beside two processes that never rest, and compare what it costs.

    python benchmarks/busy_machine.py 3_2_rnn
    python benchmarks/busy_machine.py 3_2_rnn --spin    # threads that spin while they wait

Prints wall time and processor time (user and system) of the kernel, and the second over the first.
With one thread that never spins the processor time should stay within 1.5 times.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import kernels
import notebooks

LOAD = 2


def compute_forever() -> None:
    """Keep one processor busy, with numbers that fit into its nearest memory."""
    while True:
        sum(number * number for number in range(10_000))


def cost_of(source: Path) -> tuple[float, float]:
    """Return the wall time and the processor time of executing a chapter, in seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    notebooks.run_chapter(source)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", nargs="?", default="3_2_rnn")
    parser.add_argument("--spin", action="store_true", help="leave threads as libraries set them")
    chosen = parser.parse_args()
    (source,) = notebooks.named([chosen.page])
    if chosen.spin:
        kernels.CALM.clear()
    kernels.ReaderKernels(kernels.extras_of(source))  # builds the wheel, which is not measured
    alone = cost_of(source)
    load = [multiprocessing.Process(target=compute_forever, daemon=True) for _ in range(LOAD)]
    for process in load:
        process.start()
    try:
        beside = cost_of(source)
    finally:
        for process in load:
            process.kill()
    print(f"{chosen.page}{', threads as libraries set them' if chosen.spin else ''}")
    for name, quiet, busy in zip(("wall", "processor"), alone, beside, strict=True):
        print(f"  {name:9} alone {quiet:6.1f} s, beside {LOAD} busy processes {busy:6.1f} s, "
              f"ratio {busy / quiet:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
