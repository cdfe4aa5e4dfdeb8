"""Fetching and reading files that others publish."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.data import files as data_files
from companion.data.files import (
    DatasetCorrupt,
    DatasetUnavailable,
    fetch,
    read_npz,
    read_shapes,
)

CONTENT = b"published content" * 5000
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Pooch waits between tries; the tests do not."""
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


@pytest.fixture
def published(server):
    """The file as its publisher offers it."""
    (server.folder / "a.bin").write_bytes(CONTENT)
    return server


def test_fetches_once_and_then_uses_the_copy(published, tmp_path):
    mirrors = [f"{published.address}/a.bin"]
    for _ in range(2):
        path = fetch("a.bin", MD5, mirrors, tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert len(published.requests) == 1


@pytest.mark.parametrize("broken", ["/html/a.bin", "/cut/a.bin", "/missing.bin"])
def test_goes_on_to_the_next_mirror(published, tmp_path, broken):
    mirrors = [published.address + broken, f"{published.address}/a.bin"]
    assert fetch("a.bin", MD5, mirrors, tmp_path / "cache").read_bytes() == CONTENT
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["a.bin"]


@pytest.mark.parametrize("broken", ["/html/a.bin", "/cut/a.bin", "/missing.bin"])
def test_says_what_was_tried_and_leaves_nothing(published, tmp_path, broken):
    with pytest.raises(DatasetUnavailable, match=f"(?s){broken}.*COMPANION_DATA") as error:
        fetch("a.bin", MD5, [published.address + broken], tmp_path / "cache")
    assert MD5 in str(error.value)
    assert list((tmp_path / "cache").iterdir()) == []
    assert len(published.requests) == 3, "one try and two more"


def test_an_unreachable_server_is_named(tmp_path):
    with pytest.raises(DatasetUnavailable, match=r"127\.0\.0\.1:9/"):
        fetch("a.bin", MD5, ["http://127.0.0.1:9/a.bin"], tmp_path)


def test_an_altered_copy_in_the_cache_is_replaced(published, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"altered")
    fetch("a.bin", MD5, [f"{published.address}/a.bin"], tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_folder_that_can_not_be_written_is_named(published, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetUnavailable, match="file.*can't be written"):
        fetch("a.bin", MD5, [f"{published.address}/a.bin"], tmp_path / "file" / "cache")


@pytest.mark.parametrize("code", ["ENOSPC", "EROFS"])
def test_a_full_or_read_only_disk_is_named_and_nothing_is_left(
    published, tmp_path, monkeypatch, code
):
    import errno

    class Downloader:
        def __init__(self, **options):
            pass

        def __call__(self, url, output_file, pooch):
            from pathlib import Path

            Path(output_file).write_bytes(CONTENT[:100])
            raise OSError(getattr(errno, code), "simulated by the test")

    monkeypatch.setattr(data_files.pooch, "HTTPDownloader", Downloader)
    with pytest.raises(DatasetUnavailable, match=f"can't be written.*{code}"):
        fetch("a.bin", MD5, [f"{published.address}/a.bin"] * 2, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def _fetch_in_a_process(arguments):
    return fetch(*arguments).read_bytes() == CONTENT


def test_two_processes_may_fetch_at_once(published, tmp_path):
    arguments = ("a.bin", MD5, [f"{published.address}/a.bin"], tmp_path / "cache")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_fetch_in_a_process, [arguments] * 4) == [True] * 4
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["a.bin"]


def test_reads_what_was_written(tmp_path, rng):
    arrays = {"a": rng.random((3, 2)), "b": np.arange(4, dtype=np.uint8)}
    np.savez_compressed(tmp_path / "x.npz", **arrays)
    for name, array in read_npz(tmp_path / "x.npz", ["a", "b"]).items():
        np.testing.assert_array_equal(array, arrays[name], strict=True)


def test_other_arrays_than_expected_are_named(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros(1))
    with pytest.raises(DatasetCorrupt, match=r"has the arrays \['a'\], expected \['b'\]"):
        read_npz(tmp_path / "x.npz", ["b"])


def test_a_web_page_is_recognised(tmp_path):
    (tmp_path / "x.npz").write_text("\n<!DOCTYPE html><html>not found</html>")
    with pytest.raises(DatasetCorrupt, match="found an HTML page"):
        read_npz(tmp_path / "x.npz", ["a"])


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04K\x01."])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DatasetCorrupt, match=r"x\.npz"):
        read_npz(tmp_path / "x.npz", ["a"])


class Trap:
    """Unpickling it would set a flag."""

    sprung = False

    def __reduce__(self):
        """Run code on loading."""
        return (setattr, (Trap, "sprung", True))


def test_objects_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.array([Trap()], dtype=object))
    with pytest.raises(DatasetCorrupt, match="unpickling"):
        read_npz(tmp_path / "x.npz", ["a"])
    with zipfile.ZipFile(tmp_path / "y.npz", "w") as archive:
        archive.writestr("a.npy", pickle.dumps(Trap()))
    with pytest.raises(DatasetCorrupt):
        read_npz(tmp_path / "y.npz", ["a"])
    assert not Trap.sprung


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros(2**26 + 1, np.uint8))
    with pytest.raises(DatasetCorrupt, match="unpacks to"):
        read_npz(tmp_path / "x.npz", ["a"])


