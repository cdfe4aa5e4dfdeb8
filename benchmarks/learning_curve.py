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
from companion.films import Films
from companion.in_torch.pretrained import frozen_features
from companion.studies.active_learning import STRATEGIES, label_in_rounds
from companion.studies.budgets import draw_budget, flip_labels
from companion.studies.learners import LEARNERS, learn_logistic

HERE = Path(__file__).resolve().parent
STORED = HERE.parent / "companion" / "pages" / "learning_curve.json"
SIZES = (25, 50, 100, 200, 400, 800, 1600, 3200, 4708)
ROUNDS = (50, 100, 150, 200, 300, 400, 600, 800)
#: Name of the curve: learner, share of labels flipped, prevalence in the training films.
CURVES = {
    "logistic regression": ("logistic regression", 0, None),
    "frozen features": None,
    "document model": ("document model", 0, None),
    "better CNN": ("better CNN", 0, None),
    "better CNN, augmented": ("better CNN, augmented", 0, None),
    "better CNN, 20 % wrong labels": ("better CNN", 0.2, None),
    "better CNN, 1 in 10 ill": ("better CNN", 0, 0.1),
}
ACTIVE = ("logistic regression", "better CNN")


def score(predictor, splits):
    """Return AUROC, balanced accuracy and accuracy on the held-out splits, four decimals."""
    found = {}
    for split, name in (("val", "validation"), ("test", "test")):
        labels, chance = splits[name].labels, predictor(splits[name].images)
        said = chance >= 0.5
        found[split] = {
            "auroc": roc_auc_score(labels, chance),
            "balanced_accuracy": balanced_accuracy_score(labels, said),
            "accuracy": (said == labels).mean(),
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


def run_point(learner, size, seed, noise, prevalence, splits):
    """Draw a budget, make some labels wrong, train and score."""
    torch.set_num_threads(1)
    rng, pool = np.random.default_rng(seed), splits["train"]
    rows = draw_budget(pool.labels, size, rng, prevalence=prevalence)
    noisy = pool.labels.copy()
    drawn = np.concatenate(rows)
    noisy[drawn] = flip_labels(noisy[drawn], noise, rng)
    parts = [Films(pool.images[part], noisy[part]) for part in rows]
    return {(size, seed): score(LEARNERS[learner](*parts, seed), splits)}


def run_frozen(size, seed, features, splits):
    """Do the same with logistic regression on features that were computed once."""
    rng, pool = np.random.default_rng(seed), splits["train"]
    parts = [pool[part] for part in draw_budget(pool.labels, size, rng)]
    seen = partial(look_up, features)
    return {(size, seed): score(learn_logistic(*parts, seed, features=seen), splits)}


def look_up(features, images):
    """Return the features of images that were seen before."""
    return np.stack([features[image.tobytes()] for image in images]).astype(np.float64)


def run_rounds(learner, strategy, seed, splits):
    """Label round by round, scored after each."""
    torch.set_num_threads(1)
    rounds = label_in_rounds(
        LEARNERS[learner], splits["train"], sizes=ROUNDS, strategy=strategy, seed=seed
    )
    return {(size, seed): score(predictor, splits) for size, predictor in rounds}


def affordable(labels, prevalence):
    """Return the sizes for which the pool has films enough of both labels."""
    ill = labels.sum()
    share = labels.mean() if prevalence is None else prevalence
    parts = [(size, round(size * share)) for size in SIZES]
    return [size for size, count in parts if count <= ill and size - count <= len(labels) - ill]


def jobs_of(name, splits, seeds):
    """Return the independent calls that make up a curve."""
    labels = splits["train"].labels
    if name == "frozen features":
        features = {
            image.tobytes(): row
            for films in splits.values()
            for image, row in zip(films.images, frozen_features(films.images), strict=True)
        }
        calls = [partial(run_frozen, size, seed, features) for size, seed in grid(labels, seeds)]
    elif name in CURVES:
        learner, noise, prevalence = CURVES[name]
        calls = [
            partial(run_point, learner, size, seed, noise, prevalence)
            for size, seed in grid(labels, seeds, prevalence)
        ]
    else:
        _, learner, strategy = name.rsplit(", ", 2)
        calls = [partial(run_rounds, learner, strategy, seed) for seed in range(seeds)]
    return [delayed(call)(splits) for call in calls]


def grid(labels, seeds, prevalence=None):
    """Return every size that can be afforded with every seed."""
    return [(size, seed) for size in affordable(labels, prevalence) for seed in range(seeds)]


def as_text(made):
    """Return the table as JSON, a line a split."""
    text = (
        json.dumps(made)
        .replace('"better CNN', '\n"better CNN')
        .replace('"validation"', '\n "validation"')
    )
    return text.replace('"test"', '\n "test"')


def main():
    """Run every curve, store after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    splits = load_pneumonia().splits
    names = [*CURVES, *(f"active, {learner}, {how}" for learner in ACTIVE for how in STRATEGIES)]
    made = provenance() | {"precision": "float32", "seeds": options.seeds, "curves": {}}
    workers = Parallel(options.processes, return_as="generator_unordered")
    for name in names:
        started, points = time.perf_counter(), {}
        jobs = jobs_of(name, splits, options.seeds)
        for found in tqdm(workers(jobs), name, len(jobs)):
            points |= found
        made["curves"][name] = gather(points)
        store(as_text(made), STORED)
        print(f"{name}: {(time.perf_counter() - started) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
