"""What a reader would complain of: hidden columns, raw markup, no picture, a heavy page."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from notebooks import sources
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

CHAPTERS = sorted(page.stem for page in sources() if re.match(r"\d", page.name))
PAGES = sorted([*(page.stem for page in sources()), "glossary", "notation", "references"])

#: Bytes of a page and of what it loads, without the fonts of its formulas.
HEAVIEST = 1_500_000
#: Its films at full size are noise to a PNG; they are to become lighter.
HEAVIER = {"3_1_cnn.html": 1_900_000}

TEXT_FILES = {".html", ".css", ".js", ".svg"}

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


def hidden_columns(page):
    page.set_viewport_size({"width": 1280, "height": 900})
    yield from (f"on a screen: {table}" for table in page.evaluate(HIDDEN))
    page.set_viewport_size({"width": 718, "height": 1047})  # A4 with margins of a centimetre
    page.emulate_media(media="print")
    yield from (f"on paper: {table}" for table in page.evaluate(HIDDEN))
    for figure in page.locator("figure.is-operated").all():
        if figure.locator(".operated-figure").is_visible():
            yield "on paper: a figure to operate"
        if not figure.locator("img, .still").first.is_visible():
            yield "on paper: no still picture"
    page.emulate_media(media="screen")


def raw_markup(page):
    text = page.evaluate(TEXT)
    for raw in ("```", ":::", "**", ":class:", "{term}", "{doc}", "{ref}", "{cite", "{math}"):
        if raw in text:
            yield f"markup: {text[max(0, text.index(raw) - 60) : text.index(raw) + 60]!r}"


def late_picture(page):
    top = page.evaluate(FIRST_PICTURE)
    if top is None or top > 900:
        yield f"the first picture begins {top} pixels from the top"


def sent(file):
    """Bytes on their way: text is compressed by the server."""
    content = file.read_bytes()
    return len(gzip.compress(content) if file.suffix in TEXT_FILES else content)


def weight(page):
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    addresses = {address.partition("#")[0] for address in page.asked}
    files = {Path(unquote(urlparse(url).path)) for url in addresses if url.startswith("file:")}
    sizes = {file.name: sent(file) for file in files if "mathjax" not in file.parts}
    if sum(sizes.values()) >= HEAVIER.get(page.url.rpartition("/")[2], HEAVIEST):
        heavy = sorted(sizes.items(), key=lambda item: -item[1])[:4]
        yield f"{sum(sizes.values())} bytes, most of them {heavy}"


def changed_films(page):
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    filters = page.locator("article img").evaluate_all(
        "images => images.map(image => getComputedStyle(image).filter)"
    )
    if not set(filters) <= {"none"}:
        yield f"the dark theme changes pictures: {set(filters)}"


@pytest.mark.parametrize("name", PAGES)
def test_a_reader_has_nothing_to_complain_of(visit, name):
    page = visit(name)
    complaints = [*late_picture(page)] if name in (*CHAPTERS, "index") else []
    complaints += [*weight(page), *raw_markup(page), *hidden_columns(page), *changed_films(page)]
    assert not complaints, "\n".join(complaints)


def test_an_interval_stands_under_its_score_and_a_shadow_tells_of_more(visit):
    page = visit("5_1_pneumonia", size="phone")
    box = page.locator(".table-box:has(.interval)").first
    score = box.locator("td:has(.interval)").first
    above, below = score.evaluate(
        "cell => { const range = document.createRange(); range.selectNode(cell.firstChild);"
        " return [range.getBoundingClientRect().bottom,"
        " cell.querySelector('.interval').getBoundingClientRect().top] }"
    )
    assert below >= above - 2
    assert re.fullmatch(r"[\d.]+ \[.+\]", score.text_content())
    scroller = box.locator(".table-scroller")
    assert "more" in box.get_attribute("class").split()
    name = scroller.locator("tbody th").first
    before = name.bounding_box()["x"]
    scroller.evaluate("e => { e.scrollLeft = e.scrollWidth }")
    expect(box).not_to_have_class(re.compile("more"))
    assert name.bounding_box()["x"] == pytest.approx(before, abs=1)
