"""Radiotherapy files that pydicom ships, and copies of them that are broken on purpose."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from companion.data import (
    ImageFormatError,
    read_dose_grid,
    read_plan_file,
    read_structures,
)

DOSE, PLAN, STRUCTURES = (
    get_testdata_file(f"{name}.dcm") for name in ("rtdose", "rtplan", "rtstruct")
)


@pytest.fixture
def changed(tmp_path):
    """Return a function that writes a changed copy of a file."""

    def change(path, how):
        dataset = pydicom.dcmread(path, force=True)
        how(dataset)
        file = tmp_path / "changed.dcm"
        dataset.save_as(file)
        return file

    return change


def in_gray(dataset):
    dataset.DoseUnits = "GY"


def test_doses_are_the_stored_numbers_times_the_scaling(changed):
    dataset = pydicom.dcmread(DOSE)
    grid = read_dose_grid(changed(DOSE, in_gray))
    stored = np.frombuffer(dataset.PixelData, "<u4").reshape(15, 10, 10)
    np.testing.assert_allclose(grid.dose_gy, stored * 1e-6, rtol=1e-12)
    assert grid.spacing_mm == (5, 10, 10)
    assert grid.origin_mm == pytest.approx((-761.87, 199.43125, 189.43125))


def test_a_relative_dose_needs_what_it_is_relative_to(changed):
    with pytest.raises(ImageFormatError, match="DoseUnits is RELATIVE, expected GY"):
        read_dose_grid(DOSE)
    relative, gray = read_dose_grid(DOSE, reference_gy=30), read_dose_grid(changed(DOSE, in_gray))
    np.testing.assert_allclose(relative.dose_gy, 30 * gray.dose_gy)
    with pytest.raises(ValueError, match="but the file's units are GY"):
        read_dose_grid(changed(DOSE, in_gray), reference_gy=30)
    with pytest.raises(ValueError, match="reference_gy must be a dose above 0, got 0"):
        read_dose_grid(DOSE, reference_gy=0)


@pytest.mark.parametrize("name", ["rtdose_rle.dcm", "rtdose_expb.dcm"])
def test_other_ways_to_store_the_same_doses_give_the_same(name):
    other = read_dose_grid(get_testdata_file(name), reference_gy=1)
    np.testing.assert_array_equal(other.dose_gy, read_dose_grid(DOSE, reference_gy=1).dose_gy)


def test_slices_from_head_to_feet_are_turned(changed):
    def turn(dataset):
        dataset.GridFrameOffsetVector = [-5.0 * k for k in range(15)]

    turned, whole = (
        read_dose_grid(changed(DOSE, turn), reference_gy=1),
        read_dose_grid(DOSE, reference_gy=1),
    )
    np.testing.assert_array_equal(turned.dose_gy, whole.dose_gy[::-1])
    assert turned.origin_mm[0] == pytest.approx(-761.87 - 70)


def negative(dataset):
    dataset.PixelRepresentation = 1
    dataset.PixelData = np.full(1500, -5, "<i4").tobytes()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda d: setattr(d, "Modality", "CT"), "is of modality CT, expected RTDOSE, a dose grid"),
        (lambda d: setattr(d, "DoseUnits", None), "DoseUnits is .*expected GY"),
        (lambda d: setattr(d, "DoseType", "ERROR"), "DoseType is ERROR"),
        (lambda d: delattr(d, "DoseGridScaling"), "DoseGridScaling is missing"),
        (lambda d: setattr(d, "DoseGridScaling", 0), "DoseGridScaling is 0, expected"),
        (lambda d: setattr(d, "ImageOrientationPatient", [0, 1, 0, 0, 0, 1]), "not axial"),
        (lambda d: setattr(d, "GridFrameOffsetVector", [0.0] * 15), "equally spaced"),
        (lambda d: setattr(d, "GridFrameOffsetVector", [0.0, 5, 11, *range(15, 75, 5)]),
         "equally spaced"),
        (lambda d: setattr(d, "PixelSpacing", [0, 10]), "equally spaced"),
        (lambda d: delattr(d, "ImagePositionPatient"), "ImagePositionPatient is missing"),
        (lambda d: delattr(d, "FrameOfReferenceUID"), "FrameOfReferenceUID is missing"),
        (lambda d: setattr(d, "PixelData", b"\0" * 40), "can't be decoded"),
        (negative, "negative doses, down to -5e-06"),
    ],
)  # fmt: skip
def test_a_broken_dose_is_refused_by_name(changed, how, said):
    with pytest.raises(ImageFormatError, match=said):
        read_dose_grid(changed(DOSE, how), reference_gy=1)


def test_one_slice_makes_no_dose_grid():
    with pytest.raises(ImageFormatError, match="GridFrameOffsetVector"):
        read_dose_grid(get_testdata_file("rtdose_1frame.dcm"), reference_gy=1)


def test_a_file_that_is_no_dicom_is_refused(tmp_path):
    file = tmp_path / "letter.dcm"
    file.write_text("Dear colleague")
    for read in (read_dose_grid, read_structures, read_plan_file):
        with pytest.raises(ImageFormatError, match=r"letter\.dcm"):
            read(file)


def test_the_plan_says_fractions_target_and_beam():
    plan = read_plan_file(PLAN)
    assert (plan.label, plan.fractions) == ("Plan1", 30)
    assert plan.prescribed_gy == {"PTV": pytest.approx(30.826203)}
    (beam,) = plan.beams
    assert (beam.name, beam.particle, beam.energy, beam.gantry_deg) == ("Field 1", "PHOTON", 6, 0)


def test_a_plan_without_beams_is_refused(changed):
    with pytest.raises(ImageFormatError, match="no fraction group or no beam"):
        read_plan_file(changed(PLAN, lambda d: delattr(d, "BeamSequence")))
    with pytest.raises(ImageFormatError, match="without control points"):
        read_plan_file(changed(PLAN, lambda d: delattr(d.BeamSequence[0], "ControlPointSequence")))
    with pytest.raises(ImageFormatError, match="is of modality RTDOSE, expected RTPLAN"):
        read_plan_file(DOSE)


def test_structures_are_closed_lines_and_points_are_left_out():
    found = read_structures(STRUCTURES)
    assert list(found) == ["patient"]  # the two isocentres are points
    lines = found["patient"].lines
    assert [line[0, 0] for line in lines] == [-200, -190, -180]
    assert lines[0].max(0).tolist() == [-200, 150, 200]


def first_contour(dataset):
    return dataset.ROIContourSequence[0].ContourSequence[0]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda d: setattr(first_contour(d), "ContourData", [0.0, 0, 0, 1, 0, 0]), "6 coordinates"),
        (lambda d: setattr(first_contour(d), "ContourData", [0.0] * 10), "10 coordinates"),
        (lambda d: setattr(first_contour(d), "ContourData", [0.0, 0, 0, 1, 0, 0, 1, 1, 9]),
         "of one slice"),
        (lambda d: setattr(first_contour(d), "ContourGeometricType", "OPEN_PLANAR"),
         "is OPEN_PLANAR, expected CLOSED_PLANAR"),
        (lambda d: setattr(d.ROIContourSequence[0], "ReferencedROINumber", 77), "not in its list"),
        (lambda d: delattr(d.StructureSetROISequence[0], "ReferencedFrameOfReferenceUID"),
         "ReferencedFrameOfReferenceUID is missing"),
    ],
)  # fmt: skip
def test_a_broken_structure_set_is_refused_by_name(changed, how, said):
    with pytest.raises(ImageFormatError, match=said):
        read_structures(changed(STRUCTURES, how))
