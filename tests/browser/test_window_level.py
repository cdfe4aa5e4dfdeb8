"""The window of the CT slices of chapters 2 and 6.1: every pixel on the canvas is Python's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from pydicom.data import get_testdata_file

from companion.data import read_dicom

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

SLICE = get_testdata_file("explicit_VR-UN.dcm")
PART = np.s_[120:410, 75:450]

GREYS = """
canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return Array.from({ length: data.length / 4 }, (_, k) => data[4 * k]);
}
"""


@pytest.fixture
def opened(operated):
    def open_figure(**how):
        page, figure, data = operated("2_concepts", "window_level", **how)
        assert page.problems == []
        return page, figure, data

    return open_figure


def greys(window):
    """The part of the slice that the page shows, in 256 greys, as Python reads it."""
    return np.round(255 * read_dicom(SLICE, window=window).pixels[::-1][PART].astype(float))


def shown(figure, shape):
    return np.array(figure.locator("canvas").evaluate(GREYS)).reshape(shape)


def said(figure):
    text = figure.locator("[aria-live]").inner_text().replace("\u2212", "-")
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("name", ["Lung", "Soft tissue", "Bone"])
def test_a_preset_draws_what_python_reads(opened, name):
    _, figure, data = opened()
    figure.get_by_role("button", name=name).click()
    right = greys(data["presets"][name.lower().split()[0]])
    np.testing.assert_array_equal(shown(figure, right.shape), right)


@pytest.mark.parametrize("name", ["Body", "Lung"])
def test_chapter_6_1_draws_its_piece_of_a_chest(operated, name):
    page, figure, data = operated("6_1_diagnosis", "window_level")
    assert page.problems == []
    buttons = figure.get_by_role("button")
    assert buttons.all_inner_texts() == ["Body", "Lung"]
    window = data["presets"][name.lower()]
    image = read_dicom(get_testdata_file("CT_small.dcm"), window=window)
    right = np.round(255 * image.pixels.astype(float))
    if name != "Body":  # with which it begins
        figure.get_by_role("button", name=name).click()
    np.testing.assert_array_equal(shown(figure, right.shape), right)
    low, high, row, column, value, *_ = said(figure)
    assert (low, high) == image.window
    assert [row - 1, column - 1] == data["place"]
    assert value == image.values[tuple(data["place"])]


@pytest.mark.parametrize(("center", "width"), [(100, 105), (-100, 5), (250, 3000)])
def test_the_sliders_draw_what_python_reads(opened, center, width):
    _, figure, _ = opened()
    figure.locator("[name=center]").fill(str(center))
    figure.locator("[name=width]").fill(str(width))
    image = read_dicom(SLICE, window=(center, width))
    right = greys((center, width))
    np.testing.assert_array_equal(shown(figure, right.shape), right)
    low, high, row, column, value, grey, _ = said(figure)
    assert (low, high) == image.window
    place = int(row) - 1, int(column) - 1
    assert value == image.values[::-1][PART][place]
    assert grey == right[place]


def test_the_histogram_counts_every_pixel(opened):
    _, figure, data = opened()
    values = read_dicom(SLICE).values[::-1][PART]
    edges = data["first"] + data["step"] * np.arange(len(data["counts"]) + 1)
    assert data["counts"] == np.histogram(values, edges)[0].tolist()
    assert figure.locator("rect.bar").count() == np.count_nonzero(data["counts"])


def test_it_is_operated_by_keyboard_on_a_phone(opened):
    page, figure, data = opened(size="phone", scheme="dark")
    width = figure.locator("[name=width]")
    width.focus()
    page.keyboard.press("Home")
    low, high = said(figure)[:2]
    assert high - low == 4
    figure.get_by_role("application").focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowLeft")
    row, column = data["place"]
    assert said(figure)[2:4] == [row + 11, column]
    for button in figure.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 38
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    found = Axe().run(page, context=".operated-figure.window_level")
    assert found.violations_count == 0, found.generate_report()


def test_a_click_chooses_the_pixel_under_it(opened):
    _, figure, data = opened()
    box = figure.locator("canvas").bounding_box()
    at = {
        "x": (200.5 / data["columns"]) * box["width"],
        "y": (100.5 / data["rows"]) * box["height"],
    }
    figure.locator(".surface").click(position=at)
    assert said(figure)[2:4] == pytest.approx(
        [101, 201], abs=1
    )  # a pixel is less than one of the screen
