"""The day and hour that somebody asks for: understood as people write them, or refused by name."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.base.errors import InvalidRequest
from services.city.day_types import DayType
from services.city.rennes import RENNES
from services.forecast.asked_hour import asked_hour
from services.forecast.zone_forecasts import DAY_NAMES

# In Rennes 0:10 on a Monday, while it is still Sunday in Greenwich.
NOW = datetime(2026, 11, 22, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "hour"), [(8, 8), ("8", 8), ("08", 8), (0, 0), ("0", 0), ("00", 0), (23, 23)]
)
def test_hours_that_people_write_are_understood(value, hour):
    assert asked_hour(RENNES, "monday", value, NOW)[1] == hour


@pytest.mark.parametrize(
    "value",
    [
        *(24, -1, 10**30, True, False, 8.0, 8.5, float("nan"), None, b"8", [8], {}),
        *("24", "-1", "+8", "8.0", "008", "0x8", "1_0", "abc", "", " 8", "8 ", "8\n"),
        *("\N{ARABIC-INDIC DIGIT EIGHT}", "\N{FULLWIDTH DIGIT EIGHT}", "\N{SUPERSCRIPT TWO}"),
    ],
    ids=repr,
)
def test_any_other_hour_is_refused_by_name(value):
    with pytest.raises(InvalidRequest) as error_info:
        asked_hour(RENNES, "monday", value, NOW)
    assert error_info.value.parameter == "hour"
    assert error_info.value.allowed == "a whole number from 0 to 23"


def test_an_endless_value_is_not_repeated_to_the_caller():
    with pytest.raises(InvalidRequest) as error_info:
        asked_hour(RENNES, "monday", "9" * 100_000, NOW)
    assert len(str(error_info.value)) < 120
    with pytest.raises(InvalidRequest) as error_info:
        asked_hour(RENNES, "m" * 100_000, 8, NOW)
    assert len(str(error_info.value)) < 160


def test_days_are_named_in_english_from_monday_on():
    days = [asked_hour(RENNES, name, 8, NOW)[0] for name in DAY_NAMES]
    assert [day.weekday for day in days] == list(range(7))
    assert (DAY_NAMES[0], DAY_NAMES[6]) == ("monday", "sunday")


def test_a_day_is_the_next_of_its_name_in_rennes_today_included():
    assert asked_hour(RENNES, "monday", 8, NOW)[0].date == date(2026, 11, 23)
    sunday, _ = asked_hour(RENNES, "sunday", 8, NOW)
    assert (sunday.date, sunday.day_type) == (date(2026, 11, 29), DayType.WEEKEND)


def test_the_hour_that_summer_time_begins_with_is_none():
    before = datetime(2027, 3, 26, 9, tzinfo=UTC)
    for hour in (1, 3):
        assert asked_hour(RENNES, "sunday", hour, before)[0].date == date(2027, 3, 28)
    with pytest.raises(InvalidRequest, match="2027-03-28") as error_info:
        asked_hour(RENNES, "sunday", "2", before)
    assert error_info.value.parameter == "hour"
    assert asked_hour(RENNES, "saturday", 2, before)[1] == 2
    # The one that comes twice in autumn is there.
    autumn = datetime(2026, 10, 23, 9, tzinfo=UTC)
    assert asked_hour(RENNES, "sunday", 2, autumn)[0].date == date(2026, 10, 25)


def test_no_day_is_today_in_rennes():
    assert asked_hour(RENNES, None, 8, NOW)[0].weekday == 0
    assert asked_hour(RENNES, None, 8, datetime(2026, 11, 24, 8, tzinfo=UTC))[0].weekday == 1


@pytest.mark.parametrize(
    "value", ["", "lundi", "Monday", "mon", "0", " monday", 3, ["monday"], {}], ids=repr
)
def test_any_other_day_is_refused_by_name(value):
    with pytest.raises(InvalidRequest) as error_info:
        asked_hour(RENNES, value, 8, NOW)
    assert error_info.value.parameter == "day"
    assert "monday" in error_info.value.allowed


def test_of_two_that_are_wrong_the_hour_is_named():
    with pytest.raises(InvalidRequest, match="hour"):
        asked_hour(RENNES, "lundi", 24, NOW)
