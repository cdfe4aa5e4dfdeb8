"""Test scores of chapter 5.1's models over many seeds; prints a table, writes JSON.

Run ``python benchmarks/pneumonia_seeds.py --seeds 5``; it needs the real data.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from provenance import provenance, store

from companion.data.pneumonia import load_pneumonia
from companion.evaluation.report import evaluate
from companion.in_keras.training import fit_document_program
from companion.in_torch.models import DocumentCNN
from companion.in_torch.training import fit, predict

HERE = Path(__file__).resolve().parent


def program(x, y, seed):
    """The document's program, inputs scaled and nothing else changed."""
    last = {split: np.moveaxis(images, 1, -1) for split, images in x.items()}
    run = fit_document_program(
        last["train"], y["train"], validation=(last["val"], y["val"]), seed=seed
    )
    return lambda split: np.asarray(run.model(last[split], training=False))[:, 0]


def stopped(x, y, seed):
    """The same model in PyTorch, stopped when three epochs did not improve on the best."""
    model = DocumentCNN((1, 28, 28), seed=seed)
    fit(
        model, x["train"], y["train"], validation=(x["val"], y["val"]),
        epochs=30, patience=3, seed=seed,
    )  # fmt: skip
    return lambda split: predict(model, x[split])


def main():
    """Train, score once, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds, made = parser.parse_args().seeds, provenance()
    data = load_pneumonia()
    splits = {"train": data.train, "val": data.val, "test": data.test}
    x = {name: (s.images / 255).astype(np.float32)[:, None] for name, s in splits.items()}
    y = {name: s.labels for name, s in splits.items()}
    rows = []
    for method in (program, stopped):
        for seed in range(seeds):
            scores = method(x, y, seed)
            for split in ("val", "test"):
                report = evaluate(y[split], scores(split), rng=np.random.default_rng(0))
                row = {"method": method.__name__, "seed": seed, "split": split}
                for metric, estimate in report.items():
                    values = (estimate.value, estimate.low, estimate.high)
                    row[metric] = [round(value, 4) for value in values]
                rows.append(row)
                print(row, flush=True)
    table = pd.DataFrame(rows).set_index(["method", "split", "seed"]).map(lambda v: v[0])
    print(table.groupby(level=[0, 1]).agg(["mean", "min", "max"]).round(3).T.to_string())
    store(json.dumps(made | {"rows": rows}, indent=1), HERE / "pneumonia_seeds.json")


if __name__ == "__main__":
    main()
