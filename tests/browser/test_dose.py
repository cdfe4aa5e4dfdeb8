"""The dose of chapter 6.2: sums, percentiles and pictures are Python's at every setting."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

BEAMS = 9
#: As planned; the front beam only; three beams at odd weights.
SETTINGS = [
    np.full(BEAMS, 100),
    np.array([100] + [0] * 8),
    np.array([50, 0, 0, 120, 0, 0, 200, 0, 0]),
]
GREYS = """
canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)
"""


@pytest.fixture
def opened(operated):
    def open_figure(**how):
        page, figure, data = operated("6_2_treatment", "dose", **how)
        assert page.problems == []
        return page, figure, data

    return open_figure


def summed(text, weights):
    """The weighted sum of the beams' doses that the page was given."""
    parts = np.frombuffer(base64.b64decode(text), "<f2").astype(float).reshape(BEAMS, -1)
    return weights / 100 @ parts


def choose(figure, weights):
    for beam, weight in enumerate(weights):
        figure.locator(f"[name=beam-{beam}]").fill(str(weight))


def said(figure):
    text = figure.locator("[aria-live]").inner_text()
    numbers = re.findall(r"D95 ([\d.]+) Gy, D10 ([\d.]+) Gy.*D10 ([\d.]+) Gy.*: ([\d.]+) Gy", text)
    return [float(number) for number in numbers[0]], text


def right(data, weights):
    """D95 and D10 of the target, D10 of the core, mean of the body."""
    doses = {n: summed(own["doses"], weights) for n, own in data["structures"].items()}
    target = np.percentile(doses["target"], [5, 90])
    return [*target, np.percentile(doses["core"], 90), doses["body"].mean()]


@pytest.mark.parametrize("weights", SETTINGS, ids=["as planned", "front", "three"])
def test_the_numbers_are_pythons(opened, weights):
    _, figure, data = opened()
    choose(figure, weights)
    np.testing.assert_allclose(said(figure)[0], right(data, weights), atol=0.051)


@pytest.mark.parametrize("weights", SETTINGS, ids=["as planned", "front", "three"])
def test_scaled_the_target_gets_its_dose(opened, weights):
    _, figure, data = opened()
    choose(figure, weights)
    figure.locator("[name=scale]").select_option("d95")
    own = np.array(right(data, weights))
    np.testing.assert_allclose(said(figure)[0], own * 50 / own[0], atol=0.051)


@pytest.mark.parametrize("weights", SETTINGS, ids=["as planned", "front", "three"])
def test_the_picture_and_the_curves_are_pythons(opened, weights):
    _, figure, data = opened()
    choose(figure, weights)
    dose = summed(data["slice"], weights)
    shown = np.array(figure.locator("canvas").evaluate(GREYS)).reshape(-1, 4)
    ct = np.frombuffer(base64.b64decode(data["ct"]), np.uint8)
    dark = dose < 2.499
    np.testing.assert_array_equal(shown[dark, 0], ct[dark])
    bright = dose > 60.01  # the end of the colours: 231 of green
    np.testing.assert_allclose(shown[bright, 1], 0.3 * ct[bright] + 0.7 * 231, atol=1)
    points = figure.locator("polyline.curve.target").get_attribute("points").split()
    heights = np.array([float(point.split(",")[1]) for point in points])
    share = (heights[0] - heights) / (heights[0] - heights[-1]) if heights[0] != heights[-1] else 0
    target = summed(data["structures"]["target"]["doses"], weights)
    counted = np.array([(target < gy).mean() for gy in np.arange(0, 75.5, 0.5)])
    ends = counted[-1] - counted[0]
    np.testing.assert_allclose(share, (counted - counted[0]) / ends if ends else 0, atol=0.005)


def test_the_buttons_set_all_sliders(opened):
    _, figure, data = opened()
    figure.get_by_role("button", name="Front beam only").click()
    np.testing.assert_allclose(said(figure)[0], right(data, SETTINGS[1]), atol=0.051)
    figure.get_by_role("button", name="As planned").click()
    np.testing.assert_allclose(said(figure)[0], right(data, SETTINGS[0]), atol=0.051)


def test_without_beams_nothing_is_scaled(opened):
    _, figure, _ = opened()
    choose(figure, np.zeros(BEAMS, int))
    figure.locator("[name=scale]").select_option("d95")
    numbers, text = said(figure)
    assert numbers == [0, 0, 0, 0]
    assert text.endswith("The target gets no dose.")


def test_it_is_operated_by_keyboard_on_a_phone(opened):
    page, figure, data = opened(size="phone", scheme="dark", touch=True)
    first = figure.locator("[name=beam-0]")
    first.focus()
    page.keyboard.press("Home")
    weights = SETTINGS[0].copy()
    weights[0] = 0
    np.testing.assert_allclose(said(figure)[0], right(data, weights), atol=0.051)
    figure.get_by_role("button", name="As planned").tap()
    np.testing.assert_allclose(said(figure)[0], right(data, SETTINGS[0]), atol=0.051)
    for button in figure.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 38
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    found = Axe().run(page, context=".operated-figure.dose")
    assert found.violations_count == 0, found.generate_report()
