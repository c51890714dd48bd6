"""The measures on a PostgreSQL that hosts share: the pages' questions, and what becomes of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.base.errors import ConfigurationError, StorageError
from services.base.settings import load_settings
from services.operations.database import open_operations
from services.web.monitoring import GRAPHS_EXTENSION, server
from services.web.monitoring.retention import prune_measures
from tests.log_in import OWN_PAGE
from tests.postgres import PASSWORD as SECRET
from tests.postgres import Postgres
from tests.services.web.monitoring.app import build_server, call_back, log_in, settings_in
from tests.services.web.monitoring.test_gate import (
    BODIES,
    OPEN,
    OUT_OF_USE,
    RIGHT_BODIES,
    monitoring_rules,
    nonsense,
)
from tests.waiting import wait_until

# The package's own query for its grouped profiler.
pytestmark = pytest.mark.filterwarnings("ignore:Column-expression-level unary distinct")
OVERVIEW = "/dashboard/api/overview"


class Host:
    """One host's application on the shared database."""

    def __init__(
        self, postgres: Postgres, database: str, data_dir: Path, **settings: object
    ) -> None:
        self._postgres, self._database = postgres, database
        address = postgres.url(database)
        self.settings = settings_in(data_dir, monitoring_database_url=address, **settings)
        self.server = build_server(self.settings)
        self.engine = sys.modules["flask_monitoringdashboard.database"].engine

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._postgres.execute(query, self._database)

    def count(self, endpoint: str) -> int:
        ((found,),) = self.rows(
            'SELECT count(*) FROM "Request" r JOIN "Endpoint" e ON r.endpoint_id = e.id'  # noqa: S608
            f" WHERE name = '{endpoint}'"
        )
        return int(found)

    def wait_for(self, endpoint: str, count: int) -> None:
        wait_until(lambda: self.count(endpoint) >= count)
        assert self.count(endpoint) == count


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The name of an empty database."""
    with postgres.database() as name:
        yield name


@pytest.fixture
def host(postgres: Postgres, database: str, tmp_path: Path) -> Host:
    return Host(postgres, database, tmp_path / "first")


@pytest.fixture
def second(host: Host, postgres: Postgres, database: str, tmp_path: Path) -> Host:
    return Host(postgres, database, tmp_path / "second")


@pytest.fixture(scope="module")
def filled(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One with measures of every kind, for the tests that only read."""
    with postgres.database() as name:
        host = Host(postgres, name, tmp_path_factory.mktemp("data"))
        client = host.server.test_client()
        call_back(client, "answer.children", "hour.value", 8)
        for address in ("/pair", "/slow", "/slow", "/missing", "/broken", "/broken", "/recovered"):
            client.get(address)
        host.wait_for("recovered", 1)
        with open_operations(host.settings).begin():
            pass
        assert host.server.extensions[GRAPHS_EXTENSION].write()
        yield host
        host.engine.dispose()


@contextmanager
def away(postgres: Postgres) -> Iterator[None]:
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


def test_what_is_measured_is_what_is_measured_with_a_file(filled: Host) -> None:
    errors = (
        'SELECT type, is_user_captured FROM "ExceptionOccurrence" o'
        ' JOIN "ExceptionType" t ON exception_type_id = t.id ORDER BY 1'
    )
    assert filled.rows(errors) == [("KeyError", True), ("ValueError", False), ("ValueError", False)]
    assert filled.rows('SELECT count(DISTINCT hash) FROM "StackTraceSnapshot"') == [(2,)]
    assert filled.rows('SELECT DISTINCT ip FROM "Request"') == [("-",)]
    assert filled.rows("SELECT count(*) > 0 FROM \"CodeLine\" WHERE filename LIKE '%app.py'")[0][0]
    # The server's zone is one that nobody means.
    ((newest,),) = filled.rows('SELECT max(time_requested) FROM "Request"')
    assert abs(datetime.now(UTC) - newest.replace(tzinfo=UTC)) < timedelta(hours=1)


def test_every_page_and_answer_of_the_package(filled: Host) -> None:
    client = log_in(filled.server)
    numbers = dict(filled.rows('SELECT name, id FROM "Endpoint"'))
    asked = set()
    for name in ("broken", "slow"):
        for endpoint, method, address in monitoring_rules(filled.server, numbers[name]):
            body = RIGHT_BODIES.get(endpoint.rpartition(".")[2])
            if method == "GET" and endpoint not in {*OPEN, "dashboard.logout"}:
                answer = client.get(address)
            elif method == "POST" and body is not None:
                answer = client.post(address, json=body, headers=OWN_PAGE)
            else:
                continue
            # The error of the sample address is one of "broken" alone.
            expected = {403} if endpoint in OUT_OF_USE else {200, 404 if name == "slow" else 200}
            assert answer.status_code in expected, (address, answer.text)
            assert SECRET not in answer.text
            asked.add(endpoint)
    assert len(asked) >= 40


