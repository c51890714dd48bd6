from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from services.base.errors import InvalidRequest
from services.base.journal.retention import prune_journal
from services.operations.incidents import notes_of, past_incidents, prune_incidents, record_note
from services.operations.tables import Incident, IncidentNote
from services.web.monitoring.retention import prune_measures
from tests.services.web.monitoring.app import build_server, eventually, rows, settings_in

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_old_measures_go_with_all_that_only_they_needed(tmp_path):
    client = build_server(settings_in(tmp_path, monitor_level="3")).test_client()
    client.get("/broken")
    client.get("/slow")
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM Request")) == 2)
    assert eventually(lambda: len(rows(tmp_path, "SELECT id FROM ExceptionOccurrence")) == 1)
    now = datetime.now(UTC)
    assert prune_measures(settings_in(tmp_path), now) == 0
    assert prune_measures(settings_in(tmp_path), now + timedelta(days=57)) == 2
    for table in ("Request", "StackLine", "Outlier", "ExceptionMessage", "StackTraceSnapshot"):
        assert rows(tmp_path, f"SELECT * FROM {table}") == []  # noqa: S608


def test_without_a_database_of_measures_there_is_nothing_to_remove(tmp_path):
    assert prune_measures(settings_in(tmp_path), NOW) == 0
    (tmp_path / "monitoring").mkdir()
    with closing(sqlite3.connect(tmp_path / "monitoring" / "requests.sqlite3")) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    assert prune_measures(settings_in(tmp_path), NOW) == 0


def test_rotated_journals_go_once_their_first_line_is_too_old(tmp_path):
    for name, day in (("app.log", 1), ("app.log.1", 1), ("app.log.2", 20)):
        (tmp_path / name).write_text(f"2026-11-{day:02d} 08:00:00,000 INFO x line\n")
    (tmp_path / "app.log.old").write_text("somebody's own file\n")
    assert prune_journal(tmp_path, NOW, 14) == ["app.log.1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "app.log",
        "app.log.2",
        "app.log.old",
    ]


def incident(name, ended_at):
    return Incident(
        id=name,
        rule="disk-nearly-full",
        subject="",
        severity="critical",
        unit="%",
        runbook="disk-nearly-full",
        threshold=0.05,
        peak=0.01,
        started_at=NOW - timedelta(days=900),
        fired_at=NOW - timedelta(days=900),
        ended_at=ended_at,
    )


def test_incidents_over_for_long_go_with_their_notes(operations):
    with operations.begin() as session:
        session.add(incident("old", NOW - timedelta(days=800)))
        session.add(incident("recent", NOW - timedelta(days=10)))
        session.add(incident("open", None))
        for name in ("old", "recent"):
            record_note(session, name, "comment", by="admin", at=NOW, text="seen")
    assert prune_incidents(operations, NOW, timedelta(days=730)) == 1
    with operations.begin() as session:
        assert [item.id for item in past_incidents(session, 10)] == ["recent"]
        assert session.query(IncidentNote).count() == 1
        [kept] = past_incidents(session, 10)
        assert [note.text for note in notes_of(session, [kept])["recent"]] == ["seen"]


def test_a_note_needs_an_incident(operations):
    with operations.begin() as session, pytest.raises(InvalidRequest):
        record_note(session, "none", "acknowledged", by="admin", at=NOW)
