"""The curve of hand-made days, against what is usual, another day and a mean; and its forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from services.base.errors import InvalidRequest
from services.city.rennes import RENNES
from services.forecast.week_forecasts import SegmentForecasts
from services.plain.trends.common import Period
from services.plain.trends.curve import Band, CurveQuery
from services.traffic.day_curve import DayCurve, Forecast
from services.traffic.store import Store
from services.trends import expected
from services.trends.archive import unreported
from services.trends.curve import answer_curve
from services.trends.measures import MEASURED
from services.trends.places import UnknownPlace
from tests.services.trends.hand_made import CLOSED, hand_made_archive

TODAY = date(2026, 11, 29)
MONDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 25)
WEEK = timedelta(weeks=1)
PLACE = "segment:0000"
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.fixture
def made(monkeypatch, tmp_path):
    return hand_made_archive(monkeypatch, tmp_path, TODAY)


def asked(archive, day=MONDAY, **more):
    query = CurveQuery(**{"place": PLACE, "day": day} | more)
    return answer_curve(archive, query, unreported)


def at_eight(kmh):
    """So fast from 8 to 9 h, and in free flow at all other times."""
    return lambda at, _segment: kmh if at.hour == 8 else 40.0


def value_at(answer, values, clock):
    return values[list(answer.clock).index(clock)]


def test_congestion_is_the_time_lost_by_quarters_of_the_clock(made):
    archive, days = made
    days.keep(MONDAY, MONDAY, at_eight(20.0), RENNES)

    answer = asked(archive)

    # At half the speed of free flow a drive takes twice as long.
    slow = [clock for clock, value in zip(answer.clock, answer.values, strict=True) if value == 1.0]
    assert slow == ["08:00", "08:15", "08:30", "08:45"]
    assert sum(value == 0.0 for value in answer.values) == 92
    assert (answer.observed_share, answer.forecast, answer.marks) == (1.0, None, [])


@pytest.mark.parametrize(
    ("measure", "value"), [("jam", 0.2), ("status", 1.0), ("speed", 10.0), ("time", 1.2)]
)
def test_the_other_measures_of_200_metres_at_10_km_h(made, measure, value):
    archive, days = made
    days.keep(MONDAY, MONDAY, at_eight(10.0), RENNES)
    assert archive.place(PLACE).length_m.sum() == pytest.approx(200.0, rel=1e-3)

    answer = asked(archive, measure=measure)

    # Below 15 km/h it is congested; 200 m at 10 km/h take 72 s.
    assert value_at(answer, answer.values, "08:00") == pytest.approx(value, rel=2e-3)


def test_what_was_not_seen_or_closed_is_not_told(made):
    archive, days = made

    def kmh(at, _segment):
        return {7: None, 8: CLOSED}.get(at.hour, 40.0)

    days.keep(MONDAY, MONDAY, kmh, RENNES)
    answer = asked(archive)

    missing = [c for c, v in zip(answer.clock, answer.values, strict=True) if v is None]
    assert [missing[0], missing[-1], len(missing)] == ["07:00", "08:45", 8]


def test_the_band_lies_between_four_in_five_of_the_same_weekdays(made):
    archive, days = made
    for weeks, kmh in enumerate((40.0, 32.0, 25.0, 20.0, 16.0), start=1):
        days.keep(MONDAY - weeks * WEEK, MONDAY - weeks * WEEK, at_eight(kmh), RENNES)
    days.keep(MONDAY, MONDAY, at_eight(40.0), RENNES)

    answer = asked(archive)

    # Levels 0, 0.25, 0.6, 1 and 1.5: at places 0.4, 2 and 3.6 of 0 to 4.
    usual = answer.usual
    assert usual.days == 5
    assert [value_at(answer, one, "08:15") for one in (usual.low, usual.middle, usual.high)] == [
        0.1, 0.6, 1.3,
    ]  # fmt: skip
    assert answer.usual_from is None


def test_a_public_holiday_is_not_usual(made):
    archive, days = made
    # Four Wednesdays before, one of them the 11th of November, on which nobody moved.
    for weeks in range(1, 5):
        day = WEDNESDAY - weeks * WEEK
        days.keep(day, day, at_eight(1.0 if day == date(2026, 11, 11) else 20.0), RENNES)
    days.keep(WEDNESDAY, WEDNESDAY, at_eight(40.0), RENNES)

    answer = asked(archive, WEDNESDAY)

    assert answer.usual.days == 3
    assert value_at(answer, answer.usual.high, "08:00") == 1.0


def test_a_public_holiday_is_compared_with_sundays(made):
    archive, days = made
    # The first of November is a Sunday and a holiday itself.
    for weeks in range(4):
        sunday = date(2026, 11, 8) - weeks * WEEK
        days.keep(sunday, sunday, at_eight(1.0 if weeks == 1 else 20.0), RENNES)

    answer = asked(archive, date(2026, 11, 11))

    assert (answer.is_holiday, answer.usual.days) == (True, 3)
    assert value_at(answer, answer.usual.high, "08:00") == 1.0


def test_a_holiday_without_a_usual_says_from_which_sunday_on_there_is_one(made):
    archive, days = made
    days.keep(date(2026, 11, 8), date(2026, 11, 8), at_eight(20.0), RENNES)

    answer = asked(archive, date(2026, 11, 11))

    # The 8th, the 15th and the 22nd come before the 29th.
    assert (answer.usual, answer.usual_from) == (None, date(2026, 11, 29))


def test_with_two_days_nothing_is_usual_yet_and_it_says_from_when(made):
    archive, days = made
    for weeks in range(3):
        days.keep(MONDAY - weeks * WEEK, MONDAY - weeks * WEEK, at_eight(20.0), RENNES)

    answer = asked(archive)

    assert answer.usual is None
    # Next Monday has three before it: this one and the two that there are.
    assert answer.usual_from == date(2026, 11, 30)
    assert len(answer.lacking) == 6


def test_days_of_23_and_25_hours_are_compared_by_the_clock(made):
    archive, days = made
    for day in (SPRING, AUTUMN, date(2026, 10, 24)):
        days.keep(day, day, at_eight(20.0), RENNES)

    spring = asked(archive, SPRING)
    autumn = asked(archive, AUTUMN, other_day=SPRING)
    before = asked(archive, date(2026, 10, 24), other_day=AUTUMN)

    assert len(spring.clock) == 92
    assert "02:00" not in spring.clock
    assert len(autumn.clock) == 100
    assert list(autumn.clock).count("02:15") == 2
    for answer in (spring, autumn, before):
        assert value_at(answer, answer.values, "08:00") == 1.0
    for answer in (autumn, before):
        assert value_at(answer, answer.other, "08:00") == 1.0
    # No clock showed it.
    assert value_at(autumn, autumn.other, "02:00") is None
    assert value_at(autumn, autumn.other, "03:00") == 0.0


def test_the_mean_of_a_period_is_of_the_days_that_are_kept(made):
    archive, days = made
    # Friday at 20 km/h, Saturday at 10, Sunday not observed, Monday at 16.
    for day, kmh in ((20, 20.0), (21, 10.0), (23, 16.0)):
        days.keep(date(2026, 11, day), date(2026, 11, day), at_eight(kmh), RENNES)
    first, last = date(2026, 11, 20), date(2026, 11, 23)

    every = asked(archive, period=Period(first, last))
    working = asked(archive, period=Period(first, last, "ouvres"))

    assert value_at(every, every.mean, "08:00") == pytest.approx((1.0 + 3.0 + 1.5) / 3, abs=1e-4)
    assert value_at(working, working.mean, "08:00") == 1.25
    assert date(2026, 11, 22) in every.lacking


def test_a_day_that_has_not_come_and_a_place_that_is_none_are_refused(made):
    archive, _ = made
    with pytest.raises(InvalidRequest, match="jour"):
        asked(archive, TODAY + timedelta(days=1))
    with pytest.raises(UnknownPlace):
        asked(archive, place="zone:atlantis")
    with pytest.raises(InvalidRequest, match="au"):
        asked(archive, period=Period(MONDAY, MONDAY - WEEK))


class Week:
    """What a model says: the same of every segment at every hour."""

    def __init__(self, segments):
        self.asked = set()
        self.segments = segments
        self.table = SimpleNamespace(is_simulated=True)

    def at(self, weekday, hour):
        self.asked.add((weekday, hour))
        return SegmentForecasts(
            quantiles={
                name: np.full(self.segments, ratio)
                for name, ratio in (("p10", 0.4), ("p50", 0.8), ("p90", 0.8))
            },
            probabilities=np.tile([0.2, 0.3, 0.5], (self.segments, 1)),
            days_observed=np.ones(self.segments, np.uint8),
            observed_share=np.ones(self.segments),
        )


@pytest.fixture
def week(made, monkeypatch):
    archive, _ = made
    said = Week(len(archive.network))
    weeks = SimpleNamespace(on=lambda _network, _source: said)
    monkeypatch.setattr(expected, "CachedWeekForecasts", lambda _data_dir, _shipped: weeks)
    return said


def grid_of(archive, day=TODAY, place=PLACE):
    [grid] = archive.days(archive.place(place), [day])
    return grid


def test_a_forecast_is_measured_as_a_day_is(made, week):
    archive, _ = made
    holiday = date(2026, 11, 11)
    found = expected.expected_grid(archive, week, grid_of(archive, holiday))

    # 20, 40 and 40 km/h by 0.3, 0.4 and 0.3: 0.6 + 0.4 + 0.3 of the time of free flow.
    assert MEASURED["congestion"](found) == pytest.approx(np.full(24, 0.3), abs=1e-6)
    assert MEASURED["jam"](found) == pytest.approx(np.full(24, 0.2 * 0.2), rel=2e-3)
    assert MEASURED["status"](found) == pytest.approx(np.full(24, 0.5))
    # A public holiday is forecast as a Sunday.
    assert week.asked == {(6, hour) for hour in range(24)}


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_a_forecast_has_the_hours_of_its_day(made, week, day, hours):
    archive, _ = made
    assert expected.expected_grid(archive, week, grid_of(archive, day)).step_s == 3600
    assert len(expected.expected_grid(archive, week, grid_of(archive, day)).snapshots) == hours


def test_a_forecast_goes_on_where_observations_end_in_a_band_as_wide_as_the_usual(made, week):
    archive, _ = made
    grid = grid_of(archive)
    seen = np.where(np.arange(96) < 40, 5, 0)
    usual = Band([0.1] * 96, [0.6] * 96, [1.3] * 96, 5)

    found = expected.expected_today(archive, replace(grid, snapshots=seen), "congestion", usual)

    assert found.middle[39] is None
    assert found.middle[40] == pytest.approx(0.3)
    # 0.5 below, but no less than free flow; 0.7 above.
    assert (found.low[40], found.high[40]) == (0.0, pytest.approx(1.0))
    assert (found.band, found.is_simulated) == ("usual", True)
    alone = expected.expected_today(archive, grid, "congestion", None)
    assert alone.band == "nothing"
    assert set(alone.low) == {None}
    assert alone.middle[0] is not None


@pytest.mark.usefixtures("week")
def test_no_other_day_than_today_is_forecast(made):
    archive, _ = made
    assert expected.expected_today(archive, grid_of(archive, MONDAY), "speed", None) is None


@pytest.mark.usefixtures("week")
def test_the_whole_network_is_forecast_as_on_the_map(made):
    archive, _ = made
    store = Store(RENNES, archive.data_dir)
    store.prepare()
    known = Forecast(0.1, 0.2, 0.4, is_band_observed=True)
    store.write_day(
        DayCurve(
            "live", TODAY, RENNES.midnight(TODAY), (None,) * 96, None, (None,) * 24,
            (known,) * 12 + (known._replace(middle=0.6),) * 12,
        )
    )  # fmt: skip

    found = expected.expected_today(archive, grid_of(archive, place="reseau"), "congestion", None)

    assert found.band == "history"
    # Half an hour around noon leads from one to the other.
    assert [found.middle[place] for place in (0, 45, 46, 49, 50, 95)] == pytest.approx(
        [0.2, 0.2, 0.25, 0.55, 0.6, 0.6]
    )
    assert (found.low[0], found.high[0]) == (0.1, 0.4)
