"""The database of measures locked, read-only, deleted, to a message received."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing

import pytest
from sqlalchemy import event

from app import create_app
from tests.faults.duty import fired, over, sample_of
from tests.services.web.monitoring.app import database_of, eventually, measured
from tests.waiting import wait_until


class TestMonitoringDatabase:
    @pytest.fixture
    def client(self, settings, duty, quick_writer):
        client = create_app(settings).server.test_client()
        assert client.get("/").status_code == 200
        assert eventually(lambda: len(measured(settings.data_dir, "/")) == 1)
        duty.pass_time(30)
        return client

    def test_locked(self, client, settings, duty, webhook, caplog):
        with closing(sqlite3.connect(database_of(settings.data_dir))) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert [client.get("/").status_code for _ in range(3)] == [200] * 3
            self.wait_for_failures(settings)
            duty.pass_time(15)
            other.rollback()
        self.check_told_and_over(settings, duty, webhook, caplog, "database is locked")
        # Nothing was lost.
        assert eventually(lambda: len(measured(settings.data_dir, "/")) == 4)

    def test_read_only(self, client, settings, duty, webhook, caplog):
        engine = sys.modules["flask_monitoringdashboard.database"].engine

        def forbid(connection, _record, _proxy):
            connection.execute("PRAGMA query_only = ON")

        event.listen(engine, "checkout", forbid)
        assert [client.get("/").status_code for _ in range(3)] == [200] * 3
        self.wait_for_failures(settings)
        duty.pass_time(15)
        event.remove(engine, "checkout", forbid)
        engine.dispose()
        self.check_told_and_over(settings, duty, webhook, caplog, "attempt to write a readonly")
        assert eventually(lambda: len(measured(settings.data_dir, "/")) == 4)

    def test_deleted_with_its_directory(self, client, settings, duty, webhook, caplog):
        shutil.rmtree(settings.data_dir / "monitoring")
        assert [client.get("/").status_code for _ in range(3)] == [200] * 3
        self.wait_for_failures(settings)
        duty.pass_time(15)
        (settings.data_dir / "monitoring").mkdir(mode=0o700)
        self.check_told_and_over(settings, duty, webhook, caplog, "unable to open database file")
        assert eventually(lambda: len(measured(settings.data_dir, "/")) == 3)

    def test_deleted_alone_heals_by_itself(self, client, settings, duty, webhook, caplog):
        database_of(settings.data_dir).unlink()
        assert [client.get("/").status_code for _ in range(3)] == [200] * 3
        healed = "the monitoring database was gone: an empty one takes its place"
        assert eventually(lambda: healed in caplog.text)
        assert eventually(lambda: len(measured(settings.data_dir, "/")) == 3)
        duty.pass_time(60)
        assert webhook.told == []

    def wait_for_failures(self, settings) -> None:
        counter = "traffic_measures_write_failures_total"
        wait_until(lambda: sample_of(settings.data_dir, counter) >= 3)

    def check_told_and_over(self, settings, duty, webhook, caplog, reason: str) -> None:
        summary = "Measures of requests not written: failures within five minutes"
        assert webhook.titles == [fired(summary)]
        assert "docs/runbooks/en/measures-not-written.md" in webhook.told[0]["message"]
        assert f"measures cannot be written yet: OperationalError: {reason}" in caplog.text
        duty.pass_time(330)
        assert webhook.titles == [fired(summary), over(summary)]
