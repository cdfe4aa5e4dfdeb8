"""Epoch time of the document's model in PyTorch: memory formats and precisions side by side.

Run ``python benchmarks/training_speed.py``. Variants are interleaved, and medians and ratios are
printed, since the machine may be noisy.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from companion.in_torch import DocumentCNN, has_bfloat16

ROUNDS, FILMS, BATCH = 7, 1024, 32


def epoch(memory_format, precision, fused):
    """Return a function that trains one epoch in this way and gives its seconds."""
    model = DocumentCNN((1, 28, 28)).to(memory_format=memory_format)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=fused)
    images = torch.from_numpy(np.random.default_rng(0).random((FILMS, 1, 28, 28), np.float32))
    images = images.contiguous(memory_format=memory_format)
    labels = torch.arange(FILMS) % 2.0

    def run():
        start = time.perf_counter()
        for rows in torch.arange(FILMS).split(BATCH):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                logits = model(images[rows])
            loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return time.perf_counter() - start

    return run


def main():
    """Measure, print, store."""
    first, last = torch.contiguous_format, torch.channels_last
    variants = {
        "channels first, float32": epoch(first, "float32", False),
        "channels last, float32": epoch(last, "float32", False),
        "channels last, float32, fused Adam": epoch(last, "float32", True),
        "channels last, bfloat16, fused Adam": epoch(last, "bfloat16", True),
    }
    seconds = {name: [] for name in variants}
    for run in variants.values():
        run()
    for _ in range(ROUNDS):
        for name, run in variants.items():
            seconds[name].append(run())
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    base = next(iter(medians.values()))
    print(f"bfloat16 in hardware: {has_bfloat16()}; {FILMS} films, batches of {BATCH}")
    for name, median in medians.items():
        print(f"{name:40} {median:7.3f} s   {base / median:5.2f} times as fast")
    made = {"bfloat16_in_hardware": has_bfloat16(), "median_seconds": medians}
    Path(__file__).with_suffix(".json").write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
