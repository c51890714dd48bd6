"""A PostgreSQL server that refuses, is away, or comes back: one line, soon, and nothing lost."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import text

from services.base.errors import StorageError
from services.base.settings import load_settings
from services.operations import database, engines
from services.operations.database import NothingRecorded, open_operations
from services.operations.decisions import record_decision
from tests.ports import free_port
from tests.postgres import PASSWORD, Postgres
from tests.services.operations.decisions import decision, decisions_of


@pytest.fixture
def settings(tmp_path, postgres_url):
    return load_settings(data_dir=tmp_path, database_url=postgres_url, _env_file=None)


def settings_at(tmp_path, url):
    return load_settings(data_dir=tmp_path, database_url=url, _env_file=None)


@contextmanager
def role(postgres: Postgres, database: str, rights: str) -> Iterator[str]:
    """The address of a database for somebody who may do little."""
    name = f"guest_{database[-8:]}"
    postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    try:
        if rights:
            postgres.execute(f"GRANT {rights} TO {name}", database)
        yield postgres.url(database, user=name)
    finally:
        postgres.execute(f"DROP OWNED BY {name}; DROP ROLE {name}", database)


def refusal(operations):
    with pytest.raises(StorageError) as told:
        decisions_of(operations)
    message = str(told.value)
    assert "\n" not in message
    assert PASSWORD not in message
    return message


def test_a_role_that_may_make_no_tables_is_told_of_in_one_line(
    tmp_path, postgres, postgres_url, caplog
):
    name = postgres_url.rpartition("/")[2]
    with role(postgres, name, "") as url:
        guests = settings_at(tmp_path, url)
        assert "permission denied for schema public" in refusal(open_operations(guests))
        with pytest.raises(NothingRecorded):
            decisions_of(open_operations(guests, read_only=True))
        assert record_decision(open_operations(guests), decision("written down")) is False
        assert '"version":"written down"' in caplog.text
        assert PASSWORD not in caplog.text


def test_a_role_that_may_read_reads_and_is_refused_what_it_writes(
    tmp_path, settings, postgres, postgres_url, caplog
):
    assert record_decision(open_operations(settings), decision("first"))
    name = postgres_url.rpartition("/")[2]
    with role(postgres, name, "SELECT ON ALL TABLES IN SCHEMA public") as url:
        guests = settings_at(tmp_path, url)
        assert len(decisions_of(open_operations(guests, read_only=True))) == 1
        assert len(decisions_of(open_operations(guests))) == 1
        assert record_decision(open_operations(guests), decision("second")) is False
        assert "permission denied for table model_decisions" in caplog.text


def test_a_role_that_may_read_and_write_rows_needs_no_more_once_there_are_tables(
    tmp_path, settings, postgres, postgres_url
):
    assert record_decision(open_operations(settings), decision("first"))
    name = postgres_url.rpartition("/")[2]
    rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
    with role(postgres, name, rights) as url:
        guest = f"guest_{name[-8:]}"
        postgres.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {guest}", name)
        assert record_decision(open_operations(settings_at(tmp_path, url)), decision("second"))


def test_a_database_that_is_read_only_is_read(settings, postgres, postgres_url):
    assert record_decision(open_operations(settings), decision("first"))
    name = postgres_url.rpartition("/")[2]
    postgres.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    again = open_operations(settings)
    assert record_decision(again, decision("second")) is False
    assert len(decisions_of(again)) == 1
    assert len(decisions_of(open_operations(settings, read_only=True))) == 1


def test_a_read_only_database_without_tables_is_one_line(settings, postgres, postgres_url):
    name = postgres_url.rpartition("/")[2]
    postgres.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert "read-only transaction" in refusal(open_operations(settings))


@contextmanager
def encoded(postgres: Postgres, encoding: str) -> Iterator[str]:
    """The address of a database whose text is encoded in another way."""
    name = f"test_of_{encoding.lower()}"
    postgres.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    try:
        yield postgres.url(name)
    finally:
        postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.usefixtures("postgres_url")
def test_where_a_server_states_no_encoding_text_is_kept_as_it_is(tmp_path, postgres):
    """As Debian makes it where no language is set, in containers."""
    with encoded(postgres, "SQL_ASCII") as url:
        operations = open_operations(settings_at(tmp_path, url))
        assert record_decision(operations, decision("Saint-Malo → Maurepas"))
        reading = open_operations(settings_at(tmp_path, url), read_only=True)
        assert [one.version for one in decisions_of(reading)] == ["Saint-Malo → Maurepas"]


@pytest.mark.usefixtures("postgres_url")
def test_an_encoding_that_does_not_hold_every_text_is_one_line(tmp_path, postgres):
    with encoded(postgres, "LATIN1") as url:
        operations = open_operations(settings_at(tmp_path, url))
        assert "holds text in LATIN1" in refusal(operations)
        assert record_decision(operations, decision("é")) is False


def test_a_server_too_old_is_one_line(settings, monkeypatch):
    monkeypatch.setattr(database, "OLDEST_SERVER", (99,))
    for read_only in (False, True):
        told = refusal(open_operations(settings, read_only=read_only))
        assert "is of PostgreSQL 1" in told
        assert "99 or newer is needed" in told


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"database": "missing"}, 'database "missing" does not exist'),
        ({"database": "postgres", "user": "nobody"}, 'role "nobody" does not exist'),
    ],
)
def test_a_database_or_a_role_that_is_not_there_is_one_line(tmp_path, postgres, changed, told):
    settings = settings_at(tmp_path, postgres.url(**changed))
    assert told in refusal(open_operations(settings, read_only=True))
    assert told in refusal(open_operations(settings, patience_seconds=0.1))


@pytest.mark.parametrize(
    "place", ["guest:{password}@{host}/d", "{host}/d?user=a&password={password}"]
)
def test_the_password_is_in_no_line_wherever_the_address_has_it(tmp_path, place):
    host = f"127.0.0.1:{free_port()}"
    url = f"postgresql://{place.format(host=host, password=PASSWORD)}"
    for read_only in (False, True):
        operations = open_operations(
            settings_at(tmp_path, url), read_only=read_only, patience_seconds=0.1
        )
        assert host in refusal(operations)


def test_a_reader_waits_for_no_server(tmp_path):
    url = f"postgresql://127.0.0.1:{free_port()}/nobody"
    reader = open_operations(settings_at(tmp_path, url), read_only=True, patience_seconds=600)
    refusal(reader)


def test_a_connection_says_how_soon_it_is_given_up(settings):
    operations = open_operations(settings, patience_seconds=4)
    with operations.begin() as session:
        raw = session.connection().connection.driver_connection
        with socket.socket(fileno=socket.dup(raw.fileno())) as line:
            tcp = socket.IPPROTO_TCP
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert line.getsockopt(tcp, socket.TCP_KEEPIDLE) == 4
            assert line.getsockopt(tcp, socket.TCP_KEEPINTVL) == 1
            assert line.getsockopt(tcp, socket.TCP_KEEPCNT) == 3
            assert line.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 7_000
        limits = [
            session.scalar(text(f"SHOW {name}"))
            for name in ("lock_timeout", "statement_timeout", "transaction_read_only")
        ]
    assert limits == ["4s", "14s", "off"]


def test_a_server_that_stands_still_keeps_nobody_for_long_and_readers_once(
    postgres, settings, monkeypatch
):
    for limit in ("_READING_SECONDS", "_STATEMENT_SECONDS"):
        monkeypatch.setattr(engines, limit, 0.1)
    monkeypatch.setattr(database, "_PAUSE_SECONDS", 600)
    reader = open_operations(settings, read_only=True, patience_seconds=0.1)
    writer = open_operations(settings, patience_seconds=0.1)
    assert record_decision(writer, decision("first"))
    assert len(decisions_of(reader)) == 1
    with postgres.frozen():
        told = refusal(reader)
        refusal(writer)
    # Pages that queue behind one another wait no more than one of them.
    assert refusal(reader) == told
    assert len(decisions_of(writer)) == 1


def test_a_question_is_given_up_where_no_answer_comes(postgres, settings):
    operations = open_operations(settings, read_only=True)
    assert record_decision(open_operations(settings), decision("first"))

    def ask_while_it_stands_still():
        with operations.begin() as session:
            session.connection().connection.driver_connection.limit_s = 0.1
            with postgres.frozen():
                session.execute(text("SELECT 1"))

    with pytest.raises(StorageError, match="did not answer within"):
        ask_while_it_stands_still()
    assert len(decisions_of(operations)) == 1


def test_a_statement_that_went_astray_is_ended(settings, monkeypatch):
    monkeypatch.setattr("services.operations.engines._STATEMENT_SECONDS", 0.1)
    operations = open_operations(settings, patience_seconds=0.1)
    with pytest.raises(StorageError, match="statement timeout"), operations.begin() as session:
        session.execute(text("SELECT pg_sleep(600)"))


def test_who_stops_in_the_midst_of_a_transaction_keeps_others_waiting_for_a_while_only(
    settings, monkeypatch
):
    stopped = open_operations(settings)
    assert record_decision(stopped, decision("first"))

    def stop_for_a_while():
        with ExitStack() as transaction:
            with monkeypatch.context() as patch:
                patch.setattr("services.operations.engines.IDLE_SECONDS", 0.2)
                transaction.enter_context(stopped.begin())
            assert record_decision(open_operations(settings), decision())

    with pytest.raises(StorageError, match=r"idle.in.transaction|closed"):
        stop_for_a_while()
    assert [item.version for item in decisions_of(stopped)] == [decision().version, "first"]


def test_a_writer_waits_for_a_server_that_is_away_and_a_reader_does_not(postgres, settings):
    operations = open_operations(settings, patience_seconds=60)
    reader = open_operations(settings, read_only=True)
    assert record_decision(operations, decision("first"))
    assert len(decisions_of(reader)) == 1
    postgres.stop()
    try:
        refusal(reader)
        with ThreadPoolExecutor(1) as pool:
            written = pool.submit(record_decision, operations, decision("second"))
            postgres.start()
            assert written.result()
    finally:
        postgres.start()
    assert [item.version for item in decisions_of(reader)] == ["second", "first"]


def test_a_connection_that_was_cut_between_two_transactions_is_never_noticed(
    postgres, settings, caplog
):
    operations = open_operations(settings, patience_seconds=60)
    assert record_decision(operations, decision("first"))
    postgres.restart(crash=True)
    assert record_decision(operations, decision("second"))
    assert len(decisions_of(operations)) == 2
    assert not [line for line in caplog.records if line.levelname == "ERROR"]
