"""MR of the hippocampus with its front and back outlined: Medical Segmentation Decathlon, task 4.

Published by the Medical Segmentation Decathlon under **CC BY-SA 4.0** (share alike: what is made
from these images has to be given on under the same licence); to be cited with Antonelli et al.,
Nature Communications 13, 4128 (2022), doi:10.1038/s41467-022-30695-9.

Run ``python -m companion.data.hippocampus`` to fetch the data and to see what is where.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.data._hippocampus_files import (
    PARTS,
    cached_folder,
    fetch_folder,
    find_local,
    list_files,
    read_checked,
)
from companion.data._hippocampus_phantom import make_hippocampus
from companion.data.files import DatasetCorrupt, DatasetUnavailable
from companion.data.volumes import Volume

SOURCE = (
    "Medical Segmentation Decathlon, task 4, hippocampus (Antonelli et al. 2022, "
    "doi:10.1038/s41467-022-30695-9; Simpson et al. 2019, arXiv:1902.09063)"
)
LICENCE = "CC BY-SA 4.0"
#: What the numbers in a mask mean.
LABELS = {0: "background", 1: "anterior", 2: "posterior"}
#: A mask may lie so far from its image before they are taken for two different places.
_TOLERANCE_MM = 1e-3
_PHANTOMS = 40


@dataclass(frozen=True, eq=False)
class HippocampusScan:
    """One hippocampus.

    Attributes
    ----------
    number : int
        Its number in the file's name.
    patient : str
        Whose it is, as far as the numbers tell.
    image : companion.data.volumes.Volume
        float32, (Z, Y, X); the units of MR are arbitrary and differ from scan to scan.
    labels : numpy.ndarray
        uint8, (Z, Y, X): 0 background, 1 anterior, 2 posterior.
    """

    number: int
    patient: str
    image: Volume
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class HippocampusData:
    """Scans that are read when they are asked for: ``data[0]`` is the first.

    Attributes
    ----------
    numbers : numpy.ndarray
        int, (N,), rising: the numbers of the files.
    patients : numpy.ndarray
        str, (N,): numbers 2k - 1 and 2k seem to be two scans of one patient k. They were not
        published as such: most complete pairs share the step between their grey values, other
        neighbours do not. Which side of the head a scan shows is not in the files.
    source, licence : str
        Whom to cite, under which terms.
    is_synthetic : bool
        True when these are phantoms and not of patients.
    reader : function
        From a number to its image and labels.
    """

    numbers: np.ndarray
    patients: np.ndarray
    source: str
    licence: str
    is_synthetic: bool
    reader: Callable[[int], tuple[Volume, np.ndarray]]

    def __len__(self) -> int:
        """Return how many scans there are."""
        return len(self.numbers)

    def __getitem__(self, row: int) -> HippocampusScan:
        """Read one scan, and check it."""
        number = int(self.numbers[row])
        image, labels = self.reader(number)
        return HippocampusScan(number, str(self.patients[row]), image, labels)

    def split(self, rng: np.random.Generator, *, shares=(0.7, 0.1, 0.2)) -> dict[str, np.ndarray]:
        """Return rows of a training, validation and test split, no patient in two of them.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of the order of patients.
        shares : sequence of float
            Of the patients, three that add up to 1; each split has at least one.

        Returns
        -------
        dict of str to numpy.ndarray
            int: "train", "validation", "test", each rising.

        Raises
        ------
        ValueError
            If the shares are not three that add up to 1, or leave a split empty.
        """
        parts = np.asarray(shares, float)
        if parts.shape != (3,) or not (parts > 0).all() or abs(parts.sum() - 1) > 1e-9:
            raise ValueError(f"shares must be three above 0 that add up to 1, got {shares}")
        owners = np.unique(self.patients)
        ends = np.rint(np.cumsum(parts) * len(owners)).astype(int)
        groups = np.split(rng.permutation(owners), ends[:2])
        if not all(len(group) for group in groups):
            raise ValueError(f"{len(owners)} patients are too few for the shares {shares}")
        names = ("train", "validation", "test")
        return {
            name: np.nonzero(np.isin(self.patients, group))[0]
            for name, group in zip(names, groups, strict=True)
        }


def load_hippocampus(
    root: str | os.PathLike | None = None,
    *,
    fallback: str | None = None,
    rng: np.random.Generator | None = None,
) -> HippocampusData:
    """Find the hippocampus volumes, without reading one.

    In `root`, if that is named, else in the folder named by the environment variable
    ``COMPANION_DATA``, the folder ``Task04_Hippocampus`` is looked for, which must have a list of
    checksums ``MD5SUMS``, or the publisher's ``Task04_Hippocampus.tar``; then the user's cache;
    then the archive is downloaded from where ``monai.apps.DecathlonDataset`` has it.

    Parameters
    ----------
    root : path, optional
        A folder that holds ``Task04_Hippocampus`` or its archive.
    fallback : {None, "phantom"}
        When the data is nowhere to be had: raise, or return synthetic volumes.
    rng : numpy.random.Generator, optional
        Source of randomness of the synthetic volumes; seed 0 when absent.

    Returns
    -------
    HippocampusData
        Each scan is checked when it is read: :class:`companion.data.DatasetCorrupt` is raised
        if a file is truncated, differs from its checksum, is no NIfTI volume, or if mask and
        image differ in shape or place, or a label is not 0, 1 or 2.

    Raises
    ------
    DatasetUnavailable
        If no place has the data and `fallback` is None, or a place was named that is not there.
    DatasetCorrupt
        If the archive is not the published one, would write outside its folder, or holds links
        or devices; if ``MD5SUMS`` is missing, or lists an image without a mask.
    ValueError
        If `fallback` is neither None nor "phantom".

    References
    ----------
    Antonelli et al., Nature Communications 13, 4128 (2022). doi:10.1038/s41467-022-30695-9
    Simpson et al., arXiv:1902.09063 (2019). Licence CC BY-SA 4.0.

    Examples
    --------
    >>> data = load_hippocampus(fallback="phantom")
    >>> scan = data[0]
    >>> scan.image.spacing_mm, sorted(set(scan.labels.ravel().tolist()))
    ((1.0, 1.0, 1.0), [0, 1, 2])
    """
    if fallback not in (None, "phantom"):
        raise ValueError(f'fallback must be None or "phantom", got {fallback!r}')
    folder = find_local(root)
    if folder is None:
        try:
            folder = fetch_folder()
        except DatasetUnavailable:
            if fallback is None:
                raise
            return _phantoms(rng)
    return read_folder(folder)


def find_sums() -> Path | None:
    """Return the list of checksums of the volumes at hand, by which they are known."""
    folder = find_local(None) or cached_folder()
    return folder / "MD5SUMS" if (folder / "MD5SUMS").is_file() else None


def read_folder(folder: Path) -> HippocampusData:
    """Return the scans that the folder's own ``MD5SUMS`` lists."""
    sums = list_files(folder)

    def _read(number):
        image, mask = (read_checked(folder, *sums[part, number]) for part in PARTS)
        return _as_scan(f"{folder}: number {number}", image, mask)

    return _data(sorted({number for _, number in sums}), SOURCE, LICENCE, False, _read)


