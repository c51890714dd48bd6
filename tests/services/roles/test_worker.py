from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from unittest.mock import Mock

import pytest
from sqlalchemy.engine import Compiled, Dialect

from services.base.errors import ConfigurationError, StorageError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.metrics.shared_directory import metric_registry
from services.metrics.work import WorkMetrics
from services.operations.database import open_operations
from services.operations.log_in_failures import log_in_failures_since, record_log_in_failure
from services.roles import worker
from services.roles.supervisor import check_port_is_free, is_alive
from services.traffic.store import Store
from tests.factories import OBSERVED_AT, make_network
from tests.fault_server import fault_server, reply_with
from tests.feed_replies import encode, make_records
from tests.hanging import HangingWork
from tests.schedules import EVES_OF_CLOCK_CHANGES, pauses
from tests.services.history.days import append, moments
from tests.waiting import PATIENCE_SECONDS, wait_until


def start_worker(data_dir, **settings):
    environment = {
        **os.environ,
        "TRAFFIC_DATA_DIR": str(data_dir),
        "TRAFFIC_LEARNER": "off",
        **{f"TRAFFIC_{name.upper()}": str(value) for name, value in settings.items()},
    }
    return subprocess.Popen(
        [sys.executable, "-m", "services.worker"], env=environment, stderr=subprocess.DEVNULL
    )


@pytest.fixture
def workers():
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments, **settings):
        started.append(start_worker(*arguments, **settings))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def observed_at(data_dir) -> Callable[[], object]:
    return lambda: (s := Store(RENNES, data_dir).current_snapshot()) and s.source


