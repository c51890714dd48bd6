from __future__ import annotations

import logging
import os
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.base.errors import FeedUnreachable, StorageError
from services.city.rennes import RENNES
from services.history import writer
from services.history.upkeep import keep_up
from services.observe import observer as observer_module
from services.observe.observer import NETWORK_CHANGES_A_DAY, Observer
from services.traffic.store import Store
from services.web.latest import LatestTraffic
from tests.feed_replies import OBSERVED_AT, RECEIVED_AT, encode, make_record, make_records
from tests.services.history.days import append, files, moments


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


class SimulatedFeed:
    """A simulated feed that answers with what a test computes."""

    source = "demo"

    def __init__(self, reply) -> None:
        self.reply = reply


def demo_reply(at: datetime) -> bytes:
    return encode([{**record, "datetime": at.isoformat()} for record in make_records(20)])


@pytest.fixture
def store(tmp_path):
    store = Store(RENNES, tmp_path, heals=True)
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
    return Observer(store, feed, SimulatedFeed(demo_reply), clock, city=RENNES)


def test_a_good_reply_is_published_and_kept(observer, store):
    published = observer.observe()
    assert store.current_snapshot().version == published.version
    assert published.source == "live"
    assert [path.name for path in files(store.data_dir, "live")] == ["074000.parquet"]
    assert store.worker_state().consecutive_failures == 0


def test_the_same_reply_twice_is_one_snapshot(observer, store):
    first = observer.observe()
    second = observer.observe()
    assert first.version == second.version
    assert len(files(store.data_dir, "live")) == 1


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
    assert files(store.data_dir, "live") == []
    assert len(files(store.data_dir, "demo")) == 1


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
    restarted = Observer(store, feed, SimulatedFeed(demo_reply), clock, city=RENNES)
    assert restarted.observe().source == "archive"


def test_a_restarted_worker_still_refuses_a_time_that_goes_back(observer, store, feed, clock):
    good = observer.observe()
    feed.observed(OBSERVED_AT - timedelta(minutes=9))
    Observer(store, feed, None, clock, city=RENNES).observe()
    assert store.current_snapshot().version == good.version


def test_source_live_never_simulates(store, feed, clock):
    feed.answer = FeedUnreachable("no network")
    assert Observer(store, feed, None, clock, city=RENNES).observe() is None
    assert store.current_snapshot() is None


def test_source_demo_never_asks_the_live_feed(store, clock):
    assert (
        Observer(store, None, SimulatedFeed(demo_reply), clock, city=RENNES).observe().source
        == "demo"
    )
    assert store.worker_state().last_success_at is not None


@pytest.mark.parametrize(
    ("pause_s", "minutes_later", "asked"),
    [
        pytest.param(600, 5, 1, id="within it"),
        pytest.param(600, 11, 2, id="after it"),
        pytest.param(3.0e11, 59, 1, id="within an hour"),
        pytest.param(3.0e11, 61, 2, id="never for longer than an hour"),
        pytest.param(600, -60, 2, id="not by a clock that was set back"),
    ],
)
def test_a_server_that_asks_to_be_left_alone_is(
    observer, feed, clock, pause_s, minutes_later, asked
):
    feed.answer = FeedUnreachable("HTTP 503", retry_after_s=pause_s)
    observer.observe()
    clock.now += timedelta(minutes=minutes_later)
    observer.observe()
    assert feed.asked == asked


def latin_1(records: list[dict[str, object]]) -> bytes:
    return encode([{**record, "denomination": "Allée"} for record in records]).replace(
        "é".encode(), "é".encode("latin-1")
    )


@pytest.mark.parametrize(
    "answer",
    [
        latin_1(make_records()),
        b"[" * 100_000,
        b'{"results":' * 100_000,
        encode([{**r, "datetime": "0001-01-01T00:00:00+01:00"} for r in make_records()]),
        encode([{**r, "datetime": "9999-12-31T23:59:59-01:00"} for r in make_records()]),
        ValueError("Invalid IPv6 URL"),
        OverflowError("date value out of range"),
        RecursionError("maximum recursion depth exceeded"),
        MemoryError(),
        KeyError("what nobody thought of"),
    ],
    ids=lambda answer: repr(answer[:20] if isinstance(answer, bytes) else answer),
)
def test_whatever_a_round_meets_it_is_a_failed_one_and_the_archive_is_shown(
    observer, feed, clock, store, answer
):
    observer.observe()
    feed.answer = answer
    clock.now += timedelta(minutes=12)
    assert observer.observe().source == "archive"
    assert store.current_snapshot().source == "archive"
    state = store.worker_state()
    assert state.consecutive_failures == 1
    assert state.last_error
    feed.observed(clock.now)
    assert observer.observe().source == "live"
    assert store.worker_state().consecutive_failures == 0


