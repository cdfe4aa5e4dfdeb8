"""The second search of chapter 5.2: cross-validation over looks; no test film is read.

Run ``python benchmarks/recipe_folds.py``; it needs the real data. Training and validation films
are sorted into three groups that look alike. Each recipe is trained on two of them and scored on
the third, as it is and under shift. The rule, fixed before the first run: of all recipes take that
with the highest AUROC under the shifts not trained for, the mean over them and the groups.
With --folder a run that was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from kept_runs import four_digits, keep, run_all
from provenance import provenance, store
from stopped import training_of

from companion.data import load_pneumonia
from companion.films import join_films
from companion.in_torch import has_bfloat16
from companion.pages.c5_2_better import DOCUMENT, RENORMALIZED
from companion.studies import (
    ASIDE,
    LATER,
    STEPS,
    VARIANTS,
    group_by_look,
    renormalized,
    validate_shifted,
)

PAGES = Path(__file__).resolve().parent.parent / "companion" / "pages"
GROUPS = 3
LAST_STEP = list(STEPS)[-1]
#: Films that a training watches, and learns nothing from.
WATCHED = np.s_[:64]


def pooled_films():
    """Return the films of training and validation in one."""
    splits = load_pneumonia().splits
    return join_films([splits["train"], splits["validation"]])


def run(folder, precision, job):
    """Train without one group and score on it; the last step also with its statistics."""
    name, fold = job

    def make():
        torch.set_num_threads(1)
        films = pooled_films()
        left = group_by_look(films, groups=GROUPS) == fold
        known = films[~left]
        start = time.perf_counter()
        model = training_of(name)(known, known[WATCHED], fold, precision)
        made = {"seconds": round(time.perf_counter() - start, 1)}
        made["scores"] = four_digits(validate_shifted(model, films[left]))
        if name == LAST_STEP:
            again = validate_shifted(model, films[left], renew=renormalized)
            made[RENORMALIZED] = four_digits(again)
        return made

    return keep(folder / f"{name}_{fold}.json", make)


def search(description, names, stored):
    """Run all of these recipes, print, store."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--precision", default="bfloat16" if has_bfloat16() else "float32")
    parser.add_argument("--folder", type=Path, help="where runs are kept; else a temporary one")
    chosen = parser.parse_args()
    films = pooled_films()
    groups = group_by_look(films, groups=GROUPS)
    made = provenance() | {"precision": chosen.precision}
    made["groups"] = [
        {"films": int((groups == g).sum()), "ill": int(films.labels[groups == g].sum())}
        for g in range(GROUPS)
    ]
    folder = chosen.folder or Path(tempfile.mkdtemp())
    jobs = list(product(names, range(GROUPS)))
    work = partial(run, folder, chosen.precision)
    found = run_all(work, jobs, folder=folder, processes=chosen.processes)
    runs, renewed = {name: [] for name in names}, []
    for (name, _), one in zip(jobs, found, strict=True):
        if RENORMALIZED in one:
            renewed.append({"seconds": one["seconds"], "scores": one.pop(RENORMALIZED)})
        runs[name].append(one)
    made["runs"] = runs | ({RENORMALIZED: renewed} if renewed else {})
    store(json.dumps(made).replace('{"seconds', '\n{"seconds'), PAGES / stored)


if __name__ == "__main__":
    search(__doc__, [DOCUMENT, *STEPS, *ASIDE, *LATER, *VARIANTS], "recipe_folds.json")
