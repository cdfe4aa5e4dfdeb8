"""Terms: the link shows what the glossary says, and the search leads to it."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

#: What readers look for; each finds its section or its entry in the glossary.
SOUGHT = (
    "neuron", "loss", "gradient descent", "learning rate", "batch", "epoch", "backpropagation",
    "chain rule", "overfitting", "generalisation", "test split", "feature map", "receptive field",
    "softmax", "false positive", "sensitivity", "recall", "specificity", "precision", "PPV", "F1",
    "ROC", "AUROC", "calibration", "confidence interval", "opacity", "consolidation", "infiltrate",
    "effusion", "window and level", "Hounsfield unit", "slice", "series", "神经元", "灵敏度",
    "leakage", "conformal", "out-of-distribution detection", "kappa", "U-Net", "Dice coefficient",
    "Hausdorff distance", "gray", "fraction", "organ at risk", "dose-volume histogram",
    "planning target volume", "Bragg peak", "proton", "hazard", "censoring", "Kaplan–Meier",
    "partial likelihood", "C-index", "immortal time", "log-rank test", "ImageNet", "pickle",
    "safetensors", "checksum", "transfer learning", "ONNX", "confident learning", "label errors",
    "federated learning", "membership inference", "differential privacy", "drift",
    "distribution shift", "residual network", "label smoothing", "weight decay", "ensemble",
    "test-time augmentation", "bfloat16", "throughput", "shard", "memory map", "hyperparameter",
    "expert system", "multimodal learning", "radiology reports", "风险比", "联邦学习",
)  # fmt: skip


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_term_shows_its_meaning_at_the_pointer_and_by_keyboard(visit, size):
    page = visit("index", size=size, scheme="dark" if size == "phone" else "light")
    link = page.locator("article a.term", has_text="phantom")
    note = page.get_by_role("tooltip")
    assert not note.is_visible()
    assert link.get_attribute("title") is None
    link.hover()
    assert note.is_visible()
    assert "synthetic film" in note.inner_text()
    assert "体模" in note.inner_text()
    box = note.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    page.keyboard.press("Escape")
    assert not note.is_visible()
    page.mouse.move(1, 1)
    link.focus()
    assert note.is_visible()
    assert link.get_attribute("aria-describedby") == note.get_attribute("id")
    page.keyboard.press("Tab")
    page.locator("article a.term", has_text="shortcut").focus()
    assert "goes with the label" in note.inner_text()
    page.locator("article a.term", has_text="shortcut").press("Enter")
    page.wait_for_url("**/glossary.html#term-shortcut")
    assert page.problems == []


def test_the_first_tap_shows_and_the_second_follows(visit):
    page = visit("index", size="phone", touch=True)
    link = page.locator("article a.term", has_text="phantom")
    link.tap()
    note = page.get_by_role("tooltip")
    assert note.is_visible()
    assert page.url.endswith("index.html")
    page.locator("article h1").tap()
    assert not note.is_visible()
    link.tap()
    assert note.is_visible()
    link.tap()
    page.wait_for_url("**/glossary.html#term-phantom")


def test_search_finds_the_section_or_the_entry_of_each_term(visit, book):
    search = (book / "search.html").as_uri()
    page = visit(f"{search}?q=unknown")
    for term in SOUGHT:
        page.goto(f"{search}?q={term.replace(' ', '+')}")
        page.wait_for_selector("#search-results li a")
        links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
        first = [link.partition("?")[0] + "#" + link.partition("#")[2] for link in links[:2]]
        found = [link for link in first if "glossary.html#term-" in link or "#index-" in link]
        assert found, f"{term}: {first}"
