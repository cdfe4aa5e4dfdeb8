"""The document's model in the page says what PyTorch says with the same weights."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

from companion.in_torch import DocumentCNN, predict

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

SIDE = 28


def unpacked(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def model_of(data):
    """The page's model in PyTorch."""
    model = DocumentCNN((1, SIDE, SIDE))
    layers = [layer for layer in (*model.features, *model.classifier) if hasattr(layer, "weight")]
    assert [layer["units"] for layer in data["layers"]] == [32, 64, 128, 128, 1]
    with torch.no_grad():
        for layer, part in zip(layers, data["layers"], strict=True):
            for name in ("weight", "bias"):
                values = unpacked(part[name], "<f2").astype(np.float32)
                target = getattr(layer, name)
                target.copy_(torch.from_numpy(values.reshape(target.shape)))
    return model


def picture(data, number):
    pixels = unpacked(data["pictures"], "u1").reshape(-1, SIDE, SIDE)
    return (pixels[number] / 255).astype(np.float32)


def expected(data, pixels):
    return predict(model_of(data), np.asarray(pixels, np.float32)[None, None])[0]


def answer(figure):
    """What the figure says, and what it holds behind its rounding."""
    text = figure.locator(".says").inner_text()
    value = float(figure.get_attribute("data-probability"))
    assert text == f"Probability of pneumonia: {value:.3f}"
    return value


@pytest.fixture
def opened(operated):
    def open_figure(**how):
        page, figure, data = operated("5_1_pneumonia", "model_in_page", **how)
        figure.scroll_into_view_if_needed()
        return page, figure, data

    return open_figure


def press_pixel(page, figure, row, column):
    figure.locator("canvas").scroll_into_view_if_needed()
    box = figure.locator("canvas").bounding_box()
    across = box["x"] + (column + 0.5) * box["width"] / SIDE
    down = box["y"] + (row + 0.5) * box["height"] / SIDE
    page.mouse.move(across, down)
    page.mouse.down()
    page.mouse.up()


def test_it_says_what_pytorch_says(opened):
    page, figure, data = opened()
    for number in range(len(data["names"])):
        figure.locator("select[name=picture]").select_option(str(number))
        assert answer(figure) == pytest.approx(expected(data, picture(data, number)), abs=1e-3)
    assert page.problems == []


def test_a_marker_and_more_light_change_it_as_in_pytorch(opened):
    page, figure, data = opened()
    figure.locator("input[name=brightness]").fill("0.2")
    lighter = np.clip(picture(data, 0) + 0.2, 0, 1)
    assert answer(figure) == pytest.approx(expected(data, lighter), abs=1e-3)
    press_pixel(page, figure, 3, 24)
    lighter[2:5, 23:26] = 1
    assert answer(figure) == pytest.approx(expected(data, lighter), abs=1e-3)
    figure.get_by_role("button", name="reset").click()
    assert answer(figure) == pytest.approx(expected(data, picture(data, 0)), abs=1e-3)


def test_a_lung_is_erased_with_the_keyboard_only(opened):
    page, figure, data = opened()
    figure.locator("select[name=brush]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    for key, times in (("ArrowLeft", 7), ("ArrowUp", 2)):
        for _ in range(times):
            page.keyboard.press(key)
    page.keyboard.press(" ")
    pixels = picture(data, 0)
    pixels[9:16, 4:11] = data["mean"]
    assert answer(figure) == pytest.approx(expected(data, pixels), abs=1e-3)
    label = figure.locator("canvas").get_attribute("aria-label")
    assert label.endswith("frame at row 13, column 8")
    assert page.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_works_on_a_phone(opened, scheme):
    page, figure, data = opened(size="phone", scheme=scheme)
    figure.locator("select[name=picture]").select_option("1")
    figure.locator("select[name=brush]").select_option("black")
    press_pixel(page, figure, 0, 0)
    pixels = picture(data, 1)
    pixels[:3, :3] = 0
    assert answer(figure) == pytest.approx(expected(data, pixels), abs=1e-3)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    for control in figure.locator("select, button, input").all():
        assert control.bounding_box()["height"] >= 37
    rules = ["color-contrast", "label", "button-name", "select-name"]
    found = Axe().run(page, context=".model_in_page", options={"runOnly": rules})
    assert found.violations_count == 0, found.generate_report()
