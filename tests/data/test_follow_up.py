"""Tables with follow-up are found, checked and read as their publishers meant them."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re

import numpy as np
import pytest

from companion.data import DatasetCorrupt, DatasetUnavailable, breast_mri, files, hannover, wpbc
from companion.data._published_table import content_digest
from companion.data.breast_mri import load_breast_mri, read_breast_mri
from companion.data.hannover import load_hannover, read_hannover
from companion.data.wpbc import load_wpbc, read_wpbc

openpyxl = pytest.importorskip("openpyxl")

MODULES = {
    "breast_mri": (breast_mri, load_breast_mri, read_breast_mri),
    "hannover": (hannover, load_hannover, read_hannover),
    "wpbc": (wpbc, load_wpbc, read_wpbc),
}
CLINICAL = [1001, "a date", 38.5, 3, 1, 0, 1, None, "=1", "=2", 0, 1, 88, 78, None, 14]
OUTCOME = [1001, "a date", 9, 1264, 751, 1, None, 2]
NUCLEI = ["119", "R", "31", *(str(n / 10) for n in range(30)), "5.0", "?"]


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No named folder, an empty cache, no address."""
    monkeypatch.delenv("COMPANION_DATA", raising=False)
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path / "cache")
    for module, *_ in MODULES.values():
        monkeypatch.setattr(module, "FILE", dataclasses.replace(module.FILE, addresses=()))
    return tmp_path


def film(patient="p1", name="f1", **cells):
    """Return one row of Hannover's table."""
    row = dict.fromkeys(hannover._COLUMNS, "")
    row |= {"patient_id": patient, "image_id": name, "sex": "m", "admission_offset": "0"} | cells
    return [row[column] for column in hannover._COLUMNS]


FILMS = [
    film(name="f2", admission_offset="-3", icu_admission_offset="-1", crp_val="5", crp_offset="0"),
    film(admission_offset="-1", icu_admission_offset="1", crp_val="-inf", crp_offset="1"),
    film("p2", "f0", crp_val="7", crp_offset="0", ldh_val="200", ldh_offset="-1"),
]


def write(name, folder, rows=None):
    """Write a small table in the publisher's form; return its path."""
    module = MODULES[name][0]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / module.FILE.name
    if name == "breast_mri":
        book = openpyxl.Workbook()
        for (sheet, columns), own in zip(
            breast_mri._SHEETS.items(), rows or ([CLINICAL], [OUTCOME]), strict=True
        ):
            page = book.create_sheet(sheet)
            for row in [columns, *own]:
                page.append(list(row))
        book.save(path)
    else:
        lines = rows or {"wpbc": [NUCLEI], "hannover": FILMS}[name]
        header = [",".join(hannover._COLUMNS)] if name == "hannover" else []
        path.write_text("\n".join(header + [",".join(line) for line in lines]))
    return path


@pytest.fixture
def accept(monkeypatch):
    """Declare that the content of a file is the published one."""

    def declare(name, path):
        module, _, read = MODULES[name]
        with pytest.raises(DatasetCorrupt, match="was altered") as refused:
            read(path)
        found = re.search("SHA-256 is ([0-9a-f]{64})", str(refused.value))[1]
        monkeypatch.setattr(module, "FILE", dataclasses.replace(module.FILE, content_sha256=found))
        return path

    return declare


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("place", ["root", "file", "environment", "folder in it", "cache"])
def test_a_table_is_found(name, place, nowhere, accept, monkeypatch):
    module, load, _ = MODULES[name]
    inside = {"folder in it": "data", "cache": "cache"}
    where = nowhere / "data"
    if place in inside:
        where = nowhere / inside[place] / module.FILE.folder
    path = accept(name, write(name, where))
    if place in ("environment", "folder in it"):
        monkeypatch.setenv("COMPANION_DATA", str(nowhere / "data"))
    root = {"root": path.parent, "file": path}.get(place)
    assert len(load(root).table) == {"hannover": 3}.get(name, 1)


