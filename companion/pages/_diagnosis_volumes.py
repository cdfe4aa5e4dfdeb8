"""The hippocampus as one block of voxels: how large it is, and what its cut-out tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from companion.data.hippocampus import HippocampusData

#: Z, Y, X in voxels: the largest even block that every scan holds.
BLOCK = (24, 40, 30)
#: Columns of `read_blocks` that tell how large the published cut-out is.
BOX = ["box_z", "box_y", "box_x"]


def read_blocks(data: HippocampusData) -> tuple[np.ndarray, pd.DataFrame]:
    """Cut the middle out of every scan, of one size for all, and measure the outlines.

    Parameters
    ----------
    data : companion.data.hippocampus.HippocampusData
        The scans, of 1 mm.

    Returns
    -------
    blocks : numpy.ndarray
        float32, (N, 12, 20, 15), in [0, 1]: means of 2 x 2 x 2 voxels, each scan's greys from
        its first to its ninety-ninth percentile.
    facts : pandas.DataFrame
        One row a scan: volume_ml of the outlined hippocampus; box_z, box_y, box_x, the lengths of
        the published cut-out, and long_z, long_y, long_x, those of the outline, in mm; bend_mm,
        how far its front lies beside its back, along x.

    Raises
    ------
    ValueError
        If a scan is smaller than the block.
    """
    import pandas as pd

    blocks, rows = [], []
    for row in range(len(data)):
        scan = data[row]
        grey, outlined = scan.image.values, scan.labels > 0
        if any(length < wished for length, wished in zip(grey.shape, BLOCK, strict=True)):
            raise ValueError(f"scan {scan.number} is {grey.shape}, expected at least {BLOCK}")
        low, high = np.percentile(grey, [1, 99])
        middle = grey[tuple(slice((length - wished) // 2, (length - wished) // 2 + wished)
                            for length, wished in zip(grey.shape, BLOCK, strict=True))]  # fmt: skip
        middle = np.clip((middle - low) / (high - low), 0, 1)
        blocks.append(middle.reshape(12, 2, 20, 2, 15, 2).mean(axis=(1, 3, 5)))
        places = np.argwhere(outlined)
        front, back = (np.argwhere(scan.labels == part).mean(axis=0) for part in (1, 2))
        voxel_mm = scan.image.spacing_mm
        rows.append(
            {"volume_ml": outlined.sum() * np.prod(voxel_mm) / 1000}
            | dict(zip(BOX, np.multiply(grey.shape, voxel_mm), strict=True))
            | dict(zip(("long_z", "long_y", "long_x"),
                       (np.ptp(places, axis=0) + 1) * voxel_mm, strict=True))
            | {"bend_mm": (front - back)[2] * voxel_mm[2]}
        )  # fmt: skip
    return np.array(blocks, np.float32), pd.DataFrame(rows)
