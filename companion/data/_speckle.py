"""A synthetic ultrasound film: speckle, layers, and a dark lesion, smooth or ragged."""

from __future__ import annotations

import numpy as np

_SIZE, _FINER = 28, 4


def make_ultrasound(rng: np.random.Generator, *, malignant: bool) -> np.ndarray:
    """Return a film as uint8 (28, 28); nobody's, and nothing learned from it holds for patients.

    A malignant lesion is ragged, taller than wide and casts a shadow; of the other films, two in
    three show a lesion that is smooth and wide.
    """
    from scipy.ndimage import gaussian_filter

    size = _SIZE * _FINER
    y, x = np.mgrid[:size, :size] / size
    echo = 0.45 + 0.12 * np.sin(2 * np.pi * (3 * y + rng.uniform(0, 1) + 0.1 * x))
    if malignant or rng.random() < 2 / 3:
        down, right = y - rng.uniform(0.35, 0.55), x - rng.uniform(0.35, 0.65)
        tall, wide = (rng.uniform(0.16, 0.22), rng.uniform(0.11, 0.16))[:: 1 if malignant else -1]
        edge = 1 + _ragged(rng, np.arctan2(down, right), 0.22 if malignant else 0.03)
        inside = np.hypot(down / tall, right / wide) < edge
        shadow = (np.abs(right) < 0.7 * wide) & (down > 0)
        echo = np.where(shadow, echo * (0.6 if malignant else 1.15), echo)
        echo = np.where(inside, rng.uniform(0.08, 0.16), echo)
    # The amplitude of many small echoes that add up at random is Rayleigh distributed.
    speckle = gaussian_filter(rng.normal(size=(2, size, size)), (0, 1.2, 2.0))
    amplitude = np.hypot(*speckle) / np.hypot(*speckle).mean()
    film = (echo * amplitude).reshape(_SIZE, _FINER, _SIZE, _FINER).mean((1, 3))
    return np.clip(255 * film, 0, 255).astype(np.uint8)


def _ragged(rng, angle, depth):
    """Return how far a lesion's edge goes out or in at each angle."""
    waves = range(3, 9)
    return sum(
        depth / np.sqrt(len(waves)) * rng.normal() * np.cos(n * angle + rng.uniform(0, 6.3))
        for n in waves
    )
