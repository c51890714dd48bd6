"""The PostgreSQL of the tests itself: keeps what was committed, at the same address."""

from __future__ import annotations

import psycopg
import pytest

from tests.postgres import running_postgres


@pytest.fixture(scope="module")
def server():
    # Its own: others may be at work with the shared one.
    with running_postgres() as started:
        yield started


@pytest.mark.parametrize("crash", [False, True])
def test_a_restart_cuts_connections_and_keeps_what_was_committed(server, crash):
    with server.database() as name:
        server.execute("CREATE TABLE kept (number int)", name)
        server.execute("INSERT INTO kept VALUES (7)", name)
        with psycopg.connect(server.url(name)) as open_connection:
            server.restart(crash=crash)
            with pytest.raises(psycopg.OperationalError):
                open_connection.execute("SELECT 1")
        assert server.execute("SELECT number FROM kept", name) == [(7,)]


def test_connections_to_one_database_are_cut_alone(server):
    with (
        server.database() as cut,
        server.database() as other,
        psycopg.connect(server.url(cut)) as first,
        psycopg.connect(server.url(other)) as second,
    ):
        assert server.cut(cut) == 1
        with pytest.raises(psycopg.OperationalError):
            first.execute("SELECT 1")
        assert second.execute("SELECT 1").fetchone() == (1,)
