"""The bodies of the synthetic chest X-ray: what the beam meets, pixel by pixel, in mm.

:mod:`companion.data.phantom` is the module to call; this one holds its geometry.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

PATTERNS = ("lobar", "patchy", "diffuse")


FIELD_OF_VIEW_MM = 205.0


#: Linear attenuation near 60 keV, in 1/mm: water and cortical bone after Hubbell and Seltzer;
#: inflated lung is soft tissue at a quarter of its density.
SOFT_PER_MM, LUNG_PER_MM, BONE_PER_MM = 0.0205, 0.0052, 0.0600


PHOTONS, BLUR_MM = 2500, 0.8


@dataclass(frozen=True)
class Build:
    """What belongs to the patient and stays from film to film; lengths in mm."""

    half_width: float
    depth: float
    lung_height: float
    heart_width: float
    rib_spacing: float
    rib_radius: float
    rib_slope: float
    shoulder: float


def draw_build(rng: np.random.Generator) -> Build:
    """Draw the anatomy of one patient."""
    return Build(
        half_width=rng.uniform(84, 106),
        depth=rng.uniform(105, 140),
        lung_height=rng.uniform(74, 94),
        heart_width=rng.uniform(30, 40),
        rib_spacing=rng.uniform(15, 19),
        rib_radius=rng.uniform(2.2, 3.2),
        rib_slope=rng.uniform(0.15, 0.5),
        shoulder=rng.uniform(0.7, 1.1),
    )


@lru_cache(maxsize=8)
def _grid(size):
    line = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * FIELD_OF_VIEW_MM
    return np.meshgrid(line, line)


def pose(rng, size):
    """Return the coordinates of a body that is turned, shifted and nearer or farther."""
    x, y = _grid(size)
    turn, zoom = rng.normal(0, 0.035), rng.uniform(0.88, 1.12)
    cos, sin = float(np.cos(turn) / zoom), float(np.sin(turn) / zoom)
    shift_x, shift_y = rng.normal(0, 5, 2).tolist()
    return cos * x + sin * y - shift_x, cos * y - sin * x - shift_y


def _ellipsoid(x, y, center, half_axes, turn=0.0):
    """Path length through an ellipsoid, as a share of its depth."""
    dx, dy = x - center[0], y - center[1]
    if turn:
        cos, sin = np.cos(turn), np.sin(turn)
        dx, dy = cos * dx + sin * dy, cos * dy - sin * dx
    return np.sqrt(np.maximum(1 - (dx / half_axes[0]) ** 2 - (dy / half_axes[1]) ** 2, 0))


def _tube(distance, radius):
    """Path length in mm through a tube whose axis passes at `distance`."""
    return 2 * np.sqrt(np.maximum(radius**2 - distance**2, 0))


def paths(rng, build, x, y):
    """Return bone, body and inflated lung along the beam at every pixel."""
    width, depth, height = build.half_width, build.depth, build.lung_height
    side, share = np.abs(x), np.abs(x) / build.half_width
    shoulder = build.shoulder * np.maximum(-(y + 0.75 * height), 0)
    edge = width * (1 + 0.05 * np.tanh(y / 60)) + shoulder
    neck = np.maximum(30 + 2.2 * (y + height + 48), 24)
    edge = np.where(y < -height - 18, np.minimum(edge, neck), edge)
    soft = depth * np.sqrt(np.maximum(1 - (x / edge) ** 2, 0))

    lung = _lungs(build, x, y, side)
    heart = _ellipsoid(
        x, y, (0.17 * width, 0.42 * height), (1.12 * build.heart_width, 0.46 * height), turn=0.5
    )
    hilum = _ellipsoid(x, y, (0, 0), (0.34 * width, 0.34 * height))
    lung = np.maximum(lung - 0.62 * depth * heart - 0.2 * depth * hilum, 0)

    bone = _ribs(rng, build, y, side, share)
    spine = _tube(side, 10.0) * (0.24 + 0.05 * np.cos(2 * np.pi * y / build.rib_spacing))
    collar = -0.94 * height - 0.22 * (side - 16) + 4 * np.sin(side / 15)
    clavicle = 0.8 * ((side > 10) & (share < 0.92)).astype(x.dtype) * _tube(y - collar, 3.4)
    bone = (bone + spine + clavicle) * (soft > 0)
    airway = _tube(x + 2, 5.0) * (y < -0.25 * height)
    return bone, soft, lung + np.minimum(airway, 0.3 * soft)


def _lungs(build, x, y, side):
    width, height = build.half_width, build.lung_height
    outline = [
        _ellipsoid(x, y, (s * 0.50 * width, 0.12 * height), (0.41 * width, 1.08 * height), -0.1 * s)
        for s in (-1, 1)
    ]
    dome = 0.78 * height + 9 * (x > 0).astype(x.dtype) - 6 + 0.016 * (side - 0.5 * width) ** 2
    above = _step((dome - y) / 2.5)
    lateral = _step((side - 11 - 5 * (y > 0).astype(x.dtype)) / 2)
    return 0.86 * build.depth * np.maximum(*outline) * above * lateral


def _ribs(rng, build, y, side, share):
    """Eight pairs at equal distance, each seen from behind and, thinner, from the front."""
    spacing, width = build.rib_spacing, build.half_width
    rise = build.rib_slope * rng.uniform(0.9, 1.1)
    top = y + 0.98 * build.lung_height
    back = (top + 9 * np.sin(np.pi * np.minimum(share, 1)) - rise * side * share) / spacing
    front = (top - 26 - 0.9 * rise * (width - side)) / spacing
    # Where the rib turns forward, at the chest wall, the beam runs along it.
    along = 1 / np.sqrt(np.maximum(1 - share**2, 0.12))
    bone = np.zeros_like(y)
    for level, strength, count in (
        (back, 0.55 * along, 8),
        (front, 0.28 * (share > 0.38).astype(y.dtype), 5),
    ):
        rib = np.rint(level)
        end = np.minimum(0.62 + 0.10 * rib, 0.96)
        shown = (rib >= 0) & (rib < count) & (share < end)
        bone += shown.astype(y.dtype) * strength * _tube((level - rib) * spacing, build.rib_radius)
    return bone


def _step(x):
    """A soft step from 0 to 1."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


