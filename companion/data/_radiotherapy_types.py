"""What radiotherapy files hold, with units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class DoseGrid:
    """A dose distribution in the patient.

    Attributes
    ----------
    dose_gy : numpy.ndarray
        float64, (D, H, W), in Gy, at least 0; slices from feet to head.
    spacing_mm : tuple of float
        Distance of slices, rows and columns.
    origin_mm : tuple of float
        (z, y, x) of the centre of the first voxel, in the patient's coordinates.
    frame_of_reference : str
        UID of the coordinates: what has another lies nobody knows where.
    summed_over : str
        "PLAN", "BEAM", "FRACTION", as the file says.
    """

    dose_gy: np.ndarray
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    frame_of_reference: str
    summed_over: str


@dataclass(frozen=True, eq=False)
class Structure:
    """Closed lines around one structure.

    Attributes
    ----------
    name : str
        As in the file.
    lines : tuple of numpy.ndarray
        (P, 3) each: (z, y, x) in mm, in the patient's coordinates, all of one z.
    frame_of_reference : str
        UID of the coordinates.
    """

    name: str
    lines: tuple[np.ndarray, ...]
    frame_of_reference: str


@dataclass(frozen=True)
class PlannedBeam:
    """What a plan says of one beam.

    Attributes
    ----------
    name, particle, machine : str
        As in the file: "PHOTON", "PROTON".
    energy : float
        Nominal: in MV for photons, in MeV for others.
    gantry_deg : float
        Where the first control point has it.
    """

    name: str
    particle: str
    machine: str
    energy: float
    gantry_deg: float


@dataclass(frozen=True)
class PlanFile:
    """What a plan file says: how often, from where, up to which dose.

    Attributes
    ----------
    label : str
        The plan's.
    fractions : int
        How many are planned.
    prescribed_gy : dict of str to float
        Dose of each target, by its description.
    beams : tuple of PlannedBeam
        In the file's order.
    """

    label: str
    fractions: int
    prescribed_gy: dict[str, float]
    beams: tuple[PlannedBeam, ...]
