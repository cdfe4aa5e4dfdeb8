"""Chapter 6.1 from several seeds; prints means, writes a table into the package.

Run ``python benchmarks/diagnosis.py --seeds 10``; it needs the real data. A run draws the chest
films to learn from, all first weights, the order of films, the parts of leg and photograph, the
noise, the coin and the split of the hippocampus. Breast images, validation and test stay the same.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from provenance import provenance, store_runs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import trange

from companion.applications import (
    conformal_thresholds,
    detection_auroc,
    prediction_sets,
    threshold_for_coverage,
)
from companion.data import find_near_twins, load_breast, load_hippocampus, load_pneumonia
from companion.evaluation import delong
from companion.films import Films
from companion.in_torch import PooledCNN, VolumeCNN, fit, predict
from companion.pages._diagnosis_runs import SHOWN
from companion.pages.c6_1_diagnosis import (
    BOX,
    ask_neighbours,
    fit_detectors,
    foreign_films,
    read_blocks,
    slices_of,
    what_is_answered,
)

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "diagnosis.json"
small = partial(PooledCNN, widths=(8, 16, 32))
quick = partial(torch.optim.Adam, lr=2e-3)
train = partial(fit, optimizer=quick, progress=False)
#: Films of the chest from which a model learns that is to be helped by ultrasound.
FEW = 200


def started_from(other, films, validation, seed, epochs=20):
    """Train on with another model's weights, or from random ones when there is no other."""
    model = small(seed=seed)
    if other is not None:
        model.load_state_dict(other.state_dict())
    train(model, films, validation=validation, epochs=epochs, seed=seed)
    return model


def compare(labels, scratch, moved):
    """Return two areas, and their difference with DeLong's interval over the test images."""
    found = delong(labels, scratch, moved)
    return {
        "random start": found.first, "other start": found.second,
        "difference, low": found.low, "difference, high": found.high,
    }  # fmt: skip


def twins(labels, scores, has_twin, rng):
    """Return the scores of all images, without the twins, and without as many at random."""

    def _scores(own):
        right = np.mean((scores[own] >= 0.5) == labels[own])
        return right, roc_auc_score(labels[own], scores[own])

    count = int((~has_twin).sum())
    drawn = np.array([_scores(rng.permutation(len(labels))[:count]) for _ in range(500)])
    choices = {
        "all": _scores(np.ones(len(labels), bool)), "twins alone": _scores(has_twin),
        "without twins": _scores(~has_twin), "random removal": drawn.mean(axis=0),
    }  # fmt: skip
    found = {
        (score, name): pair[place]
        for place, score in enumerate(("accuracy", "AUROC"))
        for name, pair in choices.items()
    }
    for place, score in enumerate(("accuracy", "AUROC")):
        below = (drawn[:, place] < choices["without twins"][place]).mean()
        found[score, "random removals below"] = below
    return found


def abstain(chest, answers):
    """Return coverage and risk on validation and test, the threshold chosen on validation."""
    sure = {split: np.maximum(p, 1 - p) for split, p in answers.items()}
    least, found = threshold_for_coverage(sure["validation"], 0.8), {}
    for split in ("validation", "test"):
        labels = chest.splits[split].labels
        wrong = (answers[split] >= 0.5) != labels
        given = sure[split] >= least
        found[split, "always answering"] = wrong.mean()
        found[split, "coverage"] = given.mean()
        found[split, "risk"] = wrong[given].mean()
        for name, own in {"normal": labels == 0, "pneumonia": labels == 1}.items():
            found[split, f"coverage, {name}"] = given[own].mean()
            found[split, f"risk, {name}"] = wrong[own & given].mean()
    return found


def answered(chest, model, distance, foreign):
    """Return what two rules, both set on validation, let through of each kind of picture."""
    own = chest.validation.images
    p = predict(model, own)
    table = what_is_answered(
        {"as it is": own} | foreign, chest.validation.labels, partial(predict, model),
        threshold_for_coverage(np.maximum(p, 1 - p), 0.8), distance,
        np.quantile(distance(own), 0.95),
    )  # fmt: skip
    return {("answered", rule, kind): table[rule][kind] for rule in table for kind in table.index}


def promise(chest, kept, model, answers):
    """Return how often sets hold the truth: calibrated on half of the kept films, then counted."""
    half, found = len(kept) // 2, {}
    calibrating, others = kept[:half], kept[half:]
    probabilities = predict(model, calibrating.images)
    places = {
        "other half": (others.labels, predict(model, others.images)),
        "validation": (chest.validation.labels, answers["validation"]),
        "test": (chest.test.labels, answers["test"]),
    }
    for name, apart in {"one threshold": False, "by class": True}.items():
        limits = conformal_thresholds(calibrating.labels, probabilities, by_class=apart)
        for place, (labels, p) in places.items():
            held = prediction_sets(p, limits)[np.arange(len(labels)), labels]
            found[name, place, "all"] = held.mean()
            found[name, place, "normal"] = held[labels == 0].mean()
            found[name, place, "pneumonia"] = held[labels == 1].mean()
    return found


