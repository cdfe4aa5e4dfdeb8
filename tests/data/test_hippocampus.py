"""Hippocampus volumes: hostile archives, damaged files, masks that do not belong."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from companion.data import _hippocampus_files as found_files
from companion.data import load_hippocampus
from companion.data._archive import unpack_tar
from companion.data._nifti import volume_of
from companion.data.files import DatasetCorrupt, DatasetUnavailable
from companion.data.leakage import check_patients

AFFINE = np.array([[1.0, 0, 0, 3], [0, 1, 0, -2], [0, 0, 1, 5], [0, 0, 0, 1]])


def nifti(values, affine=AFFINE):
    # Without a time: the bytes name a test, which has to have one name in every process.
    return gzip.compress(nibabel.Nifti1Image(values, affine).to_bytes(), mtime=0)


def pair(rng, shape=(5, 6, 7)):
    """An image and a mask, as bytes, axes x, y, z."""
    labels = rng.integers(0, 3, shape).astype(np.uint8)
    return nifti(rng.random(shape).astype(np.float32)), nifti(labels)


def write_folder(place, contents):
    """Write files by their names, and their checksums."""
    lines = []
    for name, content in contents.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
        lines.append(f"{hashlib.md5(content).hexdigest()}  ./{name}\n")
    (place / "MD5SUMS").write_text("".join(lines))
    return place


@pytest.fixture
def contents(rng):
    made = {}
    for number in (1, 2, 3, 6, 7, 8):
        image, mask = pair(rng)
        made[f"imagesTr/hippocampus_{number:03}.nii.gz"] = image
        made[f"labelsTr/hippocampus_{number:03}.nii.gz"] = mask
    return made


@pytest.fixture
def folder(tmp_path, contents):
    return write_folder(tmp_path / "data" / "Task04_Hippocampus", contents)


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data folder, an empty cache, no server."""
    monkeypatch.delenv("COMPANION_DATA", raising=False)
    monkeypatch.setattr(found_files, "MIRRORS", ("http://127.0.0.1:9/a.tar",))
    monkeypatch.setattr("companion.data.files.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


def packed(contents, top="Task04_Hippocampus"):
    """A tar as the publisher makes it: with resource forks, unlabelled images and a description."""
    more = {"._imagesTr": b"x", "imagesTr/._hippocampus_001.nii.gz": b"Mac", "dataset.json": b"{}"}
    more |= {"imagesTs/hippocampus_002.nii.gz": b"no labels"}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in (contents | more).items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def test_a_scan_is_turned_to_z_y_x_with_its_place(folder, rng):
    values = rng.random((4, 5, 6)).astype(np.float32)
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = 10, 20, 30
    volume = volume_of(nifti(values, affine), "a")
    np.testing.assert_array_equal(volume.values, values.T)
    assert volume.spacing_mm == (4, 3, 2)
    place = volume.affine @ [5, 4, 3, 1]  # z, y, x
    np.testing.assert_allclose(place[:3], [-(10 + 2 * 3), -(20 + 3 * 4), 30 + 4 * 5])


def test_places_are_those_of_simpleitk(tmp_path, rng):
    """An independent reader, which also counts towards left, back and head."""
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * [1.5, 2.0, 0.5], [7, -8, 9]
    values = rng.random((4, 5, 6)).astype(np.float32)
    (tmp_path / "a.nii.gz").write_bytes(nifti(values, affine))
    oracle = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    volume = volume_of((tmp_path / "a.nii.gz").read_bytes(), "a")
    np.testing.assert_array_equal(volume.values, sitk.GetArrayFromImage(oracle))
    np.testing.assert_allclose(volume.spacing_mm, oracle.GetSpacing()[::-1], rtol=1e-5)
    for index in ((0, 0, 0), (3, 2, 1)):
        expected = oracle.TransformIndexToPhysicalPoint([*index[::-1]])
        np.testing.assert_allclose((volume.affine @ [*index, 1])[:3], expected, atol=1e-4)


def test_scans_are_read_when_asked_for_and_know_their_patient(folder):
    data = load_hippocampus(folder.parent)
    assert (len(data), data.numbers.tolist()) == (6, [1, 2, 3, 6, 7, 8])
    assert data.patients.tolist() == ["1", "1", "2", "3", "4", "4"]
    (folder / "imagesTr" / "hippocampus_008.nii.gz").write_bytes(b"broken later")
    scan = data[3]
    assert (scan.number, scan.patient, scan.image.values.dtype) == (6, "3", np.float32)
    assert (scan.labels.shape, scan.labels.dtype) == (scan.image.values.shape, np.uint8)
    with pytest.raises(DatasetCorrupt, match="008.*was altered"):
        data[5]


def test_no_patient_is_in_two_splits(folder):
    data = load_hippocampus(folder.parent)
    for seed in range(20):
        rows = data.split(np.random.default_rng(seed), shares=(0.5, 0.25, 0.25))
        assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(6))
        check_patients({name: data.patients[own] for name, own in rows.items()})
    for shares in ((0.5, 0.5), (0.5, 0.6, -0.1), (0.2, 0.2, 0.2), (1, 0, 0)):
        with pytest.raises(ValueError, match="three above 0"):
            data.split(np.random.default_rng(0), shares=shares)
    with pytest.raises(ValueError, match="too few"):
        data.split(np.random.default_rng(0), shares=(0.98, 0.01, 0.01))


