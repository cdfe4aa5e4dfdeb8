"""What an error of the target's outline costs: planned on the wrong outline, judged on the right.

Run ``OMP_NUM_THREADS=1 python benchmarks/contour_dose.py``: about five minutes on one core.
One influence matrix serves all plans; only the outline that the optimiser is told differs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from plans import asked
from provenance import provenance, store
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from companion.applications import (
    Phantom,
    dose_at_volume,
    dose_influence,
    load_tg119,
    optimize_plan,
)

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "contour_dose.json"
ERRORS_MM = (1.5, 3.0)
#: Towards the head, the back, the front and the left; the phantom is alike on both sides.
WAYS = {"+z": (1, 0, 0), "+y": (0, 1, 0), "-y": (0, -1, 0), "+x": (0, 0, 1)}
FINER, SMOOTH_MM = 3, 1.5


def signed_distance(mask: np.ndarray, spacing_mm: tuple) -> np.ndarray:
    """Return the distance in mm from the outline, negative inside, on a grid three times finer.

    Errors are smaller than a voxel, so the outline must lie between voxels, and is smoothed.
    """
    fine = mask
    for axis in range(3):
        fine = fine.repeat(FINER, axis)
    step = np.divide(spacing_mm, FINER)
    outside = distance_transform_edt(~fine, sampling=step)
    inside = distance_transform_edt(fine, sampling=step)
    return gaussian_filter(outside - inside, SMOOTH_MM / step)


def drawn(distance, spacing_mm, shape, *, grow_mm=0.0, shift_mm=(0, 0, 0)):
    """Return the mask whose outline is grown and then moved."""
    steps = np.divide(shift_mm, spacing_mm)
    at = np.meshgrid(*(np.arange(n) - s for n, s in zip(shape, steps, strict=True)), indexing="ij")
    where = [(FINER * a + (FINER - 1) / 2).ravel() for a in at]
    found = map_coordinates(distance, where, order=1, mode="nearest")
    return (found <= grow_mm).reshape(shape)


def main() -> None:
    """Plan, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarse grids, to try the script")
    quick = parser.parse_args().quick
    beamlet, grid = (15, 15) if quick else (10, 5)
    phantom = load_tg119()
    truth, core = phantom.structures["OuterTarget"], phantom.structures["Core"]
    body = phantom.structures["BODY"]
    distance = signed_distance(truth, phantom.spacing_mm)

    def outline(**how):
        return drawn(distance, phantom.spacing_mm, truth.shape, **how)

    widest: Phantom = phantom.redrawn(OuterTarget=outline(grow_mm=6))
    influence = dose_influence(widest, beamlet_mm=beamlet, grid_mm=grid, progress=False)
    table = provenance() | {
        "beamlet_mm": beamlet, "grid_mm": grid, "voxels": int(truth.sum()),
        "beamlets": int(influence.matrix.shape[1]), "plans": [],
    }  # fmt: skip
    wrong = [("right", 0.0, 0.0, "", {})]
    wrong += [("grown", e, 0.0, "", {"grow_mm": e}) for e in ERRORS_MM]
    wrong += [("shrunk", e, 0.0, "", {"grow_mm": -e}) for e in ERRORS_MM]
    wrong += [
        ("moved", e, margin, way, {"grow_mm": margin, "shift_mm": e * np.array(unit)})
        for margin in (0.0, 3.0)
        for e in ERRORS_MM
        for way, unit in WAYS.items()
        if margin == 0 or e == max(ERRORS_MM)
    ]
    wrong += [("right", 0.0, margin, "", {"grow_mm": margin}) for margin in (3.0, 5.0)]
    for kind, error_mm, margin_mm, way, how in wrong:
        mask = outline(**how)
        plan = optimize_plan(
            phantom.redrawn(OuterTarget=mask), influence, asked(), progress=False
        )  # fmt: skip
        dose = plan.dose_gy
        row = {
            "kind": kind, "error_mm": error_mm, "margin_mm": margin_mm, "way": way,
            "volume_percent": round(100 * mask.sum() / truth.sum(), 1),
            "dice": round(2 * (mask & truth).sum() / (mask.sum() + truth.sum()), 3),
            "d95_gy": round(dose_at_volume(dose, truth, 95), 2),
            "d98_gy": round(dose_at_volume(dose, truth, 98), 2),
            "d10_gy": round(dose_at_volume(dose, truth, 10), 2),
            "core_d10_gy": round(dose_at_volume(dose, core, 10), 2),
            "body_mean_gy": round(float(dose[body & ~truth].mean()), 2),
        }  # fmt: skip
        table["plans"].append(row)
        print(json.dumps(row), flush=True)
        if quick and len(table["plans"]) == 6:
            break
    if not quick:
        store(json.dumps(table, indent=1), STORED)


if __name__ == "__main__":
    main()