def test_a_failure_is_counted_once_though_nothing_can_be_shown_instead(store, feed, clock):
    def broken(at: datetime) -> bytes:
        raise ZeroDivisionError

    feed.answer = FeedUnreachable("no network")
    assert Observer(store, feed, SimulatedFeed(broken), clock, city=RENNES).observe() is None
    assert store.worker_state().consecutive_failures == 1
    assert store.worker_state().last_error == "no network"
    assert store.worker_state().feed_fails


def test_the_simulated_feed_failing_alone_is_counted(store, clock, caplog):
    def broken(at: datetime) -> bytes:
        raise ZeroDivisionError("no traffic")

    assert Observer(store, None, SimulatedFeed(broken), clock, city=RENNES).observe() is None
    assert store.worker_state().last_error == "ZeroDivisionError: no traffic"
    assert not store.worker_state().feed_fails
    assert "Traceback" in caplog.text


def test_what_the_feed_sent_is_told_in_short_and_without_its_secrets(observer, feed, store, caplog):
    feed.answer = encode(
        {"message": "see http://me:pass-planted@host/?key=key-planted " + "x" * 9_000}
    )
    observer.observe()
    told = store.worker_state().last_error
    assert "an object instead of a list of records (see http" in told
    assert len(told) <= 300
    assert len(caplog.text) < 1_000
    for text in (told, caplog.text):
        assert "planted" not in text


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(hours=-1), timedelta(minutes=-4)])
@pytest.mark.parametrize("restarted", [False, True])
def test_the_simulated_feed_goes_on_after_the_clock_has_jumped(store, clock, jump, restarted):
    observer = Observer(store, None, SimulatedFeed(demo_reply), clock, city=RENNES)
    observer.observe()
    clock.now += abs(jump) if jump > timedelta() else jump
    assert observer.observe().observed_at == clock.now
    clock.now = RECEIVED_AT + timedelta(minutes=3)
    if restarted:
        observer = Observer(store, None, SimulatedFeed(demo_reply), clock, city=RENNES)
    assert observer.observe().observed_at == clock.now
    assert store.worker_state().consecutive_failures == 0


def test_a_live_snapshot_of_a_clock_that_ran_ahead_stops_no_later_one(store, feed, clock, observer):
    clock.now += timedelta(days=1)
    feed.observed(clock.now)
    observer.observe()
    clock.now = RECEIVED_AT
    feed.observed(OBSERVED_AT)
    assert observer.observe().observed_at == OBSERVED_AT


def test_a_snapshot_of_a_time_to_come_is_an_archive_once_the_feed_fails(observer, feed, clock):
    observer.observe()
    feed.answer = FeedUnreachable("HTTP 500")
    clock.now -= timedelta(hours=1)
    assert observer.observe().source == "archive"


def test_a_history_that_cannot_be_written_does_not_hide_the_news(
    observer, store, monkeypatch, caplog
):
    for error in (StorageError("No space left on device"), ZeroDivisionError("unforeseen")):

        def failing(*_arguments, error=error):
            raise error

        monkeypatch.setattr(writer, "append_snapshot", failing)
        published = observer.observe()
        assert store.current_snapshot().version == published.version
        assert store.worker_state().consecutive_failures == 0
        assert str(error) in caplog.text


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


@pytest.mark.parametrize("damaged", ["snapshots/live.parquet", "usual/current.parquet"])
def test_what_a_restarted_worker_finds_damaged_is_set_aside_with_a_line_and_made_anew(
    observer, store, feed, clock, caplog, damaged
):
    shown = observer.observe()
    (store.data_dir / damaged).write_bytes(b"PAR1 cut")
    restarted = Observer(store, feed, None, clock, city=RENNES)
    for _ in range(2):
        assert restarted.observe().version == shown.version
    assert (store.data_dir / f"{damaged}.unreadable").read_bytes() == b"PAR1 cut"
    assert caplog.text.count("unreadable") == 2  # one line: the file, and its new name
    assert store.last_live_snapshot().version == shown.version
    assert store.usual_hour().tells_of(shown)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_damaged_publication_does_not_hide_the_archive_while_the_feed_is_down(
    observer, store, feed, clock, caplog, restarted
):
    observer.observe()
    current = store.data_dir / "snapshots" / "current.parquet"
    # Another file in its place: the last live snapshot may be the same one under another name.
    current.unlink()
    current.write_bytes(b"PAR1 cut")
    feed.answer = FeedUnreachable("no network")
    clock.now += timedelta(minutes=12)
    if restarted:
        observer = Observer(store, feed, SimulatedFeed(demo_reply), clock, city=RENNES)
    for _ in range(2):
        assert observer.observe().source == "archive"
        assert LatestTraffic(Store(RENNES, store.data_dir)).view().snapshot.source == "archive"
    assert caplog.text.count("is unreadable and set aside") == 1


