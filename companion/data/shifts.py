"""Films as another room, another machine or another day might have made them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter

from companion.data.augment import Affine, apply_affine
from companion.films import Films

Shift = Callable[[np.ndarray], np.ndarray]


def move_all(
    images: np.ndarray,
    angle_deg: float = 0.0,
    zoom: float = 1.0,
    down: float = 0.0,
    right: float = 0.0,
) -> np.ndarray:
    """Turn, zoom and shift all films alike, as :func:`companion.data.apply_affine` does each."""
    count = len(images)
    shift = np.tile([down, right], (count, 1))
    change = Affine(np.full(count, angle_deg), np.full(count, zoom), shift)
    return apply_affine(images, change)


def _contrast(images, factor):
    return (images - 0.5) * factor + 0.5


def _midtones(images, exponent):
    return images**exponent


def _blurred(images, sigma):
    return gaussian_filter(images, (0, 0, sigma, sigma), mode="nearest")


def _sharpened(images):
    return 2 * images - _blurred(images, 0.8)


def _shaded(images, *, side=0.0, edge=0.0):
    rows, columns = (np.linspace(-1, 1, size) for size in images.shape[2:])
    return images + side * columns - edge * (rows[:, None] ** 2 + columns**2) / 2


def _noisy(images, sigma):
    # The same noise at every call: models are compared on equal pixels.
    return images + sigma * np.random.default_rng(0).standard_normal(images.shape, np.float32)


def _collimated(images, share):
    """Blacken a frame, as a viewer does where a narrower beam did not reach."""
    framed = np.zeros_like(images)
    top, left = (round(share * size) for size in images.shape[2:])
    inside = np.s_[..., top : images.shape[2] - top, left : images.shape[3] - left]
    framed[inside] = images[inside]
    return framed


#: Of kinds that training with :class:`companion.data.Changes` draws too, mostly stronger here.
DRAWN_SHIFTS: dict[str, Shift] = {
    "brighter": partial(np.add, np.float32(0.12)),
    "darker": partial(np.add, np.float32(-0.12)),
    "more contrast": partial(_contrast, factor=1.3),
    "less contrast": partial(_contrast, factor=0.7),
    "turned left": partial(move_all, angle_deg=8.0),
    "turned right": partial(move_all, angle_deg=-8.0),
    "nearer": partial(move_all, zoom=1.12),
    "farther": partial(move_all, zoom=0.88),
    "higher": partial(move_all, down=-0.06),
    "to the side": partial(move_all, right=0.06),
}
#: Of kinds that it was not made for; of noise it draws a sixth of what stands here.
OTHER_SHIFTS: dict[str, Shift] = {
    "lighter midtones": partial(_midtones, exponent=0.7),
    "darker midtones": partial(_midtones, exponent=1.4),
    "blurred": partial(_blurred, sigma=0.7),
    "sharpened": _sharpened,
    "noisy": partial(_noisy, sigma=0.06),
    "lighter on one side": partial(_shaded, side=0.12),
    "darker edges": partial(_shaded, edge=0.2),
    "narrow beam": partial(_collimated, share=0.08),
}
SHIFTS = DRAWN_SHIFTS | OTHER_SHIFTS


def shift_films(films: Films) -> dict[str, Films]:
    """Return the same films under each of eighteen changes that leave their labels true.

    Parameters
    ----------
    films : companion.films.Films
        Of at least 8 x 8 pixels.

    Returns
    -------
    dict of str to Films
        By name, in the order of :data:`SHIFTS`; pixels are clipped to [0, 1].

    Raises
    ------
    ValueError
        If the films are smaller.

    Examples
    --------
    >>> films = Films(np.full((2, 1, 8, 8), 0.5), [0, 1])
    >>> shifted = shift_films(films)
    >>> len(shifted), round(float(shifted["brighter"].images.mean()), 2)
    (18, 0.62)
    """
    if min(films.images.shape[2:]) < 8:
        raise ValueError(f"films must have at least 8 x 8 pixels, got {films.images.shape}")
    return {
        name: films.with_images(np.clip(change(films.images), 0, 1).astype(np.float32))
        for name, change in SHIFTS.items()
    }
