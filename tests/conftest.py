"""What several tests share."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading

import hypothesis
import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from notebooks import ROOT

mpl.use("Agg")
# In CI the same examples every time; elsewhere new ones, which is how bugs are found.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def rng():
    """A source of randomness that is the same in every run."""
    return np.random.default_rng(20240)


class Machinery:
    """A copy of what runs notebooks under pytest, to try it on small ones."""

    def __init__(self, folder):
        self.folder = folder
        names = ["conftest.py", "constraints.txt", "pyproject.toml", "README.md", "LICENSE"]
        names += ["_config.yml", "tools", "companion", "tests/nbval_sanitize.cfg"]
        for name in names:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (folder / name).parent.mkdir(exist_ok=True)
            copy(ROOT / name, folder / name)

    @staticmethod
    def cell(code, outputs, *tags):
        """A code cell that was run before."""
        metadata = {"tags": [tag for tag in tags if tag]}
        return nbformat.v4.new_code_cell(
            code, outputs=outputs, execution_count=1, metadata=metadata
        )

    def write(self, name, cells, chapter=""):
        """Write a notebook, and the text of its chapter."""
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(made, self.folder / f"{name}.ipynb")
        if chapter:
            (self.folder / f"{name}.md").write_text(chapter)

    def run(self, name, cells, *options, chapter="", **variables):
        """Write a notebook and return what pytest says of it."""
        self.write(name, cells, chapter)
        command = ["-m", "pytest", "--nbval", "-q", "--color=no", "-p", "no:cacheprovider"]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
        done = subprocess.run(
            [sys.executable, *command, *options, f"{name}.ipynb"],
            cwd=self.folder, env=kept | {"PYTHONPATH": str(self.folder)} | variables,
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def machinery(tmp_path_factory):
    """Runs small notebooks as pytest runs those of the book."""
    return Machinery(tmp_path_factory.mktemp("machinery"))


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; paths under /cut/ lose the connection half-way, /html/ is an error page."""

    def do_GET(self):
        """Answer one request."""
        self.server.requests.append(self.path)
        if self.path.startswith("/html/"):
            body = b"<!DOCTYPE html><title>Please log in</title>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        elif self.path.startswith("/cut/"):
            body = b"\0" * 100_000
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:40_000])
        else:
            super().do_GET()

    def log_message(self, *arguments):
        """Stay silent."""


@pytest.fixture
def server(tmp_path):
    """A web server on this machine; ``server.folder`` is what it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        web.folder, web.requests = folder, []
        web.address = f"http://127.0.0.1:{web.server_port}"
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        yield web
        web.shutdown()
        thread.join()
