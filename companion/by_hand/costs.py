"""What layers cost and what they see, computed from their sizes alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from companion.by_hand._arguments import as_count
from companion.by_hand.padding import output_size
from companion.checks import LEAST

if TYPE_CHECKING:
    import pandas as pd


def receptive_fields(layers: Sequence[tuple[str, int, int]]) -> dict[str, int]:
    """Return how many pixels of the image, along one axis, one value of each layer depends on.

    Parameters
    ----------
    layers : sequence of (str, int, int)
        Name, kernel or window, and stride, from the image on.

    Returns
    -------
    dict of str to int
        By name, in pixels.

    Raises
    ------
    ValueError
        If a kernel or stride is no int from 1 up, or two layers have the same name.

    References
    ----------
    A. Araujo et al., Computing receptive fields of convolutional neural networks,
    Distill 2019, doi:10.23915/distill.00021.

    Examples
    --------
    >>> receptive_fields([("conv", 3, 1), ("pool", 2, 2), ("conv 2", 3, 1)])
    {'conv': 3, 'pool': 4, 'conv 2': 8}
    """
    sizes, size, jump = {}, 1, 1
    for name, kernel, stride in layers:
        if name in sizes:
            raise ValueError(f"layers must have different names, got {name!r} twice")
        size += (as_count("kernel", kernel, least=1) - 1) * jump
        jump *= as_count("stride", stride, least=1)
        sizes[name] = size
    return sizes


def document_costs(size: int, channels: int, *, pooled: bool = False) -> pd.DataFrame:
    """Return parameters and multiplications of each layer of the document's model.

    Parameters
    ----------
    size : int
        Height and width of the images, at least 22.
    channels : int
        Of the images.
    pooled : bool
        Whether a global average takes the place of the flattening.

    Returns
    -------
    pandas.DataFrame
        One row a layer with weights: ``layer``, ``parameters``, ``multiplications`` an image.

    Raises
    ------
    ValueError
        If the images are too small for three poolings, or a number is no int.

    Examples
    --------
    >>> int(document_costs(224, 3).parameters.sum())
    11169089
    """
    import pandas as pd  # here, since the layers need no tables

    size, channels = as_count("size", size, least=LEAST), as_count("channels", channels, least=1)
    rows = []
    for maps in (32, 64, 128):
        size = output_size(size, 3)
        weights = 9 * channels * maps
        rows.append((f"convolution, {maps} maps", weights + maps, weights * size**2))
        size, channels = output_size(size, 2, stride=2), maps
    inputs = channels if pooled else channels * size**2
    for units in (128, 1):
        rows.append((f"dense, {inputs:,} to {units}", (inputs + 1) * units, inputs * units))
        inputs = units
    return pd.DataFrame(rows, columns=["layer", "parameters", "multiplications"])
