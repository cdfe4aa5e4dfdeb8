"""Reading one image file, and the guards in front of a model."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

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


def write_dicom(path, pixels, **elements):
    """Write a greyscale DICOM file of 16-bit pixels."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    dataset = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Modality = "CR"
    dataset.PixelData = pixels.astype("<u2").tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


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
def test_a_truncated_file_is_named(tmp_path, cut, kind):
    whole = tmp_path / f"whole.{kind}"
    if kind == "dcm":
        write_dicom(whole, np.arange(400).reshape(20, 20))
    else:
        noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
        Image.fromarray(noise).save(whole)
    content = whole.read_bytes()
    part = tmp_path / f"part.{kind}"
    part.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(ImageFormatError, match="part"):
        read_image(part)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_dicom_is_bright_where_it_is_dense(tmp_path, photometric):
    path = write_dicom(
        tmp_path / "a.dcm", np.array([[0, 100], [300, 400]]),
        PhotometricInterpretation=photometric, PixelSpacing=[0.2, 0.1],
    )  # fmt: skip
    image = read_dicom(path)
    expected = np.array([[0, 0.25], [0.75, 1]])
    expected = 1 - expected if photometric == "MONOCHROME1" else expected
    np.testing.assert_allclose(image.pixels, expected, atol=1e-6)
    assert image.spacing_mm == (0.2, 0.1)
    assert image.modality == "CR"
    np.testing.assert_array_equal(read_image(path), image.pixels)


def test_the_window_of_the_file_is_applied(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm", np.array([[0, 1000], [1500, 4000]]),
        WindowCenter=1500, WindowWidth=1000, RescaleSlope=1, RescaleIntercept=0,
    )  # fmt: skip
    pixels = read_dicom(path).pixels
    np.testing.assert_allclose(pixels, [[0, 0], [0.5, 1]], atol=2e-3)


def test_a_spacing_of_zero_is_no_spacing():
    image = read_dicom(get_testdata_file("RG1_UNCR.dcm"))
    assert image.spacing_mm is None
    assert image.photometric == "MONOCHROME1"
    assert image.pixels[:, :40].mean() < image.pixels.mean(), "air beside the patient is dark"


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"PhotometricInterpretation": "RGB"}, "is RGB, expected greyscale"),
        ({"NumberOfFrames": 3}, "has 3 frames, expected one"),
        ({"PixelData": np.full((4, 4), 7, "<u2").tobytes()}, "every pixel is 7"),
    ],
)
def test_other_dicom_is_refused_by_name(tmp_path, elements, message):
    path = write_dicom(tmp_path / "a.dcm", np.arange(16).reshape(4, 4), **elements)
    with pytest.raises(ImageFormatError, match=message):
        read_dicom(path)


def test_dicom_without_pixels_is_refused():
    with pytest.raises(ImageFormatError, match="has no pixels"):
        read_image(get_testdata_file("rtplan.dcm"))


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
    with pytest.raises(ValueError, match=r"uint8 \(H, W\), got float64 \(2, 2\)"):
        png_bytes(np.ones((2, 2)))
