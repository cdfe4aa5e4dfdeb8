"""Wrong labels planted into chest films, and how many are found; stores one table.

Run ``python benchmarks/label_errors.py --seeds 10``; it needs the real data. In each run 1,200
films are drawn and a share of their labels is flipped: of any films, or of those on which models
of other films doubt. Confident learning then looks for them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from provenance import provenance, store

from companion.data import load_pneumonia
from companion.films import Films
from companion.studies import (
    held_out_probabilities,
    learn_logistic,
    plant_label_errors,
    suspect_labels,
)

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "label_errors.json"
FILMS, SHARES = 1200, (0.02, 0.05, 0.1, 0.2)


def main():
    """Plant, look, count and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds, made = parser.parse_args().seeds, provenance()
    pool, runs = load_pneumonia().train, []
    for seed in range(seeds):
        rng = np.random.default_rng([15, seed])
        films = pool[rng.permutation(len(pool))[:FILMS]]
        found = held_out_probabilities(films, learn_logistic, rng)
        doubts = {"random": None, "hard": 0.02 + np.minimum(found, 1 - found)}
        for kind, doubt in doubts.items():
            for share in SHARES:
                given = plant_label_errors(films.labels, share, rng, doubt=doubt)
                noisy = Films(films.images, given)
                again = held_out_probabilities(noisy, learn_logistic, rng)
                suspects, planted = suspect_labels(given, again), given != films.labels
                run = {
                    "seed": seed, "kind": kind, "share": share, "planted": int(planted.sum()),
                    "suspects": int(suspects.sum()), "found": int((suspects & planted).sum()),
                }  # fmt: skip
                print(run, flush=True)
                runs.append(run)
    store(json.dumps(made | {"films": FILMS, "seeds": seeds, "runs": runs}), STORED)


if __name__ == "__main__":
    main()
