"""Faults put into the real parts, through metrics, rules and outbox, to a message received.

Only time is virtual: the watch and the worker are told what time it is.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time as real_time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import requests
from prometheus_client import values
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app
from services import history
from services.alerts.outbox import Outbox, send_by_apprise
from services.alerts.rules import SHIPPED_RULES
from services.errors import StorageError
from services.latest import LatestTraffic
from services.metrics import (
    WorkMetrics,
    forget_process,
    metric_registry,
    read_samples,
    share_metrics,
)
from services.metrics import requests as request_metrics
from services.monitoring import database, writer
from services.observe import Observer
from services.operations import OutgoingMessage, open_incidents, open_operations
from services.settings import load_settings
from services.store import Store
from services.watch import Watch
from tests.callbacks.conftest import DashClient
from tests.feed_replies import encode, make_records
from tests.ports import free_port
from tests.services.alerts.webhook import serve_webhook
from tests.services.monitoring_app import database_of, eventually, measured
from tests.waiting import wait_until

CALLBACK = "/_dash-update-component"
REFRESH = ("snapshot.data", {}, "refresh.n_intervals")


class Duty:
    """The watch and its outbox on virtual time, over the metrics of real parts."""

    def __init__(self, settings) -> None:
        self.settings = settings
        self.operations = open_operations(settings)
        self.now = datetime.now(UTC)
        self.elapsed_s = 1_000.0
        self.worker = WorkMetrics(metric_registry(), "worker")
        self.start()

    def start(self) -> None:
        """A new watch process."""
        urls = [self.settings.notify_urls.get_secret_value()]
        self.outbox = Outbox(self.operations, urls, send_by_apprise)
        self.watch = Watch(self.settings, self.outbox, lambda: self.now, lambda: self.elapsed_s)

    def pass_time(self, seconds: float, meanwhile=lambda: None) -> None:
        """Let rounds go by, while the worker gives its signs of life and something happens."""
        for _ in range(round(seconds / self.watch.period_seconds)):
            self.now += timedelta(seconds=self.watch.period_seconds)
            self.elapsed_s += self.watch.period_seconds
            self.worker.alive(self.now)
            meanwhile()
            self.watch.round()
            self.outbox.deliver(self.now)


@pytest.fixture
def webhook():
    with serve_webhook() as hook:
        yield hook


@pytest.fixture
def settings(tmp_path, webhook, monkeypatch):
    """Of an application in this process that shares its metrics as each role does."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    # The load of the machine that tests run on is no fault of the application.
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.1, 0.1, 0.1))
    chosen = load_settings(
        data_dir=tmp_path / "data", notify_urls=webhook.url, notify_language="en", _env_file=None
    )
    share_metrics(chosen.data_dir, "web", afresh=True)
    return chosen


@pytest.fixture
def duty(settings):
    return Duty(settings)


@pytest.fixture
def quick_writer(monkeypatch):
    """A writer of measures that does not take long to find out."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(writer, "WRITE_PERIOD_SECONDS", 0.02)


def fired(summary: str) -> str:
    return f"[Incident] Traffic Rennes: {summary}"


def over(summary: str) -> str:
    return f"[Over] Traffic Rennes: {summary}"


def lines_about(webhook, summary: str) -> list[str]:
    """The severity, or "Over", of each line that was sent about a rule."""
    lines = "\n".join(message["message"] for message in webhook.told).splitlines()
    return [line.partition(" · ")[0] for line in lines if summary in line]


def sample_of(data_dir, name: str) -> float:
    return sum(sample.value for sample in read_samples(data_dir) if sample.name == name)


class TestCallbacks:
    """Through the real Dash application."""

    @pytest.fixture
    def visitor(self, settings, duty):
        page = DashClient(create_app(settings).server.test_client())
        duty.pass_time(60)
        return page

    def test_a_slow_callback(self, visitor, duty, webhook, monkeypatch):
        late_s = 0.0

        class Clock:
            @staticmethod
            def perf_counter() -> float:
                return real_time.perf_counter() + late_s

        def slow_view(_traffic):
            nonlocal late_s
            late_s += 0.9

        monkeypatch.setattr(request_metrics, "time", Clock)
        with monkeypatch.context() as fault:
            fault.setattr(LatestTraffic, "view", slow_view)
            duty.pass_time(120, lambda: [visitor.call(*REFRESH) for _ in range(5)])
        summary = "Slow responses: 95% take up to this time, or less"
        assert webhook.titles == [fired(summary)]
        assert f"{CALLBACK} · snapshot.data" in webhook.told[0]["message"]
        assert "docs/runbooks/slow-responses.md" in webhook.told[0]["message"]
        duty.pass_time(360, lambda: [visitor.call(*REFRESH) for _ in range(5)])
        assert webhook.titles == [fired(summary), over(summary)]

    def test_a_callback_that_raises(self, visitor, duty, webhook, monkeypatch, caplog):
        def broken_view(_traffic):
            raise ZeroDivisionError("a fault in a callback")

        statuses = []
        with monkeypatch.context() as fault:
            fault.setattr(LatestTraffic, "view", broken_view)
            duty.pass_time(15, lambda: statuses.extend(self.ask(visitor, 3)))
        assert statuses == [500] * 3
        assert "ZeroDivisionError: a fault in a callback" in caplog.text
        summary = "Server errors: share of answers that failed (5xx)"
        assert webhook.titles == [fired(summary)]
        duty.pass_time(360, lambda: statuses.extend(self.ask(visitor, 3)))
        assert set(statuses[3:]) == {200}
        assert webhook.titles == [fired(summary), over(summary)]

    def ask(self, visitor, times: int) -> list[int]:
        return [visitor.call(*REFRESH).status_code for _ in range(times)]


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
        assert "docs/runbooks/measures-not-written.md" in webhook.told[0]["message"]
        assert f"measures cannot be written yet: OperationalError: {reason}" in caplog.text
        duty.pass_time(330)
        assert webhook.titles == [fired(summary), over(summary)]


class TestDisk:
    @pytest.fixture
    def observer(self, settings, duty):
        store = Store(settings.data_dir)
        store.prepare()
        return Observer(store, LiveFeed(duty), None, lambda: duty.now, duty.worker)

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
        assert "2 %" in webhook.told[0]["message"]

    def test_history_alone_not_written(self, observer, duty, webhook, monkeypatch, settings):
        def full(*_arguments):
            raise StorageError("No space left on device")

        duty.pass_time(60, observer.observe)
        with monkeypatch.context() as fault:
            fault.setattr(history, "append_snapshot", full)
            duty.pass_time(1_200, every(12, observer.observe))
        summary = "History no longer written: age of the last addition"
        assert webhook.titles == [fired(summary)]
        # The news is shown all the same.
        shown = Store(settings.data_dir).current_snapshot()
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


# A web process with a callback that keeps what it should not.
LEAKING = """
import sys
from pathlib import Path
from services.metrics.sharing import metric_registry, share_metrics
share_metrics(Path(sys.argv[1]), "web", afresh=False)
import flask
from services.metrics import measure_requests
server, kept = flask.Flask("leaking"), []
measure_requests(server, metric_registry(), frozenset)

