"""The reader study: by keys, by taps, with scores and intervals as statsmodels gives them."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from statsmodels.stats.proportion import proportion_confint

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

NAMES = ["normal", "pneumonia"]
WHO = {"the network": "network", "the size of the file": "size", "always pneumonia": "always"}


@pytest.fixture
def opened(operated):
    def open_figure(**how):
        page, figure, data = operated("1_background", "reader_study", **how)
        figure.scroll_into_view_if_needed()
        return page, figure, data

    return open_figure


def read_by_keys(page, figure, answers, keys=("n", "p")):
    figure.locator(".reading canvas").focus()
    for answer in answers:
        page.keyboard.press(keys[answer])


def scores(figure):
    rows = figure.locator(".result tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}


def expected(decisions, labels):
    right = int((np.array(decisions) == np.array(labels)).sum())
    low, high = proportion_confint(right, len(labels), method="wilson")
    return [str(right), f"{right / len(labels):.2f}", f"{low:.2f}–{high:.2f}"]


def same(shown, right):
    """The shown text, whose bar of the interval adds a line break, and the right one."""
    assert [text.strip() for text in shown] == right


def wrong_on(labels, films):
    return [1 - label if i in films else label for i, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("films", "keys"),
    [([], ("n", "p")), ([0, 7, 19], ("ArrowLeft", "ArrowRight")), (range(20), ("N", "P"))],
)
def test_a_run_by_keys_only_gives_the_scores_of_statsmodels(opened, films, keys):
    page, figure, data = opened()
    answers = wrong_on(data["labels"], films)
    read_by_keys(page, figure, answers, keys)
    found = scores(figure)
    same(found["you"], expected(answers, data["labels"]))
    for who, name in WHO.items():
        same(found[who], expected(data["models"][name], data["labels"]))
    ill = sum(data["labels"])
    hit = sum(a == label == 1 for a, label in zip(answers, data["labels"], strict=True))
    assert f"Of {ill} films labelled pneumonia you found {hit};" in figure.inner_text()
    low, high = proportion_confint(int(found["you"][0]), 20, method="wilson")
    assert f"it is {high - low:.2f} wide" in figure.locator(".scored").inner_text()
    assert page.evaluate("document.activeElement.textContent").startswith("Your score")
    assert page.problems == []


def test_nothing_is_told_before_the_end(opened):
    page, figure, data = opened()
    answers = wrong_on(data["labels"], [3, 4])
    read_by_keys(page, figure, answers[:-1])
    assert figure.locator(".result").inner_text() == ""
    assert "Film 20 of 20" in figure.inner_text()
    assert "label" not in figure.inner_text()
    page.keyboard.press(["n", "p"][answers[-1]])
    cards = figure.locator(".review li").all()
    assert len(cards) == 20
    for i, card in enumerate(cards):
        text = card.inner_text()
        assert f"{i + 1}. label: {NAMES[data['labels'][i]]}" in text
        assert f"you: {NAMES[answers[i]]}" in text
        assert ("not as labelled" in text) == (i in (3, 4))
        assert f"network: {data['chances'][i]:.2f}" in text


def test_an_answer_is_undone_and_the_study_started_again(opened):
    page, figure, data = opened()
    undo = figure.get_by_role("button", name="Undo (U)")
    assert undo.is_disabled()
    read_by_keys(page, figure, [1, 1, 0])
    page.keyboard.press("u")
    assert "Film 3 of 20 (You said: pneumonia)" in figure.inner_text()
    undo.click()
    assert "Film 2 of 20" in figure.inner_text()
    figure.get_by_role("button", name="Start again").click()
    assert "Film 1 of 20" in figure.inner_text()
    read_by_keys(page, figure, data["labels"])
    page.keyboard.press("n")  # after the end nothing counts
    assert scores(figure)["you"][0] == "20"
    figure.get_by_role("button", name="Undo (U)").click()
    assert "Film 20 of 20" in figure.inner_text()


def test_the_films_are_shown_as_they_are(opened):
    page, figure, data = opened()
    pixels = np.frombuffer(base64.b64decode(data["films"]), "u1").reshape(20, 28, 28)
    read = "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]"
    for number in range(3):
        drawn = figure.locator(".reading canvas").evaluate(read)
        drawn = np.reshape(drawn, (28, 28, 4))
        for channel in range(3):
            np.testing.assert_array_equal(drawn[..., channel], pixels[number])
        read_by_keys(page, figure, [0])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_run_by_taps_on_a_phone(opened, scheme):
    page, figure, data = opened(size="phone", scheme=scheme, touch=True)
    for answer in data["models"]["network"]:
        button = figure.get_by_role("button", name=["Normal (N)", "Pneumonia (P)"][answer])
        assert button.bounding_box()["height"] >= 40
        button.tap()
    found = scores(figure)
    assert found["you"] == found["the network"]
    expect(figure.locator(".scored")).to_contain_text("You were right on")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    table, frame = (figure.locator(part).bounding_box() for part in (".result table", ".result"))
    assert table["x"] + table["width"] <= frame["x"] + frame["width"] + 1
    rules = ["color-contrast", "button-name", "role-img-alt", "list", "listitem"]
    found = Axe().run(page, context=".reader_study", options={"runOnly": rules})
    assert found.violations_count == 0, found.generate_report()
    assert page.problems == []


def test_phantoms_are_called_phantoms(visit, book):
    """The page as it is built where the films of patients are not at hand."""
    html = (book / "book" / "1_background.html").read_text("utf8")
    assert html.count('"synthetic":false') == 1
    changed = book / "book" / "1_background_phantom.html"
    changed.write_text(html.replace('"synthetic":false', '"synthetic":true'), "utf8")
    try:
        page = visit(changed.as_uri())
        figure = page.locator(".operated-figure.reader_study[data-ready]")
        figure.wait_for()
        assert "these are synthetic phantoms" in figure.locator(".synthetic").inner_text()
    finally:
        changed.unlink()
