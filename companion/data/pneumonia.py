"""Real images, checked before use, with a synthetic cohort only for those who ask for it.

Run ``python -m companion.data.pneumonia`` to fetch the data ahead of time and to see what is where.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.data.files import (
    DatasetCorrupt,
    DatasetUnavailable,
    expect_uint8,
    fetch,
    read_npz,
    read_shapes,
)
from companion.data.phantom import make_cohort
from companion.films import Films

FILE_NAME = "pneumoniamnist.npz"


FILE_MD5 = "28209eda62fecd6e6a2d98b1501bb15f"


#: SHA-256 of the images and labels in canonical order: files that differ in order only agree in it.
CONTENT_SHA256 = "b4ac0960098daf10db77bc5031b9b8a1828c943e6d5b75f243c8b87fd6944bf0"


MIRRORS = (
    "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1",
    "https://zenodo.org/records/6496656/files/pneumoniamnist.npz?download=1",
    "https://huggingface.co/datasets/albertvillanova/medmnist-v2/resolve/"
    "f6dd981c7400b3e3738bde12ff948b7cc8f0d623/data/pneumoniamnist.npz",
)


SOURCE = (
    "PneumoniaMNIST, 28 x 28 (Yang et al. 2023, doi:10.1038/s41597-022-01721-8), made from the "
    "chest X-rays of Kermany et al. 2018 (doi:10.17632/rscbjbr9sj.2)"
)


LICENCE = "CC BY 4.0"


SIZES = {"train": 4708, "val": 524, "test": 624}


#: Sizes in which the same films are published too.
VARIANTS = {(64, 64), (128, 128), (224, 224)}
PREVALENCES = {"train": 0.742, "val": 0.742, "test": 0.625}


@dataclass(frozen=True)
class PneumoniaData:
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

    train: Films
    validation: Films
    test: Films
    source: str
    licence: str
    is_synthetic: bool

    @property
    def splits(self) -> dict[str, Films]:
        """Return the splits by their names, training first."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


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
    if fallback not in (None, "phantom"):
        raise ValueError(f'fallback must be None or "phantom", got {fallback!r}')
    local = find_local(root)
    if local is not None:
        return read_pneumonia(local)
    try:
        return read_pneumonia(fetch(FILE_NAME, FILE_MD5, MIRRORS))
    except DatasetUnavailable as unavailable:
        if fallback is None:
            named = os.environ.get("COMPANION_DATA") or "no folder, as COMPANION_DATA names none"
            raise DatasetUnavailable(
                f"looked for {FILE_NAME} in: {named}.\n{unavailable}"
            ) from None
        return _phantom_pneumonia(rng if rng is not None else np.random.default_rng(0))


def find_local(root: str | os.PathLike | None = None) -> Path | None:
    """Return the file in `root` or in ``COMPANION_DATA``, if one is there; not yet checked."""
    if root is not None:
        path = _file_in(root)
        if not path.is_file():
            raise DatasetUnavailable(
                f"root names {root}, where there is no {FILE_NAME}{_variant_beside(path)}"
            )
        return path
    named = os.environ.get("COMPANION_DATA")
    if not named:
        return None
    path = _file_in(named)
    is_file = Path(named).suffix == ".npz"
    if not (path.is_file() if is_file else path.parent.is_dir()):
        raise DatasetUnavailable(f"COMPANION_DATA names {named}, which does not exist")
    variant = "" if path.is_file() else _variant_beside(path)
    if variant:
        raise DatasetUnavailable(f"COMPANION_DATA names {named}, which has no {FILE_NAME}{variant}")
    return path if path.is_file() else None


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
    side = read_shapes(path).get("train_images", ())[1:]
    if side in VARIANTS:
        raise DatasetCorrupt(
            f"{path}: is the variant of {side[0]} x {side[1]} pixels; the book reads the one of "
            f"28 x 28, {FILE_NAME}"
        )
    arrays = read_npz(path, [f"{name}_{part}" for name in SIZES for part in ("images", "labels")])
    for name, count in SIZES.items():
        expect_uint8(path, f"{name}_images", arrays[f"{name}_images"], (count, 28, 28), 255)
        expect_uint8(path, f"{name}_labels", arrays[f"{name}_labels"], (count, 1), 1)
    parts = {name: (arrays[f"{name}_images"], arrays[f"{name}_labels"][:, 0]) for name in SIZES}
    parts["train"] = _canonical_order(*parts["train"])
    found = _content_digest(parts.values())
    if found != CONTENT_SHA256:
        raise DatasetCorrupt(
            f"{path}: its images or labels were altered: content SHA-256 is {found}, "
            f"expected {CONTENT_SHA256}. Delete the file and fetch it again."
        )
    splits = (Films.from_pixels(images, labels) for images, labels in parts.values())
    return PneumoniaData(*splits, source=SOURCE, licence=LICENCE, is_synthetic=False)


def _file_in(place):
    path = Path(place).expanduser()
    return path if path.suffix == ".npz" else path / FILE_NAME


def _variant_beside(path):
    """Name the same films of another size, of which a reader may think that they will do."""
    found = sorted(path.parent.glob("pneumoniamnist_*.npz"))
    return f", only {found[0].name}, of another size" if found else ""


def _canonical_order(images, labels):
    """Sort films by the SHA-256 of their pixels, then by label.

    Copies that differ in order become equal, and neighbours stay unrelated.
    """
    keys = [
        (hashlib.sha256(image.tobytes()).digest(), label)
        for image, label in zip(images, labels.tolist(), strict=True)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return images[order], labels[order]


def _content_digest(parts):
    """Return the SHA-256 of all images and labels, in the order given."""
    digest = hashlib.sha256()
    for images, labels in parts:
        digest.update(images.tobytes() + labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _phantom_pneumonia(rng):
    """Make a synthetic stand-in of the same sizes, no patient in two splits."""
    splits = []
    for name, count in SIZES.items():
        films = make_cohort(
            rng, patients=count, size=28, prevalence=PREVALENCES[name], films=(1, 1)
        )
        splits.append(Films.from_pixels(films.pixels, films.labels))
    return PneumoniaData(
        *splits, source="synthetic phantom", licence="CC BY 4.0", is_synthetic=True
    )


def main() -> None:
    """Fetch the data and print what is where."""
    local = find_local()
    path = local if local is not None else fetch(FILE_NAME, FILE_MD5, MIRRORS)
    data = read_pneumonia(path)
    print(f"{path}: intact")
    for name, films in data.splits.items():
        print(f"  {name}: {len(films)} films, {films.labels.mean():.1%} with pneumonia")
    print(f"{data.source}; {data.licence}")


if __name__ == "__main__":
    main()
