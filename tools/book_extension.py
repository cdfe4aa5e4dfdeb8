"""Sphinx extension: fills in the parts that pages share while they are read and written."""

from __future__ import annotations

import ast
import os
import shutil
from pathlib import Path

from docutils import nodes
from kernels import CALM
from page_parts import add_banner, fill_setup
from sphinx_design.shared import create_component

#: Code cells with these tags, one after the other, become the tabs of one set.
TABS = {"tag_tab-numpy": "NumPy", "tag_tab-torch": "PyTorch", "tag_tab-keras": "Keras"}


def on_source_read(app, docname, source):
    """Fill in the setup cell and the banner of a page that is a notebook."""
    if source[0].startswith("---\njupytext:"):
        cost = "{glue:text}`cost`" if "show_cost()" in source[0] else ""
        source[0] = fill_setup(add_banner(source[0], "_static/colab.svg", docname, cost))


class UnsearchedCode(nodes.literal_block):
    """Code, or what it printed, that looks as ever but that the search does not know.

    Sphinx's index collects the text nodes of a page; this block's text is in ``rawsource`` only.
    Excerpts of hits are cut from the page's HTML: search.js leaves out the class "unsearched".
    """

    def astext(self):
        """Return what is shown."""
        return self.rawsource


def show_unsearched_code(translator, node):
    """Draw the block as any other block of code."""
    translator.visit_literal_block(node)


def on_doctree_read(app, doctree):
    """Change what Sphinx made of a page's cells, exercises and solutions."""
    leave_out_the_second_cost(doctree)
    hide_from_search(doctree)
    number_contents(doctree)
    gather_tabs(doctree)


def cells_of(doctree):
    """Return the code cells of a page, each with its code."""
    for cell in list(doctree.findall(nodes.container)):
        if _is(cell, "cell_code"):
            sources = [part for part in cell if _is(part, "cell_code_source")]
            blocks = [block for part in sources for block in part.findall(nodes.literal_block)]
            yield cell, "\n".join(block.astext() for block in blocks)


def _is(node, element):
    return isinstance(node, nodes.container) and node.get("nb_element") == element


def leave_out_the_second_cost(doctree):
    """Remove the cell that measures the page's cost: its sentence stands under the title."""
    for cell, code in cells_of(doctree):
        if code.strip() == "show_cost()":
            cell.parent.remove(cell)


def hide_from_search(doctree):
    """Keep set-up and imports, with what they print, from standing before the prose in a search."""
    for cell, code in cells_of(doctree):
        is_setup = code.startswith("# @title Setup")
        if is_setup or _mostly_imports(code):
            cell["classes"] += ["setup"] if is_setup else []
            for block in list(cell.findall(nodes.literal_block)):
                shown = UnsearchedCode(block.rawsource, **block.attributes)
                shown["classes"] = [*block["classes"], "unsearched"]
                block.replace_self(shown)


def _mostly_imports(code):
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # a cell in IPython's own language
        return False
    imports = sum(isinstance(statement, ast.Import | ast.ImportFrom) for statement in statements)
    return imports > len(statements) / 2


def number_contents(doctree):
    """Give the contents of each exercise and solution an id of its own."""
    for name in ("exercise-content", "solution-content"):
        sections = [node for node in doctree.findall(nodes.section) if name in node["ids"]]
        for number, section in enumerate(sections, 1):
            section["ids"] = [f"{name}-{number}"]


def gather_tabs(doctree):
    """Gather neighbouring cells that show one thing in several frameworks into tabs.

    A cell inside a directive would not be executed, hence the tags.
    """
    for cell in list(doctree.findall(nodes.container)):
        if cell.parent is None or _tab(cell) is None:
            continue
        place = cell.parent.index(cell)
        group = [cell]
        for other in cell.parent.children[place + 1 :]:
            if _tab(other) is None or _tab(other) in map(_tab, group):
                break
            group.append(other)
        tabs = create_component("tab-set", classes=["sd-tab-set"])
        cell.parent.insert(place, tabs)
        for member in group:
            member.parent.remove(member)
            label = nodes.rubric("", _tab(member), classes=["sd-tab-label"])
            label["sync_group"], label["sync_id"] = "framework", _tab(member)
            content = create_component("tab-content", classes=["sd-tab-content"], children=[member])
            tabs += create_component(
                "tab-item", classes=["sd-tab-item"], children=[label, content], selected=False
            )


def _tab(node):
    """Return the title of the tab that a cell is to become, or None."""
    tags = node.get("classes", []) if isinstance(node, nodes.container) else []
    inside = isinstance(node.parent, nodes.container) and "sd-tab-content" in node.parent["classes"]
    return None if inside else next((TABS[tag] for tag in tags if tag in TABS), None)


def on_numbers_assigned(app, env):
    """Count figures and exercises anew on each page, as its notebook does."""
    for kinds in env.toc_fignumbers.values():
        for numbers in kinds.values():
            before = min(number for (*_, number) in numbers.values()) - 1
            for identity, (*section, number) in numbers.items():
                numbers[identity] = (*section, number - before)
    return []


def on_page_context(app, pagename, templatename, context, doctree):
    """Offer the committed notebook for download; leave out thebe, which the book does not use.

    MyST-NB would offer the page's own source in cells, with directives that Jupyter doesn't know.
    """
    committed = Path(app.srcdir, pagename).with_suffix(".ipynb")
    if context.get("ipynb_source") and committed.is_file():
        shutil.copyfile(committed, Path(app.outdir, "_sources", context["ipynb_source"]))
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in f"{script} {getattr(script, 'attributes', '')}".lower()
    ]


def setup(app):
    """Register with Sphinx."""
    os.environ.update(CALM)
    app.add_node(UnsearchedCode, html=(show_unsearched_code, None))
    app.connect("source-read", on_source_read)
    app.connect("doctree-read", on_doctree_read)
    app.connect("env-get-updated", on_numbers_assigned, priority=900)
    app.connect("html-page-context", on_page_context, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
