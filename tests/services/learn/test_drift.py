"""Drift of the inputs: nothing while traffic goes as usual, its size when it does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from services.city.rennes import RENNES
from services.history.hour_of_week import HOURS_PER_WEEK
from services.history.ratio_histogram import ZONE_BINS
from services.history.upkeep import keep_up
from services.learn.drift import HOUR_CLASSES, distances, measure_drift
from services.learn.hourly import score_past_hours
from services.learn.quality_metrics import quality_metrics
from services.learn.zone_tables import ZoneTables
from services.metrics.definitions import QUALITY
from services.operations.tables import DriftMeasure
from tests.services.learn.histories import DENSE, FREE, times, write, write_table, zone_ratios

START = datetime(2026, 11, 2, tzinfo=UTC)
USUAL_DAYS = 22
# The three days before this one are those measured.
NOW = START + timedelta(days=USUAL_DAYS + 3, hours=3)
YESTERDAY = date(2026, 11, 26)


def write_days(data_dir, lately):
    """Weeks of free mornings and evenings, then three days as told."""
    moments = [
        moment
        for moment in times(START, 24 * (USUAL_DAYS + 3))
        # 8 h and 17 h in Rennes.
        if moment.hour in (7, 16)
    ]
    changed = START + timedelta(days=USUAL_DAYS)
    write(data_dir, moments, lambda moment: lately(moment) if moment >= changed else FREE)
    keep_up(RENNES, data_dir, NOW, None)


def test_traffic_as_usual_has_not_drifted(tmp_path, operations):
    write_days(tmp_path, lambda moment: FREE)
    measured = measure_drift(RENNES, tmp_path, "demo", operations, NOW)
    assert {item.day for item in measured} == {YESTERDAY}
    assert {item.zone for item in measured} == set(RENNES.zone_choices)
    assert {item.hour_class for item in measured} == {"morning_peak", "evening_peak"}
    assert max(item.distance for item in measured) == 0.0


def test_a_change_shows_by_its_size_and_at_its_hours_only(tmp_path, operations):
    write_days(tmp_path, lambda moment: DENSE if moment.hour == 7 else FREE)
    measured = measure_drift(RENNES, tmp_path, "demo", operations, NOW)
    by_class = {item.hour_class: item.distance for item in measured if item.zone == "rocade"}
    moved = (zone_ratios(FREE) - zone_ratios(DENSE))[RENNES.zones.index("rocade")]
    assert by_class["morning_peak"] == pytest.approx(moved, abs=0.02)
    assert by_class["evening_peak"] == 0.0


def test_it_is_measured_once_a_day(tmp_path, operations):
    write_days(tmp_path, lambda moment: FREE)
    assert measure_drift(RENNES, tmp_path, "demo", operations, NOW)
    assert measure_drift(RENNES, tmp_path, "demo", operations, NOW + timedelta(hours=1)) == []
    with operations.begin() as session:
        assert len(session.scalars(select(DriftMeasure)).all()) == 2 * len(RENNES.zone_choices)


def test_days_that_are_missing_or_an_unknown_habit_measure_nothing(tmp_path, operations):
    write(tmp_path, times(START, 72), lambda moment: FREE)
    assert (
        measure_drift(RENNES, tmp_path, "demo", operations, START + timedelta(days=3, hours=3))
        == []
    )
    assert measure_drift(RENNES, tmp_path, "demo", operations, START + timedelta(days=9)) == []
    assert measure_drift(RENNES, tmp_path, "live", operations, START + timedelta(days=3)) == []


def test_every_hour_has_one_class():
    hours = [hour for of_class in HOUR_CLASSES.values() for hour in of_class]
    assert sorted(hours) == list(range(24))


def test_weekends_are_compared_with_weekends():
    shape = (HOURS_PER_WEEK, len(RENNES.zone_choices), ZONE_BINS)
    usual, seen = np.zeros(shape, int), np.zeros(shape, int)
    monday_8, sunday_8 = 8, 6 * 24 + 8
    usual[monday_8, :, 5] = usual[sunday_8, :, 15] = 20
    # Only a Sunday was seen, and it was as Sundays are.
    seen[sunday_8, :, 15] = 4
    assert {distance for *_, distance in distances(RENNES, seen, usual)} == {0.0}


def test_monitoring_gets_plain_numbers_with_few_labels(tmp_path, operations):
    assert quality_metrics(RENNES, operations, "demo", NOW) == []
    write_table(tmp_path / "models", "2026-03-01-aaaaaa", (0.8, 0.15, 0.05))
    write_days(tmp_path, lambda moment: DENSE if moment.hour == 7 else FREE)
    kinds = [ZoneTables(RENNES, tmp_path, tmp_path / "none", "demo", [])]
    score_past_hours(RENNES, tmp_path, "demo", kinds, operations, now=NOW)
    measure_drift(RENNES, tmp_path, "demo", operations, NOW)
    metrics = quality_metrics(RENNES, operations, "demo", NOW)
    assert {item.name for item in metrics} == {definition.name for definition in QUALITY}
    assert len({(item.name, *sorted(item.labels.items())) for item in metrics}) == len(metrics)
    by_name = {item.name: set(item.labels) for item in metrics}
    assert by_name == {definition.name: set(definition.labels) for definition in QUALITY}
    # Simulated traffic says nothing of the live feed.
    assert quality_metrics(RENNES, operations, "live", NOW) == []
