"""Departures of a straight road, with drives worked out on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np
import pytest

from services.base.errors import InvalidRequest
from services.forecast.nowcast_files import write_nowcast
from services.plain.trends.trip import TripAnswer, TripNow, TripQuery, best_departure, departures
from services.trends.places import UnknownPlace
from services.trends.trip import answer_trip
from tests.factories import (
    make_nowcast_table,
    make_snapshot_for,
    make_week_table,
    write_week_forecasts,
)
from tests.services.trends.hand_made import CLOSED
from tests.services.trends.straight_road import PLACE, straight_archive

# A Thursday; in Rennes it is 8 h 20.
DAY = date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 7, 20, tzinfo=UTC)
WEEK = timedelta(weeks=1)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Makes an archive at a time, and gives what its days are put into."""
    return lambda now=NOW: straight_archive(monkeypatch, tmp_path, now)


def asked(archive, day=DAY, place=PLACE):
    return answer_trip(archive, TripQuery(place, day), lambda _done, _of: None)


def at(answer, clock):
    """Which departure is at a time of the clock."""
    hour, minute = map(int, clock.split(":"))
    return list(answer.local_hours).index(hour + minute / 60)


def rush(slow_kmh, hour=8):
    return lambda now, _segment: slow_kmh if now.hour == hour else 60.0


def keep_weeks(days, archive, speeds):
    """The same day of so many weeks before, the last one last."""
    for weeks, kmh in enumerate(reversed(speeds), start=1):
        day = DAY - weeks * WEEK
        days.keep(day, day, rush(kmh), archive.city)


def test_a_past_day_is_told_as_it_was_driven(made):
    """At 10 km/h half of the road is behind one at 9 h, the other half takes 150 s."""
    archive, days = made(NOW + WEEK)
    days.keep(DAY, DAY, rush(10.0), archive.city)
    answer = asked(archive)
    assert answer.free_s == pytest.approx(300, rel=1e-3)
    assert answer.length_m == pytest.approx(5_000, rel=1e-3)
    driven = [answer.driven_s[at(answer, clock)] for clock in ("07:45", "08:00", "08:45", "09:00")]
    assert driven == pytest.approx([300, 1_800, 900 + 150, 300], rel=1e-3)
    assert (answer.now, answer.high_from) == (None, None)
    assert set(answer.forecast_s) == {None}


def test_a_drive_goes_on_into_the_next_day(made):
    archive, days = made(NOW + WEEK)
    days.keep(DAY, DAY, rush(10.0, hour=23), archive.city)
    days.keep(DAY + timedelta(days=1), DAY + timedelta(days=1), rush(60.0), archive.city)
    answer = asked(archive)
    assert answer.driven_s[at(answer, "23:45")] == pytest.approx(900 + 150, rel=1e-3)


@pytest.mark.parametrize(("day", "departures_of_day"), [(SPRING, 92), (AUTUMN, 100)])
def test_a_day_on_which_the_clock_changes_has_as_many_departures_as_quarters(
    made, day, departures_of_day
):
    archive, days = made()
    days.keep(day, day, rush(60.0), archive.city)
    answer = asked(archive, day)
    assert len(answer.local_hours) == departures_of_day
    assert answer.local_hours.count(2.5) == {92: 0, 100: 2}[departures_of_day]
    # Of the drives that end before midnight none is lost or longer.
    assert list(answer.driven_s[:-1]) == pytest.approx([300] * (departures_of_day - 1), rel=1e-3)


def test_what_is_usual_is_that_of_the_same_weekday(made):
    """Of fifteen drives around 8 h 15 twelve take 900 s and three 1,800: median, P10 and P90."""
    archive, days = made(NOW + WEEK)
    keep_weeks(days, archive, [20.0, 10.0, 20.0, 20.0, 20.0])
    # Another weekday, far slower.
    days.keep(DAY - timedelta(days=1), DAY - timedelta(days=1), rush(2.0), archive.city)
    days.keep(DAY, DAY, rush(15.0), archive.city)
    answer = asked(archive)
    place = at(answer, "08:15")
    assert answer.usual_days == 5
    usual = (answer.usual_low_s[place], answer.usual_s[place], answer.usual_high_s[place])
    assert usual == pytest.approx((900, 900, 1_800), rel=1e-3)
    assert answer.driven_s[place] == pytest.approx(1_200, rel=1e-3)


def test_two_days_are_not_usual(made):
    archive, days = made(NOW + WEEK)
    keep_weeks(days, archive, [20.0, 20.0])
    answer = asked(archive)
    assert answer.usual_days == 2
    assert set(answer.usual_s) == {None}


