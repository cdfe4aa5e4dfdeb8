"""MyST becomes the plain Markdown that Jupyter and Colab show."""

from __future__ import annotations

import re

import pytest
from myst_to_markdown import Numbers, UnknownMarkup, convert
from notebooks import make_notebook, sources
from page_parts import colab_address, site_address, text_address


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("```{note}\nOne.\n```", "> **Note**\n>\n> One."),
        ("```{note} Short one.\n```", "> **Note**\n>\n> Short one."),
        (":::{admonition} A trap\n:class: warning\nTwo.\n:::", "> **A trap**\n>\n> Two."),
        (
            ":::{admonition} More\n:class: dropdown\nThree.\n:::",
            "<details>\n<summary>More</summary>\n\nThree.\n\n</details>",
        ),
        ("```{math}\n:label: a\nx^2\n```", "$$\nx^2\n$$"),
        (
            "```{raw} html\n<div></div>\n```",
            f"*On [the book's page]({site_address('book/4_math')}) "
            "there is a figure here that you can operate.*",
        ),
        ("(target)=\n# Title", "# Title"),
        ("```{index} single: loss\n```\n# Loss", "# Loss"),
        ("% a comment\ntext", "text"),
        ("```{index} single: loss\n```\ntext", "text"),
        ("```python\n{not}`a role`\n```", "```python\n{not}`a role`\n```"),
        ("{term}`AUROC` and {math}`x`", "AUROC and $x$"),
        ("{py:func}`companion.data.images.read_image`", "`companion.data.images.read_image`"),
        ("```{figure} a.png\n:alt: what\n\nCaption.\n```", "![what](a.png)\n\n*Caption.*"),
        (
            "::::{tab-set}\n:::{tab-item} Keras\nA\n:::\n:::{tab-item} PyTorch\nB\n:::\n::::",
            "**Keras**\n\nA\n\n\n**PyTorch**\n\nB",
        ),
        ("{doc}`text <errata>`", f"[text]({colab_address('book/errata')})"),
        ("{doc}`notation`", f"[Notation]({text_address('book/notation')})"),
        (
            "{cite:t}`zech2018`",
            "[Zech et al. (2018)](https://doi.org/10.1371/journal.pmed.1002683)",
        ),
        ("{cite:p}`kingma2015`", "([Kingma and Ba 2015](https://arxiv.org/abs/1412.6980))"),
    ],
)
def test_markup_becomes_plain_markdown(myst, markdown):
    assert convert(myst, Numbers("book/4_math")) == markdown


def test_nested_directives_are_turned_inside_out():
    myst = "````{note}\nA\n```{tip}\nB\n```\n````"
    assert convert(myst, Numbers()) == "> **Note**\n>\n> A\n>\n> > **Tip**\n> >\n> > B\n>"


def test_exercises_are_numbered_through_the_page():
    numbers = Numbers()
    first = convert("```{exercise} Count\n:label: a\nDo.\n```", numbers)
    second = convert("```{exercise}\n:label: b\nDo.\n```\nSee {ref}`a`.", numbers)
    solution = convert("```{solution-start} b\n:class: dropdown\n```", numbers)
    assert first.startswith("### Exercise 1: Count\n\nDo.")
    assert second.startswith("### Exercise 2\n\nDo.")
    assert second.endswith("See exercise 1.")
    assert "exercise 2" in solution


def test_what_has_no_plain_form_stops_the_sync():
    for unknown in ("```{mermaid}\nx\n```", "{kbd2}`x`"):
        with pytest.raises(UnknownMarkup, match="no form in plain Markdown yet"):
            convert(unknown, Numbers())
    with pytest.raises(UnknownMarkup, match="no end of"):
        convert("```{note}\nnever closed", Numbers())


@pytest.mark.parametrize("page", sources(), ids=lambda page: page.stem)
def test_no_link_of_a_notebook_leads_to_a_file_beside_it(page):
    """A copy saved to a drive has no neighbours."""
    for cell in make_notebook(page).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"^(`{3,}).*?^\1$", "", cell.source, flags=re.S | re.M)
            for target in re.findall(r"\]\(([^)]*)\)", text):
                assert target.startswith("https://"), target