@lru_cache(maxsize=16)
def _lowpass(size, scale):
    square = np.fft.fftfreq(size)[:, None] ** 2 + np.fft.rfftfreq(size)[None] ** 2
    return np.exp(-square * (np.pi * scale * size) ** 2).astype(np.float32)


def texture(rng, size, factor, scale):
    """Return smooth noise of zero mean and unit variance."""
    noise = np.fft.rfft2(rng.standard_normal((size, size), dtype=np.float32))
    noise[0, 0] = 0
    noise = np.fft.irfft2(noise * _lowpass(size, scale), s=(size, size))
    return (noise / noise.std()).repeat(factor, 0).repeat(factor, 1)


def opacity(rng, x, y, lungs, grain):
    """Return the share of the air that is replaced by fluid, before clipping to the lungs."""
    pattern = PATTERNS[rng.integers(len(PATTERNS))]
    strength = rng.uniform(0.25, 0.6)
    grain = 1 + 0.3 * grain
    if pattern == "diffuse":
        return 0.55 * strength * np.maximum(grain, 0)
    count = 1 if pattern == "lobar" else int(rng.integers(3, 6))
    radius = rng.uniform(22, 36) if pattern == "lobar" else rng.uniform(10, 17)
    rows, columns = np.nonzero(lungs)
    total = np.zeros_like(x)
    for pick in rng.integers(len(rows), size=count):
        dx, dy = x - x[rows[pick], columns[pick]], y - y[rows[pick], columns[pick]]
        stretch = rng.uniform(0.7, 1.4)
        square = (dx / (radius * stretch)) ** 2 + (dy * stretch / radius) ** 2
        total = np.maximum(total, _step(3.5 * (grain - square)))
    return strength * total


def expose(rng, bone_mm, soft_mm, air_mm, factor):
    """Return the film: photons through the body, blurred, counted, on a logarithmic grey scale."""
    attenuation = SOFT_PER_MM * soft_mm + (BONE_PER_MM - SOFT_PER_MM) * bone_mm
    attenuation -= (SOFT_PER_MM - LUNG_PER_MM) * air_mm
    photons = PHOTONS * rng.uniform(0.6, 1.6) * np.exp(-attenuation)
    scatter = rng.uniform(0.10, 0.22)
    blur = BLUR_MM / FIELD_OF_VIEW_MM * len(photons)
    if blur > 0.3:  # less does not reach the next pixel
        photons = gaussian_filter(photons, blur, truncate=3)
    beam = (1 - scatter) * photons
    beam += scatter * photons.mean()
    counts = rng.poisson(shrink(beam, factor)) + 1.0
    density = -np.log(counts)
    ranked = np.sort(density, axis=None)
    low, high = ranked[len(ranked) // 100], ranked[-1 - len(ranked) // 100]
    grey = np.clip((density - low) / (high - low), 0, 1) ** rng.uniform(0.85, 1.3)
    return np.clip(rng.uniform(0.0, 0.10) + rng.uniform(0.75, 0.95) * grey, 0, 1)


def shrink(image, factor):
    """Return the means of squares of pixels."""
    size = len(image) // factor
    return image.reshape(size, factor, size, factor).mean(axis=(1, 3), dtype=np.float32)
