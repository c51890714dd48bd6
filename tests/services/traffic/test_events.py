"""Unusual events on a straight road made by hand: 110 m a segment, 25 km/h usual."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pytest

from services.traffic.events import (
    MAX_GAP,
    SNAPSHOTS_TO_BEGIN,
    SNAPSHOTS_TO_END,
    follow_events,
    slow_runs,
)
from services.traffic.network import Network
from services.traffic.status import Status
from services.traffic.usual_hour import hour_start
from tests.factories import OBSERVED_AT, make_snapshot_for, make_usual_hour
from tests.services.traffic.test_stretches import network_of, ring

SEGMENTS = 12
STEP = timedelta(minutes=3)
START = hour_start(OBSERVED_AT)
LENGTH_M = 110
# 5 km/h instead of 25 km/h.
LOST_S = LENGTH_M * 3.6 * (1 / 5 - 1 / 25)


def street(name, at, *, reverse=False):
    steps = [[(LENGTH_M * i, at), (LENGTH_M * (i + 1), at)] for i in range(SEGMENTS)]
    lines = [line[::-1] for line in steps] if reverse else steps
    return [(f"{name}{i:02d}", name, line) for i, line in enumerate(lines)]


NETWORK = network_of([*street("Rue A", 2_000), *street("Rue B", 3_000)])
JAM = (3, 4, 5, 6)


def seen(slow, *, minutes=0, unknown=(), closed=(), source="live", network=NETWORK, kmh=5.0):
    """A snapshot in which some segments are slow and the others as usual."""
    codes = np.full(len(network), Status.HEAVY, np.uint8)
    codes[list(unknown)] = Status.UNKNOWN
    codes[list(closed)] = Status.IMPOSSIBLE
    at = START + timedelta(minutes=minutes)
    snapshot = make_snapshot_for(network, codes, source=source, observed_at=at)
    snapshot.columns["speed_kmh"][:] = 25.0
    snapshot.columns["speed_kmh"][list(slow)] = kmh
    snapshot.columns["speed_kmh"][list(unknown)] = np.nan
    return snapshot


def usual(network=NETWORK, *, at=START, source="live", observations=100):
    return make_usual_hour(network, observed_at=at, source=source, observations=observations)


def followed(snapshots, *, known=None, network=NETWORK):
    """What is known after some snapshots, and what ended on the way."""
    ended = []
    for snapshot in snapshots:
        at_hour = usual(network, at=snapshot.observed_at, source=snapshot.source)
        known, over = follow_events(known, network, snapshot, at_hour)
        ended += over
    return known, ended


def jam(count=SNAPSHOTS_TO_BEGIN, *, first=0, slow=JAM, **also):
    return [seen(slow, minutes=first + 3 * i, **also) for i in range(count)]


def ids(*segments):
    return tuple(NETWORK.segment_ids[segment] for segment in segments)


def test_an_event_begins_once_it_was_seen_in_enough_snapshots_in_a_row():
    before, _ = followed(jam(SNAPSHOTS_TO_BEGIN - 1))
    assert before.open == ()

    known, ended = followed(jam())
    (event,) = known.open
    assert ended == []
    assert event.segment_ids == ids(*JAM)
    assert event.started_at == START
    assert event.seen_at == START + (SNAPSHOTS_TO_BEGIN - 1) * STEP
    assert event.delay_s == event.max_delay_s == pytest.approx(len(JAM) * LOST_S, rel=1e-3)
    assert event.place.length_m == pytest.approx(440, rel=1e-3)
    assert (event.place.road, event.place.segments) == ("Rue A", JAM)
    assert (event.trend, event.cause, event.ended_at) == ("steady", "", None)


def test_one_snapshot_without_it_begins_the_count_anew():
    once = [*jam(SNAPSHOTS_TO_BEGIN - 1), seen((), minutes=12), *jam(first=15, count=1)]
    assert followed(once)[0].open == ()


def test_it_ends_after_two_snapshots_without_it_at_the_time_it_was_seen_last():
    known, ended = followed([*jam(), seen((), minutes=15)])
    (event,) = known.open
    assert (event.missed, ended) == (1, [])

    known, (over,) = followed([seen((), minutes=18)], known=known)
    assert known.open == ()
    assert over.ended_at == over.seen_at == START + timedelta(minutes=12)
    assert SNAPSHOTS_TO_END == 2


def test_one_that_is_seen_again_after_one_snapshot_goes_on():
    known, ended = followed([*jam(), seen((), minutes=15), seen(JAM, minutes=18)])
    assert [event.missed for event in known.open] == [0]
    assert ended == []


@pytest.mark.parametrize(
    "slow",
    [
        # Too short, though it loses enough.
        (3, 4),
        # Apart from one another, and on two roads.
        (3, 4, 6, 7),
        (10, 11, 12, 13),
    ],
)
def test_what_is_short_or_not_connected_is_no_event(slow):
    assert slow_runs(NETWORK, seen(slow), usual()) == []


def test_what_loses_little_is_no_event():
    # 18 km/h is below the ratio 0.4 and loses 6.2 s a segment.
    assert slow_runs(NETWORK, seen(range(9), kmh=18.0), usual()) == []
    (run,) = slow_runs(NETWORK, seen(range(10), kmh=18.0), usual())
    assert run.delay_s == pytest.approx(61.6, rel=1e-2)


def test_one_unknown_segment_is_bridged_and_two_or_a_closed_one_are_not():
    def found(**gap):
        return [
            run.segments for run in slow_runs(NETWORK, seen((2, 3, 4, 6, 7, 8), **gap), usual())
        ]

    assert found(unknown=[5]) == [(2, 3, 4, 5, 6, 7, 8)]
    assert found(closed=[5]) == [(2, 3, 4), (6, 7, 8)]
    two = slow_runs(NETWORK, seen((1, 2, 3, 6, 7, 8), unknown=[4, 5]), usual())
    assert [run.segments for run in two] == [(1, 2, 3), (6, 7, 8)]


def test_without_a_habit_nothing_is_unusual():
    assert slow_runs(NETWORK, seen(JAM), usual(observations=59)) == []
    # A segment that was unknown for days is not: its hour of the week is known, it is not.
    assert slow_runs(NETWORK, seen((), unknown=range(SEGMENTS)), usual()) == []


def test_a_ring_that_is_slow_all_around_is_one_event():
    network = network_of(ring())
    (inner, outer) = slow_runs(network, seen_all(network), usual(network))
    assert len(inner.segments) == len(outer.segments) == 24


def seen_all(network: Network):
    return seen(range(len(network)), network=network)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [((4, 5, 6), "growing"), ((6, 5, 4), "easing"), ((5, 5, 5), "steady"), ((5, 4, 5), "steady")],
)
def test_the_trend_is_that_of_three_snapshots(lengths, expected):
    changing = [seen(range(2, 2 + length), minutes=15 + 3 * i) for i, length in enumerate(lengths)]
    known, _ = followed([*jam(), *changing])
    (event,) = known.open
    assert event.trend == expected
    assert event.max_delay_s == pytest.approx(max(lengths) * LOST_S, rel=1e-3)


def test_a_queue_that_moves_upstream_stays_the_same_event():
    known, ended = followed([*jam(), seen((1, 2, 3, 4), minutes=15), seen((0, 1, 2), minutes=18)])
    (event,) = known.open
    assert (event.started_at, event.segment_ids, ended) == (START, ids(0, 1, 2), [])


def test_two_that_grow_together_go_on_as_the_older_one():
    first = [seen((0, 1, 2), minutes=3 * i) for i in range(2)]
    both = [seen((0, 1, 2, 6, 7, 8), minutes=6 + 3 * i) for i in range(SNAPSHOTS_TO_BEGIN)]
    known, _ = followed([*first, *both])
    assert [event.started_at for event in known.open] == [START, START + timedelta(minutes=6)]

    known, (over,) = followed([seen(range(9), minutes=24)], known=known)
    assert [event.started_at for event in known.open] == [START]
    assert over.segment_ids == ids(6, 7, 8)


def test_the_same_snapshot_again_is_no_second_one():
    once = jam(SNAPSHOTS_TO_BEGIN - 1)
    known, _ = followed([*once, once[-1], once[-1]])
    assert known.open == ()


@pytest.mark.parametrize("gap", [2 * STEP, MAX_GAP])
def test_a_missed_snapshot_breaks_nothing(gap):
    known, _ = followed(jam())
    late = seen(JAM, minutes=12 + gap.total_seconds() / 60)
    known, ended = followed([late], known=known)
    assert [event.seen_at for event in known.open] == [late.observed_at]
    assert ended == []


@pytest.mark.parametrize("minutes", [28, -3])
def test_after_a_long_gap_or_with_the_clock_set_back_everything_begins_anew(minutes):
    known, _ = followed(jam())
    known, (over,) = followed([seen(JAM, minutes=minutes)], known=known)
    assert known.open == ()
    assert [event.snapshots for event in known.events] == [1]
    assert over.ended_at == START + timedelta(minutes=12)


def test_a_network_that_changes_ends_the_events_of_the_one_before():
    known, _ = followed(jam())
    other = dataclasses.replace(NETWORK, version="another")
    known, ended = followed([seen(JAM, minutes=15, network=other)], known=known, network=other)
    assert known.network_version == "another"
    assert (known.open, len(ended)) == ((), 1)


def test_sources_are_never_mixed_and_an_archive_has_no_events():
    known, _ = followed(jam())
    simulated, ended = followed([seen(JAM, minutes=15, source="demo")], known=known)
    assert (simulated.source, simulated.open, ended) == ("demo", (), [])

    archive = seen(JAM, minutes=15).with_source("archive")
    told, ended = follow_events(None, NETWORK, archive, usual(source="archive"))
    assert (told.events, ended) == ((), ())


def test_while_nothing_usual_is_told_of_the_hour_what_is_known_stays():
    known, _ = followed(jam())
    same, ended = follow_events(known, NETWORK, seen(JAM, minutes=15), usual(source="demo"))
    assert (same, ended) == (known, ())


def test_any_order_of_the_rows_gives_the_same_events():
    place = np.random.default_rng(5).permutation(len(NETWORK))
    shuffled = dataclasses.replace(
        NETWORK,
        segment_ids=tuple(NETWORK.segment_ids[i] for i in place),
        geometry=tuple(NETWORK.geometry[i] for i in place),
        names=NETWORK.names[place],
    )
    slow = [int(np.flatnonzero(place == i)[0]) for i in JAM]
    known, _ = followed(jam(slow=slow, network=shuffled), network=shuffled)
    (event,) = known.open
    assert event.segment_ids == ids(*JAM)
    assert event.id == followed(jam())[0].open[0].id
