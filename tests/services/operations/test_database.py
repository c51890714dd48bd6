"""The operations database: made when needed, shared, healed, and never in a page's way."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime

import pytest
from sqlalchemy import column, table, text, update

from services.base.errors import ConfigurationError, StorageError
from services.base.settings import load_settings
from services.operations.cameras import latest_readings
from services.operations.database import NothingRecorded, open_operations
from services.operations.decisions import (
    champion_history,
    latest_decisions,
    record_decision,
    recorded_versions,
)
from services.operations.tables import VERSION_TABLE, CameraReading, Decision, ModelVersion
from tests.services.operations.decisions import NOW, decision, decisions_of


@pytest.fixture
def reader(settings):
    return open_operations(settings, read_only=True)


@contextmanager
def held(settings):
    """While entered, somebody else is writing."""
    with open_operations(settings).begin() as session:
        session.execute(text("SELECT 1"))
        yield


def drop(settings, table):
    with open_operations(settings).begin() as session:
        session.execute(text(f"DROP TABLE {table}"))


def test_what_is_recorded_is_read_again_by_another_process_s_reader(operations, reader):
    version = ModelVersion(
        kind="zones",
        version="2026-11-22-aaaaaa",
        source="demo",
        first_day=date(2026, 8, 31),
        last_day=date(2026, 11, 22),
        days=84,
        measures={"rps": 0.03},
        recorded_at=NOW,
    )
    assert record_decision(operations, decision(), version)
    [found] = decisions_of(reader)
    assert (found.version, found.action, found.figures) == (
        "2026-11-22-aaaaaa",
        "promoted",
        {"rps": 0.03},
    )
    assert found.decided_at == NOW
    assert found.decided_at.tzinfo is not None
    with reader.begin() as session:
        [known] = recorded_versions(session)
    assert (known.days, known.last_day) == (84, date(2026, 11, 22))


def test_changes_of_champion_come_in_their_order(operations):
    for hour, (version, action) in enumerate(
        [("b", "promoted"), ("c", "refused"), ("d", "promoted"), ("b", "rolled_back")]
    ):
        moment = NOW.replace(hour=hour)
        record_decision(operations, decision(version, action=action, decided_at=moment))
    with operations.begin() as session:
        assert [item.version for item in champion_history(session, "zones")] == ["b", "d", "b"]
        assert champion_history(session, "week") == []
        assert [item.version for item in latest_decisions(session, "zones", 2)] == ["b", "d"]


def test_before_the_first_record_a_reader_says_so_and_makes_nothing(reader, tmp_path):
    with pytest.raises(NothingRecorded):
        decisions_of(reader)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(operations, reader):
    record_decision(operations, decision())
    assert record_decision(reader, decision()) is False
    assert len(decisions_of(reader)) == 1


def test_many_writers_at_a_time_lose_nothing(settings):
    def write(number):
        # An engine each, as processes have.
        return record_decision(open_operations(settings), decision(f"version-{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(40)))
    with open_operations(settings).begin() as session:
        assert len(latest_decisions(session, limit=100)) == 40


def test_a_locked_database_puts_the_decision_into_the_journal(settings, reader, caplog):
    operations = open_operations(settings, patience_seconds=0.05)
    record_decision(operations, decision("first"))
    with held(settings), caplog.at_level(logging.ERROR):
        assert record_decision(operations, decision("second", figures={"rps": 0.5})) is False
        # Pages go on reading meanwhile.
        assert [item.version for item in decisions_of(reader)] == ["first"]
    assert '"version":"second"' in caplog.text
    assert '"rps":0.5' in caplog.text


def test_those_who_wait_less_share_the_engine_and_give_up_sooner(operations, settings):
    record_decision(operations, decision("first"))
    hasty = operations.waiting(0.05)
    assert hasty._engine.pool is operations._engine.pool
    with held(settings):
        assert record_decision(hasty, decision("second")) is False
    assert record_decision(hasty, decision("third"))
    assert [item.version for item in decisions_of(operations)] == ["third", "first"]


def test_whoever_writes_has_the_database_to_itself_until_its_transaction_ends(settings):
    def take_one(_turn):
        with open_operations(settings).begin() as session:
            taken = len(latest_decisions(session, limit=100))
            session.add(decision(f"number-{taken}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take_one, range(24)))
    versions = {item.version for item in decisions_of(open_operations(settings), limit=100)}
    assert versions == {f"number-{taken}" for taken in range(24)}


def test_a_table_that_was_dropped_is_made_anew_by_the_next_writer(
    operations, reader, settings, caplog
):
    record_decision(operations, decision("first"))
    assert len(decisions_of(reader)) == 1
    drop(settings, Decision.__tablename__)
    with pytest.raises(StorageError, match=r"no such table|does not exist") as told:
        decisions_of(reader)
    assert "\n" not in str(told.value)
    # Who finds out loses what it wrote, to the journal.
    assert record_decision(operations, decision("second")) is False
    assert record_decision(operations, decision("third"))
    assert f"lacked {Decision.__tablename__}" in caplog.text
    assert [item.version for item in decisions_of(reader)] == ["third"]


def test_a_role_that_starts_makes_a_dropped_table_anew(operations, settings):
    record_decision(operations, decision("first"))
    drop(settings, CameraReading.__tablename__)
    with open_operations(settings).begin() as session:
        assert latest_readings(session) == []
        assert len(latest_decisions(session)) == 1


@pytest.mark.parametrize(("found", "told"), [("0099", "version 99.*knows"), ("abc", "abc")])
def test_tables_of_another_version_are_refused_in_one_line(
    operations, reader, settings, tmp_path, found, told
):
    record_decision(operations, decision())
    with operations.begin() as session:
        session.execute(
            update(table(VERSION_TABLE, column("version_num"))).values(version_num=found)
        )
    for opened in (open_operations(settings), reader):
        with pytest.raises(StorageError, match=told) as refused:
            decisions_of(opened)
        assert "\n" not in str(refused.value)
    assert not list(tmp_path.glob("*.unreadable-*"))


def test_a_time_without_zone_is_refused(operations):
    naive = datetime(2026, 11, 25, 2, 30)
    assert record_decision(operations, decision(decided_at=naive)) is False


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///:memory:", "mysql://host/db", "nonsense", "oracle://x/y"]
)
def test_another_database_is_refused_at_the_start_without_telling_its_password(tmp_path, url):
    with pytest.raises(ConfigurationError, match="TRAFFIC_DATABASE_URL"):
        load_settings(data_dir=tmp_path, database_url=url)
