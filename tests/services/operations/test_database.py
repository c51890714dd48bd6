"""The operations database: made when needed, shared, healed, and never in a page's way."""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from services.base.errors import ConfigurationError, StorageError
from services.base.settings import load_settings
from services.operations.cameras import latest_readings
from services.operations.database import FILE_NAME, SCHEMA_VERSION, NothingRecorded, open_operations
from services.operations.decisions import (
    champion_history,
    latest_decisions,
    record_decision,
    recorded_versions,
)
from services.operations.tables import Camera, Decision, ModelVersion

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


def decision(version="2026-11-22-aaaaaa", **changes):
    fields = {
        "kind": "zones",
        "version": version,
        "previous": None,
        "action": "promoted",
        "reason": "better_than_champion",
        "decided_by": "challenge",
        "decided_at": NOW,
        "figures": {"rps": 0.03},
    }
    return Decision(**{**fields, **changes})


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path)


@pytest.fixture
def operations(settings):
    return open_operations(settings)


@pytest.fixture
def reader(settings):
    return open_operations(settings, read_only=True)


def decisions_of(operations):
    with operations.begin() as session:
        return latest_decisions(session)


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


def test_many_writers_on_one_file_lose_nothing(settings):
    def write(number):
        # An engine each, as processes have.
        return record_decision(open_operations(settings), decision(f"version-{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(40)))
    with open_operations(settings).begin() as session:
        assert len(latest_decisions(session, limit=100)) == 40


def test_a_damaged_file_is_set_aside_and_the_decision_is_in_the_journal_or_the_new_one(
    operations, reader, tmp_path, caplog
):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"this is no database, " * 500)
    with pytest.raises(StorageError):
        decisions_of(reader)
    assert path.exists(), "a reader mends nothing"
    assert record_decision(operations, decision())
    assert len(decisions_of(reader)) == 1
    [aside] = tmp_path.glob(f"{FILE_NAME}.unreadable-*")
    assert aside.read_bytes().startswith(b"this is no database")
    assert "set aside" in caplog.text


def test_pages_damaged_later_are_found_out_too(operations, tmp_path, caplog):
    for number in range(200):
        record_decision(operations, decision(f"version-{number}", figures={"text": "x" * 500}))
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 8192))
    while record_decision(operations, decision("the-last")) is False:
        assert "the-last" in caplog.text
    assert list(tmp_path.glob(f"{FILE_NAME}.unreadable-*"))
    assert decisions_of(operations)[0].version == "the-last"


def test_a_file_that_goes_missing_is_made_again(operations, tmp_path):
    record_decision(operations, decision("first"))
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.unlink()
    assert record_decision(operations, decision("second"))
    assert [item.version for item in decisions_of(operations)] == ["second"]


def test_a_locked_database_puts_the_decision_into_the_journal(reader, tmp_path, caplog):
    operations = open_operations(load_settings(data_dir=tmp_path), patience_seconds=0.05)
    record_decision(operations, decision("first"))
    holder = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.ERROR):
        assert record_decision(operations, decision("second", figures={"rps": 0.5})) is False
    assert '"version":"second"' in caplog.text
    assert '"rps":0.5' in caplog.text
    # Pages go on reading meanwhile.
    assert [item.version for item in decisions_of(reader)] == ["first"]
    holder.execute("ROLLBACK")
    holder.close()


def test_those_who_wait_less_share_the_engine_and_give_up_sooner(operations, tmp_path):
    record_decision(operations, decision("first"))
    hasty = operations.waiting(0.05)
    assert hasty._engine.pool is operations._engine.pool
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert record_decision(hasty, decision("second")) is False
        holder.execute("ROLLBACK")
    assert record_decision(hasty, decision("third"))
    assert [item.version for item in decisions_of(operations)] == ["third", "first"]


def test_a_table_that_was_dropped_is_made_anew_by_the_next_writer(
    operations, reader, tmp_path, caplog
):
    record_decision(operations, decision("first"))
    assert len(decisions_of(reader)) == 1
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute(f"DROP TABLE {Decision.__tablename__}")
    with pytest.raises(StorageError, match="no such table"):
        decisions_of(reader)
    # Who finds out loses what it wrote, to the journal.
    assert record_decision(operations, decision("second")) is False
    assert record_decision(operations, decision("third"))
    assert f"lacked {Decision.__tablename__}" in caplog.text
    assert [item.version for item in decisions_of(reader)] == ["third"]


def test_a_role_that_starts_makes_a_dropped_table_anew(operations, settings, tmp_path):
    record_decision(operations, decision("first"))
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute(f"DROP TABLE {Camera.__tablename__}")
    with open_operations(settings).begin() as session:
        assert latest_readings(session) == []
        assert len(latest_decisions(session)) == 1


def test_tables_of_a_newer_version_are_refused_in_one_line(operations, reader, tmp_path):
    record_decision(operations, decision())
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE operations_schema SET version = 99")
    connection.close()
    for opened in (open_operations(load_settings(data_dir=tmp_path)), reader):
        with pytest.raises(StorageError, match=f"version 99.*knows {SCHEMA_VERSION}") as told:
            decisions_of(opened)
        assert "\n" not in str(told.value)
    assert not list(tmp_path.glob("*.unreadable-*"))


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    operations = open_operations(load_settings(data_dir=tmp_path / "file"))
    with pytest.raises(StorageError) as told:
        decisions_of(operations)
    assert "\n" not in str(told.value)


def test_a_time_without_zone_is_refused(operations):
    naive = datetime(2026, 11, 25, 2, 30)
    assert record_decision(operations, decision(decided_at=naive)) is False


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///:memory:", "mysql://host/db", "nonsense", "oracle://x/y"]
)
def test_another_database_is_refused_at_the_start_without_telling_its_password(tmp_path, url):
    with pytest.raises(ConfigurationError, match="TRAFFIC_DATABASE_URL"):
        load_settings(data_dir=tmp_path, database_url=url)


def test_the_url_may_name_another_file(tmp_path):
    settings = load_settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/other.db")
    assert record_decision(open_operations(settings), decision())
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / FILE_NAME).exists()
