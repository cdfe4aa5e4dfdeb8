"""Sphinx extension: fills in the parts that pages share while they are read and written."""

from __future__ import annotations

from docutils import nodes
from page_parts import add_banner, fill_setup
from sphinx_design.shared import create_component

#: Code cells with these tags, one after the other, become the tabs of one set.
TABS = {"tag_tab-numpy": "NumPy", "tag_tab-torch": "PyTorch", "tag_tab-keras": "Keras"}


def on_source_read(app, docname, source):
    """Fill in the setup cell and the banner of a page that is a notebook."""
    if source[0].startswith("---\njupytext:"):
        cost = "{glue:text}`cost`" if "show_cost()" in source[0] else ""
        source[0] = fill_setup(add_banner(source[0], "_static/colab.svg", docname, cost))


def on_doctree_read(app, doctree):
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
    """Leave out thebe, which the book does not use and which declares its constants twice."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in f"{script} {getattr(script, 'attributes', '')}".lower()
    ]


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", on_source_read)
    app.connect("doctree-read", on_doctree_read)
    app.connect("env-get-updated", on_numbers_assigned, priority=900)
    app.connect("html-page-context", on_page_context, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
