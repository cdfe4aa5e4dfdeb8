"""The files of a folder of shards: arrays written beside and moved into place, and their index.

``index.json`` is written last. A folder without it is unfinished; a folder with it is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np

from companion.data.files import DatasetCorrupt

INDEX, VERSION = "index.json", 1
#: What each file of a shard holds; the last is there only if the films name their patients.
PARTS = ("pixels", "labels", "patients")
_MOST_INDEX_BYTES = 64 * 2**20


def file_name(part: str, number: int) -> str:
    """Return the name of one file of a shard; no other name is ever opened."""
    return f"{part}-{number:05}.npy"


def new_folder(folder: Path) -> None:
    """Make the folder, or raise unless it is there and empty."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(path.name for path in folder.iterdir())
    if names:
        kind = "a finished set of shards" if INDEX in names else f"files such as {names[0]!r}"
        if INDEX not in names and any(re.fullmatch(r"\.?pixels-\d+\.npy.*", n) for n in names):
            kind = "a set of shards whose writing was interrupted"
        raise FileExistsError(f"{folder}: expected an empty folder, found {kind}")


def write_shard(folder: Path, number: int, arrays: dict[str, np.ndarray]) -> dict[str, object]:
    """Write the files of one shard, all or none, and return its entry of the index."""
    digests, beside = {}, {}
    try:
        for part, array in arrays.items():
            name = file_name(part, number)
            beside[name] = folder / f".{name}.part"
            with open(beside[name], "wb") as file:
                # Not numpy.save: it may lose the last bytes on a full disk without a word.
                array = np.ascontiguousarray(array)
                header = np.lib.format.header_data_from_array_1_0(array)
                np.lib.format.write_array_header_1_0(file, header)
                file.write(array)
                file.flush()
                os.fsync(file.fileno())
            digests[name] = digest_of(beside[name])
        for name, path in beside.items():
            os.replace(path, folder / name)
    except BaseException:
        for name, path in beside.items():
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                (folder / name).unlink(missing_ok=True)
        raise
    return {"films": len(arrays["labels"]), "files": digests}


def write_index(folder: Path, shape: tuple[int, int], shards: list[dict]) -> None:
    """Write the index, which says that the folder is whole."""
    count = sum(shard["films"] for shard in shards)
    index = {"version": VERSION, "films": count, "shape": list(shape), "dtype": "uint8"}
    beside = folder / f".{INDEX}.part"
    try:
        with open(beside, "w", encoding="utf8") as file:
            json.dump(index | {"shards": shards}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, folder / INDEX)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def read_index(folder: Path) -> dict:
    """Return the index of a folder, or raise unless it is one that :func:`write_index` wrote."""
    path = folder / INDEX
    if not path.is_file():
        whole = len(list(folder.glob("pixels-*.npy"))) if folder.is_dir() else 0
        found = f"{whole} shards of an interrupted writing" if whole else "no shards"
        raise FileNotFoundError(f"{path}: expected the index of a set of shards, found {found}")
    if path.stat().st_size > _MOST_INDEX_BYTES:
        raise DatasetCorrupt(f"{path}: has {path.stat().st_size} bytes, expected an index")
    try:
        index = json.loads(path.read_text("utf8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as problem:
        raise DatasetCorrupt(f"{path}: expected an index in JSON, found {problem}") from problem
    try:
        _check_index(index)
    except ValueError as problem:
        raise DatasetCorrupt(f"{path}: {problem}") from None
    return index


def _once(pairs):
    """Make a dict of JSON's pairs, none of which may come twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(n for n in names if names.count(n) > 1)!r} twice")
    return found


def _check_index(index):
    """Raise unless an index has the version, the types and the file names that it must have."""
    version = index.get("version") if isinstance(index, dict) else None
    if version != VERSION:
        raise ValueError(f"expected version {VERSION} of the index, found {version!r}")
    if index.get("dtype") != "uint8":
        raise ValueError(f"expected the dtype 'uint8', found {index.get('dtype')!r}")
    shape, shards = index.get("shape"), index.get("shards")
    if not (isinstance(shape, list) and len(shape) == 2 and all(map(_is_count, shape))):
        raise ValueError(f"expected a shape [H, W], found {shape!r}")
    if not isinstance(shards, list) or not shards:
        raise ValueError("expected at least one shard, found none")
    named = file_name("patients", 0) in _files(shards[0])
    for number, shard in enumerate(shards):
        expected = {file_name(part, number) for part in (PARTS if named else PARTS[:2])}
        if set(_files(shard)) != expected:
            raise ValueError(
                f"expected shard {number} to be {sorted(expected)}, found {sorted(_files(shard))}"
            )
        if not all(re.fullmatch("[0-9a-f]{64}", str(d)) for d in _files(shard).values()):
            raise ValueError(f"expected a SHA-256 for each file of shard {number}, found another")
        if not _is_count(shard.get("films")):
            raise ValueError(f"expected films in shard {number}, found {shard.get('films')!r}")
    count = sum(shard["films"] for shard in shards)
    if index.get("films") != count:
        raise ValueError(f"expected {index.get('films')!r} films, found {count} in its shards")


def _files(shard):
    """Return the digests by file name of an entry of the index, if it has them."""
    files = shard.get("files") if isinstance(shard, dict) else None
    return files if isinstance(files, dict) else {}


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**40


def map_array(path: Path, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """Map a file of an array into memory, or raise unless shape, kind and size are as expected.

    Nothing is read but the header; nothing is ever unpickled.
    """
    try:
        # Not numpy.load: that would also open archives. Objects are refused by name.
        array = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise DatasetCorrupt(f"{path}: is missing, its index lists it") from None
    except Exception as problem:  # numpy, mmap and tokenize each raise their own
        raise DatasetCorrupt(f"{path}: truncated or damaged: {problem}") from problem
    right = array.dtype.kind == "U" if kind == "U" else array.dtype == kind
    if array.shape != shape or not right:
        wanted = "text" if kind == "U" else kind
        raise DatasetCorrupt(
            f"{path}: holds {array.dtype} {array.shape}, expected {wanted} {shape}"
        )
    size, expected = path.stat().st_size, array.offset + array.nbytes
    if size != expected:
        raise DatasetCorrupt(f"{path}: has {size} bytes, expected {expected}")
    return array.view(np.ndarray)  # a memmap's own indexing is slow


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_digest(path: Path, expected: str) -> None:
    """Raise unless a file's bytes are those that were written."""
    try:
        found = digest_of(path)
    except OSError as problem:
        raise DatasetCorrupt(f"{path}: can't be read: {problem}") from problem
    if found != expected:
        raise DatasetCorrupt(
            f"{path}: its bytes have changed: SHA-256 {found[:16]}, expected {expected[:16]}"
        )
