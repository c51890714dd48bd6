from __future__ import annotations

from datetime import date, timedelta

import pytest

from models.errors import HistoryTooShort
from models.week.train import share_days
from services.city.calendar import Calendar
from services.city.rennes import RENNES

CALENDAR = Calendar(RENNES.holidays)
MONDAY = date(2026, 9, 7)


def days(weeks):
    return [MONDAY + timedelta(days=count) for count in range(7 * weeks)]


def test_whole_days_are_in_one_part_and_public_holidays_in_none():
    parts = share_days(days(12), CALENDAR, 35, None)
    learn, test, left_out = (set(part) for part in (parts.learn, parts.test, parts.left_out))
    assert learn | test | left_out == set(days(12))
    assert len(learn) + len(test) + len(left_out) == 84
    assert left_out == {date(2026, 11, 1), date(2026, 11, 11)}
    assert {day.weekday() for day in test} == set(range(7))


def test_less_history_is_evaluated_by_the_same_days():
    whole, short = (share_days(days(12), CALENDAR, 35, weeks) for weeks in (None, 2))
    assert short.test == whole.test
    assert len(short.learn) == 14
    assert set(short.learn) < set(whole.learn)
    assert min(short.learn) > min(whole.learn)


def test_too_few_days_are_told():
    with pytest.raises(HistoryTooShort, match="2 mondays"):
        share_days(days(2), CALENDAR, 35, None)
