"""The space–time diagram of a straight road, and what is outlined in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from services.base.errors import InvalidRequest
from services.plain.trends.common import Period
from services.plain.trends.marks import Mark
from services.plain.trends.scan import ScanQuery
from services.trends import scan
from services.trends.archive import Archive
from services.trends.scan import answer_scan
from tests.services.trends.hand_made import CLOSED
from tests.services.trends.observed import at, clock_times, observe
from tests.services.trends.straight_road import PLACE, straight_archive, straight_road

DAY = date(2026, 11, 10)
TODAY = date(2026, 12, 1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
AUTUMN = date(2026, 10, 25)
FREE = [60.0] * 5


def asked(archive, day=DAY, period=None, place=PLACE):
    return answer_scan(archive, ScanQuery(place, day, period), lambda _done, _of: None)


@pytest.fixture
def observed(tmp_path):
    """Writes what was seen at some times, and gives the archive of it."""
    network = straight_road()

    def write(moments, speeds_of):
        observe(tmp_path, network, moments, speeds_of)
        return Archive(network.city, tmp_path, "live", network, TODAY, clock=lambda: NOON)

    return write


def test_a_day_is_drawn_at_the_feeds_own_times(observed):
    def speeds(moment):
        return [60, 60, 12, 60, np.nan] if moment == at(DAY, 8, 3) else FREE

    answer = asked(observed(clock_times(DAY), speeds))
    assert (answer.step_s, len(answer.local_hours), answer.days) == (180, 480, 1)
    assert answer.local_hours[161] == 8.05
    assert [segment[161] for segment in answer.speed_kmh] == [60, 60, 12, 60, None]
    assert [segment[160] for segment in answer.speed_kmh] == [60] * 5
    assert answer.ends_m == pytest.approx([1_000, 2_000, 3_000, 4_000, 5_000], rel=1e-3)
    assert answer.free_kmh == [60.0] * 5
    assert list(answer.segment_ids) == list("01234")
    assert answer.start == at(DAY, 0)


def test_the_places_passed_are_the_ends_of_the_corridor(observed):
    places = asked(observed([at(DAY, 8)], lambda _: FREE)).places
    assert [place.name for place in places] == ["Sud", "Nord"]
    assert [place.at_m for place in places] == pytest.approx([0, 5_000], rel=1e-3)


def test_a_measure_holds_until_the_next_one_and_for_a_quarter_of_an_hour_at_most(observed):
    """Seen at 8 h 00 and 8 h 06, then nothing."""
    answer = asked(observed([at(DAY, 8), at(DAY, 8, 6)], lambda _: FREE))
    known = [time for time, speed in enumerate(answer.speed_kmh[0]) if speed is not None]
    assert known == list(range(160, 168))


def test_what_was_closed_is_told_and_has_no_speed(observed):
    answer = asked(observed([at(DAY, 8)], lambda _: [60, CLOSED, 60, 60, 60]))
    assert (1, 160) in answer.closed
    assert {segment for segment, _ in answer.closed} == {1}
    assert set(answer.speed_kmh[1]) == {None}


def test_the_queues_are_told_in_words(observed):
    """Two kilometres at 20 km/h from 8 to 9 h: two minutes are lost in each."""

    def speeds(moment):
        return [60, 60, 20, 20, 60] if at(DAY, 8) <= moment < at(DAY, 9) else FREE

    [queue] = asked(observed(clock_times(DAY), speeds)).queues
    assert queue.head_m == pytest.approx(4_000, rel=1e-3)
    assert queue.length_m == pytest.approx(2_000, rel=1e-3)
    assert (queue.from_s, queue.to_s) == (8 * 3_600, 9 * 3_600)
    assert queue.worst_s == pytest.approx(240, rel=1e-2)


def test_a_day_of_25_hours_has_the_second_hour_twice(observed):
    answer = asked(observed(clock_times(AUTUMN), lambda _: FREE), AUTUMN)
    assert len(answer.local_hours) == 500
    assert answer.local_hours.count(2.5) == 2


def test_a_day_without_data_is_empty(observed):
    answer = asked(observed([at(DAY, 8)], lambda _: FREE), DAY + timedelta(days=3))
    assert answer.days == 0
    assert {speed for segment in answer.speed_kmh for speed in segment} == {None}
    assert answer.queues == []


@pytest.fixture
def made(monkeypatch, tmp_path):
    return straight_archive(monkeypatch, tmp_path, NOON)


def working(first, last):
    return Period(first, last, "ouvres")


def test_the_mean_day_is_the_mean_of_paces_by_the_clock(made):
    """Of 20 and 60 km/h the space-mean is 30; the weekend between is not asked for."""
    archive, days = made
    friday, monday = date(2026, 11, 13), date(2026, 11, 16)
    kmh = {friday: 20.0, monday: 60.0}
    days.keep(friday, monday, lambda now, _: kmh.get(now.date(), 5.0), archive.city)
    answer = asked(archive, period=working(friday, monday))
    assert (answer.start, answer.step_s, answer.days, answer.asked) == (None, 900, 2, 2)
    assert {speed for segment in answer.speed_kmh for speed in segment} == {30}


def test_the_mean_day_over_a_change_of_the_clock_stays_by_the_clock(made):
    archive, days = made
    first, last = date(2026, 10, 24), date(2026, 10, 26)
    days.keep(first, last, lambda now, _: 20.0 if now.hour == 8 else 60.0, archive.city)
    answer = asked(archive, period=Period(first, last))
    slow = [hour for hour, speed in zip(answer.local_hours, answer.speed_kmh[0], strict=True)
            if speed == 20]  # fmt: skip
    assert slow == [8.0, 8.25, 8.5, 8.75]


def test_what_was_seen_on_few_of_the_days_is_not_told_of_their_mean(made):
    archive, days = made
    first = date(2026, 11, 2)

    def mostly_unknown(now, segment):
        return None if segment == "3" and now.date() != first else 60.0

    days.keep(first, first + timedelta(days=5), mostly_unknown, archive.city)
    answer = asked(archive, period=Period(first, first + timedelta(days=5)))
    assert set(answer.speed_kmh[3]) == {None}
    assert set(answer.speed_kmh[2]) == {60}


MARKS = (
    Mark("event", at(DAY, 8), at(DAY, 8, 30), what="Rue", delay_s=90.0, segments=(1, 2)),
    Mark("roadwork", at(DAY - timedelta(days=3), 0), at(DAY + timedelta(days=3), 0),
         what="Place", detail="difficult", segments=(0, 4)),
    Mark("public_holiday", at(DAY, 0), at(DAY + timedelta(days=1), 0)),
)  # fmt: skip


def test_events_and_roadworks_are_outlined_where_and_when_they_were(made, monkeypatch):
    """A roadwork on both ends of the road is two; it is cut to the day."""
    archive, days = made
    archive.operations = object()
    monkeypatch.setattr(scan, "marks", lambda *_: MARKS)
    days.keep(DAY, DAY, lambda _now, _segment: 60.0, archive.city)
    event, first, second = asked(archive).outlines
    assert (event.kind, event.from_s, event.to_s) == ("event", 28_800, 30_600)
    assert (event.from_m, event.to_m) == pytest.approx((1_000, 3_000), rel=1e-3)
    assert (event.delay_s, event.what, event.level) == (90.0, "Rue", None)
    assert (first.kind, first.level, first.from_s, first.to_s) == (
        "roadwork", "difficult", 0, 86_400,
    )  # fmt: skip
    ends = (first.from_m, first.to_m, second.from_m, second.to_m)
    assert ends == pytest.approx((0, 1_000, 4_000, 5_000), rel=1e-3)
    # Of a mean day there are no events.
    mean = asked(archive, period=Period(DAY, DAY))
    assert [outline.kind for outline in mean.outlines] == ["roadwork", "roadwork"]


@pytest.mark.parametrize("place", ["reseau", "zone:rocade", "segment:0"])
def test_a_place_that_is_no_route_is_refused(made, place):
    with pytest.raises(InvalidRequest, match="lieu"):
        asked(made[0], place=place)


def test_a_period_that_ends_before_it_begins_is_refused(made):
    with pytest.raises(InvalidRequest, match="au"):
        asked(made[0], period=Period(DAY, DAY - timedelta(days=1)))
