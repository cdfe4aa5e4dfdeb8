"""What the data sets of the chapter on prognosis share: one published table each."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import requests

from companion.data import files
from companion.data.files import DatasetCorrupt, DatasetUnavailable

_Data = TypeVar("_Data")
_MOST_BYTES = 2**23


@dataclass(frozen=True)
class PublishedTable:
    """One file that a publisher offers, the folder it is kept in, and how to know it.

    A table is known by its content, not by its bytes: spreadsheets change when they are saved
    again, and text files when a line ends in another way.

    Attributes
    ----------
    folder, name : str
        Where it is looked for: in that folder, or directly.
    others : tuple of str
        Names under which publishers offer the same file.
    addresses : tuple of str
        Where it is downloaded from, in this order.
    page : str
        Where a reader can get it by hand.
    content_sha256 : str
        Of the cells, as :func:`content_digest` takes it.
    """

    folder: str
    name: str
    others: tuple[str, ...]
    addresses: tuple[str, ...]
    page: str
    content_sha256: str

    def load(self, root: str | os.PathLike | None, read: Callable[[Path], _Data]) -> _Data:
        """Read the table from where it is found first, or raise."""
        local = self.find_local(root)
        return read(local) if local is not None else read(self.fetch(read))

    def find_local(self, root: str | os.PathLike | None = None) -> Path | None:
        """Return the file in `root` or in ``COMPANION_DATA``, if one is there; not yet checked."""
        named = root if root is not None else os.environ.get("COMPANION_DATA")
        if not named:
            return None
        whose = "root" if root is not None else "COMPANION_DATA"
        place = Path(named).expanduser()
        if place.is_file():
            if root is not None:
                return place
            place = place.parent
        if not place.is_dir():
            raise DatasetUnavailable(f"{whose} names {named}, which does not exist")
        for folder in (place / self.folder, place):
            for name in (self.name, *self.others):
                if (folder / name).is_file():
                    return folder / name
        if root is not None:
            raise DatasetUnavailable(f"root names {root}, where there is no {self.name}")
        return None

    def fetch(self, read: Callable[[Path], object]) -> Path:
        """Return the file in the user's cache, downloaded and checked if it is not there."""
        path = files.cache_folder() / self.folder / self.name
        if path.is_file():
            return path
        tried = []
        for address in self.addresses:
            beside = path.with_name(f".part-{os.getpid()}-{path.name}")
            try:
                content = _download(address)
                path.parent.mkdir(parents=True, exist_ok=True)
                beside.write_bytes(content)
                read(beside)
                os.replace(beside, path)
                return path
            except (requests.RequestException, DatasetCorrupt, OSError) as problem:
                tried.append(f"\n  {address}: {type(problem).__name__}: {problem}")
            finally:
                beside.unlink(missing_ok=True)
        named = os.environ.get("COMPANION_DATA") or "no folder, as COMPANION_DATA names none"
        raise DatasetUnavailable(
            f"looked for {self.folder}/{self.name} in: {named}.\nno address gave it:"
            f"{''.join(tried)}\nConnect to the network, or get it from {self.page}, put it into a "
            f"folder {self.folder} and name the folder around it in the environment variable "
            f"COMPANION_DATA."
        )

    def check_content(self, path: Path, rows: Iterable[Iterable[object]]) -> None:
        """Raise unless the cells of a file are those that were published."""
        found = content_digest(rows)
        if found != self.content_sha256:
            raise DatasetCorrupt(
                f"{path}: is not the published table, or was altered: content SHA-256 is {found}, "
                f"expected {self.content_sha256}. Delete the file and get it again from {self.page}"
            )


def content_digest(rows: Iterable[Iterable[object]]) -> str:
    """Return the SHA-256 of the cells of a table, rows in any order, numbers as their value."""
    lines = sorted("\t".join(map(_text, row)) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_bytes(path: Path) -> bytes:
    """Return what a file holds, or say why it can't be read; a web page is named as one."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise DatasetCorrupt(f"{path}: can't be read: {problem}") from problem
    if content.lstrip()[:1] == b"<":
        raise DatasetCorrupt(f"{path}: expected a table, found a web page; get it again")
    return content


def _text(cell):
    """Write 3, 3.0 and "3" alike, and nothing as nothing."""
    if cell is None or cell == "":
        return ""
    try:
        return f"{float(cell):.12g}"
    except (TypeError, ValueError):
        return str(cell).strip()


def _download(address):
    with requests.get(address, timeout=(10, 60), stream=True) as answer:
        answer.raise_for_status()
        content = bytearray()
        for block in answer.iter_content(2**16):
            content += block
            if len(content) > _MOST_BYTES:
                raise DatasetCorrupt(f"{address} gives more than {_MOST_BYTES} bytes")
    return bytes(content)
