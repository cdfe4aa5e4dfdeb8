"""The models of chapter 5.1 over several seeds; prints a table, writes one into the package.

Run ``python benchmarks/pneumonia_seeds.py --seeds 5``; it needs the real data. Each run keeps its
losses by epoch, its scores on validation and test, and what it says of pictures that are no films.
"""

from __future__ import annotations

import argparse
import json
import os
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import torch
from provenance import provenance, rounded, rounded_interval, store
from stopped import train_stopped

from companion import in_keras, in_torch
from companion.data import load_pneumonia
from companion.evaluation import delong, evaluate
from companion.pages.c5_1_pneumonia import fit_logistic, other_pictures

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "pneumonia_seeds.json"


def program(train, validation, seed):
    """The document's program, inputs scaled and nothing else changed."""
    keras.utils.set_random_seed(seed)
    model = in_keras.document_cnn((28, 28, 1))
    history = in_keras.fit(
        model, train, validation=validation, keep="last", seed=seed, progress=False
    )
    return history, partial(in_keras.predict, model)


def stopped(train, validation, seed):
    """The same model in PyTorch, stopped when two epochs have not improved on the best."""
    model, history = train_stopped(train, validation, seed)
    return history, partial(in_torch.predict, model)


def scores_of(predict, films, baseline):
    """Return every score with its interval, the counts, and the comparison with the baseline."""
    found = predict(films.images)
    report = evaluate(films.labels, found, rng=np.random.default_rng(0))
    scores = {name: rounded_interval(e) for name, e in report.items()}
    compared = delong(films.labels, baseline(films.images), found)
    against = rounded(compared.difference, compared.low, compared.high)
    return {
        "scores": scores,
        "confusion": report.confusion.tolist(),
        "AUROC against logistic regression": {
            "difference": against, "p": float(f"{compared.p_value:.2g}"),
        },
    }  # fmt: skip


def main():
    """Train, score, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds, made = parser.parse_args().seeds, provenance()
    made["threads"] = int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads()))
    made["versions"] = {"keras": keras.__version__, "torch": torch.__version__}
    splits = load_pneumonia().splits
    train, validation = splits["train"], splits["validation"]
    baseline = fit_logistic(train, validation)
    pictures = other_pictures()
    images = np.stack(list(pictures.values()))[:, None]
    runs, rows = {}, []
    for method in (program, stopped):
        runs[method.__name__] = []
        for seed in range(seeds):
            history, predict = method(train, validation, seed)
            run = {
                "seed": seed,
                "train_loss": rounded(*history.train_loss),
                "val_loss": rounded(*history.val_loss),
                "best_epoch": history.best_epoch,
                "other pictures": dict(zip(pictures, rounded(*predict(images)), strict=True)),
            }
            for split in ("validation", "test"):
                run[split] = scores_of(predict, splits[split], baseline)
                values = {name: value[0] for name, value in run[split]["scores"].items()}
                rows.append({"method": method.__name__, "split": split, "seed": seed} | values)
                print(rows[-1], flush=True)
            print(run["other pictures"], run["best_epoch"], run["val_loss"], flush=True)
            runs[method.__name__].append(run)
    table = pd.DataFrame(rows).set_index(["method", "split", "seed"])
    print(table.groupby(level=[0, 1]).agg(["mean", "min", "max"]).round(3).T.to_string())
    store(json.dumps(made | {"seeds": seeds, "runs": runs}), STORED)


if __name__ == "__main__":
    main()
