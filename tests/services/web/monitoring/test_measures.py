"""What is recorded, what is not, and that recording never disturbs a visitor."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import flask
import pytest

from services.base.privacy import without_personal_data
from services.metrics.shared_directory import metric_registry
from services.web.monitoring import database
from services.web.monitoring.binding import code_version
from services.web.monitoring.complaints import Complaints
from tests.services.web.monitoring.app import (
    build_server,
    call_back,
    database_of,
    eventually,
    log_in,
    measured,
    rows,
    settings_in,
)
from tests.waiting import PATIENCE_SECONDS

CALLBACK = "/_dash-update-component"


@pytest.mark.parametrize("level", ["1", "2", "3"])
def test_the_status_that_visitors_got_is_recorded(tmp_path: Path, level: str) -> None:
    server = build_server(settings_in(tmp_path, monitor_level=level))
    client = server.test_client()
    assert call_back(client, "answer.children", "hour.value", 8) == 200
    assert eventually(lambda: len(measured(tmp_path, CALLBACK)) == 1)
    assert call_back(client, "answer.children", "hour.value", "nothing new") == 204
    expected = {"pair": 200, "missing": 404, "broken": 500}
    for endpoint, status in expected.items():
        assert client.get(f"/{endpoint}").status_code == status
        assert eventually(lambda: len(measured(tmp_path, endpoint)) == 1)  # noqa: B023
        assert [row[0] for row in measured(tmp_path, endpoint)] == [status]
    assert eventually(lambda: len(measured(tmp_path, CALLBACK)) == 2)
    assert [row[0] for row in measured(tmp_path, CALLBACK)] == [200, 204]
    # A refused update and an absent page are no exceptions; a bug is one.
    query = (
        "SELECT type FROM ExceptionOccurrence o JOIN ExceptionType t ON o.exception_type_id = t.id"
    )
    assert eventually(lambda: rows(tmp_path, query) == [("ValueError",)])


def test_the_page_shows_what_was_recorded(tmp_path: Path) -> None:
    server = build_server(settings_in(tmp_path, monitor_level="1"))
    client = log_in(server)
    for _ in range(3):
        client.get("/pair")
    assert eventually(lambda: len(measured(tmp_path, "pair")) == 3)
    overview = {row["name"]: row for row in client.get("/dashboard/api/overview").json or []}
    assert overview["pair"]["hits-overall"] == 3
    assert overview["pair"]["monitor"] == 1


def test_level_0_keeps_the_time_of_use_and_nothing_else(tmp_path: Path) -> None:
    client = log_in(build_server(settings_in(tmp_path, monitor_level="0")))
    client.get("/pair")
    overview = {row["name"]: row for row in client.get("/dashboard/api/overview").json or []}
    assert overview["pair"]["last-accessed"] is not None
    assert overview["recovered"]["last-accessed"] is None
    assert rows(tmp_path, "SELECT * FROM Request") == []


def test_an_error_is_kept_with_the_calls_of_the_view_and_no_other(tmp_path: Path) -> None:
    client = build_server(settings_in(tmp_path, monitor_level="1")).test_client()
    client.get("/broken")
    query = (
        "SELECT d.name FROM ExceptionStackLine s"
        " JOIN ExceptionFrame f ON s.exception_frame_id = f.id"
        " JOIN FunctionLocation l ON f.function_location_id = l.id"
        " JOIN FunctionDefinition d ON l.function_definition_id = d.id ORDER BY position"
    )
    assert eventually(lambda: rows(tmp_path, query) == [("broken",)])


def test_callbacks_are_told_apart(tmp_path: Path) -> None:
    client = build_server(settings_in(tmp_path, monitor_level="1")).test_client()
    call_back(client, "answer.children", "hour.value", 8)
    call_back(client, "other.children", "answer.children", "at 8")
    # What a stranger makes up is not kept.
    call_back(client, "203.0.113.9 <b>", "hour.value", 8)
    assert eventually(lambda: len(measured(tmp_path, CALLBACK)) == 3)
    groups = {row[1] for row in measured(tmp_path, CALLBACK)}
    assert groups == {"answer.children", "other.children", "other"}


def test_probes_files_and_the_monitoring_itself_are_not_recorded(tmp_path: Path) -> None:
    server = build_server(settings_in(tmp_path, monitor_level="1"))
    client = log_in(server)
    for address in ("/healthz", "/dashboard/api/overview", "/dashboard/overview"):
        client.get(address)
    client.get("/pair")
    assert eventually(lambda: len(measured(tmp_path, "pair")) == 1)
    query = "SELECT name FROM Request JOIN Endpoint ON endpoint_id = Endpoint.id"
    assert {name for (name,) in rows(tmp_path, query)} == {"log_in_form", "log_in", "pair"}
    names = {name for (name,) in rows(tmp_path, "SELECT name FROM Endpoint")}
    assert {"/", CALLBACK, "pair"} <= names
    assert not {name for name in names if re.search("healthz|assets|suites|static|dashboard", name)}


def test_a_handled_error_can_be_shown_all_the_same(tmp_path: Path) -> None:
    client = build_server(settings_in(tmp_path, monitor_level="1")).test_client()
    assert client.get("/recovered").text == "well"
    query = (
        "SELECT type FROM ExceptionOccurrence o JOIN ExceptionType t ON o.exception_type_id = t.id"
    )
    assert eventually(lambda: rows(tmp_path, query) == [("KeyError",)])


def test_capturing_outside_a_measured_request_does_nothing(tmp_path: Path) -> None:
    server = build_server(settings_in(tmp_path, monitor_level="off"))
    assert server.test_client().get("/recovered").text == "well"


@pytest.mark.parametrize("level", ["2", "3"])
def test_nothing_personal_is_stored(tmp_path: Path, level: str) -> None:
    server = build_server(settings_in(tmp_path, monitor_level=level))
    client = server.test_client()
    planted = {
        "Authorization": "Bearer planted-token",
        "X-Forwarded-For": "198.51.100.23",
        "Forwarded": "for=198.51.100.24",
        "User-Agent": "PlantedBrowser/1.0",
        "Referer": "http://planted.example/page",
    }
    client.set_cookie("planted_cookie", "planted-value")
    message = "no route to 203.0.113.7 or 2001:db8::7, Bearer planted-token"
    for address in (
        "/slow?planted=query",
        "/slow",
        f"/broken?message={message}",
    ):
        client.get(address, headers=planted, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM Outlier")) >= 1)
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM ExceptionMessage")) == 1)
    assert eventually(lambda: len(measured(tmp_path, "slow")) == 2)
    assert rows(tmp_path, "SELECT DISTINCT ip FROM Request") == [("-",)]
    assert rows(tmp_path, "SELECT DISTINCT request_url FROM Outlier") == [("-",)]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "monitoring").iterdir())
    for secret in (b"203.0.113", b"198.51.100", b"2001:db8", b"lanted"):
        assert secret not in stored, secret
    outliers = log_in(server).get("/dashboard/api/outlier_table/1/0/10")
    assert outliers.status_code == 200


def test_nothing_that_a_stranger_writes_comes_near_the_pages(tmp_path: Path) -> None:
    server = build_server(settings_in(tmp_path, monitor_level="3"))
    client = server.test_client()
    planted = "{{constructor.constructor('alert(1)')()}}"
    headers = {"User-Agent": planted, "Referer": planted, "X-Request-ID": planted, "Host": "a"}
    client.set_cookie("planted", planted)
    for number in range(3):
        for address in (f"/{planted}", f"/slow?{planted}", f"/broken?message={planted}{number}"):
            client.get(address, headers=headers)
    body = {"output": planted, "inputs": [{"id": planted, "property": planted}]}
    client.post(CALLBACK, json=body, headers=headers)
    assert eventually(lambda: len(measured(tmp_path, "broken")) == 3)
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM Outlier")) >= 1)
    assert eventually(lambda: len(measured(tmp_path, CALLBACK)) == 1)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "monitoring").iterdir())
    assert b"alert(1)" not in stored
    # Nor does a stranger fill it: three messages of one fault are one fault.
    snapshots = (
        "SELECT count(*), count(DISTINCT stack_trace_snapshot_id) FROM ExceptionOccurrence o"
        " JOIN ExceptionType t ON o.exception_type_id = t.id WHERE type = 'ValueError'"
    )
    assert rows(tmp_path, snapshots) == [(3, 1)]
    assert rows(tmp_path, "SELECT message FROM ExceptionMessage") == [("-",)]


def test_what_strangers_wrote_into_an_earlier_database_is_removed(tmp_path: Path) -> None:
    client = build_server(settings_in(tmp_path, monitor_level="2")).test_client()
    client.get("/slow")
    client.get("/broken")
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM Outlier")) >= 1)
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM ExceptionMessage")) == 1)
    with closing(sqlite3.connect(database_of(tmp_path))) as connection, connection:
        connection.execute("UPDATE Outlier SET request_url = '/{{planted}}'")
        connection.execute("UPDATE ExceptionMessage SET message = '{{planted}}'")
    build_server(settings_in(tmp_path, monitor_level="2"))
    assert rows(tmp_path, "SELECT DISTINCT request_url FROM Outlier") == [("-",)]
    assert rows(tmp_path, "SELECT message FROM ExceptionMessage") == [("-",)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refused by 203.0.113.9:443", "refused by -:443"),
        ("from ::1 and fe80::1, at 12:43:00", "from ::1 and -, at 12:43:00"),
        ("Cookie: a=b; c=d", "Cookie: -"),
        ("version 1.2.3, ratio 0.30", "version 1.2.3, ratio 0.30"),
        ("basic dXNlcjpwYXNz", "basic -"),
    ],
)
def test_messages_lose_addresses_and_credentials(text: str, expected: str) -> None:
    assert without_personal_data(text) == expected


def test_off_binds_nothing(tmp_path: Path) -> None:
    server = build_server(settings_in(tmp_path / "data", monitor_level="off"))
    assert not [rule for rule in server.url_map.iter_rules() if "dashboard" in rule.rule]
    assert not database_of(tmp_path / "data").exists()


def test_a_new_level_applies_to_known_routes_and_choices_last_until_then(tmp_path: Path) -> None:
    query = "SELECT DISTINCT monitor_level FROM Endpoint ORDER BY 1"
    build_server(settings_in(tmp_path, monitor_level="3"))
    assert rows(tmp_path, query) == [(3,)]
    build_server(settings_in(tmp_path, monitor_level="1"))
    assert rows(tmp_path, query) == [(1,)]
    with closing(sqlite3.connect(database_of(tmp_path))) as connection, connection:
        connection.execute("UPDATE Endpoint SET monitor_level = 2 WHERE name = 'pair'")
    build_server(settings_in(tmp_path, monitor_level="1"))
    assert rows(tmp_path, query) == [(1,), (2,)]


def test_the_database_is_for_its_owner(tmp_path: Path) -> None:
    build_server(settings_in(tmp_path))
    assert stat.S_IMODE(database_of(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "monitoring").stat().st_mode) == 0o700


@pytest.mark.parametrize("level", ["0", "1", "2", "3"])
def test_a_locked_database_neither_fails_nor_delays_a_request(
    tmp_path: Path, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever waits for the lock is told from whoever is slow.
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 2 * PATIENCE_SECONDS)
    server = build_server(settings_in(tmp_path, monitor_level=level))
    client = server.test_client()
    client.get("/")
    with closing(sqlite3.connect(database_of(tmp_path))) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        assert client.get("/").status_code == 200
        assert client.get("/missing").status_code == 404
        assert time.monotonic() - started < PATIENCE_SECONDS
        connection.execute("ROLLBACK")
    if level != "0":
        # What waited is not lost.
        assert eventually(lambda: len(measured(tmp_path, "/")) == 2)


@pytest.mark.parametrize("level", ["0", "1", "2", "3"])
def test_a_deleted_database_is_replaced_while_visitors_notice_nothing(
    tmp_path: Path, level: str
) -> None:
    server = build_server(settings_in(tmp_path, monitor_level=level))
    client = server.test_client()
    client.get("/")
    if level != "0":
        assert eventually(lambda: len(measured(tmp_path, "/")) == 1)
    database_of(tmp_path).unlink()
    for _ in range(3):
        assert client.get("/").status_code == 200
    page = log_in(server)
    assert page.get("/dashboard/api/overview").status_code == 200
    if level != "0":
        assert eventually(lambda: len(measured(tmp_path, "/")) == 3)
        overview = {row["name"]: row for row in page.get("/dashboard/api/overview").json or []}
        assert overview["/"]["hits-overall"] == 3


def test_without_its_directory_the_pages_say_so_and_the_application_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    server = build_server(settings_in(tmp_path))
    client = log_in(server)
    assert eventually(lambda: len(measured(tmp_path, "log_in")) == 1)
    shutil.rmtree(tmp_path / "monitoring")
    capsys.readouterr()
    for _ in range(5):
        assert client.get("/").status_code == 200
    answer = client.get("/dashboard/api/overview")
    assert answer.status_code == 503
    assert "monitoring database cannot be used" in answer.text
    assert eventually(lambda: "measures cannot be written yet" in caplog.text)
    assert caplog.text.count("measures cannot be written yet") == 1
    assert "unable to open database file" in caplog.text
    printed = capsys.readouterr()
    assert printed.out == ""


def test_an_unusable_data_directory_costs_the_measures_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "monitoring").write_text("a file where the directory should be")
    server = build_server(settings_in(tmp_path))
    client = server.test_client()
    assert client.get("/").status_code == 200
    assert client.get("/dashboard/").status_code == 503
    assert client.get("/dashboard/login").status_code == 503
    assert "no performance is measured" in caplog.text


def test_two_applications_in_one_process_keep_to_their_own(tmp_path: Path) -> None:
    directories = [tmp_path / "first", tmp_path / "second"]
    servers = [build_server(settings_in(path, monitor_level="1")) for path in directories]
    for server, path, count in zip(servers, directories, (2, 3), strict=True):
        client = server.test_client()
        for _ in range(count):
            client.get("/pair")
        client.get("/broken")
        assert eventually(lambda: len(measured(path, "pair")) == count)  # noqa: B023
        query = "SELECT id FROM ExceptionOccurrence"
        assert eventually(lambda: len(rows(path, query)) == 1)  # noqa: B023
    assert [len(measured(path, "pair")) for path in directories] == [2, 3]


def test_processes_that_start_together_all_bind_and_show_one_password(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, flask\n"
        "from services.operations.database import open_for_serving\n"
        "from services.web.access.session import prepare_access\n"
        "from services.web.monitoring import bind_monitoring\n"
        "from services.base.settings import load_settings\n"
        "from services.city.rennes import RENNES\n"
        "server = flask.Flask('together')\n"
        "server.get('/pair')(lambda: 'pair')\n"
        "sys.stdin.readline()\n"
        "data_dir = pathlib.Path(sys.argv[1])\n"
        "settings = load_settings(data_dir=data_dir, _env_file=None)\n"
        "operations = open_for_serving(settings)\n"
        "prepare_access(server, settings, operations)\n"
        "bind_monitoring(server, settings, operations.reading, RENNES)\n"
        "print(server.test_client().get('/pair').text)\n"
        "print(server.test_client().get('/dashboard/').location)\n"
        # It would cost every start two seconds and 60 MB.
        "print('scipy.stats' in sys.modules)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [output for output, _ in outputs] == ["pair\n/connexion?next=/dashboard/\nFalse\n"] * 3
    assert sum("password:" in errors for _, errors in outputs) == 1
    assert "Traceback" not in "".join(errors for _, errors in outputs)
    assert len(measured(tmp_path, "<lambda>")) == 3


def test_lost_measures_are_reported_once_a_period(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints(metric_registry(), period_seconds=3600)
    for _ in range(5):
        complaints.add(ValueError("what a visitor sent"))
    assert caplog.text.count("a measure was lost") == 1
    assert "what a visitor sent" not in caplog.text
    hasty = Complaints(metric_registry(), period_seconds=0)
    hasty.add(sqlite3.OperationalError("database is locked"))
    assert "OperationalError: database is locked" in caplog.text


def test_a_request_is_served_when_no_thread_can_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: flask.Flask = build_server(settings_in(tmp_path, monitor_level="3"))

    def refuse(_thread: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    assert server.test_client().get("/").status_code == 200


def test_the_version_tells_two_states_of_the_code_apart(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1.2.3"\n')
    module = tmp_path / "services" / "module.py"
    module.parent.mkdir()
    module.write_text("ANSWER = 41\n")
    former = code_version(tmp_path)
    assert re.fullmatch(r"1\.2\.3\+[0-9a-f]{8}", former)
    assert code_version(tmp_path) == former
    module.write_text("ANSWER = 42\n")
    assert code_version(tmp_path) != former


def test_requests_are_kept_with_the_version_of_the_code(tmp_path: Path) -> None:
    server = build_server(settings_in(tmp_path, monitor_level="1"))
    server.test_client().get("/pair")
    assert eventually(lambda: len(measured(tmp_path, "pair")) == 1)
    assert rows(tmp_path, "SELECT version_requested FROM Request") == [(code_version(),)]
