"""How an X-ray film forms: the beam through the bodies of the phantom, counted photon by photon.

The beam is of one energy and runs from front to back. What a pixel counts is what is left of it,
Beer and Lambert's law, and of the photons that were thrown out of their way, an even share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from companion.data import _anatomy as anatomy
from companion.data.phantom import check_size

#: Mass attenuation in cm²/g, Hubbell and Seltzer's tables, at these energies in keV.
ENERGIES_KEV = (40, 50, 60, 80)
_WATER = (0.2683, 0.2269, 0.2059, 0.1837)
_CORTICAL_BONE = (0.6655, 0.4242, 0.3148, 0.2229)
#: Density in g/cm³; inflated lung is soft tissue at a quarter of its density.
_DENSITY = {"soft": 1.0, "lung": 0.25, "bone": 1.92}


@dataclass(frozen=True, eq=False)
class Paths:
    """How far the beam runs through what, pixel by pixel.

    Attributes
    ----------
    body, bone, lung : numpy.ndarray
        float, (size, size), in mm: through everything, and through bone and inflated lung, which
        are parts of it; the rest is soft tissue.
    """

    body: np.ndarray
    bone: np.ndarray
    lung: np.ndarray


def path_lengths(rng: np.random.Generator, *, size: int = 64) -> Paths:
    """Draw the bodies of one phantom, without disease, as lengths along the beam.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness: the same state gives the same anatomy.
    size : int
        Height and width in pixels, at least 16; the film always covers 205 mm.

    Returns
    -------
    Paths
        Nowhere negative, and bone and lung together never longer than the body.

    Raises
    ------
    ValueError
        If `size` is below 16.

    Examples
    --------
    >>> paths = path_lengths(np.random.default_rng(0), size=32)
    >>> float((paths.body - paths.bone - paths.lung).min())
    0.0
    """
    check_size(size)
    build = anatomy.draw_build(rng)
    lengths = anatomy.paths(rng, build, *anatomy.pose(rng, size))
    bone, body, lung = (length.astype(np.float64) for length in lengths)
    bone = np.minimum(bone, body)
    return Paths(body, bone, np.minimum(lung, body - bone))


def attenuation_per_mm(energy_kev: float) -> dict[str, float]:
    """Return the linear attenuation of soft tissue, inflated lung and cortical bone.

    Soft tissue is taken as water. Between the energies of the table the logarithm is
    interpolated against the logarithm, as is usual.

    Parameters
    ----------
    energy_kev : float
        Of the photons, from 40 to 80.

    Returns
    -------
    dict of str to float
        By "soft", "lung" and "bone", in 1/mm.

    Raises
    ------
    ValueError
        If the energy is outside the table.

    References
    ----------
    Hubbell and Seltzer, NISTIR 5632 (1995), tables of water and of cortical bone (ICRU-44).

    Examples
    --------
    >>> {name: round(value, 5) for name, value in attenuation_per_mm(60).items()}
    {'soft': 0.02059, 'lung': 0.00515, 'bone': 0.06044}
    """
    if not ENERGIES_KEV[0] <= energy_kev <= ENERGIES_KEV[-1]:
        raise ValueError(
            f"energy_kev must be from {ENERGIES_KEV[0]} to {ENERGIES_KEV[-1]}, got {energy_kev}"
        )
    found = {}
    for name, density in _DENSITY.items():
        table = _CORTICAL_BONE if name == "bone" else _WATER
        mass = np.exp(np.interp(np.log(energy_kev), np.log(ENERGIES_KEV), np.log(table)))
        found[name] = float(mass * density / 10)
    return found


def place_lesion(paths: Paths, row: int, column: int, diameter_mm: float) -> Paths:
    """Fill a ball of lung with fluid, as far as there is lung at that pixel.

    Parameters
    ----------
    paths : Paths
        The body before.
    row, column : int
        The pixel of the ball's middle.
    diameter_mm : float
        At least 0.

    Returns
    -------
    Paths
        The same body with less lung, and so with more soft tissue.

    Examples
    --------
    >>> paths = Paths(np.full((16, 16), 100.0), np.zeros((16, 16)), np.full((16, 16), 80.0))
    >>> float(place_lesion(paths, 8, 8, 30).lung.min())
    50.0
    """
    square, radius = distance_mm(paths, row, column) ** 2, diameter_mm / 2
    ball = 2 * np.sqrt(np.maximum(radius**2 - square, 0))
    return replace(paths, lung=paths.lung - np.minimum(ball, paths.lung))


def distance_mm(paths: Paths, row: int, column: int) -> np.ndarray:
    """Return how far each pixel's middle is from that of one pixel.

    Parameters
    ----------
    paths : Paths
        Of the film, for its size.
    row, column : int
        The one pixel.

    Returns
    -------
    numpy.ndarray
        float64, (size, size), in mm.

    Examples
    --------
    >>> paths = path_lengths(np.random.default_rng(0), size=41)
    >>> float(distance_mm(paths, 20, 20)[20, 22])
    10.0
    """
    pixel = anatomy.FIELD_OF_VIEW_MM / len(paths.body)
    rows, columns = np.indices(paths.body.shape)
    return pixel * np.hypot(rows - row, columns - column)


def expected_counts(
    paths: Paths, *, energy_kev: float = 60, photons: float = 2500, scatter: float = 0
) -> np.ndarray:
    """Return how many photons each pixel counts on average; a Poisson draw of it is a film.

    Parameters
    ----------
    paths : Paths
        What the beam meets.
    energy_kev : float
        From 40 to 80.
    photons : float
        Sent towards each pixel.
    scatter : float
        Share of all counted photons that were thrown out of their way, in [0, 1); they fall
        evenly on the film.

    Returns
    -------
    numpy.ndarray
        float64, (size, size).

    Raises
    ------
    ValueError
        If the energy or the scatter is outside its range, or `photons` is not positive.

    Examples
    --------
    >>> slab = Paths(*(np.full((16, 16), mm) for mm in (10.0, 0.0, 0.0)))
    >>> round(float(expected_counts(slab, photons=1000)[0, 0]), 1)
    813.9
    """
    if not photons > 0:
        raise ValueError(f"photons must be positive, got {photons}")
    if not 0 <= scatter < 1:
        raise ValueError(f"scatter must be in [0, 1), got {scatter}")
    per_mm = attenuation_per_mm(energy_kev)
    body, bone, lung = (
        np.asarray(part, np.float64) for part in (paths.body, paths.bone, paths.lung)
    )
    path = per_mm["soft"] * (body - bone - lung) + per_mm["bone"] * bone + per_mm["lung"] * lung
    through = photons * np.exp(-path)
    return (1 - scatter) * through + scatter * through.mean()


def contrast_to_noise(
    clear: np.ndarray, ill: np.ndarray, region: np.ndarray
) -> tuple[float, float]:
    """Return how much darker the beam behind a lesion is, and that in units of a pixel's noise.

    Parameters
    ----------
    clear, ill : numpy.ndarray
        float, (size, size): the expected counts without and with the lesion.
    region : numpy.ndarray
        bool, (size, size): the pixels to compare; at least one.

    Returns
    -------
    tuple of float
        The contrast, as a share of the counts without it; and the contrast-to-noise ratio of one
        pixel, whose count has the square root of its mean as standard deviation (Poisson).

    Raises
    ------
    ValueError
        If the region is empty.

    Examples
    --------
    >>> contrast_to_noise(np.full((2, 2), 400.0), np.full((2, 2), 380.0), np.ones((2, 2), bool))
    (0.05, 1.0)
    """
    if not region.any():
        raise ValueError("region must hold at least one pixel")
    without, behind = clear[region].mean(), ill[region].mean()
    lost = without - behind
    return float(lost / without), float(lost / np.sqrt(without))