def test_a_worker_fetches_publishes_and_stops_when_asked(tmp_path, workers):
    left = tmp_path / "snapshots" / ".writing-by-one-that-was-killed"
    left.parent.mkdir()
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    with fault_server(reply_with(encode(make_records()))) as server:
        process = workers(tmp_path, source="live", feed_url=server.url, feed_period_seconds=1)
        wait_until(lambda: Store(RENNES, tmp_path).current_snapshot() is not None)
        assert not left.exists()
        wait_until(lambda: server.requests >= 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert Store(RENNES, tmp_path).current_snapshot().source == "live"


def test_a_second_worker_stands_by_and_takes_over(tmp_path, workers, monkeypatch):
    with fault_server(reply_with(encode(make_records()))) as server:
        settings = {"source": "live", "feed_url": server.url, "feed_period_seconds": 1}
        first = workers(tmp_path, **settings)
        wait_until(lambda: server.requests >= 1)
        second = workers(tmp_path, **settings)
        journal = tmp_path / "app.log"
        wait_until(lambda: "standing by" in journal.read_text())
        first.send_signal(signal.SIGKILL)
        first.wait()
        wait_until(lambda: journal.read_text().count("worker started") == 2)
        seen = server.requests
        wait_until(lambda: server.requests > seen)
        assert second.poll() is None


@pytest.mark.long
def test_of_workers_on_two_hosts_one_works_and_ends_before_the_other_takes_over(
    tmp_path, workers, postgres, postgres_url
):
    hosts = [tmp_path / "a", tmp_path / "b"]
    lines = [lambda host=host: (host / "app.log").read_text() for host in hosts]
    with fault_server(reply_with(encode(make_records()))) as server:
        settings = {
            "source": "live", "feed_url": server.url, "feed_period_seconds": 1,
            "database_url": postgres_url,
        }  # fmt: skip
        first = workers(hosts[0], **settings)
        wait_until(lambda: server.requests >= 2)
        second = workers(hosts[1], **settings)
        wait_until(lambda: (hosts[1] / "app.log").exists() and "standing by" in lines[1]())
        # Neither its supervisor nor its host's watch may take it for dead.
        there = load_settings(data_dir=hosts[1], _env_file=None)
        wait_until(lambda: is_alive(there, "worker"))
        postgres.cut(postgres_url.rpartition("/")[2])
        assert first.wait(PATIENCE_SECONDS) == 75
        assert "the lock of the worker is lost: this process ends" in lines[0]()
        assert "worker started" not in lines[1]()
        seen = server.requests
        wait_until(lambda: "worker started" in lines[1]())
        wait_until(lambda: server.requests > seen)
        assert second.poll() is None


def test_once_observes_once(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "start_journal", lambda _settings: None)
    monkeypatch.setattr(signal, "signal", lambda *_arguments: None)
    monkeypatch.setattr(os, "nice", lambda _increment: 0)
    monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAFFIC_SOURCE", "live")
    with fault_server(reply_with(encode(make_records()))) as server:
        monkeypatch.setenv("TRAFFIC_FEED_URL", server.url)
        assert worker.main(["--once"]) == 0
        assert server.requests == 1
    assert Store(RENNES, tmp_path).day_stamp("live") is not None
    with fault_server(reply_with(b"[]")) as server:
        monkeypatch.setenv("TRAFFIC_FEED_URL", server.url)
        monkeypatch.setenv("TRAFFIC_DATA_DIR", str(tmp_path / "other"))
        assert worker.main(["--once"]) == 1


def test_a_wrong_setting_ends_the_start_in_one_line(tmp_path):
    environment = {**os.environ, "TRAFFIC_SOURCE": "nowhere", "TRAFFIC_DATA_DIR": str(tmp_path)}
    for module in ("services.roles.worker", "services.roles.supervisor", "app"):
        ended = subprocess.run(
            [sys.executable, "-m", module],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 2
        assert ended.stderr.splitlines() == [
            "TRAFFIC_SOURCE: Input should be 'auto', 'live' or 'demo'"
        ]


def test_the_simulated_feed_is_observed_like_the_live_one(tmp_path):
    settings = load_settings(data_dir=tmp_path, source="demo")
    store = Store(RENNES, tmp_path)
    store.prepare()
    snapshot = worker.make_observer(settings, store).observe()
    assert snapshot.source == "demo"
    assert len(snapshot) == 2_859


@pytest.mark.parametrize(
    ("named", "asked"),
    [({}, RENNES.feed_url), ({"feed_url": "http://127.0.0.1:9/feed"}, "http://127.0.0.1:9/feed")],
)
def test_it_asks_the_feed_of_the_city_unless_another_is_named(tmp_path, monkeypatch, named, asked):
    urls = []
    monkeypatch.setattr(worker, "LiveFeed", urls.append)
    worker.make_observer(load_settings(data_dir=tmp_path, **named), Store(RENNES, tmp_path))
    assert urls == [asked]


MIRROR = "http://127.0.0.1:9/feed"
WORKS = "http://127.0.0.1:9/works"


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ({}, [RENNES.roadworks_url]),
        ({"source": "demo"}, []),
        ({"roadworks_url": "none"}, []),
        # It may be of another place.
        ({"feed_url": MIRROR}, []),
        ({"feed_url": MIRROR, "roadworks_url": WORKS}, [WORKS]),
    ],
)
def test_it_asks_for_the_roadworks_of_the_city_with_its_own_feed(
    tmp_path, monkeypatch, named, asked
):
    urls = []
    monkeypatch.setattr(worker, "LiveFeed", lambda url, limits: urls.append(url))
    settings = load_settings(data_dir=tmp_path, **named)
    worker.make_roadworks_observer(settings, Store(RENNES, tmp_path))
    assert urls == asked


@pytest.mark.parametrize(
    ("named", "sources"),
    [
        ({}, {"live", "demo"}),
        ({"source": "live"}, {"live"}),
        ({"source": "demo"}, {"demo"}),
        ({"roadworks_url": "none"}, set()),
    ],
)
def test_roadworks_are_simulated_where_the_traffic_may_be(tmp_path, monkeypatch, named, sources):
    found = []
    monkeypatch.setattr(
        worker, "RoadworksObserver", lambda _store, feeds, *_, **__: found.append(feeds)
    )
    settings = load_settings(data_dir=tmp_path, **named)
    worker.make_roadworks_observer(settings, Store(RENNES, tmp_path))
    assert {feed.source for feed in found[0].values()} == sources


