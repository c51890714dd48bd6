from __future__ import annotations

import logging
import os
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services import history, observe
from services.errors import FeedUnreachable, StorageError
from services.feeds.sources import SimulatedFeed
from services.observe import Observer
from services.store import Store
from tests.feed_replies import OBSERVED_AT, RECEIVED_AT, encode, make_records


class SteeredClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = RECEIVED_AT

    def __call__(self) -> datetime:
        return self.now


class SteeredFeed:
    """A live feed that answers, or fails, as a test says."""

    source = "live"

    def __init__(self) -> None:
        self.answer: bytes | Exception = encode(make_records())
        self.asked = 0

    def reply(self, at: datetime) -> bytes:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def observed(self, at: datetime, **changes: object) -> None:
        self.answer = encode([{**r, "datetime": at.isoformat(), **changes} for r in make_records()])


def demo_reply(at: datetime) -> bytes:
    return encode([{**record, "datetime": at.isoformat()} for record in make_records(20)])


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    return store


@pytest.fixture
def clock():
    return SteeredClock()


@pytest.fixture
def feed():
    return SteeredFeed()


@pytest.fixture
def observer(store, feed, clock):
    return Observer(store, feed, SimulatedFeed(demo_reply), clock)


def test_a_good_reply_is_published_and_kept(observer, store):
    published = observer.observe()
    assert store.current_snapshot().version == published.version
    assert published.source == "live"
    assert [path.name for path in history.files(store.data_dir, "live")] == ["074000.parquet"]
    assert store.worker_state().consecutive_failures == 0


def test_the_same_reply_twice_is_one_snapshot(observer, store):
    first = observer.observe()
    second = observer.observe()
    assert first.version == second.version
    assert len(history.files(store.data_dir, "live")) == 1


def test_a_refused_reply_leaves_the_last_good_snapshot(observer, feed, store, caplog):
    good = observer.observe()
    feed.answer = b"<html>"
    with caplog.at_level(logging.WARNING):
        observer.observe()
    assert store.current_snapshot().version == good.version
    assert "body: not JSON" in caplog.text
    assert store.worker_state().last_error.startswith("body: not JSON")


def test_a_feed_that_fails_for_long_is_shown_as_an_archive_with_its_own_time(
    observer, feed, clock, store
):
    observer.observe()
    feed.answer = FeedUnreachable("HTTP 500")
    clock.now += timedelta(minutes=12)
    shown = observer.observe()
    assert shown.source == "archive"
    assert shown.observed_at == OBSERVED_AT
    assert store.current_snapshot().source == "archive"


def test_a_short_failure_changes_nothing(observer, feed, clock, store):
    good = observer.observe()
    feed.answer = FeedUnreachable("HTTP 500")
    clock.now += timedelta(minutes=3)
    observer.observe()
    assert store.current_snapshot().version == good.version


def test_the_live_feed_comes_back_by_itself(observer, feed, clock, store):
    observer.observe()
    feed.answer = FeedUnreachable("HTTP 500")
    clock.now += timedelta(minutes=20)
    observer.observe()
    feed.observed(clock.now)
    observer.observe()
    assert store.current_snapshot().source == "live"
    assert store.worker_state().consecutive_failures == 0


def test_a_late_feed_stays_live_with_its_own_time(observer, clock, store):
    clock.now += timedelta(hours=2)
    observer.observe()
    assert store.current_snapshot().source == "live"
    assert store.current_snapshot().observed_at == OBSERVED_AT


def test_without_any_live_snapshot_the_simulated_feed_is_shown_as_such(observer, feed, store):
    feed.answer = FeedUnreachable("no network")
    assert observer.observe().source == "demo"
    assert store.last_live_snapshot() is None
    assert history.files(store.data_dir, "live") == []
    assert len(history.files(store.data_dir, "demo")) == 1


def test_live_replaces_demo_and_demo_never_replaces_live(observer, feed, clock, store):
    feed.answer = FeedUnreachable("no network")
    observer.observe()
    feed.observed(clock.now)
    observer.observe()
    assert store.current_snapshot().source == "live"
    feed.answer = FeedUnreachable("no network")
    clock.now += timedelta(hours=5)
    assert observer.observe().source == "archive"


def test_a_restarted_worker_shows_the_last_live_snapshot_when_the_feed_is_down(
    observer, store, feed, clock
):
    observer.observe()
    feed.answer = FeedUnreachable("no network")
    clock.now += timedelta(days=1)
    restarted = Observer(store, feed, SimulatedFeed(demo_reply), clock)
    assert restarted.observe().source == "archive"


