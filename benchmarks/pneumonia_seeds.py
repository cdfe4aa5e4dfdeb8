"""Test scores of chapter 5.1's models over many seeds; prints a table, writes JSON.

Run ``python benchmarks/pneumonia_seeds.py --seeds 5``; it needs the real data.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from provenance import provenance, store

from companion import in_keras, in_torch
from companion.data.pneumonia import load_pneumonia
from companion.evaluation.report import evaluate
from companion.in_keras.models import document_cnn
from companion.in_torch.models import DocumentCNN

HERE = Path(__file__).resolve().parent


def program(splits, seed):
    """The document's program, inputs scaled and nothing else changed."""
    keras.utils.set_random_seed(seed)
    model = document_cnn((28, 28, 1))
    in_keras.fit(model, splits["train"], validation=splits["validation"], keep="last", seed=seed)
    return lambda images: in_keras.predict(model, images)


def stopped(splits, seed):
    """The same model in PyTorch, stopped when three epochs did not improve on the best."""
    model = DocumentCNN((1, 28, 28), seed=seed)
    in_torch.fit(
        model, splits["train"], validation=splits["validation"], epochs=30, patience=3, seed=seed
    )
    return lambda images: in_torch.predict(model, images)


def main():
    """Train, score once, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds, made = parser.parse_args().seeds, provenance()
    splits = load_pneumonia().splits
    rows = []
    for method in (program, stopped):
        for seed in range(seeds):
            scores = method(splits, seed)
            for split in ("validation", "test"):
                films = splits[split]
                report = evaluate(films.labels, scores(films.images), rng=np.random.default_rng(0))
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
