"""Where the files of the Decathlon's hippocampus task are: found, unpacked, listed, checked."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from companion.data import files
from companion.data._archive import unpack_tar
from companion.data._nifti import volume_of
from companion.data.files import DatasetCorrupt, DatasetUnavailable
from companion.data.volumes import Volume

FOLDER = "Task04_Hippocampus"
ARCHIVE, ARCHIVE_MD5 = f"{FOLDER}.tar", "9d24dba78a72977dbd1d2e110310f31b"
#: As ``monai.apps.DecathlonDataset`` names it.
MIRRORS = (f"https://msd-for-monai.s3-us-west-2.amazonaws.com/{ARCHIVE}",)
PARTS = ("imagesTr", "labelsTr")
_LINE = re.compile(r"([0-9a-f]{32}) [ *](?:\./)?((imagesTr|labelsTr)/hippocampus_(\d+)\.nii\.gz)")


def cached_folder() -> Path:
    """Return the folder in the user's cache into which the archive is unpacked, there or not."""
    return files.cache_folder() / FOLDER / FOLDER


def fetch_folder() -> Path:
    """Return the folder unpacked from the publisher's archive, downloaded if it is not there."""
    return _unpacked(files.fetch(ARCHIVE, ARCHIVE_MD5, MIRRORS))


def find_local(root: str | os.PathLike | None) -> Path | None:
    """Return the folder in `root` or in ``COMPANION_DATA``, if it is there."""
    named = root if root is not None else os.environ.get("COMPANION_DATA")
    if not named:
        return None
    whose = "root" if root is not None else "COMPANION_DATA"
    place = Path(named).expanduser()
    if root is None and place.is_file():
        place = place.parent
    if not place.is_dir():
        raise DatasetUnavailable(f"{whose} names {named}, which does not exist")
    for folder in (place, place / FOLDER):
        if (folder / "imagesTr").is_dir():
            return folder
    if (place / ARCHIVE).is_file():
        return _unpacked(place / ARCHIVE)
    if root is not None:
        raise DatasetUnavailable(f"root names {root}, where there is no {FOLDER}, nor {ARCHIVE}")
    return None


def list_files(folder: Path) -> dict[tuple[str, int], tuple[str, str]]:
    """Return the name and checksum of each file that ``MD5SUMS`` lists, by part and number."""
    try:
        lines = (folder / "MD5SUMS").read_text("utf8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise DatasetCorrupt(
            f"{folder}: its list of checksums MD5SUMS can't be read ({problem}); "
            f"put the publisher's {ARCHIVE} there instead"
        ) from problem
    listed = [found.groups() for found in map(_LINE.fullmatch, lines) if found]
    images, masks = ({int(n) for *_, p, n in listed if p == part} for part in PARTS)
    if images != masks or not listed or len(listed) != 2 * len(images):
        raise DatasetCorrupt(
            f"{folder}: MD5SUMS lists {len(images)} images and {len(masks)} masks in "
            f"{len(listed)} lines, expected pairs; alone: {sorted(images ^ masks)[:5]}"
        )
    return {(part, int(number)): (name, md5) for md5, name, part, number in listed}


def read_checked(folder: Path, name: str, md5: str) -> Volume:
    """Return one file's volume, if its bytes are those of the list."""
    try:
        content = (folder / name).read_bytes()
    except OSError as problem:
        raise DatasetCorrupt(f"{folder / name}: can't be read: {problem}") from problem
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DatasetCorrupt(f"{folder / name}: was altered: md5 {found}, expected {md5}")
    return volume_of(content, str(folder / name))


def _unpacked(archive):
    """Return the folder in the cache into which the published archive is unpacked."""
    folder = cached_folder()
    if not (folder / "MD5SUMS").is_file():
        with open(archive, "rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
        if found != ARCHIVE_MD5:
            raise DatasetCorrupt(f"{archive}: md5 is {found}, expected {ARCHIVE_MD5}")
        unpack_tar(archive, folder.parent, _is_wanted)
        _write_sums(folder)
    return folder


def _is_wanted(name):
    """Tell whether a member is a volume with a mask, or its mask."""
    inside = name.removeprefix("./").removeprefix(f"{FOLDER}/")
    return _LINE.fullmatch(f"{'0' * 32}  {inside}") is not None


def _write_sums(folder):
    """List the checksums of what has just been unpacked, so that later changes are noticed."""
    lines = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
        f"{path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*.nii.gz"))
    ]
    written = folder / "MD5SUMS.part"
    written.write_text("".join(lines), "utf8")
    written.replace(folder / "MD5SUMS")
