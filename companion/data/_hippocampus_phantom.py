"""A synthetic hippocampus: a bent body of two parts in noise. Nobody's."""

from __future__ import annotations

import numpy as np

from companion.data.volumes import Volume

_SHAPE = (36, 50, 36)


def make_hippocampus(seed: int, number: int, patient: int) -> tuple[Volume, np.ndarray]:
    """Return an image and its labels, 0, 1 in front, 2 behind: both (Z, Y, X).

    Numbers of one patient give two bodies of one build, mirrored; the same numbers the same.
    """
    from scipy.ndimage import gaussian_filter

    build = np.random.default_rng([seed, patient])
    bend, thick, length = build.uniform(4, 8), build.uniform(4.5, 6), build.uniform(15, 19)
    brain = build.uniform(0.35, 0.5)
    own = np.random.default_rng([seed, patient, number])
    z, y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1], : _SHAPE[2]] - np.array(
        [[[[size / 2]]] for size in _SHAPE]
    )
    x = x * (1 if number % 2 else -1) + own.uniform(-2, 2)
    z, y = z + own.uniform(-2, 2), y + own.uniform(-2, 2)
    along = y / length
    across = np.hypot(x - bend * (along**2 - 0.3), 1.3 * (z + 2 * along))
    inside = across < thick * np.sqrt(np.clip(1 - along**2, 0, None)) * (1 + 0.25 * along)
    labels = np.where(inside, np.where(along > 0.25, 1, 2), 0).astype(np.uint8)
    tissue = brain + 0.08 * gaussian_filter(own.normal(size=_SHAPE), 2) * 2**3 + 0.22 * inside
    image = gaussian_filter(tissue, 0.6) + own.normal(0, 0.04, _SHAPE)
    return Volume(image.astype(np.float32), (1.0, 1.0, 1.0), np.eye(4), "MR"), labels
