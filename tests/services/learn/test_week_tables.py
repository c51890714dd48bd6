"""Scoring the week of every segment: beside the day before and the habit, on the same cases."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from services.city.rennes import RENNES
from services.history.upkeep import keep_up
from services.learn.hourly import score_past_hours
from services.learn.job import score_forecasts, scored_kinds
from services.learn.quality_metrics import quality_metrics
from services.learn.segments import ObservedSegments
from services.learn.summary import quality_report
from services.learn.week_tables import WeekTables
from services.metrics.definitions import FORECAST_COVERAGE, FORECAST_SKILL
from services.operations.tables import ForecastScore, ScoredHour
from tests.services.learn.histories import (
    BLOCKED,
    FREE,
    NETWORK,
    RATIO_OF,
    rush,
    times,
    write,
    write_week,
)

# Midnight in Rennes, of a Monday in March.
START = datetime(2026, 3, 1, 23, tzinfo=UTC)
VERSION = "2026-03-01-aaaaaa"
MONDAY = date(2026, 3, 9)
NOW = START + timedelta(days=8, minutes=15)
SURE_OF_FREE = (0.85, 0.9, 0.95)


@pytest.fixture
def observed(tmp_path):
    """Eight days, seen every 20 minutes, blocked from 7 to 8 UTC; the first seven rolled up."""
    write(tmp_path, times(START, 24 * 8), rush)
    keep_up(RENNES, tmp_path, START + timedelta(days=7, minutes=30), None)


def score(tmp_path, operations, now=NOW):
    kinds = scored_kinds(RENNES, tmp_path, "demo", tmp_path / "none", operations)
    of_week = [kind for kind in kinds if kind.kind == "week"]
    return score_past_hours(RENNES, tmp_path, "demo", of_week, operations, now=now)


def rows(operations, **wanted):
    with operations.begin() as session:
        query = select(ForecastScore).filter_by(kind="week", **wanted)
        return list(session.scalars(query))


def test_segments_are_evaluated_beside_the_day_before_and_the_habit(tmp_path, operations, observed):
    write_week(tmp_path / "models", VERSION, SURE_OF_FREE)
    assert score(tmp_path, operations) > 0
    whole = {row.forecaster: row for row in rows(operations, day=MONDAY, zone=RENNES.whole_network)}
    # Ten segments, three times an hour, 24 hours; the same for all three.
    assert {name: row.cases for name, row in whole.items()} == dict.fromkeys(
        ("model", "persistence", "average"), 10 * 3 * 24
    )
    assert {row.lead_minutes for row in rows(operations)} == {1_440}
    # Wrong at 7 h only, where it was sure of the opposite; the day before was the same.
    assert whole["model"].rps_sum == pytest.approx(10 * 3, abs=0.5)
    assert whole["persistence"].rps_sum == 0.0
    assert whole["model"].band_hits == 10 * 3 * 23
    # The habit knows one Monday, and so is right, but for its smoothing.
    assert 0.0 < whole["average"].rps_sum < 2.0
    by_zone = rows(operations, day=MONDAY, forecaster="model")
    parts = [row.cases for row in by_zone if row.zone != RENNES.whole_network]
    assert sum(parts) == whole["model"].cases


def test_the_habit_knows_nothing_of_the_hour_it_is_evaluated_on(tmp_path):
    monday = START + timedelta(days=14)
    write(tmp_path, times(START, 24 * 22), lambda moment: FREE if moment < monday else BLOCKED)
    # All of it rolled up, as when a stopped worker catches up.
    keep_up(RENNES, tmp_path, START + timedelta(days=23), None)
    segments = ObservedSegments(tmp_path, "demo", NETWORK)
    shares, ratio = segments.usual_before(datetime(2026, 3, 16, 12, tzinfo=UTC))
    assert (shares.argmax(axis=1) == FREE).all()
    assert ratio == pytest.approx(RATIO_OF[FREE], abs=0.02)
    # A week later it knows the first Monday that was unlike the others.
    shares, _ = segments.usual_before(datetime(2026, 3, 23, 12, tzinfo=UTC))
    assert shares[:, BLOCKED] == pytest.approx(1 / 3, abs=0.05)


def test_what_was_learned_from_is_no_case(tmp_path, operations, observed):
    write_week(tmp_path / "models", VERSION, SURE_OF_FREE, last_day=MONDAY)
    assert score(tmp_path, operations) == 0
    with operations.begin() as session:
        noon = session.get(ScoredHour, ("demo", "week", datetime(2026, 3, 9, 12, tzinfo=UTC)))
    assert noon.outcome == "no_forecast"


def test_unknown_segments_are_no_cases(tmp_path, operations):
    monday = START + timedelta(days=7)
    write(
        tmp_path,
        times(START, 24 * 8),
        rush,
        known_share=lambda moment: 0.3 if moment >= monday else 1.0,
    )
    keep_up(RENNES, tmp_path, START + timedelta(days=7, minutes=30), None)
    write_week(tmp_path / "models", VERSION, SURE_OF_FREE)
    score(tmp_path, operations)
    (model,) = rows(operations, day=MONDAY, zone=RENNES.whole_network, forecaster="model")
    assert model.cases == 3 * 3 * 24


def test_page_and_metrics_say_when_the_week_is_worse(tmp_path, operations, observed):
    write_week(tmp_path / "models", VERSION, SURE_OF_FREE)
    score_forecasts(RENNES, tmp_path, tmp_path / "none", operations, NOW)
    with operations.begin() as session:
        (lead,) = [
            x for x in quality_report(RENNES, session, "demo", NOW).leads if x.kind == "week"
        ]
    assert lead.week.skill["average"] < 0
    found = {
        (metric.name, metric.labels.get("baseline")): metric.value
        for metric in quality_metrics(RENNES, operations, "demo", NOW)
        if metric.labels.get("kind") == "week"
    }
    assert found[FORECAST_SKILL.name, "average"] == pytest.approx(lead.week.skill["average"])
    assert found[FORECAST_COVERAGE.name, None] == pytest.approx(23 / 24)


def test_days_of_traffic_go_with_whoever_asked_for_them(tmp_path):
    write(tmp_path, times(START, 24), lambda _moment: FREE)
    gc.collect()
    gc.disable()
    try:
        tables = WeekTables(RENNES, tmp_path, tmp_path, "demo", [])
        segments = tables._observed()
        assert len(segments.times_within(START + timedelta(hours=3), 4)) > 0
        segments.usual_before(START + timedelta(hours=3))
        gone = weakref.ref(segments)
        del tables, segments
        assert gone() is None
    finally:
        gc.enable()
