"""The tools that turn chapters into notebooks."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import version

import execution_cache
import kernels
import nbformat
import notebooks
import page
import pytest
import quick_check
import setup_cells

from companion.data.pneumonia import FILE


def test_outputs_stay_with_unchanged_cells_only(tmp_path):
    def notebook(*sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        made = nbformat.v4.new_notebook(cells=cells)
        for cell in cells:
            cell.id = notebooks._identity(cell, cells)
        return made

    old = notebook("a", "b", "b")
    for number, cell in enumerate(old.cells):
        cell.outputs = [nbformat.v4.new_output("stream", text=f"{number}")]
        cell.execution_count = number + 1
    nbformat.write(old, tmp_path / "x.ipynb")
    new = notebooks.with_old_outputs(notebook("b", "a", "changed", "b"), tmp_path / "x.ipynb")
    assert [[o.text for o in cell.outputs] for cell in new.cells] == [["1"], ["0"], [], ["2"]]
    assert len({cell.id for cell in new.cells}) == 4


def printed(text):
    return [nbformat.v4.new_output("stream", name="stdout", text=text)]


@pytest.mark.slow
@pytest.mark.parametrize("real", [True, False])
def test_cells_on_real_data_are_compared_only_where_it_is(machinery, tmp_path, real):
    if real and FILE.find_local() is None:
        pytest.skip("COMPANION_DATA names no folder with the real data")
    cells = [
        machinery.cell("print(1)", printed("1\n")),
        machinery.cell("print(2)", printed("other\n"), "real-data"),
    ]
    variables = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    if not real:
        variables |= dict.fromkeys(("http_proxy", "https_proxy"), kernels.NOWHERE)
        variables["COMPANION_DATA"] = ""
    done = machinery.run("real_data", cells, **variables)
    said = "1 cells tagged real-data ran on the phantom, uncompared." in done
    assert said != real, done
    assert ("1 failed, 1 passed" in done) == real, done


@pytest.mark.slow
def test_a_notebook_finds_what_a_reader_has_and_nothing_else(machinery):
    """The chapter asks for the extra torch; what other extras and the tests bring is not there."""
    missing = {
        "import tensorflow": "ModuleNotFoundError",
        "import pydicom": "ModuleNotFoundError",
        "import pytest": "ModuleNotFoundError",
        "import nbformat": "ModuleNotFoundError",
        "import kernels": "ModuleNotFoundError",
        "from importlib.metadata import version; version('pydicom')": "ModuleNotFoundError",
        "open('beside.txt')": "FileNotFoundError",
        "import companion as c; open(c.__file__.replace('__init__.py', 'left_out.txt'))": (
            "FileNotFoundError"
        ),
    }
    there = [
        "import torch, numpy, companion.pages.notebook",
        "import companion, sys; assert '_build/wheels' in companion.__file__.replace('\\\\', '/')",
        "import os; assert os.listdir() == []",
        "version('torch'), version('medical-image-companion');",
        "from importlib.util import find_spec; assert find_spec('tensorflow') is None",
        "import torch; assert torch.get_num_threads() == 1",
        "import subprocess as s; s.run([sys.executable, '-c', 'import companion'], check=True);",
    ]
    (machinery.folder / "beside.txt").touch()
    (machinery.folder / "companion" / "left_out.txt").touch()
    cells = [
        machinery.cell(f"try: {code}\nexcept {error}: print('missing')", printed("missing\n"))
        for code, error in missing.items()
    ]
    cells += [machinery.cell(code, []) for code in there]
    done = machinery.run("asks", cells, chapter="```\n# setup: torch\n```")
    assert f"{len(cells)} passed" in done, done


@pytest.mark.slow
def test_what_pytest_ran_side_by_side_is_kept_for_the_build(machinery):
    machinery.write("good", [machinery.cell("print(5)", printed("5\n"))])
    bad = machinery.cell("print(7)", printed("another\n"))
    done = machinery.run("bad", [bad], "-n", "2", "--dist", "loadfile", "good.ipynb")
    assert "1 failed, 1 passed" in done, done
    ask = (
        "import execution_cache as e, nbformat\n"
        "for name in ('good', 'bad'):\n"
        "    try: e._cache().match_cache_notebook(nbformat.read(f'{name}.ipynb', 4)); print(name)\n"
        "    except KeyError: pass\n"
    )
    kept = subprocess.run(
        [sys.executable, "-c", ask], cwd=machinery.folder, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": f"{machinery.folder}{os.pathsep}{machinery.folder}/tools"},
    )  # fmt: skip
    assert kept.stdout == "good\n", kept.stderr


def test_a_change_in_the_package_drops_what_was_computed_with_it(tmp_path, monkeypatch):
    for name in ("CACHE", "READ_PAGES"):
        monkeypatch.setattr(execution_cache, name, tmp_path / name)
        (tmp_path / name).mkdir()
        (tmp_path / name / "made").touch()
    monkeypatch.setattr(execution_cache, "STAMP", tmp_path / "CACHE" / "stamp")
    assert execution_cache.drop_stale(), "what has no stamp is stale"
    assert not (tmp_path / "READ_PAGES").exists()
    (tmp_path / "CACHE" / "made").touch()
    assert not execution_cache.drop_stale()
    assert (tmp_path / "CACHE" / "made").exists()
    monkeypatch.setattr(execution_cache.sys, "version", "another Python")
    assert execution_cache.drop_stale()
    assert not (tmp_path / "CACHE" / "made").exists()


def test_a_search_for_files_that_finds_nothing_is_an_error(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="git finds no file 'compagnon/"):
        quick_check.tracked("compagnon/*.py")
    assert "companion/by_hand/conv.py" in quick_check.tracked("companion/*.py")
    (tmp_path / "book").mkdir()
    for module, search in (
        (notebooks, notebooks.sources),
        (kernels, kernels.unpack_wheel),
        (execution_cache, execution_cache.inputs),
    ):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        with pytest.raises(FileNotFoundError):
            search()


def test_what_changed_names_the_tests_to_run():
    always = set(quick_check.ALWAYS)

    def chosen(*files):
        return set(quick_check.tests_of(list(files))) - always

    assert chosen("README.md", "book/4_math.md") == set()
    conv = {"companion/by_hand/conv.py", "tests/by_hand/test_conv.py"}
    assert chosen("companion/by_hand/conv.py") == conv
    wing = chosen("companion/evaluation/_weighted.py")
    assert {"tests/evaluation/test_report.py", "tests/evaluation/test_decisions.py"} <= wing
    assert not any(name.startswith("tests/data") for name in wing)
    assert chosen("tests/data/test_files.py", "tests/conftest.py") == {"tests/data/test_files.py"}
    assert chosen("tools/tolerance.py") == {"tests/test_tolerance.py"}
    assert chosen("tools/notebooks.py") == {"tests/test_tools.py"}
    assert chosen("companion/by_hand/removed.py") == set()


@pytest.mark.parametrize("name", ["", "no_such_page"])
def test_a_page_must_be_named(name):
    with pytest.raises(SystemExit, match="name one page.*9_2_metrics"):
        page.main([name] if name else [])
    with pytest.raises(SystemExit, match="no chapter is named no_such_page"):
        notebooks.named(["4_math", "no_such_page"])


def test_kernels_share_the_machine_and_have_no_network(monkeypatch):
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "x")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setattr(kernels, "unpack_wheel", lambda: notebooks.ROOT)
    variables = kernels.environment(network=False)
    assert not {"PYTEST_CURRENT_TEST", "MPLBACKEND"} & variables.keys()
    assert variables["OMP_NUM_THREADS"] == variables["TF_NUM_INTRAOP_THREADS"] == "1"
    assert variables["OMP_WAIT_POLICY"] == "PASSIVE"
    assert variables["GOMP_SPINCOUNT"] == variables["KMP_BLOCKTIME"] == "0"
    assert variables["https_proxy"] == kernels.NOWHERE


def test_an_extra_brings_all_that_it_needs_and_no_more():
    bare, torch = (kernels.visible_distributions(extras) for extras in ((), ("torch",)))
    assert {"numpy", "pandas", "python-dateutil", "ipykernel"} <= bare
    assert torch - bare >= {"torch", "sympy", "mpmath"}
    assert not {"tensorflow", "pytest", "jupyter-book", "nbclient"} & torch
    assert {"tensorflow", "captum"} <= kernels.visible_distributions(None)
    assert "pytest" not in kernels.visible_distributions(None)


def test_a_chapter_names_its_extras(tmp_path):
    assert kernels.extras_of(tmp_path / "none.ipynb") is None
    (tmp_path / "some.md").write_text("# Title\n\n```\n# setup: torch, applications\n```\n")
    assert kernels.extras_of(tmp_path / "some.ipynb") == ("applications", "torch")
    (tmp_path / "bare.md").write_text("```\n# setup:\n```\n")
    assert kernels.extras_of(tmp_path / "bare.md") == ()


def test_the_setup_cells_are_held_to_all_packages_that_an_extra_names():
    names = setup_cells.named_packages()
    assert {"numpy", "torch", "tensorflow", "keras", "pydicom", "captum"} <= names
    assert "medical-image-companion" not in names
    found = setup_cells.installed({"torch", "no-such-package"})
    assert list(found) == ["torch"]
    assert found["torch"] == version("torch")


@pytest.mark.slow
def test_chapters_run_side_by_side_and_one_error_does_not_stop_the_others(tmp_path, capsys):
    for name, code in (("good", "print(6 * 7)"), ("bad", "1 / 0")):
        (tmp_path / f"{name}.md").write_text(
            f"---\njupytext:\n  text_representation:\n    format_name: myst\n---\n# {name}\n\n"
            f"```{{code-cell}}\n{code}\n```\n"
        )
    done = {}
    chapters = [tmp_path / "good.md", tmp_path / "bad.md"]
    failed = list(notebooks.run_chapters(chapters, lambda path, made: done.update({path: made})))
    assert failed == [tmp_path / "bad.md"]
    (made,) = done.values()
    assert made.cells[-1].outputs[0].text == "42\n"
    said = capsys.readouterr().out
    assert "ZeroDivisionError" in said
    assert "[2/2]" in said


def test_a_wheel_stays_while_a_kernel_may_read_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "ROOT", tmp_path)
    monkeypatch.setattr(kernels, "WHEELS", tmp_path / "wheels")

    def build(source, folder):
        with zipfile.ZipFile(folder / "x.whl", "w") as wheel:
            wheel.write(source / "companion" / "a.py", "companion/a.py")

    monkeypatch.setattr(kernels, "_build", build)
    (tmp_path / "companion").mkdir()
    places = []
    for text in ("1", "2", "1"):
        (tmp_path / "companion" / "a.py").write_text(text)
        places.append(kernels.unpack_wheel())
        assert (places[-1] / "companion" / "a.py").read_text() == text
    assert places[0] == places[2] != places[1]
    os.utime(places[1], (0, 0))
    assert kernels.unpack_wheel() == places[0]
    assert sorted((tmp_path / "wheels").iterdir()) == [places[0]]


def test_the_sync_says_what_is_wrong_with_the_address(monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "sources", list)
    for problem in ("The address is a placeholder.", ""):
        monkeypatch.setattr(notebooks, "address_problem", lambda said=problem: said)
        notebooks.sync()
        assert capsys.readouterr().out.strip() == problem
