"""From the book's images, channels first, to what a Keras model takes, channels last."""

from __future__ import annotations

import keras
import numpy as np

from companion.checks import check_images


def model_inputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return checked images with channels last, or raise if the model takes another size.

    Parameters
    ----------
    model : keras.Model
        Takes (N, H, W, C).
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].

    Returns
    -------
    numpy.ndarray
        float32, (N, H, W, C).

    Raises
    ------
    ValueError
        If the model takes no images, or the images are not (N, C, H, W) of its size in [0, 1].

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((5, 4, 3)), keras.layers.Flatten()])
    >>> model_inputs(model, np.zeros((2, 3, 5, 4))).shape
    (2, 5, 4, 3)
    >>> model_inputs(model, np.zeros((2, 5, 4, 3)))
    Traceback (most recent call last):
    ...
    ValueError: images must be (N, 3, 5, 4), as the model takes them, got shape (2, 5, 4, 3)
    """
    images = check_images("images", images)
    takes = getattr(model, "input_shape", None)  # a model that is not built yet has none
    if takes is not None:
        if not isinstance(takes, tuple) or len(takes) != 4:
            raise ValueError(f"model must take images (N, H, W, C), takes {takes}")
        _, *rows_columns, channels = takes
        sizes = [channels, *rows_columns]
        if any(w not in (None, s) for w, s in zip(sizes, images.shape[1:], strict=True)):
            names = [name if w is None else str(w) for name, w in zip("CHW", sizes, strict=True)]
            raise ValueError(
                f"images must be (N, {', '.join(names)}), as the model takes them, "
                f"got shape {images.shape}"
            )
    return channels_last(images)


def channels_last(images: np.ndarray) -> np.ndarray:
    """Return (N, C, H, W) as (N, H, W, C)."""
    return np.ascontiguousarray(np.moveaxis(images, 1, -1))
