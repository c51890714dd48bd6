"""Scoring past hours: each once, on the same cases for all, and honest about what it leaves out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.history.upkeep import keep_up
from services.learn.hourly import past_hours, score_past_hours
from services.learn.job import score_forecasts, scored_kinds
from services.learn.observations import observed_zones
from services.learn.summary import quality_report
from services.operations.database import open_operations
from services.operations.decisions import record_decision
from services.operations.tables import Decision, ForecastScore, ScoredHour
from services.traffic import reference_speed
from tests.services.learn.histories import (
    BLOCKED,
    DENSE,
    FREE,
    rush,
    times,
    write,
    write_table,
    zone_ratios,
)

# Midnight in Rennes, of a Monday in March: summer time begins on the 29th.
START = datetime(2026, 3, 1, 23, tzinfo=UTC)
VERSION = "2026-03-01-aaaaaa"
MOSTLY_FREE = (0.8, 0.15, 0.05)


@pytest.fixture
def model(tmp_path):
    write_table(tmp_path / "models", VERSION, MOSTLY_FREE)


def score(tmp_path, operations, now, source="demo"):
    kinds = scored_kinds(RENNES, tmp_path, source, tmp_path / "none", operations)
    return score_past_hours(RENNES, tmp_path, source, kinds, operations, now=now)


def rows(operations, **wanted):
    with operations.begin() as session:
        return list(session.scalars(select(ForecastScore).filter_by(**wanted)))


def outcomes(operations):
    with operations.begin() as session:
        query = select(ScoredHour).filter_by(kind="zones").order_by(ScoredHour.hour)
        found = session.scalars(query)
        return {item.hour: item.outcome for item in found}


def test_forecasts_and_baselines_are_evaluated_on_the_same_cases(tmp_path, operations, model):
    write(tmp_path, times(START, 72), rush)
    assert score(tmp_path, operations, START + timedelta(hours=72, minutes=15)) > 0
    by_key = {
        (row.day, row.zone, row.lead_minutes, row.forecaster): row for row in rows(operations)
    }
    assert {key[1] for key in by_key} == set(RENNES.zone_choices)
    for (day, zone, lead, _), row in by_key.items():
        assert row.cases == by_key[day, zone, lead, "model"].cases
        assert sum(cases for cases, _, _ in row.calibration) == row.cases
    # Wednesday: 23 hours free, one blocked, three times an hour.
    wednesday = by_key[date(2026, 3, 4), "rocade", 60, "model"]
    assert wednesday.cases == 72
    free, blocked = (0.04 + 0.0025) / 2, (0.64 + 0.9025) / 2
    assert wednesday.rps_sum == pytest.approx(69 * free + 3 * blocked)
    # An hour before is wrong when it begins and when it ends, a day before never.
    hour_before = by_key[date(2026, 3, 4), "rocade", 60, "persistence"]
    assert hour_before.rps_sum == pytest.approx(6.0)
    assert by_key[date(2026, 3, 4), "rocade", 1_440, "persistence"].rps_sum == 0.0
    # What was usual at that hour of other days is right, but for its smoothing.
    average = by_key[date(2026, 3, 4), "rocade", 60, "average"]
    assert 0 < average.rps_sum < 1
    assert average.band_hits <= average.band_cases == 72


@pytest.fixture
def unmeasured(monkeypatch):
    """Free flow stays that of class and limit, whatever is measured meanwhile."""
    monkeypatch.setattr(reference_speed, "MIN_DAYS", 100)


@pytest.mark.usefixtures("unmeasured")
def test_the_average_knows_nothing_of_the_hour_it_is_evaluated_on(tmp_path):
    write(tmp_path, times(START, 48), lambda moment: FREE)
    # The third day is unlike the two before it, and rolled up with them.
    write(tmp_path, times(START + timedelta(hours=49), 23), lambda moment: BLOCKED)
    for rolled_up in (False, True):
        if rolled_up:
            keep_up(RENNES, tmp_path, START + timedelta(days=9), None)
        observed = observed_zones(RENNES, tmp_path, "demo", date(2026, 3, 2), date(2026, 3, 4))
        usual = observed.usual.at(datetime(2026, 3, 4, 12, tzinfo=UTC))
        assert usual.shares[0].argmax() == FREE
        assert usual.ratio[0] == pytest.approx(zone_ratios(FREE)[0], abs=0.02)
        # The day after may know it.
        later = observed.usual.at(datetime(2026, 3, 5, 12, tzinfo=UTC))
        assert later.shares[0, BLOCKED] == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.usefixtures("unmeasured")
def test_scoring_twice_changes_nothing_and_goes_on_where_it_stopped(tmp_path, operations, model):
    write(tmp_path, times(START, 96), rush)
    keep_up(RENNES, tmp_path, START + timedelta(hours=40), None)
    score(tmp_path, operations, START + timedelta(hours=40))
    first = outcomes(operations)
    assert score(tmp_path, operations, START + timedelta(hours=40, minutes=5)) == 0
    assert outcomes(operations) == first
    # Stopped for two days, then caught up with, in two goes or at once: the same sums.
    keep_up(RENNES, tmp_path, START + timedelta(hours=96), None)
    score(tmp_path, operations, START + timedelta(hours=96, minutes=15))
    resumed = {(r.day, r.zone, r.lead_minutes, r.forecaster): r.rps_sum for r in rows(operations)}
    other = open_operations(
        load_settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/other.db")
    )
    score(tmp_path, other, START + timedelta(hours=96, minutes=15))
    at_once = {(r.day, r.zone, r.lead_minutes, r.forecaster): r.rps_sum for r in rows(other)}
    assert resumed == pytest.approx(at_once)


def test_hours_without_observations_or_mostly_unknown_are_not_scored(tmp_path, operations, model):
    gap = START + timedelta(hours=50)
    moments = [
        moment for moment in times(START, 72) if not gap <= moment < gap + timedelta(hours=2)
    ]
    blind, dim = START + timedelta(hours=60), START + timedelta(hours=63)
    write(
        tmp_path,
        moments,
        rush,
        known_share=lambda m: {blind: 0.0, dim: 0.1}.get(m.replace(minute=0), 1.0),
    )
    score(tmp_path, operations, START + timedelta(hours=73))
    found = outcomes(operations)
    assert found[gap] == found[gap + timedelta(hours=1)] == "no_observations"
    assert found[blind] == "too_little_known"
    assert found[START + timedelta(hours=55)] == found[dim] == "scored"
    with operations.begin() as session:
        cases = {hour: session.get(ScoredHour, ("demo", "zones", hour)).cases for hour in found}
    # Of one segment in ten only its own zone is evaluated, by half of what it has.
    assert cases[dim] * len(RENNES.zone_choices) == cases[START + timedelta(hours=56)]
    # The first day has nothing usual to be compared with.
    assert found[START + timedelta(hours=3)] == "nothing_to_compare"


def test_what_a_model_has_learned_from_is_no_test_of_it(tmp_path, operations):
    write_table(tmp_path / "models", VERSION, MOSTLY_FREE, last_day=date(2026, 3, 3))
    write(tmp_path, times(START, 72), rush)
    score(tmp_path, operations, START + timedelta(hours=73))
    assert {row.day for row in rows(operations)} == {date(2026, 3, 4)}
    assert outcomes(operations)[START + timedelta(hours=40)] == "no_forecast"


def test_what_learned_from_a_simulation_is_scored_on_all_observed_days(tmp_path, operations):
    write_table(tmp_path / "models", VERSION, MOSTLY_FREE, last_day=date(2026, 3, 3))
    write(tmp_path, times(START, 72), rush, source="live")
    score(tmp_path, operations, START + timedelta(hours=73), source="live")
    assert date(2026, 3, 3) in {row.day for row in rows(operations)}


def test_each_hour_is_charged_to_the_champion_of_its_time(tmp_path, operations):
    newer = "2026-03-01-bbbbbb"
    write_table(tmp_path / "models", VERSION, MOSTLY_FREE)
    write_table(tmp_path / "models", newer, (0.1, 0.1, 0.8))
    record_decision(
        operations,
        Decision(
            kind="zones",
            version=newer,
            previous=VERSION,
            action="promoted",
            reason="chosen_by_operator",
            decided_by="operator",
            decided_at=START + timedelta(hours=60),
        ),
    )
    write(tmp_path, times(START, 72), rush)
    score(tmp_path, operations, START + timedelta(hours=73))
    cases = {
        row.model_version: row.cases
        for row in rows(operations, day=date(2026, 3, 4), zone="rocade", lead_minutes=60)
        if row.forecaster == "model"
    }
    assert cases == {VERSION: 12 * 3, newer: 12 * 3}


@pytest.mark.parametrize(
    ("midnight", "day", "hours"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), date(2026, 3, 29), 23),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), date(2026, 10, 25), 25),
    ],
)
def test_days_of_clock_changes_have_23_and_25_hours(
    tmp_path, operations, model, midnight, day, hours
):
    # Two weeks before, so that every hour of that day is known to be usual.
    start = midnight - timedelta(days=8)
    write(tmp_path, times(start, 24 * 8 + hours), lambda moment: DENSE)
    score(tmp_path, operations, midnight + timedelta(hours=hours, minutes=15))
    found = [
        row for row in rows(operations, day=day, zone="metropole") if row.forecaster == "model"
    ]
    assert {row.lead_minutes: row.cases for row in found} == {60: hours * 3, 1_440: hours * 3}


def test_only_hours_that_are_over_are_evaluated():
    now = datetime(2026, 11, 25, 8, 5, tzinfo=UTC)
    hours = past_hours([date(2026, 11, 24)], now)
    # At 8:05 the last times of 7 h may still be on their way.
    assert hours[0] == datetime(2026, 11, 24, tzinfo=UTC)
    assert hours[-1] == datetime(2026, 11, 25, 6, tzinfo=UTC)
    assert past_hours([], now) == []
    assert len(past_hours([date(2025, 1, 1)], now)) == 14 * 24


def test_live_and_simulated_history_are_evaluated_apart(tmp_path, operations, model):
    write(tmp_path, times(START, 72), rush)
    write(tmp_path, times(START, 72), lambda moment: BLOCKED, source="live")
    now = START + timedelta(hours=73)
    score_forecasts(RENNES, tmp_path, tmp_path / "none", operations, now)
    live = rows(operations, source="live", zone="rocade", forecaster="model")
    demo = rows(operations, source="demo", zone="rocade", forecaster="model")
    assert sum(row.rps_sum for row in live) > sum(row.rps_sum for row in demo) > 0
    with operations.begin() as session:
        assert quality_report(RENNES, session, "live", now).source == "live"
        assert quality_report(RENNES, session, "archive", now).source in {"live", "demo"}


def test_a_database_that_cannot_be_written_is_journalled_and_caught_up_with(
    tmp_path, model, caplog
):
    write(tmp_path, times(START, 72), rush)
    blocked = tmp_path / "not-a-directory"
    blocked.write_text("")
    settings = load_settings(data_dir=tmp_path, database_url=f"sqlite:///{blocked}/x.db")
    now = START + timedelta(hours=73)
    score_forecasts(RENNES, tmp_path, tmp_path / "none", open_operations(settings), now)
    assert "scoring the forecasts by source demo" in caplog.text
    blocked.unlink()
    score_forecasts(RENNES, tmp_path, tmp_path / "none", open_operations(settings), now)
    assert rows(open_operations(settings))


def test_without_any_model_there_is_nothing_to_score(tmp_path, operations):
    write(tmp_path, times(START, 48), rush)
    assert score(tmp_path, operations, START + timedelta(hours=49)) == 0
    assert rows(operations) == []
