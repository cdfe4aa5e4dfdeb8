"""Numbers of an output may differ by a tolerance; nothing else may, and no cell may warn."""

from __future__ import annotations

import re

import nbformat
import pandas as pd
import pytest
from tolerance import difference, text_difference, tolerance_of, warning_in


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("AUROC 0.941 [0.922, 0.958]", "AUROC 0.925 [0.940, 0.941]"),
        ("loss 1234.5", "loss 1220.0"),
        ("1,234 films of 28 x 28", "1,220 films of 28 x 28"),
        ("gains -0.001", "gains 0.001"),
        ("gains +0.003", "gains -0.003"),
        ("p = 1.2e-05", "p = 3e-07"),
        ("conv2d: nan and inf", "conv2d: nan and inf"),
        ("a   9.99\nb 100.00", "a  10.01\nb  99.99"),
        ("[ 0.01 -0.5 ]", "[-0.01 -0.5]"),
        ("| model |\n|:---|----:|\n| a | 9.99 |", "| model |\n|:--|-----:|\n| a | 10.0 |"),
        ("ends.  \n", "ends."),
        ("0.94", "0.92"),
    ],
)  # fmt: skip
def test_numbers_within_the_tolerance_pass(stored, new):
    assert text_difference(stored, new, 0.02) is None


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("AUROC 0.941", "AUROC 0.920"),
        ("AUROC 0.941", "AUROC 0.962"),
        ("loss 1000", "loss 1021"),
        ("AUROC 0.941", "AUROC"),
        ("AUROC 0.941", "AUROC 0.941 0.941"),
        ("AUROC 0.941", "AUC 0.941"),
        ("AUROC 0.941 wins", "AUROC 0.941 loses"),
        ("AUROC 0.941 wins", "AUROC 0.941"),
        ("0.941", "0.941 AUROC"),
        ("gains 0.5", "gains -0.5"),
        ("gains 0.5", "gains \u22120.5"),
        ("gains +0.5", "gains 0.5"),
        ("nan", "0.5"),
        ("0.5", "nan"),
        ("inf", "0.5"),
        ("inf", "-inf"),
        ("inf", "nan"),
        ("5 mm", "5mm"),
        ("5 mm", "5 cm"),
        ("93 %", "93"),
        ("from 3-5", "from 3 5"),
        ("28 x 28", "28 x 29"),
        ("28x28", "28x29"),
        ("28x28", "28 x 28"),
        ("conv2d", "conv3d"),
        ("film_1000", "film_1001"),
        ("p = 1e-05", "p = 1e+05"),
        ("0.5\n0.6", "0.5 0.6"),
        ("(0.5)", "0.5"),
        ("model 1, 2", "model 1, 2, 3"),
        ("1,234", "1234 5"),
        ("True", "False"),
        ("", "0.5"),
        ("0.5", ""),
    ],
)
def test_everything_else_fails(stored, new):
    assert text_difference(stored, new, 0.02)


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def shown(**data):
    return nbformat.v4.new_output(
        "display_data", data={f"text/{kind}": text for kind, text in data.items()}
    )


def test_the_message_names_the_number_and_what_stood_before_it():
    found = difference([stream("a 1.0, AUROC 0.94")], [stream("a 1.0, AUROC 0.84")], 0.02)
    assert found == "stdout: number 2: stored 0.94, computed 0.84, tolerance 0.02, after ', AUROC'"


def test_a_table_is_compared_in_each_of_its_forms():
    table = pd.DataFrame({"auroc": [9.994, 0.5], "note": ["best", None]}, index=["a", "b"])
    near, far, renamed = table.copy(), table.copy(), table.copy()
    near.loc["a", "auroc"] = 10.004
    far.loc["b", "auroc"] = 0.6
    renamed.loc["a", "note"] = "good"
    for form in ("plain", "html", "markdown"):

        def output(data, form=form):
            text = {
                "plain": lambda: data.to_string(),
                "html": lambda: data.style.background_gradient(subset=["auroc"]).to_html(),
                "markdown": lambda: "\n".join(
                    f"| {name} | {row.auroc} | {row.note} |" for name, row in data.iterrows()
                ),
            }[form]()
            return [shown(**{form: text})]

        assert difference(output(table), output(near), 0.02) is None, form
        assert "0.6" in difference(output(table), output(far), 0.02)
        assert "good" in difference(output(table), output(renamed), 0.02)
        assert difference(output(table), output(near), None), "without a tag nothing may differ"


def test_html_is_compared_by_what_it_shows():
    stored = '<style>td {width: 5px}</style><td id="a1" style="x">0.50</td><a href="p1">more</a>'
    same = '<style>td {width: 9px}</style><td id="b7" style="y">0.51</td><a href="p1">more</a>'
    assert difference([shown(html=stored)], [shown(html=same)], 0.02) is None
    for old, new in (("p1", "p2"), ("0.51", "0.60"), ("more", "less"), ("td", "th")):
        assert difference([shown(html=stored)], [shown(html=same.replace(old, new))], 0.02)


