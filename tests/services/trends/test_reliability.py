"""Reliability of hand-made days: clock changes, gaps, damaged days, segments that come and go."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.base.errors import InvalidRequest
from services.city.rennes import RENNES
from services.plain.trends.reliability import ReliabilityQuery
from services.trends.archive import unreported
from services.trends.places import UnknownPlace
from services.trends.reliability import answer_reliability
from tests.services.trends.hand_made import ONE_DAY, hand_made_archive

# Two weeks from a Monday.
FIRST, LAST, TODAY = date(2026, 11, 2), date(2026, 11, 15), date(2026, 11, 29)
PLACE = "segment:0000"


@pytest.fixture
def made(monkeypatch, tmp_path):
    return hand_made_archive(monkeypatch, tmp_path, TODAY)


def asked(archive, first=FIRST, last=LAST, place=PLACE):
    return answer_reliability(archive, ReliabilityQuery(place, first, last), unreported)


def part(answer, key, place=0):
    return next(one for one in answer.places[place].parts if one.part == key)


def free_flow(_at, _segment):
    return 40.0


def test_two_slow_mornings_of_ten(made):
    archive, days = made

    def kmh(at, _segment):
        return 20.0 if at.date() >= date(2026, 11, 12) and 6 <= at.hour < 10 else 40.0

    days.keep(FIRST, LAST, kmh, RENNES)

    found = part(asked(archive), "morning")

    # 160 quarters: 128 in free flow, 32 that take twice as long.
    assert (found.observed_share, found.days, found.untold) == (1.0, 10, None)
    assert found.indices.travel_time_index == pytest.approx(1.2)
    assert found.indices.planning_time_index == pytest.approx(2.0)
    assert found.indices.buffer_index == pytest.approx((2.0 - 1.2) / 1.2)
    # At place 0.8 × 159 = 127.2 of the ordered times: a fifth of the way from once to twice.
    assert found.indices.lottr == 1.20
    assert found.indices.mean_s == pytest.approx(1.2 * asked(archive).places[0].free_s)


def test_a_place_is_reliable_where_all_four_parts_of_the_week_are(made):
    archive, days = made

    def kmh(at, _segment):
        # Every third quarter of the evening takes twice as long.
        return 20.0 if 16 <= at.hour < 20 and (at.hour * 4 + at.minute // 15) % 3 == 0 else 40.0

    days.keep(FIRST, LAST + 14 * ONE_DAY, kmh, RENNES)

    found = asked(archive, last=LAST + 13 * ONE_DAY)

    assert [one.indices.is_reliable for one in found.places[0].parts] == [True, True, False, True]
    assert found.places[0].is_reliable is False


def test_two_weekend_days_a_week_are_too_few_in_two_weeks(made):
    archive, days = made
    days.keep(FIRST, LAST, free_flow, RENNES)

    found = asked(archive)

    assert (part(found, "weekend").days, part(found, "weekend").untold) == (4, "days")
    assert found.places[0].is_reliable is None


@pytest.mark.parametrize(
    ("until", "share", "untold"), [((8, 0), 0.5, None), ((7, 45), 0.4375, "share")]
)
def test_days_with_gaps_are_told_from_half_of_the_time_on(made, until, share, untold):
    archive, days = made
    days.keep(FIRST, LAST, lambda at, _: 40.0 if (at.hour, at.minute) < until else None, RENNES)

    found = part(asked(archive), "morning")

    assert (found.observed_share, found.untold) == (share, untold)
    assert (found.indices is None) is (untold is not None)


@pytest.mark.parametrize("changed", [date(2026, 10, 25), date(2026, 3, 29)])
def test_the_parts_of_the_week_are_as_long_where_the_clock_changes(monkeypatch, tmp_path, changed):
    archive, days = hand_made_archive(monkeypatch, tmp_path, TODAY)
    first = changed - timedelta(days=20)  # a Monday, three weekends

    def kmh(at, _segment):
        return 20.0 if at.date() == changed and 6 <= at.hour < 20 else 40.0

    days.keep(first, changed, kmh, RENNES)

    found = part(asked(archive, first, changed), "weekend")

    # Six days of 56 quarters, one of them at twice the time.
    assert (found.observed_share, found.days) == (1.0, 6)
    assert found.indices.travel_time_index == pytest.approx(7 / 6)


def test_days_on_which_a_segment_had_another_id_are_not_observed(made):
    archive, days = made
    others = tuple(f"9{key}" for key in days.segment_ids)
    days.keep(FIRST, date(2026, 11, 6), free_flow, RENNES, ids=others)
    days.keep(date(2026, 11, 9), date(2026, 11, 13), lambda _at, _: 20.0, RENNES)

    found = asked(archive)

    assert found.observed_days == 10
    assert part(found, "morning").observed_share == 0.5
    assert part(found, "morning").days == 5
    assert part(found, "morning").indices.travel_time_index == pytest.approx(2.0)


def test_damaged_days_and_days_without_data_are_lacking_and_end_nothing(made):
    archive, days = made
    days.keep(FIRST, date(2026, 11, 13), free_flow, RENNES)
    for day in (3, 4):
        days.damage(date(2026, 11, day))

    found = asked(archive)

    # The 3rd begins at 23 h UTC of the 2nd: that hour of it was read; the 4th was not at all.
    assert (found.observed_days, found.lacking_days) == (11, 3)
    assert part(found, "morning").observed_share == pytest.approx(0.8)


def test_today_is_not_over_and_no_part_of_it(made):
    archive, days = made
    days.keep(FIRST, TODAY, free_flow, RENNES)

    assert asked(archive, last=TODAY).last == TODAY - ONE_DAY


def test_a_place_that_is_gone_and_a_period_that_ends_before_it_begins_are_refused(made):
    archive, _ = made
    with pytest.raises(UnknownPlace):
        asked(archive, place="segment:gone")
    with pytest.raises(InvalidRequest):
        asked(archive, LAST, FIRST)
    with pytest.raises(InvalidRequest):
        asked(archive, date(2016, 1, 1), LAST)


def test_a_place_that_was_never_observed_says_so(made):
    archive, days = made
    days.keep(FIRST, LAST, lambda _at, key: 40.0 if key == "0001" else None, RENNES)

    assert {one.untold for one in asked(archive).places[0].parts} == {"never"}


def test_an_area_tells_how_much_longer_than_in_free_flow(made):
    archive, days = made
    days.keep(FIRST, LAST, lambda _at, _: 20.0, RENNES)

    found = asked(archive, place="reseau")

    assert found.places[0].is_route is False
    assert part(found, "morning").indices.travel_time_index == pytest.approx(2.0)


def test_each_day_is_reported(made):
    archive, days = made
    days.keep(FIRST, LAST, free_flow, RENNES)
    told = []

    answer_reliability(
        archive, ReliabilityQuery(PLACE, FIRST, LAST), lambda done, of: told.append((done, of))
    )

    assert told == [(count, 14) for count in range(15)]
