"""What single pages do in a real browser, with no network; `test_report` looks at all of them."""

from __future__ import annotations

import functools
import http.server
import re
import threading

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

SIZES = ("wide", "phone")


def test_code_can_be_copied(visit):
    page = visit("5_1_pneumonia")
    page.evaluate(
        "document.execCommand = () => !!(window.copied = `${document.getSelection()}`);"
        "navigator.clipboard &&"
        " (navigator.clipboard.writeText = async text => { window.copied = text })"
    )
    block = page.locator("div.cell:not(.tag_hide-input) div.cell_input div.highlight").first
    block.hover()
    block.locator("button.copybtn").click()
    page.wait_for_function("window.copied")
    assert page.evaluate("window.copied").strip() == block.locator("pre").inner_text().strip()


def test_badge_and_launch_menu_lead_to_colab(visit):
    page = visit("5_1_pneumonia")
    badge = page.locator("a:has(img[alt='Open in Colab'])").first
    assert badge.is_visible()
    menu = page.locator(".dropdown-launch-buttons a[href*='colab.research.google.com']")
    addresses = {badge.get_attribute("href"), menu.first.get_attribute("href")}
    assert len(addresses) == 1
    assert addresses.pop().endswith("/book/5_1_pneumonia.ipynb")


@pytest.fixture
def site(book):
    """The built book on a plain web server of this machine."""
    handler = functools.partial(Quiet, directory=str(book))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


@pytest.mark.parametrize("how", ["disk", "server"])
def test_search_finds_a_word(visit, book, site, how):
    root = book.as_uri() if how == "disk" else site
    page = visit(f"{root}/search.html?q=specificity")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a").evaluate_all("links => links.map(a => a.href)")
    assert any("5_1_pneumonia" in link for link in links)


def test_search_does_not_show_the_setup_cell_nor_imports(visit, site):
    """The one word stands in the first cells of most pages, the other nowhere else."""
    page = visit(f"{site}/search.html?q=pydicom")
    page.wait_for_selector("#search-results li p.context")
    for excerpt in page.locator("#search-results li p.context").all_inner_texts():
        for code in ('"pydicom', "from pydicom", "import pydicom", "Show code cell"):
            assert code not in excerpt
    page = visit(f"{site}/search.html?q=importlib")
    page.wait_for_function(
        "document.querySelector('#search-results .search-summary')?.textContent.includes('did not')"
    )


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without talking."""

    def log_message(self, *arguments):
        """Stay silent."""


def test_solutions_are_folded_until_asked_for(visit):
    page = visit("5_1_pneumonia")
    solution = page.locator("div.solution:has(div.cell_input)").first
    code = solution.locator("div.cell_input").first
    assert not code.is_visible()
    solution.locator("button.toggle-button").click()
    code.wait_for(state="visible")


def test_no_page_names_a_script_or_style_from_elsewhere(book):
    for path in book.rglob("*.html"):
        text = path.read_text("utf8")
        for tag in re.findall(r"<(?:script|link)\b[^>]*>", text):
            outside = re.search(r'(?:src|href)="(https?:)?//', tag)
            assert not outside or 'rel="canonical"' in tag, f"{path.name}: {tag}"


def words(page):
    """What the sliding window says of the present place."""
    return page.locator(".sliding-window .sum").inner_text()


@pytest.mark.parametrize("size", SIZES)
def test_the_sliding_window_is_operated_by_keys_buttons_and_hand(visit, size):
    page = visit("3_1_cnn", size=size)
    window = page.locator(".sliding-window")
    assert window.count() == 1
    assert words(page).endswith("(\u22121)\u00d71 + 0\u00d71 + 1\u00d75 = 4")
    picture = window.locator("[role=application]")
    picture.focus()
    page.keyboard.press("ArrowRight")
    assert words(page).startswith("Window at row 1, column 2:")
    assert words(page).endswith("= 0")
    page.keyboard.press("ArrowDown")
    assert words(page).startswith("Window at row 2, column 2:")
    window.get_by_role("button", name="Next").click()
    assert words(page).startswith("Window at row 2, column 3:")
    assert words(page).endswith("= \u22128")
    page.keyboard.press("ArrowUp")
    picture.scroll_into_view_if_needed()
    box = picture.locator("svg").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5)
    page.mouse.up()
    assert words(page).startswith("Window at row 4, column 6:")
    assert window.get_by_role("button", name="Next").is_disabled()
    assert page.problems == []


def test_the_sliding_window_computes_what_the_companion_computes(visit):
    import numpy as np

    from companion.by_hand.conv import conv2d
    from companion.by_hand.pool import avg_pool2d, max_pool2d

    page = visit("3_1_cnn")
    window = page.locator(".sliding-window")
    rows = window.get_attribute("data-image").split(";")
    image = np.array([[float(v) for v in row.split()] for row in rows])[None, None]
    kernel = np.arange(-4.0, 5).reshape(3, 3)
    for field, value in zip(window.locator("input").all(), kernel.ravel(), strict=True):
        field.fill(f"{value:g}")

    def choose(**controls):
        for control, value in controls.items():
            window.locator(f"select[data-control={control}]").select_option(str(value))
        while not window.get_by_role("button", name="Next").is_disabled():
            window.get_by_role("button", name="Next").click()
        texts = window.locator("figure").last.locator("text").all_text_contents()
        return [float(text.replace("\u2212", "-")) for text in texts]

    for stride, padding in ((1, 0), (2, 1), (3, 0)):
        ours = conv2d(image, kernel[None, None], stride=stride, padding=padding)
        shown = choose(operation="convolution", stride=stride, padding=padding)
        assert shown == ours.ravel().tolist()
    for operation, pool in (("max", max_pool2d), ("average", avg_pool2d)):
        ours = pool(image, 3, stride=2, padding=1)
        shown = choose(operation=operation, size=3, stride=2, padding=1)
        np.testing.assert_allclose(shown, ours.ravel(), atol=0.005)


def test_frameworks_are_tabs_that_change_together(visit):
    page = visit("4_math")
    sets = page.locator(".sd-tab-set")
    assert sets.count() == 2
    for number in range(2):
        labels = sets.nth(number).locator("> label").all_inner_texts()
        assert labels == ["NumPy", "PyTorch", "Keras"]
    first, second = (sets.nth(number).locator(".sd-tab-content") for number in range(2))
    assert first.nth(0).is_visible()
    assert not first.nth(2).is_visible()
    sets.nth(0).locator("> label", has_text="Keras").click()
    assert first.nth(2).is_visible()
    assert second.nth(2).is_visible()
    assert "keras.ops.conv" in first.nth(2).inner_text()