def test_a_public_holiday_is_compared_with_sundays(made):
    """The eleventh of November 2026 is a Wednesday; the first, a Sunday, is one itself."""
    archive, days = made()
    for weeks in range(4):
        sunday = date(2026, 11, 8) - weeks * WEEK
        days.keep(sunday, sunday, rush(30.0), archive.city)
    answer = asked(archive, date(2026, 11, 11))
    assert answer.usual_days == 3
    assert answer.usual_s[at(answer, "08:15")] == pytest.approx(600, rel=1e-3)


def test_the_forecast_is_what_segments_are_expected_to_take(made, tmp_path):
    """At 8 h 30 a kilometre at 0.4, 0.5 and 0.6 of the limit takes 0.3·150 + 0.4·120 + 0.3·100.

    At 7 h 30 and 9 h 30 it takes 0.3·75 + 0.4·66.7 + 0.3·60; a quarter's middle is 7.5 minutes off.
    All segments slow: 150 and 75 s.
    """
    archive, _ = made()
    write_week_forecasts(tmp_path, table=plain_week(archive.network))
    answer = asked(archive, DAY + timedelta(days=1))
    place = at(answer, "08:15")
    expected_s = 5 * (0.875 * 123.0 + 0.125 * (22.5 + 0.4 * 60 / 0.9 + 18.0))
    assert answer.forecast_s[place] == pytest.approx(expected_s, rel=1e-3)
    assert answer.high_s[place] == pytest.approx(5 * (0.875 * 150 + 0.125 * 75), rel=1e-3)
    assert (answer.high_from, answer.has_nowcast, answer.is_simulated) == ("segments", False, True)
    assert set(answer.driven_s) == {None}


def test_once_in_ten_times_is_told_by_how_much_such_days_differed(made, tmp_path):
    """P90 of the drives around 8 h 15 is 1,800 s, their mean 1,080."""
    archive, days = made(NOW - timedelta(days=2))
    keep_weeks(days, archive, [20.0, 10.0, 20.0, 20.0, 20.0])
    write_week_forecasts(tmp_path, table=plain_week(archive.network))
    answer = asked(archive)
    place = at(answer, "08:15")
    assert answer.high_from == "days"
    assert answer.high_s[place] / answer.forecast_s[place] == pytest.approx(1_800 / 1_080, rel=1e-3)


def test_who_leaves_now_drives_through_what_is_measured_and_then_what_is_forecast(made, tmp_path):
    """At 8 h 20, 30 km/h: until 8 h 30 all five kilometres."""
    archive, days = made()
    write_week_forecasts(tmp_path, table=plain_week(archive.network))
    keep_until_now(days, archive, 30.0)
    answer = asked(archive)
    assert answer.now.at == NOW
    assert answer.now.local_hour == pytest.approx(8 + 20 / 60, abs=1e-3)
    assert answer.now.duration_s == pytest.approx(600, rel=1e-3)
    # Who left at 8 h has arrived; who left at 8 h 15 is on the way, on what was measured.
    assert answer.driven_s[at(answer, "08:00")] == pytest.approx(600, rel=1e-3)
    assert answer.driven_s[at(answer, "08:30")] is None
    assert answer.forecast_s[at(answer, "08:30")] is not None


def test_the_next_hour_is_that_of_the_nowcast(made, tmp_path):
    """At 20 km/h ten minutes are 3.33 km; each kilometre after 8 h 30 takes 123 s."""
    archive, days = made()
    network = archive.network
    write_week_forecasts(tmp_path, table=plain_week(network))
    keep_until_now(days, archive, 20.0)
    snapshot = make_snapshot_for(network, observed_at=NOW, source="live")
    write_nowcast(tmp_path, make_nowcast_table(network, snapshot))
    answer = asked(archive)
    assert answer.has_nowcast
    assert answer.now.duration_s == pytest.approx(600 + (5 - 10 / 3) * 123, rel=1e-3)


def test_a_nowcast_that_is_old_or_of_another_network_tells_nothing(made, tmp_path):
    archive, days = made()
    write_week_forecasts(tmp_path, table=plain_week(archive.network))
    keep_until_now(days, archive, 20.0)
    snapshot = make_snapshot_for(
        archive.network, observed_at=NOW - timedelta(minutes=30), source="live"
    )
    write_nowcast(tmp_path, make_nowcast_table(archive.network, snapshot))
    assert not asked(archive).has_nowcast


