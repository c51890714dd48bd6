"""A small Dash application bound to the monitoring, for the tests of the monitoring."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import dash
import flask
from dash import Input, Output, dcc, html
from dash.exceptions import PreventUpdate
from flask.testing import FlaskClient

from callbacks.pages import log_in as log_in_page
from callbacks.pages import performance
from callbacks.pages.subpage import DASHBOARD_PATH, Pages
from services.base.settings import Settings, load_settings
from services.city.rennes import RENNES
from services.metrics.dash_callbacks import know_callbacks
from services.operations.database import open_for_serving
from services.web.access.session import prepare_access
from services.web.monitoring import bind_monitoring, capture
from tests.log_in import send_log_in
from tests.waiting import PATIENCE_SECONDS

USERNAME = "operator"
PASSWORD = "a long enough password"
ASSETS = Path(__file__).parents[4] / "assets"
CREDENTIALS = {"name": USERNAME, "password": PASSWORD}


def settings_in(data_dir: Path, **overrides: object) -> Settings:
    """The settings of a test, with a password unless told otherwise."""
    chosen = {"dashboard_username": USERNAME, "dashboard_password": PASSWORD, **overrides}
    return load_settings(data_dir=data_dir, _env_file=None, **chosen)


def build_server(settings: Settings) -> flask.Flask:
    """An application with two callbacks, views that fail in several ways, and a health check."""
    app = dash.Dash(
        "monitored",
        assets_folder=str(ASSETS),
        use_pages=True,
        pages_folder="",
        suppress_callback_exceptions=True,
    )
    pages = Pages(app)
    pages.rooms.append((performance.SECTION, DASHBOARD_PATH))
    app.layout = html.Div([dcc.Input(id="hour"), html.Div(id="answer"), html.Div(id="other")])
    server: flask.Flask = app.server
    _add_callbacks(app)
    _add_views(server)
    operations = open_for_serving(settings)
    prepare_access(server, settings, operations)
    log_in_page.register(app)
    know_callbacks(server, lambda: app.callback_map)
    bind_monitoring(server, settings, operations.reading, RENNES, head=performance.head_of(pages))
    return server


def _add_callbacks(app: dash.Dash) -> None:
    @app.callback(Output("answer", "children"), Input("hour", "value"))
    def _answer(hour: object) -> str:
        if hour == "nothing new":
            raise PreventUpdate
        return f"at {hour}"

    @app.callback(Output("other", "children"), Input("answer", "children"))
    def _other(answer: str) -> str:
        return answer.upper()


def _add_views(server: flask.Flask) -> None:
    @server.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @server.get("/pair")
    def pair() -> tuple[str, dict[str, str]]:
        return "body", {"X-Header": "value"}

    @server.get("/missing")
    def missing() -> str:
        flask.abort(404)

    @server.get("/broken")
    def broken() -> str:
        raise ValueError(flask.request.args.get("message", "broken"))

    @server.get("/recovered")
    def recovered() -> str:
        capture(KeyError("handled"))
        return "well"

    @server.get("/slow")
    def slow() -> str:
        # Long enough to be looked at on a busy machine.
        for _ in range(30):
            time.sleep(0.01)
        return "done"


def log_in(server: flask.Flask, **credentials: str) -> FlaskClient:
    """A client with the operator's session."""
    client = server.test_client()
    form = {**CREDENTIALS, **credentials}
    response = send_log_in(client, **form)
    assert response.status_code == 303, response.text
    return client


def call_back(client: FlaskClient, output: str, source: str, value: object) -> int:
    """Run a callback with one input as the browser does; the status of the answer."""
    element, _, prop = output.partition(".")
    source_element, _, source_prop = source.partition(".")
    body = {
        "output": output,
        "outputs": {"id": element, "property": prop},
        "inputs": [{"id": source_element, "property": source_prop, "value": value}],
        "changedPropIds": [source],
    }
    return client.post("/_dash-update-component", json=body).status_code


def database_of(data_dir: Path) -> Path:
    """Where the measures of a data directory are."""
    return data_dir / "monitoring" / "requests.sqlite3"


def rows(data_dir: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in the monitoring database."""
    with closing(sqlite3.connect(database_of(data_dir))) as connection:
        return connection.execute(query).fetchall()


def measured(data_dir: Path, endpoint: str) -> list[tuple[int, str, str]]:
    """Status, group and address of the recorded requests of an endpoint, oldest first."""
    return rows(
        data_dir,
        "SELECT status_code, group_by, ip FROM Request JOIN Endpoint"  # noqa: S608
        f" ON Request.endpoint_id = Endpoint.id WHERE name = '{endpoint}' ORDER BY Request.id",
    )


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait for what a thread will do, and tell whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
