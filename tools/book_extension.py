"""Sphinx extension: fills in the parts that pages share while they are read and written."""

from __future__ import annotations

from page_parts import add_banner, fill_setup


def on_source_read(app, docname, source):
    """Fill in the setup cell and the banner of a page that is a notebook."""
    if source[0].startswith("---\njupytext:"):
        cost = "{glue:text}`cost`" if "show_cost()" in source[0] else ""
        source[0] = fill_setup(add_banner(source[0], "_static/colab.svg", docname, cost))


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
    app.connect("html-page-context", on_page_context, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
