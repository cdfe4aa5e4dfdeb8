"""The chapters keep the book's promises."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from markdown_it import MarkdownIt
from notebooks import ROOT, make_notebook, sources
from test_imports import imports, path_of

PAGES = sources()
CHAPTERS = [page for page in PAGES if re.match(r"\d", page.name)]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())

RAW_MARKUP = [
    (r"^\s*(>\s*)*(`{3,}|:{3,})\{", "a directive"),
    (r"\{[\w:]+\}`", "a role"),
    (r"^\([\w:.-]+\)=\s*$", "a target"),
    (r"^% ", "a comment"),
    (r"^\+\+\+", "a cell break"),
]


def name(page):
    return page.stem


def heading(page):
    return re.search(r"^# (.+)$", page.read_text("utf8"), re.M)[1]


def code_cells(page):
    cells = jupytext.read(page, fmt="md:myst").cells
    return [cell for cell in cells if cell.cell_type == "code"]


def stored(page):
    return nbformat.read(page.with_suffix(".ipynb"), 4)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def test_the_tables_of_contents_agree():
    chapters = [chapter for part in TOC["parts"] for chapter in part["chapters"]]
    listed = [TOC["root"], *(chapter["file"] for chapter in chapters)]
    for chapter in chapters:
        title = chapter.get("title") or heading(ROOT / f"{chapter['file']}.md")
        assert len(title) <= 24, f"{title!r} does not stand on one line of the contents"
    for file in listed:
        assert (ROOT / f"{file}.md").is_file()
    assert {f"book/{page.stem}" for page in PAGES} <= set(listed)
    index = (ROOT / "book" / "index.md").read_text("utf8")
    for chapter in CHAPTERS:
        assert f"{{doc}}`{chapter.stem}`" in index
        assert f"book/{chapter.name}" in (ROOT / "README.md").read_text("utf8")


def test_notebooks_are_in_sync_and_were_run():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "notebooks.py", "check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for page in PAGES:
        for cell in stored(page).cells:
            if cell.cell_type == "code":
                assert cell.execution_count, f"{page.stem}: run `make refresh`:\n{cell.source}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_notebook_stores_text_only(page):
    text = page.with_suffix(".ipynb").read_text("utf8")
    assert '"image/' not in text
    for cell in stored(page).cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr"
            assert output.output_type != "error"
    assert set(json.loads(text)["metadata"]) == {"kernelspec"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_notebook_shows_no_raw_markup(page):
    for cell in make_notebook(page).cells:
        if cell.cell_type == "markdown":
            outside = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", cell.source, flags=re.S | re.M)
            for pattern, what in RAW_MARKUP:
                found = re.search(pattern, outside, re.M)
                assert not found, f"{page.stem} shows {what}: {found[0]!r}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_page_has_badge_warning_and_setup(page):
    cells = make_notebook(page).cells
    top = cells[0].source
    assert "colab.research.google.com/github/" in top
    assert f"/{page.stem}.ipynb" in top
    assert "not for clinical use" in top
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert first.source.startswith("# @title Setup")
    assert "hide-input" in tags(first)


EXTRAS = {"torch": "torch", "keras": "keras", "tensorflow": "keras", "pydicom": "applications"}
EXTRAS |= {"lifelines": "survival", "openpyxl": "survival"}
EXTRAS |= {"captum": "trust", "imagehash": "trust", "efficientnet_lite_pytorch": "trust"}
EXTRAS |= {"cleanlab": "outlook", "lifelines": "survival"}


def homes(tree):
    """Yield the modules, and those in which names stand, that are imported from a wing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and re.fullmatch(r"companion\.\w+", node.module or ""):
            face = importlib.import_module(node.module)
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                if hasattr(face, "__path__") and importlib.util.find_spec(module):
                    yield module
                    continue
                home = getattr(getattr(face, alias.name), "__module__", "")
                if home.startswith("companion."):
                    yield home