@pytest.mark.parametrize("eve", EVES_OF_CLOCK_CHANGES)
def test_its_jobs_keep_their_pace_when_the_clocks_change(tmp_path, eve):
    settings = load_settings(data_dir=tmp_path, feed_period_seconds=180)
    metrics = WorkMetrics(metric_registry(), "worker")
    scheduler = worker.make_scheduler(settings, Mock(), metrics)
    assert {job.id: pauses(job, eve) for job in scheduler.get_jobs()} == {
        "observe": {timedelta(minutes=3)},
        "roadworks": {timedelta(seconds=30)},
        "reports": {timedelta(minutes=1)},
        "upkeep": {timedelta(hours=1)},
        "scoring": {timedelta(hours=1)},
        "heartbeat": {timedelta(seconds=15)},
    }


@pytest.mark.parametrize("hung", ["observe", "roadworks", "upkeep", "scoring"])
def test_it_gives_no_sign_of_life_while_a_job_hangs(tmp_path, monkeypatch, hung):
    work, metrics = HangingWork(), Mock()
    monkeypatch.setattr(worker, "LONGEST_ROUND_SECONDS", 0.0)
    monkeypatch.setattr(worker, "LONGEST_HOURLY_JOB_SECONDS", 0.0)
    monkeypatch.setattr(worker, "look_after_history", work)
    monkeypatch.setattr(worker, "score_past_forecasts", work)
    monkeypatch.setattr(worker, "make_roadworks_observer", lambda *_given: Mock(observe=work))
    scheduler = worker.make_scheduler(load_settings(data_dir=tmp_path), Mock(observe=work), metrics)
    jobs = {job.id: partial(job.func, *job.args) for job in scheduler.get_jobs()}
    with work.under_way(jobs[hung]):
        jobs["heartbeat"]()
        assert not metrics.alive.called
    jobs["heartbeat"]()
    assert metrics.alive.called


def test_its_hourly_jobs_leave_nothing_behind_in_memory(tmp_path, monkeypatch):
    settings = load_settings(data_dir=tmp_path, source="live")
    Store(RENNES, tmp_path).prepare()
    append(tmp_path, make_network(), moments(OBSERVED_AT, 60))
    now = OBSERVED_AT
    monkeypatch.setattr(worker, "utc_now", lambda: now)
    metrics = WorkMetrics(metric_registry(), "worker")
    scheduler = worker.make_scheduler(settings, Mock(), metrics)
    jobs = [job for job in scheduler.get_jobs() if job.id in {"upkeep", "scoring"}]
    kept = []
    # What other tests left is not looked through each time.
    gc.freeze()
    for hour in range(1, 5):
        now = OBSERVED_AT + timedelta(hours=hour)
        for job in jobs:
            job.func(*job.args)
        gc.collect()
        kept.append(sum(isinstance(found, Dialect | Compiled) for found in gc.get_objects()))
    gc.unfreeze()
    # What the first runs compiled is used again.
    assert kept[-1] == kept[1]


def test_a_monitoring_database_that_fails_keeps_no_log_ins(tmp_path, monkeypatch):
    settings = load_settings(data_dir=tmp_path, source="live")
    Store(RENNES, tmp_path).prepare()
    operations = open_operations(settings)
    long_ago = worker.utc_now() - 2 * worker.LOG_IN_FAILURES_KEPT
    with operations.begin() as session:
        record_log_in_failure(session, "visitor", long_ago)
    monkeypatch.setattr(worker, "prune_measures", Mock(side_effect=StorageError("locked")))
    with pytest.raises(StorageError, match="locked"):
        worker.look_after_history(settings, operations)
    with operations.begin() as session:
        assert log_in_failures_since(session, long_ago) == []


def test_a_port_in_use_is_told_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
            check_port_is_free("127.0.0.1", port)


def test_a_host_that_is_not_here_is_told_in_one_line():
    with pytest.raises(ConfigurationError, match="TRAFFIC_HOST"):
        check_port_is_free("192.0.2.1", 8050)
    with pytest.raises(ConfigurationError, match=r"cannot listen on \[2001:db8::1\]:8050: "):
        check_port_is_free("2001:db8::1", 8050)
