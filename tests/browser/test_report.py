"""What a reader would complain of, on every page, wide and narrow, light and dark.

A page is opened once for each of the four, and all that is to be seen there is looked at.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from notebooks import ROOT, sources
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

NOTEBOOKS = sorted(page.stem for page in sources())
PAGES = sorted([*NOTEBOOKS, "glossary", "notation", "references"])
WITHOUT_PICTURES = {"errata", "glossary", "notation", "references"}
RULES = ["image-alt", "color-contrast", "label", "link-name", "button-name", "list"]

#: Bytes of a page and of what it loads, without the fonts of its formulas.
HEAVIEST = 1_500_000

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
    if sum(sizes.values()) >= HEAVIEST:
        heavy = sorted(sizes.items(), key=lambda item: -item[1])[:4]
        yield f"{sum(sizes.values())} bytes, most of them {heavy}"


def changed_films(page):
    filters = page.locator("article img").evaluate_all(
        "images => images.map(image => getComputedStyle(image).filter)"
    )
    if not set(filters) <= {"none"}:
        yield f"the dark theme changes pictures: {set(filters)}"


def what_any_view_shows(page, scheme):
    if page.locator("article h1").count() != 1:
        yield "not one title"
    if "not for clinical use" not in page.inner_text("body"):
        yield "nothing says: not for clinical use"
    if page.evaluate("document.documentElement.dataset.theme") != scheme:
        yield f"the theme is not {scheme}"
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 0:
        yield f"{wide} pixels stick out on the right"


def set_up_line(page, size):
    """What the first cell says is read at a glance, and its code is folded."""
    line = page.locator("div.cell.setup div.cell_output pre")
    if line.count() != 1 or not line.inner_text().startswith("Ready: Python "):
        yield f"{line.count()} lines of the set-up cell: {line.all_inner_texts()}"
        return
    hidden, height, letter = line.evaluate(
        "e => [e.scrollWidth - e.clientWidth, e.clientHeight,"
        " parseFloat(getComputedStyle(e).fontSize)]"
    )
    if hidden > 0 or (size == "wide" and height >= 4 * letter):
        yield "the set-up cell's line is cut or broken"
    if page.locator("div.cell.setup div.cell_input").is_visible():
        yield "the set-up cell's code is open"


def formulas(page):
    written = page.locator("span.math, div.math").count()
    drawn, wrong = (page.locator(tag).count() for tag in ("mjx-container", "mjx-merror"))
    if drawn != written or wrong:
        yield f"{written} formulas, {drawn} drawn, {wrong} with an error"


def pictures(page):
    for image in page.locator("article img").all():
        name = image.get_attribute("src")
        if not image.get_attribute("alt"):
            yield f"no alternative text: {name}"
        shown, stored = image.evaluate("i => [i.getBoundingClientRect().width, i.naturalWidth]")
        if stored <= 0 or (not name.endswith(".svg") and stored < 1.2 * shown):
            yield f"{name}: {stored} pixels for a width of {shown}"


def small_labels(page):
    """Figures are drawn in inches of 96 pixels, and stored at twice that."""
    page.wait_for_function(
        "document.querySelectorAll('div.operated').length"
        " === document.querySelectorAll('.operated-figure[data-ready]').length"
    )
    for image in page.locator(
        "article div.cell_output img:is([src$='.png'], [src$='.webp'])"
    ).all():
        if image.evaluate("i => !!i.closest('figure.is-operated')"):  # another takes its place
            continue
        shown, stored = image.evaluate("i => [i.getBoundingClientRect().width, i.naturalWidth]")
        if shown < 0.79 * stored / 2:
            yield f"{image.get_attribute('alt')}: {shown} pixels on a phone"


def barriers(page):
    found = Axe().run(page, context="article", options={"runOnly": RULES})
    if found.violations_count:
        yield found.generate_report()


def twice_named(page):
    ids = page.evaluate("[...document.querySelectorAll('article [id]')].map(e => e.id)")
    twice = sorted({identity for identity in ids if ids.count(identity) > 1})
    if twice:
        yield f"ids that stand more than once: {twice}"


def pipes(page):
    texts = page.locator("article p, article li").all_inner_texts()
    rows = [text for text in texts if re.search(r"^\s*\|.*\|\s*$", text, re.M)]
    yield from (f"a table as it was written: {row}" for row in rows)


def cost_and_notebook(page, name, book):
    """The cost is told once, and the notebook to download is the committed one."""
    costs = page.inner_text("article").count("Running this page took")
    if costs != ("show_cost()" in (ROOT / "book" / f"{name}.md").read_text("utf8")):
        yield f"the page tells its cost {costs} times"
    (link,) = page.locator("a[href*='_sources'][href$='.ipynb']").all()
    offered = (book / "book" / link.get_attribute("href")).resolve()
    if offered.read_bytes() != (ROOT / "book" / f"{name}.ipynb").read_bytes():
        yield "the notebook to download is not the committed one"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_a_reader_has_nothing_to_complain_of(visit, book, name, size, scheme):
    page = visit(name, size=size, scheme=scheme)
    complaints = [*what_any_view_shows(page, scheme)]
    if name in NOTEBOOKS:
        complaints += set_up_line(page, size)
    if size == "phone":
        complaints += small_labels(page)
    else:
        complaints += barriers(page)
    if scheme == "dark":
        complaints += changed_films(page)
    if (size, scheme) == ("wide", "light"):
        complaints += [] if name in WITHOUT_PICTURES else late_picture(page)
        complaints += [*formulas(page), *pictures(page), *twice_named(page), *pipes(page)]
        complaints += cost_and_notebook(page, name, book) if name in NOTEBOOKS else []
        complaints += [*weight(page), *raw_markup(page), *hidden_columns(page)]
    complaints += page.problems
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
