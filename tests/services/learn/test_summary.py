"""What is on record of the quality of the forecasts: day by day, in one sentence, and how often."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from services.base.errors import StorageError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.learn.summary import HISTORY_DAYS, KEPT_FOR, QualityReader, headline
from services.operations.database import FILE_NAME, open_operations
from services.operations.decisions import record_decision
from services.operations.tables import Decision
from tests.services.learn.scores import score_rows
from tests.waiting import PATIENCE_SECONDS

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
YESTERDAY = date(2026, 11, 28)
ERRORS = {"model": 0.02, "average": 0.025, "persistence": 0.04}


class Clock:
    """A time that a test moves."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def reader(tmp_path, clock):
    reading = open_operations(load_settings(data_dir=tmp_path), read_only=True)
    return QualityReader(RENNES, reading, clock)


def keep(operations, day, errors=ERRORS, **changes):
    with operations.begin() as session:
        session.add_all(score_rows(day, errors, **changes))


def lead_of(reader, kind="nowcast", minutes=60):
    [found] = [
        lead
        for lead in reader.record("demo").report.leads
        if (lead.kind, lead.lead_minutes) == (kind, minutes)
    ]
    return found


def test_a_day_is_the_mean_of_its_cases_and_the_whole_network_counts_nothing_twice(
    operations, reader
):
    keep(operations, YESTERDAY, cases=100)
    keep(operations, YESTERDAY, ERRORS | {"model": 0.05}, zone="centre-ville", cases=300)
    keep(operations, YESTERDAY, ERRORS | {"model": 1.0}, zone=RENNES.whole_network, cases=400)
    [day] = lead_of(reader).days
    assert (day.day, day.cases) == (YESTERDAY, 400)
    assert day.rps["model"] == pytest.approx((100 * 0.02 + 300 * 0.05) / 400)
    assert day.rps["average"] == pytest.approx(0.025)
    assert lead_of(reader).week.skill["average"] == pytest.approx(1 - 0.0425 / 0.025)


def test_days_go_back_a_month_and_the_week_stays_a_week(operations, reader):
    for back in (0, 6, 7, HISTORY_DAYS - 1, HISTORY_DAYS):
        keep(operations, YESTERDAY - timedelta(days=back))
    lead = lead_of(reader)
    assert [(YESTERDAY - day.day).days for day in lead.days] == [HISTORY_DAYS - 1, 7, 6, 0]
    assert lead.week.cases == 2 * 72
    assert reader.record("demo").report.history_from == lead.days[0].day


def test_what_was_evaluated_before_the_week_alone_has_a_curve_and_no_sentence(operations, reader):
    keep(operations, YESTERDAY - timedelta(days=9))
    lead = lead_of(reader)
    assert (lead.week, lead.yesterday, lead.calibration, len(lead.days)) == (None, None, [], 1)
    assert reader.headline("demo") is None


@pytest.mark.parametrize("column", ["rps_sum", "cases"])
def test_a_text_where_a_number_should_be_spoils_its_own_row_alone(operations, reader, column):
    keep(operations, YESTERDAY)
    keep(operations, YESTERDAY, zone="centre-ville")
    with operations.begin() as session:
        spoilt = f"UPDATE forecast_scores SET {column} = 'x' WHERE zone = 'rocade'"  # noqa: S608
        session.execute(text(spoilt))
    [day] = lead_of(reader).days
    assert (day.cases, day.rps["model"]) == (72, pytest.approx(0.02))


def test_the_sentence_is_of_the_next_hour_an_hour_ahead_where_there_is_one(operations, reader):
    for kind, minutes in (("zones", 1_440), ("zones", 60), ("nowcast", 15), ("nowcast", 60)):
        keep(operations, YESTERDAY, kind=kind, lead_minutes=minutes)
    leads = reader.record("demo").report.leads
    found = []
    while leads:
        first = headline(leads)
        found.append((first.kind, first.lead_minutes))
        leads = [lead for lead in leads if lead is not first]
    assert found == [("nowcast", 60), ("zones", 60), ("nowcast", 15), ("zones", 1_440)]


def test_beside_live_traffic_nothing_is_told_of_the_simulation(operations, reader):
    keep(operations, YESTERDAY)
    assert reader.headline("demo").week.cases == 72
    assert reader.record("live").report.source == "demo"
    assert reader.headline("live") is None


def test_every_kind_of_model_keeps_its_decisions_though_others_are_decided_on_nightly(
    operations, reader
):
    def decide(kind, version, action, back):
        decided = Decision(
            kind=kind,
            version=version,
            previous=None,
            action=action,
            reason="chosen_by_operator",
            decided_by="operator",
            decided_at=NOW - timedelta(days=back),
        )
        assert record_decision(operations, decided)

    decide("camera", "2026-01-01-aaaaaa", "promoted", 300)
    decide("zones", "2026-10-01-aaaaaa", "promoted", 50)
    for back in range(20, 0, -1):
        decide("zones", "2026-11-01-bbbbbb", "refused", back)
    record = reader.record("demo")
    assert [d.action for d in record.decisions if d.kind == "camera"] == ["promoted"]
    assert [d.action for d in record.decisions if d.kind == "zones"] == ["refused"] * 4
    assert {kind: d.version for kind, d in record.in_use_since.items()} == {
        "camera": "2026-01-01-aaaaaa",
        "zones": "2026-10-01-aaaaaa",
    }


def test_the_database_is_asked_once_a_minute_whether_it_answers_or_not(
    tmp_path, operations, reader, clock
):
    keep(operations, YESTERDAY)
    first = reader.record("demo")
    keep(operations, YESTERDAY - timedelta(days=1))
    assert reader.record("demo") is first
    clock.now += KEPT_FOR
    assert len(lead_of(reader).days) == 2
    clock.now += KEPT_FOR
    content = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError):
        reader.record("demo")
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(StorageError):
        reader.record("demo")
    assert reader.headline("demo") is None
    clock.now += KEPT_FOR
    assert reader.headline("demo").week.cases == 144


def test_nobody_waits_for_a_read_that_hangs(operations, clock, monkeypatch):
    keep(operations, YESTERDAY)
    reader = QualityReader(RENNES, operations, clock)
    first = reader.record("demo")
    clock.now += KEPT_FOR
    begun, release, begin = threading.Event(), threading.Event(), operations.begin

    def hanging():
        begun.set()
        assert release.wait(PATIENCE_SECONDS)
        return begin()

    monkeypatch.setattr(operations, "begin", hanging)
    asked = threading.Thread(target=reader.record, args=("demo",))
    asked.start()
    assert begun.wait(PATIENCE_SECONDS)
    assert reader.record("demo") is first
    with pytest.raises(StorageError):
        reader.record("live")
    assert reader.headline("demo") is not None
    release.set()
    asked.join(PATIENCE_SECONDS)
    assert not asked.is_alive()


def test_nothing_recorded_is_no_failure(reader):
    assert reader.record("demo") is None
    assert reader.headline("demo") is None