def _as_scan(name, image, mask):
    """Return the image as float32 and the labels as uint8, if they are of one place."""
    if image.values.shape != mask.values.shape:
        raise DatasetCorrupt(
            f"{name}: the mask is {mask.values.shape}, its image {image.values.shape}"
        )
    apart = np.abs(image.affine - mask.affine).max()
    if apart > _TOLERANCE_MM:
        raise DatasetCorrupt(f"{name}: mask and image lie {apart:.3g} mm apart")
    others = np.setdiff1d(mask.values, list(LABELS))
    if others.size:
        raise DatasetCorrupt(f"{name}: has the labels {others[:5].tolist()}, expected 0, 1, 2")
    values = np.ascontiguousarray(image.values, np.float32)
    labels = np.ascontiguousarray(mask.values).astype(np.uint8)
    return Volume(values, image.spacing_mm, image.affine, "MR"), labels


def _data(numbers, source, licence, is_synthetic, read):
    numbers = np.array(numbers)
    patients = np.array([str((number + 1) // 2) for number in numbers.tolist()])
    return HippocampusData(numbers, patients, source, licence, is_synthetic, read)


def _phantoms(rng):
    seed = int((rng if rng is not None else np.random.default_rng(0)).integers(2**32))

    def _read(number):
        return make_hippocampus(seed, number, (number + 1) // 2)

    return _data(range(1, _PHANTOMS + 1), "synthetic phantom", "CC BY 4.0", True, _read)


def main() -> None:
    """Fetch the data, read every scan, and print what is where."""
    data = load_hippocampus()
    voxels = np.zeros(len(LABELS), int)
    for row in range(len(data)):
        voxels += np.bincount(data[row].labels.ravel(), minlength=len(LABELS))
    print(f"{len(data)} scans of {len(set(data.patients.tolist()))} patients, all intact")
    shown = (f"{name} {count}" for name, count in zip(LABELS.values(), voxels, strict=True))
    print(f"voxels: {', '.join(shown)}")
    print(f"{data.source}; {data.licence}")


if __name__ == "__main__":
    main()
