"""Plans of the TG-119 phantom: photons and protons, other weights, other beams, finer beamlets.

Run ``OMP_NUM_THREADS=1 python benchmarks/plans.py``: about ten minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from provenance import provenance, store

from companion.applications import (
    Objective,
    conformity_index,
    dose_at_volume,
    dose_influence,
    dose_volume_histogram,
    homogeneity_index,
    load_tg119,
    optimize_plan,
)
from companion.pages.operated import packed

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "plans.json"
CURVE_GY = np.arange(0, 70.5, 0.5)
#: Of the axial slice that is stored: the body without the air around it.
PART = np.s_[65, 56:111, 30:136]


def asked(target=2000, core=300, body=10, core_gy=15, body_gy=40):
    """Return what all plans ask for, with other weights or limits."""
    return [
        Objective("OuterTarget", "deviation", 50, target),
        Objective("Core", "overdose", core_gy, core),
        Objective("BODY", "overdose", body_gy, body),
    ]


def judged(phantom, influence, plan, seconds):
    """Return a plan's numbers, on the CT's voxels and on those that the optimiser saw."""
    dose, masks = plan.dose_gy, phantom.structures
    target, core, body = masks["OuterTarget"], masks["Core"], masks["BODY"]
    seen = seen_by_optimiser(phantom, influence, plan)
    return {
        "beamlets": int(influence.matrix.shape[1]),
        "d95_before_gy": round(50 / plan.scale, 2),
        "d95_seen_gy": round(float(np.percentile(seen, 5)), 2),
        "d95_gy": round(dose_at_volume(dose, target, 95), 2),
        "d10_gy": round(dose_at_volume(dose, target, 10), 2),
        "core_d10_gy": round(dose_at_volume(dose, core, 10), 2),
        "core_mean_gy": round(float(dose[core].mean()), 2),
        "body_mean_gy": round(float(dose[body & ~target].mean()), 2),
        "conformity": round(conformity_index(dose, target, 50), 3),
        "homogeneity": round(homogeneity_index(dose, target), 3),
        "objective": round(plan.objective, 2),
        "iterations": plan.iterations,
        "seconds": [round(s, 1) for s in seconds],
    }


def seen_by_optimiser(phantom, influence, plan):
    """Return the dose in the target's voxels of the dose grid, before scaling."""
    dij = influence.engine[0]
    ct, structures = phantom.engine
    on_grid = structures.resample_on_new_ct(ct.resample_to_grid(dij.dose_grid))
    rows = next(v for v in on_grid.vois if v.name == phantom.target).indices_numpy
    return influence.matrix[rows] @ plan.weights


def curves(phantom, plan):
    """Return the dose-volume histograms of a plan, in percent at :data:`CURVE_GY`."""
    return {
        name: dose_volume_histogram(
            plan.dose_gy, mask, spacing_mm=phantom.spacing_mm, doses_gy=CURVE_GY
        ).volume_percent.round(1).tolist()
        for name, mask in phantom.structures.items()
    }  # fmt: skip


def main() -> None:
    """Plan, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarse grids, to try the script")
    quick = parser.parse_args().quick
    fine, grid = (15, 15) if quick else (7, 4)
    phantom = load_tg119()
    table = provenance() | {
        "beamlet_mm": fine, "grid_mm": grid, "curve_gy": [float(CURVE_GY[0]), 0.5, len(CURVE_GY)],
        "plans": {}, "trade": {}, "beamlets": {}, "curves": {}, "slices": {},
    }  # fmt: skip

    def plan_of(objectives, **how):
        started = time.perf_counter()
        influence = dose_influence(phantom, progress=False, **how)
        between = time.perf_counter()
        plan = optimize_plan(phantom, influence, objectives, progress=False)
        ended = time.perf_counter()
        return influence, plan, judged(
            phantom, influence, plan, (between - started, ended - between)
        )  # fmt: skip

    def keep(part, name, row):
        table[part][name] = row
        print(part, name, json.dumps(row), flush=True)

    for name, particle, beams in [
        ("nine photon beams", "photons", 9), ("three proton beams", "protons", 3),
        ("five photon beams", "photons", 5), ("three photon beams", "photons", 3),
    ]:  # fmt: skip
        how = {"particle": particle, "beams": beams, "beamlet_mm": fine, "grid_mm": grid}
        influence, plan, row = plan_of(asked(), **how)
        keep("plans", name, row)
        if beams == 9 or particle == "protons":
            table["curves"][name] = curves(phantom, plan)
            quarter_gy = np.round(np.clip(plan.dose_gy[PART], 0, 63) * 4)
            table["slices"][name] = {
                "shape": quarter_gy.shape,
                "quarter_gy": packed(quarter_gy, "u1"),
            }
        if beams == 9:
            for core in (0, 3000):
                changed = optimize_plan(phantom, influence, asked(core=core), progress=False)
                keep("trade", f"core weight {core}", judged(phantom, influence, changed, ()))
            for limit in (5, 25):
                changed = optimize_plan(phantom, influence, asked(core_gy=limit), progress=False)
                keep("trade", f"core limit {limit} Gy", judged(phantom, influence, changed, ()))
        del influence, plan
    for beamlet, side in [(15, 15)] if quick else [(10, 5), (5, 5)]:
        row = plan_of(asked(1000, 300, 30, 15, 35), beamlet_mm=beamlet, grid_mm=side)[2]
        keep("beamlets", f"{beamlet} mm beamlets, {side} mm grid", row)
    if not quick:
        store(json.dumps(table, indent=1), STORED)


if __name__ == "__main__":
    main()
