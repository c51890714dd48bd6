"""A report says what the views say, and the mean day by the city's clock."""

from __future__ import annotations

from datetime import date

import pytest

from services.base.errors import InvalidRequest
from services.city.rennes import RENNES
from services.plain.trends.common import Period
from services.plain.trends.curve import CurveQuery
from services.plain.trends.days import DaysQuery
from services.plain.trends.reliability import ReliabilityQuery
from services.plain.trends.report import ReportQuery
from services.plain.trends.week import WeekQuery
from services.trends.archive import unreported
from services.trends.curve import answer_curve
from services.trends.days import answer_days
from services.trends.places import UnknownPlace
from services.trends.reliability import answer_reliability
from services.trends.report import answer_report
from services.trends.week import answer_week
from tests.services.trends.hand_made import hand_made_archive

# Two weeks from a Monday; Wednesday the 11th is a public holiday.
FIRST, LAST, TODAY = date(2026, 11, 2), date(2026, 11, 15), date(2026, 11, 29)
PERIOD = Period(FIRST, LAST)
PLACE = "segment:0000"
EIGHT = 8 * 4


@pytest.fixture
def archive(monkeypatch, tmp_path):
    found, days = hand_made_archive(monkeypatch, tmp_path, TODAY)

    def kmh(at, _segment):
        # Slower from day to day, at eight o'clock on working days.
        is_peak = at.hour == 8 and at.weekday() < 5
        return 40.0 - at.day if is_peak else 40.0

    days.keep(FIRST, LAST, kmh, RENNES)
    return found


def report(archive, place=PLACE, period=PERIOD, told=unreported):
    return answer_report(archive, ReportQuery(place, period), told)


def test_each_figure_is_that_of_its_view(archive):
    found = report(archive)
    reliability = answer_reliability(archive, ReliabilityQuery(PLACE, FIRST, LAST), unreported)
    assert found.reliability.places == [reliability.places[0]]
    assert found.reliability.observed_days == reliability.observed_days == 14
    assert found.week == answer_week(archive, WeekQuery(PLACE, PERIOD, "time"), unreported)
    assert found.days == answer_days(archive, DaysQuery(PLACE, PERIOD, "time"), unreported)
    assert found.made_at == archive.clock()


def test_the_mean_day_is_that_of_the_curve(archive):
    found = report(archive)
    period = Period(FIRST, LAST, "ouvres")
    curve = answer_curve(
        archive, CurveQuery(PLACE, date(2026, 11, 3), "time", period=period), unreported
    )
    assert list(found.working_days.mean) == list(curve.mean)
    assert (found.working_days.days, found.other_days.days) == (9, 5)


def test_the_band_leaves_one_working_day_in_ten_out_on_either_side(archive):
    found = report(archive).working_days
    free_min = archive.place(PLACE).free_s[0] / 60
    # Days 2 to 6, 9, 10, 12 and 13: of nine, a tenth lies 0.8 of the way from the first to the
    # second, and a tenth from above 0.2 of the way from the last but one to the last.
    minutes = [free_min * 40 / (40 - day) for day in (2, 3, 4, 5, 6, 9, 10, 12, 13)]
    low = minutes[0] + 0.8 * (minutes[1] - minutes[0])
    high = minutes[7] + 0.2 * (minutes[8] - minutes[7])
    assert found.low[EIGHT] == pytest.approx(low, abs=2e-3)
    assert found.high[EIGHT] == pytest.approx(high, abs=2e-3)
    assert found.mean[EIGHT] == pytest.approx(sum(minutes) / 9, abs=2e-3)


def test_few_days_have_a_mean_and_no_band(archive):
    found = report(archive, period=Period(FIRST, date(2026, 11, 5))).working_days
    assert found.days == 4
    assert found.mean[EIGHT] is not None
    assert found.low[EIGHT] is found.high[EIGHT] is None


def test_of_an_area_congestion_is_told(archive):
    found = report(archive, "reseau")
    assert found.measure == found.week.measure == found.days.measure == "congestion"


def test_progress_goes_once_through_all_parts(archive):
    told = []
    report(archive, told=lambda done, of: told.append((done, of)))
    assert told == sorted(told)
    assert told[-1] == (5 * 14, 5 * 14)


def test_what_makes_no_sense_is_refused(archive):
    with pytest.raises(UnknownPlace):
        report(archive, "corridor:nosuchroad")
    with pytest.raises(InvalidRequest):
        report(archive, period=Period(LAST, FIRST))