@pytest.mark.parametrize("cut", [10, 60, 200, -1, -9])
def test_a_truncated_file_is_refused_wherever_it_ends(rng, cut):
    image, _ = pair(rng)
    with pytest.raises(DatasetCorrupt, match="a.nii.gz: truncated or damaged"):
        volume_of(image[:cut], "a.nii.gz")


def test_a_volume_that_is_shorter_than_its_header_says_is_refused(rng):
    raw = gzip.decompress(nifti(rng.random((9, 9, 9)).astype(np.float32)))
    with pytest.raises(DatasetCorrupt, match="truncated: .9, 9, 9. needs 2916 bytes"):
        volume_of(gzip.compress(raw[:1500]), "a")
    with pytest.raises(DatasetCorrupt, match="truncated or damaged"):
        volume_of(gzip.compress(raw[:-1]), "a")


def test_a_header_that_promises_more_than_memory_holds_is_refused():
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    raw = bytearray(image.to_bytes())
    raw[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    with pytest.raises(DatasetCorrupt, match="truncated: .30000, 30000, 30000. needs"):
        volume_of(gzip.compress(bytes(raw)), "a")


def test_a_bomb_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr("companion.data._nifti._MOST_BYTES", 2**20)
    with pytest.raises(DatasetCorrupt, match="unpacks to more than"):
        volume_of(gzip.compress(bytes(2**24)), "a")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged"),
        (b"<html>log in</html>", "damaged: Not a gzipped file"),
        (gzip.compress(b"nothing", mtime=0), "a: "),
        (gzip.compress(b"x" * 5000, mtime=0), "a: "),
        (nifti(np.zeros((3, 3), np.uint8)), "expected three axes"),
        (nifti(np.zeros((3, 3, 3, 2), np.uint8)), "expected three axes"),
        (nifti(np.full((3, 3, 3), np.nan)), "finite"),
        (nifti(np.zeros((3, 3, 3), np.complex64)), "complex64"),
    ],
)
def test_what_is_no_volume_is_refused(content, message):
    with pytest.raises(DatasetCorrupt, match=message):
        volume_of(content, "a")


def test_voxels_without_size_are_refused():
    raw = bytearray(nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)).to_bytes())
    for first in (0, np.nan):
        raw[280:296] = np.array([first, 0, 0, 1], "<f4").tobytes()  # x = first * i + 1
        with pytest.raises(DatasetCorrupt, match="no size or place"):
            volume_of(gzip.compress(bytes(raw)), "a")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((5, 6, 8), np.uint8), r"mask is \(8, 6, 5\), its image \(7, 6, 5\)"),
        (np.full((5, 6, 7), 3, np.uint8), r"labels \[3\], expected 0, 1, 2"),
        (np.full((5, 6, 7), 1.5, np.float32), r"labels \[1.5\]"),
        (np.full((5, 6, 7), -1, np.int16), r"labels \[-1\]"),
    ],
)
def test_a_mask_that_disagrees_is_refused(tmp_path, contents, mask, message):
    contents["labelsTr/hippocampus_001.nii.gz"] = nifti(mask)
    data = load_hippocampus(write_folder(tmp_path / "Task04_Hippocampus", contents))
    with pytest.raises(DatasetCorrupt, match=f"number 1: .*{message}"):
        data[0]
    assert data[1].labels.max() <= 2


