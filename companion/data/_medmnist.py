"""What the data sets of MedMNIST share: where they are looked for, and how they are checked."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from companion.data.files import (
    DatasetCorrupt,
    DatasetUnavailable,
    expect_uint8,
    fetch,
    read_npz,
    read_shapes,
)
from companion.films import Films

#: Sizes in which the same films are published too.
_VARIANTS = {(64, 64), (128, 128), (224, 224)}
_Data = TypeVar("_Data")


@dataclass(frozen=True)
class Splits:
    """Three splits with their origin: ``train``, ``validation``, ``test``."""

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


@dataclass(frozen=True)
class MedMnistFile:
    """One published file of 28 x 28 films, and how to know it.

    Copies that were saved again have another checksum and may have another order; they are known
    by their content: the SHA-256 of images and labels with `reordered` splits in canonical order.
    """

    name: str
    md5: str
    content_sha256: str
    mirrors: tuple[str, ...]
    sizes: Mapping[str, int]
    reordered: tuple[str, ...]

    def load(
        self,
        root: str | os.PathLike | None,
        fallback: str | None,
        read: Callable[[Path], _Data],
        make_phantom: Callable[[], _Data],
    ) -> _Data:
        """Read the file from where it is found first, or make a phantom for who asked for one."""
        if fallback not in (None, "phantom"):
            raise ValueError(f'fallback must be None or "phantom", got {fallback!r}')
        local = self.find_local(root)
        if local is not None:
            return read(local)
        try:
            return read(self.fetch())
        except DatasetUnavailable as unavailable:
            if fallback is None:
                named = (
                    os.environ.get("COMPANION_DATA") or "no folder, as COMPANION_DATA names none"
                )
                raise DatasetUnavailable(
                    f"looked for {self.name} in: {named}.\n{unavailable}"
                ) from None
            return make_phantom()

    def show(self, read: Callable[[Path], Splits], describe: Callable[[np.ndarray], str]) -> None:
        """Fetch the file where it is nowhere yet, check it, and print what is in it."""
        path = self.find_local() or self.fetch()
        data = read(path)
        print(f"{path}: intact")
        for name, films in data.splits.items():
            print(f"  {name}: {len(films)} films, {describe(films.labels)}")
        print(f"{data.source}; {data.licence}")

    def fetch(self) -> Path:
        """Return the file in the user's cache, downloaded if it is not there."""
        return fetch(self.name, self.md5, self.mirrors)

    def find_local(self, root: str | os.PathLike | None = None) -> Path | None:
        """Return the file in `root` or in ``COMPANION_DATA``, if one is there; not yet checked."""
        if root is not None:
            path = self._file_in(root)
            if not path.is_file():
                raise DatasetUnavailable(
                    f"root names {root}, where there is no {self.name}{self._variant_beside(path)}"
                )
            return path
        named = os.environ.get("COMPANION_DATA")
        if not named:
            return None
        place = Path(named).expanduser()
        if not (place.is_file() if place.suffix == ".npz" else place.is_dir()):
            raise DatasetUnavailable(f"COMPANION_DATA names {named}, which does not exist")
        if self._is_another(place):
            place = place.parent
        path = self._file_in(place)
        variant = "" if path.is_file() else self._variant_beside(path)
        if variant:
            raise DatasetUnavailable(
                f"COMPANION_DATA names {named}, which has no {self.name}{variant}"
            )
        return path if path.is_file() else None

    def read(self, path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return pixels (N, 28, 28) and labels (N,) of each split, checked and in order."""
        side = read_shapes(path).get("train_images", ())[1:]
        if side in _VARIANTS:
            raise DatasetCorrupt(
                f"{path}: is the variant of {side[0]} x {side[1]} pixels; the book reads the one "
                f"of 28 x 28, {self.name}"
            )
        names = [f"{name}_{part}" for name in self.sizes for part in ("images", "labels")]
        arrays = read_npz(path, names)
        for name, count in self.sizes.items():
            expect_uint8(path, f"{name}_images", arrays[f"{name}_images"], (count, 28, 28), 255)
            expect_uint8(path, f"{name}_labels", arrays[f"{name}_labels"], (count, 1), 1)
        parts = {
            name: (arrays[f"{name}_images"], arrays[f"{name}_labels"][:, 0]) for name in self.sizes
        }
        return parts | {name: canonical_order(*parts[name]) for name in self.reordered}

    def check_content(self, path: Path, parts: Mapping[str, tuple]) -> None:
        """Raise unless this is the published file, or one of the same images and labels."""
        found = content_digest(parts.values())
        if found != self.content_sha256 and _md5(path) != self.md5:
            raise DatasetCorrupt(
                f"{path}: its images or labels were altered: content SHA-256 is {found}, "
                f"expected {self.content_sha256}. Delete the file and fetch it again."
            )

    def _file_in(self, place):
        path = Path(place).expanduser()
        return path if path.suffix == ".npz" else path / self.name

    def _is_another(self, place):
        """Tell whether a file is, by its name, of another data set of MedMNIST."""
        named = re.match(r"[a-z]+mnist", place.name) if place.suffix == ".npz" else None
        return named is not None and named[0] != Path(self.name).stem

    def _variant_beside(self, path):
        """Name the same films of another size, of which a reader may think that they will do."""
        found = sorted(path.parent.glob(f"{Path(self.name).stem}_*.npz"))
        return f", only {found[0].name}, of another size" if found else ""


def canonical_order(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort films by the SHA-256 of their pixels, then by label.

    Copies that differ in order become equal, and neighbours stay unrelated.
    """
    keys = [
        (hashlib.sha256(image.tobytes()).digest(), label)
        for image, label in zip(images, labels.tolist(), strict=True)
    ]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return images[order], labels[order]


def content_digest(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> str:
    """Return the SHA-256 of all images and labels, in the order given."""
    digest = hashlib.sha256()
    for images, labels in parts:
        digest.update(images.tobytes() + labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _md5(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
