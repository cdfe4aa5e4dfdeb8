"""Scores against the number of labelled films; stores the table that chapter 9.1 plots.

Run ``python benchmarks/learning_curve.py --seeds 5``: about an hour on one core, real data needed.
``--only NAME`` runs one curve again and keeps the others. The table is written after every curve.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from companion.active_learning import STRATEGIES, label_in_rounds
from companion.datasets import load_pneumonia
from companion.frozen_features import frozen_features
from companion.learners import LEARNERS
from companion.learning_curves import draw_budget, flip_labels

HERE = Path(__file__).resolve().parent
STORED = HERE.parent / "companion" / "learning_curve.json"
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


def run_curve(learn, noise, prevalence, films, labels, seeds):
    """Train on every affordable size, from every seed."""
    points = {}
    ill = labels["train"].sum()
    normal = len(labels["train"]) - ill
    for size in SIZES:
        share = labels["train"].mean() if prevalence is None else prevalence
        if round(size * share) > ill or size - round(size * share) > normal:
            continue
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            rows = draw_budget(labels["train"], size, rng, prevalence=prevalence)
            spoilt = labels["train"].copy()
            drawn = np.concatenate(rows)
            spoilt[drawn] = flip_labels(spoilt[drawn], noise, rng)
            parts = [(films["train"][part], spoilt[part]) for part in rows]
            points[size, seed] = score(learn(*parts, seed), films, labels)
            print(size, seed, points[size, seed]["val"], flush=True)
    return gather(points)


def run_active(learn, strategy, films, labels, seeds):
    """Label round by round, from every seed."""
    points = {}
    for seed in range(seeds):
        rounds = label_in_rounds(
            learn, films["train"], labels["train"], sizes=ROUNDS, strategy=strategy, seed=seed
        )
        for size, predictor in rounds:
            points[size, seed] = score(predictor, films, labels)
        print(strategy, seed, points[size, seed]["val"], flush=True)
    return gather(points)


def store(made):
    """Write the table beside its place and move it there."""
    beside = STORED.with_suffix(".part")
    text = json.dumps(made).replace('"better CNN', '\n"better CNN').replace('"val"', '\n "val"')
    beside.write_text(text.replace('"test"', '\n "test"') + "\n")
    os.replace(beside, STORED)


def main():
    """Run every curve, store after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = load_pneumonia()
    splits = {"train": data.train, "val": data.val, "test": data.test}
    pixels = {name: (s.images / 255).astype(np.float32)[:, None] for name, s in splits.items()}
    labels = {name: s.labels for name, s in splits.items()}
    jobs = {
        name: partial(run_curve, LEARNERS[learner], noise, prevalence)
        for name, (learner, noise, prevalence) in CURVES.items()
    }
    for learner in ACTIVE:
        for strategy in STRATEGIES:
            name = f"active, {learner}, {strategy}"
            jobs[name] = partial(run_active, LEARNERS[learner], strategy)

    made = json.loads(STORED.read_text("utf8")) if options.only else {"curves": {}}
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    made |= {"date": datetime.date.today().isoformat(), "commit": commit, "seeds": options.seeds}
    made["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    for name, job in jobs.items():
        if options.only in ("", name):
            started = time.perf_counter()
            films = pixels
            if name == "frozen features":
                films = {split: frozen_features(images) for split, images in pixels.items()}
            made["curves"][name] = job(films, labels, options.seeds)
            store(made)
            print(f"{name}: {(time.perf_counter() - started) / 60:.1f} minutes", flush=True)
    print(f"stored in {STORED}")


if __name__ == "__main__":
    main()
