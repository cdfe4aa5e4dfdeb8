"""Real images, checked before use, with a synthetic cohort only for those who ask for it.

Run ``python -m companion.data.pneumonia`` to fetch the data ahead of time and to see what is where.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.data.files import DatasetCorrupt, DatasetUnavailable, expect_uint8, fetch, read_npz
from companion.data.phantom import make_cohort

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


PREVALENCES = {"train": 0.742, "val": 0.742, "test": 0.625}


@dataclass(frozen=True)
class Split:
    """Images and labels; row i of both belongs to the same film.

    Attributes
    ----------
    images : numpy.ndarray
        uint8, (N, H, W), 0 to 255, bright is dense.
    labels : numpy.ndarray
        int64, (N,), 1 with pneumonia, 0 without.
    """

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class PneumoniaData:
    """Three splits with their origin.

    Attributes
    ----------
    train, val, test : Split
        The official splits. No patient identifiers were published with them.
    source, licence : str
        Whom to cite, under which terms.
    is_synthetic : bool
        True when the films are phantoms and not of patients.
    """

    train: Split
    val: Split
    test: Split
    source: str
    licence: str
    is_synthetic: bool


def load_pneumonia(
    root: str | os.PathLike | None = None,
    *,
    fallback: str | None = None,
    rng: np.random.Generator | None = None,
) -> PneumoniaData:
    """Load the paediatric chest X-rays of PneumoniaMNIST.

    The file is looked for in `root`, in the folder named by the environment variable
    ``COMPANION_DATA``, in the user's cache, and is then downloaded into that cache.

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
        If no place has the file and `fallback` is None.
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
    (4708, 28, 28)
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
            places = ", ".join(str(place) for place in _places(root)) or "no local folder was named"
            raise DatasetUnavailable(
                f"looked for {FILE_NAME} in: {places}.\n{unavailable}"
            ) from None
        return phantom_pneumonia(rng if rng is not None else np.random.default_rng(0))


def find_local(root: str | os.PathLike | None = None) -> Path | None:
    """Return the file in `root` or in ``COMPANION_DATA``, if one is there.

    Parameters
    ----------
    root : path, optional
        A folder that holds ``pneumoniamnist.npz``, or that file.

    Returns
    -------
    pathlib.Path or None
        The file, not yet checked; None when neither place has it.

    Examples
    --------
    >>> find_local("/no/such/folder") is None or "COMPANION_DATA" in os.environ
    True
    """
    return next((place for place in _places(root) if place.is_file()), None)


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
    >>> read_pneumonia("pneumoniamnist.npz").val.images.shape  # doctest: +SKIP
    (524, 28, 28)
    """
    path = Path(path)
    parts = [f"{name}_{part}" for name in SIZES for part in ("images", "labels")]
    arrays = read_npz(path, parts)
    splits = {}
    for name, count in SIZES.items():
        images, labels = arrays[f"{name}_images"], arrays[f"{name}_labels"]
        expect_uint8(path, f"{name}_images", images, (count, 28, 28), 255)
        expect_uint8(path, f"{name}_labels", labels, (count, 1), 1)
        splits[name] = Split(images, labels[:, 0].astype(np.int64))
    splits["train"] = canonical_order(splits["train"])
    found = content_digest(splits)
    if found != CONTENT_SHA256:
        raise DatasetCorrupt(
            f"{path}: its images or labels were altered: content SHA-256 is {found}, "
            f"expected {CONTENT_SHA256}. Delete the file and fetch it again."
        )
    return PneumoniaData(**splits, source=SOURCE, licence=LICENCE, is_synthetic=False)


def canonical_order(split: Split) -> Split:
    """Sort films by the SHA-256 of their pixels, then by label.

    Copies that differ in order become equal, and neighbours stay unrelated.

    Parameters
    ----------
    split : Split
        Images and labels in any order.

    Returns
    -------
    Split
        The same films, reordered.

    Examples
    --------
    >>> films = Split(np.arange(8, dtype=np.uint8).reshape(2, 2, 2), np.array([0, 1]))
    >>> canonical_order(films).labels
    array([0, 1])
    """
    keys = [
        (hashlib.sha256(image.tobytes()).digest(), label)
        for image, label in zip(split.images, split.labels.tolist(), strict=True)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return Split(split.images[order], split.labels[order])


def content_digest(splits: dict[str, Split]) -> str:
    """Return the SHA-256 of all images and labels, in the order given.

    Parameters
    ----------
    splits : dict of str to Split
        The splits in the order train, val, test.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> one = Split(np.zeros((1, 2, 2), np.uint8), np.zeros(1, np.int64))
    >>> content_digest({"train": one})[:8]
    '15ec7bf0'
    """
    digest = hashlib.sha256()
    for split in splits.values():
        digest.update(split.images.tobytes() + split.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def phantom_pneumonia(rng: np.random.Generator) -> PneumoniaData:
    """Make a synthetic stand-in of the same sizes, no patient in two splits.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    PneumoniaData
        With ``is_synthetic`` True.

    Examples
    --------
    >>> phantom_pneumonia(np.random.default_rng(0)).is_synthetic  # doctest: +SKIP
    True
    """
    splits = {}
    for name, count in SIZES.items():
        cohort = make_cohort(
            rng, patients=count, size=28, prevalence=PREVALENCES[name], films=(1, 1)
        )
        splits[name] = Split((cohort.images * 255).round().astype(np.uint8), cohort.labels)
    return PneumoniaData(
        **splits, source="synthetic phantom", licence="CC BY 4.0", is_synthetic=True
    )


def _places(root):
    named = [root, os.environ.get("COMPANION_DATA")]
    folders = [Path(place) for place in named if place]
    return [f if f.suffix == ".npz" else f / FILE_NAME for f in folders]


def main() -> None:
    """Fetch the data and print what is where."""
    local = find_local()
    path = local if local is not None else fetch(FILE_NAME, FILE_MD5, MIRRORS)
    data = read_pneumonia(path)
    print(f"{path}: intact")
    for name in SIZES:
        labels = getattr(data, name).labels
        print(f"  {name}: {len(labels)} films, {labels.mean():.1%} with pneumonia")
    print(f"{data.source}; {data.licence}")


if __name__ == "__main__":
    main()
