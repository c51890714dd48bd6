"""The hours of hand-made weeks: means, percentiles, holidays, gaps, both changes of the clock."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.base.errors import InvalidRequest
from services.city.rennes import RENNES
from services.plain.trends.common import Period
from services.plain.trends.week import WeekQuery
from services.trends.archive import unreported
from services.trends.week import answer_week
from tests.services.trends.hand_made import hand_made_archive

TODAY = date(2026, 11, 29)
MONDAY, WEEK = date(2026, 11, 2), timedelta(weeks=1)
HOLIDAY_ROW = 7


@pytest.fixture
def made(monkeypatch, tmp_path):
    return hand_made_archive(monkeypatch, tmp_path, TODAY)


def asked(archive, first, last, statistic="mean", **more):
    query = WeekQuery("segment:0000", Period(first, last), statistic=statistic, **more)
    return answer_week(archive, query, unreported)


def keep(days, day, kmh, hour=8):
    days.keep(day, day, lambda at, _segment: kmh if at.hour == hour else 40.0, RENNES)


def test_the_mean_of_an_hour_on_the_days_of_one_name(made):
    archive, days = made
    keep(days, MONDAY, 20.0)
    keep(days, MONDAY + WEEK, 40.0)

    answer = asked(archive, MONDAY, MONDAY + WEEK)

    assert (answer.values[0][8], answer.days[0][8]) == (0.5, 2)
    assert (answer.values[0][9], answer.values[1][8], answer.days[1][8]) == (0.0, None, 0)
    assert len(answer.lacking) == 6


@pytest.mark.parametrize(
    ("statistic", "levels", "value"),
    [("p50", 2, None), ("p50", 3, 0.25), ("p80", 4, None), ("p80", 5, 1.1), ("p95", 5, None)],
)
def test_a_percentile_takes_so_many_days(made, statistic, levels, value):
    archive, days = made
    # Levels 0, 0.25, 0.6, 1 and 1.5 on five Mondays.
    first = date(2026, 10, 12)
    for week, kmh in enumerate((40.0, 32.0, 25.0, 20.0, 16.0)[:levels]):
        keep(days, first + week * WEEK, kmh)

    found = asked(archive, first, TODAY, statistic).values[0][8]

    # Of five at place 3.2: 1 + 0.2 x 0.5.
    assert found == (None if value is None else pytest.approx(value))


def test_a_public_holiday_is_of_no_weekday(made):
    archive, days = made
    keep(days, date(2026, 11, 4), 20.0)
    keep(days, date(2026, 11, 11), 10.0)

    answer = asked(archive, date(2026, 11, 4), date(2026, 11, 11))

    assert (answer.values[2][8], answer.days[2][8]) == (1.0, 1)
    assert (answer.values[HOLIDAY_ROW][8], answer.days[HOLIDAY_ROW][8]) == (3.0, 1)
    assert answer.holidays == [date(2026, 11, 11)]


def test_the_hour_that_comes_twice_is_one_and_the_one_left_out_is_none(made):
    archive, days = made
    autumn, spring = date(2026, 10, 25), date(2026, 3, 29)
    first_pass = lambda at, _segment: 20.0 if at.hour == 2 and at.fold == 0 else 40.0  # noqa: E731
    days.keep(autumn, autumn, first_pass, RENNES)
    keep(days, spring, 20.0)

    found = asked(archive, autumn, autumn)
    assert (found.values[6][2], found.days[6][2], found.values[6][3]) == (0.5, 1, 0.0)
    found = asked(archive, spring, spring)
    assert (found.values[6][2], found.days[6][2]) == (None, 0)
    assert found.values[6][8] == 1.0


def test_an_hour_of_which_less_than_half_is_known_does_not_count(made):
    archive, days = made

    def kmh(at, _segment):
        return (
            20.0 if (at.hour == 8 and at.minute < 15) or (at.hour == 9 and at.minute < 30) else None
        )

    days.keep(MONDAY, MONDAY, kmh, RENNES)

    assert asked(archive, MONDAY, MONDAY).values[0][8:11] == [None, 1.0, None]


def test_a_damaged_day_in_the_middle_is_lacking(made):
    archive, days = made
    for day in range(3):
        keep(days, MONDAY + timedelta(days=day), 20.0)
    # A day in the city is of two in UTC.
    days.damage(date(2026, 11, 2))
    days.damage(date(2026, 11, 3))

    answer = asked(archive, MONDAY, MONDAY + timedelta(days=2))

    assert answer.lacking == [date(2026, 11, 3)]
    assert (answer.values[1][8], answer.values[2][8]) == (None, 1.0)


def test_a_period_that_ends_before_it_begins_or_of_ten_years_is_refused(made):
    archive, _ = made
    with pytest.raises(InvalidRequest):
        asked(archive, MONDAY, MONDAY - WEEK)
    with pytest.raises(InvalidRequest, match="800"):
        asked(archive, date(2016, 1, 1), MONDAY)
