"""The figure of chapter 2 in which one weight goes down its loss, held to Python's steps."""

from __future__ import annotations

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from companion.by_hand import descend

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture
def opened(operated):
    def open_figure(**how):
        page, figure, data = operated("2_concepts", "descent", **how)
        assert page.problems == []
        return page, figure, data

    return open_figure


def said(figure):
    """Return steps, weight, slope and loss as the figure says them."""
    text = figure.locator("[aria-live]").inner_text().replace("\u2212", "-")
    first = text.partition("Next")[0]
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", first)]


def expected(data, rate, steps):
    """Weight, slope and loss after so many steps, in Python."""
    inputs, labels = np.array(data["inputs"]), np.array(data["labels"])
    path, losses = descend(
        inputs[:, None], labels, np.array([data["start"]]), learning_rate=rate, steps=steps
    )
    weight = path[-1, 0]
    slope = np.mean((1 / (1 + np.exp(-weight * inputs)) - labels) * inputs)
    return [steps, weight, slope, losses[-1]]


@pytest.mark.parametrize("name", ["slow", "right", "fast"])
def test_it_walks_as_python_does_at_each_learning_rate(opened, name):
    _, figure, data = opened()
    label = {"slow": "Too small", "right": "About right", "fast": "Too large"}[name]
    figure.get_by_role("button", name=label).click()
    figure.get_by_role("button", name="One step").click()
    assert said(figure) == pytest.approx(expected(data, data["rates"][name], 1), abs=6e-4)
    figure.get_by_role("button", name="Ten steps").click()
    assert said(figure) == pytest.approx(expected(data, data["rates"][name], 11), abs=6e-4)
    figure.get_by_role("button", name="Start again").click()
    assert said(figure) == pytest.approx(expected(data, 1.0, 0), abs=6e-4)


def test_the_slider_sets_the_next_step_only(opened):
    _, figure, data = opened()
    figure.locator("[name=rate]").fill("3.2")
    figure.get_by_role("button", name="One step").click()
    before = said(figure)
    assert before == pytest.approx(expected(data, 3.2, 1), abs=6e-4)
    figure.locator("[name=rate]").fill("12")
    assert said(figure) == before
    assert "12.0" in figure.locator("[aria-live]").inner_text()


def test_it_is_operated_by_keyboard_on_a_phone(opened):
    page, figure, data = opened(size="phone", scheme="dark")
    slider = figure.locator("[name=rate]")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    rate = float(slider.input_value())
    assert rate == pytest.approx(data["rates"]["right"] - 1)
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert said(figure) == pytest.approx(expected(data, rate, 1), abs=6e-4)
    for button in figure.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 38
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    found = Axe().run(page, context=".operated-figure.descent")
    assert found.violations_count == 0, found.generate_report()


def test_a_weight_beyond_the_picture_is_told(opened):
    _, figure, _ = opened()
    figure.locator("[name=rate]").fill("60")
    figure.get_by_role("button", name="One step").click()
    assert "left the picture" in figure.locator("[aria-live]").inner_text()
