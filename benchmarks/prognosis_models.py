"""Cross-validated prognoses of I-SPY 1 and WPBC, many partitions; the table goes into the package.

Run ``OMP_NUM_THREADS=1 python benchmarks/prognosis_models.py`` with COMPANION_DATA naming the
tables: about ten minutes. Scores and their ends are means over partitions; only means are stored,
nothing of a single patient.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from provenance import provenance, store
from tqdm import tqdm

from companion.applications import (
    Prognoses,
    calibration_at,
    compare_concordance,
    cross_validate,
    landmark,
    learn_cox,
    learn_visits,
)
from companion.data import FEATURES, load_breast_mri, load_wpbc
from companion.pages._prognosis_numbers import (
    FLAGS,
    HISTORY,
    HORIZON_DAYS,
    LANDMARK_DAYS,
    LAST_DAYS,
    MODELS,
    covariates_of,
    known_days,
    score_prognoses,
)

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "prognosis_models.json"
PARTITIONS = 20
TIME, EVENT = "recurrence_free_days", "recurred"
VISIT_COLUMNS = [[f"size_{number}", f"size_{number}_missing"] for number in range(1, 5)]
RECURRENT = "four visits, recurrent"
TRAP = "visits, tissue and what is missing"


def models_of(own):
    """Return by model the covariates and the learner of one partition."""
    found = {"everybody alike": (("constant",), learn_cox)}
    found |= {name: (columns, learn_cox) for name, columns in MODELS.items()}
    found[TRAP] = ((*MODELS["visits and tissue"], *FLAGS), learn_cox)
    flat = tuple(name for visit in VISIT_COLUMNS for name in visit)
    found[RECURRENT] = ((*HISTORY, *flat), learn_visits(VISIT_COLUMNS, seed=own))
    return found


def study(covariates, time, event, models, pairs, *, horizon, last, steps, name):
    """Return scores, differences and calibration of all models over all partitions."""
    horizons = np.linspace(last / 4, last, steps)
    horizons[np.argmin(np.abs(horizons - horizon))] = horizon
    covariates = covariates.assign(constant=0.0)
    scores, differences, predicted = {}, {}, {}
    for own in tqdm(range(PARTITIONS), desc=name):
        said: dict[str, Prognoses] = {}
        for model, (columns, learn) in models(own).items():
            rng = np.random.default_rng(own)  # the same partition for all
            said[model] = cross_validate(
                covariates[list(columns)], time, event, learn, horizons, rng=rng
            )
            found = score_prognoses(time, event, said[model], horizons, horizon=horizon, last=last)
            scores.setdefault(model, []).append(found)
            at = said[model].survival[:, horizons == horizon][:, 0]
            predicted.setdefault(model, []).append(1 - at)
        for one, other in pairs:
            risks = said[one].risk, said[other].risk
            found = compare_concordance(time, event, *risks, horizon=last, folds=said[one].fold)
            differences.setdefault(f"{one} − {other}", []).append(found)
    return {
        "patients": len(time), "events": int(np.sum(event)),
        "scores": {model: {score: mean_of([row[score] for row in rows]) for score in rows[0]}
                   for model, rows in scores.items()},
        "spread": {model: round(float(np.std([row["Uno's C"].value for row in rows])), 4)
                   for model, rows in scores.items()},
        "differences": {name: mean_of(rows) for name, rows in differences.items()},
        "calibration": {model: calibration(time, event, np.mean(rows, axis=0), horizon)
                        for model, rows in predicted.items() if model != "everybody alike"},
    }  # fmt: skip


def mean_of(estimates):
    """Return the mean value and mean ends of one score over partitions."""
    parts = [[e.value] if e.reason else [e.value, e.low, e.high] for e in estimates]
    length = min(map(len, parts))
    return [round(float(x), 4) for x in np.mean([part[:length] for part in parts], axis=0)]


def calibration(time, event, risk, horizon):
    """Return the table of predicted and observed events, of mean predictions, as lists."""
    table = calibration_at(time, event, risk, horizon, groups=3)
    return {name: [round(float(x), 4) for x in row] for name, row in table.T.items()}


def of_women():
    """Return the study of I-SPY 1 from day 0, and at landmarks."""
    table = load_breast_mri().table
    covariates = covariates_of(table)
    pairs = [("both", "history"), ("four visits", "both"), (RECURRENT, "both"),
             ("visits and tissue", "four visits"), (TRAP, "both")]  # fmt: skip
    found = {
        "day 0": study(
            covariates, table[TIME].to_numpy(), table[EVENT].to_numpy(), models_of, pairs,
            horizon=HORIZON_DAYS, last=LAST_DAYS, steps=13, name="day 0",
        )
    }  # fmt: skip
    whole = covariates.join(table[[TIME, EVENT]])
    for day in (LANDMARK_DAYS, 365.0):
        left = landmark(
            whole, day, time=TIME, event=EVENT, covariates=list(covariates), known_at=known_days()
        )
        name = f"day {day:.0f}"
        found[name] = study(
            left[list(covariates)], left[TIME].to_numpy(), left[EVENT].to_numpy(), models_of,
            pairs, horizon=HORIZON_DAYS - day, last=LAST_DAYS - day, steps=13, name=name,
        )  # fmt: skip
    return found


def of_nuclei():
    """Return the study of WPBC, in months."""
    table = load_wpbc().table
    surgery = ["tumour_cm", "nodes"]
    covariates = table[[*FEATURES, *surgery]]
    models = {
        "everybody alike": (("constant",), learn_cox),
        "size and nodes": (tuple(surgery), learn_cox),
        "nuclei": (FEATURES, learn_cox),
        "both": ((*FEATURES, *surgery), learn_cox),
    }
    return study(
        covariates, table.follow_up_months.to_numpy(), table.recurred.to_numpy(),
        lambda own: models, [("both", "size and nodes"), ("both", "nuclei")],
        horizon=36.0, last=60.0, steps=13, name="nuclei",
    )  # fmt: skip


def main():
    """Compute, print and store."""
    made = provenance() | {"partitions": PARTITIONS}
    found = {"women": of_women(), "nuclei": of_nuclei()}
    for name, part in {**found["women"], "nuclei": found["nuclei"]}.items():
        print(name, part["patients"], part["events"])
        for model, row in part["scores"].items():
            print(f"  {model}: {row}")
        print("  differences:", part["differences"])
    store(json.dumps(made | found, indent=1, ensure_ascii=False), STORED)


if __name__ == "__main__":
    main()
