"""Two periods of hand-made days, and the detour beside the road."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.base.errors import InvalidRequest
from services.city.rennes import RENNES
from services.plain.trends.before_after import BeforeAfterQuery
from services.plain.trends.common import Period
from services.trends.archive import unreported
from services.trends.before_after import answer_before_after
from tests.services.trends.hand_made import CLOSED, hand_made_archive

# Four weeks and four weeks; 11 November is a public holiday, 17 October to 1 November school's.
FIRST, CHANGED, LAST = date(2026, 11, 2), date(2026, 11, 30), date(2026, 12, 18)
TODAY = date(2027, 1, 20)
ROAD, DETOUR = "segment:0000", "segment:0004"


@pytest.fixture
def made(monkeypatch, tmp_path):
    return hand_made_archive(monkeypatch, tmp_path, TODAY)


def asked(archive, **changes):
    weeks = timedelta(days=27)
    stated = {
        "place": ROAD,
        "before": Period(FIRST, FIRST + weeks, "ouvres"),
        "after": Period(CHANGED, CHANGED + weeks, "ouvres"),
    } | changes
    return answer_before_after(archive, BeforeAfterQuery(**stated), unreported)


def works(at, key):
    """From a day on the road takes twice as long from 7 to 9 h, the detour half as long again."""
    is_peak = at.date() >= CHANGED and 7 <= at.hour < 9
    if not is_peak:
        # No two days are the same.
        return 40.0 if at.day % 2 else 38.0
    return 20.0 if key == "0000" else 30.0


def test_what_the_roadworks_did_to_the_road_and_to_the_detour(made):
    archive, days = made
    before = Period(date(2026, 10, 5), date(2026, 11, 29), "ouvres")
    after = Period(CHANGED, LAST + timedelta(days=28), "ouvres")
    days.keep(before.first, after.last, works, RENNES)

    road, detour = asked(archive, before=before, after=after, detour=DETOUR).places

    assert road.unit == "s"
    assert road.change.is_beyond_chance
    assert road.change.after == pytest.approx(2 * road.free)
    assert detour.change.after == pytest.approx(4 / 3 * detour.free)
    assert road.change.low <= road.change.after - road.change.before <= road.change.high
    # 8 h 30 is quarter 34 of the day, 12 h quarter 48.
    assert road.after.curve[34] == pytest.approx(2 * road.free, abs=1e-3)
    assert road.after.curve[48] < 1.1 * road.free


def test_public_holidays_are_left_out_and_school_holidays_compared_among_themselves(made):
    archive, days = made
    days.keep(FIRST, date(2026, 12, 27), works, RENNES)

    [road] = asked(archive).places

    # 20 working days less 11 November; schools close on 19 December: the last week has none alike.
    assert date(2026, 11, 11) not in road.before.days
    assert (road.before.asked, road.before.compared, road.before.weeks) == (19, 19, 4)
    assert date(2026, 12, 25) not in road.after.days
    assert (road.after.asked, road.after.compared, road.after.weeks) == (19, 15, 3)
    assert (road.change, road.untold) == (None, "too_few_weeks")


def test_days_observed_for_less_than_half_of_these_hours_have_no_value(made):
    archive, days = made

    def kmh(at, _key):
        return None if at.weekday() == 0 and (at.hour, at.minute) >= (7, 45) else 40.0

    days.keep(FIRST, LAST, kmh, RENNES)

    [road] = asked(archive).places

    assert all(day.weekday() for day in road.before.days)
    assert len(road.before.days) == 15  # Tuesdays to Fridays of four weeks less the holiday


def test_a_closed_road_has_no_time_and_says_so(made):
    archive, days = made
    days.keep(
        FIRST, LAST, lambda at, _: CLOSED if at.date() >= CHANGED and at.hour >= 8 else 40.0, RENNES
    )

    [road] = asked(archive, from_hour=7.5, to_hour=9.5).places

    assert (road.before.closed_share, road.after.closed_share) == (0.0, 0.75)
    assert (road.after.days, road.untold) == ([], "nothing_alike")


@pytest.mark.parametrize(("day", "quarters"), [("2026-10-25", 4), ("2026-03-29", 0)])
def test_hours_are_those_of_the_clock_where_it_changes(made, day, quarters):
    archive, days = made
    changed = date.fromisoformat(day)
    days.keep(changed, changed, lambda at, _: 20.0 if at.hour == 2 else 40.0, RENNES)

    [road] = asked(archive, before=Period(changed, changed), from_hour=2, to_hour=3).places

    # Two o'clock comes twice in October, and not at all in March.
    assert len(road.before.days) == (1 if quarters else 0)
    assert sum(value is not None for value in road.before.curve[8:12]) == quarters
    assert all(value is not None for value in road.before.curve[12:])


def test_an_area_tells_how_many_times_as_long(made):
    archive, days = made
    days.keep(FIRST, LAST, lambda at, _: 20.0 if at.date() >= CHANGED else 40.0, RENNES)

    [area] = asked(archive, place="reseau").places

    assert (area.unit, area.free) == ("index", 1.0)
    assert area.before.values[0] == pytest.approx(1.0)
    assert area.after.values[0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"after": Period(FIRST + timedelta(days=20), LAST)},
        {"after": Period(LAST, CHANGED)},
        {"from_hour": 9.0, "to_hour": 9.0},
        {"from_hour": 7.0, "to_hour": 25.0},
    ],
)
def test_periods_that_overlap_or_end_before_they_begin_and_hours_of_no_day_are_refused(made, wrong):
    with pytest.raises(InvalidRequest):
        asked(made[0], **wrong)
