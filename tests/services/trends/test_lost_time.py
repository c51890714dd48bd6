"""Lost time of hand-made days: of a driver, and of vehicles where they are counted."""

from __future__ import annotations

from datetime import date

import pytest

from services.city.rennes import RENNES
from services.plain.trends.common import Period
from services.plain.trends.cost import CostQuery
from services.trends.archive import unreported
from services.trends.lost_time import answer_cost
from tests.services.trends.hand_made import hand_made_archive, with_costs

# Monday to Sunday.
FIRST, LAST, TODAY = date(2026, 11, 16), date(2026, 11, 22), date(2026, 11, 29)
ROAD = "segment:0000"


@pytest.fixture
def made(monkeypatch, tmp_path):
    archive, days = hand_made_archive(monkeypatch, tmp_path, TODAY)

    def kmh(at, _key):
        return 20.0 if at.weekday() < 5 and at.hour == 8 else 40.0

    days.keep(FIRST, LAST, kmh, RENNES)
    return archive


def asked(archive, place=ROAD, period=None):
    return answer_cost(archive, CostQuery(place, period or Period(FIRST, LAST)), unreported)


def test_a_driver_loses_at_eight_what_the_drive_takes_in_free_flow(made):
    found = asked(made)

    assert found.working_days[8] == pytest.approx(found.free_s, abs=1e-3)
    assert found.working_days[9] == found.other_days[8] == 0.0
    # Of seven days of 14 hours, five of 98 lose it.
    assert found.mean_s == pytest.approx(found.free_s * 5 / 98, abs=1e-3)
    assert (found.observed_days, found.observed_share) == (7, 1.0)


def test_of_an_area_it_is_that_of_a_drive_of_ten_minutes(made):
    found = asked(made, "reseau")

    assert found.is_route is False
    assert found.working_days[8] == pytest.approx(600.0)


def test_without_counts_there_is_no_vehicle(made):
    found = asked(made)

    assert (found.counted, found.has_counts) == (None, False)
    elsewhere = asked(with_costs(made, vehicles={"0004": 9_000.0, "gone": 5.0}))
    assert (elsewhere.counted, elsewhere.has_counts) == (None, True)
    assert elsewhere.unknown_counts == 1


def test_vehicles_that_are_counted_lose_hours_worth_a_rate(made):
    rated = with_costs(made, vehicles={"0000": 9_990.0}, euros_per_hour=12.0, source="a report")

    found = asked(rated).counted

    # 61 of 999 thousandths of 9 990 vehicles drive from 8 to 9 h on each of five days.
    hours = 5 * 610 * asked(made).free_s / 3_600
    assert found.hours == pytest.approx(hours)
    assert found.euros == pytest.approx(12 * hours)
    assert (found.rate, found.rate_source) == (12.0, "a report")
    assert (found.days, found.length_share, found.vehicles_share) == (7, 1.0, pytest.approx(1.0))


def test_where_some_segments_are_counted_their_share_is_told(made):
    found = asked(with_costs(made, vehicles={"0000": 100.0}), "reseau").counted

    network = made.network
    assert found.length_share == pytest.approx(network.length_m[0] / network.length_m.sum())
    assert found.euros is None


def test_jam_is_told_by_day(monkeypatch, tmp_path):
    archive, days = hand_made_archive(monkeypatch, tmp_path, TODAY)
    # Below 15 km/h of 50 it is a jam: an hour of each of two days, the third has no data.
    days.keep(FIRST, date(2026, 11, 17), lambda at, _: 10.0 if at.hour == 8 else 40.0, RENNES)

    found = asked(archive, period=Period(FIRST, date(2026, 11, 18)))

    assert found.jam_km_hours == pytest.approx(archive.network.length_m[0] / 1_000)
    assert (found.observed_days, found.lacking_days) == (2, 1)
    assert found.observed_share == pytest.approx(2 / 3)


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23)])
def test_vehicles_of_a_day_stay_as_many_where_the_clock_changes(monkeypatch, tmp_path, day, hours):
    archive, days = hand_made_archive(monkeypatch, tmp_path, TODAY)
    changed = date.fromisoformat(day)
    days.keep(changed, changed, lambda _at, _: 20.0, RENNES)
    counted = with_costs(archive, vehicles={"0000": 3_600.0})

    found = asked(counted, period=Period(changed, changed))

    # Every one of 3 600 vehicles loses as many seconds as the drive takes in free flow.
    assert found.counted.hours == pytest.approx(found.free_s, rel=1e-6)
    assert found.observed_share == 1.0
    assert sum(one is not None for one in found.other_days) == (24 if hours == 25 else 23)
