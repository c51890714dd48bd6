"""The keeper of today's curve: restarts, midnights, imports, and two feeds that never mix."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.forecast.day_keeper import DayKeeper
from services.forecast.week_forecasts import CachedWeekForecasts
from services.history import writer
from services.history.upkeep import keep_up
from services.traffic.day_curve import hours_of_day
from services.traffic.status import Status
from services.traffic.store import Store
from tests.factories import (
    UNHINDERED,
    make_network,
    make_snapshot_for,
    make_week_table,
    write_week_forecasts,
)
from tests.services.history.days import moments

NETWORK = replace(make_network(20), city=UNHINDERED)
MONDAY = date(2026, 11, 23)
# 8:02 in Rennes.
MORNING = datetime(2026, 11, 23, 7, 2, tzinfo=UTC)
HEAVY, CONGESTED = 1.0, 4.0


class Town:
    """A worker that observes, and a clock that a test moves."""

    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.now = MORNING
        self.store = Store(UNHINDERED, data_dir, heals=True)
        self.store.prepare()
        self.restart()

    def restart(self):
        week = CachedWeekForecasts(self.data_dir, self.data_dir / "nothing-shipped")
        self.keeper = DayKeeper(UNHINDERED, self.store, week, lambda: self.now)

    def snapshot(self, status, at, source):
        return make_snapshot_for(NETWORK, status, observed_at=at, source=source)

    def keep(self, status, times, source="live"):
        self.store.keep_network(NETWORK)
        for at in times:
            writer.append_snapshot(self.data_dir, self.snapshot(status, at, source))

    def observe(self, status=Status.HEAVY, source="live"):
        shown = self.snapshot(status, self.now, source)
        self.keep(status, [self.now], source)
        self.store.publish(NETWORK, shown)
        self.keeper.follow(shown)
        return self.store.day(source)

    def import_weeks(self, status=Status.HEAVY, weeks=3):
        for week in range(1, weeks + 1):
            self.keep(status, moments(MORNING - timedelta(weeks=week, minutes=2), 20))
        keep_up(UNHINDERED, self.data_dir, self.now, None)


@pytest.fixture
def town(tmp_path):
    write_week_forecasts(tmp_path, NETWORK)
    return Town(tmp_path)


def observed(curve):
    """Place and level of each quarter that was observed."""
    return {place: level for place, level in enumerate(curve.observed) if level is not None}


def test_each_snapshot_adds_its_level_to_its_quarter_of_an_hour(town):
    town.observe(Status.HEAVY)
    town.now += timedelta(minutes=3)
    town.observe(Status.CONGESTED)
    town.now += timedelta(minutes=12)
    curve = town.observe(Status.CONGESTED)
    assert observed(curve) == {32: (HEAVY + CONGESTED) / 2, 33: CONGESTED}
    assert curve.latest == (town.now, CONGESTED)
    assert (curve.day, len(curve.forecast)) == (MONDAY, 24)


def test_a_restart_loses_nothing(town):
    town.observe()
    town.now += timedelta(minutes=15)
    before = town.observe()
    (town.data_dir / "day" / "live.json").unlink()
    town.restart()
    town.keeper.follow(town.store.current_snapshot())
    assert town.store.day("live") == before


def test_what_was_observed_before_the_worker_ran_today_is_there(town):
    town.keep(Status.CONGESTED, [MORNING - timedelta(hours=6)])
    assert observed(town.observe()) == {8: CONGESTED, 32: HEAVY}


def test_at_midnight_in_the_city_another_day_begins(town):
    town.observe()
    town.now = datetime(2026, 11, 23, 23, 2, tzinfo=UTC)
    curve = town.observe(Status.CONGESTED)
    assert (curve.day, observed(curve)) == (date(2026, 11, 24), {0: CONGESTED})


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_of_a_clock_change_is_whole(town, day, hours):
    last = hours_of_day(UNHINDERED, day)[-1]
    town.now = last + timedelta(minutes=20)
    curve = town.observe()
    assert observed(curve) == {4 * hours - 3: HEAVY}
    assert (len(curve.usual), len(curve.forecast)) == (hours, hours)
    # Every day of the model's week is congested at 17 h, whatever the clocks did before.
    worst = max(range(hours), key=lambda place: curve.forecast[place].middle)
    assert UNHINDERED.local(curve.hour(worst)).hour == 17


def test_the_usual_comes_with_the_next_snapshot_after_an_import(town):
    assert town.observe().usual == (None,) * 24
    town.import_weeks()
    town.now += timedelta(minutes=3)
    curve = town.observe()
    known = {place: usual for place, usual in enumerate(curve.usual) if usual is not None}
    assert list(known) == [8]
    assert known[8].middle == pytest.approx(HEAVY, abs=0.03)
    assert curve.forecast[9].is_band_observed is False


def test_an_hour_that_has_begun_keeps_the_usual_and_the_forecast_from_before_it(town):
    town.import_weeks()
    before = town.observe(Status.CONGESTED)
    # Twice as much congestion at that hour as was seen before, and a restart.
    town.keep(Status.CONGESTED, moments(MORNING, 20, step_minutes=2))
    town.now += timedelta(hours=1)
    keep_up(UNHINDERED, town.data_dir, town.now, None)
    town.restart()
    after = town.observe(Status.CONGESTED)
    assert after.usual[8] == before.usual[8]
    assert after.forecast[:9] == before.forecast[:9]


def test_live_and_simulated_traffic_have_curves_of_their_own(town):
    town.observe(Status.CONGESTED, "demo")
    town.now += timedelta(minutes=3)
    town.observe(Status.HEAVY)
    assert town.store.day("demo").latest.level == CONGESTED
    assert observed(town.store.day("live")) == {32: HEAVY}


def test_an_archive_goes_on_with_the_curve_of_the_live_feed_and_adds_nothing(town):
    curve = town.observe()
    archive = town.store.current_snapshot().with_source("archive")
    town.now += timedelta(minutes=30)
    town.keeper.follow(archive)
    assert observed(town.store.day("live")) == observed(curve)
    town.now += timedelta(days=1)
    town.keeper.follow(archive)
    tomorrow = town.store.day("live")
    assert (tomorrow.day, observed(tomorrow), tomorrow.latest) == (date(2026, 11, 24), {}, None)
    assert tomorrow.forecast[8] is not None


def test_a_public_holiday_is_forecast_as_a_sunday(tmp_path):
    table = make_week_table(NETWORK)
    table.quantiles_pct[:, 6 * 24 :] = 20
    write_week_forecasts(tmp_path, NETWORK, table)
    town = Town(tmp_path)
    # A Friday, the first of May.
    town.now = datetime(2026, 5, 1, 7, 2, tzinfo=UTC)
    assert {hour.middle for hour in town.observe().forecast} == {CONGESTED}


def test_without_a_model_the_rest_is_there(tmp_path):
    curve = Town(tmp_path).observe()
    assert (curve.forecast, curve.model_version) == ((None,) * 24, None)
    assert observed(curve) == {32: HEAVY}


def test_what_goes_wrong_is_journalled_and_tried_again(town, caplog):
    town.observe()
    (town.data_dir / "day" / "live.json").write_bytes(b"garbage")
    town.restart()
    town.now += timedelta(minutes=3)
    assert observed(town.observe()) == {32: HEAVY}
    broken = replace(town.store.current_snapshot(), network_version="gone")
    town.keeper.follow(broken)
    assert "today's curve not written" in caplog.text
    town.now += timedelta(minutes=15)
    assert observed(town.observe()) == {32: HEAVY, 33: HEAVY}


def test_nothing_is_written_while_there_is_nothing_to_show(town):
    town.keeper.follow(None)
    assert town.store.day_stamp("live") is None
