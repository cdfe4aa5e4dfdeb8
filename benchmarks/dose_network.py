"""Can a small network guess the planned dose from the outlines? On phantoms it did not see.

Run ``OMP_NUM_THREADS=1 python benchmarks/dose_network.py``: about ten minutes on one core. Targets,
cores and the number of beams are drawn at random; the engine plans each; the network, the mean
dose and trees that see distances only are asked about the test variants once.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from plans import asked
from provenance import provenance, store
from scipy.ndimage import distance_transform_edt
from sklearn.ensemble import HistGradientBoostingRegressor
from torch import nn

from companion.applications import Phantom, dose_influence, load_tg119, optimize_plan
from companion.evaluation import mean_estimate

STORED = Path(__file__).resolve().parent.parent / "companion" / "pages" / "dose_network.json"
SPLIT = {"train": 20, "validation": 4, "test": 10}
#: Of the dose grid of 7.5 mm: the body.
PART = np.s_[1:41, 21:45, 11:55]
GRID_MM, BEAMLET_MM, EPOCHS, LEAST_GY = 7.5, 10, 25, 5


def draw_phantom(phantom: Phantom, rng: np.random.Generator) -> Phantom:
    """Return the phantom with another C-shaped target and another core."""
    places = np.indices(phantom.ct_hu.shape, np.float32)
    z, y, x = (p * s for p, s in zip(places, phantom.spacing_mm, strict=True))
    z0, y0, x0 = np.add((161, 250, 250), rng.uniform((-10, -12, -20), (10, 12, 20)))
    core_mm = rng.uniform(8, 14)
    inner = core_mm + rng.uniform(4, 9)
    outer = inner + rng.uniform(14, 24)
    half_mm, opening = rng.uniform(25, 42), rng.uniform(0.6, 1.6)
    far, angle = np.hypot(y - y0, x - x0), np.arctan2(x - x0, y - y0)
    turned = np.abs((angle - rng.uniform(-np.pi, np.pi) + np.pi) % (2 * np.pi) - np.pi)
    along = np.abs(z - z0)
    target = (far > inner) & (far < outer) & (turned > opening) & (along < half_mm)
    core = (far < core_mm) & (along < half_mm + 8)
    return phantom.redrawn(OuterTarget=target, Core=core)


def features(phantom, influence, beams):
    """Return what network and trees see, (7, D, H, W) on the dose grid: no dose, no weights."""
    dij = influence.engine[0]
    index = [
        np.rint((np.arange(n) * step + first - ct_first) / ct_step).astype(int).clip(0, size - 1)
        for n, step, first, ct_first, ct_step, size in zip(
            influence.grid_shape, influence.grid_spacing_mm, dij.dose_grid.origin[::-1],
            dij.ct_grid.origin[::-1], phantom.spacing_mm, phantom.ct_hu.shape, strict=True,
        )
    ]  # fmt: skip
    target, core, body = (
        phantom.structures[name][np.ix_(*index)] for name in ("OuterTarget", "Core", "BODY")
    )
    distances = [
        (distance_transform_edt(~m) - distance_transform_edt(m)) * GRID_MM / 50
        for m in (target, core)
    ]
    z, y, x = np.indices(target.shape)
    crossed = np.zeros(target.shape)
    for angle in np.deg2rad(influence.angles_deg):  # is there target before or behind this voxel?
        side = np.rint(x * np.cos(angle) + y * np.sin(angle)).astype(int) + 200
        hit = np.zeros((len(target), 400), bool)
        hit[z[target], side[target]] = True
        crossed += hit[z, side]
    return np.stack([
        target, core, body, *np.clip(distances, -1, 2), crossed / beams,
        np.full(target.shape, beams / 9),
    ]).astype(np.float32)[:, *PART]  # fmt: skip


def plan_variants(rng: np.random.Generator, count: int) -> list:
    """Draw phantoms and let the engine plan them: features, dose, seconds of each."""
    phantom, made = load_tg119(), []
    for number in range(count):
        started = time.perf_counter()
        own, beams = draw_phantom(phantom, rng), int(rng.choice([5, 7, 9]))
        influence = dose_influence(
            own, beams=beams, beamlet_mm=BEAMLET_MM, grid_mm=GRID_MM, progress=False
        )
        plan = optimize_plan(own, influence, asked(), progress=False)
        dose = (influence.matrix @ plan.weights * plan.scale).reshape(influence.grid_shape)
        seconds = time.perf_counter() - started
        made.append((features(own, influence, beams), dose[PART].astype(np.float32), seconds))
        print(f"variant {number}: {beams} beams, {seconds:.1f} s", flush=True)
    return made


def small_network() -> nn.Sequential:
    """Return five convolutions, the middle ones with gaps, so that a voxel sees 150 mm."""
    layers, channels = [], 7
    for dilation in (1, 2, 4, 2):
        layers += [nn.Conv3d(channels, 12, 3, padding=dilation, dilation=dilation), nn.ReLU()]
        channels = 12
    return nn.Sequential(*layers, nn.Conv3d(channels, 1, 1), nn.Softplus())


def train(train_set, validation, seed):
    """Train on mirrored variants; keep the weights of the epoch best on validation."""
    torch.manual_seed(seed)
    rng, model = np.random.default_rng(seed), small_network()
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    best, kept = np.inf, None
    for epoch in range(EPOCHS):
        for row in rng.permutation(len(train_set)):
            given, dose = (torch.from_numpy(a) for a in train_set[row][:2])
            if rng.random() < 0.5:  # the beams lie in the same way to the left and to the right
                given, dose = given.flip(-1), dose.flip(-1)
            loss = ((model(given[None])[0, 0] - dose / 50)[given[2] > 0] ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        error = np.mean([judge(guess(model, v[0]), v)["difference_gy"] for v in validation])
        if error < best:
            best, kept = error, {k: v.clone() for k, v in model.state_dict().items()}
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: {error:.2f} Gy on validation", flush=True)
    model.load_state_dict(kept)
    return model


def guess(model, given):
    """Return the network's dose in Gy."""
    with torch.inference_mode():
        return 50 * model(torch.from_numpy(given)[None])[0, 0].numpy()


