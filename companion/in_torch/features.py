"""What a network knows of an image before its last layer."""

from __future__ import annotations

import numpy as np

from companion.in_torch.models import PooledCNN
from companion.in_torch.training import in_batches


def pooled_features(model: PooledCNN, images: np.ndarray, *, batch_size: int = 256) -> np.ndarray:
    """Return the mean of each of the last feature maps: what the last layer weighs.

    Parameters
    ----------
    model : companion.in_torch.PooledCNN
        Trained. The mode of each of its layers is as before afterwards.
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].
    batch_size : int
        How many images at a time; the result does not depend on it.

    Returns
    -------
    numpy.ndarray
        float64, (N, D), one column a feature map.

    Raises
    ------
    ValueError
        If the images are not finite or not in [0, 1].

    Examples
    --------
    >>> pooled_features(PooledCNN(widths=(4, 6)), np.zeros((2, 1, 28, 28))).shape
    (2, 6)
    """

    def _means(part):
        return model.features(part).mean(dim=(2, 3))

    return in_batches(model, _means, images, batch_size).double().numpy()
