"""Whether pages are served, asked from outside: of a real page that is whole, broken or gone."""

from __future__ import annotations

import threading

import dash
import pytest
from dash import Input, Output, dcc, html
from werkzeug.serving import make_server

from services.probing import refreshes_pages, serves_pages
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


def test_something_else_at_the_port_is_no_page(page):
    assert not refreshes_pages(page.url + "/healthz")
