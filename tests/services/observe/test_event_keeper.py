"""Events kept from snapshot to snapshot, across restarts and faults of the database."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest

from services.base.errors import StorageError
from services.city.rennes import RENNES
from services.observe.event_keeper import EventKeeper
from services.observe.observer import Observer
from services.operations.events import open_events
from services.operations.tables import TrafficEvent
from services.traffic.roadworks import Measure, Roadwork, make_list
from tests.factories import make_reply
from tests.services.traffic.test_events import JAM, LOST_S, NETWORK, START, ids, jam, seen, usual

BEGUN_AT = START + timedelta(minutes=12)


@pytest.fixture
def keeper(store, operations):
    return EventKeeper(store, operations)


def follow(keeper, snapshots, network=NETWORK):
    for snapshot in snapshots:
        at_hour = usual(network, at=snapshot.observed_at, source=snapshot.source)
        keeper.follow(network, snapshot, at_hour)


def kept(operations):
    with operations.begin() as session:
        return sorted(session.query(TrafficEvent), key=lambda row: row.started_at)


def test_an_event_is_kept_from_its_beginning_to_its_end_and_journalled(keeper, operations, caplog):
    caplog.set_level(logging.INFO)
    follow(keeper, jam(4))
    assert kept(operations) == []

    follow(keeper, jam(1, first=12))
    (row,) = kept(operations)
    assert (row.source, row.road, row.direction, row.sector) == ("live", "Rue A", "east", None)
    assert row.segment_ids == list(ids(*JAM))
    assert row.delay_s == pytest.approx(len(JAM) * LOST_S, rel=1e-3)
    assert (row.started_at, row.seen_at, row.ended_at) == (START, BEGUN_AT, None)
    assert f"unusual event {row.id} (live): Rue A east, since" in caplog.text

    follow(keeper, [seen((), minutes=15), seen((), minutes=18)])
    (row,) = kept(operations)
    assert row.ended_at == BEGUN_AT
    assert f"unusual event {row.id} (live) is over" in caplog.text
    assert caplog.text.count("unusual event") == 2


def test_a_restart_goes_on_with_the_same_event(store, operations, keeper, caplog):
    follow(keeper, jam())
    (before,) = kept(operations)
    caplog.set_level(logging.INFO)
    follow(EventKeeper(store, operations), jam(2, first=18))
    (after,) = kept(operations)
    assert (after.id, after.started_at, after.ended_at) == (before.id, START, None)
    assert after.seen_at == START + timedelta(minutes=21)
    assert "unusual event" not in caplog.text


def test_what_a_worker_left_open_hours_ago_ended_then(store, operations, keeper):
    follow(keeper, jam())
    follow(EventKeeper(store, operations), [seen((), minutes=300)])
    assert [row.ended_at for row in kept(operations)] == [BEGUN_AT]


def test_live_and_simulated_events_lie_apart(store, operations, keeper):
    follow(keeper, jam(source="demo"))
    follow(keeper, jam(first=3))
    assert [row.source for row in kept(operations)] == ["demo", "live"]
    with operations.begin() as session:
        assert len(open_events(session, "demo")) == len(open_events(session, "live")) == 1

    # Nobody follows the simulated ones any more.
    follow(keeper, [seen(JAM, minutes=30)])
    with operations.begin() as session:
        assert open_events(session, "demo") == []


def test_an_archive_is_left_out(keeper, operations):
    archives = [snapshot.with_source("archive") for snapshot in jam()]
    follow(keeper, archives)
    assert kept(operations) == []


class LostOperations:
    """A database that cannot be reached."""

    def begin(self):
        raise StorageError("gone")


def test_what_could_not_be_written_is_written_the_next_time(store, operations, keeper):
    follow(keeper, jam())
    keeper._operations = LostOperations()
    with pytest.raises(StorageError):
        follow(keeper, [seen(JAM, minutes=15)])
    # Its misses: one that ends while nothing can be written.
    for minutes in (18, 21):
        with pytest.raises(StorageError):
            follow(keeper, [seen((), minutes=minutes)])
    keeper._operations = operations
    follow(keeper, [seen((), minutes=24)])
    assert [row.ended_at is None for row in kept(operations)] == [False]


def test_a_roadwork_on_its_stretch_is_the_likely_cause(store, operations, keeper):
    east = [NETWORK.geometry[4][0][0], NETWORK.geometry[4][0][-1]]
    day = date(START.year, START.month, START.day)
    measure = Measure(
        kind="Rétrécissement", place="Rue A au n° 7", comment="", level="difficult",
        first_day=day, last_day=day, geometry={"type": "LineString", "coordinates": east},
    )  # fmt: skip
    roadwork = Roadwork(event_id="7", town="Rennes", purpose="Gaz", measures=(measure,))
    store.write_roadworks(make_list("live", START, (roadwork,)))
    follow(keeper, jam())
    assert [row.cause for row in kept(operations)] == ["Rue A au n° 7"]


def test_an_event_begins_though_nobody_can_tell_what_causes_it(
    store, operations, keeper, monkeypatch, caplog
):
    def unreadable(_source):
        raise StorageError("roadworks/live.json: Input/output error")

    monkeypatch.setattr(store, "roadworks", unreadable)
    follow(keeper, jam())
    assert [row.cause for row in kept(operations)] == [""]
    assert "no causes of unusual events: roadworks/live.json" in caplog.text


class Feed:
    """A live feed that tells of the town."""

    source = "live"

    def reply(self, at):
        return make_reply(NETWORK, observed_at=at)


def test_a_database_that_is_gone_hides_no_news(store, caplog):
    keeper = EventKeeper(store, LostOperations())
    observer = Observer(store, Feed(), None, lambda: START, city=RENNES, events=keeper)
    assert observer.observe() is not None
    assert "unusual events not followed: gone" in caplog.text