def npy(array):
    """Return an array as the bytes of a member."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


WHOLE = npy(np.arange(5))
MEMBERS = {
    "no suffix": ({"a": b"raw bytes"}, r"has a member 'a', expected one NAME\.npy"),
    "an array without suffix": ({"a": WHOLE}, "has a member 'a'"),
    "a text beside": ({"a.npy": WHOLE, "README": b"?"}, "has a member 'README'"),
    "raw bytes": ({"a.npy": b"raw bytes, no array"}, r"a\.npy is no array"),
    "nothing": ({"a.npy": b""}, r"a\.npy is no array"),
    "the header cut": ({"a.npy": WHOLE[:40]}, r"a\.npy is no array"),
    "the data cut": ({"a.npy": WHOLE[:-3]}, "truncated or damaged"),
    "more than its array": ({"a.npy": WHOLE + b"more"}, "goes on after its array"),
    "a newer version": ({"a.npy": WHOLE[:6] + b"\x09" + WHOLE[7:]}, r"a\.npy is no array"),
    "records": ({"a.npy": npy(np.zeros(2, "i4,f8"))}, "expected numbers or texts"),
    "dates": ({"a.npy": npy(np.zeros(2, "M8[D]"))}, "expected numbers or texts"),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_a_member_that_is_no_plain_array_is_named(tmp_path, case):
    members, message = MEMBERS[case]
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(DatasetCorrupt, match=rf"x\.npz: .*{message}"):
        read_npz(tmp_path / "x.npz", ["a"])


def test_shapes_are_read_of_any_size_without_the_data(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros((2**16 + 1, 32, 32), np.uint8), b=["text"])
    assert read_shapes(tmp_path / "x.npz") == {"a": (2**16 + 1, 32, 32), "b": (1,)}
    with pytest.raises(DatasetCorrupt, match=r"unpacks to .*\(65537, 32, 32\)"):
        read_npz(tmp_path / "x.npz", ["a", "b"])
    np.savez(tmp_path / "y.npz", a=np.array([{}], object))
    with pytest.raises(DatasetCorrupt, match="unpickling"):
        read_shapes(tmp_path / "y.npz")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_archive_is_named_or_reads_the_same(tmp_path, data):
    array = np.arange(400, dtype=np.uint8).reshape(20, 20)
    np.savez_compressed(tmp_path / "x.npz", a=array)
    content = bytearray((tmp_path / "x.npz").read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    (tmp_path / "y.npz").write_bytes(content)
    try:
        read = read_npz(tmp_path / "y.npz", ["a"])["a"]
    except DatasetCorrupt as error:
        assert "y.npz" in str(error)
    else:
        assert read.dtype.kind in "uib"
