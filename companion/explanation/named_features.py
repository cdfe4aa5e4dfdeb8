"""Numbers of a film that a reader can name: what a small decision tree is grown on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.checks import check_images


def film_features(images: np.ndarray) -> pd.DataFrame:
    """Measure films in ways that can be said in words.

    Lungs are not outlined: "left" and "right" are the halves of the film as one looks at it.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, H, W), in [0, 1], bright is dense; H and W at least 8.

    Returns
    -------
    pandas.DataFrame
        One row a film: brightness (mean), contrast (standard deviation), darkest tenth (mean of
        the darkest pixels: how much air), roughness (mean step between neighbours), asymmetry
        (mean difference between the halves), upper and lower middle (mean of two regions between
        the edges, relative to the whole film).

    Raises
    ------
    ValueError
        If `images` is not floating point (N, H, W) in [0, 1] of at least 8 x 8.

    Examples
    --------
    >>> float(film_features(np.zeros((1, 8, 8))).iloc[0].sum())
    0.0
    """
    images = np.asarray(images)
    if images.ndim != 3 or min(images.shape[1:]) < 8:
        raise ValueError(f"images must be (N, H, W) of at least 8 x 8, got {images.shape}")
    images = check_images("images", images[:, None])[:, 0].astype(float)
    _, height, width = images.shape
    flat = np.sort(images.reshape(len(images), -1), axis=1)
    mean = flat.mean(axis=1)
    middle = images[:, :, width // 5 : width - width // 5]
    steps = [np.abs(np.diff(images, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
    return pd.DataFrame(
        {
            "brightness": mean,
            "contrast": flat.std(axis=1),
            "darkest tenth": flat[:, : flat.shape[1] // 10].mean(axis=1),
            "roughness": sum(steps) / 2,
            "asymmetry": np.abs(images - images[:, :, ::-1]).mean(axis=(1, 2)),
            "upper middle": middle[:, height // 5 : height // 2].mean(axis=(1, 2)) - mean,
            "lower middle": middle[:, height // 2 : height - height // 5].mean(axis=(1, 2)) - mean,
        }
    )
