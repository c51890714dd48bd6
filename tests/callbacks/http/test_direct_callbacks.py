"""A callback that Dash does not take apart answers as Dash would, and is measured as all others."""

from __future__ import annotations

import gzip

import orjson
import pytest
from dash import Dash, Input, Output, State, dcc, html

from callbacks.http.direct_callbacks import call_directly
from services.web.latest import LatestTraffic
from tests.callbacks.conftest import DashClient
from tests.services.web.monitoring.app import eventually, measured, rows

CALLBACK = "/_dash-update-component"
NEWS = Output("news", "data")
LONG = "é < " * 500


@pytest.fixture
def called():
    """Whether the callback was called with Dash around it, each time."""
    return []


@pytest.fixture
def app(called):
    app = Dash("direct")
    names = ("ticks", "shown", "news", "other")
    app.layout = html.Div([dcc.Store(id=name) for name in names])

    @app.callback(NEWS, Input("ticks", "data"), State("shown", "data"))
    def news(ticks, shown):
        called.append(ticks)
        return {"length": shown, "text": LONG[: shown or 0]}

    @app.callback(Output("other", "data"), Input("ticks", "data"))
    def other(ticks):
        return ticks

    app.news = news
    return app


def ask(app, ticks=1, **values):
    client = DashClient(app.server.test_client())
    client.client.environ_base["HTTP_ACCEPT_ENCODING"] = "gzip"
    given = {"ticks.data": ticks, **{f"{name}.data": value for name, value in values.items()}}
    return client.call("news.data", given, "ticks.data")


@pytest.mark.parametrize("shown", [None, 3, len(LONG)])
def test_it_answers_what_dash_answers(app, called, shown):
    by_dash = ask(app, shown=shown)
    call_directly(app, NEWS, app.news)
    direct = ask(app, ticks=2, shown=shown)
    content = gzip.decompress(direct.data) if direct.content_encoding else direct.data
    assert orjson.loads(content) == by_dash.get_json()
    assert (direct.status_code, direct.content_type) == (200, by_dash.content_type)
    assert called == [1, 2]


def test_only_what_is_large_is_compressed_and_nothing_is_kept(app):
    call_directly(app, NEWS, app.news)
    small, large = ask(app, shown=3), ask(app, shown=len(LONG))
    assert small.content_encoding is None
    assert large.content_encoding == "gzip"
    assert len(large.data) < 200
    assert "ETag" not in large.headers


def test_other_callbacks_are_dashs_as_ever(app):
    call_directly(app, NEWS, app.news)
    client = DashClient(app.server.test_client())
    answer = client.call("other.data", {"ticks.data": "a"}, "ticks.data")
    assert answer.get_json() == {"multi": True, "response": {"other": {"data": "a"}}}


def test_a_refresh_is_recorded_by_the_monitoring(make_client, tmp_path):
    refresh = DashClient(make_client(monitor_level="1"))
    assert refresh.call("news.data", {}, "refresh.n_intervals").status_code == 200
    assert eventually(lambda: [row[0] for row in measured(tmp_path, CALLBACK)] == [200])


def test_an_error_is_answered_and_recorded_once_as_of_all_others(
    make_client, tmp_path, monkeypatch
):
    def broken(_traffic):
        raise ZeroDivisionError("of a visitor")

    refresh = DashClient(make_client(monitor_level="1"))
    monkeypatch.setattr(LatestTraffic, "view", broken)
    answer = refresh.call("news.data", {}, "refresh.n_intervals")
    assert answer.text == f"Internal Server Error\nrequest {answer.headers['X-Request-ID']}\n"
    assert eventually(lambda: [row[0] for row in measured(tmp_path, CALLBACK)] == [500])
    assert len(rows(tmp_path, "SELECT * FROM ExceptionOccurrence")) == 1


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [("br;q=0, gzip", "gzip"), ("br, gzip", "br"), ("identity;q=0", None), ("gzip;q=0", None)],
)
def test_it_is_compressed_as_its_reader_takes_it(app, accepted, sent):
    call_directly(app, NEWS, app.news)
    client = DashClient(app.server.test_client())
    client.client.environ_base["HTTP_ACCEPT_ENCODING"] = accepted
    answer = client.call("news.data", {"shown.data": len(LONG)}, "ticks.data")
    assert (answer.status_code, answer.content_encoding) == (200, sent)
    assert answer.vary.as_set() == {"accept-encoding"}