def extras_of(code):
    """Return the extras without which code, and what it imports of the companion, can't start."""
    found, waiting, seen = set(), [ast.parse(code)], set()
    while waiting:
        tree = waiting.pop()
        for module in [*imports(tree), *homes(tree)]:
            package, _, own = module.partition(".")
            found |= {EXTRAS[package]} if package in EXTRAS else set()
            if package == "companion" and own not in seen:
                seen.add(own)
                tree = ast.parse(path_of(own).read_text("utf8"))
                at_once = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
                waiting.append(ast.Module(at_once, []))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_setup_cell_asks_for_all_that_the_page_imports(page):
    setup, *cells = (cell.source for cell in code_cells(page))
    asked = {extra.strip() for extra in setup.removeprefix("# setup:").split(",")}
    needed = set().union(*(extras_of(cell) for cell in cells))
    assert needed <= asked, f"{page.stem} also needs {needed - asked}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_at_most_one_cell_in_ten_is_not_compared(page):
    cells = code_cells(page)
    ignored = sum("nbval-ignore-output" in tags(cell) for cell in cells)
    assert ignored <= max(1, len(cells) / 10), f"{ignored} of {len(cells)}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_cells_import_from_the_faces_of_the_wings(page):
    for cell in code_cells(page)[1:]:
        for node in ast.walk(ast.parse(cell.source.replace("%", "#"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("companion."):
                _, wing, *rest = node.module.split(".")
                assert not rest or wing == "pages", f"{page.stem}: {node.module}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_cells_are_short_and_leave_the_work_to_the_package(page):
    for cell in code_cells(page):
        source = cell.source
        lines = [line for line in source.splitlines() if line.strip()]
        assert len(lines) <= (20 if "plot_" in source else 16), source
        assert max(map(len, lines), default=0) <= 88, source
        for forbidden in ("class ", "np.random.seed", "myst_nb", "filterwarnings", "urlopen"):
            assert forbidden not in source, f"{forbidden} in:\n{source}"
        assert not re.search(r"[\"'](/|[A-Z]:\\)", source), f"absolute path in:\n{source}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_figure_has_caption_and_alternative_text(page):
    for cell in code_cells(page):
        if re.search(r"\bplot_\w+\(", cell.source):
            options = cell.metadata.get("mystnb", {})
            assert options.get("figure", {}).get("caption"), cell.source
            assert len(options.get("image", {}).get("alt", "")) > 40, cell.source


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_every_objective_is_answered_in_the_summary(page):
    text = page.read_text("utf8")
    objectives = text.split("After this chapter you can")[1].split("```")[0]
    summary = text.split("## Summary")[1]
    count = len(re.findall(r"^- \*\*", objectives, re.M))
    assert 3 <= count <= 5
    assert len(re.findall(r"^- \*\*", summary, re.M)) == count
    assert "**Limits.**" in summary


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_output_line_ends_in_a_verdict(page):
    """What must hold is asserted; what is printed is a number."""
    for cell in stored(page).cells:
        for output in cell.get("outputs", []):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            found = re.search(r"^.*\b(True|False)\W*$", text, re.M)
            assert not found, found[0]


def reading_minutes(page):
    """Two hundred words a minute, and half a minute for each cell that stands open."""
    text = re.sub(r"^---\n.*?^---\n", "", page.read_text("utf8"), count=1, flags=re.S | re.M)
    text = re.sub(r"^(`{3,})\{(?:code-cell|math|index)\}.*?^\1$", "", text, flags=re.S | re.M)
    words = len(re.findall(r"[^\W\d_][\w'’-]*", text))
    folded = ("hide-input", "hide-cell", "remove-cell")
    open_cells = sum(not tags(cell) & set(folded) for cell in code_cells(page))
    return words / 200 + open_cells / 2


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_a_chapter_says_what_it_needs_what_comes_next_and_how_long_it_takes(page):
    top = page.read_text("utf8").split("\n# ")[1].split("\n## ")[0]
    fact = r"^(?:[-*] )?\*\*{}:\*\* (.+)$"
    lines = [re.search(fact.format(key), top, re.M) for key in ("You need", "Next", "Reading")]
    assert all(lines), "**You need:**, **Next:** and **Reading:** stand under the question"
    assert [line.start() for line in lines] == sorted(line.start() for line in lines)
    assert "{doc}`" in lines[1][1]
    said = re.fullmatch(r"about (\d+) minutes\. \*\*Teaching:\*\* (\d+) minutes\b.*", lines[2][1])
    assert said, lines[2][0]
    counted = reading_minutes(page)
    assert 0.6 * counted <= int(said[1]) <= 1.4 * counted, f"counted: {counted:.0f} minutes"
    assert "\n## For teachers\n" in page.read_text("utf8")


def long_paragraphs(page):
    """Yield paragraphs of more than 45 words: each is one message of the Chinese catalogue.

    A link and a formula count as one word, as a figure's caption counts as a paragraph.
    """
    parser = MarkdownIt("commonmark").enable("table")
    as_one = r"\$[^$]*\$|\[[^\]]*\]\([^)]*\)|https?://\S+|<[^>]*>"
    for cell in stored(page).cells:
        tokens = parser.parse(cell.source) if cell.cell_type == "markdown" else []
        for opening, inside in pairwise(tokens):
            if opening.type == "paragraph_open":
                words = re.findall(r"[^\W\d_][\w’-]*", re.sub(as_one, " x ", inside.content))
                if len(words) > 45:
                    yield f"{len(words)} words: {inside.content}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_paragraph_has_at_most_45_words(page):
    assert not [*long_paragraphs(page)]


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_a_chapter_quotes_the_document_and_says_what_became_of_it(page):
    box = r"^(`{3,}|:{3,})\{admonition\} In the document\n:class: in-the-document\n(.*?)^\1$"
    boxes = re.findall(box, page.read_text("utf8"), re.S | re.M)
    assert boxes, "no box 'In the document'"
    for _, text in boxes:
        quoted = [line for line in text.splitlines() if line.startswith(">")]
        said = [line for line in text.splitlines() if line.strip() and line not in quoted]
        assert re.search(r"[\u4e00-\u9fff]", "".join(quoted)), "its own sentence, in Chinese"
        assert said, "its translation, and what became of it"


def glossary_names():
    """Return every name in the glossary: lines at the margin, in small letters as Sphinx links."""
    text = (ROOT / "book" / "glossary.md").read_text("utf8")
    body = re.search(r"^```\{glossary\}\n(.*?)^```$", text, re.S | re.M)[1]
    return {line.lower() for line in body.splitlines() if line and not line.startswith(" ")}


def test_every_term_of_a_page_is_in_the_glossary():
    known = glossary_names()
    assert len(known) > 100
    for page in sorted((ROOT / "book").glob("*.md")):
        for text in re.findall(r"\{term\}`([^`]+)`", page.read_text("utf8")):
            name = re.sub(r".*<(.+)>$", r"\1", text, flags=re.S)
            assert name.lower() in known, f"{page.name}: {name!r}"


def test_no_two_pages_use_one_label():
    named = r"^(?:: *name|:label|:name): +([\w-]+)$|^\(([\w-]+)\)=$"
    texts = [page.read_text("utf8") for page in sorted((ROOT / "book").glob("*.md"))]
    labels = [a or b for text in texts for a, b in re.findall(named, text, re.M)]
    assert len(labels) > 50
    assert not {label for label in labels if labels.count(label) > 1}


def exercises(page):
    """Yield each exercise: its label, its text, its folded answer or None where cells answer."""
    text = page.read_text("utf8")
    asked = r"^(`{3,}|:{3,})\{exercise\}[^\n]*\n:label: ([\w-]+)\n(.*?)^\1$"
    for _, label, task in re.findall(asked, text, re.S | re.M):
        answer = rf"^(`{{3,}}|:{{3,}})\{{solution\}} {label}\n(.*?)^\1$"
        found = re.search(answer, text, re.S | re.M)
        yield label, task, found and found[2]


def choices(text):
    """Return the letters of the answers that stand at the beginning of a line."""
    return re.findall(r"^\s*(?:[-*>] )?\**([A-F])\b[.):*]", text, re.M)


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_every_exercise_of_words_has_a_folded_answer_that_explains_each_choice(page):
    for label, task, answer in exercises(page):
        if answer is None:
            continue
        assert ":class: dropdown" in answer, f"{label}: the answer stands open"
        letters = choices(task)
        assert len(letters) != 1, f"{label}: one answer is no choice"
        missing = [letter for letter in letters if not re.search(rf"\b{letter}\b", answer)]
        assert not missing, f"{label}: the solution does not explain {missing}"
        assert len(answer.split()) >= 8 * max(1, len(letters)), f"{label}: explain each answer"


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_every_exercise_in_code_has_a_cell_for_the_reader_and_a_folded_solution(page):
    text, cells = page.read_text("utf8"), stored(page).cells
    labels = [label for label, _, answer in exercises(page) if answer is None]
    assert 2 <= len(labels) <= 4
    for label in labels:
        pattern = rf":label: {label}\n(.*?)\{{solution-start\}} {label}\n(.*?)\{{solution-end\}}"
        block = re.search(pattern, text, re.S)
        assert block, f"{label} has no solution"
        asked, solved = block.groups()
        stub = re.search(r"^def (\w+)(\(.*\)):\n    \.\.\.  # your code here\n", asked, re.M)
        assert stub, f"{label} has no cell for the reader"
        function, arguments = stub.groups()
        assert f"`{function}{arguments}`" in asked, f"{label}: the task names another signature"
        assert f"\ncheck({function})\n" in asked
        assert ":class: dropdown" in solved
        assert "\n# @title One solution\n" in solved
        assert f"\ndef {function}_solution{arguments}:\n" in solved
        assert f"\ncheck({function}_solution)\n" in solved
        own = next(c for c in cells if f"def {function}(" in c.source)
        assert "source_hidden" not in own.metadata.get("jupyter", {})
        assert own.outputs[0].text.startswith(f"{function}: not written yet.")
        folded = next(c for c in cells if f"def {function}_solution(" in c.source)
        assert folded.metadata["jupyter"]["source_hidden"]
        assert folded.metadata["cellView"] == "form"
        assert folded.outputs[0].text.startswith("Right: ")
        # The page goes on with the solution: what the reader has not written yet is no use.
        others = [c.source for c in cells if c.cell_type == "code" and c is not own]
        assert not any(re.search(rf"\b{function}\(", source) for source in others), function


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_figure_to_operate_has_its_still_picture_and_its_script(page):
    text = page.read_text("utf8")
    for cell in code_cells(page):
        for call in re.findall(r"\boperate\((.*)\)", cell.source, re.S):
            figure = re.match(r"\s*[\"']([\w-]+)[\"']", call)[1]
            still = re.search(r"still=[\"'](fig-[\w-]+)[\"']", call)[1]
            assert f"name: {still}\n" in text, f"no figure {still} on the page"
            script = ROOT / "book" / "_static" / "figures" / f"{figure}.js"
            assert script.is_file(), f"nothing draws {figure}"
            assert "hide-input" in tags(cell)


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_no_score_is_typed_into_the_prose(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf8"), flags=re.S | re.M)
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    scores = re.findall(r"\b(?:0?\.\d{2,}|\d{2}\.\d ?%)", prose)
    assert not scores, f"numbers that a run should print: {scores}"


def test_every_citation_is_in_the_bibliography_and_has_an_address():
    entries = (ROOT / "book" / "references.bib").read_text("utf8")
    keys = set(re.findall(r"@\w+\{(\w+),", entries))
    cited = set()
    for page in (ROOT / "book").glob("*.md"):
        for group in re.findall(r"\{cite:\w+\}`([^`]+)`", page.read_text("utf8")):
            cited |= {key.strip() for key in group.split(",")}
    assert cited <= keys
    for entry in re.split(r"\n@", entries):
        assert re.search(r"\b(doi|url) = ", entry), entry[:40]


def test_nothing_that_is_data_weights_or_a_picture_is_tracked():
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    binary = {".npz", ".npy", ".dcm", ".pt", ".pth", ".keras", ".h5", ".onnx"}
    binary |= {".png", ".jpg", ".jpeg", ".gif", ".tif"}
    assert not [file for file in files if Path(file).suffix in binary]
