"""Nobody but the operator, on our own pages, gets anything from the monitoring."""

from __future__ import annotations

import re
import socket
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import flask
import pytest
from flask.sessions import SecureCookieSessionInterface
from werkzeug.security import generate_password_hash

from services.web.access.session import SESSION_COOKIE
from tests.log_in import OWN_PAGE, send_log_in
from tests.services.web.monitoring.app import (
    PASSWORD,
    USERNAME,
    build_server,
    database_of,
    eventually,
    log_in,
    measured,
    rows,
    settings_in,
)

# The package's own query for its grouped profiler.
pytestmark = pytest.mark.filterwarnings("ignore:Column-expression-level unary distinct")

OPEN = {"dashboard.static", "dashboard.login"}
OUT_OF_USE = {"dashboard.ips"}
PRUNE_ALL = {"age_threshold_weeks": 0, "delete_custom_graph_data": True}
WITHOUT_EFFECT = {"HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(data_dir: Path) -> flask.Flask:
    server = build_server(settings_in(data_dir, monitor_level="1"))
    for _ in range(3):
        server.test_client().get("/pair")
    server.test_client().get("/broken")
    assert eventually(lambda: len(measured(data_dir, "pair")) == 3)
    assert eventually(lambda: len(measured(data_dir, "broken")) == 1)
    with closing(sqlite3.connect(database_of(data_dir))) as connection, connection:
        connection.execute("INSERT INTO CustomGraph (title) VALUES ('a graph')")
    return server


def monitoring_rules(server: flask.Flask, endpoint_id: int = 1) -> list[tuple[str, str, str]]:
    """Endpoint, method and a sample address of every route of the package."""
    adapter = server.url_map.bind("localhost")
    values = {
        "endpoint_id": endpoint_id,
        "graph_id": 1,
        "start_date": "2026-01-01",
        "end_date": "2026-01-02",
        "offset": 0,
        "per_page": 5,
        "stack_trace_snapshot_id": 1,
        "function_definition_id": 1,
        "path": "overview",
        "filename": "css/main.css",
    }
    return [
        (
            rule.endpoint,
            method,
            adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}),
        )
        for rule in server.url_map.iter_rules()
        if rule.endpoint.startswith("dashboard.")
        for method in sorted((rule.methods or set()) - WITHOUT_EFFECT)
    ]


def test_every_route_is_closed_to_a_visitor(server: flask.Flask, data_dir: Path) -> None:
    closed = [item for item in monitoring_rules(server) if item[0] not in OPEN]
    assert len(closed) > 50
    client = server.test_client()
    for endpoint, method, address in closed:
        for headers in ({}, OWN_PAGE):
            answer = client.open(address, method=method, headers=headers, json=PRUNE_ALL)
            if endpoint == "dashboard.index":
                assert answer.location == "/connexion?next=/dashboard/"
            else:
                assert answer.status_code in {401, 403}, (method, address, answer.status_code)
    assert len(measured(data_dir, "pair")) == 3


def test_every_page_is_open_to_the_operator(server: flask.Flask, data_dir: Path) -> None:
    client = log_in(server)
    ((broken_id,),) = rows(data_dir, "SELECT id FROM Endpoint WHERE name = 'broken'")
    assert eventually(lambda: len(rows(data_dir, "SELECT * FROM ExceptionOccurrence")) == 1)
    for endpoint, method, address in monitoring_rules(server, broken_id):
        if method == "GET" and endpoint not in {*OPEN, "dashboard.logout"}:
            with client.get(address) as answer:
                expected = 403 if endpoint in OUT_OF_USE else 200
                assert answer.status_code == expected, address


NONSENSE = {
    "endpoint_id": ["9999", "0", "99999999999999999999", "x", "-1"],
    "graph_id": ["x", "9999", "99999999999999999999"],
    "start_date": ["x", "2026-13-01", "2026-01-03", "0001-01-01", "9999-12-31"],
    "end_date": ["y", "2026-02-30", "9999-12-31"],
    "offset": ["x", "-1", "99999999999999999999"],
    "per_page": ["x", "0", "-1", "99999999999999999999"],
    "stack_trace_snapshot_id": ["9999", "99999999999999999999", "x"],
    "function_definition_id": ["9999", "99999999999999999999", "x"],
    "path": ["api/nonsense", "nonsense", "reporting", "static/nonsense"],
    "filename": ["nonsense.js", "../gate.py", "words-de.json"],
}
BODIES = ["", "[]", "{}", "null", '{"data": []}', '{"data": {"endpoints": 1, "versions": 1}}',
          '{"data": {"versions": 1, "users": 1}}', "[" * 3000]  # fmt: skip


