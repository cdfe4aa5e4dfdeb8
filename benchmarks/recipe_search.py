"""The recipes of chapter 5.2 from several seeds; prints a table, writes one into the package.

Run ``python benchmarks/recipe_search.py --seeds 3``; it needs the real data. Every recipe is
scored on validation, as it is and under shift; by that a recipe is chosen. The test scores are
computed in the same run, stored, and decide nothing. With --folder a run that was interrupted goes
on where it was.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from kept_runs import four_digits, keep, run_all
from provenance import provenance, store
from scipy.special import expit
from stopped import training_of

from companion.data import load_pneumonia
from companion.evaluation import delong, evaluate, holm
from companion.in_torch import has_bfloat16
from companion.in_torch.training import logits
from companion.pages.c5_2_better import DOCUMENT
from companion.studies import ASIDE, STEPS, validate_shifted

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "recipe_search.json"
RECIPES = STEPS | ASIDE
SCORES = ("auroc", "accuracy", "sensitivity", "specificity")


def run(folder, precision, job):
    """Train, score and keep one run; return what is known of it."""
    name, seed = job
    return keep(folder / f"{name}_{seed}.json", lambda: make(name, seed, precision))


def make(name, seed, precision):
    """Train and score one run."""
    torch.set_num_threads(1)
    splits = load_pneumonia().splits
    start = time.perf_counter()
    model = training_of(name)(splits["train"], splits["validation"], seed, precision)
    made = {
        "seconds": round(time.perf_counter() - start, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    made["validation"] = four_digits(validate_shifted(model, splits["validation"]))
    for split in ("validation", "test"):
        found = logits(model, splits[split].images).numpy()
        report = evaluate(
            splits[split].labels, expit(found), rng=np.random.default_rng(0), n_boot=100
        )
        made[f"{split} scores"] = four_digits({score: report[score].value for score in SCORES})
        made[f"{split} logits"] = found.round(4).tolist()
    return made


def compare(runs, labels):
    """Compare every recipe's mean test logits with the last step's; p-values after Holm."""
    pooled = {
        name: np.mean([run["test logits"] for run in of_name], axis=0)
        for name, of_name in runs.items()
    }
    last = list(STEPS)[-1]
    found = {name: delong(labels, pooled[name], pooled[last]) for name in runs if name != last}
    adjusted = holm(np.array([each.p_value for each in found.values()]))
    return {
        name: four_digits(
            {"difference": each.difference, "low": each.low, "high": each.high, "p": p}
        )
        for (name, each), p in zip(found.items(), adjusted, strict=True)
    }


def main():
    """Run all, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--precision", default="bfloat16" if has_bfloat16() else "float32")
    parser.add_argument("--folder", type=Path, help="where runs are kept; else a temporary one")
    chosen = parser.parse_args()
    made = provenance() | {"seeds": chosen.seeds, "precision": chosen.precision}
    folder = chosen.folder or Path(tempfile.mkdtemp())
    jobs = [(name, seed) for seed, name in product(range(chosen.seeds), [DOCUMENT, *RECIPES])]
    work = partial(run, folder, chosen.precision)
    found = run_all(work, jobs, folder=folder, processes=chosen.processes)
    runs = {name: [] for name in [DOCUMENT, *RECIPES]}
    for (name, _), one in zip(jobs, found, strict=True):
        runs[name].append(one)
    made["against the last step"] = compare(runs, load_pneumonia().test.labels)
    for one in found:
        del one["test logits"], one["validation logits"]
    for name, of_name in runs.items():
        mean = {s: np.mean([one["test scores"][s] for one in of_name]) for s in SCORES}
        print(f"{name:24}", "  ".join(f"{s} {value:.4f}" for s, value in mean.items()),
              f"{np.mean([one['seconds'] for one in of_name]):.0f} s")  # fmt: skip
    store(json.dumps(made | {"runs": runs}).replace('{"seconds', '\n{"seconds'), STORED)


if __name__ == "__main__":
    main()
