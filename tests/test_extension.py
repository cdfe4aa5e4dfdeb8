"""What the Sphinx extension makes of a page, on a book of one page that is built in seconds."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import book_extension
import numpy as np
import pytest
from notebooks import ROOT
from PIL import Image

PAGE = """
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# One page

```{code-cell} ipython3
:tags: [hide-input]
# setup:
```

**You need:** school mathematics.

**Next:** nothing.

Prose about specificity, and the {term}`loss`.

```{index} single: ranking
```

```{admonition} In the document
:class: in-the-document
> 卷积层是 CNN 的核心组成部分。

The layer.
```

```{glossary}
loss
损失函数
  How far off
  the answers are.

  Read on.
```

```{code-cell} ipython3
import zipfile, numpy as np
from companion.pages.notebook import show_cost
rng = np.random.default_rng(1)
```

```{code-cell} ipython3
from IPython.display import Markdown
Markdown("| cell | other |\\n|---|---|\\n| left | right |")
```

```{exercise} First
:label: first
Think.
```

```{solution-start} first
:class: dropdown
```
```{code-cell} ipython3
print("solvedone")
```
```{solution-end}
```

```{exercise} Second
:label: second
Think $x^2$.
```

```{solution-start} second
:class: dropdown
```
```{code-cell} ipython3
print("solvedtwo")
```
```{solution-end}
```

```{code-cell} ipython3
:tags: [tab-numpy]
print("in numpy")
```

```{code-cell} ipython3
:tags: [tab-torch]
print("in torch")
```

```{code-cell} ipython3
show_cost()
```
"""


def make_book(root, **pages):
    """Lay out a book of these pages, the first of which is its cover."""
    shutil.copy(ROOT / "_config.yml", root)
    shutil.copytree(ROOT / "tools", root / "tools")
    for name in ("pyproject.toml", "companion/__init__.py", "book/references.bib"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    static = shutil.ignore_patterns("mathjax")
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static", ignore=static)
    for name, text in pages.items():
        (root / "book" / f"{name}.md").write_text(text)
    cover, *others = (f"book/{name}" for name in pages)
    chapters = "chapters:\n" + "".join(f"- file: {name}\n" for name in others)
    toc = f"format: jb-book\nroot: {cover}\n" + (chapters if others else "")
    (root / "_toc.yml").write_text(toc)


def build(root):
    """Build as the book is built; return the folder of its pages."""
    script = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [script, "build", ".", "-W", "-n", "--keep-going"], cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root / "_build" / "html"


def search_index(site):
    """Return what the search of a built book knows."""
    text = (site / "searchindex.js").read_text("utf8")
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The page, built as the book is."""
    root = tmp_path_factory.mktemp("book")
    make_book(root, page=PAGE.lstrip())
    (root / "book" / "page.ipynb").write_text('{"the": "committed notebook"}')
    return build(root)


@pytest.fixture(scope="module")
def html(site):
    """The page's article."""
    text = (site / "book" / "page.html").read_text("utf8")
    return text[text.index("<article") : text.index("</article>")]


@pytest.fixture(scope="module")
def index(site):
    """The words that the search knows."""
    return set(search_index(site)["terms"])


def test_a_build_of_one_changed_page_keeps_what_the_search_knows_of_the_others(tmp_path):
    words = "# Words\n\n```{glossary}\nloss\n  How far off the answers are.\n```\n"
    make_book(tmp_path, cover="# Cover\n\nSome words.\n", words=words)
    entries = search_index(build(tmp_path))["indexentries"]
    assert [anchor for _, anchor, _ in entries["loss"]] == ["term-loss"]
    (tmp_path / "book" / "cover.md").write_text("# Cover\n\nOther words.\n")
    assert search_index(build(tmp_path))["indexentries"] == entries


def test_the_committed_notebook_is_what_is_downloaded(site):
    page = (site / "book" / "page.html").read_text("utf8")
    (button,) = re.findall(r'href="(?!https)([^"]*\.ipynb)"', page)
    offered = (site / "book" / button).resolve()
    assert json.loads(offered.read_text()) == {"the": "committed notebook"}


def test_every_id_stands_once(html):
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert sorted(set(ids)) == sorted(ids)
    assert sum("-content-" in identity for identity in ids) >= 4


