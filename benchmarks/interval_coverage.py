"""How often 95 % intervals hold the truth, by simulation; the table goes into the package.

Run ``python benchmarks/interval_coverage.py --studies 2000``: about five minutes on one core.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from provenance import provenance, store

from companion.evaluation._weighted import score
from companion.evaluation.report import METRICS, evaluate
from companion.evaluation.simulation import draw_study

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "interval_coverage.json"
#: Patients, and what differs from 200 or 624 patients with one film each.
SETTINGS = {
    "200 films": (200, {}),
    "624 films": (624, {}),
    "200 films, too sure": (200, {"sharpness": 2.0}),
    "624 films, too sure": (624, {"sharpness": 2.0}),
    "50 films": (50, {}),
    "50 films, good model": (50, {"separation": 3.5}),
    "80 patients, 6 films each": (80, {"films_each": 6}),
}


def truth(rng, options):
    """Return the scores of a study so large that it is the population."""
    labels, scores, _ = draw_study(rng, 2_000_000, **options)
    found = score(labels, scores, 0.5, np.ones((1, len(labels))))
    return {metric: float(found[metric][0]) for metric in METRICS}


def main():
    """Simulate, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    studies = parser.parse_args().studies
    made, rows = provenance() | {"studies": studies}, {}
    for seed, (name, (patients, options)) in enumerate(SETTINGS.items()):
        rng = np.random.default_rng(seed)
        right, held = truth(rng, options), dict.fromkeys(METRICS, 0)
        for _ in range(studies):
            labels, scores, groups = draw_study(rng, patients, **options)
            report = evaluate(labels, scores, groups=groups, n_boot=400, rng=rng)
            for metric in METRICS:
                held[metric] += report[metric].low <= right[metric] <= report[metric].high
        rows[name] = {metric: round(count / studies, 4) for metric, count in held.items()}
        print(name, rows[name], flush=True)
    print(pd.DataFrame(rows).to_string())
    store(json.dumps(made | {"rows": rows}, indent=1), STORED)


if __name__ == "__main__":
    main()
