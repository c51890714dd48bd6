"""Scoring the next hour: what was issued a lead time before, on the same cases as the baselines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import numpy as np
import pytest
from sqlalchemy import select

from services.city.rennes import RENNES
from services.forecast.nowcast_files import issued_file, issued_times, write_nowcast
from services.forecast.nowcasts import LEAD_MINUTES
from services.learn.hourly import score_past_hours
from services.learn.job import score_forecasts
from services.learn.nowcast_tables import Nowcasts
from services.learn.summary import quality_report
from services.operations.tables import ForecastScore, ScoredHour
from tests.services.learn.histories import (
    BLOCKED,
    FREE,
    issue,
    make_nowcast,
    rush,
    times,
    write,
    zone_ratios,
)

# Midnight in Rennes, of a Tuesday in March; the second day is the one that is evaluated.
START = datetime(2026, 3, 2, 23, tzinfo=UTC)
EVALUATED_DAY = date(2026, 3, 4)
NOW = START + timedelta(hours=48, minutes=15)
HOURS = MappingProxyType({hour: datetime(2026, 3, 4, hour, tzinfo=UTC) for hour in (7, 12)})
NEWER = "2026-03-02-bbbbbb"


@pytest.fixture
def observed(tmp_path):
    """Two days, blocked from 7 to 8 UTC and free else, seen every 15 minutes."""
    write(tmp_path, times(START, 48, 15), rush)


def foretell(tmp_path, doing=rush, *, hours=range(24), late=timedelta(), **changes):
    """Issue nowcasts that say, of each lead time, what somebody expects."""
    for moment in times(datetime(2026, 3, 4, tzinfo=UTC), 24, 15):
        if moment.hour in hours:
            issue(tmp_path, moment + late, doing, **changes)


def score(tmp_path, operations, now=NOW):
    return score_past_hours(
        RENNES, tmp_path, "demo", [Nowcasts(RENNES, tmp_path, "demo")], operations, now=now
    )


def rows(operations, **wanted):
    with operations.begin() as session:
        query = select(ForecastScore).filter_by(kind="nowcast", **wanted)
        return list(session.scalars(query))


def outcomes(operations):
    with operations.begin() as session:
        found = session.scalars(select(ScoredHour).filter_by(kind="nowcast"))
        return {item.hour: item.outcome for item in found}


def test_every_lead_time_is_evaluated_beside_both_baselines_on_the_same_cases(
    tmp_path, operations, observed
):
    foretell(tmp_path)
    assert score(tmp_path, operations) > 0
    by_key = {(row.zone, row.lead_minutes, row.forecaster): row for row in rows(operations)}
    assert {zone for zone, _, _ in by_key} == set(RENNES.zone_choices)
    assert {lead for _, lead, _ in by_key} == set(LEAD_MINUTES)
    for (zone, lead, _), row in by_key.items():
        assert row.day == EVALUATED_DAY
        # From midnight UTC on there are nowcasts; the first one is a lead time old by then.
        assert row.cases == by_key[zone, lead, "model"].cases == 23 * 4 - lead // 15
        assert sum(cases for cases, _, _ in row.calibration) == row.cases
    model = by_key["rocade", 30, "model"]
    assert model.rps_sum < 0.1
    assert model.band_hits == model.band_cases == model.cases
    assert model.ratio_error_sum / model.ratio_cases == pytest.approx(0, abs=0.02)
    # Half an hour before is wrong twice when the rush hour begins, and twice when it ends.
    assert by_key["rocade", 30, "persistence"].rps_sum == pytest.approx(4.0)
    assert by_key["rocade", 15, "persistence"].rps_sum == pytest.approx(2.0)
    assert model.better_than["persistence"] == 4


def test_what_it_said_wrongly_is_charged_to_the_lead_time_it_was_said_at(
    tmp_path, operations, observed
):
    def ends_too_soon(moment):
        return BLOCKED if moment.hour == 7 and moment.minute < 45 else FREE

    foretell(tmp_path, ends_too_soon)
    moved = (zone_ratios(FREE) - zone_ratios(BLOCKED))[RENNES.zones.index("rocade")]
    score(tmp_path, operations)
    for lead in LEAD_MINUTES:
        (model,) = rows(operations, zone="rocade", forecaster="model", lead_minutes=lead)
        assert model.cases - model.band_hits == 1
        assert model.rps_sum == pytest.approx(1.0, abs=0.1)
        assert model.ratio_error_sum == pytest.approx(moved, abs=0.05)


@pytest.mark.parametrize(
    ("late", "is_evaluated"),
    [
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-6), False),
        # It may not know what persistence cannot.
        (timedelta(minutes=1), False),
    ],
)
def test_it_speaks_for_a_moment_at_most_five_minutes_after_its_own(
    tmp_path, operations, observed, late, is_evaluated
):
    foretell(tmp_path, late=late)
    score(tmp_path, operations)
    assert bool(rows(operations)) is is_evaluated
    expected = "scored" if is_evaluated else "no_forecast"
    assert outcomes(operations)[HOURS[12]] == expected


def test_a_nowcast_of_the_day_before_speaks_for_the_first_minutes(tmp_path, operations, observed):
    issue(tmp_path, datetime(2026, 3, 3, 23, 58, tzinfo=UTC), rush)
    score(tmp_path, operations)
    found = {row.lead_minutes: row.cases for row in rows(operations, forecaster="model")}
    assert found == dict.fromkeys(LEAD_MINUTES, 1)


def test_files_that_are_missing_or_damaged_cost_their_cases_only(
    tmp_path, operations, observed, caplog
):
    foretell(tmp_path)
    issued_file(tmp_path, "demo", HOURS[12]).write_bytes(b"PAR1")
    issued_file(tmp_path, "demo", HOURS[12] + timedelta(minutes=15)).unlink()
    issued_file(tmp_path, "demo", HOURS[12]).with_name("notes.parquet").write_text("")
    score(tmp_path, operations)
    (model,) = rows(operations, zone="rocade", forecaster="model", lead_minutes=15)
    assert model.cases == 23 * 4 - 1 - 2
    assert caplog.text.count("a nowcast cannot be scored") == 1
    assert set(outcomes(operations).values()) >= {"scored"}


def test_a_zone_it_knew_nothing_of_is_no_case(tmp_path, operations, observed):
    unknown = RENNES.zone_choices.index("rocade")
    for moment in times(datetime(2026, 3, 4, tzinfo=UTC), 24, 15):
        table = make_nowcast(moment, rush)
        table.zone_ratios[:, :, unknown] = np.nan
        write_nowcast(tmp_path, table)
    score(tmp_path, operations)
    assert {row.zone for row in rows(operations)} == set(RENNES.zone_choices) - {"rocade"}


def test_what_a_model_has_learned_from_is_no_test_of_it(tmp_path, operations, observed):
    foretell(tmp_path, last_day=EVALUATED_DAY)
    score(tmp_path, operations)
    assert rows(operations) == []
    assert outcomes(operations)[HOURS[12]] == "no_forecast"


def test_each_model_is_charged_with_what_it_said_itself(tmp_path, operations, observed):
    foretell(tmp_path, hours=range(12))
    foretell(tmp_path, hours=range(12, 24), version=NEWER)
    score(tmp_path, operations)
    cases = {
        row.model_version: row.cases
        for row in rows(operations, zone="rocade", forecaster="model", lead_minutes=30)
    }
    # Of 12 h to 13 h each said two quarters; the first of equals is evaluated.
    assert cases == {"2026-03-02-aaaaaa": 12 * 4 - 2 + 2, NEWER: 10 * 4}


def test_without_a_learner_nothing_is_scored_and_nothing_fails(tmp_path, operations, observed):
    score_forecasts(RENNES, tmp_path, tmp_path / "none", operations, NOW)
    assert rows(operations) == []
    with operations.begin() as session:
        assert quality_report(RENNES, session, "demo", NOW).leads == []
    assert issued_times(tmp_path, "demo", EVALUATED_DAY) == []


def test_the_worker_scores_the_nowcasts_of_each_source_by_itself(tmp_path, operations, observed):
    write(tmp_path, times(START, 48, 15), rush, source="live")
    foretell(tmp_path, source="live")
    score_forecasts(RENNES, tmp_path, tmp_path / "none", operations, NOW)
    assert {row.source for row in rows(operations)} == {"live"}
    score_forecasts(RENNES, tmp_path, tmp_path / "none", operations, NOW)
    (model,) = rows(operations, zone="rocade", forecaster="model", lead_minutes=15)
    assert model.cases == 23 * 4 - 1