@pytest.mark.parametrize("name", MODULES)
def test_without_the_table_it_says_where_it_looked_and_what_to_do(name, nowhere):
    module, load, _ = MODULES[name]
    asked = f"looked for {module.FILE.folder}/.*no folder.*get it from {module.FILE.page}"
    with pytest.raises(DatasetUnavailable, match=f"(?s){asked}"):
        load()
    with pytest.raises(DatasetUnavailable, match="root names .*, where there is no"):
        load(nowhere)
    with pytest.raises(DatasetUnavailable, match="which does not exist"):
        load(nowhere / "missing")


@pytest.mark.parametrize("name", MODULES)
def test_a_download_is_checked_before_it_is_kept(name, nowhere, accept, monkeypatch, server):
    module, load, _ = MODULES[name]
    path = accept(name, write(name, nowhere / "made"))
    (server.folder / "good").write_bytes(path.read_bytes())
    addresses = (f"{server.address}/html/x", f"{server.address}/missing", f"{server.address}/good")
    monkeypatch.setattr(module, "FILE", dataclasses.replace(module.FILE, addresses=addresses[:2]))
    with pytest.raises(DatasetUnavailable, match="(?s)found a web page.*404"):
        load()
    kept = nowhere / "cache" / module.FILE.folder
    assert not kept.exists() or not os.listdir(kept)
    monkeypatch.setattr(module, "FILE", dataclasses.replace(module.FILE, addresses=addresses))
    load()
    assert os.listdir(kept) == [module.FILE.name]


@pytest.mark.parametrize("name", MODULES)
def test_one_altered_cell_is_noticed_and_another_order_is_not(name, nowhere, accept):
    read = MODULES[name][2]
    rows = {"breast_mri": ([CLINICAL, [1002, *CLINICAL[1:]]], [OUTCOME, [1002, *OUTCOME[1:]]]),
            "wpbc": [NUCLEI, ["8", *NUCLEI[1:]]], "hannover": FILMS}[name]  # fmt: skip
    first = read(accept(name, write(name, nowhere / "a", rows))).table
    turned = tuple(r[::-1] for r in rows) if name == "breast_mri" else rows[::-1]
    assert read(write(name, nowhere / "b", turned)).table.equals(first)
    if name == "breast_mri":
        turned[0][0][-1] += 1
    else:
        turned = [[*turned[0][:3], "3.25", *turned[0][4:]], *turned[1:]]
    with pytest.raises(DatasetCorrupt, match="altered"):
        read(write(name, nowhere / "b", turned))


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("content", [b"", b"<html>log in", b"PK\x03\x04 and no more", b"\xff\xfe1"])
def test_what_is_no_such_table_is_refused(name, content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DatasetCorrupt, match=re.escape(str(path))):
        MODULES[name][2](path)


def test_a_spreadsheet_without_a_sheet_or_with_other_columns_is_refused(tmp_path):
    path = write("breast_mri", tmp_path, ([CLINICAL], [OUTCOME]))
    book = openpyxl.load_workbook(path)
    book["TCIA Outcomes Subset"]["C1"] = "other"
    book.save(path)
    with pytest.raises(DatasetCorrupt, match="'other'.*expected"):
        read_breast_mri(path)
    del book["TCIA Outcomes Subset"]
    book.save(path)
    with pytest.raises(DatasetCorrupt, match="lacks a sheet"):
        read_breast_mri(path)


def test_columns_have_units_and_codes_have_words(nowhere, accept):
    woman = read_breast_mri(accept("breast_mri", write("breast_mri", nowhere))).table.loc[1001]
    assert woman[["age_years", "diameter_1_mm", "recurrence_free_days"]].tolist() == [38.5, 88, 751]
    assert (woman.race, woman.state, woman.recurred) == ("African American", "lost", True)
    assert np.isnan([woman.her2, woman.diameter_3_mm, woman.pcr]).all()
    nuclei = read_wpbc(accept("wpbc", write("wpbc", nowhere))).table.loc[119]
    assert (nuclei.mean_radius, nuclei.worst_fractal_dimension, nuclei.tumour_cm) == (0, 2.9, 5)
    assert nuclei.recurred
    assert np.isnan(nuclei.nodes)


