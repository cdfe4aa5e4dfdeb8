"""The gate stepper of chapter 3.2 computes what the companion computes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from companion.by_hand import LSTMState, RecurrentParameters, gru, lstm

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def computed(kind, data, x, h, c):
    """Return every quantity of one step, from the companion's unrolled layers."""
    order = "ifgo" if kind == "lstm" else "rzn"
    w, v, b = np.array([data[kind][name][:3] for name in order]).T
    inner = np.zeros(len(order))
    if kind == "gru":
        inner[2] = data[kind]["n"][3]
    parameters = RecurrentParameters(w[None], v[None], b, inner)
    inputs, old = np.array([[[float(x)]]]), np.array([[float(h)]])
    if kind == "lstm":
        _, last, gates = lstm(
            inputs, parameters, LSTMState(old, np.array([[float(c)]])), return_gates=True
        )
        states = {"c_new": last.cell.item(), "h_new": last.hidden.item()}
    else:
        _, last, gates = gru(inputs, parameters, old, return_gates=True)
        states = {"h_new": last.item()}
    return {name: gate.item() for name, gate in zip(order, gates, strict=True)} | states


def shown(figure):
    """Step to the end and return every quantity that the list of formulas gives."""
    step = figure.get_by_role("button", name="Next gate")
    while step.is_enabled():
        step.click()
    items = figure.locator(".formulas li").all()
    return {
        item.get_attribute("data-name"): float(
            item.locator("strong").inner_text().replace("\u2212", "-")
        )
        for item in items
    }


def move(figure, name, value):
    """Move a slider as a script would."""
    figure.locator(f"input[name={name}]").fill(f"{value:.2f}")


def agree(found, wanted):
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, abs=6e-5), name


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize(("x", "h", "c"), [(0.8, 0.1, -0.5), (-1.37, 0.66, 1.9), (2, -1, -2)])
def test_every_gate_is_what_the_companion_computes(operated, kind, x, h, c):
    page, figure, data = operated("3_2_rnn", "gate_stepper")
    figure.locator("select").select_option(kind)
    for name, value in {"x": x, "h": h, "c": c}.items():
        if name != "c" or kind == "lstm":
            move(figure, name, value)
    agree(shown(figure), computed(kind, data, x, h, c))
    assert page.problems == []


def test_it_starts_with_the_example_that_the_page_prints(operated):
    page, figure, _ = operated("3_2_rnn", "gate_stepper")
    printed = page.get_by_text("forget gate 0.").first.inner_text()
    of_page = [float(n.replace("\u2212", "-")) for n in re.findall(r"-?\d\.\d{3}", printed)][:4]
    found = shown(figure)
    assert [round(found[name], 3) for name in "figo"] == pytest.approx(of_page, abs=1e-3)


def test_a_next_time_step_hands_the_state_on(operated):
    _, figure, data = operated("3_2_rnn", "gate_stepper")
    first = shown(figure)
    figure.get_by_role("button", name="Next time step").click()
    h, c = round(first["h_new"], 2), round(first["c_new"], 2)
    agree(shown(figure), computed("lstm", data, 0.8, h, c))
    figure.get_by_role("button", name="Start again").click()
    agree(shown(figure), first)


def test_it_is_operated_by_keyboard_only(operated):
    page, figure, data = operated("3_2_rnn", "gate_stepper")
    figure.locator("select").focus()
    page.keyboard.press("Tab")
    for _ in range(30):
        page.keyboard.press("ArrowRight")  # the input goes from 0.80 to 1.10
    for _ in range(3):
        page.keyboard.press("Tab")
    for _ in range(5):
        page.keyboard.press("Enter")
    wanted = computed("lstm", data, 1.1, 0.1, -0.5)
    spoken = figure.locator("[aria-live]").inner_text()
    assert spoken.startswith("new hidden state: ")
    assert float(spoken.split(": ")[1].replace("\u2212", "-")) == pytest.approx(
        wanted["h_new"], abs=6e-5
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(operated, scheme):
    page, figure, data = operated("3_2_rnn", "gate_stepper", size="phone", scheme=scheme)
    figure.scroll_into_view_if_needed()
    figure.locator("select").select_option("gru")
    agree(shown(figure), computed("gru", data, 0.8, 0.1, 0))
    for control in figure.locator("button, select, input").all():
        if control.is_visible():
            assert control.bounding_box()["height"] >= 36
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.evaluate("document.documentElement.clientWidth")
    right = figure.bounding_box()
    assert right["x"] + right["width"] <= 390
    assert page.problems == []
