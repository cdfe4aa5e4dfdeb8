"""What chapter 2 hands to its page: measured films, a cut sphere, a packed slice, a person."""

from __future__ import annotations

import base64

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from companion.data import Outline, read_dicom
from companion.pages._image_drawings import window_ends
from companion.pages.c2_concepts import (
    WINDOWS,
    describe_images,
    enclosed_area,
    lung_contrast,
    plant_person,
    readers_by_slice,
    slice_sphere,
    what_became_of,
    window_figure,
)


def test_the_contrast_of_the_lungs_is_told_by_side():
    film = np.full((1, 1, 28, 28), 0.5)
    film[..., 8:20, 6:12] = 0.2
    np.testing.assert_allclose(lung_contrast(film), [[3.0, 0.0]])
    np.testing.assert_allclose(lung_contrast(film[..., ::-1]), [[0.0, 3.0]])


@pytest.mark.parametrize("slice_mm", [1, 3, 5])
@pytest.mark.parametrize("shift_mm", [0, 0.7, 2.5])
def test_slices_hold_the_whole_sphere_wherever_it_lies(slice_mm, shift_mm):
    shares = slice_sphere(6, slice_mm, shift_mm=shift_mm)
    assert shares.sum() * slice_mm * 0.75**2 == pytest.approx(np.pi * 6**3 / 6, rel=0.005)
    assert 0 <= shares.min() <= shares.max() <= 1
    assert shares[[0, -1]].max() == shares[:, [0, -1]].max() == shares[:, :, [0, -1]].max() == 0


def test_a_window_drawn_is_the_window_read():
    path = get_testdata_file("CT_small.dcm")
    for window in WINDOWS.values():
        assert read_dicom(path, window=window).window == window_ends(window)


def test_the_packed_slice_holds_every_value():
    values = np.arange(-1024, 1220).reshape(1, -1).astype(float)
    figure = window_figure(values, (0, 0))
    np.testing.assert_array_equal(
        np.frombuffer(base64.b64decode(figure["values"]), "<f2").reshape(1, -1), values
    )
    assert figure["counts"][:3] == [4, 20, 20]
    assert sum(figure["counts"]) == values.size
    for wrong in (0.5, -1025, 1221):
        with pytest.raises(ValueError, match="must be whole"):
            window_figure(np.array([[0, wrong]]), (0, 0))
    presets = {"body": (40, 400)}
    own = window_figure(values, (0, 0), presets=presets, start="body")
    assert (own["presets"], own["start"]) == (presets, "body")
    with pytest.raises(ValueError, match="start must be one of body, got 'soft'"):
        window_figure(values, (0, 0), presets=presets)


def test_the_table_of_images_says_what_the_files_say():
    files = {
        "CT": get_testdata_file("CT_small.dcm"),
        "US": get_testdata_file("examples_ybr_color.dcm"),
    }
    table = describe_images(files, {"eye": np.zeros((10, 20, 3), np.uint8)})
    assert table.loc["CT"].tolist() == ["128 × 128", "16", "0.66", "0.0"]
    assert table.loc["US", "pixels"] == "240 × 320 × 3 × 30"
    assert table.loc["US", "MB"] == "6.9"
    assert table.loc["eye", "mm a pixel"] == "not said"


def test_the_invented_person_is_in_every_kind_of_place():
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    written = plant_person(dataset)
    for keyword in list(written)[:-2]:
        assert str(dataset[keyword].value) == written[keyword]
    text = str(dataset)
    for value in written.values():
        assert value in text


def test_readers_are_kept_apart_in_every_slice():
    square = np.array([[0.0, 0], [0, 2], [2, 2], [2, 0]])
    hole = Outline(1.0, square, square, False)
    drawn = {
        4: [Outline(1.0, square, square, True), Outline(2.0, square, square, True)],
        8: [hole, Outline(2.0, square, square + 10, True)],
    }
    places = readers_by_slice(drawn)
    assert list(places) == [1.0, 2.0]
    assert places[1.0][1] is None
    assert [enclosed_area(points) for points in places[2.0]] == [4.0, 4.0]
    assert (places[2.0][1] - places[2.0][0]).tolist() == [[10, 10]] * 4


def test_the_area_of_a_line_is_that_of_a_circle():
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = 5 + 2 * np.column_stack([np.sin(angle), np.cos(angle)])
    for points in (circle, circle[::-1]):
        assert enclosed_area(points) == pytest.approx(np.pi * 4, rel=1e-3)


def test_what_stays_of_a_person_is_not_called_removed():
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    written = plant_person(dataset)
    assert set(what_became_of(written, dataset)) == {"still there"}
    dataset.PatientName, dataset.PatientID = "", "4f"
    del dataset.RequestAttributesSequence
    after = dict(zip(written, what_became_of(written, dataset), strict=True))
    assert after["PatientName"] == "empty"
    assert after["PatientID"] == "4f"
    assert after["inside a sequence"] == "removed"
    assert after["in a private tag"] == after["InstitutionName"] == "still there"
