"""Volumes: slices sorted by place as SimpleITK sorts them, and nothing guessed; resampling."""

from __future__ import annotations

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, RTDoseStorage, generate_uid
from scipy.ndimage import map_coordinates

from companion.data import ImageFormatError, Volume, read_dicom, read_series, resample

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
REAL = Path(get_testdata_file("CT_small.dcm")).parent / "dicomdirtests"


@pytest.fixture(scope="module")
def script():
    """The comparison with SimpleITK's own series reader."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return runpy.run_path(str(BENCHMARKS / "dicom_series.py"))
    finally:
        sys.path.remove(str(BENCHMARKS))


AXIAL = (1, 0, 0, 0, 1, 0)


@pytest.fixture
def write_series(write_dicom, rng):
    """Return a function that writes slices in a wild order, under names that say nothing."""

    def write(
        places=range(5), *, orientation=AXIAL, spacing=(0.8, 0.5), step=2.5, origin=(-10, 20, -30),
        each=(), series="1.2.3", **elements,
    ):  # fmt: skip
        right, down = np.reshape(orientation, (2, 3)).astype(float)
        normal = np.cross(right, down)
        names = rng.permutation(len(places))
        paths = []
        for index, place in enumerate(places):
            own = dict(each[index]) if index < len(each) else {}
            at = np.array(origin) + normal * step * place
            stored = own.pop("stored", np.arange(12).reshape(3, 4) + 100 * index)
            kept = {
                # Of secondary captures GDCM trusts no position.
                "SOPClassUID": CTImageStorage, "Modality": "CT", "SeriesInstanceUID": series,
                "SOPInstanceUID": generate_uid(),
                "PixelSpacing": list(spacing), "ImageOrientationPatient": list(orientation),
                "ImagePositionPatient": [f"{part:.6f}" for part in at],
                "RescaleSlope": 1, "RescaleIntercept": -1000, "InstanceNumber": 7,
            } | elements | own  # fmt: skip
            paths.append(write_dicom(stored, f"{names[index]:02}.dcm", **kept))
        return paths

    return write


def test_real_slices_are_sorted_by_place_and_not_by_name(script):
    paths = sorted((REAL / "98892001" / "CT5N").iterdir())
    assert script["compare"](paths)[0] == "equal"
    volume = read_series(REAL / "98892001" / "CT5N")
    assert list(volume.files) == paths[::-1]
    heights = [pydicom.dcmread(path).ImagePositionPatient[2] for path in volume.files]
    assert heights == sorted(heights)


def test_what_is_left_of_a_series_around_a_gap_is_a_volume(script):
    paths = [REAL / "77654033" / "CT2" / name for name in ("17166", "17196", "17136")]
    assert script["compare"](paths)[0] == "equal"
    assert read_series(paths).spacing_mm == pytest.approx((1.25, 0.488281, 0.488281))


OBLIQUE = (0.6, 0.8, 0, 0, 0, -1)


@pytest.mark.parametrize(
    "orientation",
    [AXIAL, OBLIQUE, (0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, 1, 0), (1, 0, 0, 0, -1, 0)],
    ids=["axial", "oblique", "sagittal", "mirrored", "upside down"],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_shuffled_and_renamed_slices_are_read_as_simpleitk_reads_them(
    write_series, script, orientation, backwards
):
    places = range(6)[::-1] if backwards else range(6)
    paths = write_series(places, orientation=orientation)
    assert script["compare"](sorted(paths))[0] == "equal"
    volume = read_series(paths[0].parent)
    # Upwards along the normal of the slices, whichever way the patient lies.
    expected = paths[::-1] if backwards else paths
    assert list(volume.files) == expected
    np.testing.assert_array_equal(volume.values[0], read_dicom(expected[0]).values)


def test_rows_are_not_taken_for_columns(write_series):
    volume = read_series(write_series(orientation=OBLIQUE, spacing=(0.8, 0.5)))
    assert volume.spacing_mm == pytest.approx((2.5, 0.8, 0.5))
    assert volume.values.shape == (5, 3, 4)
    assert (volume.modality, volume.values.dtype) == ("CT", np.float32)
    # One step along a row goes 0.5 mm in the direction (0.6, 0.8, 0), along a column 0.8 mm down,
    # along the slices 2.5 mm in the direction of their cross product (-0.8, 0.6, 0).
    expected = np.array([[-2, 0, 0.3], [1.5, 0, 0.4], [0, -0.8, 0]])
    np.testing.assert_allclose(volume.affine[:3, :3], expected, atol=1e-9)
    np.testing.assert_allclose(volume.affine @ [0, 0, 0, 1], [-10, 20, -30, 1])
    assert np.linalg.det(volume.affine[:3, [2, 1, 0]]) > 0, "x, y, z are right-handed"


def test_each_slice_has_its_own_scale(write_series):
    each = [{"RescaleSlope": 2, "RescaleIntercept": 5}, {"RescaleSlope": -0.5}]
    volume = read_series(write_series(range(2), each=each, Modality="PT"))
    stored = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(volume.values[0], 2 * stored + 5)
    np.testing.assert_array_equal(volume.values[1], -0.5 * (stored + 100) - 1000)


def test_padding_is_not_tissue(write_series):
    each = [{"PixelPaddingValue": 3}]
    volume = read_series(write_series(range(2), each=each))
    assert np.isnan(volume.values[0, 0, 3])
    assert np.isnan(volume.values).sum() == 1


def test_noise_in_the_last_digits_of_positions_is_no_gap(write_series, rng):
    places = np.arange(40) + rng.uniform(-0.001, 0.001, 40)
    assert len(read_series(write_series(places)).files) == 40


@given(order=st.permutations(range(5)))
def test_the_order_of_files_does_not_matter(order):
    paths = sorted((REAL / "98892001" / "CT5N").iterdir())
    volume = read_series([paths[i] for i in order])
    assert list(volume.files) == paths[::-1]


def third(**elements):
    """Return what makes the third of five slices a different one."""
    return [{}, {}, elements]


REFUSED = [
    ({"places": [0, 1, 3, 4]}, "are 5 mm apart, the usual distance is 2.5 mm: .* 1 places"),
    ({"places": [0, 1, 2.05, 3]}, "the usual distance is .*uneven in"),
    ({"places": np.cumsum([1.003] * 9 + [1] * 2 + [0.997] * 9)}, "mm off an even row of slices"),
    ({"places": [0, 1, 1, 2]}, "lie at one place along the normal; so do 0 further pairs"),
    ({"places": [0, 1, 2, 0, 1, 2]}, "2 slices at each of 3 positions: a stack"),
    ({"each": third(SOPInstanceUID="1.5"), "places": [0, 1, 2, 3, 3], "SOPInstanceUID": "1.5"},
     "is a copy of .*SOPInstanceUID"),
    ({"places": [0]}, "is one slice only"),
    ({"each": third(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])}, "is a localiser"),
    ({"each": third(ImageOrientationPatient=[0, 1, 0, 0, 0, -1])}, "differ in orientation"),
    ({"each": third(ImageOrientationPatient=[1, 0, 0, 0, 0.99999, 0.002])},
     "differ in orientation"),
    ({"each": third(PixelSpacing=[0.8, 0.6])}, "differ in spacing mm"),
    ({"each": third(stored=np.zeros((4, 3)))}, r"differ in shape: .*\(4, 3\) in 1"),
    ({"each": third(Modality="MR")}, "differ in modality"),
    ({"each": third(FrameOfReferenceUID="1.9")}, "differ in frame of reference"),
    ({"each": third(drop=["RescaleSlope", "RescaleIntercept"])}, "differ in units"),
    ({"each": third(RescaleType="US"), "RescaleType": "HU"}, "differ in units"),
    ({"each": third(Units="CNTS"), "Units": "BQML"}, "differ in units"),
    ({"each": third(SeriesInstanceUID="1.2.4")},
     r"2 series are mixed; choose one by series=.*1\.2\.3 \(4 files.*1\.2\.4 \(1 files"),
    ({"each": third(drop=["SeriesInstanceUID"])}, "without SeriesInstanceUID"),
    ({"each": third(drop=["ImagePositionPatient"])}, "ImagePositionPatient is missing"),
    ({"each": third(drop=["ImageOrientationPatient"])}, "ImageOrientationPatient is missing"),
    ({"each": third(ImageOrientationPatient=[2, 0, 0, 0, 2, 0])}, "perpendicular directions"),
    ({"each": third(ImageOrientationPatient=[1, 0, 0, 0.1, 1, 0])}, "perpendicular"),
    ({"each": third(ImageOrientationPatient=[1, 0, 0])}, "expected 6 finite numbers"),
    ({"each": third(ImagePositionPatient=["nan", "0", "0"])}, "expected 3 finite numbers"),
    ({"PixelSpacing": [0, 0.5]}, "expected two numbers above 0"),
    ({"drop": ["PixelSpacing"]}, "neither PixelSpacing nor ImagerPixelSpacing"),
    ({"drop": ["PixelSpacing"], "ImagerPixelSpacing": [1, 1]}, "gives ImagerPixelSpacing only"),
    ({"each": third(NumberOfFrames=2)}, "has 2 frames, expected one slice a file"),
    ({"each": third(PhotometricInterpretation="RGB")}, "is RGB, expected greyscale"),
    ({"each": third(drop=["PixelData"])}, r"no pixels \(PixelData\)"),
    ({"each": third(SOPClassUID=RTDoseStorage)}, "is a RT Dose Storage"),
    ({"each": third(PerFrameFunctionalGroupsSequence=[Dataset()])}, "keeps its scale in"),
    ({"each": third(RescaleSlope=0)}, "RescaleSlope is 0"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, while a bad file is written
@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_what_makes_no_volume_is_named_with_its_file(write_series, changes, message):
    paths = write_series(**changes)
    with pytest.raises(ImageFormatError, match=message) as error:
        read_series(paths)
    assert str(paths[0].parent) in str(error.value)


@pytest.mark.parametrize("degrees", [15, -0.5])
def test_a_tilted_gantry_is_named_with_its_angle(write_series, degrees):
    # The slices stay parallel and move on along the table, which is not their normal.
    tilt = np.radians(degrees)
    orientation = [1, 0, 0, 0, np.cos(tilt), np.sin(tilt)]
    each = [{"ImagePositionPatient": [0, 0, 3 * index]} for index in range(4)]
    text = f"{abs(degrees):.1f} degrees between"
    with pytest.raises(ImageFormatError, match=text):
        read_series(
            write_series(range(4), orientation=[f"{x:.6f}" for x in orientation], each=each)
        )


def test_a_series_is_chosen_by_its_uid(write_series):
    each = [{}, {}, {"SeriesInstanceUID": "1.2.4"}, {}, {"SeriesInstanceUID": "1.2.4"}]
    paths = write_series(range(5), each=each)
    assert set(read_series(paths, series="1.2.4").files) == {paths[2], paths[4]}
    with pytest.raises(ImageFormatError, match=r"series 9 is not there; found 1\.2\.3 \(3 files"):
        read_series(paths, series="9")


def test_a_folder_is_searched_itself_alone(write_series, tmp_path):
    paths = write_series()
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "a.dcm").write_bytes(b"x")
    assert set(read_series(str(tmp_path)).files) == set(paths)
    (tmp_path / "notes.txt").write_text("not a slice")
    with pytest.raises(ImageFormatError, match="notes.txt: not a DICOM file"):
        read_series(tmp_path)


def test_what_is_no_folder_and_no_list_is_named(write_series, tmp_path):
    paths = write_series()
    with pytest.raises(ValueError, match="is one file, expected a folder"):
        read_series(paths[0])
    with pytest.raises(ValueError, match="no files were given"):
        read_series([])
    with pytest.raises(ValueError, match="was given twice"):
        read_series([*paths, paths[0]])
    with pytest.raises(FileNotFoundError):
        read_series(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageFormatError, match="has no files"):
        read_series(tmp_path / "empty")


def test_every_shipped_series_is_read_as_simpleitk_reads_it_or_refused(script):
    results = {uid: script["compare"](paths) for uid, paths in script["shipped_series"]().items()}
    states = [state for state, _, _ in results.values()]
    assert "differs" not in states
    assert states.count("equal") >= 1
    reasons = "\n".join(reason for _, reason, _ in results.values())
    for expected in ("202.5 mm apart", "is a localiser", "differ in orientation"):
        assert expected in reasons
    # SimpleITK reads these without a word.
    silent = [theirs for _, reason, theirs in results.values() if "202.5 mm" in reason]
    assert silent == ["reads 4 files as (4, 16, 16), 68.33 mm apart"]


# Resampling ----------------------------------------------------------------------------------


def ball(shape=(12, 20, 24), spacing=(2.5, 0.8, 0.5), affine=None):
    """Return a smooth volume of another spacing on each axis."""
    z, y, x = np.indices(shape) * np.reshape(spacing, (3, 1, 1, 1))
    values = 100 * np.exp(-(((z - 13) / 6) ** 2) - ((y - 8) / 4) ** 2 - ((x - 6) / 3) ** 2) + x
    return Volume(values.astype(np.float32), spacing, np.eye(4) if affine is None else affine, "CT")


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.3, 1.1), (5, 2, 0.9), (2.5, 0.8, 0.5)])
def test_resampling_is_scipys_on_the_same_points(order, spacing):
    volume = ball()
    result = resample(volume, spacing, order=order)
    points = np.indices(result.values.shape) * np.reshape(
        np.divide(spacing, volume.spacing_mm), (3, 1, 1, 1)
    )
    expected = map_coordinates(volume.values.astype(float), points, order=order, mode="mirror")
    # Nearest neighbours may differ where a point lies half-way between two.
    half = (np.abs(points % 1 - 0.5) < 1e-6).any(axis=0) if order == 0 else np.zeros(1, bool)
    difference = np.where(half, 0, result.values - expected)
    np.testing.assert_allclose(difference, 0, atol=2e-4)
    assert result.spacing_mm == pytest.approx(spacing)
    assert result.values.dtype == np.float32


def test_resampled_voxels_lie_where_they_say(write_series):
    volume = read_series(write_series(orientation=OBLIQUE))
    place = np.indices(volume.values.shape).reshape(3, -1)
    in_mm = volume.affine @ np.r_[place, np.ones((1, place.shape[1]))]
    # A value that is a linear function of the place in the patient stays that function.
    slope = np.array([3.0, -2.0, 0.5])
    planar = replace(volume, values=(slope @ in_mm[:3]).reshape(volume.values.shape))
    result = resample(planar, (1, 0.3, 0.4))
    place = np.indices(result.values.shape).reshape(3, -1)
    in_mm = result.affine @ np.r_[place, np.ones((1, place.shape[1]))]
    np.testing.assert_allclose(result.values.ravel(), slope @ in_mm[:3], atol=1e-6)
    np.testing.assert_allclose(result.affine[:3, 3], volume.affine[:3, 3])
    assert result.files == ()


def test_the_grid_ends_on_the_last_centre_or_before_it():
    thick = Volume(np.zeros((4, 4, 4)), (3, 1, 0.3), np.eye(4))
    assert resample(thick, (1, 1, 0.1)).values.shape == (10, 4, 10)
    assert resample(thick, (2, 1.5, 0.9)).values.shape == (5, 3, 2)
    assert resample(thick, (100, 100, 100)).values.shape == (1, 1, 1)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32])
def test_a_mask_keeps_its_labels(dtype):
    mask = (np.indices((6, 6, 6)).sum(0) % 3).astype(dtype)
    result = resample(Volume(mask, (2, 2, 2), np.eye(4)), (0.7, 0.9, 3), order=0)
    assert result.values.dtype == dtype
    assert set(np.unique(result.values)) <= set(np.unique(mask))
    with pytest.raises(ValueError, match="labels of a mask.*order=0"):
        resample(Volume(mask, (2, 2, 2), np.eye(4)), (1, 1, 1))


def test_padding_stays_padding():
    values = np.ones((4, 4, 4), np.float32)
    values[0, 0, 0] = np.nan
    volume = Volume(values, (1, 1, 1), np.eye(4))
    result = resample(volume, (0.5, 0.5, 0.5)).values
    assert np.isnan(result[0, 0, 0])
    assert np.nanmax(result) == np.nanmin(result) == 1
    with pytest.raises(ValueError, match="NaN"):
        resample(volume, (0.5, 0.5, 0.5), order=3)


@pytest.mark.parametrize(
    ("spacing", "order", "message"),
    [
        ((1, 1), 1, "must be three numbers above 0"),
        ((1, 0, 1), 1, "must be three numbers above 0"),
        ((1, np.nan, 1), 1, "must be three numbers above 0"),
        ((1, -1, 1), 1, "must be three numbers above 0"),
        ((1, 1, 1), 2, "order must be 0, 1 or 3, got 2"),
        ((1e-6, 1e-6, 1e-6), 1, "which is too many"),
    ],
)
def test_what_can_not_be_resampled_is_named(spacing, order, message):
    with pytest.raises(ValueError, match=message):
        resample(ball(), spacing, order=order)
