"""What roadworks there were: what lists told, from when until when, placed on the network."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from services.base.errors import StorageError
from services.base.settings import load_settings
from services.operations.database import open_operations
from services.operations.roadworks import prune_roadworks
from services.operations.tables import RoadworkMeasure
from services.traffic.past_roadworks import keep_list, roadworks_between
from services.traffic.roadworks import make_list
from tests.roadworks_replies import DAY, make_measure, make_roadwork
from tests.services.observe.test_roadworks import Rig
from tests.services.traffic.test_road_matching import EAST, WEST, line, street_network

ONE_DAY = timedelta(days=1)
ON_VERN = line((20, 0), (180, 0))
NOON = datetime(DAY.year, DAY.month, DAY.day, 10, tzinfo=UTC)


def day(number):
    """A day, counted from that of the tests."""
    return DAY + number * ONE_DAY


def site(name="1", first=0, last=9, level="difficult", geometry=None):
    return make_roadwork(
        name, make_measure(geometry, level, first_day=day(first), last_day=day(last))
    )


@pytest.fixture
def told(operations):
    """Keeps the list of so many days after that of the tests."""

    def keep(at, *roadworks, source="live"):
        keep_list(operations, make_list(source, NOON + at * ONE_DAY, roadworks))

    return keep


@pytest.fixture
def between(operations):
    """The roadworks of some days, by event and from when until when."""

    def find(first, last=None, source="live"):
        last = first if last is None else last
        found = roadworks_between(operations, street_network(), source, day(first), day(last))
        return [
            (one.roadwork.event_id, (one.first_day - DAY).days, (one.last_day - DAY).days)
            for one in found
        ]

    return find


def test_those_of_a_period_are_found_as_they_lay_on_the_network(told, operations):
    told(0, site(geometry=ON_VERN, level="avoid"), site("2", 3, 5))
    first, second = roadworks_between(operations, street_network(), "live", day(2), day(4))
    assert (first.roadwork.event_id, first.segments, first.level) == ("1", (EAST, WEST), "avoid")
    assert (first.first_day, first.last_day, first.place) == (day(0), day(9), "Rue de Vern")
    assert (second.roadwork.event_id, second.segments) == ("2", ())


def test_a_site_older_than_what_is_kept_began_when_it_says(told, between):
    told(0, site(first=-20, last=9))
    assert between(-5) == [("1", -20, 9)]
    assert between(10, 30) == between(-40, -21) == []


def test_what_is_taken_back_held_until_lists_no_longer_told_it(told, between):
    told(0, site(last=9), site("2", last=9))
    told(3, site(last=9), site("2", last=9))
    told(4, site(last=9))
    assert between(0, 9) == [("1", 0, 9), ("2", 0, 3)]
    assert between(4) == [("1", 0, 9)]


def test_one_that_is_over_is_kept_after_the_list_forgot_it(told, between):
    told(0, site(last=1), site("2", last=40))
    told(1, site(last=1), site("2", last=40))
    told(30, site("2", last=40))
    assert between(1) == [("1", 0, 1), ("2", 0, 40)]


def test_one_that_is_prolonged_goes_on_and_one_cut_short_ends(told, between):
    told(0, site(last=4), site("2", last=20))
    told(2, site(last=4), site("2", last=20))
    told(3, site(last=12), site("2", last=6))
    told(6, site(last=12), site("2", last=6))
    told(7, site(last=12))
    assert between(0, 20) == [("1", 0, 12), ("2", 0, 6)]


def test_one_put_off_before_it_began_was_not_there(told, between):
    told(0, site(first=5, last=9))
    told(2, site(first=15, last=19))
    assert between(5, 9) == []
    assert between(5, 19) == [("1", 15, 19)]


def test_a_site_that_pauses_is_there_twice(told, between):
    pausing = make_roadwork(
        "1",
        make_measure(first_day=day(0), last_day=day(2)),
        make_measure(first_day=day(3), last_day=day(4)),
        make_measure(first_day=day(6), last_day=day(7)),
    )
    told(0, pausing)
    assert between(0, 9) == [("1", 0, 4), ("1", 6, 7)]
    assert between(5) == []


def test_simulated_ones_lie_apart(told, between):
    told(0, site())
    told(0, site("simulated"), source="demo")
    assert between(0) == [("1", 0, 9)]
    assert between(0, source="demo") == [("simulated", 0, 9)]


def test_the_same_list_told_for_weeks_is_one_row_a_measure(told, operations):
    for at in range(30):
        told(at, site(last=40))
    with operations.begin() as session:
        (row,) = session.query(RoadworkMeasure)
    assert (row.first_seen_at, row.last_seen_at) == (NOON, NOON + 29 * ONE_DAY)


def test_old_ones_go(told, between, operations):
    told(0, site(), site("2"))
    told(8, site("2"))
    prune_roadworks(operations, NOON + 10 * ONE_DAY, 5 * ONE_DAY)
    assert between(0, 9) == [("2", 0, 9)]


def test_before_the_first_list_there_are_none(tmp_path):
    reading = open_operations(load_settings(data_dir=tmp_path), read_only=True)
    assert roadworks_between(reading, street_network(), "live", DAY, DAY) == ()


def test_the_observer_keeps_each_list_and_one_that_cannot_be_kept_is_shown(
    tmp_path, operations, caplog
):
    rig = Rig(tmp_path)
    rig.show("live")
    rig.start(operations)
    rig.observer.observe()
    with operations.begin() as session:
        (row,) = session.query(RoadworkMeasure)
    assert (row.event_id, row.place, row.level) == ("80028", "Rue Saint-Martin", "avoid")

    class Away:
        def begin(self):
            raise StorageError("the database is away")

    rig.start(Away())
    with caplog.at_level(logging.ERROR):
        rig.after(timedelta(hours=1))
    assert "what roadworks there were is not kept: the database is away" in caplog.text
    assert rig.store.roadworks("live").received_at == rig.now
