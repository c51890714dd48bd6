"""The days of a hand-made month: means of some hours, kinds of days, gaps, changes of the clock."""

from __future__ import annotations

from datetime import date

import pytest

from services.base.errors import InvalidRequest
from services.city.rennes import RENNES
from services.plain.trends.common import Period
from services.plain.trends.days import DaysQuery
from services.trends.archive import unreported
from services.trends.days import answer_days
from tests.services.trends.hand_made import hand_made_archive

TODAY = date(2026, 11, 29)
MONDAY = date(2026, 11, 9)


@pytest.fixture
def made(monkeypatch, tmp_path):
    return hand_made_archive(monkeypatch, tmp_path, TODAY)


def asked(archive, first=MONDAY, last=MONDAY, **more):
    query = DaysQuery("segment:0000", Period(first, last), **more)
    return answer_days(archive, query, unreported).days


def slow_mornings(at, _segment):
    return 20.0 if 6 <= at.hour < 9 else 40.0


def test_a_day_is_the_mean_of_the_hours_asked_for(made):
    archive, days = made
    days.keep(MONDAY, MONDAY, slow_mornings, RENNES)

    # From 7 to 20 h two hours of thirteen at +100 %; of all day three of 24.
    assert asked(archive)[0].value == pytest.approx(2 / 13, abs=1e-4)
    assert asked(archive, from_hour=0.0, to_hour=24.0)[0].value == 0.125
    assert asked(archive, from_hour=8.5, to_hour=9.5)[0].value == 0.5
    assert asked(archive, measure="speed")[0].value == pytest.approx((2 * 20 + 11 * 40) / 13)


def test_kinds_of_days_and_days_without_data(made):
    archive, days = made
    days.keep(MONDAY, date(2026, 11, 12), slow_mornings, RENNES)

    found = asked(archive, date(2026, 10, 30), date(2026, 11, 15))

    kinds = {one.day.day: one.kind for one in found}
    assert (kinds[30], kinds[1], kinds[9], kinds[11], kinds[14]) == (
        "school_holiday", "public_holiday", "working_day", "public_holiday", "weekend",
    )  # fmt: skip
    assert [one.day.day for one in found if one.is_observed] == [9, 10, 11, 12]
    assert all((one.value is not None) == one.is_observed for one in found)


@pytest.mark.parametrize(("until", "is_told"), [(13, False), (14, True)])
def test_half_a_day_is_the_least(made, until, is_told):
    archive, days = made
    # From 7 to 13 h are 24 quarters of 52, to 14 h 28.
    days.keep(MONDAY, MONDAY, lambda at, _: 40.0 if 7 <= at.hour < until else None, RENNES)

    [found] = asked(archive)

    assert ((found.value is not None), found.is_observed) == (is_told, True)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_hours_are_those_of_the_clock_on_days_of_another_length(made, day):
    archive, days = made
    days.keep(day, day, slow_mornings, RENNES)

    assert asked(archive, day, day)[0].value == pytest.approx(2 / 13, abs=1e-4)


def test_days_to_come_are_left_out_and_no_time_is_refused(made):
    archive, _ = made
    assert [one.day for one in asked(archive, date(2026, 11, 28), date(2026, 12, 5))] == [
        date(2026, 11, 28), TODAY,
    ]  # fmt: skip
    with pytest.raises(InvalidRequest, match="h2"):
        asked(archive, from_hour=9.0, to_hour=9.0)
