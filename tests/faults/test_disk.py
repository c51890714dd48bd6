"""A disk that is full, read-only or nearly full, to a message received."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import datetime, timedelta

import pytest

from app import create_app
from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.history import writer
from services.observe.observer import Observer
from services.traffic.store import Store
from tests.faults.duty import Duty, fired, lines_about, over
from tests.feed_replies import encode, make_records


class TestDisk:
    @pytest.fixture
    def observer(self, settings, duty):
        store = Store(RENNES, settings.data_dir)
        store.prepare()
        return Observer(store, LiveFeed(duty), None, lambda: duty.now, duty.worker, city=RENNES)

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
    def test_full_or_read_only(self, observer, duty, settings, webhook, monkeypatch, caplog, code):
        """Nothing at all can be written to the data directory any more."""
        client = create_app(settings).server.test_client()
        duty.pass_time(60, observer.observe)
        assert webhook.told == []
        with monkeypatch.context() as fault:
            self.refuse_writes(fault, settings.data_dir, code)
            duty.pass_time(1_200, every(12, observer.observe))
            assert client.get("/").status_code == 200
            assert client.get("/api/v1/traffic").status_code == 200
        assert "history not written: cannot write" in caplog.text
        assert os.strerror(code) in caplog.text
        summaries = ("History no longer written", "Traffic feed old")
        for summary in summaries:
            assert lines_about(webhook, summary) == ["Critical"]
        duty.pass_time(60, observer.observe)
        for summary in summaries:
            assert lines_about(webhook, summary) == ["Critical", "Over"]

    def refuse_writes(self, fault, data_dir, code: int) -> None:
        """As a disk without space or rights answers, except to the database of incidents."""

        def refuse(*_arguments, **_options):
            raise OSError(code, os.strerror(code))

        fault.setattr("tempfile.mkstemp", refuse)

    def test_nearly_full(self, duty, webhook, monkeypatch):
        duty.pass_time(30)
        usage = shutil.disk_usage("/")
        with monkeypatch.context() as fault:
            fault.setattr(
                shutil, "disk_usage", lambda _path: usage._replace(free=usage.total // 50)
            )
            duty.pass_time(90)
        summary = "Disk nearly full: share still free"
        assert webhook.titles == [fired(summary)]
        assert "2%" in webhook.told[0]["message"]

    def test_history_alone_not_written(self, observer, duty, webhook, monkeypatch, settings):
        def full(*_arguments):
            raise StorageError("No space left on device")

        duty.pass_time(60, observer.observe)
        with monkeypatch.context() as fault:
            fault.setattr(writer, "append_snapshot", full)
            duty.pass_time(1_200, every(12, observer.observe))
        summary = "History no longer written: age of the last addition"
        assert webhook.titles == [fired(summary)]
        # The news is shown all the same.
        shown = Store(RENNES, settings.data_dir).current_snapshot()
        assert duty.now - shown.observed_at < timedelta(minutes=10)
        duty.pass_time(15, observer.observe)
        assert webhook.titles == [fired(summary), over(summary)]


class LiveFeed:
    """Always answers, four minutes behind."""

    source = "live"

    def __init__(self, duty: Duty) -> None:
        self._duty = duty

    def reply(self, _at: datetime) -> bytes:
        observed = (self._duty.now - timedelta(minutes=4)).isoformat()
        return encode([{**record, "datetime": observed} for record in make_records()])


def every(rounds: int, work):
    """Work in one of so many rounds."""
    number = 0

    def maybe() -> None:
        nonlocal number
        number += 1
        if number % rounds == 0:
            work()

    return maybe