@server.get("/")
def leak():
    if len(kept) < 6:
        kept.append(b"x" * 50_000_000)
    return ""

server.run(port=int(sys.argv[2]))
"""


class TestMemory:
    @pytest.fixture
    def settings_with_a_low_limit(self, settings, tmp_path):
        """The shipped rule, with a limit that a test can pass without harm to the machine."""
        shipped = SHIPPED_RULES.read_text("utf-8")
        low = shipped.replace("above = 734003200", "above = 262144000")
        low = low.replace("clear = 629145600", "clear = 209715200")
        assert low != shipped
        path = tmp_path / "alerts.toml"
        path.write_text(low, "utf-8")
        return settings.model_copy(update={"alerts_file": path})

    def test_a_leak_in_a_web_process(self, settings_with_a_low_limit, webhook):
        settings, port = settings_with_a_low_limit, free_port()
        duty = Duty(settings)
        with subprocess.Popen(
            [sys.executable, "-c", LEAKING, str(settings.data_dir), str(port)],
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                wait_until(lambda: self.answers(port))
                duty.pass_time(300)
                assert webhook.told == []
                # It looks at its own memory every five seconds.
                wait_until(lambda: self.answers(port) and self.memory(settings) > 300_000_000)
                duty.pass_time(135)
            finally:
                process.send_signal(signal.SIGKILL)
        summary = "Memory of a web process"
        assert lines_about(webhook, summary) == ["Critical"]
        assert f"web · {process.pid}" in webhook.told[0]["message"]
        # As gunicorn does when a process of it has ended.
        forget_process(process.pid)
        duty.pass_time(90)
        assert lines_about(webhook, summary) == ["Critical", "Over"]

    def answers(self, port: int) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/", timeout=30).ok
        except requests.ConnectionError:
            return False

    def memory(self, settings) -> float:
        return max(
            (
                sample.value
                for sample in read_samples(settings.data_dir)
                if sample.name == "traffic_process_resident_memory_bytes"
                and sample.labels["role"] == "web"
            ),
            default=0.0,
        )


class TestKilledWatch:
    """A disk that is nearly full, and a watch that is killed as it finds out."""

    @pytest.fixture(autouse=True)
    def nearly_full(self, duty, monkeypatch):
        usage = shutil.disk_usage("/")
        duty.pass_time(30)
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _path: usage._replace(free=usage.total // 50)
        )
        duty.pass_time(60)

    def test_right_after_it_kept_the_incident(self, duty, webhook, monkeypatch):
        with monkeypatch.context() as fault:
            fault.setattr(Outbox, "deliver", lambda _outbox, _now: 0)
            duty.pass_time(15)
        assert self.kept(duty) == ["disk-nearly-full"]
        assert webhook.told == []
        duty.start()
        duty.outbox.deliver(duty.now)
        duty.outbox.deliver(duty.now + timedelta(hours=1))
        assert webhook.titles == [fired("Disk nearly full: share still free")]

    def test_in_the_midst_of_keeping_it(self, duty, webhook, monkeypatch):
        merge = Session.merge

        def killed(session, row):
            if isinstance(row, OutgoingMessage):
                raise SystemExit
            return merge(session, row)

        with monkeypatch.context() as fault:
            fault.setattr(Session, "merge", killed)
            with pytest.raises(SystemExit):
                duty.pass_time(15)
        # Neither kept nor told: the next one finds it again.
        assert self.kept(duty) == []
        duty.start()
        duty.pass_time(120)
        assert self.kept(duty) == ["disk-nearly-full"]
        assert webhook.titles == [fired("Disk nearly full: share still free")]

    def kept(self, duty) -> list[str]:
        with duty.operations.begin() as session:
            return [incident.rule for incident in open_incidents(session)]
