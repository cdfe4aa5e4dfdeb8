"""How often, and how soon, an alarm comes when a machine changes or does not; stores one table.

Run ``python benchmarks/drift.py --streams 200``; it needs the real data. A model is trained once;
each stream draws 1,000 films as the past and 500 others as what comes, before which the machine
may have changed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from provenance import provenance, store
from tqdm import tqdm

from companion.data import load_pneumonia
from companion.evaluation import evaluate
from companion.pages.c8_outlook import film_numbers
from companion.studies import CHANGES, METHODS, change_machine, first_alarm, train_small

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "drift.json"
PAST, COMING, LEARNED = 1000, 500, 2000


def main():
    """Train, change, watch and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    streams, made = parser.parse_args().streams, provenance()
    chest, rng = load_pneumonia(), np.random.default_rng(15)
    order = rng.permutation(len(chest.train))
    learned, kept = chest.train[order[:LEARNED]], chest.train[order[LEARNED:]]
    predict = train_small(learned, chest.validation, seed=0)
    before, alarms, scores = film_numbers(kept.images, predict), [], {}
    for change in ("none", *CHANGES):
        images = kept.images if change == "none" else change_machine(kept.images, change)
        after = film_numbers(images, predict)
        report = evaluate(kept.labels, after["probability"], n_boot=1, rng=np.random.default_rng(0))
        scores[change] = {
            name: [round(float(end), 4) for end in (report[name].value, *ends(report[name]))]
            for name in ("auroc", "recall", "specificity")
        }
        print(change, scores[change], flush=True)
        for number in before:
            for stream in tqdm(range(streams), desc=f"{change}, {number}"):
                rows = np.random.default_rng([15, stream]).permutation(len(kept))
                past = before[number][rows[:PAST]]
                coming = after[number][rows[PAST : PAST + COMING]]
                for method in METHODS:
                    films = first_alarm(past, coming, method, np.random.default_rng(stream))
                    alarms.append([change, number, method, films])
    table = {}
    for change, number, method, films in alarms:
        table.setdefault(change, {}).setdefault(number, {}).setdefault(method, []).append(films)
    about = {"streams": streams, "past": PAST, "coming": COMING, "learned": LEARNED}
    store(json.dumps(made | about | {"scores": scores, "alarms": table}), STORED)


def ends(estimate):
    """Return both ends of an interval."""
    return estimate.low, estimate.high


if __name__ == "__main__":
    main()
