"""How often 95 % intervals of prognostic scores hold the truth, by simulation; the table is stored.

Run ``OMP_NUM_THREADS=1 python benchmarks/survival_coverage.py``: about fifteen minutes.

Phantom patients have a known hazard, so that the true scores are integrals and not estimates.
The number of patients is such that the wished number of events is expected before the horizon.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from provenance import provenance, store
from tqdm import tqdm

from companion.applications import (
    brier_score,
    concordance,
    draw_follow_up,
    dynamic_auc,
    true_concordance,
)

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "survival_coverage.json"
#: Expected events before the horizon, and how often the study is drawn.
EVENTS = {20: 4000, 60: 4000, 200: 2000}
#: Standard deviations of the logarithm of the hazard ratio: a weak and a stronger prognosis.
SPREADS = (0.5, 1.0)
HORIZON = 0.8
STUDY = {"censoring": 1.5, "end": 1.0}
SCORES = ("Harrell's C", "Uno's C", "AUC at the horizon", "Brier score at the horizon")


def truths(spread):
    """Return the true scores: integrals over patients, or pairs of them."""
    z = np.linspace(-8, 8, 801)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    survival = np.exp(-HORIZON * np.exp(spread * z))
    pairs = (weight * (1 - survival))[:, None] * (weight * survival)
    higher = np.tri(len(z), k=-1) + 0.5 * np.eye(len(z))
    given = {"spread": spread, "horizon": HORIZON, **STUDY}
    return {
        SCORES[0]: true_concordance(method="harrell", **given),
        SCORES[1]: true_concordance(method="uno", **given),
        SCORES[2]: float((pairs * higher).sum() / pairs.sum()),
        SCORES[3]: float((weight * survival * (1 - survival)).sum()),
    }


def scores(study):
    """Return the four scores of one study, of the true risks."""
    known = (study.time, study.event)
    survival = np.exp(-HORIZON * np.exp(study.risk))[:, None]
    return {
        SCORES[0]: concordance(*known, study.risk, method="harrell", horizon=HORIZON),
        SCORES[1]: concordance(*known, study.risk, method="uno", horizon=HORIZON),
        SCORES[2]: dynamic_auc(*known, study.risk, HORIZON),
        SCORES[3]: brier_score(*known, survival, [HORIZON]),
    }


def simulate(events, spread, studies, rng):
    """Return for each score how often its interval held the truth, and how wide it was."""
    large = draw_follow_up(rng, 200_000, spread=spread, **STUDY)
    patients = round(events / np.mean(large.event & (large.time < HORIZON)))
    right = truths(spread)
    held, widths, means = ({name: [] for name in SCORES} for _ in range(3))
    for _ in tqdm(range(studies), desc=f"{events} events, spread {spread}"):
        study = draw_follow_up(rng, patients, spread=spread, **STUDY)
        if study.time.max() <= HORIZON:
            continue  # a small study may have nobody left at the horizon: no score is given
        found = scores(study)
        for name, score in found.items():
            means[name].append(score.value)
            if not score.reason:
                held[name].append(score.low <= right[name] <= score.high)
                widths[name].append(score.high - score.low)
    return {
        "events": events, "spread": spread, "patients": patients, "studies": studies,
        "scores": {
            name: {
                "truth": round(right[name], 4), "mean": round(float(np.mean(means[name])), 4),
                "held": round(float(np.mean(held[name])), 4),
                "given": round(len(held[name]) / studies, 4),
                "width": round(float(np.mean(widths[name])), 4),
            }
            for name in SCORES
        },
    }  # fmt: skip


def main():
    """Simulate, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, help="the same for all: print, do not store")
    options = parser.parse_args()
    made, rows = provenance(), []
    for place, (events, studies) in enumerate(EVENTS.items()):
        for number, spread in enumerate(SPREADS):
            rng = np.random.default_rng([place, number])
            rows.append(simulate(events, spread, options.studies or studies, rng))
            held = {name: score["held"] for name, score in rows[-1]["scores"].items()}
            print(pd.Series(held, name=f"{events} events, spread {spread}").to_string(), flush=True)
    if not options.studies:
        store(json.dumps(made | {"rows": rows}, indent=1, ensure_ascii=False), STORED)


if __name__ == "__main__":
    main()
