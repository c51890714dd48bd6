"""A bad value in the database makes its own row unreadable, on every page, and no other."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import JSON, text

from app import create_app
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.learn.summary import quality_report
from services.operations.cameras import latest_readings
from services.operations.database import FILE_NAME, open_operations
from services.operations.decisions import latest_decisions
from services.operations.incidents import notes_of, open_incidents, past_incidents
from services.operations.log_in_failures import log_in_failures_since, record_log_in_failure
from services.operations.tables import (
    FORM,
    Base,
    Camera,
    CameraReading,
    Decision,
    ForecastScore,
    Incident,
    IncidentNote,
)
from tests.log_in import send_log_in
from tests.pages import layout_of

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
PASSWORD = "Good-velo-42-bleu"


def incident(name, **changes):
    fields = {
        "id": name, "rule": "server-errors", "subject": name, "severity": "critical", "unit": "%",
        "runbook": "server-errors", "threshold": 0.01, "peak": 0.5, "started_at": NOW,
        "fired_at": NOW, "journal": ["a line"],
    }  # fmt: skip
    return Incident(**{**fields, **changes})


def score(zone):
    return ForecastScore(
        source="live", kind="zones", day=date(2026, 11, 24), zone=zone, lead_minutes=0,
        forecaster="model", model_version="v", cases=10, rps_sum=1.0, brier_sum=1.0,
        ratio_cases=0, ratio_error_sum=0.0, band_cases=0, band_hits=0,
        better_than={"average": 5, "persistence": 5}, calibration=[[10.0, 1.0, 1.0]] * 10,
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    return load_settings(
        data_dir=tmp_path, monitor_level="off", dashboard_password=PASSWORD, _env_file=None
    )


@pytest.fixture
def operations(settings):
    return filled(settings)


def filled(settings):
    operations = open_operations(settings)
    with operations.begin() as session:
        session.add_all([incident("good"), incident("bad")])
        session.add_all([incident("old good", ended_at=NOW), incident("old bad", ended_at=NOW)])
        session.add(Camera(id="c", name="a mast", segment_id="1_D", created_at=NOW))
        session.flush()
        for name in ("good", "bad"):
            session.add(IncidentNote("good", "comment", by="admin", at=NOW, text=name))
            session.add(
                CameraReading(
                    camera_id="c", at=NOW, status="free", occupancy=0.1, confidence=0.9,
                    vehicles=1, people=0, model_version=name,
                )
            )  # fmt: skip
            session.add(
                Decision(
                    kind="zones", version=name, previous=None, action="promoted",
                    reason="no_champion", decided_by="challenge", decided_at=NOW,
                )
            )  # fmt: skip
            record_log_in_failure(session, name, NOW)
        session.add_all([score("rocade"), score("ceinture")])
    return operations


def test_every_column_of_documents_says_of_what_form_they_are():
    documents = [
        column
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, JSON)
    ]
    assert len(documents) >= 5
    assert [str(column) for column in documents if FORM not in column.info] == []


SPOILT = [
    ("incidents", "started_at", "nonsense"),
    ("incidents", "started_at", 5),
    ("incidents", "peak", "a text"),
    ("incidents", "peak", float("inf")),
    ("incidents", "journal", "{"),
    ("incidents", "journal", "[1]"),
    ("incidents", "journal", "7"),
    ("incidents", "severity", "grave"),
    ("incidents", "subject", b"\xff"),
    ("incident_notes", "at", "nonsense"),
    ("incident_notes", "kind", "other"),
    ("camera_readings", "at", "nonsense"),
    ("camera_readings", "occupancy", "much"),
    ("camera_readings", "status", "other"),
    ("camera_readings", "vehicles", "many"),
    ("model_decisions", "decided_at", "nonsense"),
    ("model_decisions", "figures", "["),
    ("model_decisions", "figures", "[]"),
    ("model_decisions", "action", "other"),
    ("log_in_failures", "at", "nonsense"),
    ("forecast_scores", "day", "9999-99-99"),
    ("forecast_scores", "calibration", "[7]"),
    ("forecast_scores", "better_than", '{"average": "x"}'),
    ("forecast_scores", "rps_sum", "x"),
]
BAD_ROW = {
    "incidents": "id LIKE '%bad'",
    "incident_notes": "text = 'bad'",
    "camera_readings": "model_version = 'bad'",
    "model_decisions": "version = 'bad'",
    "log_in_failures": "visitor = 'bad'",
    "forecast_scores": "zone = 'ceinture'",
}


def spoil(settings, table, column, value):
    """Write a value into a column of the bad row; gives back the one before."""
    row = BAD_ROW[table]
    read = f"SELECT {column} FROM {table} WHERE {row}"  # noqa: S608 - names of this file
    write = f"UPDATE {table} SET {column} = ? WHERE {row}"  # noqa: S608
    with sqlite3.connect(settings.data_dir / FILE_NAME) as connection:
        [before] = connection.execute(read).fetchone()
        connection.execute(write, (value,))
    connection.close()
    return before


def readable(operations):
    """The names of what is read of every table."""
    with operations.begin() as session:
        found = {
            "incidents": [i.id for i in [*open_incidents(session), *past_incidents(session, 9)]],
            "incident_notes": [
                n.text
                for notes in notes_of(session, open_incidents(session)).values()
                for n in notes
            ],
            "camera_readings": [r.model_version for _, r in latest_readings(session)],
            "model_decisions": [d.version for d in latest_decisions(session)],
            "log_in_failures": [v for v, _ in log_in_failures_since(session, NOW - timedelta(1))],
            "forecast_scores": [
                zone
                for lead in quality_report(RENNES, session, "live", NOW).leads
                for zone in lead.zones
            ],
        }
    return {table: sorted(names) for table, names in found.items()}


ALL = {
    "incidents": ["bad", "good", "old bad", "old good"],
    "incident_notes": ["bad", "good"],
    "camera_readings": ["bad"],
    "model_decisions": ["bad", "good"],
    "log_in_failures": ["bad", "good"],
    "forecast_scores": ["ceinture", "rocade"],
}


def test_what_is_sound_is_read(operations):
    assert readable(operations) == ALL


def test_a_bad_value_hides_its_own_row_alone(operations, settings, caplog):
    for table, column, value in SPOILT:
        caplog.clear()
        before = spoil(settings, table, column, value)
        rest = [name for name in ALL[table] if name not in {"ceinture", "bad", "old bad"}]
        assert readable(operations) == {**ALL, table: rest}, (table, column, value)
        assert "rows that cannot be read are left out" in caplog.text
        spoil(settings, table, column, before)
    assert readable(operations) == ALL


# What a server takes into a column of its type.
SPOILT_ON_A_SERVER = [
    ("incidents", "severity", "grave"),
    ("incidents", "started_at", "infinity"),
    ("incidents", "peak", "infinity"),
    ("incidents", "journal", "[1]"),
    ("incident_notes", "at", "-infinity"),
    ("camera_readings", "at", "infinity"),
    ("camera_readings", "status", "other"),
    ("model_decisions", "decided_at", "infinity"),
    ("model_decisions", "figures", "[]"),
    ("log_in_failures", "at", "infinity"),
    ("forecast_scores", "rps_sum", "nan"),
    ("forecast_scores", "calibration", "[7]"),
]


def test_a_bad_value_on_a_server_hides_its_own_row_alone(tmp_path, postgres_url, caplog):
    operations = filled(load_settings(data_dir=tmp_path, database_url=postgres_url))
    assert readable(operations) == ALL
    rest = dict(ALL)
    for table, column, value in SPOILT_ON_A_SERVER:
        write = f"UPDATE {table} SET {column} = :value WHERE {BAD_ROW[table]}"  # noqa: S608 - as above
        with operations.begin() as session:
            session.execute(text(write), {"value": value})
        caplog.clear()
        rest[table] = [n for n in ALL[table] if n not in {"ceinture", "bad", "old bad"}]
        assert readable(operations) == rest, (table, column, value)
        assert "rows that cannot be read are left out" in caplog.text


def test_the_pages_show_the_rest_and_a_process_starts(operations, settings):
    for table, column, value in SPOILT:
        spoil(settings, table, column, value)
    client = create_app(settings, lambda: NOW).server.test_client()
    assert send_log_in(client, "admin", PASSWORD).status_code == 303
    for path in (
        "/exploitation/", "/exploitation/_dash-layout", "/exploitation/incidents.csv", "/qualite",
        "/camera", "/camera/lectures.csv",
        "/api/v1/cameras",
    ):  # fmt: skip
        assert client.get(path).status_code == 200, path
    for page in ("/qualite", "/camera"):
        layout_of(client, page)
    rows = client.get("/exploitation/incidents.csv").text.splitlines()
    assert [row.split(";")[1] for row in rows[1:]] == ["good", "old good"]


def test_the_database_is_its_owners_alone_whatever_is_beside_it(settings, operations):
    path = settings.data_dir / FILE_NAME
    before = os.umask(0)
    try:
        for beside in (path, *path.parent.glob(f"{FILE_NAME}-*")):
            beside.chmod(0o644)
        # One of an earlier version is closed by the next process that writes.
        again = open_operations(settings)
        with again.begin() as session:
            record_log_in_failure(session, "x", NOW)
            session.flush()
            files = list(path.parent.glob(f"{FILE_NAME}*"))
            assert len(files) == 3
            assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    finally:
        os.umask(before)