def test_outputs_that_are_missing_new_or_of_another_kind_fail():
    one = [stream("0.5\n"), shown(plain="0.5")]
    assert difference(one, [stream("0.5"), stream("\n"), shown(plain="0.51")], 0.02) is None
    assert difference(one, one[:1], 0.02) == "text/plain: 1 outputs stored, 0 computed"
    assert difference(one[:1], one, 0.02) == "text/plain: 0 outputs stored, 1 computed"
    assert difference(one, [*one, one[1]], 0.02)
    assert difference(one, [stream("0.5\n"), shown(html="0.5")], 0.02)
    assert difference(one, [*one, stream("noise", "stderr")], 0.02) is None
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="got 5", traceback=[])
    assert difference([error], [error | {"evalue": "got 7"}], 0.02)
    assert difference([error], [error | {"ename": "KeyError"}], 0.02)


def test_a_tag_is_read_or_refused():
    assert tolerance_of(["real-data", "tolerance-0.02"]) == 0.02
    assert tolerance_of(["tolerance-1e-3"]) == 0.001
    assert tolerance_of(["hide-input"]) is tolerance_of([]) is None
    for wrong in ("tolerance-abc", "tolerance", "tolerance-", "tolerence-0.02", "tolerance_0.02"):
        with pytest.raises(ValueError, match=f"unknown tag '{wrong}'"):
            tolerance_of([wrong])
    for wrong in ("tolerance-0", "tolerance-1", "tolerance-20"):
        with pytest.raises(ValueError, match="between 0 and 1"):
            tolerance_of([wrong])
    with pytest.raises(ValueError, match="one tolerance a cell"):
        tolerance_of(["tolerance-0.1", "tolerance-0.2"])
    with pytest.raises(ValueError, match="needs no tolerance"):
        tolerance_of(["tolerance-0.1", "nbval-ignore-output"])


def test_warnings_of_python_are_found_and_noise_is_not():
    warned = "/a/b.py:7: UserWarning: The groups parameter is ignored\n  warnings.warn(\n"
    assert warning_in([stream(warned, "stderr")]) == warned.splitlines()[0]
    assert warning_in([stream("FutureWarning: soon", "stderr")])
    assert warning_in([stream("sklearn.exceptions.ConvergenceWarning: no", "stderr")])
    noise = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "W0000 00:00:1 cuda.cc:31] Could not find cuda drivers\n"
        "epochs: 100%|████| 3/3 [00:00<00:00]\r"
        "tqdm/auto.py:21: TqdmWarning: IProgress not found. Please update jupyter and ipywidgets.\n"
    )
    assert warning_in([stream(noise, "stderr"), stream(warned), shown(plain=warned)]) is None


CELLS = [  # code, what is stored, tags, does it pass?
    ("print('AUROC 0.94 of 28 x 28')", stream("AUROC 0.93 of 28 x 28\n"), "tolerance-0.02", True),
    ("print('AUROC 0.94')", stream("AUROC 0.94\n"), "", True),
    ("print('AUROC 0.94')", stream("AUROC 0.93\n"), "", False),
    ("print('AUROC 0.94')", stream("AUROC 0.90\n"), "tolerance-0.02", False),
    ("print('AUROC')", stream("AUROC 0.94\n"), "tolerance-0.02", False),
    ("print('AUROC nan')", stream("AUROC 0.94\n"), "tolerance-0.02", False),
    ("print('AUC 0.94')", stream("AUROC 0.94\n"), "tolerance-0.02", False),
    ("0.94", nbformat.v4.new_output("execute_result", data={"text/plain": "0.93"}),
     "tolerance-0.02", True),
    ("0.94", nbformat.v4.new_output("execute_result", data={"text/plain": "0.9"}),
     "tolerance-0.02", False),
    ("import warnings; warnings.warn('ignored')", None, "", False),
    ("import warnings; warnings.warn('ignored')", None, "nbval-ignore-output", False),
    ("import warnings; warnings.warn('ignored')", None, "warns", True),
    ("import sys; print('epochs: 100%', file=sys.stderr)", None, "", True),
    ("0.94;", None, "", True),
]  # fmt: skip


@pytest.mark.slow
def test_pytest_compares_cells_by_their_tags(machinery):
    cells = [machinery.cell(code, [out] if out else [], tags) for code, out, tags, _ in CELLS]
    done = machinery.run("tagged", cells, "-rA")
    for number, (code, _, tags, passes) in enumerate(CELLS):
        word = "PASSED" if passes else "FAILED"
        assert re.search(rf"^{word} tagged.ipynb::Cell {number}\b", done, re.M), (code, tags, done)
    assert "number 1: stored 0.90, computed 0.94, tolerance 0.02" in done
    assert "UserWarning: ignored" in done


@pytest.mark.slow
def test_a_misspelt_tag_stops_pytest(machinery):
    done = machinery.run(
        "misspelt", [machinery.cell("1", []), machinery.cell("1", [], "tolerance")]
    )
    assert "misspelt.ipynb::Cell 1: unknown tag 'tolerance'" in done
    assert "passed" not in done
