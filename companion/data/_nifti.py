"""One NIfTI file as an array with its place in the patient; damaged ones are refused."""

from __future__ import annotations

import gzip
import io
import math
import warnings

import numpy as np

from companion.data.files import DatasetCorrupt
from companion.data.volumes import Volume

_MOST_BYTES = 2**28
#: NIfTI's x and y run to the patient's right and front, those of DICOM to the left and back.
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: From (z, y, x, 1) to (x, y, z, 1).
_REVERSED = np.eye(4)[[2, 1, 0, 3]]


def volume_of(content: bytes, name: str) -> Volume:
    """Return the volume of a gzipped NIfTI file's bytes, axes turned to (Z, Y, X)."""
    import nibabel

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            raw = file.read(_MOST_BYTES + 1)
            if len(raw) > _MOST_BYTES:
                raise DatasetCorrupt(f"{name}: unpacks to more than {_MOST_BYTES} bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = nibabel.Nifti1Image.from_bytes(raw)
            needed = math.prod(image.shape) * image.get_data_dtype().itemsize
            if len(image.shape) != 3 or 0 in image.shape:
                raise DatasetCorrupt(f"{name}: has the shape {image.shape}, expected three axes")
            if needed > len(raw):
                raise DatasetCorrupt(
                    f"{name}: truncated: {image.shape} needs {needed} bytes, it has {len(raw)}"
                )
            values = np.asarray(image.dataobj).T
    except DatasetCorrupt:
        raise
    except Exception as problem:  # zlib, gzip and nibabel each raise their own for broken bytes
        raise DatasetCorrupt(f"{name}: truncated or damaged: {problem}") from problem
    if values.dtype.kind not in "buif" or not np.isfinite(values).all():
        raise DatasetCorrupt(f"{name}: holds {values.dtype} that are no finite numbers")
    affine = _TO_LPS @ image.affine @ _REVERSED
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not (spacing > 0).all():
        raise DatasetCorrupt(f"{name}: its voxels have no size or place: spacing {spacing} mm")
    return Volume(values, tuple(spacing.tolist()), affine, "MR")
