"""What several tests share."""

from __future__ import annotations

import functools
import http.server
import os
import threading

import hypothesis
import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
# In CI the same examples every time; elsewhere new ones, which is how bugs are found.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def rng():
    """A source of randomness that is the same in every run."""
    return np.random.default_rng(20240)


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
