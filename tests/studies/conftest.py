"""Films that several tests of studies train on."""

from __future__ import annotations

import numpy as np
import pytest

from companion.films import Films


@pytest.fixture(scope="module")
def films():
    """Return films in which label 1 is brighter in its middle."""
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 3 > 0
    images = rng.uniform(0.3, 0.5, (24, 1, 12, 12)).astype(np.float32)
    images[labels, :, 4:8, 4:8] += 0.3
    return Films(images, labels.astype(int))