def nonsense(server: flask.Flask) -> list[tuple[str, str]]:
    """Every address of the package with each of its parts made wrong in turn: method and path."""
    found = []
    for rule in server.url_map.iter_rules():
        parts = [name for name in rule.arguments if name in NONSENSE]
        if not rule.endpoint.startswith("dashboard."):
            continue
        for wrong in parts:
            for value in NONSENSE[wrong]:
                address = rule.rule
                if f"{wrong}>" not in address:
                    continue
                for name in rule.arguments:
                    right = "2026-01-02" if name.endswith("_date") else "1"
                    address = re.sub(
                        rf"<(\w+:)?{name}>", value if name == wrong else right, address
                    )
                found += [
                    (method, address) for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
                ]
    return found


def test_nonsense_is_answered_as_such_by_the_whole_family(server: flask.Flask) -> None:
    client = log_in(server)
    tried = nonsense(server)
    assert len(tried) > 80
    wrong = []
    for method, address in tried:
        with client.open(address, method=method, headers=OWN_PAGE, data="{}") as answer:
            if answer.status_code not in {400, 403, 404, 405}:
                wrong.append((method, address, answer.status_code))
    # Removing what is gone is no fault, and of a function unknown there is no code.
    assert wrong == [
        ("GET", "/dashboard/api/function_code/9999", 200),
        ("DELETE", "/dashboard/api/exception_occurrence/9999", 200),
    ]
    assert client.get("/dashboard/api/requests/x/y").status_code == 404
    # Odd, but understood: the package gets a number.
    assert client.get("/dashboard/api/outlier_table/1/0/1e1").status_code == 200
    assert client.get("/dashboard/api/endpoint_info/9999").status_code == 404


def test_bodies_of_nonsense_are_the_senders_fault(server: flask.Flask) -> None:
    client = log_in(server)
    for endpoint, method, address in monitoring_rules(server):
        if method == "POST" and endpoint not in {"dashboard.login", "dashboard.get_overview"}:
            for body in BODIES:
                for kind in ("application/json", "application/x-www-form-urlencoded"):
                    answer = client.post(address, data=body, content_type=kind, headers=OWN_PAGE)
                    assert answer.status_code < 500, (address, body[:50], answer.status_code)
                    assert answer.status_code >= 400, (address, body[:50], answer.text)


RIGHT_BODIES = {
    "api_performance": {"data": {"endpoints": ["pair", "gone"]}},
    "endpoint_users": {"data": {"users": ["-"]}},
    "endpoint_versions": {"data": {"versions": ["1.0"]}},
    "multi_version": {"data": {"endpoints": ["pair"], "versions": ["1.0"]}},
    "version_user": {"data": {"users": ["-"], "versions": ["1.0"]}},
    "prune_database_on_demand": {"age_threshold_weeks": 500, "delete_custom_graph_data": False},
}


def test_what_the_pages_themselves_ask_for_passes(server: flask.Flask) -> None:
    client = log_in(server)
    asked = set()
    for endpoint, method, address in monitoring_rules(server):
        body = RIGHT_BODIES.get(endpoint.rpartition(".")[2])
        if body is not None and method == "POST":
            answer = client.post(address, json=body, headers=OWN_PAGE)
            assert answer.status_code == 200, (address, answer.text)
            asked.add(endpoint)
    assert len(asked) == len(RIGHT_BODIES)


@pytest.mark.parametrize("fault", [TypeError, AttributeError, KeyError, ValueError, OverflowError])
def test_a_fault_of_ours_is_a_500_with_its_traceback(
    server: flask.Flask,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: type[Exception],
) -> None:
    client = log_in(server)

    def fail() -> None:
        raise fault("ours")

    monkeypatch.setitem(server.view_functions, "dashboard.get_overview", fail)
    assert client.get("/dashboard/api/overview").status_code == 500
    [told] = [record for record in caplog.records if record.exc_info]
    assert told.exc_info[0] is fault
    assert told.levelname == "ERROR"


@pytest.mark.parametrize(
    ("name", "password"),
    [("admin", "admin"), ("guest", "guest_password"), (USERNAME, "admin"), ("admin", PASSWORD)],
)
def test_default_and_guest_accounts_do_not_work(
    server: flask.Flask, name: str, password: str
) -> None:
    client = server.test_client()
    assert send_log_in(client, name, password).status_code == 403
    form = {"name": name, "password": password}
    answer = client.post("/dashboard/login", data=form, headers=OWN_PAGE)
    # The package's own way in leads to ours and takes nothing.
    assert answer.location == "/connexion?next=/dashboard/"
    assert client.get("/dashboard/api/overview").status_code == 401