def test_a_table_in_a_markdown_output_is_a_table(html):
    cells = re.findall(r"<t[hd][^>]*><p>(\w+)</p></t[hd]>", html)
    assert cells == ["cell", "other", "left", "right"]
    assert "<p>|" not in html


def test_the_cost_stands_under_the_title_and_nowhere_else(html):
    sentence = re.findall(r"Running this page took [\d.]+ minutes", html)
    assert len(sentence) == 1
    assert html.index(sentence[0]) < html.index("Prose about")
    assert "show_cost</span><span" not in html


def test_a_link_to_a_term_carries_its_definition_and_the_chinese_name(html):
    (link,) = re.findall(r'<a class="reference internal" href="#term-loss"[^>]*>', html)
    assert 'title="How far off the answers are. (损失函数)"' in link


def test_chinese_words_are_marked_as_such(html):
    assert '<span lang="zh">卷积层是</span> CNN <span lang="zh">的核心组成部分。</span>' in html
    assert '<dt><span lang="zh">损失函数</span>' in re.sub(r"<dt[^>]*>", "<dt>", html)


def test_what_to_know_before_reading_stands_apart(html):
    facts = re.search(r'<div class="facts docutils container">(.*?)</div>', html, re.S)[1]
    assert re.findall(r"<strong>(.*?)</strong>", facts) == ["You need:", "Next:"]


def test_search_knows_terms_and_index_entries_first(site):
    text = (site / "searchindex.js").read_text("utf8")
    entries = json.loads(text[text.index("{") : text.rindex("}") + 1])["indexentries"]
    for entry in ("loss", "损失函数", "ranking"):
        assert all(is_main for *_, is_main in entries[entry])


def test_search_knows_the_prose_and_not_the_setup_nor_the_imports(html, index):
    assert {"specif", "prose", "solvedon", "torch"} <= index
    assert not index & {"importlib", "tempfil", "zipfil", "readi", "default_rng"}
    for shown in ("importlib", "zipfile", "default_rng", "Ready: Python"):
        assert shown in html


def test_icons_are_those_that_the_book_shows(site):
    icons = (site / "_static" / "scripts" / "fontawesome.js").read_text("utf8")
    assert len(icons) < 150_000
    page = (site / "book" / "page.html").read_text("utf8")
    names = set(re.findall(r"\bfa-([a-z0-9-]+)", page)) - {"solid", "brands", "lg"}
    assert {"rocket", "download", "moon"} <= names
    for name in names:
        assert re.search(rf'\b{name}"?:\[', icons), name


def test_cells_of_several_frameworks_are_tabs(html):
    assert re.findall(r">\s*(NumPy|PyTorch|Keras)</label>", html) == ["NumPy", "PyTorch"]


def test_large_pictures_become_smaller_and_greys_stay_exact(tmp_path):
    rng = np.random.default_rng(0)
    grey = np.repeat(rng.integers(0, 256, (300, 300, 1), np.uint8), 3, axis=2)
    colours = np.linspace(0, 255, 300 * 300 * 3).astype(np.uint8).reshape(300, 300, 3)
    colours[..., 1] = rng.integers(0, 64, (300, 300))
    images, small = tmp_path / "_images", np.zeros((8, 8, 3), np.uint8)
    images.mkdir()
    for name, pixels in (("grey", grey), ("colours", colours), ("small", small)):
        Image.fromarray(pixels).convert("RGBA").save(images / f"{name}.png")
    page = tmp_path / "page.html"
    page.write_text('<img src="../_images/grey.png"> <img src="../_images/small.png"> grey.png')
    before = {path.stem: path.stat().st_size for path in images.iterdir()}
    book_extension.shrink_pictures(tmp_path)
    after = {path.name: path.stat().st_size for path in images.iterdir()}
    assert set(after) == {"grey.webp", "colours.webp", "small.png"}
    assert all(after[f"{name}.webp"] < before[name] for name in ("grey", "colours"))
    said = '<img src="../_images/grey.webp"> <img src="../_images/small.png"> grey.png'
    assert page.read_text() == said
    with Image.open(images / "grey.webp") as picture:
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), grey)
    with Image.open(images / "colours.webp") as picture:
        shown = np.asarray(picture.convert("RGB"), int)
    assert np.abs(shown - colours).mean() < 8
    book_extension.shrink_pictures(tmp_path)
    assert {path.name: path.stat().st_size for path in images.iterdir()} == after
    assert page.read_text() == said
