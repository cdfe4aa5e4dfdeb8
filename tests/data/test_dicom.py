"""DICOM: the grey scale is the file's, padding is no tissue, and what is refused is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    EnhancedCTImageStorage,
    JPEGBaseline8Bit,
    RLELossless,
    RTDoseStorage,
    SegmentationStorage,
)

from companion.data.dicom import ImageFormatError, describe_dicom, main, read_dicom

CT = {"RescaleSlope": 1, "RescaleIntercept": -1024, "WindowCenter": 40, "WindowWidth": 400}


def lut(entries, first=0, bits=16):
    """Return an item of a LUT sequence."""
    item = Dataset()
    signed = "SS" if first < 0 else "US"
    item.add_new("LUTDescriptor", signed, [len(entries), first, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return item


def hounsfield(*values):
    """Return the stored row of these HU."""
    return np.array([values]) + 1024


def test_a_window_maps_its_own_ends_whatever_the_slice_holds(write_dicom):
    tissue = read_dicom(write_dicom(hounsfield(20, 60, 80), **CT))
    assert tissue.window == (-160, 239)
    assert tissue.units == "windowed"
    np.testing.assert_allclose(tissue.pixels[0, 1], 0.5514, atol=1e-4)
    both = read_dicom(write_dicom(hounsfield(-1000, -160, 60, 239, 3000), **CT))
    np.testing.assert_allclose(both.pixels, [[0, 0, tissue.pixels[0, 1], 1, 1]])
    np.testing.assert_array_equal(both.values, [[-1000, -160, 60, 239, 3000]])


def test_slices_of_one_series_have_one_contrast(write_dicom, rng):
    for spread in (10, 300):
        stored = 500 + rng.integers(-spread, spread, (8, 8))
        image = read_dicom(write_dicom(stored, WindowCenter=500, WindowWidth=800))
        np.testing.assert_allclose(image.pixels, (stored - 100) / 799, atol=1e-6)


# x, centre, width -> y by PS3.3 C.11.2.1.2.1 (its own example: centre 2048, width 4096, 0 to 255),
# C.11.2.1.3.2 and C.11.2.1.3.1.
@pytest.mark.parametrize(
    ("function", "center", "width", "stored", "expected"),
    [
        ("LINEAR", 2048, 4096, [0, 1, 4095], [0, 1 / 4095, 1]),
        (None, 2048, 1, [2046, 2047, 2048, 2049], [0, 0, 1, 1]),
        ("LINEAR", 1, 2, [0, 1, 2], [0, 1, 1]),
        ("LINEAR_EXACT", 2048, 4096, [0, 1024, 4096, 5000], [0, 0.25, 1, 1]),
        ("LINEAR_EXACT", 1, 0.5, [0, 1, 2], [0, 0.5, 1]),
        ("SIGMOID", 1000, 400, [0, 1000, 1100], [1 / (1 + np.e**10), 0.5, 1 / (1 + np.e**-1)]),
        ("SIGMOID", 1000, 1, [0, 65535], [0, 1]),
    ],
)
def test_windows_are_those_of_the_standard(write_dicom, function, center, width, stored, expected):
    elements = {"VOILUTFunction": function} if function else {}
    path = write_dicom([stored], WindowCenter=center, WindowWidth=width, **elements)
    np.testing.assert_allclose(read_dicom(path).pixels, [expected], atol=1e-6)


def test_the_first_of_several_windows_counts(write_dicom):
    path = write_dicom([[0, 50]], WindowCenter=[50.5, 9], WindowWidth=[101, 9])
    np.testing.assert_allclose(read_dicom(path).pixels, [[0, 0.5]])


def test_a_window_that_is_asked_for_comes_before_the_files(write_dicom):
    path = write_dicom(hounsfield(-1000, -600, 60), **CT)
    lung = read_dicom(path, window=(-600, 1500))
    assert (lung.window, lung.units) == ((-1350, 149), "windowed")
    np.testing.assert_allclose(lung.pixels, [[350 / 1499, 750 / 1499, 1410 / 1499]], atol=1e-6)


@pytest.mark.parametrize("window", [40, (40,), (40, 0), (40, 0.5), (np.nan, 9), (0, np.inf), "ab"])
def test_a_window_that_is_none_is_named(write_dicom, window):
    with pytest.raises(ValueError, match="window must be"):
        read_dicom(write_dicom([[0, 1]]), window=window)


@pytest.mark.parametrize(
    ("signed", "elements", "ends", "units"),
    [
        (False, {}, (0, 65535), "stored"),
        (True, {}, (-32768, 32767), "stored"),
        (False, {"BitsStored": 12, "HighBit": 11}, (0, 4095), "stored"),
        (True, {"RescaleSlope": 2, "RescaleIntercept": -24}, (-65560, 65510), "rescaled"),
        (False, {"RescaleSlope": -1, "RescaleIntercept": 0}, (-65535, 0), "rescaled"),
        (False, {"WindowCenter": None, "WindowWidth": None}, (0, 65535), "stored"),
    ],
)
def test_without_a_window_the_range_of_the_bits_is_the_scale(
    write_dicom, signed, elements, ends, units
):
    for stored in ([[0, 100]], [[7, 7]]):
        image = read_dicom(write_dicom(stored, signed=signed, **elements))
        assert (image.window, image.units) == (ends, units)
        grey = (image.values - ends[0]) / (ends[1] - ends[0])
        np.testing.assert_allclose(image.pixels, grey, atol=1e-6)


def test_numbers_in_the_unused_bits_are_left_out(write_dicom):
    bits = {"BitsStored": 12, "HighBit": 11}
    image = read_dicom(write_dicom([[0x1007, 0xF007]], **bits))
    np.testing.assert_array_equal(image.values, [[7, 7]])
    image = read_dicom(write_dicom([[0x0FFF, 0x07FF]], signed=True, **bits))
    np.testing.assert_array_equal(image.values, [[-1, 2047]])


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_dicom_is_bright_where_it_is_dense(write_dicom, photometric):
    path = write_dicom(
        [[0, 100], [300, 400]], PhotometricInterpretation=photometric, PixelSpacing=[0.2, 0.1],
        WindowCenter=200.5, WindowWidth=401,
    )  # fmt: skip
    image = read_dicom(path)
    expected = np.array([[0, 0.25], [0.75, 1]])
    expected = 1 - expected if photometric == "MONOCHROME1" else expected
    np.testing.assert_allclose(image.pixels, expected, atol=1e-6)
    assert image.spacing_mm == (0.2, 0.1)
    assert (image.modality, image.photometric) == ("CR", photometric)


# The padding as written: the number itself, or its bits read with the other sign.
@pytest.mark.parametrize("value", [-2000, 63536])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_known_and_in_no_scale(write_dicom, value, photometric):
    stored = np.array([[-2000, -2000, 24, 1084]])
    path = write_dicom(
        stored, signed=True, PixelPaddingValue=value, PhotometricInterpretation=photometric, **CT
    )
    image = read_dicom(path)
    np.testing.assert_array_equal(image.padding, [[True, True, False, False]])
    tissue = 220 / 399 if photometric == "MONOCHROME2" else 1 - 220 / 399
    air = float(photometric == "MONOCHROME1")
    np.testing.assert_allclose(image.pixels, [[0, 0, air, tissue]], atol=1e-6)
    np.testing.assert_array_equal(image.values, [[np.nan, np.nan, -1000, 60]])


def test_air_stays_dark_beside_padding(write_dicom):
    path = write_dicom([[-2000, 0, 3000]], signed=True, PixelPaddingValue=-2000)
    beside = read_dicom(path, window=(1500.5, 3001)).pixels
    np.testing.assert_allclose(beside, [[0, 0, 1]])


@pytest.mark.parametrize(("value", "limit"), [(0, 10), (10, 0), (65530, 5)])
def test_padding_may_be_a_range(write_dicom, value, limit):
    stored = [[0, 5, 10, 11, 65535]]
    path = write_dicom(stored, PixelPaddingValue=value, PixelPaddingRangeLimit=limit)
    low, high = sorted((value, limit))
    expected = [[low <= cell <= high for cell in stored[0]]]
    np.testing.assert_array_equal(read_dicom(path).padding, expected)


def test_padding_of_unsigned_cells_may_be_written_with_a_sign(write_dicom):
    path = write_dicom([[65534, 65535, 2]], PixelPaddingValue=-2)
    np.testing.assert_array_equal(read_dicom(path).padding, [[True, False, False]])


def test_padding_in_unused_bits_is_padding(write_dicom):
    path = write_dicom([[63536, 2096]], BitsStored=12, HighBit=11, PixelPaddingValue=63536)
    np.testing.assert_array_equal(read_dicom(path).padding, [[True, False]])


def test_tables_map_to_their_own_range(write_dicom):
    path = write_dicom([[0, 100, 102, 900]], VOILUTSequence=[lut([0, 10, 255], 100, bits=8)])
    image = read_dicom(path)
    np.testing.assert_allclose(image.pixels, [[0, 0, 1, 1]])
    assert (image.units, image.window) == ("windowed", None)
    # More entries than an 8-bit index can count, which pydicom's own function wraps around.
    path = write_dicom([[0, 300, 599]], VOILUTSequence=[lut(np.arange(600) * 255 // 599, 0, 8)])
    np.testing.assert_allclose(read_dicom(path).pixels, [[0, 127 / 255, 1]], atol=1e-6)


def test_a_table_starts_below_zero_where_values_do(write_dicom):
    path = write_dicom(
        [[0, 1024, 3000]], RescaleSlope=1, RescaleIntercept=-1024,
        VOILUTSequence=[lut([0, 4095], -1, bits=12)],
    )  # fmt: skip
    np.testing.assert_allclose(read_dicom(path).pixels, [[0, 1, 1]])


def test_a_modality_table_gives_the_values(write_dicom):
    path = write_dicom([[-20000, 0, 30000]], signed=True,
                       ModalityLUTSequence=[lut([5, 700, 4000], -1, bits=12)])  # fmt: skip
    image = read_dicom(path)
    np.testing.assert_array_equal(image.values, [[5, 700, 4000]])
    assert (image.units, image.window) == ("rescaled", (0, 4095))


def without(keyword):
    """Return a table without one of its elements."""
    item = lut([0, 1])
    del item[keyword]
    return item


REFUSED = [
    ({"RescaleSlope": None, "RescaleIntercept": 0}, "RescaleSlope is empty"),
    ({"RescaleSlope": 1}, "RescaleIntercept is missing"),
    ({"RescaleSlope": "nan", "RescaleIntercept": 0}, "RescaleSlope is nan, expected a finite"),
    ({"RescaleSlope": 1, "RescaleIntercept": "inf"}, "RescaleIntercept is inf, expected a finite"),
    ({"RescaleSlope": 0, "RescaleIntercept": 0}, "RescaleSlope is 0"),
    ({"WindowCenter": 1, "WindowWidth": 0}, "WindowWidth is 0, expected at least 1 for LINEAR"),
    ({"WindowCenter": 1, "WindowWidth": -5}, "WindowWidth is -5"),
    ({"WindowCenter": 1, "WindowWidth": 0.5}, "WindowWidth is 0.5, expected at least 1"),
    (
        {"WindowCenter": 1, "WindowWidth": 0, "VOILUTFunction": "SIGMOID"},
        "WindowWidth is 0, expected above 0 for SIGMOID",
    ),
    ({"WindowCenter": 1, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, "VOILUTFunction is CUBIC"),
    ({"WindowCenter": None, "WindowWidth": 9}, "WindowCenter is empty"),
    ({"WindowCenter": 40}, "WindowWidth is missing"),
    ({"WindowCenter": "nan", "WindowWidth": 9}, "WindowCenter is nan"),
    ({"VOILUTSequence": [Dataset()]}, "item of VOILUTSequence has no LUTDescriptor"),
    ({"VOILUTSequence": [without("LUTData")]}, "item of VOILUTSequence has no LUTData"),
    ({"ModalityLUTSequence": [Dataset()]}, "item of ModalityLUTSequence has no LUTDescriptor"),
    ({"VOILUTSequence": [lut([0, 300], bits=8)]}, "VOILUTSequence reaches 300, more than 8 bits"),
    ({"VOILUTSequence": [lut([0, 300], bits=32)]}, "entries of 32 bits, expected 8 to 16"),
    (
        {"RescaleSlope": 1, "RescaleIntercept": 0, "ModalityLUTSequence": [lut([0, 1])]},
        "exclude each other",
    ),
    ({"PixelPaddingRangeLimit": 5}, "PixelPaddingRangeLimit stands without"),
    ({"PhotometricInterpretation": "RGB"}, "is RGB, expected greyscale"),
    ({"PhotometricInterpretation": None}, "PhotometricInterpretation is missing or empty"),
    ({"drop": ["PhotometricInterpretation"]}, "PhotometricInterpretation is missing or empty"),
    ({"SamplesPerPixel": 3}, "with SamplesPerPixel 3, expected 1"),
    (
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"},
        "MONOCHROME1 with PresentationLUTShape IDENTITY",
    ),
    ({"PresentationLUTShape": "INVERSE"}, "MONOCHROME2 with PresentationLUTShape INVERSE"),
    ({"NumberOfFrames": 3}, "has 3 frames; choose one: frame=0 is the first"),
    ({"NumberOfFrames": 0}, "NumberOfFrames is 0, expected a count"),
    ({"HighBit": 14}, "HighBit 14 in cells of 16 bits"),
    ({"drop": ["BitsStored"]}, "BitsStored is missing"),
    ({"drop": ["Rows"]}, "Rows is missing"),
    ({"Columns": 0}, r"Rows and Columns \(4, 0\), expected at least 1"),
    ({"drop": ["PixelData"]}, r"no pixels \(PixelData\)"),
    ({"PixelData": b"\0\0"}, "its pixels can't be decoded: The number of bytes"),
    ({"SOPClassUID": RTDoseStorage}, "is a RT Dose Storage, expected an image"),
    ({"SOPClassUID": SegmentationStorage}, "is a Segmentation Storage, expected an image"),
    ({"Modality": "RTDOSE"}, "is of modality RTDOSE, expected an image"),
    ({"Modality": "SEG"}, "is of modality SEG, expected an image"),
    (
        {"SOPClassUID": EnhancedCTImageStorage, "SharedFunctionalGroupsSequence": [Dataset()]},
        "keeps its scale in SharedFunctionalGroupsSequence",
    ),
    ({"PixelSpacing": [1, "nan"]}, None),
    ({"PixelSpacing": [0, 0]}, None),
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, while a bad file is written
@pytest.mark.parametrize(("elements", "message"), REFUSED)
def test_what_a_file_lacks_or_contradicts_is_named(write_dicom, elements, message):
    path = write_dicom(np.arange(16).reshape(4, 4), **elements)
    if message is None:
        assert read_dicom(path).spacing_mm is None
        return
    with pytest.raises(ImageFormatError, match=f"{path}: .*{message}"):
        read_dicom(path)


def test_a_number_that_is_none_is_named(write_dicom):
    path = write_dicom([[0, 1]], RescaleSlope="1.25", RescaleIntercept="0")
    path.write_bytes(path.read_bytes().replace(b"1.25", b"1,25"))
    with pytest.raises(ImageFormatError, match="RescaleSlope"):
        read_dicom(path)


def test_frames_are_counted_in_the_pixels(write_dicom):
    two = np.arange(8).reshape(2, 2, 2)
    with pytest.raises(ImageFormatError, match="its pixels hold 2 frames, expected one"):
        read_dicom(write_dicom(two))
    with pytest.raises(ImageFormatError, match="its pixels hold 2 frames, expected one"):
        read_dicom(write_dicom(two, NumberOfFrames=1))
    padded = np.arange(5, dtype="<u2").tobytes()
    image = read_dicom(write_dicom(two[:1], PixelData=padded))
    np.testing.assert_array_equal(image.values, [[0, 1], [2, 3]])


@pytest.mark.parametrize("syntax", [RLELossless, JPEGBaseline8Bit])
def test_frames_are_counted_in_compressed_pixels(write_dicom, syntax):
    if syntax == RLELossless:
        source = pydicom.dcmread(get_testdata_file("MR_small_RLE.dcm"))
        frames = list(pydicom.encaps.generate_frames(source.PixelData, number_of_frames=1)) * 2
    else:
        frames = [b"\xff\xd8 and so on", b"\xff\xd8 once more"]
    path = write_dicom(np.zeros((64, 64)), PixelData=encapsulate(frames))
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.save_as(path)
    with pytest.raises(ImageFormatError, match="its pixels hold 2 frames, expected one"):
        read_dicom(path)


@pytest.mark.parametrize("name", ["no_meta.dcm", "rtstruct.dcm"])
def test_a_file_without_header_is_told_what_it_lacks(name):
    with pytest.raises(ImageFormatError, match="letters DICM are missing.*dcmconv") as error:
        read_dicom(get_testdata_file(name))
    assert "force" not in str(error.value)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_dicom(tmp_path / "a.dcm")


def test_a_spacing_of_zero_is_no_spacing():
    image = read_dicom(get_testdata_file("RG1_UNCR.dcm"))
    assert image.spacing_mm is None
    assert image.photometric == "MONOCHROME1"
    assert image.pixels[:, :40].mean() < image.pixels.mean(), "air beside the patient is dark"


def test_nothing_that_pydicom_warns_of_leaks(tmp_path):
    names = ["chrSQEncoding1.dcm", "chrFrenMulti.dcm", "MR_small_padded.dcm", "badVR.dcm"]
    code = (
        "import sys\nfrom companion.data.dicom import ImageFormatError, read_dicom\n"
        "for path in sys.argv[1:]:\n"
        "    try: read_dicom(path)\n"
        "    except ImageFormatError: pass\n"
    )
    paths = [get_testdata_file(name) for name in names[2:]]
    paths += [pydicom.data.get_charset_files(name)[0] for name in names[:2]]
    ran = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


# Three stages, frames, place ---------------------------------------------------------------------


def test_one_read_gives_three_stages(write_dicom):
    path = write_dicom([[0x1000, 0xF7FF]], BitsStored=12, HighBit=11, signed=False, RescaleSlope=-2,
                       RescaleIntercept=100, WindowCenter=0.5, WindowWidth=4001)  # fmt: skip
    image = read_dicom(path)
    assert image.stored.dtype == np.uint16
    np.testing.assert_array_equal(image.stored, [[0, 0x7FF]])
    np.testing.assert_array_equal(image.values, [[100, 100 - 2 * 0x7FF]])
    np.testing.assert_allclose(image.pixels, [[2100 / 4000, 0]])
    signed = read_dicom(write_dicom([[0x0FFF]], "b.dcm", signed=True, BitsStored=12, HighBit=11))
    assert (signed.stored.dtype, signed.stored[0, 0]) == (np.int16, -1)


def test_big_endian_files_hold_the_same_numbers():
    little, big = (
        read_dicom(get_testdata_file(name)) for name in ("MR_small.dcm", "MR_small_bigendian.dcm")
    )
    np.testing.assert_array_equal(big.stored, little.stored)
    assert big.stored.dtype == little.stored.dtype == np.int16


FRAMES = np.arange(24).reshape(3, 2, 4)


@pytest.mark.parametrize("frame", [0, 1, 2, np.int64(2)])
def test_a_frame_is_chosen_from_nought(write_dicom, frame):
    path = write_dicom(FRAMES, NumberOfFrames=3, ImagePositionPatient=[1, 2, 3])
    image = read_dicom(path, frame=frame)
    np.testing.assert_array_equal(image.stored, FRAMES[frame])
    assert (image.frame, image.frames) == (frame, 3)
    assert image.position_mm is None
    assert image.missing["position_mm"] == "ImagePositionPatient is one position for 3 frames"


def test_frames_of_real_files_are_those_that_pydicom_finds():
    for name in ("emri_small.dcm", "emri_small_big_endian.dcm", "emri_small_RLE.dcm"):
        path = get_testdata_file(name)
        expected = pydicom.dcmread(path).pixel_array
        for frame in (0, 4, 9):
            np.testing.assert_array_equal(read_dicom(path, frame=frame).stored, expected[frame])


@pytest.mark.parametrize(("frame", "message"), [
    (3, "has frames 0 to 2, frame 3 is not among them"),
    (-1, "has frames 0 to 2, frame -1 is not among them"),
    (None, "has 3 frames; choose one: frame=0 is the first, frame=2 the last"),
])  # fmt: skip
def test_a_frame_that_is_not_there_is_named(write_dicom, frame, message):
    path = write_dicom(FRAMES, NumberOfFrames=3)
    with pytest.raises(ImageFormatError, match=message):
        read_dicom(path, frame=frame)


def test_the_frame_of_a_single_one_is_the_first(write_dicom):
    path = write_dicom(FRAMES[1])
    assert read_dicom(path, frame=0).frames == 1
    with pytest.raises(ImageFormatError, match="has one frame, frame=0, got frame=1"):
        read_dicom(path, frame=1)
    with pytest.raises(TypeError):
        read_dicom(path, frame=0.5)


def test_more_frames_in_the_pixels_than_the_header_says_are_named(write_dicom):
    with pytest.raises(ImageFormatError, match="its pixels hold 3 frames, expected 2"):
        read_dicom(write_dicom(FRAMES, NumberOfFrames=2), frame=0)
    with pytest.raises(ImageFormatError, match="can't be decoded"):
        read_dicom(write_dicom(FRAMES, NumberOfFrames=4), frame=0)


def test_the_place_of_a_picture_is_the_files(write_dicom):
    oblique = [0.6, 0.8, 0, 0, 0, -1]
    image = read_dicom(write_dicom(
        [[1]], ImageOrientationPatient=oblique, ImagePositionPatient=[1, -2.5, 3],
        ImagerPixelSpacing=[0.3, 0.2],
    ))  # fmt: skip
    assert image.orientation == tuple(oblique)
    assert image.position_mm == (1, -2.5, 3)
    assert (image.spacing_mm, image.spacing_from) == ((0.3, 0.2), "ImagerPixelSpacing")
    assert image.missing == {}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("elements", "name", "reason"),
    [
        ({}, "spacing_mm", "neither PixelSpacing nor ImagerPixelSpacing is given"),
        ({"PixelSpacing": [0, 0.5]}, "spacing_mm", "PixelSpacing is [0.0, 0.5], expected two"),
        ({"PixelSpacing": [-1, 1]}, "spacing_mm", "PixelSpacing is [-1.0, 1.0], expected two"),
        ({"PixelSpacing": [0.5]}, "spacing_mm", "expected 2 numbers"),
        ({}, "orientation", "ImageOrientationPatient is missing"),
        ({"ImageOrientationPatient": None}, "orientation", "ImageOrientationPatient is empty"),
        ({"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]}, "orientation", "of length 1"),
        ({"ImageOrientationPatient": [1, 0, 0, 0.1, 0.995, 0]}, "orientation", "perpendicular"),
        ({"ImageOrientationPatient": [1, 0, 0]}, "orientation", "expected 6 finite numbers"),
        ({"ImagePositionPatient": [1, "nan", 0]}, "position_mm", "expected 3 finite numbers"),
    ],
)
def test_what_is_not_known_is_none_with_its_reason(write_dicom, elements, name, reason):
    path = write_dicom([[1]], **elements)
    if reason == "expected 2 numbers":
        with pytest.raises(ImageFormatError, match=reason):
            read_dicom(path)
        return
    image = read_dicom(path)
    assert getattr(image, name) is None
    assert reason in image.missing[name]


def region(**changes):
    """Return the calibration of an ultrasound picture of 4 columns and 2 rows."""
    item = Dataset()
    facts = {
        "RegionSpatialFormat": 1, "RegionLocationMinX0": 0, "RegionLocationMinY0": 0,
        "RegionLocationMaxX1": 3, "RegionLocationMaxY1": 1, "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3, "PhysicalDeltaX": 0.02, "PhysicalDeltaY": -0.05,
    } | changes  # fmt: skip
    for keyword, value in facts.items():
        setattr(item, keyword, value)
    return item


@pytest.mark.parametrize(
    ("regions", "spacing", "reason"),
    [
        ([region()], (0.5, 0.2), None),
        ([region(), region(RegionSpatialFormat=2, PhysicalDeltaX=1.0)], (0.5, 0.2), None),
        ([region(RegionLocationMaxX1=7)], None, "calibrates columns 0 to 7 and rows 0 to 1, the "),
        ([region(PhysicalUnitsXDirection=4)], None, "expected centimetres"),
        ([region(PhysicalDeltaX=0.0)], None, "expected above 0"),
        ([region(), region(PhysicalDeltaX=0.03)], None, "2 regions in space with 2 different"),
        ([region(RegionSpatialFormat=3)], None, "0 regions in space"),
    ],
)
def test_a_scale_of_ultrasound_is_that_of_this_picture(write_dicom, regions, spacing, reason):
    image = read_dicom(write_dicom(FRAMES[0], SequenceOfUltrasoundRegions=regions))
    assert image.spacing_mm == (pytest.approx(spacing) if spacing else None)
    if reason:
        assert reason in image.missing["spacing_mm"]
    else:
        assert image.spacing_from == "SequenceOfUltrasoundRegions"


# What a file is ----------------------------------------------------------------------------------


def test_a_description_says_what_the_file_says(write_dicom):
    path = write_dicom(
        FRAMES, signed=True, NumberOfFrames=3, PixelSpacing=[0.3, 0.2], RescaleSlope=2,
        RescaleIntercept=-5, WindowCenter=[40, 1], WindowWidth=[400, 2], PixelPaddingValue=-7,
        PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11,
    )  # fmt: skip
    assert describe_dicom(path) == {
        "kind": "Secondary Capture Image Storage", "modality": "CR", "size": (2, 4), "frames": 3,
        "bits": (12, 16), "signed": True, "photometric": "MONOCHROME1", "rescale": (2, -5),
        "spacing_mm": (0.3, 0.2), "window": (40, 400), "padding": -7,
        "transfer_syntax": "Explicit VR Little Endian", "refused": None,
    }  # fmt: skip


def test_colour_and_what_is_no_picture_is_described():
    cine = describe_dicom(get_testdata_file("color3d_jpeg_baseline.dcm"))
    assert (cine["size"], cine["frames"], cine["bits"]) == ((480, 640), 120, (8, 8))
    assert cine["spacing_mm"] == pytest.approx((0.5105, 0.5105), abs=1e-4)
    small = describe_dicom(get_testdata_file("examples_ybr_color.dcm"))
    assert (small["size"], small["frames"], small["spacing_mm"]) == ((240, 320), 30, None)
    dose = describe_dicom(get_testdata_file("rtdose.dcm"))
    assert dose["refused"] == "is a RT Dose Storage, expected an image"


def test_the_command_names_nobody_and_says_what_was_refused(capsys, write_dicom):
    who = {"PatientName": "Miller^Anna", "PatientID": "4711", "InstitutionName": "St Elsewhere",
           "ReferringPhysicianName": "Weber", "StudyDate": "20040119"}  # fmt: skip
    path = write_dicom(FRAMES[0], **who, SOPInstanceUID="1.2.3.4.5", Manufacturer="MAKER")
    assert main([str(path)]) == 0
    plain = capsys.readouterr()
    assert plain.out.startswith(f"{path}\n  kind             Secondary Capture Image Storage\n")
    assert "rows x columns   2 x 4" in plain.out
    assert plain.err == ""
    for value in (*who.values(), "1.2.3.4.5", "MAKER", "Miller"):
        assert value not in plain.out
    assert main([str(path), get_testdata_file("no_meta.dcm"), "missing.dcm"]) == 1
    both = capsys.readouterr()
    assert both.out.count("REFUSED") == 2
    assert "letters DICM are missing" in both.out
    assert both.err == "2 of 3 refused\n"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_description_repeats_no_text_of_the_file(capsys, write_dicom):
    escape = "\x1b[2J Miller"
    path = write_dicom(FRAMES[0], Modality=escape, PhotometricInterpretation=escape,
                       SOPClassUID="1.2.3.4711")  # fmt: skip
    facts = describe_dicom(path)
    assert (facts["kind"], facts["modality"], facts["photometric"]) == (None, None, None)
    main([str(path)])
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "Miller" not in said
    assert "is not a coded word, expected greyscale" in said


def test_every_shipped_file_is_described_or_refused_by_name():
    folder = Path(get_testdata_file("CT_small.dcm")).parent
    described = 0
    for path in sorted(folder.glob("*.dcm")):
        try:
            facts = describe_dicom(path)
        except ImageFormatError as problem:
            assert str(problem).startswith(f"{path}: ")
            continue
        assert facts["refused"] is None or facts["refused"].strip()
        described += 1
    assert described > 70