def test_accounts_of_an_older_database_stop_working(tmp_path: Path) -> None:
    build_server(settings_in(tmp_path))
    with closing(sqlite3.connect(database_of(tmp_path))) as connection, connection:
        for name, password in (("admin", "admin"), (USERNAME, "former password")):
            connection.execute(
                "INSERT INTO User (username, password_hash, is_admin) VALUES (?, ?, 1)",
                (name, generate_password_hash(password)),
            )
    server = build_server(settings_in(tmp_path))
    for name, password in (("admin", "admin"), (USERNAME, "former password")):
        assert send_log_in(server.test_client(), name, password).status_code == 403
    assert rows(tmp_path, "SELECT * FROM User") == []
    log_in(server)


def test_the_setting_changes_the_password_and_ends_sessions(tmp_path: Path) -> None:
    client = log_in(build_server(settings_in(tmp_path)))
    cookie = client.get_cookie(SESSION_COOKIE, path="/")
    assert cookie is not None
    changed = build_server(settings_in(tmp_path, dashboard_password="the second password"))
    log_in(changed, password="the second password")
    old = changed.test_client()
    assert send_log_in(old, USERNAME, PASSWORD).status_code == 403
    old.set_cookie(SESSION_COOKIE, cookie.value, path="/dashboard")
    assert old.get("/dashboard/api/overview").status_code == 401


def test_a_generated_password_opens_the_pages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_in(tmp_path, dashboard_password=None)
    server = build_server(settings)
    shown = capsys.readouterr().err
    password = shown.partition("password:")[2].split()[0]
    log_in(server, password=password)
    log_in(build_server(settings), password=password)
    assert "password" not in capsys.readouterr().err


@pytest.mark.parametrize("key", ["my-secret-key", "", "cc83733cb0af8b884ff6577086b87909"])
def test_a_forged_session_is_refused(server: flask.Flask, key: str) -> None:
    forger = flask.Flask("forger")
    forger.secret_key = key or "guess"
    signer = SecureCookieSessionInterface().get_signing_serializer(forger)
    assert signer is not None
    forged = {"dashboard_logged_in": True, "dashboard_admin": True, "operator": USERNAME}
    client = server.test_client()
    client.set_cookie(SESSION_COOKIE, str(signer.dumps(forged)), path="/dashboard")
    assert client.get("/dashboard/api/overview").status_code == 401


def test_the_marks_of_the_package_alone_open_nothing(server: flask.Flask) -> None:
    client = server.test_client()
    with client.session_transaction(path="/dashboard/") as session:
        session.update({"dashboard_logged_in": True, "dashboard_admin": True})
    assert client.get("/dashboard/api/overview").status_code == 401


