"""A synthetic chest X-ray whose lesion is known: attenuating bodies, Beer-Lambert, noise.

The X-ray beam runs from front to back, parallel to the axis that is not drawn.
Each body is described by the length of its path along the beam at every pixel, in mm,
and the image is what a detector behind the patient would count.
Nothing here is a patient; nothing learned from it holds for patients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from companion.data import _anatomy as anatomy
from companion.films import Films


@dataclass(frozen=True)
class Phantom:
    """One synthetic film.

    Attributes
    ----------
    image : numpy.ndarray
        float32, (size, size), in [0, 1]; bright is dense, as on a chest X-ray.
    lungs, lesion : numpy.ndarray
        bool, (size, size). The lesion lies inside the lungs and is empty for label 0.
    label : int
        1 with pneumonia, 0 without.
    """

    image: np.ndarray
    lungs: np.ndarray
    lesion: np.ndarray
    label: int


def make_phantom(
    rng: np.random.Generator,
    *,
    size: int = 64,
    label: int | None = None,
    build: anatomy.Build | None = None,
) -> Phantom:
    """Make one synthetic chest X-ray.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness: the same state gives the same film.
    size : int
        Height and width in pixels, at least 16; the film always covers 205 mm.
    label : {0, 1}, optional
        Whether there is pneumonia. Drawn with equal probability when absent.
    build : companion.data._anatomy.Build, optional
        The patient's anatomy. Drawn when absent.

    Returns
    -------
    Phantom
        Image, masks and label.

    Raises
    ------
    ValueError
        If `size` is below 16, or `label` is not 0, 1 or None.

    References
    ----------
    Hubbell and Seltzer, NISTIR 5632 (1995), for the attenuation coefficients.

    Examples
    --------
    >>> film = make_phantom(np.random.default_rng(0), size=32, label=1)
    >>> film.image.shape, film.image.dtype.name, film.label
    ((32, 32), 'float32', 1)
    >>> bool(film.lesion.any()) and not (film.lesion & ~film.lungs).any()
    True
    """
    check_size(size)
    if label not in (0, 1, None):
        raise ValueError(f"label must be 0, 1 or None, got {label!r}")
    if label is None:
        label = int(rng.integers(2))
    if build is None:
        build = anatomy.draw_build(rng)
    factor = 2 if size < 64 else 1
    x, y = anatomy.pose(rng, size * factor)
    bone_mm, soft_mm, lung_mm = anatomy.paths(rng, build, x, y)
    lungs = lung_mm > 0.15 * build.depth
    grain = anatomy.texture(rng, size, factor, scale=0.05)
    filled = 0.05 + 0.10 * grain
    lesion = np.zeros_like(lungs)
    if label:
        opacity = anatomy.opacity(rng, x, y, lungs, grain)
        lesion = lungs & (opacity > min(0.12, 0.99 * opacity[lungs].max()))
        filled = filled + opacity
    air_mm = lung_mm * (1 - np.clip(filled, 0, 0.92))
    image = anatomy.expose(rng, bone_mm, soft_mm, air_mm, factor)
    lungs = anatomy.shrink(lungs, factor) > 0.5
    lesion = (anatomy.shrink(lesion, factor) > 0) & lungs
    return Phantom(image.astype(np.float32), lungs, lesion, label)


def make_cohort(
    rng: np.random.Generator,
    *,
    patients: int,
    size: int = 64,
    prevalence: float = 0.5,
    films: tuple[int, int] = (1, 4),
) -> Films:
    """Make the films of many patients, several films each.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness: the same state gives the same cohort.
    patients : int
        How many patients, at least 1.
    size : int
        Height and width in pixels, at least 16.
    prevalence : float
        Probability, in [0, 1], that a patient has pneumonia, then on every film.
    films : tuple of int
        Fewest and most films of a patient, at least 1.

    Returns
    -------
    companion.films.Films
        (N, 1, size, size); the masks are the lesions, and patients are numbered from 0, the films
        of one being neighbours.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Examples
    --------
    >>> cohort = make_cohort(np.random.default_rng(0), patients=3, size=16)
    >>> cohort.images.shape[1:], sorted(set(cohort.patients.tolist()))
    ((1, 16, 16), ['0', '1', '2'])
    """
    check_size(size)
    if patients < 1:
        raise ValueError(f"patients must be at least 1, got {patients}")
    if not 0 <= prevalence <= 1:
        raise ValueError(f"prevalence must be in [0, 1], got {prevalence}")
    if not 1 <= films[0] <= films[1]:
        raise ValueError(f"films must be (fewest, most) with 1 <= fewest <= most, got {films}")
    made, owners = [], []
    for patient in range(patients):
        build, label = anatomy.draw_build(rng), int(rng.random() < prevalence)
        for _ in range(rng.integers(films[0], films[1] + 1)):
            made.append(make_phantom(rng, size=size, label=label, build=_breathe(rng, build)))
            owners.append(patient)
    return Films(
        np.stack([film.image for film in made])[:, None],
        [film.label for film in made],
        masks=np.stack([film.lesion for film in made]),
        patients=owners,
    )


def check_size(size: int) -> None:
    """Raise if a film would be too small to hold the anatomy."""
    if size < 16:
        raise ValueError(f"size must be at least 16 pixels, got {size}")


def _breathe(rng, build):
    """The same patient a little more or less inflated."""
    return replace(build, lung_height=build.lung_height * rng.uniform(0.94, 1.06))
