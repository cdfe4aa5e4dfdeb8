"""Reading one image file, and the guards in front of a model."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from PIL.ExifTags import Base
from PIL.PngImagePlugin import PngInfo
from pydicom.data import get_testdata_file

from companion.checks import check_image
from companion.data.dicom import ImageFormatError, read_dicom
from companion.data.images import center_square, png_bytes, read_image

FOLDER = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def picture(rng):
    """An 8-bit grey picture."""
    return rng.integers(0, 256, (9, 12), dtype=np.uint8)


def test_png_is_read_without_loss(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), picture.astype(np.float32) / 255)


def test_the_content_decides_and_not_the_name(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.dcm", format="PNG")
    assert read_image(tmp_path / "a.dcm").shape == picture.shape


def test_jpeg_is_read_with_its_loss(tmp_path):
    smooth = np.linspace(0, 255, 64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    np.testing.assert_allclose(read_image(tmp_path / "a.jpg"), smooth / 255, atol=0.03)


@pytest.mark.parametrize(
    ("mode", "name"),
    [("RGB", "a.png"), ("RGB", "a.jpg"), ("I;16", "a.png"), ("P", "a.png"), ("1", "a.png")],
)
def test_colour_and_other_depths_are_refused_by_name(tmp_path, mode, name):
    Image.new(mode, (4, 4)).save(tmp_path / name)
    with pytest.raises(ImageFormatError, match=f"{name}.*mode '{mode}'.*expected 8-bit grey"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"<html>", b"\0" * 200, b"GIF89a" + b"\0" * 20])
def test_what_is_no_image_is_refused(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageFormatError, match="expected PNG, JPEG or DICOM"):
        read_image(tmp_path / "a.png")


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(ImageFormatError, match=r"a\.png: the file is empty"):
        read_image(tmp_path / "a.png")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "b.png")


@FOLDER
@given(cut=st.floats(0.01, 0.99), kind=st.sampled_from(["png", "jpg", "dcm"]))
def test_a_truncated_file_is_named(tmp_path, write_dicom, cut, kind):
    whole = tmp_path / f"whole.{kind}"
    if kind == "dcm":
        write_dicom(np.arange(400).reshape(20, 20), whole.name)
    else:
        noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
        Image.fromarray(noise).save(whole)
    content = whole.read_bytes()
    part = tmp_path / f"part.{kind}"
    part.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(ImageFormatError, match="part"):
        read_image(part)


# What the first row and the first column of the stored pixels are in the picture as it is seen.
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_put_upright(tmp_path, name, orientation):
    seen = np.kron(np.arange(6, dtype=np.uint8).reshape(2, 3) * 50, np.ones((8, 8), np.uint8))
    stored = {
        1: seen, 2: seen[:, ::-1], 3: seen[::-1, ::-1], 4: seen[::-1],
        5: seen.T, 6: np.rot90(seen), 7: seen[::-1, ::-1].T, 8: np.rot90(seen, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / name, exif=exif, quality=95)
    tolerance = 0 if name == "a.png" else 0.03
    np.testing.assert_allclose(read_image(tmp_path / name), seen / 255, atol=tolerance + 1e-6)


def test_a_turn_said_behind_the_pixels_counts(tmp_path):
    exif = Image.Exif()
    exif[Base.Orientation] = 3
    Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    said = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said))
    (tmp_path / "a.png").write_bytes(content[:-12] + chunk + content[-12:])
    np.testing.assert_allclose(read_image(tmp_path / "a.png") * 255, [[3, 2], [1, 0]], atol=1e-5)


def other_orientation(number):
    """Return the options of Pillow that give a file this orientation."""
    exif = Image.Exif()
    exif[Base.Orientation] = number
    return {"exif": exif}


def gamma(value):
    """Return the options of Pillow that give a PNG this gamma."""
    chunks = PngInfo()
    chunks.add(b"gAMA", struct.pack(">I", round(value * 100_000)))
    return {"pnginfo": chunks}


SECOND = {"save_all": True, "append_images": [Image.new("L", (4, 4), 9)]}


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("PNG", other_orientation(9), "EXIF orientation of 9, expected 1 to 8"),
        ("JPEG", other_orientation(0), "EXIF orientation of 0, expected 1 to 8"),
        ("PNG", SECOND, "has 2 frames, expected one"),
        ("MPO", SECOND, "has 2 frames, expected one"),
        ("PNG", {"transparency": 0}, "partly transparent"),
        ("PNG", gamma(1), r"gamma \(gAMA\) of 1, expected 0.45455"),
    ],
)
def test_what_changes_a_picture_otherwise_is_refused(tmp_path, kind, options, message):
    Image.new("L", (4, 4)).save(tmp_path / "a", kind, **options)
    with pytest.raises(ImageFormatError, match=f"{tmp_path / 'a'}: .*{message}"):
        read_image(tmp_path / "a")


def test_the_usual_gamma_is_no_obstacle(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png", **gamma(0.45455))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), picture.astype(np.float32) / 255)


def test_dicom_needs_a_window_or_few_bits(write_dicom):
    path = write_dicom([[0, 1000]], WindowCenter=500.5, WindowWidth=1001)
    np.testing.assert_array_equal(read_image(path), read_dicom(path).pixels)
    with pytest.raises(ImageFormatError, match=r"no window, .* from 0 to 65535; read it with"):
        read_image(write_dicom([[0, 1000]]))
    eight = write_dicom([[0, 51]], BitsStored=8, HighBit=7)
    np.testing.assert_allclose(read_image(eight), [[0, 0.2]])


def test_dicom_without_pixels_is_refused():
    with pytest.raises(ImageFormatError, match="is a RT Plan Storage, expected an image"):
        read_image(get_testdata_file("rtplan.dcm"))
    with pytest.raises(ImageFormatError, match="has no pixels"):
        read_image(get_testdata_file("no_meta_group_length.dcm"))


@settings(max_examples=60, deadline=None)
@given(
    image=arrays(
        np.float32,
        st.tuples(st.integers(1, 30), st.integers(1, 30)),
        elements=st.floats(0, 1, width=32),
    ),
    size=st.integers(1, 40),
)
def test_the_centre_square_keeps_size_and_range(image, size):
    square = center_square(image, size)
    assert square.shape == (size, size)
    assert square.dtype == np.float32
    assert image.min() - 0.2 <= square.min()
    assert square.min() >= 0
    assert square.max() <= 1


def test_the_centre_is_kept_and_the_margin_cut():
    image = np.zeros((4, 8))
    image[:, 2:6] = 0.5
    np.testing.assert_allclose(center_square(image, 4), 0.5)
    np.testing.assert_allclose(center_square(image.T, 4), 0.5)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((1, 4, 4)), r"\(H, W\) .* got shape \(1, 4, 4\)"),
        (np.zeros((0, 4)), r"not empty, got shape \(0, 4\)"),
        (np.zeros((4, 4), np.uint8), "got dtype uint8"),
        (np.array([[0.5, np.nan]]), "must be finite, got 1 NaN"),
        (np.array([[0.5, 255.0]]), "got values from 0.5 to 255"),
        (np.array([[-0.1, 0.5]]), "got values from -0.1 to 0.5"),
    ],
)
def test_what_is_no_image_of_ours_is_named(image, message):
    for guard in (check_image, lambda image: center_square(image, 2)):
        with pytest.raises(ValueError, match=message):
            guard(image)


def test_smooth_films_take_fewer_bytes_and_others_are_refused(rng):
    noise = rng.integers(0, 256, (28, 28)).astype(np.uint8)
    assert png_bytes(np.full((28, 28), 7, np.uint8)) < 120 < png_bytes(noise)
    with pytest.raises(ValueError, match=r"uint8 \(H, W\) .* got float64 \(2, 2\)"):
        png_bytes(np.ones((2, 2)))
    with pytest.raises(ValueError, match="not empty"):
        png_bytes(np.ones((0, 2), np.uint8))


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_a_size_that_is_none_is_named(size):
    with pytest.raises(ValueError, match=f"size must be a whole number .* got {size}"):
        center_square(np.zeros((4, 4)), size)


def test_views_give_what_copies_give(rng):
    image = rng.random((6, 9))
    for view in (np.rot90(image), image.T, image[::-1, ::2], np.asfortranarray(image)):
        np.testing.assert_array_equal(center_square(view, 4), center_square(view.copy(), 4))
        bytes8 = (view * 255).astype(np.uint8)
        turned = np.rot90(bytes8)
        assert png_bytes(turned) == png_bytes(turned.copy())
