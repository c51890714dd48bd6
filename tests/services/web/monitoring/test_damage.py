"""A monitoring database with noise in it is set aside, said and made anew, whoever meets it."""

from __future__ import annotations

import random
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask
import pytest

from services.base.files import remove_set_aside
from services.base.sqlite_file import file_id
from services.web.monitoring import database
from services.web.monitoring.retention import prune_measures
from tests.services.web.monitoring.app import (
    build_server,
    database_of,
    eventually,
    log_in,
    rows,
    settings_in,
)

HEADER = 100
PAGE = 4096


def fill(data_dir: Path) -> flask.Flask:
    """A server and its database, with some pages of measures, all of them in the file itself."""
    server = build_server(settings_in(data_dir, monitor_level="1"))
    with closing(sqlite3.connect(database_of(data_dir))) as connection, connection:
        connection.executemany(
            "INSERT INTO Request (endpoint_id, duration, time_requested, version_requested,"
            " group_by, ip, status_code)"
            " SELECT id, 1, '2026-01-01 00:00:00.000000', '1', '-', '-', 200"
            " FROM Endpoint WHERE name = 'pair' AND ?",
            [(True,)] * 2_000,
        )
    with closing(sqlite3.connect(database_of(data_dir))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return server


def add_noise(path: Path, begin: int, end: int | None = None) -> None:
    content = bytearray(path.read_bytes())
    end = len(content) if end is None else end
    content[begin:end] = random.Random(7).randbytes(end - begin)  # noqa: S311
    with path.open("r+b") as file:
        file.write(content)


def asides(data_dir: Path) -> list[Path]:
    return [
        path
        for path in database_of(data_dir).parent.glob("requests.sqlite3.unreadable-*")
        if not path.name.endswith(("-wal", "-shm"))
    ]


def check_measured_again(client: flask.testing.FlaskClient) -> None:
    assert client.get("/pair").status_code == 200

    def is_on_the_page() -> bool:
        answer = client.get("/dashboard/api/overview")
        found = answer.json if answer.status_code == 200 else []
        return any(row["name"] == "pair" and row["hits-overall"] == 1 for row in found)

    assert eventually(is_on_the_page)


@pytest.mark.parametrize(
    ("begin", "end"),
    [(0, 2_000), (HEADER, None), (PAGE, None), (20 * PAGE, 21 * PAGE)],
    ids=["no database", "all but the header", "all but the first page", "one page"],
)
def test_at_a_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, begin: int, end: int | None
) -> None:
    fill(tmp_path)
    add_noise(database_of(tmp_path), begin, end)
    client = log_in(build_server(settings_in(tmp_path, monitor_level="1")))
    check_measured_again(client)
    (aside,) = asides(tmp_path)
    assert "was damaged" in caplog.text
    assert aside.name in caplog.text


@pytest.mark.parametrize("begin", [HEADER, PAGE])
def test_met_by_a_page_while_serving(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, begin: int
) -> None:
    client = log_in(fill(tmp_path))
    add_noise(database_of(tmp_path), begin)
    # What was read before is remembered by a connection.
    sys.modules["flask_monitoringdashboard.database"].engine.dispose()
    assert client.get("/dashboard/api/overview").status_code in {200, 503}
    check_measured_again(client)
    assert len(asides(tmp_path)) == 1
    assert "was damaged" in caplog.text


@pytest.mark.parametrize("begin", [HEADER, PAGE])
def test_met_by_a_measure_that_is_not_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, begin: int
) -> None:
    client = log_in(fill(tmp_path))
    add_noise(database_of(tmp_path), begin)
    sys.modules["flask_monitoringdashboard.database"].engine.dispose()
    check_measured_again(client)
    assert len(asides(tmp_path)) == 1
    assert "a measure was lost" not in caplog.text


def test_met_by_the_worker_where_nobody_reads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = log_in(fill(tmp_path))
    add_noise(database_of(tmp_path), 20 * PAGE, 21 * PAGE)
    now = datetime.now(UTC)
    assert prune_measures(settings_in(tmp_path), now) == 0
    (aside,) = asides(tmp_path)
    assert aside.name in caplog.text
    check_measured_again(client)
    # The damaged one goes as all that is set aside, and so does one of an earlier version.
    former = aside.with_name(f"{database_of(tmp_path).name}.damaged-1764000000")
    former.write_bytes(b"")
    remove_set_aside(tmp_path, now + timedelta(days=31))
    assert (asides(tmp_path), former.exists()) == ([], False)


def test_what_was_set_aside_is_kept_no_longer_than_measures_are(tmp_path: Path) -> None:
    client = log_in(fill(tmp_path))
    add_noise(database_of(tmp_path), PAGE)
    now = datetime.now(UTC)
    prune_measures(settings_in(tmp_path, monitoring_retention_days=7), now)
    check_measured_again(client)
    prune_measures(settings_in(tmp_path, monitoring_retention_days=7), now + timedelta(days=6))
    assert len(asides(tmp_path)) == 1
    prune_measures(settings_in(tmp_path, monitoring_retention_days=7), now + timedelta(days=8))
    assert asides(tmp_path) == []


def test_a_file_that_another_process_has_made_anew_stays(tmp_path: Path) -> None:
    fill(tmp_path)
    path = database_of(tmp_path)
    seen = file_id(path)
    database.set_aside(path, seen, "noise")
    build_server(settings_in(tmp_path, monitor_level="1"))
    database.set_aside(path, seen, "noise")
    assert len(asides(tmp_path)) == 1
    assert rows(tmp_path, "SELECT count(*) FROM Endpoint") != [(0,)]


def test_a_large_file_does_not_hold_up_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    add_noise(database_of(tmp_path), 20 * PAGE, 21 * PAGE)
    assert database.damage_of(database_of(tmp_path)) is not None
    # Given no time at all.
    monkeypatch.setattr(database, "STEPS_BETWEEN_LOOKS", 1)
    assert database.damage_of(database_of(tmp_path), -1) is None
