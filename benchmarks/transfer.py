"""A start from photographs against a random one, at five sizes; stores the table of chapter 7.

Run ``python benchmarks/transfer.py --seeds 4``: about twenty minutes in one thread, real data
needed. The learning rates are chosen first, on the validation split, with a draw of films that
is not used again.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from provenance import provenance, rounded_interval, store

from companion.data import load_pneumonia
from companion.evaluation import Estimate, delong, evaluate
from companion.in_torch import TransferCNN, predict
from companion.studies import LEARNERS, draw_budget, fine_tune, learn_head, over_seeds
from companion.studies.transfer import BATCH_SIZE, UPDATES

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "transfer.json"
SIZES = (25, 50, 100, 200, 400)
RATES = {"fine-tuned": (1e-4, 3e-4, 1e-3), "same network, random start": (1e-3, 3e-3)}
CHOSEN_AT, CHOSEN_WITH = 100, 1000
AGAINST = "small network, random start"


def arms(rates):
    """Return what is compared: from films to train and to choose on, and a seed, to a predictor."""

    def frozen(train, selection, seed):
        return partial(predict, learn_head(train, selection, seed))

    def tuned(train, selection, seed, rate=rates["fine-tuned"]):
        model = learn_head(train, selection, seed)
        return partial(predict, fine_tune(model, train, selection, seed, learning_rate=rate))

    def random_start(train, selection, seed, rate=rates["same network, random start"]):
        model = TransferCNN(pretrained=False, seed=seed)
        return partial(predict, fine_tune(model, train, selection, seed, learning_rate=rate))

    return {
        "frozen features": frozen,
        "fine-tuned": tuned,
        "same network, random start": random_start,
        AGAINST: LEARNERS["better CNN"],
    }


def drawn(pool, size, seed):
    """Return the films that a study of this size has, to train and to choose on."""
    rows = draw_budget(pool.labels, size, np.random.default_rng(seed))
    return [pool[part] for part in rows]


def choose_rates(splits):
    """Try each learning rate once, on films and a seed that do not come again."""
    parts, tried = drawn(splits["train"], CHOSEN_AT, CHOSEN_WITH), {}
    validation = splits["validation"]
    for name, rates in RATES.items():
        tried[name] = {}
        for rate in rates:
            learn = arms(dict.fromkeys(RATES, rate))[name]
            scores = learn(*parts, CHOSEN_WITH)(validation.images)
            area = evaluate(validation.labels, scores, n_boot=2, rng=np.random.default_rng(0))
            tried[name][rate] = round(area["auroc"].value, 4)
            print(f"{name}, learning rate {rate}: {tried[name][rate]}", flush=True)
    return {name: max(found, key=found.get) for name, found in tried.items()}, tried


def area_of(films, scores):
    """Return the AUROC with its interval over films."""
    return evaluate(films.labels, scores, n_boot=2, rng=np.random.default_rng(0))["auroc"]


def summary(films, scores):
    """Return each arm's AUROC over seeds, and its difference to the small network's, in pairs."""
    areas = {name: [area_of(films, s) for s in runs] for name, runs in scores.items()}
    table = {
        name: {
            "auroc": rounded_interval(over_seeds(found, share=True)),
            "by seed": [round(e.value, 4) for e in found],
        }
        for name, found in areas.items()
    }
    for against in (AGAINST, "frozen features"):
        for name, runs in scores.items():
            if name == against:
                continue
            gains = []
            for base, run in zip(scores[against], runs, strict=True):
                found = delong(films.labels, base, run)
                gains.append(Estimate(found.difference, found.low, found.high, found.reason))
            table[name][f"minus {against}"] = rounded_interval(over_seeds(gains))
    return table


def main():
    """Choose, train, score, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    seeds, started = parser.parse_args().seeds, time.process_time()
    torch.set_num_threads(1)
    made, splits = provenance(), load_pneumonia().splits
    held_out = {split: splits[split] for split in ("validation", "test")}
    rates, tried = choose_rates(splits)
    made |= {"updates": UPDATES, "batch_size": BATCH_SIZE, "pixels": 64, "precision": "float32"}
    made |= {"seeds": seeds, "sizes": list(SIZES), "learning_rates": rates, "tried": tried}
    made |= {"runs_scored_on_test": len(SIZES) * seeds * len(arms(rates)), "scores": []}
    minutes = dict.fromkeys(arms(rates), 0.0)
    for size in SIZES:
        scores = {split: {name: [] for name in arms(rates)} for split in held_out}
        for seed in range(seeds):
            parts = drawn(splits["train"], size, seed)
            for name, learn in arms(rates).items():
                since = time.process_time()
                predictor = learn(*parts, seed)
                minutes[name] += (time.process_time() - since) / 60
                for split, films in held_out.items():
                    scores[split][name].append(predictor(films.images))
        found = {split: summary(films, scores[split]) for split, films in held_out.items()}
        made["scores"].append(found)
        for split, table in found.items():
            for name, row in table.items():
                print(f"{size:4} films, {split:10} {name:28}", row, flush=True)
        spent = {name: round(spent, 2) for name, spent in minutes.items()}
        made["processor_minutes_of_training"] = spent
        made["processor_minutes"] = round((time.process_time() - started) / 60, 1)
        store(json.dumps(made).replace('{"validation"', '\n{"validation"'), STORED)


if __name__ == "__main__":
    main()
