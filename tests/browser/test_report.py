"""What a reader would complain of: hidden columns, raw markup, no picture, a heavy page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from notebooks import ROOT, sources

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

CHAPTERS = sorted(page.stem for page in sources() if re.match(r"\d", page.name))
PAGES = sorted([*(page.stem for page in sources()), "glossary", "notation", "references"])

HEAVIEST = 1_500_000  # bytes of a page and of what it loads, without the fonts of its formulas

#: Tables with a part that can't be seen: cut by what holds them, or beyond the paper's edge.
HIDDEN = """
() => [...document.querySelectorAll('article table')].filter(t => t.offsetParent).flatMap(t => {
  const edge = t.getBoundingClientRect().right;
  const beyond = [];
  for (let box = t.parentElement; box; box = box.parentElement) {
    const cuts = getComputedStyle(box).overflowX !== 'visible';
    const right = box === document.documentElement ? innerWidth
      : box.getBoundingClientRect().left + box.clientLeft + box.clientWidth;
    if ((cuts || box === document.documentElement) && edge > right + 1) {
      beyond.push(`${Math.round(edge - right)} pixels of ${t.rows[0].innerText.slice(0, 60)}`);
      break;
    }
  }
  return beyond;
})
"""

TEXT = """
() => {
  const copy = document.querySelector('article').cloneNode(true);
  copy.querySelectorAll('pre, code, script, style, mjx-container').forEach(e => e.remove());
  return copy.textContent;
}
"""

#: Where the first picture that can be seen begins; the badge of Colab is none.
FIRST_PICTURE = """
() => Math.min(...[...document.querySelectorAll('article img, article svg, article canvas')]
  .filter(e => !e.closest('mjx-container, button, a[href*="colab"]'))
  .map(e => e.getBoundingClientRect())
  .filter(box => box.width > 100 && box.height > 60)
  .map(box => box.top + scrollY))
"""


def file_of(page):
    return (ROOT / "_build" / "html" / "book" / f"{page}.html").as_uri()


@pytest.mark.parametrize("name", PAGES)
def test_no_column_of_a_table_is_hidden_on_a_screen_or_on_paper(visit, name):
    page = visit(file_of(name))
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate(HIDDEN) == []
    page.set_viewport_size({"width": 718, "height": 1047})  # A4 with margins of a centimetre
    page.emulate_media(media="print")
    assert page.evaluate(HIDDEN) == []
    for figure in page.locator("figure.is-operated").all():
        assert not figure.locator(".operated-figure").is_visible()
        assert figure.locator("img, .still").first.is_visible()


@pytest.mark.parametrize("name", PAGES)
def test_no_markup_is_left_in_the_text(visit, name):
    text = visit(file_of(name)).evaluate(TEXT)
    for raw in ("```", ":::", "**", ":class:", "{term}", "{doc}", "{ref}", "{cite", "{math}"):
        assert raw not in text, text[max(0, text.index(raw) - 60) : text.index(raw) + 60]


@pytest.mark.parametrize("name", [*CHAPTERS, "index"])
def test_the_first_picture_stands_on_the_first_screen(visit, name):
    top = visit(file_of(name)).evaluate(FIRST_PICTURE)
    assert top is not None, "no picture"
    assert top <= 900, f"it begins {top:.0f} pixels from the top"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(visit, name):
    page = visit(file_of(name))
    asked = set()
    page.on("request", lambda request: asked.add(request.url.partition("#")[0]))
    page.reload(wait_until="load")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    files = {Path(unquote(urlparse(url).path)) for url in asked if url.startswith("file:")}
    sizes = {file.name: file.stat().st_size for file in files if "mathjax" not in file.parts}
    heavy = sorted(sizes.items(), key=lambda item: -item[1])[:4]
    assert sum(sizes.values()) < HEAVIEST, f"{sum(sizes.values())} bytes, most of them {heavy}"


@pytest.mark.parametrize("name", [*CHAPTERS, "index"])
def test_no_film_is_changed_by_the_dark_theme(visit, name):
    page = visit(file_of(name), scheme="dark")
    filters = page.locator("article img").evaluate_all(
        "images => images.map(image => getComputedStyle(image).filter)"
    )
    assert set(filters) <= {"none"}


def test_an_interval_stands_under_its_score_and_a_shadow_tells_of_more(visit):
    page = visit(file_of("5_1_pneumonia"), size="phone")
    box = page.locator(".table-box:has(.interval)").first
    score = box.locator("td:has(.interval)").first
    above, below = score.evaluate(
        "cell => { const range = document.createRange(); range.selectNode(cell.firstChild);"
        " return [range.getBoundingClientRect().bottom,"
        " cell.querySelector('.interval').getBoundingClientRect().top] }"
    )
    assert below >= above - 2
    assert re.fullmatch(r"[\d.]+ \[[\d., ]+\]", score.text_content())
    scroller = box.locator(".table-scroller")
    assert "more" in box.get_attribute("class").split()
    name = scroller.locator("tbody th").first
    before = name.bounding_box()["x"]
    scroller.evaluate("e => { e.scrollLeft = e.scrollWidth }")
    page.wait_for_function("!document.querySelector('.table-box:has(.interval).more')")
    assert name.bounding_box()["x"] == pytest.approx(before, abs=1)