def test_the_figures_of_the_pages_are_those_of_the_requests(filled: Host) -> None:
    client = log_in(filled.server)
    overview = {row["name"]: row for row in client.get(OVERVIEW).json}
    for period in ("today", "week", "overall"):
        assert overview["slow"][f"hits-{period}"] == 2
    assert (overview["broken"]["hits-week-errors"], overview["broken"]["exceptions"]) == (2, 1)
    assert overview["slow"]["median-overall"] >= 300
    number = overview["slow"]["id"]
    lines = client.get(f"/dashboard/api/grouped_profiler/{number}").json
    assert any("time.sleep" in line["code"] for line in lines)
    today = datetime.now(UTC).date()
    period = f"{today - timedelta(days=1)}/{today + timedelta(days=1)}"
    load = client.get(f"/dashboard/api/hourly_load/{period}/{number}").json
    assert sum(map(sum, load["data"])) == 2
    assert client.get("/dashboard/api/deploy_config").json["database_name"] == "PostgreSQL"
    size = client.get("/dashboard/database_pruning/get_database_size").json["size"]
    assert float(size.removesuffix(" MB")) > 1


def test_nonsense_is_the_senders_fault_here_too(filled: Host) -> None:
    client = log_in(filled.server)
    for method, address in nonsense(filled.server):
        with client.open(address, method=method, headers=OWN_PAGE, data="{}") as answer:
            assert answer.status_code < 500, (method, address)
    sign = '{"data": {"endpoints": ["a\\u0000"], "versions": ["\\u0000"], "users": ["\\u0000"]}}'
    parts = [
        f'{{"data": {{"{name}": ["a\\u0000"]}}}}' for name in ("endpoints", "users", "versions")
    ]
    for endpoint, method, address in monitoring_rules(filled.server):
        if method == "POST" and endpoint not in {"dashboard.login", "dashboard.get_overview"}:
            for body in (*BODIES, sign, *parts):
                answer = client.post(
                    address, data=body, content_type="application/json", headers=OWN_PAGE
                )
                assert 400 <= answer.status_code < 500, (address, body[:60], answer.text)


def test_hosts_write_the_same_errors_at_the_same_time(host: Host, second: Host) -> None:
    def ask(number: int) -> int:
        return (host, second)[number % 2].server.test_client().get("/broken").status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(80))) == {500}
    host.wait_for("broken", 80)
    shared = 'SELECT count(*), count(DISTINCT stack_trace_snapshot_id) FROM "ExceptionOccurrence"'
    assert host.rows(shared) == [(80, 1)]
    assert host.rows('SELECT count(*) = count(DISTINCT name) FROM "Endpoint"') == [(True,)]


def test_a_level_is_applied_once_by_all_hosts_and_choices_last(
    host: Host, postgres: Postgres, database: str, tmp_path: Path
) -> None:
    query = 'SELECT DISTINCT monitor_level FROM "Endpoint" ORDER BY 1'
    assert host.rows(query) == [(3,)]
    host.rows("UPDATE \"Endpoint\" SET monitor_level = 0 WHERE name = 'pair'")
    second = Host(postgres, database, tmp_path / "second")
    assert host.rows(query) == [(0,), (3,)]
    client = second.server.test_client()
    for address in ("/pair", "/missing"):
        client.get(address)
    second.wait_for("missing", 1)
    assert second.count("pair") == 0
    Host(postgres, database, tmp_path / "third", monitor_level="1")
    assert host.rows(query) == [(1,)]


def test_what_an_unlocked_installation_left_is_removed(
    host: Host, postgres: Postgres, database: str, tmp_path: Path
) -> None:
    host.rows("INSERT INTO \"User\" (username, password_hash) VALUES ('admin', 'x')")
    host.rows("INSERT INTO \"ExceptionMessage\" (message) VALUES ('{{planted}}')")
    Host(postgres, database, tmp_path / "second")
    assert host.rows('SELECT * FROM "User"') == []
    assert host.rows('SELECT message FROM "ExceptionMessage"') == [("-",)]


def test_away_at_the_start_and_back_later(
    host: Host, postgres: Postgres, database: str, tmp_path: Path, caplog: Any
) -> None:
    host.rows("UPDATE \"Endpoint\" SET monitor_level = 0 WHERE name = 'missing'")
    with away(postgres):
        second = Host(postgres, database, tmp_path / "second")
        client = log_in(second.server)
        for address in ("/pair", "/broken", "/pair"):
            client.get(address)
        for address in ("/dashboard/", OVERVIEW, "/dashboard/api/custom_graphs"):
            answer = client.get(address)
            assert (answer.status_code, SECRET in answer.text) == (503, False), address
            assert "monitoring database cannot be used" in answer.text
    second.wait_for("pair", 2)
    second.wait_for("broken", 1)
    assert client.get("/dashboard/").status_code == 200
    overview = {row["name"]: row for row in client.get(OVERVIEW).json}
    assert overview["pair"]["hits-overall"] == 2
    # What an operator chose before is known again.
    for address in ("/missing", "/pair"):
        client.get(address)
    second.wait_for("pair", 3)
    assert second.count("missing") == 0
    assert "cannot be used yet, measures wait: OperationalError: connection failed" in caplog.text
    assert SECRET not in caplog.text


