"""The kernel laboratory of chapter 3.1: what it shows is what Python computes."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from pydicom.data import get_testdata_file

from companion.by_hand import avg_pool2d, conv2d, receptive_fields
from companion.data import read_dicom

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

EDGE = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], float)
OWN = np.array([[0, 1.5, 0], [-0.25, 0, 2], [0, 0, -3]])


@pytest.fixture(scope="module")
def film():
    """The film at 112 x 112, as 8-bit pixels carry it."""
    pixels = read_dicom(get_testdata_file("RG1_UNCR.dcm")).pixels
    full = pixels[80 : 80 + 1792, 24 : 24 + 1792].astype(float)
    return (avg_pool2d(avg_pool2d(full[None, None], 8), 2) * 255).round() / 255


@pytest.fixture
def open_laboratory(operated):
    """Open the page and wait for its figure."""

    def open_page(**options):
        return operated("3_1_cnn", "kernel_laboratory", **options)[:2]

    return open_page


def numbers(text):
    return [float(n.replace("\u2212", "-")) for n in re.findall(r"[\u2212-]?\d+(?:\.\d+)?", text)]


def shown(laboratory):
    """Return row, column and value of the chosen place, counted from zero."""
    row, column, value = numbers(laboratory.locator("output").inner_text())
    return int(row) - 1, int(column) - 1, value


def click(laboratory, row, column, places=110):
    surface = laboratory.locator(".map .surface")
    box = surface.bounding_box()
    at = {"x": (column + 0.5) / places * box["width"], "y": (row + 0.5) / places * box["height"]}
    surface.click(position=at)


def compare(laboratory, film, kernel, row, column):
    """Compare value, products and range of the map with Python's."""
    right = conv2d(film, kernel[None, None])[0, 0]
    assert shown(laboratory) == (row, column, pytest.approx(right[row, column], abs=6e-4))
    products = [numbers(text)[0] for text in laboratory.locator(".products b").all_inner_texts()]
    window = film[0, 0, row : row + 3, column : column + 3]
    np.testing.assert_allclose(products, (window * kernel).ravel(), atol=6e-3)
    ends = numbers(laboratory.locator(".range").inner_text())
    assert ends == pytest.approx([right.min(), right.max()], abs=6e-4)


@pytest.mark.parametrize(
    ("name", "kernel", "place"),
    [
        ("levels", EDGE.T, (40, 21)),
        ("blur", np.full((3, 3), 1 / 9), (0, 109)),
        ("own", OWN, (67, 83)),
    ],
)
def test_values_are_pythons(open_laboratory, film, name, kernel, place):
    page, laboratory = open_laboratory()
    compare(laboratory, film, EDGE, 73, 82)
    if name == "own":
        for field, weight in zip(laboratory.locator("input").all(), kernel.flat, strict=True):
            field.fill(str(weight))
        assert laboratory.locator("select[name=kernel]").input_value() == "own"
    else:
        laboratory.locator("select[name=kernel]").select_option(name)
        typed = [float(field.input_value()) for field in laboratory.locator("input").all()]
        np.testing.assert_allclose(typed, kernel.ravel(), atol=6e-4)
    click(laboratory, *place)
    compare(laboratory, film, kernel, *place)
    assert page.problems == []


def test_the_kernel_learned_on_the_page_is_nearly_the_edge(open_laboratory, film):
    _, laboratory = open_laboratory()
    laboratory.locator("select[name=kernel]").select_option("learned")
    typed = [float(field.input_value()) for field in laboratory.locator("input").all()]
    np.testing.assert_allclose(np.reshape(typed, (3, 3)), EDGE, atol=0.2)
    compare(laboratory, film, np.reshape(typed, (3, 3)), 73, 82)


def test_it_is_operated_by_keyboard(open_laboratory, film):
    page, laboratory = open_laboratory()
    laboratory.locator("select[name=kernel]").focus()
    page.keyboard.press("ArrowDown")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("-2.5")
    kernel = EDGE.T.copy()
    kernel[0, 0] = -2.5
    for _ in range(9):
        page.keyboard.press("Tab")
    for key in ("Shift+ArrowUp", "ArrowUp", "ArrowLeft", "Shift+ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    compare(laboratory, film, kernel, 62, 72)
    assert page.problems == []


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_receptive_fields_are_the_pixels_that_a_gradient_reaches(open_laboratory, depth):
    _, laboratory = open_laboratory()
    laboratory.locator("select[name=depth]").select_option(str(depth))
    click(laboratory, 51, 30)
    frames = laboratory.locator(".film rect").all()
    assert len(frames) == depth
    x, y, size = (int(frames[-1].get_attribute(key)) for key in ("x", "y", "width"))
    stack = [("conv 1", 3, 1), ("pool 1", 2, 2), ("conv 2", 3, 1), ("pool 2", 2, 2)]
    assert size == receptive_fields([*stack, ("conv 3", 3, 1)])[f"conv {depth}"]
    layers = [torch.nn.Conv2d(1, 1, 3)]
    for _ in range(depth - 1):
        layers += [torch.nn.AvgPool2d(2), torch.nn.Conv2d(1, 1, 3)]
    grey = torch.rand((1, 1, 112, 112), requires_grad=True)
    jump = 2 ** (depth - 1)
    torch.nn.Sequential(*layers)(grey)[0, 0, y // jump, x // jump].backward()
    touched = np.argwhere(grey.grad[0, 0].numpy() != 0)
    assert touched.min(axis=0).tolist() == [y, x]
    assert touched.max(axis=0).tolist() == [y + size - 1, x + size - 1]
    assert abs(y + size / 2 - 52.5) <= jump / 2
    assert abs(x + size / 2 - 31.5) <= jump / 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_a_finger(open_laboratory, film, scheme):
    page, laboratory = open_laboratory(size="phone", scheme=scheme)
    click(laboratory, 20, 60)
    compare(laboratory, film, EDGE, 20, 60)
    for control in laboratory.locator("select, input").all():
        assert control.bounding_box()["height"] >= 40
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.problems == []
    found = Axe().run(page, context=".kernel_laboratory")
    assert found.violations_count == 0, found.generate_report()
