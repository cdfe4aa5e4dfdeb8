"""Unpacking what others have packed: nothing is written outside the folder, no links followed."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from companion.data.files import DatasetCorrupt

_MOST_BYTES, _MOST_MEMBERS = 2**29, 10_000


def unpack_tar(archive: Path, folder: Path, wanted: Callable[[str], bool]) -> None:
    """Write the wanted files of a tar archive into a new folder, complete or not at all.

    Every member is looked at before anything is written, also those that are not wanted: an
    archive with one path outside, one link or one device is not what was published.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with tarfile.open(archive) as tar:
            for member in _checked(archive, tar):
                if member.isfile() and wanted(member.name):
                    place = made.joinpath(*PurePosixPath(member.name).parts)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with tar.extractfile(member) as packed, open(place, "xb") as file:
                        shutil.copyfileobj(packed, file)
    except (tarfile.TarError, EOFError, FileExistsError) as problem:
        shutil.rmtree(made)
        raise DatasetCorrupt(f"{archive}: truncated or damaged: {problem}") from problem
    except BaseException:
        shutil.rmtree(made)
        raise
    try:
        os.replace(made, folder)
    except OSError:  # someone else has just done the same, or an older attempt lies there
        shutil.rmtree(made)
        if not folder.is_dir():
            raise


def _checked(archive, tar):
    """Return all members, or raise if one is anything but a plain file or folder inside."""
    members, size = [], 0
    for member in tar:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or "\\" in member.name or ":" in member.name:
            raise DatasetCorrupt(f"{archive}: {member.name!r} would be written outside the folder")
        if not (member.isfile() or member.isdir()):
            raise DatasetCorrupt(f"{archive}: {member.name!r} is a link or a device, not a file")
        members.append(member)
        size += member.size
        if size > _MOST_BYTES or len(members) > _MOST_MEMBERS:
            raise DatasetCorrupt(
                f"{archive}: unpacks to more than {_MOST_BYTES} bytes or {_MOST_MEMBERS} members"
            )
    return members