def test_a_mask_of_another_place_is_refused(tmp_path, contents, rng):
    moved = AFFINE.copy()
    moved[0, 3] += 0.5
    mask = rng.integers(0, 3, (5, 6, 7)).astype(np.uint8)
    contents["labelsTr/hippocampus_001.nii.gz"] = nifti(mask, moved)
    with pytest.raises(DatasetCorrupt, match="number 1: mask and image lie 0.5 mm apart"):
        load_hippocampus(write_folder(tmp_path / "Task04_Hippocampus", contents))[0]


def test_whole_numbers_stored_as_floats_are_labels(tmp_path, contents, rng):
    mask = rng.integers(0, 3, (5, 6, 7)).astype(np.float32)
    contents["labelsTr/hippocampus_001.nii.gz"] = nifti(mask)
    scan = load_hippocampus(write_folder(tmp_path / "Task04_Hippocampus", contents))[0]
    np.testing.assert_array_equal(scan.labels, mask.T)


def test_a_list_of_checksums_is_needed_and_lists_pairs(folder):
    sums = folder / "MD5SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    for kept in (lines[1:], [*lines, lines[0]], ["nothing\n"], ["0" * 32 + "  ../../etc/passwd\n"]):
        sums.write_text("".join(kept))
        with pytest.raises(DatasetCorrupt, match="expected pairs"):
            load_hippocampus(folder.parent)
    sums.unlink()
    with pytest.raises(
        DatasetCorrupt, match=r"MD5SUMS can't be read.*Task04_Hippocampus\.tar there"
    ):
        load_hippocampus(folder)


def test_a_file_that_is_listed_and_missing_is_named(folder):
    (folder / "imagesTr" / "hippocampus_001.nii.gz").unlink()
    with pytest.raises(DatasetCorrupt, match="hippocampus_001.nii.gz: can't be read"):
        load_hippocampus(folder)[0]


def test_is_fetched_once_unpacked_and_read(nowhere, server, contents, monkeypatch, tmp_path):
    archive = packed(contents)
    (server.folder / "a.tar").write_bytes(archive)
    monkeypatch.setattr(found_files, "ARCHIVE_MD5", hashlib.md5(archive).hexdigest())
    monkeypatch.setattr(found_files, "MIRRORS", (f"{server.address}/a.tar",))
    for _ in range(2):
        data = load_hippocampus()
        assert (len(data), data.is_synthetic) == (6, False)
    assert len(server.requests) == 1
    assert data[0].labels.shape == (7, 6, 5)
    written = [p.name for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert len(written) == 12 + 2, "volumes with masks, the list and the archive; nothing else"
    target = next((tmp_path / "cache").rglob("imagesTr/hippocampus_001.nii.gz"))
    target.write_bytes(b"altered")
    with pytest.raises(DatasetCorrupt, match="was altered"):
        load_hippocampus()[0]


def test_an_archive_at_hand_is_used_if_it_is_the_published_one(
    nowhere, contents, monkeypatch, tmp_path
):
    (tmp_path / "place").mkdir()
    archive = tmp_path / "place" / "Task04_Hippocampus.tar"
    archive.write_bytes(packed(contents))
    monkeypatch.setenv("COMPANION_DATA", str(archive.parent))
    with pytest.raises(DatasetCorrupt, match="md5 is .* expected 9d24dba7"):
        load_hippocampus()
    monkeypatch.setattr(found_files, "ARCHIVE_MD5", hashlib.md5(archive.read_bytes()).hexdigest())
    assert len(load_hippocampus()) == 6


def test_a_broken_download_leaves_nothing(nowhere, server, contents, monkeypatch, tmp_path):
    monkeypatch.setattr(found_files, "MIRRORS", (f"{server.address}/cut/a.tar",))
    with pytest.raises(DatasetUnavailable, match="/cut/a.tar"):
        load_hippocampus()
    assert not list((tmp_path / "cache").rglob("*.tar"))


def test_without_data_it_raises_or_says_that_it_is_a_phantom(nowhere, tmp_path, monkeypatch):
    with pytest.raises(DatasetUnavailable, match=r"127\.0\.0\.1:9"):
        load_hippocampus()
    data = load_hippocampus(fallback="phantom")
    assert (data.is_synthetic, data.source) == (True, "synthetic phantom")
    again = load_hippocampus(fallback="phantom", rng=np.random.default_rng(0))
    np.testing.assert_array_equal(data[7].image.values, again[7].image.values)
    assert not np.array_equal(data[0].labels, data[1].labels)
    for row in (0, 5, 39):
        assert np.unique(data[row].labels).tolist() == [0, 1, 2]
    for kind in (None, "phantom"):
        with pytest.raises(DatasetUnavailable, match="root names"):
            load_hippocampus(tmp_path, fallback=kind)
        monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "missing"))
        with pytest.raises(DatasetUnavailable, match="COMPANION_DATA names .* does not exist"):
            load_hippocampus(fallback=kind)
    with pytest.raises(ValueError, match="'zeros'"):
        load_hippocampus(fallback="zeros")


