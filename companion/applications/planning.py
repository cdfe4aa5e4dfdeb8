"""Radiotherapy plans by pyRadPlan: what each beamlet does, and which weights are asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from companion.applications._engine import KINDS, calm, engine_structures, on_ct, solve
from companion.applications.dose import dose_at_volume
from companion.checks import check_choice

if TYPE_CHECKING:
    from companion.applications.phantoms import Phantom

PARTICLES = ("photons", "protons")


@dataclass(frozen=True)
class Objective:
    """One term of what a plan is asked for.

    Attributes
    ----------
    structure : str
        Whose voxels are meant.
    kind : {"deviation", "overdose", "underdose"}
        Whether any deviation from the dose counts, or what lies above, or below.
    dose_gy : float
        At least 0.
    weight : float
        At least 0; multiplies the mean of the squares over the structure's voxels.
    """

    structure: str
    kind: str
    dose_gy: float
    weight: float

    def __post_init__(self):
        check_choice("kind", self.kind, KINDS)
        for name in ("dose_gy", "weight"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a number of at least 0, got {value}")


@dataclass(frozen=True, eq=False)
class Influence:
    """The dose that each beamlet of weight 1 leaves in each voxel.

    Attributes
    ----------
    matrix : scipy.sparse.csc_array
        float32, (voxels, beamlets), in Gy; voxels in the order of `grid_shape`.
    beam_of_beamlet : numpy.ndarray
        int, (beamlets,), from 0.
    angles_deg : tuple of float
        Of the gantry, by beam.
    grid_shape : tuple of int
        (D, H, W) of the dose grid.
    grid_spacing_mm : tuple of float
        Of the dose grid.
    particle : {"photons", "protons"}
        What the beams are made of.
    engine : tuple
        pyRadPlan's own influence, steering and plan.
    """

    matrix: object
    beam_of_beamlet: np.ndarray
    angles_deg: tuple[float, ...]
    grid_shape: tuple[int, int, int]
    grid_spacing_mm: tuple[float, float, float]
    particle: str
    engine: tuple = field(repr=False)


@dataclass(frozen=True, eq=False)
class TreatmentPlan:
    """Weights of beamlets and the dose they give.

    Attributes
    ----------
    dose_gy : numpy.ndarray
        float32, (D, H, W), on the grid of the CT, after scaling.
    weights : numpy.ndarray
        float64, (beamlets,), at least 0, before scaling.
    scale : float
        By what the optimised dose was multiplied, so that the target's D95 is as prescribed.
    objective : float
        What the optimiser reached, before scaling.
    iterations : int
        Of the optimiser.
    """

    dose_gy: np.ndarray
    weights: np.ndarray
    scale: float
    objective: float
    iterations: int


def dose_influence(
    phantom: Phantom,
    *,
    particle: str = "photons",
    beams: int = 9,
    beamlet_mm: float = 10.0,
    grid_mm: float = 5.0,
    progress: bool = True,
) -> Influence:
    """Compute what each beamlet does, for beams at equal angles around the phantom.

    Photons: pyRadPlan's pencil beams by singular value decomposition, its generic machine at
    6 MV. Protons: pencil beams of its generic machine, spots on every layer of the target.

    Parameters
    ----------
    phantom : Phantom
        Its target decides where beamlets are placed.
    particle : {"photons", "protons"}
    beams : int
        How many, the first from the front (gantry at 0 degrees).
    beamlet_mm : float
        Width of a beamlet, or distance of spots, where the target is; above 0.
    grid_mm : float
        Side of a voxel of the dose grid, above 0.
    progress : bool
        Whether to show bars.

    Returns
    -------
    Influence
        One column a beamlet.

    Raises
    ------
    ValueError
        If the particle is not known, or a number is not above 0.

    References
    ----------
    N. Wahl et al., pyRadPlan, https://github.com/e0404/pyRadPlan; T. Bortfeld, W. Schlegel,
    B. Rhein, "Decomposition of pencil beam kernels for fast dose calculations in
    three-dimensional treatment planning", Medical Physics 20, 311-318 (1993),
    doi:10.1118/1.597070.

    Examples
    --------
    >>> from companion.applications import load_tg119
    >>> found = dose_influence(load_tg119(), beams=1, beamlet_mm=20, grid_mm=15, progress=False)
    >>> found.grid_shape, found.matrix.shape[1] == len(found.beam_of_beamlet)
    ((22, 34, 34), True)
    """
    check_choice("particle", particle, PARTICLES)
    if not (isinstance(beams, int) and beams >= 1):
        raise ValueError(f"beams must be a whole number above 0, got {beams!r}")
    for name, value in {"beamlet_mm": beamlet_mm, "grid_mm": grid_mm}.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a number above 0, got {value}")
    angles = [360.0 * k / beams for k in range(beams)]
    with calm(progress):
        import pyRadPlan

        kind = pyRadPlan.PhotonPlan if particle == "photons" else pyRadPlan.IonPlan
        plan = kind(radiation_mode=particle, machine="Generic")
        generator, engine = {"photons": ("photonIMRT", "SVDPB"), "protons": ("IMPT", "HongPB")}[
            particle
        ]
        plan.prop_stf = {
            "generator": generator,
            "gantry_angles": angles, "couch_angles": [0.0] * beams, "bixel_width": beamlet_mm,
        }  # fmt: skip
        plan.prop_dose_calc = {
            "engine": engine,
            "dose_grid": {"resolution": dict.fromkeys("xyz", grid_mm)},
        }
        ct, structures = phantom.engine[0], engine_structures(phantom)
        steering = pyRadPlan.generate_stf(ct, structures, plan)
        dij = pyRadPlan.calc_dose_influence(ct, structures, steering, plan)
    return Influence(
        dij.physical_dose.flat[0], np.asarray(dij.beam_num).astype(int), tuple(angles),
        tuple(int(n) for n in dij.dose_grid.dimensions[::-1]),
        tuple(float(s) for s in dij.dose_grid.resolution_vector[::-1]), particle,
        (dij, steering, plan),
    )  # fmt: skip


def optimize_plan(
    phantom: Phantom,
    influence: Influence,
    objectives: Sequence[Objective],
    *,
    d95_gy: float = 50.0,
    progress: bool = True,
) -> TreatmentPlan:
    """Choose the beamlets' weights, then scale the dose so that the target's D95 is as given.

    The weights are at least 0 and make the sum of the objectives small (L-BFGS-B, from 0). A
    voxel in the target and in another structure counts for the target only. The scale is
    taken on the outlines of `phantom`: on wrong ones the dose is scaled wrongly, as in a clinic.

    Parameters
    ----------
    phantom : Phantom
        The outlines that the optimiser is told.
    influence : Influence
        From the same phantom; its outlines may differ.
    objectives : sequence of Objective
        At least one.
    d95_gy : float
        Above 0.
    progress : bool
        Whether to show a bar of the optimiser's steps.

    Returns
    -------
    TreatmentPlan
        On the grid of the CT.

    Raises
    ------
    ValueError
        If there is no objective, one names no structure of the phantom, or the target gets no
        dose.

    Examples
    --------
    >>> from companion.applications import load_tg119
    >>> phantom = load_tg119()
    >>> coarse = dose_influence(phantom, beams=2, beamlet_mm=20, grid_mm=15, progress=False)
    >>> asked = [Objective("OuterTarget", "deviation", 50, 100)]
    >>> plan = optimize_plan(phantom, coarse, asked, progress=False)
    >>> round(dose_at_volume(plan.dose_gy, phantom.structures["OuterTarget"], 95), 3)
    50.0
    """
    unknown = {o.structure for o in objectives} - set(phantom.structures)
    if not objectives or unknown:
        raise ValueError(
            f"objectives must name structures of the phantom ({', '.join(phantom.structures)}), "
            f"got {sorted(unknown) or 'none'}"
        )
    if not (math.isfinite(d95_gy) and d95_gy > 0):
        raise ValueError(f"d95_gy must be a dose above 0, got {d95_gy}")
    dij, steering, plan = influence.engine
    with calm(progress):
        weights, found = solve(
            phantom.engine[0],
            engine_structures(phantom, objectives),
            steering,
            dij,
            plan,
            progress,
        )
        total = on_ct(influence, influence.matrix @ weights)
    reached = dose_at_volume(total, phantom.structures[phantom.target], 95)
    if reached == 0:
        raise ValueError("the target gets no dose: the objectives ask for none")
    scale = d95_gy / reached
    return TreatmentPlan(
        (total * scale).astype(np.float32), weights, scale, float(found.fun), int(found.nit)
    )
