"""Breast ultrasound, malignant or not: BreastMNIST, whose labels are turned round here.

In the file 0 is malignant and 1 is normal or benign. In this book 1 is the disease, so that the
loader gives **1 = malignant, 0 = normal or benign**, and refuses a file in which not 0 but 1 is as
frequent as the malignant films that were published.

Run ``python -m companion.data.breast`` to fetch the data ahead of time and to see what is where.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.data._medmnist import MedMnistFile, Splits
from companion.data._speckle import make_ultrasound
from companion.data.files import DatasetCorrupt
from companion.films import Films

FILE = MedMnistFile(
    name="breastmnist.npz",
    md5="750601b1f35ba3300ea97c75c52ff8f6",
    # Of a copy that was saved again; the published file is known by its checksum as well.
    content_sha256="af3be89435b0da46832aa509e2faff22cda08d082d954b9524243ffb101862aa",
    mirrors=(
        "https://zenodo.org/records/10519652/files/breastmnist.npz?download=1",
        "https://zenodo.org/records/6496656/files/breastmnist.npz?download=1",
    ),
    sizes={"train": 546, "val": 78, "test": 156},
    reordered=("train", "val", "test"),
)
#: Malignant films by split, as published. They are the file's zeros.
MALIGNANT = {"train": 147, "val": 21, "test": 42}
SOURCE = (
    "BreastMNIST, 28 x 28 (Yang et al. 2023, doi:10.1038/s41597-022-01721-8), made from the "
    "breast ultrasound images of Al-Dhabyani et al. 2020 (doi:10.1016/j.dib.2019.104863)"
)
LICENCE = "CC BY 4.0"


@dataclass(frozen=True)
class BreastData(Splits):
    """Three splits with their origin; label 1 is malignant, 0 is normal or benign.

    Attributes
    ----------
    train, validation, test : companion.films.Films
        The official splits. No patient identifiers were published with them, and images of one
        lesion stand in different splits: see :func:`companion.data.find_near_twins`.
    source, licence : str
        Whom to cite, under which terms.
    is_synthetic : bool
        True when the films are phantoms and not of patients.
    """


def load_breast(
    root: str | os.PathLike | None = None,
    *,
    fallback: str | None = None,
    rng: np.random.Generator | None = None,
) -> BreastData:
    """Load the breast ultrasound films of BreastMNIST, with 1 for malignant.

    The file says 0 for malignant; labels are turned round, and their counts are compared with
    the published ones. It is looked for where :func:`companion.data.load_pneumonia` looks.

    Parameters
    ----------
    root : path, optional
        A folder that holds ``breastmnist.npz``, or that file.
    fallback : {None, "phantom"}
        When the data is nowhere to be had: raise, or return synthetic films, as many.
    rng : numpy.random.Generator, optional
        Source of randomness of the synthetic films; seed 0 when absent.

    Returns
    -------
    BreastData
        All splits are in a canonical order, the same for every copy.

    Raises
    ------
    DatasetUnavailable
        If no place has the file and `fallback` is None, or a place was named that is not there.
    DatasetCorrupt
        If `root` or ``COMPANION_DATA`` has a file that is not the published one, or whose labels
        are the other way round.
    ValueError
        If `fallback` is neither None nor "phantom".

    See Also
    --------
    companion.data.find_near_twins : Finds the images that stand on both sides of a split.

    References
    ----------
    Yang et al., Scientific Data 10, 41 (2023). doi:10.1038/s41597-022-01721-8
    Al-Dhabyani et al., Data in Brief 28, 104863 (2020). doi:10.1016/j.dib.2019.104863
    Pawłowska et al., Data in Brief 48, 109247 (2023), on errors in them.
    doi:10.1016/j.dib.2023.109247

    Examples
    --------
    >>> data = load_breast(fallback="phantom")
    >>> {name: (len(films), int(films.labels.sum())) for name, films in data.splits.items()}
    {'train': (546, 147), 'validation': (78, 21), 'test': (156, 42)}
    """
    return FILE.load(root, fallback, read_breast, lambda: _phantom_breast(rng))


def read_breast(path: str | os.PathLike) -> BreastData:
    """Read and check one file; nothing in it is ever unpickled.

    Parameters
    ----------
    path : path
        An npz file with uint8 ``{train,val,test}_images`` (N, 28, 28) and ``_labels`` (N, 1),
        0 for malignant.

    Returns
    -------
    BreastData
        Checked against the published content, 1 for malignant.

    Raises
    ------
    DatasetCorrupt
        If anything in the file differs from what was published.

    Examples
    --------
    >>> read_breast("breastmnist.npz").validation.images.shape  # doctest: +SKIP
    (78, 1, 28, 28)
    """
    path = Path(path)
    parts = FILE.read(path)
    _check_meaning(path, {name: labels for name, (_, labels) in parts.items()})
    FILE.check_content(path, parts)
    splits = (Films.from_pixels(images, 1 - labels) for images, labels in parts.values())
    return BreastData(*splits, source=SOURCE, licence=LICENCE, is_synthetic=False)


def _check_meaning(path: Path, labels: Mapping[str, np.ndarray]) -> None:
    """Raise unless the file's zeros are as many as the malignant films that were published."""
    zeros = {name: int((each == 0).sum()) for name, each in labels.items()}
    if zeros == MALIGNANT:
        return
    ones = {name: int((each == 1).sum()) for name, each in labels.items()}
    turned = "; its labels are the other way round" if ones == MALIGNANT else ""
    raise DatasetCorrupt(
        f"{path}: has {_counts(zeros)} zeros, expected {_counts(MALIGNANT)}, the malignant films "
        f"(train, val, test){turned}"
    )


def _counts(by_split):
    return ", ".join(map(str, by_split.values()))


def _phantom_breast(rng):
    """Make a synthetic stand-in of the same sizes and as many malignant films."""
    rng = rng if rng is not None else np.random.default_rng(0)
    splits = []
    for name, count in FILE.sizes.items():
        labels = rng.permutation(np.arange(count) < MALIGNANT[name]).astype(np.uint8)
        pixels = np.stack([make_ultrasound(rng, malignant=bool(label)) for label in labels])
        splits.append(Films.from_pixels(pixels, labels))
    return BreastData(*splits, source="synthetic phantom", licence="CC BY 4.0", is_synthetic=True)


def main() -> None:
    """Fetch the data and print what is where."""
    FILE.show(read_breast, lambda labels: f"{labels.sum()} of them malignant (label 1)")


if __name__ == "__main__":
    main()
