"""Unusual events in the operations database: of now, of a day, and how they go."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from services.operations.events import (
    end_others,
    events_between,
    keep_events,
    open_events,
    prune_events,
    remove_events,
)
from services.operations.tables import TrafficEvent

DAY = datetime(2026, 11, 26, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(name, *, start=0.0, end=None, source="live", delay_s=90.0):
    """One that began and ended so many hours after midnight."""
    return TrafficEvent(
        id=name, source=source, network_version="a1", road="RN 136", label="Rocade",
        direction="inner", sector="north", start_place="Porte A", end_place="Porte B",
        segment_ids=["1_D", "2_D"], length_m=800.0, delay_s=delay_s, max_delay_s=120.0,
        trend="growing", cause="", started_at=DAY + start * HOUR,
        seen_at=DAY + (end or start) * HOUR, ended_at=None if end is None else DAY + end * HOUR,
    )  # fmt: skip


@pytest.fixture
def kept(operations):
    with operations.begin() as session:
        keep_events(
            session,
            [
                event("over", start=-3, end=-1),
                event("over midnight", start=-1, end=2),
                event("lasts", start=8),
                event("worse", start=9, delay_s=300.0),
                event("simulated", start=8, source="demo"),
                event("tomorrow", start=24, end=25),
            ],
        )
    return operations


def test_those_of_now_are_told_the_worst_first(kept):
    with kept.begin() as session:
        assert [one.id for one in open_events(session, "live")] == ["worse", "lasts"]
        assert [one.id for one in open_events(session, "demo")] == ["simulated"]


def test_those_of_a_day_are_all_that_lasted_on_it(kept):
    with kept.begin() as session:
        found = events_between(session, "live", DAY, DAY + 24 * HOUR, 100)
    assert [one.id for one in found] == ["over midnight", "lasts", "worse"]


def test_writing_one_again_changes_it(kept):
    again = dataclasses.replace(event("lasts", start=8, end=10), trend="easing")
    with kept.begin() as session:
        keep_events(session, [again])
    with kept.begin() as session:
        assert [one.id for one in open_events(session, "live")] == ["worse"]
        (row,) = [one for one in session.query(TrafficEvent) if one.id == "lasts"]
    assert row.trend == "easing"


def test_those_that_nobody_follows_end_when_they_were_seen_last(kept):
    with kept.begin() as session:
        end_others(session, {"worse"}, "live", DAY + 9 * HOUR, timedelta(minutes=15))
    with kept.begin() as session:
        assert [one.id for one in open_events(session)] == ["worse"]
        ended = {one.id: one.ended_at for one in session.query(TrafficEvent)}
    assert ended["lasts"] == ended["simulated"] == DAY + 8 * HOUR


def test_those_of_a_time_can_be_told_anew(kept):
    with kept.begin() as session:
        remove_events(session, "live", DAY - HOUR, DAY + 9 * HOUR)
    with kept.begin() as session:
        left = sorted(one.id for one in session.query(TrafficEvent))
    assert left == ["over", "simulated", "tomorrow", "worse"]


def test_old_ones_go_and_those_that_last_stay(kept):
    assert prune_events(kept, DAY + 300 * HOUR, timedelta(days=1)) == 3
    with kept.begin() as session:
        assert [one.id for one in open_events(session)] == ["worse", "lasts", "simulated"]
