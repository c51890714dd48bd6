"""Bottlenecks of a period on a straight road, with their lost time worked out on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.base.errors import InvalidRequest
from services.plain.trends.bottlenecks import BottlenecksQuery
from services.plain.trends.common import Period
from services.trends.bottlenecks import answer_bottlenecks
from tests.services.trends.straight_road import PLACE, straight_archive

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
# A Monday.
FIRST = date(2026, 11, 16)
LAST = FIRST + timedelta(days=6)


@pytest.fixture
def made(monkeypatch, tmp_path):
    return straight_archive(monkeypatch, tmp_path, NOON)


def asked(archive, place=PLACE, period=None):
    query = BottlenecksQuery(place, period or Period(FIRST, LAST))
    return answer_bottlenecks(archive, query, lambda _done, _of: None)


def jam(now, segment):
    """On working days from 8 to 9 h the third and fourth kilometre, on Monday evening the first."""
    is_morning = now.weekday() < 5 and now.hour == 8 and segment in "23"
    is_evening = now.weekday() == 0 and now.hour == 18 and segment == "0"
    return 20.0 if is_morning or is_evening else 60.0


def test_bottlenecks_are_ranked_by_what_they_cost_with_their_hours_and_history(made):
    """A kilometre at 20 km/h loses 120 s: 240 for who passes in each of four quarters."""
    archive, days = made
    days.keep(FIRST, LAST, jam, archive.city)
    answer = asked(archive)
    morning, evening = answer.rows
    assert (answer.found, answer.days, answer.asked, answer.corridors) == (2, 7, 7, 1)
    assert answer.days_by_hour == [7] * 24
    assert (morning.head, morning.segment, morning.corridor) == ("3", 3, PLACE)
    assert (morning.days, morning.queues, morning.reaches_end) == (5, 5, False)
    assert morning.lost_s == pytest.approx(5 * 4 * 240, rel=1e-2)
    assert morning.longest_m == pytest.approx(2_000, rel=1e-3)
    assert morning.mean_length_m == pytest.approx(2_000, rel=1e-3)
    assert morning.mean_duration_s == 3_600
    assert [hour for hour, count in enumerate(morning.days_by_hour) if count] == [8]
    assert morning.days_by_hour[8] == 5
    assert (evening.head, evening.days) == ("0", 1)
    [day] = evening.history
    assert (day.day, day.from_hour, day.to_hour) == (FIRST, 18.0, 19.0)
    assert (day.lost_s, day.worst_s) == pytest.approx((4 * 120, 120), rel=1e-2)


def test_only_the_days_asked_for_count(made):
    archive, days = made
    days.keep(FIRST, LAST, jam, archive.city)
    answer = asked(archive, period=Period(FIRST, LAST, "we"))
    assert (answer.rows, answer.found, answer.days, answer.asked) == ([], 0, 2, 2)


def test_the_whole_network_is_all_its_corridors(made):
    archive, days = made
    days.keep(FIRST, LAST, jam, archive.city)
    whole, alone = asked(archive, "reseau"), asked(archive)
    assert [row.head for row in whole.rows] == [row.head for row in alone.rows]
    assert whole.rows[0].lost_s == alone.rows[0].lost_s


def test_days_without_data_are_counted_as_such(made):
    archive, days = made
    days.keep(FIRST, FIRST + timedelta(days=1), jam, archive.city)
    answer = asked(archive)
    assert (answer.days, answer.asked) == (2, 7)
    assert answer.rows[0].days == 2


def test_a_damaged_day_in_the_middle_leaves_the_others(made):
    archive, days = made
    days.keep(FIRST, LAST, jam, archive.city)
    broken = FIRST + timedelta(days=2)
    days.damage(broken)
    answer = asked(archive)
    assert answer.rows[0].days == 4
    assert broken not in {day.day for day in answer.rows[0].history}
    assert archive.unread == {broken}


def test_how_far_it_is_is_told_day_by_day(made):
    archive, days = made
    days.keep(FIRST, LAST, jam, archive.city)
    told = []
    query = BottlenecksQuery(PLACE, Period(FIRST, LAST))
    answer_bottlenecks(archive, query, lambda done, of: told.append((done, of)))
    assert told == [(done, 7) for done in range(8)]


@pytest.mark.parametrize("place", ["zone:rocade", "segment:0"])
def test_a_place_without_a_way_through_it_is_refused(made, place):
    with pytest.raises(InvalidRequest, match="lieu"):
        asked(made[0], place)


def test_ten_years_are_refused(made):
    with pytest.raises(InvalidRequest, match="au"):
        asked(made[0], period=Period(date(2016, 12, 1), LAST))
