"""Build one page, without the rest of the book, and say where it lies: ``page.py NAME``.

Its code is executed unless the cache holds it. Links to other pages lead nowhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import execution_cache
import notebooks

MADE = notebooks.ROOT / "_build" / "page"
#: What can't be found without the other pages.
ELSEWHERE = re.compile(
    r"unknown document|undefined label|reference target not found|could not find bibtex key"
)


def main(names: list[str]) -> None:
    """Execute what is missing, build the page, print its address."""
    pages = {path.stem for path in (notebooks.ROOT / "book").glob("*.md")}
    if len(names) != 1 or names[0] not in pages:
        sys.exit(f"name one page, as in `make page ONLY=index`: {', '.join(sorted(pages))}")
    (name,) = names
    execution_cache.drop_stale()
    if name in {source.stem for source in notebooks.sources()}:
        execution_cache.fill([name])
    MADE.mkdir(parents=True, exist_ok=True)
    contents = MADE / "toc.yml"
    wanted = f"format: jb-book\nroot: book/{name}\n"
    if not contents.is_file() or contents.read_text() != wanted:
        contents.write_text(wanted)
    script = Path(sys.executable).with_name("jupyter-book")
    command = [script, "build", ".", "--toc", contents, "--path-output", MADE, "-q"]
    done = subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if not ELSEWHERE.search(line)]
    print("\n".join(said), end="\n" if said else "")
    if done.returncode:
        sys.exit(f"{name} could not be built:\n{done.stdout[-3000:]}")
    print((MADE / "_build" / "html" / "book" / f"{name}.html").as_uri())


if __name__ == "__main__":
    main(sys.argv[1:])
