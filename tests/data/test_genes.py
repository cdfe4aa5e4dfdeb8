"""The TRANSBIG table is read as its own package reads it, and other files are refused."""

from __future__ import annotations

import numpy as np
import pytest

from companion.data import read_genes

HEAD = "\n".join(
    f"@attribute {name} numeric" for name in ("age", "size", "grade", "er", "t.tdm", "e.tdm", "X1")
)


def test_it_is_the_table_that_scikit_survival_reads():
    datasets = pytest.importorskip("sksurv.datasets")
    ours = read_genes()
    table, outcome = datasets.load_breast_cancer()
    genes = [name for name in table.columns if name.startswith("X")]
    assert len(ours) == len(table) == 198
    assert sorted(ours.genes) == sorted(genes)
    np.testing.assert_array_equal(ours.genes[genes].to_numpy(), table[genes].to_numpy())
    np.testing.assert_array_equal(ours.clinic.age_years, table.age)
    np.testing.assert_array_equal(ours.clinic.er == 1, table.er == "positive")
    np.testing.assert_array_equal(ours.event == 1, outcome["e.tdm"])
    np.testing.assert_array_equal(ours.time_days, outcome["t.tdm"])


def test_a_small_file_by_hand(tmp_path):
    file = tmp_path / "small.arff"
    file.write_text(f"{HEAD}\n@data\n40,2.5,intermediate,positive,700,1,7.5\n"
                    "50,1,unkown,negative,900,0,3\n")  # fmt: skip
    data = read_genes(file)
    assert data.clinic.to_numpy().tolist() == [[40, 2.5, 2, 1], [50, 1, 2, 0]]
    assert data.genes.to_numpy().tolist() == [[7.5], [3.0]]
    assert data.event.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@attribute age numeric\n@data\n1", "expected the columns"),
        (f"{HEAD}\n@data\n1,2", r"expected rows of 7 values, not so in \[1\]"),
        (f"{HEAD}\n@data\n", "expected rows of 7 values"),
        (f"{HEAD}\n@data\nx,2.5,intermediate,positive,700,1,7.5", "could not convert"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    file = tmp_path / "other.arff"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_genes(file)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("companion.data.genes.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"medical-image-companion\[oracle\]"):
        read_genes()
