"""The PostgreSQL of the tests itself: keeps what was committed, at the same address."""

from __future__ import annotations

import psycopg
import pytest


@pytest.mark.parametrize("crash", [False, True])
def test_a_restart_cuts_connections_and_keeps_what_was_committed(postgres, crash):
    with postgres.database() as name:
        postgres.execute("CREATE TABLE kept (number int)", name)
        postgres.execute("INSERT INTO kept VALUES (7)", name)
        with psycopg.connect(postgres.url(name)) as open_connection:
            postgres.restart(crash=crash)
            with pytest.raises(psycopg.OperationalError):
                open_connection.execute("SELECT 1")
        assert postgres.execute("SELECT number FROM kept", name) == [(7,)]


def test_connections_to_one_database_are_cut_alone(postgres):
    with (
        postgres.database() as cut,
        postgres.database() as other,
        psycopg.connect(postgres.url(cut)) as first,
        psycopg.connect(postgres.url(other)) as second,
    ):
        assert postgres.cut(cut) == 1
        with pytest.raises(psycopg.OperationalError):
            first.execute("SELECT 1")
        assert second.execute("SELECT 1").fetchone() == (1,)