def test_a_restarted_worker_still_refuses_a_time_that_goes_back(observer, store, feed, clock):
    good = observer.observe()
    feed.observed(OBSERVED_AT - timedelta(minutes=9))
    Observer(store, feed, None, clock).observe()
    assert store.current_snapshot().version == good.version


def test_source_live_never_simulates(store, feed, clock):
    feed.answer = FeedUnreachable("no network")
    assert Observer(store, feed, None, clock).observe() is None
    assert store.current_snapshot() is None


def test_source_demo_never_asks_the_live_feed(store, clock):
    assert Observer(store, None, SimulatedFeed(demo_reply), clock).observe().source == "demo"
    assert store.worker_state().last_success_at is not None


def test_a_server_that_asks_to_be_left_alone_is(observer, feed, clock):
    feed.answer = FeedUnreachable("HTTP 429", retry_after_s=600)
    observer.observe()
    clock.now += timedelta(minutes=5)
    observer.observe()
    assert feed.asked == 1
    clock.now += timedelta(minutes=6)
    observer.observe()
    assert feed.asked == 2


def test_a_history_that_cannot_be_written_does_not_hide_the_news(
    observer, store, monkeypatch, caplog
):
    def full(*_arguments):
        raise StorageError("No space left on device")

    monkeypatch.setattr(history, "append_snapshot", full)
    published = observer.observe()
    assert store.current_snapshot().version == published.version
    assert "No space left on device" in caplog.text


def test_a_full_disk_is_journalled_and_the_next_round_recovers(
    observer, store, feed, clock, monkeypatch, caplog
):
    good = observer.observe()
    real_replace = os.replace

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    clock.now += timedelta(minutes=3)
    feed.observed(OBSERVED_AT + timedelta(minutes=3))
    assert observer.observe() is None
    assert store.current_snapshot().version == good.version
    assert "No space left on device" in caplog.text
    monkeypatch.setattr(os, "replace", real_replace)
    assert observer.observe().observed_at == OBSERVED_AT + timedelta(minutes=3)
    assert not list(Path(store.data_dir).rglob(".writing-*"))


def test_a_damaged_snapshot_file_does_not_stop_the_worker(observer, store, feed, clock):
    observer.observe()
    (store.data_dir / "snapshots" / "live.parquet").write_bytes(b"PAR1 cut")
    assert Observer(store, feed, None, clock).observe().source == "live"


def test_rejected_rows_are_journalled(observer, feed, caplog):
    records = make_records()
    records[0]["averagevehiclespeed"] = None
    feed.answer = encode(records)
    with caplog.at_level(logging.WARNING):
        observer.observe()
    assert "1 rows failed a check" in caplog.text


def test_files_are_readable_by_the_web_role(observer, store):
    observer.observe()
    mode = (store.data_dir / "snapshots" / "current.parquet").stat().st_mode
    assert mode & stat.S_IRGRP


def test_the_usual_is_looked_up_once_an_hour_before_its_traffic_is_kept(
    observer, store, feed, clock, monkeypatch
):
    lookups = []
    real = observe.read_usual_hour

    def counting(data_dir, source, network, moment):
        lookups.append((source, moment, len(history.files(data_dir, source))))
        return real(data_dir, source, network, moment)

    monkeypatch.setattr(observe, "read_usual_hour", counting)
    for minutes in (0, 3, 30):
        clock.now = RECEIVED_AT + timedelta(minutes=minutes)
        feed.observed(OBSERVED_AT + timedelta(minutes=minutes))
        published = observer.observe()
    # At 7:40 for its hour, with nothing kept yet, and at 8:10 for the next one.
    assert lookups == [
        ("live", OBSERVED_AT, 0), ("live", OBSERVED_AT + timedelta(minutes=30), 2),
    ]  # fmt: skip
    assert store.usual_hour().tells_of(published)
    Observer(store, feed, None, clock).observe()
    assert len(lookups) == 2


def test_a_history_that_cannot_be_read_does_not_hide_the_news(observer, store, caplog):
    rollups = store.data_dir / "history" / "rollups" / "source=live"
    rollups.mkdir(parents=True)
    (rollups / "segments.parquet").write_bytes(b"PAR1 cut")
    published = observer.observe()
    assert store.current_snapshot().version == published.version
    assert "the usual traffic was not looked up" in caplog.text
