"""How often 95 % intervals hold the truth, by simulation; prints a table, writes JSON.

Run ``python benchmarks/interval_coverage.py --studies 2000``: about three minutes on one core.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from companion.evaluation import METRICS, evaluate

HERE = Path(__file__).resolve().parent
PREVALENCE, SEPARATION = 0.6, 2.2


def study(rng, films, sharpness):
    """Draw labels and probabilities: calibrated at a sharpness of 1, too sure above."""
    labels = (rng.random(films) < PREVALENCE).astype(int)
    evidence = SEPARATION * rng.normal(SEPARATION * (labels - 0.5), 1)
    return labels, expit(sharpness * (evidence + np.log(PREVALENCE / (1 - PREVALENCE))))


def truth(rng, sharpness):
    """Return the scores of 200 large samples, averaged."""
    reports = [evaluate(*study(rng, 4000, sharpness), n_boot=1, rng=rng) for _ in range(200)]
    found = {metric: np.mean([r[metric].value for r in reports]) for metric in METRICS}
    labels, scores = study(rng, 4_000_000, sharpness)
    bins = np.minimum((scores * 10).astype(int), 9)
    gaps = np.bincount(bins, labels - scores, minlength=10)
    return found | {"ece": np.abs(gaps).sum() / len(labels)}


def main():
    """Simulate, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    studies = parser.parse_args().studies
    rows = []
    for sharpness in (1.0, 2.0):
        for films in (200, 624):
            rng = np.random.default_rng([films, int(sharpness)])
            right, held = truth(rng, sharpness), dict.fromkeys(METRICS, 0)
            for _ in range(studies):
                report = evaluate(*study(rng, films, sharpness), n_boot=400, rng=rng)
                for metric in METRICS:
                    held[metric] += report[metric].low <= right[metric] <= report[metric].high
            shares = {metric: round(count / studies, 4) for metric, count in held.items()}
            rows.append({"sharpness": sharpness, "films": films, **shares})
            print(rows[-1], flush=True)
    print(pd.DataFrame(rows).set_index(["sharpness", "films"]).T.to_string())
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    made = {"date": datetime.date.today().isoformat(), "commit": commit, "studies": studies}
    made |= {"machine": f"{platform.machine()}, Python {platform.python_version()}", "rows": rows}
    (HERE / "interval_coverage.json").write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
