"""Real images, checked before use, with a synthetic cohort only for those who ask for it.

Run ``python -m companion.data.pneumonia`` to fetch the data ahead of time and to see what is where.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.data._medmnist import MedMnistFile, Splits
from companion.data.phantom import make_cohort
from companion.films import Films

FILE = MedMnistFile(
    name="pneumoniamnist.npz",
    md5="28209eda62fecd6e6a2d98b1501bb15f",
    content_sha256="b4ac0960098daf10db77bc5031b9b8a1828c943e6d5b75f243c8b87fd6944bf0",
    mirrors=(
        "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1",
        "https://zenodo.org/records/6496656/files/pneumoniamnist.npz?download=1",
        "https://huggingface.co/datasets/albertvillanova/medmnist-v2/resolve/"
        "f6dd981c7400b3e3738bde12ff948b7cc8f0d623/data/pneumoniamnist.npz",
    ),
    sizes={"train": 4708, "val": 524, "test": 624},
    # Published copies have the training films in different orders.
    reordered=("train",),
)
SOURCE = (
    "PneumoniaMNIST, 28 x 28 (Yang et al. 2023, doi:10.1038/s41597-022-01721-8), made from the "
    "chest X-rays of Kermany et al. 2018 (doi:10.17632/rscbjbr9sj.2)"
)
LICENCE = "CC BY 4.0"
PREVALENCES = {"train": 0.742, "val": 0.742, "test": 0.625}


@dataclass(frozen=True)
class PneumoniaData(Splits):
    """Three splits with their origin.

    Attributes
    ----------
    train, validation, test : companion.films.Films
        The official splits. No patient identifiers were published with them.
    source, licence : str
        Whom to cite, under which terms.
    is_synthetic : bool
        True when the films are phantoms and not of patients.
    """


def load_pneumonia(
    root: str | os.PathLike | None = None,
    *,
    fallback: str | None = None,
    rng: np.random.Generator | None = None,
) -> PneumoniaData:
    """Load the paediatric chest X-rays of PneumoniaMNIST.

    The file is taken from `root` if that is named; else it is looked for in the folder named by
    the environment variable ``COMPANION_DATA``, in the user's cache, and is then downloaded.

    Parameters
    ----------
    root : path, optional
        A folder that holds ``pneumoniamnist.npz``, or that file.
    fallback : {None, "phantom"}
        When the data is nowhere to be had: raise, or return synthetic films, as many.
    rng : numpy.random.Generator, optional
        Source of randomness of the synthetic cohort; seed 0 when absent.

    Returns
    -------
    PneumoniaData
        The training split is in a canonical order, the same for every published copy.

    Raises
    ------
    DatasetUnavailable
        If no place has the file and `fallback` is None, or a place was named that is not there.
    DatasetCorrupt
        If `root` or ``COMPANION_DATA`` has a file that is not the published one.
    ValueError
        If `fallback` is neither None nor "phantom".

    References
    ----------
    Yang et al., Scientific Data 10, 41 (2023). doi:10.1038/s41597-022-01721-8

    Examples
    --------
    >>> data = load_pneumonia(fallback="phantom")  # doctest: +SKIP
    >>> data.train.images.shape  # doctest: +SKIP
    (4708, 1, 28, 28)
    """
    return FILE.load(root, fallback, read_pneumonia, lambda: _phantom_pneumonia(rng))


def read_pneumonia(path: str | os.PathLike) -> PneumoniaData:
    """Read and check one file; nothing in it is ever unpickled.

    Parameters
    ----------
    path : path
        An npz file with uint8 ``{train,val,test}_images`` (N, 28, 28) and ``_labels`` (N, 1).

    Returns
    -------
    PneumoniaData
        Checked against the published content.

    Raises
    ------
    DatasetCorrupt
        If anything in the file differs from what was published.

    Examples
    --------
    >>> read_pneumonia("pneumoniamnist.npz").validation.images.shape  # doctest: +SKIP
    (524, 1, 28, 28)
    """
    path = Path(path)
    parts = FILE.read(path)
    FILE.check_content(path, parts)
    splits = (Films.from_pixels(images, labels) for images, labels in parts.values())
    return PneumoniaData(*splits, source=SOURCE, licence=LICENCE, is_synthetic=False)


def _phantom_pneumonia(rng):
    """Make a synthetic stand-in of the same sizes, no patient in two splits."""
    rng = rng if rng is not None else np.random.default_rng(0)
    splits = []
    for name, count in FILE.sizes.items():
        films = make_cohort(
            rng, patients=count, size=28, prevalence=PREVALENCES[name], films=(1, 1)
        )
        splits.append(Films.from_pixels(films.pixels, films.labels))
    return PneumoniaData(
        *splits, source="synthetic phantom", licence="CC BY 4.0", is_synthetic=True
    )


def main() -> None:
    """Fetch the data and print what is where."""
    FILE.show(read_pneumonia, lambda labels: f"{labels.mean():.1%} with pneumonia")


if __name__ == "__main__":
    main()
