"""Three simulated hospitals, alone, together and pooled, over several seeds; stores one table.

Run ``python benchmarks/federated.py --seeds 10``; it needs the real data. The hospitals get
chest films of unequal number and prevalence; every way may choose its epoch or round on the same
films, and is scored on films of none of the hospitals.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from provenance import provenance, store

from companion.data import load_pneumonia
from companion.evaluation import evaluate
from companion.studies.hospitals import PREVALENCES, SIZES, open_hospitals, train_every_way

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "federated.json"


def main():
    """Deal, train, score and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds, made = parser.parse_args().seeds, provenance()
    chest, runs = load_pneumonia(), []
    for seed in range(seeds):
        hospitals, choosing = open_hospitals(chest.train, np.random.default_rng([15, seed]))
        for way, predict in train_every_way(hospitals, choosing, seed=seed).items():
            said = predict(chest.validation.images)
            scores = evaluate(chest.validation.labels, said, n_boot=1, rng=np.random.default_rng(0))
            run = {"seed": seed, "way": way} | {
                name: round(float(scores[name].value), 4)
                for name in ("auroc", "balanced_accuracy", "recall", "specificity")
            }
            print(run, flush=True)
            runs.append(run)
    about = {"sizes": SIZES, "prevalences": PREVALENCES, "seeds": seeds}
    store(json.dumps(made | about | {"runs": runs}), STORED)


if __name__ == "__main__":
    main()