def test_a_session_expires(server: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = log_in(server)
    assert client.get("/dashboard/api/overview").status_code == 200
    later = time.time() + 13 * 3600
    monkeypatch.setattr("services.web.access.credentials.time", SimpleNamespace(time=lambda: later))
    assert client.get("/dashboard/api/overview").status_code == 401


def test_logging_out_closes_the_pages(server: flask.Flask) -> None:
    client = log_in(server)
    assert (
        client.get("/dashboard/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    assert client.get("/dashboard/logout", headers=OWN_PAGE).status_code == 303
    assert client.get("/dashboard/api/overview").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.elsewhere.example"},
        {"Referer": "http://elsewhere.example/http://localhost/"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_site_cannot_use_the_operators_session(
    server: flask.Flask, data_dir: Path, headers: dict[str, str]
) -> None:
    client = log_in(server)
    address = "/dashboard/database_pruning/prune_on_demand"
    assert client.post(address, json=PRUNE_ALL, headers=headers).status_code == 403
    assert client.get("/dashboard/logout", headers=headers).status_code == 403
    assert len(measured(data_dir, "pair")) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Referer": "http://localhost/dashboard/database_management"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_the_operator_can_prune_and_set_levels(tmp_path: Path, headers: dict[str, str]) -> None:
    server = build_server(settings_in(tmp_path, monitor_level="1"))
    client = log_in(server)
    client.get("/pair")
    assert eventually(lambda: len(measured(tmp_path, "pair")) == 1)
    form = {"name": "pair", "value": "0"}
    assert client.post("/dashboard/api/set_rule", data=form, headers=headers).text == "OK"
    assert rows(tmp_path, "SELECT monitor_level FROM Endpoint WHERE name = 'pair'") == [(0,)]
    address = "/dashboard/database_pruning/prune_on_demand"
    assert client.post(address, json=PRUNE_ALL, headers=headers).status_code == 200
    assert measured(tmp_path, "pair") == []


@pytest.mark.parametrize("action", ["create", "edit", "delete"])
def test_there_is_one_operator_and_no_other_account(
    server: flask.Flask, data_dir: Path, action: str
) -> None:
    client = log_in(server)
    form = {
        "username": "second",
        "password": "x",
        "password2": "x",
        "is_admin": "true",
        "user_id": "1",
    }
    answer = client.post(f"/dashboard/api/user/{action}", data=form, headers=OWN_PAGE)
    assert answer.status_code == 403
    assert client.get("/dashboard/api/users").json == []
    assert rows(data_dir, "SELECT * FROM User") == []


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to reach another machine, none of which succeeds."""
    attempts: list[object] = []

    def refuse(*args: object, **_kwargs: object) -> None:
        attempts.append(args)
        raise OSError("the tests reach nobody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("requests.sessions.Session.request", refuse)
    return attempts


def test_telemetry_cannot_be_switched_on(tmp_path: Path, connections: list[object]) -> None:
    build_server(settings_in(tmp_path))
    with closing(sqlite3.connect(database_of(tmp_path))) as connection, connection:
        connection.execute("INSERT INTO TelemetryUser VALUES ('an id', 1, '2026-01-01', 3)")
    server = build_server(settings_in(tmp_path))
    client = log_in(server)
    for name in ("accept_telemetry_consent", "submit_follow_up"):
        body = {"consent": True, "feedback": []}
        for sender in (client, server.test_client()):
            answer = sender.post(f"/dashboard/telemetry/{name}", json=body, headers=OWN_PAGE)
            assert answer.status_code in {401, 403}
    accepted = client.get("/dashboard/telemetry/get_is_telemetry_accepted").json
    assert accepted == {"is_telemetry_accepted": False}
    # Even with the package's own switch on, nothing is sent.
    package = sys.modules["flask_monitoringdashboard"]
    package.telemetry_config.telemetry_consent = True
    for endpoint, method, address in monitoring_rules(server):
        if method == "GET" and endpoint not in {*OPEN, "dashboard.logout"}:
            client.get(address)
    telemetry = sys.modules["flask_monitoringdashboard.core.telemetry"]
    telemetry.post_to_back_if_telemetry_enabled("FollowUp", feedback=[])
    assert connections == []
    assert rows(tmp_path, "SELECT * FROM TelemetryUser") == []


def test_the_address_of_the_database_is_not_shown(server: flask.Flask, data_dir: Path) -> None:
    client = log_in(server)
    for endpoint, method, address in monitoring_rules(server):
        if method == "GET" and endpoint not in {*OPEN, "dashboard.logout"}:
            text = client.get(address).text
            assert str(data_dir) not in text, address
            assert "sqlite:" not in text, address
    shown = client.get("/dashboard/api/deploy_config").json
    assert shown is not None
    assert shown["database_name"] == "SQLite, in the data directory"


def test_the_package_keeps_none_of_its_fixed_secrets(server: flask.Flask) -> None:
    config = sys.modules["flask_monitoringdashboard"].config
    assert config.security_token != "cc83733cb0af8b884ff6577086b87909"
    assert len(config.security_token) == 64
    assert "admin" not in {config.username, config.password}
    assert server.secret_key not in {None, "", "my-secret-key"}


def test_pages_allow_nothing_from_elsewhere_and_are_not_kept(server: flask.Flask) -> None:
    answer = log_in(server).get("/dashboard/overview")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'nonce-" in policy
    assert "style-src-elem 'self' 'sha256-" in policy
    assert "connect-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_only_scripts_that_the_page_names_run_and_those_of_one_answer(server: flask.Flask) -> None:
    client = log_in(server)
    nonces = set()
    for _ in range(2):
        answer = client.get("/dashboard/overview")
        scripts = re.findall(r"<script ([^>]*)>", answer.text)
        policy = answer.headers["Content-Security-Policy"]
        (nonce,) = set(re.findall(r"'nonce-([\w-]{20,})'", policy))
        assert len(scripts) >= 6
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        nonces.add(nonce)
    assert len(nonces) == 2
    for path in ("static/angular.js", "static/pages/overview.html", "api/overview"):
        with client.get(f"/dashboard/{path}") as other:
            assert other.headers["Content-Security-Policy"].startswith("default-src 'none';")
            assert "script-src" not in other.headers["Content-Security-Policy"]
