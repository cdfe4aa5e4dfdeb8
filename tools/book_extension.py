"""Sphinx extension: fills in the parts that pages share while they are read and written."""

from __future__ import annotations

import ast
import os
import re
import shutil
from pathlib import Path

import pydata_sphinx_theme
from docutils import nodes
from kernels import CALM
from page_parts import add_banner, fill_setup
from sphinx import addnodes
from sphinx_design.shared import create_component

#: Pictures of fewer bytes are left as they are.
SMALL_PICTURE = 40_000
#: Code cells with these tags, one after the other, become the tabs of one set.
TABS = {
    "tag_tab-numpy": "NumPy",
    "tag_tab-torch": "PyTorch",
    "tag_tab-keras": "Keras",
    "tag_tab-keras-torch": "Keras on PyTorch",
}

#: A run of Chinese, with the signs that stand inside it.
CHINESE = re.compile(
    r"[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]*[\u3000-\u9fff\uff00-\uffef])?"
)
#: One drawing in Font Awesome's script: its name, its size, and its outline.
ICON = re.compile(
    r'(?:"([\w-]+)"|([\w$]+)):\[\d+,\d+,\[[^\]]*\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)
#: The first words of the three lines that stand under a chapter's question.
FACTS = ("You need:", "Next:", "Reading:")


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
    gather_facts(doctree)
    keep_definitions(app.env, doctree)
    name_the_language(doctree)
    put_index_entries_first(doctree)


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
    """Keep set-up, imports and folded code from standing before the prose in a search."""
    for cell, code in cells_of(doctree):
        is_setup = code.startswith("# @title Setup")
        if is_setup or "tag_hide-input" in cell["classes"] or _mostly_imports(code):
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


class Chinese(nodes.inline):
    """Chinese words on a page in English: a browser picks its letters, a reader its voice."""


def open_chinese(translator, node):
    """Say which language follows."""
    translator.body.append('<span lang="zh">')


def close_chinese(translator, node):
    """End it."""
    translator.body.append("</span>")


def name_the_language(doctree):
    """Mark Chinese words as such."""
    unmarked = (nodes.title, nodes.literal, nodes.literal_block, nodes.raw, nodes.comment, Chinese)
    for text in list(doctree.findall(nodes.Text)):
        if isinstance(text.parent, unmarked) or not CHINESE.search(text):
            continue
        parts, end = [], 0
        for run in CHINESE.finditer(text):
            parts += [nodes.Text(text[end : run.start()]), Chinese("", run[0])]
            end = run.end()
        parts = [part for part in [*parts, nodes.Text(text[end:])] if part.astext()]
        text.parent.replace(text, parts)


def put_index_entries_first(doctree):
    """Let a search show the sections that pages name for a word before all others."""
    for index in doctree.findall(addnodes.index):
        index["entries"] = [(*entry[:3], "main", entry[4]) for entry in index["entries"]]


def remember_index_entries(app, env):
    """Let the search keep the entries of pages that this build does not write again.

    Sphinx 7.4 fills them while it writes a page, after it has stored its memory.
    """
    for docname, entries in env.get_domain("index").entries.items():
        known = sorted((value, target, "main") for _, value, target, _, _ in entries)
        env._search_index_index_entries.setdefault(docname, known)


def gather_facts(doctree):
    """Set the lines that say what a reader needs, what comes next and how long it takes apart."""
    first = next(
        (p for p in doctree.findall(nodes.paragraph) if p.astext().startswith(FACTS[0])), None
    )
    if first is None:
        return
    if isinstance(first.parent, nodes.list_item):
        first.parent.parent["classes"].append("facts")
        return
    place = first.parent.index(first)
    lines = [first]
    for other in first.parent.children[place + 1 :]:
        if not other.astext().startswith(FACTS):
            break
        lines.append(other)
    box = nodes.container("", classes=["facts"])
    first.parent.insert(place, box)
    for line in lines:
        line.parent.remove(line)
        box += line


def keep_definitions(env, doctree):
    """Keep what the glossary says of each term, by the term's id, for the links to it."""
    found = {}
    for glossary in doctree.findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            terms = [term for term in item if isinstance(term, nodes.term)]
            meaning = next(iter(item.findall(nodes.paragraph))).astext().replace("\n", " ")
            chinese = [name for name in (term.astext() for term in terms) if CHINESE.search(name)]
            text = f"{meaning} ({', '.join(chinese)})" if chinese else meaning
            found |= {identity: text for term in terms for identity in term["ids"]}
    definitions(env)[env.docname] = found


def definitions(env):
    """Return what glossaries say, by page and by the term's id."""
    if not hasattr(env, "book_definitions"):
        env.book_definitions = {}
    return env.book_definitions


def on_purge(app, env, docname):
    """Forget a page that is read again."""
    definitions(env).pop(docname, None)


def on_merge(app, env, docnames, other):
    """Take over what another process has read."""
    definitions(env).update({name: definitions(other).get(name, {}) for name in docnames})


def on_resolved(app, doctree, docname):
    """Give every link to a term its definition; terms.js shows it."""
    said = {key: text for found in definitions(app.env).values() for key, text in found.items()}
    for link in doctree.findall(nodes.reference):
        if any("std-term" in part.get("classes", []) for part in link.findall(nodes.inline)):
            target = link.get("refid") or link.get("refuri", "").partition("#")[2]
            if target in said:
                link["reftitle"] = said[target]


def on_numbers_assigned(app, env):
    """Count figures and exercises anew on each page; find pages that the glossary has changed.

    A page's notebook counts in the same way.
    """
    for kinds in env.toc_fignumbers.values():
        for numbers in kinds.values():
            before = min(number for (*_, number) in numbers.values()) - 1
            for identity, (*section, number) in numbers.items():
                numbers[identity] = (*section, number - before)
    before, env.book_definitions_written = (
        getattr(env, "book_definitions_written", None),
        {name: dict(found) for name, found in definitions(env).items() if found},
    )
    return [] if before == env.book_definitions_written else sorted(env.found_docs)


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


def shrink_pictures(out):
    """Store large pictures as WebP with 256 colours at most, if smaller; greys stay exact.

    A page is to weigh little; matplotlib writes four bytes a pixel.
    """
    from PIL import Image

    smaller = []
    for path in sorted((out / "_images").glob("*.png")):
        if path.stat().st_size < SMALL_PICTURE:
            continue
        with Image.open(path) as picture:
            few = picture.convert("RGB")
        red, green, blue = few.split()
        if not red.tobytes() == green.tobytes() == blue.tobytes():
            few = few.quantize(256, dither=Image.Dither.NONE).convert("RGB")
        beside = path.with_suffix(".part")
        few.save(beside, format="WEBP", lossless=True, method=6)
        if beside.stat().st_size < path.stat().st_size:
            beside.replace(path.with_suffix(".webp"))
            smaller.append(path)
        else:
            beside.unlink()
    if not smaller:
        return
    shown = re.compile("|".join(re.escape(f"_images/{path.name}") for path in smaller))
    for page in out.rglob("*.html"):
        text = page.read_text("utf8")
        lighter = shown.sub(lambda found: found[0].removesuffix(".png") + ".webp", text)
        if lighter != text:
            page.write_text(lighter, "utf8")
    for path in smaller:
        path.unlink()


def on_finished(app, exception):
    """Make pages light: pictures, and the theme's icons, are most of what a reader would load."""
    if exception:
        return
    out = Path(app.outdir)
    shrink_pictures(out)
    if (out / "_static" / "scripts" / "fontawesome.js").is_file():
        leave_out_what_is_not_shown(out)


def leave_out_what_is_not_shown(out):
    """Keep those of the theme's two thousand icons that the book shows, and no font of them."""
    script = out / "_static" / "scripts" / "fontawesome.js"
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme"
    whole = (theme / "static" / "scripts" / "fontawesome.js").read_text("utf8")
    used = set()
    for path in [
        *out.rglob("*.html"),
        *(out / "_static").glob("*.js"),
        *script.parent.glob("*.js"),
    ]:
        if path != script:
            text = path.read_text("utf8")
            used.update(re.findall(r"\bfa-([a-z0-9-]+)", text))
            lighter = re.sub(r'<link rel="preload" as="font"[^>]*>\s*', "", text)
            if lighter != text:
                path.write_text(lighter, "utf8")
    kept = ICON.sub(lambda icon: icon[0] if (icon[1] or icon[2]) in used else "", whole)
    script.write_text(kept, "utf8")


def setup(app):
    """Register with Sphinx."""
    os.environ.update(CALM)
    app.add_node(UnsearchedCode, html=(show_unsearched_code, None))
    app.add_node(Chinese, html=(open_chinese, close_chinese))
    app.connect("source-read", on_source_read)
    app.connect("env-purge-doc", on_purge)
    app.connect("env-merge-info", on_merge)
    app.connect("doctree-resolved", on_resolved)
    app.connect("doctree-read", on_doctree_read)
    app.connect("env-get-updated", on_numbers_assigned, priority=900)
    app.connect("env-check-consistency", remember_index_entries)
    app.connect("html-page-context", on_page_context, priority=999)
    app.connect("build-finished", on_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