def test_the_first_film_forgets_what_was_measured_after_it(nowhere, accept):
    data = read_hannover(accept("hannover", write("hannover", nowhere)))
    assert data.images is None
    assert data.table.loc["f1", "crp_mg_l"] == -np.inf
    first = data.first_films()
    assert first.patient.tolist() == ["p1", "p2"]
    assert first.admission_days.tolist() == [-1, 0]
    assert np.isnan(first.loc["f1", "crp_mg_l"]), "it is of the day after the film"
    assert (first.loc["f0", "crp_mg_l"], first.loc["f0", "ldh_u_l"]) == (7, 200)


def test_films_beside_the_table_are_put_in_its_order(nowhere, accept, rng, monkeypatch):
    path = accept("hannover", write("hannover", nowhere))
    images = rng.integers(0, 255, (3, 4, 4), np.uint8)
    np.savez(nowhere / hannover.FILMS, images=images, image_id=np.array(["f2", "f0", "f1"]))
    with pytest.raises(DatasetCorrupt, match="its pixels were altered"):
        read_hannover(path)
    digest = hashlib.sha256(images[[1, 2, 0]].tobytes()).hexdigest()
    monkeypatch.setattr(hannover, "FILMS_SHA256", digest)
    np.testing.assert_array_equal(read_hannover(path).images, images[[1, 2, 0]])
    np.savez(nowhere / hannover.FILMS, images=images[:2], image_id=np.array(["f2", "f0"]))
    with pytest.raises(DatasetCorrupt, match="expected one uint8 film for each of the 3 rows"):
        read_hannover(path)


def test_the_stand_in_is_of_real_patients_and_says_that_it_is_one(nowhere):
    data = load_breast_mri(fallback="lifelines")
    assert data.is_stand_in
    assert data.source.startswith("not I-SPY 1")
    assert len(data.table) == 686
    assert "diameter_2_mm" not in data.table
    with pytest.raises(ValueError, match='None or "lifelines"'):
        load_breast_mri(fallback="phantom")
    with pytest.raises(DatasetUnavailable):
        load_breast_mri(nowhere, fallback="lifelines")


def test_numbers_are_compared_by_value():
    assert content_digest([[3, "a "]]) == content_digest([["3.0", "a"]])
    assert content_digest([[None, 1]]) == content_digest([["", 1]])
    assert content_digest([[1], [2]]) != content_digest([[1, 2]])


@pytest.fixture(scope="module")
def real():
    """The published tables."""
    found = {}
    for name, (module, _, read) in MODULES.items():
        path = module.FILE.find_local()
        if path is None:
            pytest.skip("COMPANION_DATA names no folder with the real data")
        found[name] = read(path)
    return found


def test_the_published_tables_hold_what_was_published(real):
    women = real["breast_mri"].table
    assert (len(women), women.recurred.sum(), (women.state == "dead").sum()) == (221, 63, 40)
    assert len(women[list(breast_mri.VISITS)].dropna()) == 186
    assert set(breast_mri.KNOWN_AT) < set(women)
    assert (women.survival_days < women.recurrence_free_days).sum() == 17
    nuclei = real["wpbc"].table
    assert (len(nuclei), nuclei.recurred.sum(), nuclei.nodes.isna().sum()) == (198, 47, 4)
    first = real["hannover"].first_films()
    assert (len(first), first.icu_days.notna().sum(), (first.icu_days < 0).sum()) == (71, 29, 4)
    assert (first.icu_days == 0).sum() == 19


def test_files_are_left_as_they_are(real):
    path = wpbc.FILE.find_local()
    before = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    read_wpbc(path)
    assert hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == before
