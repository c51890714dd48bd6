"""What is beyond chance: small cases counted by hand, and the level and the power of the test."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from services.trends.comparison import Change, NotTold, compare_periods

MONDAY = date(2026, 1, 5)
BY_WEEKDAY = {
    MONDAY + timedelta(days=n): (MONDAY + timedelta(days=n)).weekday() for n in range(800)
}


def mondays(values, first=MONDAY):
    return {first + timedelta(weeks=week): value for week, value in enumerate(values)}


def working_days(weeks, first=MONDAY):
    days = (first + timedelta(days=n) for n in range(7 * weeks))
    return [day for day in days if day.weekday() < 5]


def test_four_mondays_against_four_are_seventy_exchanges():
    before = mondays([10.0, 11.0, 12.0, 13.0])
    after = mondays([20.0, 21.0, 22.0, 23.0], MONDAY + timedelta(weeks=4))

    found = compare_periods(before, after, BY_WEEKDAY)

    assert isinstance(found, Change)
    assert (found.before, found.after) == (11.5, 21.5)
    # Nothing but these and their opposite differs by ten.
    assert found.p_value == pytest.approx(2 / 70)
    assert found.is_beyond_chance
    assert (found.days_before.days, found.days_before.weeks) == (4, 4)


def test_the_interval_holds_what_could_be_taken_away_until_nothing_is_left_beyond_chance():
    before = mondays([10.0, 11.0, 12.0, 13.0])
    after = mondays([20.0, 21.0, 22.0, 23.0], MONDAY + timedelta(weeks=4))

    found = compare_periods(before, after, BY_WEEKDAY)

    # Less 7 the days after are 13 to 16: the 13 of one could be that of the other, four exchanges.
    assert found.low == pytest.approx(7.0, abs=1e-6)
    assert found.high == pytest.approx(13.0, abs=1e-6)


def test_weeks_that_mix_are_no_change():
    before = mondays([10.0, 20.0, 11.0, 19.0])
    after = mondays([19.5, 10.5, 18.0, 12.0], MONDAY + timedelta(weeks=4))

    found = compare_periods(before, after, BY_WEEKDAY)

    assert found.difference == pytest.approx(0.0)
    assert not found.is_beyond_chance
    assert found.low < 0 < found.high


def test_days_that_are_all_the_same_have_not_changed():
    after = mondays([10.0] * 4, MONDAY + timedelta(weeks=4))

    found = compare_periods(mondays([10.0] * 4), after, BY_WEEKDAY)

    assert (found.difference, found.p_value) == (0.0, 1.0)


def test_three_weeks_cannot_be_told():
    after = mondays([90.0] * 9, MONDAY + timedelta(weeks=3))

    found = compare_periods(mondays([10.0, 10.0, 10.0]), after, BY_WEEKDAY)

    assert isinstance(found, NotTold)
    assert found.reason == "too_few_weeks"
    assert (found.days_before.weeks, found.days_after.weeks) == (3, 9)


def test_a_period_without_any_day_cannot_be_told():
    found = compare_periods({}, mondays([10.0] * 9), BY_WEEKDAY)

    assert isinstance(found, NotTold)
    assert found.reason == "nothing_alike"


def test_mondays_are_not_compared_with_saturdays():
    saturdays = mondays([90.0] * 6, MONDAY + timedelta(days=5))

    found = compare_periods(mondays([10.0] * 6), saturdays, BY_WEEKDAY)

    assert isinstance(found, NotTold)
    assert found.reason == "nothing_alike"


def test_a_period_of_more_fridays_is_not_slower_for_that():
    # Fridays take 90, all others 60; before there are all five days, after mostly Fridays.
    before = {day: 90.0 if day.weekday() == 4 else 60.0 for day in working_days(6)}
    later = working_days(6, MONDAY + timedelta(weeks=6))
    after = {day: 90.0 if day.weekday() == 4 else 60.0 for day in later if day.weekday() in (0, 4)}
    after.pop(MONDAY + timedelta(weeks=6))

    found = compare_periods(before, after, BY_WEEKDAY)

    assert found.difference == pytest.approx(0.0)
    assert found.days_before.days == 12  # its Mondays and Fridays alone


def test_the_same_days_give_the_same_answer():
    # 20 weeks: exchanges are drawn, and in blocks of two weeks.
    draws = np.random.default_rng(7)
    first, second = working_days(20), working_days(20, MONDAY + timedelta(weeks=20))
    before = dict(zip(first, draws.normal(60, 5, 100), strict=True))
    after = dict(zip(second, draws.normal(61, 5, 100), strict=True))

    found = compare_periods(before, after, BY_WEEKDAY)

    assert found == compare_periods(before, after, BY_WEEKDAY)
    assert found.block_weeks == 2
    assert found.low < found.difference < found.high


def changed_share(weeks, effect, *, how_often, likeness=0.5):
    """How often two periods of days that depend on each other are called changed, and covered."""
    draws = np.random.default_rng(3)
    first, second = working_days(weeks), working_days(weeks, MONDAY + timedelta(weeks=weeks))
    usual = (600.0, 610.0, 620.0, 605.0, 640.0)
    told = covered = 0
    for _ in range(how_often):
        noise = draws.normal(size=14 * weeks)
        for day in range(1, len(noise)):
            noise[day] = likeness * noise[day - 1] + (1 - likeness**2) ** 0.5 * noise[day]
        value = {
            day: usual[day.weekday()] + 30 * noise[(day - MONDAY).days] for day in first + second
        }
        found = compare_periods(
            {day: value[day] for day in first},
            {day: value[day] + effect for day in second},
            BY_WEEKDAY,
        )
        told += found.is_beyond_chance
        covered += found.low <= effect <= found.high
    return told / how_often, covered / how_often


@pytest.mark.parametrize("weeks", [4, 6])
def test_without_a_change_about_one_in_twenty_is_told_although_days_depend_on_each_other(weeks):
    told, covered = changed_share(weeks, 0.0, how_often=500)

    # Standard error 1 %.
    assert 0.01 <= told <= 0.08
    assert 0.92 <= covered <= 0.99


def test_a_change_of_one_standard_deviation_of_days_is_mostly_found_in_six_weeks():
    told, covered = changed_share(6, 30.0, how_often=200)

    assert told >= 0.5
    assert covered >= 0.90
