"""A browser without network, and the built book for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import execution_cache
import pytest
from filelock import FileLock
from notebooks import ROOT
from playwright.sync_api import sync_playwright

HTML = ROOT / "_build" / "html"
SIZES = {"wide": (1400, 900), "phone": (390, 844)}

#: Labels of tabs fade from the light theme's colour to the dark one's: contrast counts at the end.
TRANSITIONS_ENDED = """
Promise.allSettled(
  document.getAnimations().filter(a => a instanceof CSSTransition).map(a => a.finished)
)
"""


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        message = f"none of {', '.join(names)} is installed"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def book(browser):
    """Build the book as ``make book`` does; executed notebooks are taken from the cache."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")  # the same in all processes of a run
    (ROOT / "_build").mkdir(exist_ok=True)
    built = ROOT / "_build" / "built_in_run"
    with FileLock(ROOT / "_build" / "build.lock"):
        if not run or not built.is_file() or built.read_text() != run:
            execution_cache.drop_stale()
            execution_cache.fill([])
            script = Path(sys.executable).with_name("jupyter-book")
            command = [script, "build", ".", "-W", "-n", "--keep-going"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
            built.write_text(run)
    return HTML


@pytest.fixture
def visit(browser, book):
    """Open a page and collect what the console says; every request must stay on this machine."""
    contexts = []

    def open_page(place, *, size="wide", scheme="light", grants=(), touch=False):
        """Open an address, or a page of the book by its name."""
        address = place if "://" in place else (book / "book" / f"{place}.html").as_uri()
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            has_touch=touch,
            offline=address.startswith("file:"),
            permissions=list(grants),
        )
        contexts.append(context)
        page = context.new_page()
        page.problems, page.asked = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on(
            "console",
            lambda m: page.problems.append(m.text) if m.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("requestfailed", lambda r: page.problems.append(f"failed: {r.url}"))
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith(("file:", "data:", "blob:", "http://127.0.0.1"))
                else page.problems.append(f"asked for {r.url}")
            ),
        )
        page.goto(address, wait_until="load")
        page.wait_for_function("!window.MathJax || MathJax.startup?.promise")
        page.evaluate("window.MathJax?.startup?.promise")
        page.evaluate(TRANSITIONS_ENDED)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def operated(visit):
    """Open a page and wait until its figure is drawn; return both, and the figure's data."""

    def open_figure(name, figure, **how):
        page = visit(name, **how)
        drawn = page.locator(f".operated-figure.{figure}[data-ready]")
        drawn.wait_for()
        data = page.locator(f"div.operated[data-figure={figure}] script").text_content()
        return page, drawn, json.loads(data)

    return open_figure
