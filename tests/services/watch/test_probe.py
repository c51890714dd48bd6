"""Whether pages are served, asked from outside: of a real page that is whole, broken or gone."""

from __future__ import annotations

import threading
import time

import dash
import orjson
import pytest
from dash import Input, Output, dcc, html
from werkzeug.serving import make_server

from services.watch import probe
from services.watch.probe import refreshes_pages, serves_pages
from tests.fault_server import fault_server, reply_with
from tests.hanging import lookups_that_hang
from tests.ports import free_port


@pytest.fixture
def page():
    """A page that refreshes itself, on loopback."""
    app = dash.Dash("probed")
    app.layout = html.Div([dcc.Interval(id="timer"), html.Div(id="shown"), html.Div(id="other")])
    app.server.add_url_rule("/healthz", view_func=lambda: "ok")
    app.fault = None

    @app.callback(
        Output("shown", "children"), Output("other", "children"), Input("timer", "n_intervals")
    )
    def _refresh(_ticks):
        if app.fault is not None:
            raise app.fault
        return "news", dash.no_update

    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app.url = f"http://127.0.0.1:{server.port}"
    yield app
    server.shutdown()


def test_a_whole_page_is_served_and_refreshes(page):
    assert serves_pages(page.url)
    assert refreshes_pages(page.url)


def test_a_page_that_no_longer_refreshes_is_told_from_one_that_is_gone(page):
    page.fault = ZeroDivisionError()
    assert serves_pages(page.url)
    assert not refreshes_pages(page.url)
    gone = f"http://127.0.0.1:{free_port()}"
    assert not serves_pages(gone)
    assert not refreshes_pages(gone)


def test_nobody_stands_between(page, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert serves_pages(page.url)


def told(*lines: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"", b""))


ENDLESS = b"Content-Length: 1000000000"


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", told(ENDLESS), told(b"Transfer-Encoding: chunked") + b"f"],
)
def test_what_drips_is_no_answer(head):
    """A byte now and then, and none of them late."""

    def drip(handler, _number):
        handler.wfile.write(head)
        while not threading.Event().wait(0.01):
            handler.wfile.write(b"1")

    with fault_server(drip) as server:
        started = time.monotonic()
        assert not serves_pages(server.url, timeout_s=0.3)
        # Its own limit and what a busy machine adds; without one it never ends.
        assert time.monotonic() - started < 20


def test_a_name_that_is_never_found_is_no_answer(monkeypatch):
    """And nothing is left of a look-up that ends too late."""
    with fault_server(reply_with(b"ok")) as server:
        with lookups_that_hang(monkeypatch):
            assert not serves_pages(server.url, timeout_s=0.3)
        assert serves_pages(server.url)
        assert server.requests == 1


def test_what_has_no_end_is_not_kept(monkeypatch):
    monkeypatch.setattr(probe, "MAX_ANSWER_BYTES", 1_000)
    for length in (999, 1_000, 100_000):
        with fault_server(reply_with(b"x" * length)) as server:
            assert serves_pages(server.url) is (length < 1_000)


@pytest.mark.parametrize(
    "location", ["http://[", "http://a\x00b/", "file:///etc/hostname", "/", "//\xff"]
)
def test_wherever_it_sends_us_nothing_is_served_here(location):
    with fault_server(reply_with(b"", 302, {"Location": location})) as server:
        assert not serves_pages(server.url)
        assert server.requests == 1


TIMED = {
    "output": "x.y",
    "inputs": [{"id": "t", "property": "n_intervals"}],
    "state": [],
    "clientside_function": None,
}


@pytest.mark.parametrize(
    "callbacks",
    [
        b"\xff",
        b"[" * 100_000,
        b'[{"x":' + b"[" * 100_000,
        b"{}",
        b"[1]",
        b"[null]",
        b'[{"inputs": 3}]',
        *(
            orjson.dumps([TIMED | odd])
            for odd in ({"output": 1}, {"output": "x"}, {"inputs": [[]]}, {"state": None})
        ),
    ],
)
def test_odd_callbacks_are_none(callbacks):
    with fault_server(reply_with(callbacks)) as server:
        assert not refreshes_pages(server.url)


def test_something_else_at_the_port_is_no_page(page):
    assert not refreshes_pages(page.url + "/healthz")
