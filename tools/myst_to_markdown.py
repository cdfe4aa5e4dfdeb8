"""MyST text as the plain Markdown and HTML that Jupyter and Colab show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from page_parts import colab_address, site_address, text_address
from pybtex.database import parse_file
from pybtex.richtext import Text

BOOK = Path(__file__).resolve().parent.parent / "book"

ADMONITIONS = {
    "note": "Note", "tip": "Tip", "hint": "Hint", "important": "Important",
    "warning": "Warning", "caution": "Caution", "seealso": "See also",
}  # fmt: skip
OPENING = re.compile(r"^(?P<fence>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<argument>.*)$")
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)$")
ROLE = re.compile(r"\{([\w:]+)\}`([^`]+)`")
TARGET = re.compile(r"^\(([\w:.-]+)\)=[ \t]*$")
WITH_TITLE = re.compile(r"^(.*?)\s*<(.+)>$", re.S)
#: What a notebook says where the page has a figure to operate.
OPERATED = "*On [the book's page]({}) there is a figure here that you can operate.*"


class UnknownMarkup(ValueError):
    """A directive or role that has no form in plain Markdown yet."""


@dataclass
class Numbers:
    """What a page counts as it goes: exercises, by label; and which page it is."""

    page: str = "book/index"
    exercises: dict[str, int] = field(default_factory=dict)
    cited: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the page is read on the web."""
        return site_address(self.page)


def convert(text: str, numbers: Numbers) -> str:
    """Turn the MyST of one Markdown cell into Markdown that plain Jupyter shows."""
    return "\n".join(_blocks(text.splitlines(), numbers)).strip("\n")


def _blocks(lines, numbers):
    out, position = [], 0
    while position < len(lines):
        line = lines[position]
        opening = OPENING.match(line)
        if opening:
            end = _closing(lines, position, opening["fence"])
            out += _directive(opening, lines[position + 1 : end], numbers)
            position = end
        elif line.startswith("```"):
            end = _closing(lines, position, re.match("`+", line)[0])
            out += lines[position : end + 1]
            position = end
        elif not TARGET.match(line) and not line.startswith("% "):
            out.append(_roles(line, numbers))
        position += 1
    return out


def _closing(lines, start, fence):
    for number in range(start + 1, len(lines)):
        if lines[number].strip() == fence:
            return number
    raise UnknownMarkup(f"no end of {lines[start]!r}")


def _directive(opening, body, numbers):
    name, argument = opening["name"], opening["argument"].strip()
    options = {}
    while body and OPTION.match(body[0]):
        key, value = OPTION.match(body.pop(0)).groups()
        options[key] = value
    inner = _blocks(body, numbers)
    if name == "math":
        return ["$$", *body, "$$"]
    if name == "index":
        return []
    if name == "raw":
        return ["", OPERATED.format(numbers.address), ""]
    if name in ADMONITIONS or name == "admonition":
        title = ADMONITIONS.get(name) or _roles(argument, numbers)
        opener = [argument] if argument and name in ADMONITIONS else []
        return _folded(title, inner) if "dropdown" in options.get("class", "") else [
            "", *_quote([f"**{title}**", "", *opener, *inner]), ""
        ]  # fmt: skip
    if name == "dropdown":
        return _folded(argument, inner)
    if name == "exercise":
        number = numbers.exercises.setdefault(options.get("label", ""), len(numbers.exercises) + 1)
        title = f"Exercise {number}" + (f": {argument}" if argument else "")
        return ["", f"### {title}", "", *inner, ""]
    if name in ("solution", "solution-start"):
        number = numbers.exercises[argument]
        return [
            "",
            f"**One solution of exercise {number}** (try it yourself first)",
            "",
            *inner,
            "",
        ]
    if name == "solution-end":
        return []
    if name in ("figure", "image"):
        alt = options.get("alt", "")
        return [
            "",
            f"![{alt}]({argument})",
            "",
            *([f"*{' '.join(inner).strip()}*"] if inner else []),
            "",
        ]
    if name == "tab-set":
        return inner
    if name == "tab-item":
        return ["", f"**{argument}**", "", *inner, ""]
    if name == "bibliography":
        return [f"- {reference(key)}" for key in sorted(set(numbers.cited))]
    raise UnknownMarkup(f"directive {name!r} has no form in plain Markdown yet")


def _quote(lines):
    return [f"> {line}".rstrip() for line in lines]


def _folded(title, lines):
    return ["", "<details>", f"<summary>{title}</summary>", "", *lines, "", "</details>", ""]


def _roles(line, numbers):
    def replace(match):
        return _role(match[1], match[2], numbers)

    return ROLE.sub(replace, line)


def _role(name, content, numbers):
    titled = WITH_TITLE.match(content)
    text, target = titled.groups() if titled else (content, content)
    if name.startswith("cite"):
        keys = [key.strip() for key in content.split(",")]
        numbers.cited += keys
        links = [f"[{author_year(key, in_text=name == 'cite:t')}]({address(key)})" for key in keys]
        return "; ".join(links) if name == "cite:t" else f"({'; '.join(links)})"
    if name == "doc":
        return f"[{text if titled else page_title(target)}]({page_address(target)})"
    if name in ("ref", "numref"):
        exercise = numbers.exercises.get(target)
        return text if titled else f"exercise {exercise}" if exercise else target
    if name == "math":
        return f"${content}$"
    if name in ("term", "abbr"):
        return text
    if name.startswith("py:"):
        return f"`{content.lstrip('~')}`"
    raise UnknownMarkup(f"role {name!r} has no form in plain Markdown yet")


def page_address(page: str) -> str:
    """Return where a reader of notebooks opens a page: in Colab, or on GitHub if it has no code.

    Not a file beside this one: a copy saved to a drive has none.
    """
    is_notebook = (BOOK / f"{page}.md").read_text("utf8").startswith("---\njupytext:")
    return (colab_address if is_notebook else text_address)(f"book/{page}")


def page_title(page: str) -> str:
    """Return the first heading of a page of the book."""
    text = (BOOK / f"{page}.md").read_text("utf8")
    return re.search(r"^# (.+)$", text, re.M)[1]


@cache
def _entries():
    return parse_file(BOOK / "references.bib").entries


def _plain(latex):
    return str(Text.from_latex(latex))


def author_year(key: str, *, in_text: bool) -> str:
    """Return a citation such as ``Zech et al. (2018)`` or, in parentheses, ``Zech et al. 2018``."""
    entry = _entries()[key]
    names = [_plain(" ".join(person.last_names)) for person in entry.persons["author"]]
    who = names[0] if len(names) == 1 else f"{names[0]} and {names[1]}"
    who = f"{names[0]} et al." if len(names) > 2 else who
    year = entry.fields["year"]
    return f"{who} ({year})" if in_text else f"{who} {year}"


def address(key: str) -> str:
    """Return the address of a cited work."""
    fields = _entries()[key].fields
    return f"https://doi.org/{fields['doi']}" if "doi" in fields else fields["url"]


def reference(key: str) -> str:
    """Return one line of the list of references."""
    entry = _entries()[key]
    where = next(
        (
            entry.fields[f]
            for f in ("journal", "booktitle", "publisher", "howpublished")
            if f in entry.fields
        ),
        "",
    )
    title = _plain(entry.fields["title"])
    return f"{author_year(key, in_text=True)}. {title}. {_plain(where)}. <{address(key)}>"