def judge(dose, variant):
    """Return how far a guessed dose is from the engine's: by voxel, and by DVH numbers."""
    given, truth, _ = variant
    target, core, body = given[:3] > 0
    seen = body & (truth > LEAST_GY)
    found = {"difference_gy": float(np.abs(dose - truth)[seen].mean())}
    for name, mask, percent in (("d95", target, 5), ("d10", target, 90), ("core_d10", core, 90)):
        ours, theirs = (np.percentile(d[mask], percent) for d in (dose, truth))
        found[f"{name}_error_gy"] = float(abs(ours - theirs))
    return found


def main() -> None:
    """Draw, plan, train, ask once, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", type=int, default=sum(SPLIT.values()))
    count = parser.parse_args().variants
    made = provenance() | {"split": SPLIT, "grid_mm": GRID_MM, "epochs": EPOCHS}
    variants = plan_variants(np.random.default_rng(119), count)
    ends = np.cumsum(list(SPLIT.values()))
    known, chosen, test = (variants[a:b] for a, b in zip([0, *ends], ends, strict=False))
    model = train(known, chosen, seed=0)
    trees = HistGradientBoostingRegressor(max_iter=150, random_state=0)
    columns = [v[0].reshape(7, -1).T[v[0][2].ravel() > 0] for v in known]
    trees.fit(np.vstack(columns), np.concatenate([v[1][v[0][2] > 0] for v in known]))
    mean = np.mean([v[1] for v in known], axis=0)
    guesses = {
        "mean dose": lambda g: mean,
        "distances (trees)": lambda g: trees.predict(g.reshape(7, -1).T).reshape(mean.shape),
        "network": lambda g: guess(model, g),
    }
    rows = {name: [judge(of(v[0]), v) for v in test] for name, of in guesses.items()}
    started = time.perf_counter()
    guess(model, test[0][0])
    made["seconds"] = {
        "engine": float(np.median([v[2] for v in variants])),
        "network": time.perf_counter() - started,
    }
    made["rows"] = rows
    made["means"] = {
        name: {
            score: [round(float(v), 3) for v in (e.value, e.low, e.high)]
            for score in own[0]
            for e in [mean_estimate([row[score] for row in own], bounds=(0, 100))]
        }
        for name, own in rows.items()
    }
    print(json.dumps(made["means"], indent=1))
    if count == sum(SPLIT.values()):
        store(json.dumps(made, indent=1), STORED)


if __name__ == "__main__":
    main()