def test_a_closed_segment_is_met_and_told(made):
    archive, days = made(NOW + WEEK)

    def closed_at_ten(now, segment):
        return CLOSED if segment == "2" and now.hour == 10 else 60.0

    days.keep(DAY, DAY, closed_at_ten, archive.city)
    answer = asked(archive)
    ten = at(answer, "10:00")
    assert list(answer.closed) == [ten, ten + 1, ten + 2, ten + 3]
    assert answer.driven_s[ten] is None
    assert answer.driven_s[ten + 4] == pytest.approx(300, rel=1e-3)


def test_without_any_history_there_is_an_answer_that_says_so(made):
    archive, _ = made()
    answer = asked(archive)
    assert (answer.usual_days, answer.now) == (0, None)
    assert departures(answer) == [None] * 96


@pytest.mark.parametrize("place", ["reseau", "zone:rocade", "segment:0"])
def test_a_place_that_is_no_route_is_refused(made, place):
    archive, _ = made()
    with pytest.raises(InvalidRequest, match="lieu"):
        asked(archive, place=place)


def test_a_corridor_that_is_gone_and_a_day_too_far_ahead_are_refused(made):
    archive, _ = made()
    with pytest.raises(UnknownPlace):
        asked(archive, place="corridor:gone")
    asked(archive, DAY + WEEK)
    with pytest.raises(InvalidRequest, match="jour"):
        asked(archive, DAY + WEEK + timedelta(days=1))


HOURS = [7.0, 7.25, 7.5, 7.75, 8.0]


def answer_of(**changes):
    nothing = [None] * len(HOURS)
    return TripAnswer(**{
        "start": datetime(2026, 11, 25, 23, tzinfo=UTC), "step_s": 900, "local_hours": HOURS,
        "length_m": 5_000.0, "free_s": 300.0, "driven_s": nothing, "usual_s": nothing,
        "usual_low_s": nothing, "usual_high_s": nothing, "forecast_s": nothing, "high_s": nothing,
        "closed": [], "now": None, "usual_days": 0, "high_from": None, "has_nowcast": False,
        "is_simulated": False,
    } | changes)  # fmt: skip


def test_a_departure_is_told_as_driven_else_as_forecast_else_as_usual():
    answer = answer_of(
        driven_s=[400.0, None, None, None, None],
        forecast_s=[None, 500.0, None, None, None],
        high_s=[None, 700.0, None, None, None],
        usual_s=[310.0] * 4 + [None],
        usual_high_s=[350.0] * 4 + [None],
        closed=[3],
    )
    first, second, third, fourth, fifth = departures(answer)
    assert (first.kind, first.duration_s, first.usual_s, first.high_s) == ("driven", 400, 310, None)
    assert (second.kind, second.duration_s, second.high_s) == ("forecast", 500, 700)
    assert (third.kind, third.duration_s, third.high_s) == ("usual", 310, 350)
    # A closed road is no usual drive.
    assert (fourth, fifth) == (None, None)


def test_the_best_hour_to_leave_is_the_quickest_of_the_window_the_earlier_of_equals():
    answer = answer_of(forecast_s=[900.0, 600.0, 600.0, 700.0, 300.0])
    best, worst = best_departure(answer, 7.0, 7.75)
    assert (best.local_hour, best.duration_s) == (7.25, 600)
    assert (worst.local_hour, worst.duration_s) == (7.0, 900)
    assert best_departure(answer, 7.8, 7.9) is None


def test_the_best_hour_to_leave_is_still_to_come():
    past = answer_of(forecast_s=[100.0, 600.0, 500.0, 700.0, 300.0])
    today = msgspec.structs.replace(past, now=TripNow(NOW, 7.3, 500.0, None, None))
    best, _ = best_departure(today, 7.0, 7.75)
    assert best.local_hour == 7.5


def keep_until_now(days, archive, kmh):
    """Today until 8 h 20: nothing is known of later."""
    quarter = NOW.replace(minute=15)
    days.keep(
        DAY,
        DAY,
        lambda now, _segment: kmh if now <= archive.city.local(quarter) else None,
        archive.city,
    )
    for utc_day in (DAY - timedelta(days=1), DAY):
        found = days.read(None, None, utc_day)
        last = (quarter.hour * 60 + quarter.minute) // 15
        if utc_day == DAY:
            found.snapshots[last + 1 :] = 0


def plain_week(network):
    """That of the factories, with nothing that is odd about its first two segments."""
    table = make_week_table(network)
    quantiles_pct = table.quantiles_pct.copy()
    quantiles_pct[..., :2] = quantiles_pct[..., 2:3]
    return type(table)(
        table.model_version,
        table.trained_on,
        table.thresholds,
        table.segment_ids,
        quantiles_pct.astype(np.uint8),
        table.days_observed,
    )
