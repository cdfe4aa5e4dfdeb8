"""Features that people thought out, for a linear model: edges, and oriented gradients."""

from __future__ import annotations

import numpy as np

#: Cells a side, eight orientations, two cells a side of a block.
CELLS, ORIENTATIONS, BLOCK = 4, 8, 2


def edge_features(images: np.ndarray) -> np.ndarray:
    """Describe each film by how strong its edges are, cell by cell of a grid of 4 x 4.

    Sobel's two kernels give the slope of the grey at each pixel; of its length the mean and the
    standard deviation over each cell are kept.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, 1, H, W), in [0, 1]; the sides are cut to a multiple of 4.

    Returns
    -------
    numpy.ndarray
        float64, (N, 32): sixteen means, then sixteen standard deviations.

    Examples
    --------
    >>> edge_features(np.zeros((2, 1, 28, 28))).shape
    (2, 32)
    """
    from skimage.filters import sobel_h, sobel_v

    rows = []
    for image in np.asarray(images, np.float64)[:, 0]:
        strength = np.hypot(sobel_h(image), sobel_v(image))
        height, width = (side // CELLS for side in strength.shape)
        cells = strength[: CELLS * height, : CELLS * width].reshape(CELLS, height, CELLS, width)
        rows.append(np.concatenate([cells.mean((1, 3)).ravel(), cells.std((1, 3)).ravel()]))
    return np.stack(rows)


def hog_features(images: np.ndarray) -> np.ndarray:
    """Describe each film by histograms of oriented gradients over a grid of 4 x 4 cells.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, 1, H, W), in [0, 1], the sides at least 8.

    Returns
    -------
    numpy.ndarray
        float64, (N, 288): nine overlapping blocks of four cells of eight orientations.

    References
    ----------
    Dalal and Triggs, CVPR 2005, doi:10.1109/CVPR.2005.177.

    Examples
    --------
    >>> hog_features(np.zeros((2, 1, 28, 28))).shape
    (2, 288)
    """
    from skimage.feature import hog

    height, width = (side // CELLS for side in images.shape[2:])
    return np.stack(
        [
            hog(
                image,
                orientations=ORIENTATIONS,
                pixels_per_cell=(height, width),
                cells_per_block=(BLOCK, BLOCK),
            )
            for image in np.asarray(images, np.float64)[:, 0, : CELLS * height, : CELLS * width]
        ]
    )
