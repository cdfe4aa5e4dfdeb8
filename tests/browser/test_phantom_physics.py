"""The phantom's physics in the page is that of companion.data, and its noise is Poisson's."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from companion.data import (
    Paths,
    contrast_to_noise,
    distance_mm,
    expected_counts,
    path_lengths,
    place_lesion,
)

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

#: Energy in keV, photons in thousands, share of scatter, diameter in mm, and arrow keys.
SETTINGS = [(60, 2.5, 0.2, 24, []), (40, 0.5, 0.5, 16, ["ArrowUp"] * 4), (
    80, 20, 0.75, 36, ["ArrowRight"] * 25 + ["ArrowDown"] * 3,
)]  # fmt: skip
MOVES = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowLeft": (0, -1), "ArrowRight": (0, 1)}


@pytest.fixture
def opened(operated):
    def open_figure(**how):
        page, figure, data = operated("1_background", "phantom_physics", **how)
        figure.scroll_into_view_if_needed()
        return page, figure, data

    return open_figure


def paths_of(data):
    parts = (
        np.frombuffer(base64.b64decode(data[name]), "<f4") for name in ("body", "bone", "lung")
    )
    return Paths(*(part.reshape(data["size"], -1).astype(float) for part in parts))


def expected(data, energy, photons, scatter, diameter, row, column):
    paths = paths_of(data)
    how = {"energy_kev": energy, "photons": 1000 * photons, "scatter": scatter}
    ill = expected_counts(place_lesion(paths, row, column, diameter), **how)
    region = distance_mm(paths, row, column) <= diameter / 4
    contrast, ratio = contrast_to_noise(expected_counts(paths, **how), ill, region)
    return {"contrast": contrast, "ratio": ratio, "total": ill.sum(), "behind": ill[region].mean()}


def shown(figure):
    held = {n: float(figure.get_attribute(f"data-{n}")) for n in ("contrast", "ratio", "total")}
    text = {
        n: figure.locator(f"dd[data-value={n}]").inner_text()
        for n in ("contrast", "ratio", "counts")
    }
    assert text["contrast"] == f"{100 * held['contrast']:.1f} %"
    assert text["ratio"] == f"{held['ratio']:.2f}"
    return held, float(text["counts"])


def test_the_page_got_the_phantom_of_the_package(opened):
    _, _, data = opened()
    ours = path_lengths(np.random.default_rng(1), size=data["size"])
    for theirs, part in zip(vars(paths_of(data)).values(), vars(ours).values(), strict=True):
        np.testing.assert_allclose(theirs, part, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("energy", "photons", "scatter", "diameter", "keys"), SETTINGS)
def test_it_counts_what_python_counts(opened, energy, photons, scatter, diameter, keys):
    page, figure, data = opened()
    for name, value in {
        "energy": energy, "photons": photons, "scatter": scatter, "diameter": diameter,
    }.items():  # fmt: skip
        figure.locator(f"[name={name}]").fill(str(value))
    figure.locator("canvas").focus()
    row, column = data["start"]["row"], data["start"]["column"]
    for key in keys:
        page.keyboard.press(key)
        row, column = row + MOVES[key][0], column + MOVES[key][1]
    right = expected(data, energy, photons, scatter, diameter, row, column)
    found, behind = shown(figure)
    assert behind == pytest.approx(right.pop("behind"), abs=0.51)
    assert found == pytest.approx(right, rel=1e-5, abs=1e-9)
    assert f"row {row + 1}, column {column + 1}" in figure.locator("canvas").get_attribute(
        "aria-label"
    )
    assert page.problems == []


@pytest.mark.parametrize("photons", ["0.1", "20"])
def test_the_noise_has_the_standard_deviation_of_the_root(opened, photons):
    _, figure, _ = opened()
    figure.locator("[name=photons]").fill(photons)
    again = figure.get_by_role("button", name="New photons")
    spreads = []
    for _ in range(10):
        again.click()
        spreads.append(float(figure.get_attribute("data-spread")))
    assert len(set(spreads)) == 10, "every click draws new photons"
    assert np.mean(spreads) == pytest.approx(1, abs=0.02)


def test_noise_and_outline_can_be_taken_away(opened):
    _, figure, _ = opened()
    canvas = figure.locator("canvas")
    for name in ("Noise", "Outline"):
        figure.get_by_role("button", name=name).click()
        assert figure.get_by_role("button", name=name).get_attribute("aria-pressed") == "false"
    clean = canvas.evaluate("c => c.toDataURL()")
    figure.get_by_role("button", name="New photons").click()
    assert canvas.evaluate("c => c.toDataURL()") == clean


def test_it_is_operated_by_keyboard_only(opened):
    page, figure, data = opened()
    figure.locator("[name=energy]").focus()
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    page.keyboard.press("ArrowDown")
    start = data["start"]
    right = expected(
        data, 40, 2.5, start["scatter"], start["diameter"], start["row"] + 1, start["column"]
    )
    found, _ = shown(figure)
    assert found["contrast"] == pytest.approx(right["contrast"], rel=1e-5)
    assert found["contrast"] > 0.1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_works_on_a_phone_by_touch(opened, scheme):
    page, figure, data = opened(size="phone", scheme=scheme, touch=True)
    figure.locator("canvas").scroll_into_view_if_needed()
    box = figure.locator("canvas").bounding_box()
    side = box["width"] / data["size"]
    figure.locator("canvas").tap(position={"x": 44.5 * side, "y": 30.5 * side})
    assert (figure.get_attribute("data-row"), figure.get_attribute("data-column")) == ("30", "44")
    start = data["start"]
    right = expected(data, 60, 2.5, start["scatter"], start["diameter"], 30, 44)
    assert shown(figure)[0]["ratio"] == pytest.approx(right["ratio"], rel=1e-5)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    for control in figure.locator("button, input").all():
        assert control.bounding_box()["height"] >= 38
    rules = ["color-contrast", "label", "button-name"]
    found = Axe().run(page, context=".phantom_physics", options={"runOnly": rules})
    assert found.violations_count == 0, found.generate_report()
    assert page.problems == []
