"""What figures are marked with: hand-made rows, and what of them is of a place and a period."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta

import pytest

from services.base.errors import StorageError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.history import layout
from services.operations.database import open_operations
from services.operations.decisions import record_decision
from services.operations.events import keep_events
from services.operations.tables import TrafficEvent
from services.traffic.past_roadworks import keep_list
from services.traffic.roadworks import make_list
from services.trends import marks as module
from services.trends.archive import Archive
from services.trends.marks import marks
from services.trends.places import place_of
from tests.roadworks_replies import make_measure, make_roadwork
from tests.services.operations.decisions import decision
from tests.services.traffic.test_road_matching import EAST, WEST, line, street_network

NETWORK = street_network()
EAST_ID, WEST_ID = (NETWORK.segment_ids[place] for place in (EAST, WEST))
# A Thursday; in Rennes it begins at 23 h UTC of the day before.
DAY = date(2026, 11, 26)
MIDNIGHT = datetime(2026, 11, 25, 23, tzinfo=UTC)
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
ON_VERN = line((20, 0), (180, 0))


def event(name, *, start=8.0, end=9.0, segment=EAST_ID, delay_s=120.0, source="live"):
    """One that lasted from one hour of the day until another."""
    return TrafficEvent(
        id=name, source=source, network_version=NETWORK.version, road="Rue de Vern",
        label="Rue de Vern", direction="outwards", sector=None, start_place="Place A",
        end_place="Place B", segment_ids=[segment], length_m=400.0, delay_s=60.0,
        max_delay_s=delay_s, trend="easing", cause="Rue de Vern",
        started_at=MIDNIGHT + start * HOUR,
        seen_at=MIDNIGHT + end * HOUR, ended_at=MIDNIGHT + end * HOUR,
    )  # fmt: skip


@pytest.fixture
def archive(tmp_path):
    return Archive(RENNES, tmp_path, "live", NETWORK, today=DAY + 30 * ONE_DAY)


@pytest.fixture
def found(archive, operations):
    """The marks of some days at a place."""

    def find(first=DAY, last=None, place="reseau", kind=None):
        there = marks(archive, operations, place_of(NETWORK, place), first, last or first)
        return [mark for mark in there if kind in (None, mark.kind)]

    return find


def keep(operations, *events):
    with operations.begin() as session:
        keep_events(session, events)


def test_an_event_marks_the_places_it_was_on(operations, found):
    keep(operations, event("a"), event("elsewhere", segment=WEST_ID), event("demo", source="demo"))
    (mark,) = found(place=f"segment:{EAST_ID}")
    assert (mark.kind, mark.key, mark.segments, mark.delay_s) == ("event", "a", (EAST,), 120.0)
    assert (mark.start, mark.end) == (MIDNIGHT + 8 * HOUR, MIDNIGHT + 9 * HOUR)
    assert mark.where == ("outwards", "between", "Rue de Vern", "Place A", "Place B", 400)
    assert (mark.what, mark.lasts) == ("Rue de Vern", False)
    assert [mark.key for mark in found()] == ["a", "elsewhere"]


def test_those_that_reach_into_the_period_are_in_it_and_no_others(operations, found):
    keep(
        operations,
        event("the day before", start=-2, end=-0.1),
        event("over midnight", start=-1, end=0.5),
        event("the day after", start=24, end=25),
    )
    assert [mark.key for mark in found()] == ["over midnight"]
    assert len(found(DAY - ONE_DAY, DAY + ONE_DAY)) == 3


def test_an_event_that_lasts_ends_where_it_was_seen_last(operations, found):
    lasting = event("a")
    lasting.ended_at = None
    keep(operations, lasting)
    (mark,) = found()
    assert (mark.end, mark.lasts) == (MIDNIGHT + 9 * HOUR, True)


def test_segments_that_are_gone_make_no_mark(operations, found):
    keep(operations, event("a", segment="gone"))
    assert found() == []


def test_of_too_many_those_that_cost_the_most_are_told(operations, found, monkeypatch):
    monkeypatch.setattr(module, "MOST_EVENTS", 2)
    keep(
        operations,
        event("worst", start=7, delay_s=900.0),
        event("least", start=6, delay_s=61.0),
        event("second", start=5, delay_s=300.0),
    )
    assert [mark.key for mark in found()] == ["second", "worst"]


def test_a_roadwork_marks_whole_days_at_the_places_it_was_on(operations, found):
    listed = make_list(
        "live",
        MIDNIGHT,
        [
            make_roadwork("site", make_measure(ON_VERN, "avoid", DAY, DAY + ONE_DAY)),
            make_roadwork("parking", make_measure(ON_VERN, "none", DAY, DAY)),
            make_roadwork(
                "later", make_measure(ON_VERN, "avoid", DAY + 9 * ONE_DAY, DAY + 9 * ONE_DAY)
            ),
        ],
    )
    keep_list(operations, listed)
    (mark,) = found(DAY + ONE_DAY, place=f"segment:{WEST_ID}")
    assert (mark.kind, mark.key, mark.what, mark.detail) == (
        "roadwork", "site", "Rue de Vern", "avoid",
    )  # fmt: skip
    assert (mark.start, mark.end) == (MIDNIGHT, MIDNIGHT + 48 * HOUR)
    assert (mark.segments, mark.lasts) == ((WEST,), False)


def test_changes_of_the_models_that_forecast_are_moments(operations, found):
    at = MIDNIGHT + 2 * HOUR
    record_decision(operations, decision("new", kind="week", decided_at=at))
    record_decision(operations, decision("no", action="refused", decided_at=at))
    record_decision(operations, decision("eye", kind="camera", decided_at=at))
    record_decision(operations, decision("late", decided_at=at + ONE_DAY))
    (mark,) = found()
    assert (mark.kind, mark.what, mark.detail) == ("model", "new", "week")
    assert mark.start == mark.end == at


def test_holidays_and_school_holidays(found):
    (armistice,) = found(date(2026, 11, 2), date(2026, 11, 15))
    assert armistice.kind == "public_holiday"
    assert armistice.start == datetime(2026, 11, 10, 23, tzinfo=UTC)
    assert armistice.end == datetime(2026, 11, 11, 23, tzinfo=UTC)
    # From Monday to Friday, over a weekend and to the next Friday: one time, as it is lived.
    (autumn,) = found(date(2026, 10, 5), date(2026, 11, 8), kind="school_holiday")
    assert autumn.start == RENNES.midnight(date(2026, 10, 19))
    assert autumn.end == RENNES.midnight(date(2026, 10, 31))
    assert found(date(2026, 11, 21), date(2026, 11, 22)) == []


def test_days_without_data_and_damaged_ones(archive, found):
    days = [DAY + number * ONE_DAY for number in range(6)]
    for day in (days[0], days[3], days[4], days[5]):
        path = layout.day_file(archive.data_dir, "live", day)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"rows")
    # Set aside by a reader; of one of them the quarters are there, which is what is shown.
    for day in (days[3], days[5]):
        path = layout.day_file(archive.data_dir, "live", day)
        path.rename(path.with_name("day.parquet.unreadable"))
    quarters = layout.quarters_file(archive.data_dir, "live", days[5])
    quarters.parent.mkdir(parents=True)
    quarters.write_bytes(b"quarters")
    told = [
        (mark.kind, mark.start, mark.end)
        for mark in found(DAY - 30 * ONE_DAY, DAY + 5 * ONE_DAY)
        if mark.kind in ("no_data", "damaged")
    ]
    # Before the first day nothing is missing: nothing was kept yet.
    assert told == [
        ("no_data", MIDNIGHT + ONE_DAY, MIDNIGHT + 3 * ONE_DAY),
        ("damaged", MIDNIGHT + 3 * ONE_DAY, MIDNIGHT + 4 * ONE_DAY),
    ]
    archive.unread.add(days[4])
    assert found(days[4])[-1].kind == "damaged"


def test_today_and_later_days_do_not_lack_anything(archive, found):
    layout.partition(archive.data_dir, "live", DAY).mkdir(parents=True)
    layout.day_file(archive.data_dir, "live", DAY).write_bytes(b"rows")
    assert found(archive.today, archive.today + ONE_DAY, kind="no_data") == []
    assert len(found(archive.today - ONE_DAY, archive.today, kind="no_data")) == 1


def test_a_database_that_is_away_costs_its_marks_alone(archive, caplog):
    class Away:
        def begin(self):
            raise StorageError("the database is away")

    place = place_of(NETWORK, "reseau")
    with caplog.at_level(logging.ERROR):
        (armistice,) = marks(archive, Away(), place, date(2026, 11, 11), date(2026, 11, 11))
    assert armistice.kind == "public_holiday"
    assert "figures lack marks: the database is away" in caplog.text


def test_before_the_first_record_there_are_none(archive, caplog):
    nothing = open_operations(load_settings(data_dir=archive.data_dir), read_only=True)
    with caplog.at_level(logging.ERROR):
        assert marks(archive, nothing, place_of(NETWORK, "reseau"), DAY, DAY) == ()
    assert caplog.text == ""
