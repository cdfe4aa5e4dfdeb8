"""Figures that a reader operates: what a cell hands to the page, and what is stored of it."""

import base64
import json
import re

import nbformat
import notebooks
import numpy as np
import pytest
import tolerance

from companion.pages import operate, packed


def data_of(figure):
    return json.loads(re.search(r'json">(.*)</script>', figure._repr_html_())[1])


def test_the_page_gets_the_numbers_that_the_cell_had():
    figure = operate(
        "threshold", {"scores": np.float32([0.25, 1]), "n": np.int64(2)}, still="fig-t"
    )
    assert data_of(figure) == {"scores": [0.25, 1.0], "n": 2}
    assert 'data-figure="threshold" data-still="fig-t"' in figure._repr_html_()


def test_data_cannot_close_the_element_that_holds_it():
    figure = operate("x", {"text": "</script><b>"}, still="fig-x")
    assert figure._repr_html_().count("</script>") == 1
    assert data_of(figure) == {"text": "</script><b>"}


@pytest.mark.parametrize("value", [np.nan, np.array([np.inf]), {"a": float("nan")}])
def test_a_number_that_is_none_is_refused_in_the_cell(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        operate("x", {"value": value}, still="fig-x")


def test_what_json_does_not_hold_is_named():
    with pytest.raises(TypeError, match="got set"):
        operate("x", {"value": {1}}, still="fig-x")


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "u1"])
def test_packed_numbers_come_back(dtype, rng):
    values = rng.integers(0, 256, (3, 4)) if dtype == "u1" else rng.normal(size=(3, 4))
    back = np.frombuffer(base64.b64decode(packed(values, dtype)), dtype).reshape(3, 4)
    np.testing.assert_allclose(back, values, rtol=1e-3)


@pytest.mark.parametrize(
    ("values", "dtype"), [([1e6], "<f2"), ([np.nan], "<f4"), ([1.5], "u1"), ([300], "u1")]
)
def test_numbers_that_do_not_fit_are_refused(values, dtype):
    with pytest.raises(ValueError, match="values must be finite and fit into"):
        packed(np.array(values), dtype)


def output_of(scores):
    html = operate("threshold", {"scores": scores}, still="fig-t")._repr_html_()
    return nbformat.v4.new_output("execute_result", {"text/html": html, "text/plain": "figure"})


def test_of_a_figures_data_nothing_is_stored_and_nothing_compared():
    cell = nbformat.v4.new_code_cell("operate()", outputs=[output_of([0.5, 0.25])])
    notebooks.comparable(nbformat.v4.new_notebook(cells=[cell]))
    stored = cell.outputs[0].data["text/html"]
    assert "0.25" not in stored
    assert 'data-figure="threshold"' in stored

    def clean(text):
        return notebooks.FIGURE_DATA.sub(r"\1\2", text)

    assert tolerance.difference(cell.outputs, [output_of([0.75])], None, clean) is None
    other = nbformat.v4.new_output("execute_result", {"text/html": "<p>", "text/plain": "figure"})
    assert tolerance.difference(cell.outputs, [other], None, clean)


def test_a_notebook_says_where_its_figure_can_be_operated(tmp_path):
    page = tmp_path / "9_9_x.md"
    page.write_text(
        "---\njupytext:\n  text_representation:\n    format_name: myst\n---\n# T\n\n"
        "```{code-cell} ipython3\noperate('threshold', {}, still='fig-t')\n```\n",
        "utf8",
    )
    *_, last = notebooks.make_notebook(page).cells
    assert last.cell_type == "markdown"
    assert "book/9_9_x.html" in last.source