def test_a_publication_that_cannot_be_read_is_published_again(
    observer, store, feed, clock, monkeypatch
):
    observer.observe()
    feed.answer = FeedUnreachable("no network")
    clock.now += timedelta(minutes=12)

    def failing() -> None:
        raise StorageError("Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(store, "current_snapshot", failing)
        observer.observe()
    assert store.current_snapshot().source == "archive"


def test_a_damaged_network_is_made_anew_by_the_next_reply(observer, store, feed, clock, caplog):
    shown = observer.observe()
    path = store.data_dir / "networks" / f"{shown.network_version}.geojson"
    path.write_bytes(b"")
    assert Observer(store, feed, None, clock, city=RENNES).observe().version == shown.version
    assert LatestTraffic(store).view().snapshot.version == shown.version
    assert "set aside" in caplog.text


def test_a_network_damaged_while_the_feed_is_down_is_made_anew_with_the_archive(
    observer, store, feed, clock
):
    shown = observer.observe()
    (store.data_dir / "networks" / f"{shown.network_version}.geojson").write_bytes(b"{}")
    feed.answer = FeedUnreachable("no network")
    clock.now += timedelta(minutes=12)
    observer.observe()
    assert LatestTraffic(store).view().snapshot.source == "archive"


def test_a_network_that_changes_with_every_reply_stays_as_it_is(
    observer, feed, clock, store, caplog
):
    def redrawn(number: int) -> bytes:
        records = [{**r, "datetime": clock.now.isoformat()} for r in make_records()]
        records[0]["denomination"] = f"Rue qui change {number}"
        return encode([*records, {**make_record(900 + number), "datetime": clock.now.isoformat()}])

    for number in range(20):
        clock.now += timedelta(minutes=3)
        feed.answer = redrawn(number)
        shown = observer.observe()
        assert (shown.source, shown.observed_at) == ("live", clock.now)
    assert len(list((store.data_dir / "networks").iterdir())) == 1 + NETWORK_CHANGES_A_DAY
    assert shown.rejected_rows == 1
    assert caplog.text.count("it stays as it is until") == 1
    # A day later it may change again.
    clock.now += timedelta(days=1)
    feed.answer = redrawn(100)
    assert observer.observe().rejected_rows == 0
    assert len(list((store.data_dir / "networks").iterdir())) == 2 + NETWORK_CHANGES_A_DAY


def test_rejected_rows_are_journalled(observer, feed, caplog):
    records = make_records()
    records[0]["averagevehiclespeed"] = None
    feed.answer = encode(records)
    with caplog.at_level(logging.WARNING):
        observer.observe()
    assert "1 rows failed a check and show as unknown: averagevehiclespeed 1" in caplog.text


def test_files_are_readable_by_the_web_role(observer, store):
    observer.observe()
    mode = (store.data_dir / "snapshots" / "current.parquet").stat().st_mode
    assert mode & stat.S_IRGRP


def test_after_an_import_the_usual_is_there_with_the_next_snapshot(observer, store, feed, clock):
    network = store.network(observer.observe().network_version)
    assert not store.usual_hour().segments.is_known().any()
    for week in (1, 2, 3, 4):
        start = OBSERVED_AT - timedelta(weeks=week, minutes=40)
        append(store.data_dir, network, moments(start, 60, step_minutes=1))
    # A restart within the hour finds the usual of before.
    keep_up(RENNES, store.data_dir, clock.now, None)
    clock.now += timedelta(minutes=3)
    feed.observed(OBSERVED_AT + timedelta(minutes=3))
    Observer(store, feed, None, clock, city=RENNES).observe()
    assert store.usual_hour().segments.is_known().all()


def test_the_usual_is_looked_up_once_an_hour_before_its_traffic_is_kept(
    observer, store, feed, clock, monkeypatch
):
    lookups = []
    real = observer_module.read_usual_hour

    def counting(data_dir, source, network, moment):
        lookups.append((source, moment, len(files(data_dir, source))))
        return real(data_dir, source, network, moment)

    monkeypatch.setattr(observer_module, "read_usual_hour", counting)
    for minutes in (0, 3, 30):
        clock.now = RECEIVED_AT + timedelta(minutes=minutes)
        feed.observed(OBSERVED_AT + timedelta(minutes=minutes))
        published = observer.observe()
    # At 7:40 for its hour, with nothing kept yet, and at 8:10 for the next one.
    assert lookups == [
        ("live", OBSERVED_AT, 0), ("live", OBSERVED_AT + timedelta(minutes=30), 2),
    ]  # fmt: skip
    assert store.usual_hour().tells_of(published)
    Observer(store, feed, None, clock, city=RENNES).observe()
    assert len(lookups) == 2


def test_a_history_that_cannot_be_read_does_not_hide_the_news(observer, store, caplog):
    rollups = store.data_dir / "history" / "rollups" / "source=live"
    rollups.mkdir(parents=True)
    (rollups / "segments.parquet").write_bytes(b"PAR1 cut")
    published = observer.observe()
    assert store.current_snapshot().version == published.version
    assert "the usual traffic was not looked up" in caplog.text
