"""Chapter 5.2's first method beside the document's model: time, memory and scores.

Run ``python benchmarks/pneumonia.py`` when nothing else runs; it needs the real data. A group is
one whole training of a method: members from different seeds, two at a time, one thread each.
Groups share no seed, with each other or with the search. Two methods are run: the recipe that the
stored search chooses on validation, and the last of the chapter's steps. Prints a table, writes one
into the package.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from functools import partial
from pathlib import Path

import numpy as np
from provenance import provenance, rounded, rounded_interval, store
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from stopped import train_stopped, training_of

from companion.data import load_pneumonia
from companion.evaluation import delong, evaluate
from companion.in_torch import has_bfloat16
from companion.pages import read_table
from companion.pages.c5_2_better import DOCUMENT, search_table
from companion.studies import STEPS, VIEWS, pooled_logits, train_members

PAGES = Path(__file__).resolve().parent.parent / "companion" / "pages"
RULE = "AUROC, other shifts"
#: What was meant to be the method before the search was run.
LAST_STEP = list(STEPS)[-1]
SCORES = ("auroc", "accuracy", "sensitivity", "specificity")


def methods():
    """Return by name the recipes of each method."""
    best = search_table(read_table("recipe_search"))[RULE].drop(DOCUMENT).idxmax()
    return {name: [name] for name in dict.fromkeys([best, LAST_STEP])}


def train_all(recipes, seeds, chosen, splits):
    """Train as many members of each recipe; the seeds are dealt out in turn."""
    jobs = [(name, seed) for n, name in enumerate(recipes) for seed in seeds[n :: len(recipes)]]
    return train_members(
        [training_of(name) for name, _ in jobs], splits["train"], splits["validation"],
        [seed for _, seed in jobs], processes=chosen.processes, precision=chosen.precision,
    )  # fmt: skip


def scores_of(ask, splits, against):
    """Score on validation, and on test against the document's model."""
    validation, test = splits["validation"], splits["test"]
    found = ask(test.images)
    report = evaluate(test.labels, expit(found), rng=np.random.default_rng(0), n_boot=1000)
    compared = delong(test.labels, against, found)
    return {
        "validation": rounded(roc_auc_score(validation.labels, ask(validation.images)))[0],
        "test": {name: rounded_interval(report[name]) for name in SCORES},
        "confusion": report.confusion.tolist(),
        "AUROC against the document's model": rounded(
            compared.difference, compared.low, compared.high
        ),
    }


def run_group(method, recipes, group, chosen, splits):
    """Train the members of one group; score them one by one, together, and in all views."""
    first = chosen.first_seed + group * chosen.members
    start = time.perf_counter()
    models = train_all(recipes, range(first, first + chosen.members), chosen, splits)
    run = {
        "seconds": round(time.perf_counter() - start, 1),
        "megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "parameters": sum(p.numel() for p in models[0].parameters()),
    }
    stopped, _ = train_stopped(splits["train"], splits["validation"], group)
    document = partial(pooled_logits, [stopped])
    against = document(splits["test"].images)
    for name, ask in {
        "the document's model": document,
        "one network": partial(pooled_logits, models[:1]),
        "one network, all views": partial(pooled_logits, models[:1], views=len(VIEWS)),
        "all networks": partial(pooled_logits, models),
        "all networks, all views": partial(pooled_logits, models, views=len(VIEWS)),
    }.items():
        run[name] = scores_of(ask, splits, against)
        print(method, group, name, run[name], flush=True)
    return run


def main(description, recipes, *, first_seed, members, stored):
    """Train, score, print, store."""
    parser = argparse.ArgumentParser(description=description)
    parser.set_defaults(first_seed=first_seed)
    parser.add_argument("--groups", type=int, default=5)
    parser.add_argument("--members", type=int, default=members)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--precision", default="bfloat16" if has_bfloat16() else "float32")
    chosen = parser.parse_args()
    made = provenance() | {
        "members": chosen.members, "views": len(VIEWS), "processes": chosen.processes,
        "precision": chosen.precision, "processors": os.cpu_count(),
    }  # fmt: skip
    splits, runs = load_pneumonia().splits, {}
    for method, own in recipes.items():
        if chosen.members % len(own):
            parser.error(f"--members must be a multiple of {len(own)}, got {chosen.members}")
        runs[method] = [
            run_group(method, own, group, chosen, splits) for group in range(chosen.groups)
        ]
    made |= {"recipes": recipes, "methods": runs}
    store(json.dumps(made).replace('{"seconds', '\n{"seconds'), PAGES / stored)


if __name__ == "__main__":
    main(__doc__, methods(), first_seed=100, members=2, stored="pneumonia.json")
