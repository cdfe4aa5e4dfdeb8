"""How often 95 % intervals hold the truth, by simulation; the table goes into the package.

Run ``OMP_NUM_THREADS=1 python benchmarks/interval_coverage.py``: about ten minutes on two cores.

Each study's model is drawn from five that differ a little in how well they separate: a share of
few films takes few values, so that no interval holds any one truth in just 95 % of studies,
only truths on average (Brown, Cai and DasGupta, Statistical Science 16, 101, 2001).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from provenance import provenance, store

from companion.evaluation._weighted import score
from companion.evaluation.report import METRICS, evaluate
from companion.evaluation.simulation import draw_study

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "interval_coverage.json"
#: Patients, what differs from patients with one film each, and the threshold.
SETTINGS = {
    "200 films": (200, {}, 0.5),
    "624 films": (624, {}, 0.5),
    "200 films, too sure": (200, {"sharpness": 2.0}, 0.5),
    "624 films, too sure": (624, {"sharpness": 2.0}, 0.5),
    "50 films": (50, {}, 0.5),
    "50 films, good model": (50, {"separation": 3.5}, 0.5),
    "80 patients, 6 films each": (80, {"films_each": 6}, 0.5),
    "624 films, 5 % ill": (624, {"prevalence": 0.05}, 0.05),
    "1,000 films, 2 % ill": (1000, {"prevalence": 0.02}, 0.02),
    "200 films, 5 % ill": (200, {"prevalence": 0.05}, 0.5),
    "100 films, 5 % ill": (100, {"prevalence": 0.05}, 0.5),
    "10 ill, 100 healthy": (110, {"ill": 10}, 0.1),
    "5 ill, 100 healthy": (105, {"ill": 5}, 0.05),
    "3 ill, 100 healthy": (103, {"ill": 3}, 0.03),
    "2 ill, 100 healthy": (102, {"ill": 2}, 0.02),
    "624 films, constant score": (624, {}, 0.5),
}
#: How much better or worse than the setting's the five models separate.
STEPS = (-0.4, -0.2, 0.0, 0.2, 0.4)
#: Scores that do not depend on how many ill a study takes in.
OF_ANY_PREVALENCE = ("auroc", "recall", "specificity", "balanced_accuracy")
CONSTANT = 0.7


def draw(rng, name, step, patients=None):
    """Return labels, scores and patients of one study."""
    count, options, _ = SETTINGS[name]
    options = options | {"separation": options.get("separation", 2.2) + step}
    if patients is not None and "ill" in options:
        options = options | {"prevalence": options["ill"] / count, "ill": None}
    labels, scores, groups = draw_study(rng, patients or count, **options)
    return labels, np.full(len(labels), CONSTANT) if "constant" in name else scores, groups


def truth(rng, name, step):
    """Return the scores of a study so large that it is the population."""
    labels, scores, _ = draw(rng, name, step, 1_000_000)
    found = score(labels, scores, SETTINGS[name][2], np.ones((1, len(labels))))
    right = {metric: float(found[metric][0]) for metric in METRICS}
    if "too sure" not in name and "constant" not in name:
        right["ece"] = 0.0  # by the model: no sample shows it
    return right


def count_held(name, *, studies):
    """Return for every score how often it had an interval, how often that held, and why not."""
    rng = np.random.default_rng(list(SETTINGS).index(name))
    right = {step: truth(rng, name, step) for step in STEPS}
    given, held, reasons = Counter(), Counter(), {metric: Counter() for metric in METRICS}
    threshold = SETTINGS[name][2]
    for number in range(studies):
        step = STEPS[number % len(STEPS)]
        labels, scores, groups = draw(rng, name, step)
        while labels.min() == labels.max():
            labels, scores, groups = draw(rng, name, step)
        report = evaluate(
            labels, scores, groups=groups, threshold=threshold, n_boot=300, rng=rng
        )  # fmt: skip
        for metric, found in report.items():
            if found.reason:
                reasons[metric][found.reason] += 1
            else:
                given[metric] += 1
                held[metric] += found.low <= right[step][metric] <= found.high
    if "ill" in SETTINGS[name][1]:
        for metric in set(METRICS) - set(OF_ANY_PREVALENCE):
            given[metric], reasons[metric] = 0, Counter({"the study set the prevalence": studies})
    print(name, dict(held), flush=True)
    return (
        {m: round(held[m] / given[m], 4) if 2 * given[m] > studies else None for m in METRICS},
        {m: round(given[m] / studies, 4) for m in METRICS},
        {m: counts.most_common(1)[0][0] for m, counts in reasons.items() if counts},
    )


def main():
    """Simulate, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=list(SETTINGS), help="print, do not store")
    options = parser.parse_args()
    made = provenance() | {"studies": options.studies}
    with multiprocessing.Pool(options.processes) as pool:
        count = partial(count_held, studies=options.studies)
        # The slow ones first, so that no process waits for another's last.
        names = sorted(options.only, key=lambda name: -SETTINGS[name][0])
        found = dict(zip(names, pool.map(count, names, chunksize=1), strict=True))
    found = {name: found[name] for name in options.only}
    for title, place in (("held", 0), ("given", 1)):
        table = {name: parts[place] for name, parts in found.items()}
        print(title, pd.DataFrame(table).T.to_string(), sep="\n")
    if options.only == list(SETTINGS):
        tables = {
            part: {name: parts[place] for name, parts in found.items()}
            for place, part in enumerate(("rows", "given", "reasons"))
        }
        store(json.dumps(made | tables, indent=1, ensure_ascii=False), STORED)


if __name__ == "__main__":
    main()
