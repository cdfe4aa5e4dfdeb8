"""Explanations judged over several training runs; prints means, writes a table into the package.

Run ``python benchmarks/explanations.py``: every run has films, weights and noise of its own.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from provenance import provenance, store_runs
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from companion.data.images import enlarge
from companion.data.marker import add_marker, marker_mask
from companion.explanation import (
    METHODS,
    attention_maps,
    energy_inside,
    explain,
    pointing_game,
    rank_agreement,
    score_maps,
    swap_attention,
)
from companion.in_torch.attention import AttentionCNN
from companion.in_torch.models import DocumentCNN, PooledCNN
from companion.in_torch.training import predict
from companion.studies.phantoms import COUNTS, draw_splits, found_by_all, mark_those, train_on

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "explanations.json"
WINDOW, SIZE, MARGIN = 6, 32, 4
pooled_cnn = partial(PooledCNN, widths=(16, 32, 64))


def run(seed, counts=COUNTS):
    """Draw films, train four networks, and return every score, the mean over films."""
    torch.set_num_threads(1)
    splits, rng = draw_splits(64 + seed, counts=counts, size=SIZE), np.random.default_rng(93 + seed)
    test = splits["test"]
    models = {
        "pooled": train_on(splits, pooled_cnn(seed=seed), epochs=6, seed=seed),
        "document": train_on(
            splits, DocumentCNN((1, SIZE, SIZE), seed=seed), epochs=6, learning_rate=1e-3, seed=seed
        ),
    }
    rows = found_by_all(test, list(models.values()))
    shown, lesions = test.images[rows], test.masks[rows]
    # Occlusion shows the film's own mean in its square, integrated gradients start from black;
    # these show, and start from, something else.
    mean_film = splits["train"].images.mean(axis=0)
    hidden = partial(explain, method="occlusion", window=WINDOW)
    summed = partial(explain, method="integrated_gradients")
    more = {
        "occlusion, mean film": partial(hidden, fill=mean_film),
        "occlusion, blurred film": partial(hidden, fill="blur"),
        "integrated gradients, mean film": partial(summed, baseline=mean_film),
        "integrated gradients, blurred film": partial(summed, baseline="blur"),
    }
    found = {
        ("maps", name, method, score): values.mean()
        for name, model in models.items()
        for method, scores in score_maps(
            model, shown, lesions, rng, more=more, window=WINDOW
        ).items()
        for score, values in scores.items()
    }
    found["area", "of the lesions"] = lesions.mean()

    attentive = train_on(splits, AttentionCNN(widths=(16, 32, 64), seed=seed), seed=seed)
    own = enlarge(attention_maps(attentive, shown), (SIZE, SIZE))
    chances = {
        "own weights": predict(attentive, test.images),
        "even weights": swap_attention(attentive, test.images),
        "shuffled weights": swap_attention(attentive, test.images, rng),
    }
    for weights, chance in chances.items():
        found["attention", f"AUROC with {weights}"] = roc_auc_score(test.labels, chance)
    slope = explain(attentive, shown, "saliency")
    found["attention", "points at lesion"] = pointing_game(own, lesions).mean()
    found["attention", "energy inside"] = energy_inside(own, lesions).mean()
    found["attention", "rank agreement with saliency"] = rank_agreement(own, slope).mean()

    marked_splits = {name: mark_those(films, 1) for name, films in splits.items()}
    marked = train_on(marked_splits, pooled_cnn(seed=seed), epochs=3, seed=seed)
    for place, films in (
        ("the ill", marked_splits["test"]), ("nobody", test), ("the healthy", mark_those(test, 0))
    ):  # fmt: skip
        auroc = roc_auc_score(test.labels, predict(marked, films.images))
        found["shortcut", f"AUROC, marker on {place}"] = auroc
    corner = np.broadcast_to(marker_mask((SIZE, SIZE), margin=MARGIN), lesions.shape)
    for method in METHODS:
        maps = explain(marked, add_marker(shown), method, window=WINDOW)
        found["marker", method, "points at the marker"] = pointing_game(maps, corner).mean()
        found["marker", method, "energy about it"] = energy_inside(maps, corner).mean()
    found["area", "about the marker"] = corner.mean()
    return found


def main():
    """Run, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    made = provenance() | {"precision": "float32"}
    made["seeds"] = options.seeds
    jobs = (delayed(run)(seed) for seed in range(options.seeds))
    workers = Parallel(options.processes, return_as="generator")
    runs = list(tqdm(workers(jobs), "training runs", options.seeds))
    print(pd.DataFrame(runs).T.agg(["mean", "min", "max"], axis=1).round(3).to_string())
    store_runs(made, runs, STORED)


if __name__ == "__main__":
    main()
