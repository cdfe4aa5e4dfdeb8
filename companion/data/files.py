"""Files that others publish: fetched with a checksum, read without trust."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pooch
import requests

_MAX_BYTES = 64 * 2**20


class DatasetUnavailable(RuntimeError):
    """The data is in no place that was searched; the message lists them and says what to do."""


class DatasetCorrupt(ValueError):
    """A data file exists but is not what was published; the message says what differs."""


def cache_folder() -> Path:
    """Return the folder into which data is downloaded; it need not exist yet.

    Returns
    -------
    pathlib.Path
        A folder of the user's cache.

    Examples
    --------
    >>> cache_folder().name
    'medical-image-companion'
    """
    return Path(pooch.os_cache("medical-image-companion"))


def fetch(
    name: str, md5: str, mirrors: Sequence[str], folder: str | os.PathLike | None = None
) -> Path:
    """Download a published file unless an intact copy is in `folder`.

    The file is written under a temporary name, checked, and moved into place when complete.

    Parameters
    ----------
    name : str
        Name of the file in `folder`.
    md5 : str
        The published checksum, 32 hexadecimal digits.
    mirrors : sequence of str
        Addresses to try in this order, each up to three times.
    folder : path, optional
        Where to keep it; the user's cache when absent.

    Returns
    -------
    pathlib.Path
        The file, with the published checksum.

    Raises
    ------
    DatasetUnavailable
        If no mirror gave the file, or `folder` can't be written.

    Examples
    --------
    >>> fetch("a.npz", "0" * 32, mirrors=[], folder="/tmp")
    Traceback (most recent call last):
    ...
    companion.data.files.DatasetUnavailable: no mirror gave a.npz...
    """
    folder = Path(folder) if folder is not None else cache_folder()
    tried = []
    for url in mirrors:
        store = pooch.create(folder, "", registry={name: f"md5:{md5}"}, retry_if_failed=2)
        store.urls = {name: url}
        loader = pooch.HTTPDownloader(progressbar=True, timeout=(10, 60))
        try:
            return Path(store.fetch(name, downloader=loader))
        except (ValueError, requests.RequestException) as problem:
            tried.append(f"\n  {url}: {type(problem).__name__}: {problem}")
        except OSError as problem:
            reason = errno.errorcode.get(problem.errno, type(problem).__name__)
            raise DatasetUnavailable(
                f"the folder {folder} can't be written ({reason}: {problem}). Free some space "
                f"there, or name another folder in the environment variable COMPANION_DATA."
            ) from problem
    raise DatasetUnavailable(
        f"no mirror gave {name}:{''.join(tried)}\nConnect to the network, or put {name} "
        f"(md5 {md5}) into a folder and name it in the environment variable COMPANION_DATA, "
        f'or ask for synthetic films with fallback="phantom".'
    )


def read_npz(path: str | os.PathLike, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read the arrays of an npz archive; nothing in it is ever unpickled.

    Parameters
    ----------
    path : path
        The archive.
    names : sequence of str
        The arrays that it must hold, no more and no fewer.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays by name, of numbers, truth values or texts.

    Raises
    ------
    DatasetCorrupt
        If it is no archive, is damaged, holds other arrays, objects, or more than 64 MiB.

    Examples
    --------
    >>> read_npz("/no/such/file.npz", ["images"])
    Traceback (most recent call last):
    ...
    companion.data.files.DatasetCorrupt: /no/such/file.npz: can't be read: ...
    """
    with _archive(path) as archive:
        shapes = _shapes(archive)
        if sorted(shapes) != sorted(names):
            raise DatasetCorrupt(f"has the arrays {sorted(shapes)}, expected {sorted(names)}")
        size = sum(member.file_size for member in archive.infolist())
        if size > _MAX_BYTES:
            raise DatasetCorrupt(f"unpacks to {size} bytes {shapes}, expected at most {_MAX_BYTES}")
        arrays = {}
        for name in names:
            # NumPy's own loader gives the raw bytes of a member that is no array; this one raises.
            with archive.open(f"{name}.npy") as member:
                arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):
                    raise DatasetCorrupt(f"{name}.npy goes on after its array")
        return arrays


def read_shapes(path: str | os.PathLike) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of an npz archive, from their headers only.

    Parameters
    ----------
    path : path
        The archive, of any size.

    Returns
    -------
    dict of str to tuple of int
        The shapes by name.

    Raises
    ------
    DatasetCorrupt
        If it is no archive, is damaged, or holds something else than plain arrays.

    Examples
    --------
    >>> read_shapes("/no/such/file.npz")
    Traceback (most recent call last):
    ...
    companion.data.files.DatasetCorrupt: /no/such/file.npz: can't be read: ...
    """
    with _archive(path) as archive:
        return _shapes(archive)


@contextmanager
def _archive(path):
    """Open an archive; whatever goes wrong with it is said of `path`."""
    try:
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError as problem:
        raise DatasetCorrupt(f"{path}: can't be read: {problem}") from problem
    if not head.startswith(b"PK"):
        html = head.lstrip()[:1] == b"<"
        kind = "an HTML page" if html else f"a file that starts with {head[:8]!r}"
        raise DatasetCorrupt(f"{path}: expected an npz archive, found {kind}; fetch it again")
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DatasetCorrupt as problem:
        raise DatasetCorrupt(f"{path}: {problem}") from problem.__cause__
    except Exception as problem:  # zlib, zipfile and numpy each raise their own for broken bytes
        raise DatasetCorrupt(f"{path}: truncated or damaged: {problem}") from problem


def _shapes(archive):
    """Return the shape of each member, which must be an array that needs no unpickling."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shapes = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name == member.filename or name in shapes:
            raise DatasetCorrupt(
                f"has a member {member.filename!r}, expected one NAME.npy an array"
            )
        with archive.open(member) as file:
            try:
                shapes[name], _, dtype = readers[np.lib.format.read_magic(file)](file)
            except (ValueError, KeyError) as problem:
                raise DatasetCorrupt(f"{member.filename} is no array: {problem}") from problem
        if dtype.hasobject:
            raise DatasetCorrupt(f"{member.filename} holds objects, which would need unpickling")
        if dtype.kind not in "biufcSU":
            raise DatasetCorrupt(
                f"{member.filename} is of dtype {dtype}, expected numbers or texts"
            )
    return shapes


def expect_uint8(path, name: str, array: np.ndarray, shape: tuple[int, ...], highest: int) -> None:
    """Raise unless an array of a file has the published dtype, shape and range.

    Parameters
    ----------
    path : path
        The file, for the message.
    name : str
        The array, for the message.
    array : numpy.ndarray
        What was read.
    shape : tuple of int
        What was published.
    highest : int
        The greatest value allowed.

    Raises
    ------
    DatasetCorrupt
        Saying what was found and what was expected.

    Examples
    --------
    >>> expect_uint8("a.npz", "labels", np.array([0, 2], np.uint8), (2,), highest=1)
    Traceback (most recent call last):
    ...
    companion.data.files.DatasetCorrupt: a.npz: labels reaches 2, expected values from 0 to 1
    """
    if array.shape != shape or array.dtype != np.uint8:
        raise DatasetCorrupt(
            f"{path}: {name} is {array.dtype} {array.shape}, expected uint8 {shape}"
        )
    if array.max() > highest:
        raise DatasetCorrupt(
            f"{path}: {name} reaches {array.max()}, expected values from 0 to {highest}"
        )