def hostile(path, *members):
    with tarfile.open(path, "w") as tar:
        good = tarfile.TarInfo("top/good.txt")
        good.size = 4
        tar.addfile(good, io.BytesIO(b"good"))
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def member(name, kind=tarfile.REGTYPE, link=""):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (member("../outside.txt"), "outside the folder"),
        (member("top/../../outside.txt"), "outside the folder"),
        (member("/tmp/outside.txt"), "outside the folder"),
        (member("..\\outside.txt"), "outside the folder"),
        (member("C:/outside.txt"), "outside the folder"),
        (member("link", tarfile.SYMTYPE, "/etc/passwd"), "link or a device"),
        (member("link", tarfile.LNKTYPE, "top/good.txt"), "link or a device"),
        (member("device", tarfile.CHRTYPE), "link or a device"),
        (member("disk", tarfile.BLKTYPE), "link or a device"),
        (member("pipe", tarfile.FIFOTYPE), "link or a device"),
        (member("top/good.txt"), "truncated or damaged"),
    ],
)
def test_a_hostile_archive_writes_nothing(tmp_path, bad, message):
    place = tmp_path / "deep" / "made"
    archive = hostile(tmp_path / "a.tar", (bad, b""))
    with pytest.raises(DatasetCorrupt, match=message):
        unpack_tar(archive, place, lambda name: True)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.tar", "deep"]


def test_a_link_followed_by_a_file_through_it_writes_nothing(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    through = (member("top/link", tarfile.SYMTYPE, str(tmp_path / "elsewhere")), b"")
    archive = hostile(tmp_path / "a.tar", through, (member("top/link/file.txt"), b"gotcha"))
    with pytest.raises(DatasetCorrupt, match="link"):
        unpack_tar(archive, tmp_path / "made", lambda name: True)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_an_archive_that_is_too_large_or_cut_writes_nothing(tmp_path, monkeypatch):
    archive = hostile(tmp_path / "a.tar", (member("b.bin"), bytes(3000)))
    with monkeypatch.context() as context:
        context.setattr("companion.data._archive._MOST_BYTES", 2000)
        with pytest.raises(DatasetCorrupt, match="more than 2000 bytes"):
            unpack_tar(archive, tmp_path / "made", lambda name: True)
    archive.write_bytes(archive.read_bytes()[:2500])
    with pytest.raises(DatasetCorrupt, match="truncated or damaged"):
        unpack_tar(archive, tmp_path / "made", lambda name: True)
    archive.write_bytes(b"<html>")
    with pytest.raises(DatasetCorrupt, match="truncated or damaged"):
        unpack_tar(archive, tmp_path / "made", lambda name: True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar"]


def test_only_what_is_wanted_is_written(tmp_path):
    archive = hostile(tmp_path / "a.tar", (member("top/more.txt"), b"more"))
    unpack_tar(archive, tmp_path / "made", lambda name: name.endswith("good.txt"))
    assert [p.name for p in (tmp_path / "made").rglob("*.txt")] == ["good.txt"]


def test_the_real_volumes_are_all_intact():
    folder = found_files.find_local(None)
    if folder is None:
        pytest.skip("COMPANION_DATA names no folder with the real data")
    data = load_hippocampus()
    assert (len(data), len(set(data.patients.tolist()))) == (260, 170)
    for row in (0, 100, 259):
        scan = data[row]
        assert scan.image.spacing_mm == (1, 1, 1)
        assert np.unique(scan.labels).tolist() == [0, 1, 2]
        oracle = sitk.ReadImage(str(folder / f"imagesTr/hippocampus_{scan.number:03}.nii.gz"))
        np.testing.assert_array_equal(scan.image.values, sitk.GetArrayFromImage(oracle))


@pytest.mark.network
@pytest.mark.enable_socket
def test_the_publisher_has_the_archive(tmp_path, monkeypatch):
    monkeypatch.setattr("companion.data.files.cache_folder", lambda: tmp_path)
    monkeypatch.delenv("COMPANION_DATA", raising=False)
    assert len(load_hippocampus()) == 260
