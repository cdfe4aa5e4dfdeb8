"""A cine loop's frames, times and calibration; what contradicts itself is refused."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from companion.data import ImageFormatError, read_cine


@pytest.fixture
def write_loop(write_dicom):
    """Return a function that writes a loop of 16-bit frames as 8-bit ultrasound."""

    def write(pixels, *, region=(2, 1, 7, 5), drop=(), units=3, **elements):
        part = Dataset()
        part.RegionSpatialFormat = 1
        part.RegionLocationMinX0, part.RegionLocationMinY0 = region[:2]
        part.RegionLocationMaxX1, part.RegionLocationMaxY1 = region[2:]
        part.PhysicalUnitsXDirection = part.PhysicalUnitsYDirection = units
        part.PhysicalDeltaX, part.PhysicalDeltaY = 0.05, -0.04
        given = {
            "Modality": "US", "NumberOfFrames": len(pixels), "FrameTime": "40",
            "SequenceOfUltrasoundRegions": [part], "BitsAllocated": 8, "BitsStored": 8,
            "HighBit": 7,
        }  # fmt: skip
        path = write_dicom(pixels, drop=drop, **(given | elements))
        dataset = pydicom.dcmread(path)
        if "PixelData" not in elements:
            dataset["PixelData"].value = np.asarray(pixels, np.uint8).tobytes()
        dataset.save_as(path)
        return path

    return write


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (4, 8, 10)).astype(np.uint8)


def test_frames_are_cut_to_the_image_and_know_their_time_and_size(write_loop, pixels):
    cine = read_cine(write_loop(pixels))
    np.testing.assert_allclose(cine.frames, pixels[:, 1:6, 2:8] / 255, rtol=1e-6)
    np.testing.assert_allclose(cine.time_s, [0, 0.04, 0.08, 0.12])
    np.testing.assert_allclose(cine.spacing_mm, (0.4, 0.5))
    assert read_cine(write_loop(pixels, units=4)).spacing_mm is None, "4 is seconds"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"region": (2, 1, 10, 5)},
            "ends at column 10 and row 5 of a frame of 10 x 8",
        ),
        ({"region": (2, 1, 7, 8)}, "another size"),
        ({"region": (7, 1, 2, 5)}, "which is none"),
        ({"drop": ("FrameTime",)}, "FrameTime is missing"),
        ({"FrameTime": "0"}, "FrameTime is 0, expected milliseconds"),
        ({"FrameTime": "-33"}, "expected milliseconds"),
        ({"drop": ("SequenceOfUltrasoundRegions",)}, "names 0 regions"),
        ({"Modality": "CT"}, "is CT, expected US"),
        ({"NumberOfFrames": 1}, "one frame, which does not move"),
        ({"NumberOfFrames": 5}, "can't be decoded"),
        ({"NumberOfFrames": 10**8}, "too many"),
    ],
)
def test_what_contradicts_itself_is_refused(write_loop, pixels, change, message):
    with pytest.raises(ImageFormatError, match=message):
        read_cine(write_loop(pixels, **change))


def test_the_small_copy_that_kept_the_full_size_calibration_is_refused():
    with pytest.raises(ImageFormatError, match="column 595 and row 414 of a frame of 320 x 240"):
        read_cine(get_testdata_file("examples_ybr_color.dcm"))


def test_what_is_no_loop_is_refused(tmp_path):
    with pytest.raises(ImageFormatError, match="US"):
        read_cine(get_testdata_file("rtdose.dcm"))
    with pytest.raises(ImageFormatError, match="one frame"):
        read_cine(get_testdata_file("CT_small.dcm"))
    (tmp_path / "a.dcm").write_text("<html>")
    with pytest.raises(ImageFormatError, match="not a DICOM file"):
        read_cine(tmp_path / "a.dcm")


def test_the_real_loop_is_cut_and_grey():
    path = get_testdata_file("color3d_jpeg_baseline.dcm")
    cine = read_cine(path)
    colours = pydicom.dcmread(path).pixel_array[7, 31:415, 84:596].astype(float)
    grey = colours @ [0.299, 0.587, 0.114] / 255
    np.testing.assert_allclose(cine.frames[7], grey, atol=1e-5)
    assert cine.time_s[-1] == pytest.approx(119 * 0.033333)
