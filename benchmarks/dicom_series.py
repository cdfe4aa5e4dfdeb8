"""Every series that pydicom and pydicom-data ship, as a volume, beside SimpleITK's own reader.

Run ``python benchmarks/dicom_series.py``; it takes about twenty seconds and downloads nothing.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from dicom_renderer import shipped_files

from companion.data import ImageFormatError, Volume, read_series


def shipped_series() -> dict[str, list[Path]]:
    """Return the files of each series that has more than one, or lies alone in `dicomdirtests`."""
    import pydicom

    found = defaultdict(list)
    for path in shipped_files():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dataset = pydicom.dcmread(path, stop_before_pixels=True)
                uid = dataset.get("SeriesInstanceUID")
        except Exception:  # files that are no DICOM, or damaged on purpose
            continue
        if uid:
            found[f"{uid}"].append(path)
    return {
        uid: paths
        for uid, paths in found.items()
        if len(paths) > 1 or "dicomdirtests" in paths[0].parts
    }


def read_by_simpleitk(paths: list[Path]) -> tuple[list[Path], np.ndarray, np.ndarray]:
    """Return SimpleITK's order of the files, its values and its affine in our axes."""
    import SimpleITK as sitk

    with tempfile.TemporaryDirectory() as folder:
        sources = {}
        for number, path in enumerate(paths):  # without the folder's other series, or names
            copy = Path(folder) / f"{number:04}.dcm"
            shutil.copy(path, copy)
            sources[copy] = path
        reader = sitk.ImageSeriesReader()
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        names = reader.GetGDCMSeriesFileNames(folder)
        if not names:
            raise RuntimeError("no series found")
        reader.SetFileNames(names)
        image = reader.Execute()
        order = [sources[Path(name)] for name in names]
    return order, sitk.GetArrayFromImage(image), affine_of(image)


def affine_of(image) -> np.ndarray:
    """Return where SimpleITK places the centre of voxel (z, y, x), in mm."""
    affine = np.eye(4)
    affine[:3, 3] = image.GetOrigin()
    columns = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, :3] = columns[:, ::-1]
    return affine


def compare(paths: list[Path]) -> tuple[str, str, str]:
    """Return what became of a series, the reason, and what SimpleITK does with it."""
    try:
        order, values, affine = read_by_simpleitk(paths)
        theirs = f"reads {len(order)} files as {values.shape}, {affine_step(affine):.4g} mm apart"
    except RuntimeError:
        order, values, affine, theirs = None, None, None, "does not read it"
    try:
        volume = read_series(paths)
    except ImageFormatError as problem:
        return "refused", str(problem).replace(f"{paths[0].parent}/", ""), theirs
    same = order is not None and equal(volume, order, values, affine)
    return "equal" if same else "differs", "", theirs


def affine_step(affine: np.ndarray) -> float:
    """Return the distance of slices."""
    return float(np.linalg.norm(affine[:3, 0]))


def equal(volume: Volume, order, values, affine) -> bool:
    """Tell whether order, values and geometry are the same, outside the padding."""
    inside = ~np.isnan(volume.values)
    return (
        order == list(volume.files)
        and values.shape == volume.values.shape
        and np.allclose(values[inside], volume.values[inside], rtol=1e-6, atol=1e-4)
        and np.allclose(affine, volume.affine, rtol=0, atol=1e-4)
    )


def table(results: dict[str, tuple[list[Path], tuple[str, str, str]]]) -> str:
    """Return one line a series, as a table in Markdown."""
    lines = ["| files | first | companion | SimpleITK |", "|---|---|---|---|"]
    for paths, (state, reason, theirs) in results.values():
        said = f"{state}: {reason}" if reason else state
        first = "/".join(paths[0].parts[-2:])
        lines.append(f"| {len(paths)} | {first} | {said[:150]} | {theirs} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table({uid: (paths, compare(paths)) for uid, paths in shipped_series().items()}))
