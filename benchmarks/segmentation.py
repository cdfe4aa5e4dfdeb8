"""The hippocampus outlined by U-Nets: three losses, two programs, several seeds, one baseline.

Run ``python benchmarks/segmentation.py --seeds 3``; it needs the real data. The losses are
compared on the validation patients, the programs on the test patients. Writes a table into the
package.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from monai.networks.nets import BasicUNet
from provenance import provenance, rounded_interval, store

from companion.applications import means_by_patient, score_scans
from companion.data import load_hippocampus, read_nodules
from companion.evaluation import mean_estimate
from companion.in_torch import (
    LOSSES,
    UNet,
    fit_segmentation,
    predict_labels,
)
from companion.pages.c6_2_treatment import (
    SHARES,
    STRUCTURES,
    mean_mask,
    place_mask,
    read_volumes,
    readers_differ,
)

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "segmentation.json"
SCORES = ("dice", "hd95_mm", "assd_mm", "surface_dice", "volume_error_ml")
#: Volumes and epochs: to compare losses, and to be tested.
COMPARED, TRAINED = (60, 2), (None, 2)


def read(data, rows):
    """Return standardised volumes, labels and patients."""
    return (*read_volumes(data, rows), data.patients[rows].tolist())


def own(seed):
    """The page's network."""
    return UNet(structures=3, widths=(8, 16, 32), seed=seed)


def monai(seed):
    """MONAI's BasicUNet, which has five levels."""
    torch.manual_seed(seed)
    return BasicUNet(3, 1, 3, features=(8, 8, 16, 32, 64, 8))


def score(answer, split):
    """Return the scores of what `answer` says of each volume."""
    volumes, labels, patients = split
    found = [answer(volume) for volume in volumes]
    return score_scans(
        found, labels, patients, structures=STRUCTURES, spacing_mm=(1, 1, 1), tolerance_mm=1
    )


def summary(table):
    """Return the mean of each score by structure with its interval over patients; None if NaN."""
    return {
        score: {name: rounded_interval(e) for name, e in means_by_patient(table, score).items()}
        for score in SCORES
        if not table[score].isna().any()
    }


def between_readers():
    """Return by how much four radiologists differ, as means and medians over nodules."""
    table = readers_differ(read_nodules(), np.random.default_rng(62), count=300)
    values = table.drop(columns="patient")
    patients = values.groupby(table.patient).mean()
    return {
        "nodules": len(table),
        "patients": len(patients),
        "mean": {name: rounded_interval(mean_estimate(patients[name])) for name in values},
        "median": {name: round(float(values[name].median()), 4) for name in values},
    }


def train(make, seed, split, size, epochs, loss):
    """Return a trained network and the seconds that it took."""
    volumes, labels, _ = split
    network = make(seed)
    start = time.perf_counter()
    fit_segmentation(
        network, volumes[:size], labels[:size], epochs=epochs, loss=loss, seed=seed, progress=False
    )
    return network, round(time.perf_counter() - start, 1)


def compare_losses(splits, seeds):
    """Train with each loss and score on validation; the differences are paired by patient."""
    runs, by_patient = {}, {}
    for name, loss in LOSSES.items():
        runs[name], dice = [], []
        for seed in range(seeds):
            network, seconds = train(own, seed, splits["train"], *COMPARED, loss)
            table = score(partial(predict_labels, network), splits["validation"])
            runs[name].append({"seed": seed, "seconds": seconds} | summary(table))
            dice.append(table.groupby("patient").dice.mean())
            print(name, seed, seconds, runs[name][-1]["dice"], flush=True)
        by_patient[name] = np.mean(dice, axis=0)
    differences = {
        f"both minus {name}": rounded_interval(mean_estimate(by_patient["both"] - by_patient[name]))
        for name in LOSSES
        if name != "both"
    }
    means = {name: round(float(values.mean()), 4) for name, values in by_patient.items()}
    return {"runs": runs, "mean": means, "differences": differences}


def test(make, splits, seeds, loss):
    """Train on all training patients and score on the test patients."""
    runs = []
    for seed in range(seeds):
        network, seconds = train(make, seed, splits["train"], *TRAINED, loss)
        table = score(partial(predict_labels, network), splits["test"])
        runs.append({"seed": seed, "seconds": seconds} | summary(table))
        print(make.__name__, seed, seconds, runs[-1]["dice"], runs[-1].get("hd95_mm"), flush=True)
    weights = sum(values.numel() for values in network.parameters())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"weights": weights, "peak_memory_mb": round(memory), "runs": runs}


def main():
    """Compare, train, test, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds, made = parser.parse_args().seeds, provenance()
    made["threads"] = int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads()))
    data = load_hippocampus()
    rows = data.split(np.random.default_rng(62), shares=SHARES)
    splits = {name: read(data, own_rows) for name, own_rows in rows.items()}
    made["split"] = {
        name: {"scans": len(split[0]), "patients": len(set(split[2]))}
        for name, split in splits.items()
    }
    mean = mean_mask(*splits["train"][:2])
    made["mean mask"] = summary(score(partial(place_mask, mean), splits["test"]))
    print("mean mask", made["mean mask"]["dice"], flush=True)
    made["readers"] = between_readers()
    print(made["readers"], flush=True)
    made["settings"] = {
        "compared": {"scans": COMPARED[0], "epochs": COMPARED[1]},
        "trained": {"scans": made["split"]["train"]["scans"], "epochs": TRAINED[1]},
    }
    made["losses"] = compare_losses(splits, seeds)
    made["chosen"] = chosen = max(made["losses"]["mean"], key=made["losses"]["mean"].get)
    made["seeds"], made["networks"] = seeds, {}
    for name, make in (("three levels", own), ("MONAI, five levels", monai)):
        made["networks"][name] = test(make, splits, seeds, LOSSES[chosen])
        store(json.dumps(made), STORED)


if __name__ == "__main__":
    main()