def test_away_while_serving_is_told_once_and_nothing_is_lost(
    host: Host, postgres: Postgres, caplog: Any
) -> None:
    client = log_in(host.server)
    client.get("/pair")
    host.wait_for("pair", 1)
    with away(postgres):
        assert [client.get("/pair").status_code for _ in range(5)] == [200] * 5
        answer = client.get(OVERVIEW)
        assert answer.status_code == 503
        assert "monitoring database cannot be used" in answer.text
        wait_until(lambda: "measures cannot be written yet" in caplog.text)
    host.wait_for("pair", 6)
    assert client.get(OVERVIEW).status_code == 200
    assert caplog.text.count("measures cannot be written yet") == 1
    assert SECRET not in caplog.text


def test_a_server_that_stands_still_keeps_no_page_and_nothing_is_lost(
    postgres: Postgres, database: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(server, "_ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(server, "BUSY_TIMEOUT_SECONDS", 1.0)
    host = Host(postgres, database, tmp_path)
    client = log_in(host.server)
    assert client.get(OVERVIEW).status_code == 200
    with postgres.frozen():
        assert client.get("/pair").status_code == 200
        assert client.get(OVERVIEW).status_code == 503
    host.wait_for("pair", 1)


def test_connections_that_were_cut_are_made_anew(
    host: Host, postgres: Postgres, database: str
) -> None:
    client = log_in(host.server)
    client.get("/pair")
    host.wait_for("pair", 1)
    assert postgres.cut(database)
    assert client.get(OVERVIEW).status_code == 200
    client.get("/pair")
    host.wait_for("pair", 2)


def test_tables_that_were_dropped_are_made_anew(host: Host) -> None:
    client = log_in(host.server)
    client.get("/pair")
    host.wait_for("pair", 1)
    host.rows("DROP SCHEMA public CASCADE")
    host.rows("CREATE SCHEMA public")
    for _ in range(3):
        client.get("/pair")
    host.engine.dispose()
    wait_until(lambda: client.get(OVERVIEW).status_code == 200)
    host.wait_for("pair", 3)


def test_a_commit_whose_answer_was_lost_is_not_made_twice(host: Host, monkeypatch: Any) -> None:
    commit, lost = host.engine.dialect.do_commit, []

    def commit_and_lose_the_answer(connection: Any) -> None:
        commit(connection)
        if len(lost) < 2:
            lost.append(1)
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(host.engine.dialect, "do_commit", commit_and_lose_the_answer)
    client = host.server.test_client()
    for number in range(5):
        client.get("/pair")
        wait_until(lambda: len(lost) >= min(number, 2))  # noqa: B023
    client.get("/broken")
    host.wait_for("broken", 1)
    host.wait_for("pair", 5)
    assert len(lost) == 2


def test_one_host_writes_the_graphs(host: Host, second: Host) -> None:
    count = 'SELECT count(*) FROM "CustomGraphData"'
    for each in (host, second):
        with open_operations(each.settings).begin():
            pass
    assert host.server.extensions[GRAPHS_EXTENSION].write()
    assert not second.server.extensions[GRAPHS_EXTENSION].write()
    assert host.rows(count) == [(1,)]
    # The other one is gone since.
    host.rows("UPDATE \"CustomGraphData\" SET time = time - interval '1 minute'")
    assert second.server.extensions[GRAPHS_EXTENSION].write()
    assert host.rows(count) == [(2,)]


def test_old_measures_go_once_with_all_that_only_they_needed(host: Host) -> None:
    client = host.server.test_client()
    for address in ("/broken", "/slow"):
        client.get(address)
    host.wait_for("slow", 1)
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=57)
    assert prune_measures(host.settings, now) == 0
    with ThreadPoolExecutor(2) as pool:
        removed = pool.map(lambda _: prune_measures(host.settings, later), range(2))
        assert sorted(removed) == [0, 2]
    for table in ("Request", "StackLine", "CodeLine", "ExceptionMessage", "StackTraceSnapshot"):
        assert host.rows(f'SELECT * FROM "{table}"') == [], table  # noqa: S608


def test_without_tables_there_is_nothing_to_remove_and_without_a_server_that_is_told(
    postgres: Postgres, database: str, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, monitoring_database_url=postgres.url(database))
    assert prune_measures(settings, datetime.now(UTC)) == 0
    with away(postgres), pytest.raises(StorageError, match="old measures") as told:
        prune_measures(settings, datetime.now(UTC))
    assert SECRET not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "address", [f"sqlite:///{SECRET}.db", f"mysql://u:{SECRET}@h/d", f"nonsense {SECRET}"]
)
def test_another_engine_is_refused_at_the_start_without_telling_the_password(
    tmp_path: Path, address: str
) -> None:
    with pytest.raises(
        ConfigurationError, match=r"MONITORING_DATABASE_URL: (must be postgresql://|needs)"
    ) as told:
        load_settings(data_dir=tmp_path, monitoring_database_url=address, _env_file=None)
    assert SECRET not in str(told.value)
