"""Scores against the number of labelled films; stores the table that chapter 9.1 plots.

Run ``python benchmarks/learning_curve.py --seeds 5``: about an hour on two cores without
bfloat16, real data needed. Each run has one thread; ``--processes`` of them go side by side.
The table is written after every curve.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from provenance import provenance, store
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from tqdm import tqdm

from companion.data.pneumonia import load_pneumonia
from companion.in_torch.pretrained import frozen_features
from companion.in_torch.training import has_bfloat16
from companion.studies.active_learning import STRATEGIES, label_in_rounds
from companion.studies.budgets import draw_budget, flip_labels
from companion.studies.learners import LEARNERS

HERE = Path(__file__).resolve().parent
STORED = HERE.parent / "companion" / "pages" / "learning_curve.json"
SIZES = (25, 50, 100, 200, 400, 800, 1600, 3200, 4708)
ROUNDS = (50, 100, 150, 200, 300, 400, 600, 800)
#: Name of the curve: learner, share of labels flipped, prevalence in the training films.
CURVES = {
    "logistic regression": ("logistic regression", 0, None),
    "frozen features": ("logistic regression", 0, None),
    "document model": ("document model", 0, None),
    "better CNN": ("better CNN", 0, None),
    "better CNN, augmented": ("better CNN, augmented", 0, None),
    "better CNN, 20 % wrong labels": ("better CNN", 0.2, None),
    "better CNN, 1 in 10 ill": ("better CNN", 0, 0.1),
}
ACTIVE = ("logistic regression", "better CNN")


def score(predictor, films, labels):
    """Return AUROC, balanced accuracy and accuracy on the held-out splits, four decimals."""
    found = {}
    for split in ("val", "test"):
        chance = predictor(films[split])
        said = chance >= 0.5
        found[split] = {
            "auroc": roc_auc_score(labels[split], chance),
            "balanced_accuracy": balanced_accuracy_score(labels[split], said),
            "accuracy": (said == labels[split]).mean(),
        }
    return {split: {m: round(float(v), 4) for m, v in s.items()} for split, s in found.items()}


def gather(points):
    """Turn points {(size, seed): scores} into lists, a row a size and a column a seed."""
    sizes = sorted({size for size, _ in points})
    seeds = sorted({seed for _, seed in points})
    first = next(iter(points.values()))
    table = {
        split: {m: [[points[s, k][split][m] for k in seeds] for s in sizes] for m in first[split]}
        for split in first
    }
    return {"sizes": sizes, **table}


def run_point(learner, size, seed, noise, prevalence, films, labels):
    """Draw a budget, spoil its labels, train and score."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    rows = draw_budget(labels["train"], size, rng, prevalence=prevalence)
    spoilt = labels["train"].copy()
    drawn = np.concatenate(rows)
    spoilt[drawn] = flip_labels(spoilt[drawn], noise, rng)
    parts = [(films["train"][part], spoilt[part]) for part in rows]
    return {(size, seed): score(LEARNERS[learner](*parts, seed), films, labels)}


def run_rounds(learner, strategy, seed, films, labels):
    """Label round by round, scored after each."""
    torch.set_num_threads(1)
    rounds = label_in_rounds(
        LEARNERS[learner], films["train"], labels["train"],
        sizes=ROUNDS, strategy=strategy, seed=seed,
    )  # fmt: skip
    return {(size, seed): score(predictor, films, labels) for size, predictor in rounds}


def affordable(labels, prevalence):
    """Return the sizes for which the pool has films enough of both labels."""
    ill = labels.sum()
    share = labels.mean() if prevalence is None else prevalence
    parts = [(size, round(size * share)) for size in SIZES]
    return [size for size, count in parts if count <= ill and size - count <= len(labels) - ill]


def jobs_of(name, labels, seeds):
    """Return the independent calls that make up a curve, without the data."""
    if name in CURVES:
        learner, noise, prevalence = CURVES[name]
        sizes = affordable(labels["train"], prevalence)
        return [
            delayed(partial(run_point, learner, size, seed, noise, prevalence))
            for size in sizes
            for seed in range(seeds)
        ]
    _, learner, strategy = name.rsplit(", ", 2)
    return [delayed(partial(run_rounds, learner, strategy, seed)) for seed in range(seeds)]


def as_text(made):
    """Return the table as JSON, a line a split."""
    text = json.dumps(made).replace('"better CNN', '\n"better CNN').replace('"val"', '\n "val"')
    return text.replace('"test"', '\n "test"')


def main():
    """Run every curve, store after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    data = load_pneumonia()
    splits = {"train": data.train, "val": data.val, "test": data.test}
    pixels = {name: (s.images / 255).astype(np.float32)[:, None] for name, s in splits.items()}
    labels = {name: s.labels for name, s in splits.items()}
    names = [*CURVES, *(f"active, {learner}, {how}" for learner in ACTIVE for how in STRATEGIES)]
    made = provenance() | {"precision": "bfloat16" if has_bfloat16() else "float32"}
    made |= {"seeds": options.seeds, "curves": {}}
    workers = Parallel(options.processes, return_as="generator_unordered")
    for name in names:
        started, films, points = time.perf_counter(), pixels, {}
        if name == "frozen features":
            films = {split: frozen_features(images) for split, images in pixels.items()}
        jobs = [call(films, labels) for call in jobs_of(name, labels, options.seeds)]
        for found in tqdm(workers(jobs), name, len(jobs)):
            points |= found
        made["curves"][name] = gather(points)
        store(as_text(made), STORED)
        print(f"{name}: {(time.perf_counter() - started) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