def leaks(slices, places, rng):
    """Return how well a coin that each patient tossed is told, by what a slice may not ask."""
    owners, patient = np.unique(slices.patients, return_inverse=True)
    tossed = (rng.permutation(len(owners)) < len(owners) / 2).astype(int)[patient]
    scan, number = places.T
    of_one_scan = scan[:, None] == scan
    apart = np.abs(number[:, None] - number)
    left_out = {
        "the slice itself": of_one_scan & (apart == 0),
        "four slices on each side": of_one_scan & (apart <= 4),
        "the scan": of_one_scan,
        "the patient": patient[:, None] == patient,
    }
    return {
        name: roc_auc_score(tossed, ask_neighbours(slices.images, tossed, hidden))
        for name, hidden in left_out.items()
    }


def volume(brains, blocks, facts, rng, seed):
    """Return how well a small hippocampus is told: by a 3-D network, and by the cut-out's size."""
    parts = brains.split(rng, shares=(0.6, 0.15, 0.25))
    size = facts.volume_ml.to_numpy()
    below = (size < np.median(size[parts["train"]])).astype(int)
    films = {name: Films(blocks[rows], below[rows], patients=brains.patients[rows])
             for name, rows in parts.items()}  # fmt: skip
    model = VolumeCNN(blocks.shape[1:], seed=seed)
    train(
        model, films["train"], validation=films["validation"], epochs=15, batch_size=16, seed=seed
    )
    box, rows = facts[BOX].to_numpy(), parts["train"]
    line = make_pipeline(StandardScaler(), LogisticRegression()).fit(box[rows], below[rows])
    tested, labels = parts["test"], films["test"].labels
    return {
        "3-D network": roc_auc_score(labels, predict(model, films["test"].images)),
        "size of the cut-out": roc_auc_score(labels, line.decision_function(box[tested])),
        "mean brightness": roc_auc_score(labels, blocks[tested].mean(axis=(1, 2, 3))),
    }


def run(seed, chest, breast, has_twin, brains, blocks, facts, slices, places):
    """Train, score, and return every number of one seed."""
    rng = np.random.default_rng([61, seed])
    order = rng.permutation(len(chest.train))
    learned, kept = chest.train[order[:2000]], chest.train[order[2000:]]
    model = started_from(None, learned, chest.validation, seed, epochs=6)
    answers = {split: predict(model, chest.splits[split].images)
               for split in ("validation", "test")}  # fmt: skip
    found = {("chest", split, "AUROC"): roc_auc_score(chest.splits[split].labels, p)
             for split, p in answers.items()}  # fmt: skip

    lump = started_from(None, breast.train, breast.validation, seed)
    moved = started_from(model, breast.train, breast.validation, seed)
    said = [predict(each, breast.test.images) for each in (lump, moved)]
    of_twins = twins(breast.test.labels, said[0], has_twin, rng)
    found |= {("twins", *keys): value for keys, value in of_twins.items()}
    found |= {("transfer", "chest to breast", key): value
              for key, value in compare(breast.test.labels, *said).items()}  # fmt: skip
    few = [started_from(start, learned[:FEW], chest.validation, seed) for start in (None, lump)]
    said = [predict(each, chest.test.images) for each in few]
    found |= {("transfer", "breast to chest", key): value
              for key, value in compare(chest.test.labels, *said).items()}  # fmt: skip

    examples = foreign_films(learned.images[:300], rng)
    detectors = fit_detectors(model, learned, [examples[name] for name in SHOWN])
    foreign = foreign_films(chest.validation.images, rng)
    for name, score in detectors.items():
        own = score(chest.validation.images)
        for kind, films in foreign.items():
            found["detectors", name, kind] = detection_auroc(own, score(films)).value
    found |= answered(chest, model, detectors["to the classes"], foreign)

    parts = {"abstention": abstain(chest, answers), "sets": promise(chest, kept, model, answers)}
    for part, values in parts.items():
        found |= {(part, *keys): value for keys, value in values.items()}
    found |= {("coin", name): value for name, value in leaks(slices, places, rng).items()}
    found |= {("volume", name): value
              for name, value in volume(brains, blocks, facts, rng, seed).items()}  # fmt: skip
    return found


def main():
    """Run, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    made = provenance() | {"precision": "float32", "threads": 1, "seeds": options.seeds}
    chest, breast, brains = load_pneumonia(), load_breast(), load_hippocampus()
    pairs = find_near_twins(breast.test, breast.train, min_correlation=0.98)
    has_twin = np.isin(np.arange(len(breast.test)), pairs["first"])
    blocks, facts = read_blocks(brains)
    given = chest, breast, has_twin, brains, blocks, facts, *slices_of(brains, 60)
    runs = [run(seed, *given) for seed in trange(options.seeds, desc="training runs")]
    print(pd.DataFrame(runs).T.agg(["mean", "min", "max"], axis=1).round(3).to_string())
    store_runs(made, runs, STORED)


if __name__ == "__main__":
    main()
