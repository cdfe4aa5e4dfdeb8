"""The figure of chapter 9.2 in which threshold and prevalence are moved, held to scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_score, recall_score

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

SETTINGS = [(0.5, None), (0.93, 10.0), (0.08, 1.0)]


@pytest.fixture
def opened(operated):
    def open_figure(size="wide"):
        page, figure, data = operated("9_2_metrics", "threshold", size=size)
        assert page.problems == []
        return page, figure, np.array(data["labels"]), np.array(data["scores"])

    return open_figure


def shares(figure):
    pairs = zip(figure.locator("dt").all(), figure.locator("dd").all(), strict=True)
    return {name.inner_text(): float(value.inner_text()) for name, value in pairs}


def expected(labels, scores, threshold, prevalence):
    """What scikit-learn says, each film weighed so that the prevalence is as asked."""
    said = scores >= threshold - 1e-12
    weights = np.where(
        labels == 1, prevalence / labels.sum(), (1 - prevalence) / (1 - labels).sum()
    )
    return confusion_matrix(labels, said, sample_weight=weights), {
        "sensitivity": recall_score(labels, said),
        "specificity": recall_score(labels, said, pos_label=0),
        "precision (PPV)": precision_score(labels, said, sample_weight=weights),
        "NPV": precision_score(labels, said, pos_label=0, sample_weight=weights),
    }


@pytest.mark.parametrize(("threshold", "prevalence"), SETTINGS)
def test_it_says_what_scikit_learn_says(opened, threshold, prevalence):
    _, figure, labels, scores = opened()
    figure.locator("[name=threshold]").fill(str(threshold))
    if prevalence is not None:
        figure.locator("[name=prevalence]").fill(str(prevalence))
    percent = float(figure.locator("[name=prevalence]").input_value())
    counts, right = expected(labels, scores, threshold, percent / 100)
    assert shares(figure) == pytest.approx(right, abs=6e-4)
    (tn, fp), (fn, tp) = np.round(1000 * counts)
    shown = [int(cell.split()[0]) for cell in figure.locator("td").all_inner_texts()]
    assert shown == pytest.approx([tp, fn, fp, tn], abs=1)


def test_it_is_operated_by_keyboard_on_a_phone(opened):
    page, figure, *_ = opened("phone")
    before = shares(figure)
    figure.locator("[name=threshold]").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    after = shares(figure)
    assert after["specificity"] > before["specificity"]
    assert after["precision (PPV)"] < before["precision (PPV)"]
    assert "0.70" in figure.locator("[aria-live]").inner_text()
    box = figure.locator("[name=threshold]").bounding_box()
    assert box["height"] >= 38
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_an_alarm_that_nobody_raises_has_no_precision(opened):
    _, figure, *_ = opened()
    figure.locator("[name=threshold]").fill("1")
    assert figure.locator("dd").nth(2).inner_text() == "none"


def test_the_still_picture_gives_place_and_returns_in_print(opened):
    page, figure, *_ = opened()
    still = page.locator("#fig-threshold img")
    assert not still.is_visible()
    page.emulate_media(media="print")
    assert still.is_visible()
    assert not figure.is_visible()
