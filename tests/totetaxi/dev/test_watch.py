"""Who asks in development whether the site is ready."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from totetaxi.dev import watch


@pytest.fixture
def url():
    """A site that answers 200, then 503 twice, then 200 for good."""
    codes = iter([200, 503, 503])

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(next(codes, 200))
            self.end_headers()

        def log_message(self, *args):
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class EnoughError(Exception):
    """The test has seen enough."""


def run(monkeypatch, url, *, rounds):
    waits: list[float] = []

    def sleep(seconds):
        if len(waits) == rounds:
            raise EnoughError
        waits.append(seconds)

    monkeypatch.setattr(sys, "argv", ["watch", url])
    monkeypatch.setattr("time.sleep", sleep)
    with pytest.raises(EnoughError):
        watch.main()
    return waits


def test_watch_asks_each_minute_and_says_what_changes(url, monkeypatch, capsys):
    assert run(monkeypatch, url, rounds=5) == [60] * 5
    assert capsys.readouterr().out == f"{url} answers 503\n{url} answers 200\n"


def test_watch_outlives_a_site_that_is_not_there(monkeypatch, capsys):
    run(monkeypatch, "http://127.0.0.1:9/", rounds=3)
    assert capsys.readouterr().out == "http://127.0.0.1:9/ does not answer\n"
