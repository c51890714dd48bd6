"""Unusual events: where a road is far slower than it ever is at this hour, for how long, and why.

An event is a connected set of segments along a road in one direction, each of them slower than the
slowest fiftieth of what was seen of it at this hour of the week (P2), which together lose
:data:`MIN_DELAY_S` against what is usual over :data:`MIN_LENGTH_M`, in
:data:`SNAPSHOTS_TO_BEGIN` snapshots in a row. It ends when two in a row are without it.

Pure functions: what was known before, a snapshot and the usual give what is known now.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import mode
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.traffic.network import Network
from services.traffic.snapshot import Snapshot, Source
from services.traffic.status import Status
from services.traffic.stretches import Stretch
from services.traffic.usual import Comparison
from services.traffic.usual_hour import UsualHour, compare_segments
from services.traffic.zone_ratios import travel_times_s

MIN_DELAY_S: Final = 60.0
MIN_LENGTH_M: Final = 300.0
SNAPSHOTS_TO_BEGIN: Final = 5
"""A quarter of an hour of the feed: what one slow probe makes of the segments around it is over by
then. With two snapshots the simulation has five times as many events a day, most of them that
(docs/events.md has the figures)."""
SNAPSHOTS_TO_END: Final = 2
MAX_GAP: Final = timedelta(minutes=15)
"""After a longer time without a snapshot nobody knows whether an event is still the same."""
TREND_SNAPSHOTS: Final = 3
TREND_SHARE: Final = 0.2
"""A delay that changed by less over those snapshots is steady."""

Trend = Literal["growing", "steady", "easing"]

_ID_BYTES: Final = 8


@dataclass(frozen=True)
class Event:
    """Something that slows a road far beyond what is usual.

    Attributes
    ----------
    id : str
        Of where and when it began.
    source : {"live", "demo"}
    network_version : str
    place : Stretch
        The part of a road it lies on: its ``segments`` and ``length_m`` are the event's own, as
        seen last, ``start`` and ``end`` those of the stretches around it.
    segment_ids : tuple of str
        Of those segments.
    delay_s, max_delay_s : float
        Lost against the usual by driving through it, now and at its worst.
    trend : {"growing", "steady", "easing"}
    started_at, seen_at : datetime
        Aware, UTC: the first and the last snapshot it was seen in.
    ended_at : datetime or None
        None while it lasts.
    delays_s : tuple of float
        Of the last snapshots, the newest last: what the trend is told from.
    snapshots : int
        In how many it was seen.
    missed : int
        In how many in a row since then it was not.
    cause : str
        What probably causes it, in the publisher's words; "" where nothing is known. Whoever
        knows of roadworks adds it.
    """

    id: str
    source: Source
    network_version: str
    place: Stretch
    segment_ids: tuple[str, ...]
    delay_s: float
    max_delay_s: float
    trend: Trend
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    delays_s: tuple[float, ...] = ()
    snapshots: int = 1
    missed: int = 0
    cause: str = ""

    @property
    def has_begun(self) -> bool:
        """Whether it was seen in enough snapshots to be told."""
        return self.snapshots >= SNAPSHOTS_TO_BEGIN


@dataclass(frozen=True)
class Followed:
    """What is known of a source's events after a snapshot.

    Attributes
    ----------
    source, network_version, observed_at
        Of the snapshot.
    events : tuple of Event
        Those that last, and those that were seen in too few snapshots yet to be told.
    """

    source: Source
    network_version: str
    observed_at: datetime
    events: tuple[Event, ...] = ()

    @property
    def open(self) -> tuple[Event, ...]:
        """The events that last."""
        return tuple(event for event in self.events if event.has_begun)


@dataclass(frozen=True, eq=False)
class SlowRun:
    """Segments that follow one another and are unusually slow in one snapshot."""

    segments: tuple[int, ...]
    length_m: float
    delay_s: float


def follow_events(
    known: Followed | None,
    network: Network,
    snapshot: Snapshot,
    usual: UsualHour,
) -> tuple[Followed, tuple[Event, ...]]:
    """Take a snapshot into what is known of its source's events.

    Parameters
    ----------
    known : Followed, optional
        After the snapshot before, of the same source.
    network, snapshot
        Of the same version.
    usual : UsualHour
        What is usual at the snapshot's hour. Where it tells nothing of the snapshot, as of an
        archive, what is known stays as it is.

    Returns
    -------
    Followed, tuple of Event
        What is known now, and the events that ended.
    """
    now = Followed(snapshot.source, snapshot.network_version, snapshot.observed_at)
    before, cut_off = _continued(known, now)
    # What an old snapshot shows is not what happens now.
    is_told = snapshot.source != "archive" and usual.tells_of(snapshot)
    is_same_again = before is not None and before.observed_at == now.observed_at
    if is_same_again or not is_told:
        return before or now, cut_off
    runs = slow_runs(network, snapshot, usual)
    events = () if before is None else before.events
    seen, left, ended = _matched(events, runs, network)
    told = [
        _updated(event, _event(run, network, now))
        for event, run in zip([*seen.values()], [*seen], strict=True)
    ]
    new = [_event(run, network, now) for run in runs if run not in seen]
    missed = [replace(event, missed=event.missed + 1) for event in left if event.has_begun]
    lasting = [event for event in missed if event.missed < SNAPSHOTS_TO_END]
    ended += [event for event in missed if event.missed >= SNAPSHOTS_TO_END]
    now = replace(now, events=tuple(sorted([*told, *new, *lasting], key=_age)))
    return now, (*cut_off, *_ended(ended))


def slow_runs(network: Network, snapshot: Snapshot, usual: UsualHour) -> list[SlowRun]:
    """The connected sets of segments that are unusually slow, long and slow enough to matter."""
    compared = compare_segments(network, snapshot, usual)
    is_slow = compared == Comparison.BUSIER
    # A closed road is known not to be driven: a queue ends there.
    is_unknown = (compared == Comparison.NOT_TOLD) & (snapshot.status_codes() != Status.IMPOSSIBLE)
    usual_s = travel_times_s(network, usual.segments.p50 * network.speed_limit_kmh)
    lost_s = travel_times_s(network, snapshot.columns["speed_kmh"]) - usual_s
    delay_s = np.where(is_slow, lost_s, 0.0)
    found = [
        SlowRun(tuple(run), float(network.length_m[run].sum()), float(delay_s[run].sum()))
        for run in _runs(is_slow, is_unknown, network.lines.successors)
    ]
    return [run for run in found if run.length_m >= MIN_LENGTH_M and run.delay_s >= MIN_DELAY_S]


def _runs(
    is_slow: NDArray[np.bool_], is_unknown: NDArray[np.bool_], after: Mapping[int, int]
) -> list[list[int]]:
    """Slow segments that follow one another, one unknown between two of them bridged."""
    slow = np.flatnonzero(is_slow).tolist()
    members = set(slow)
    for segment in slow:
        gap = after.get(segment)
        if gap is not None and is_unknown[gap] and after.get(gap) in members:
            members.add(gap)
    runs = []
    entered = {after.get(segment) for segment in members}
    firsts = sorted(members - entered)
    # What is left after those is a whole ring.
    for first in [*firsts, *slow]:
        run = []
        at: int | None = first
        while at in members:
            members.remove(at)
            run.append(at)
            at = after.get(at)
        if run:
            runs.append(run)
    return runs


def _continued(known: Followed | None, now: Followed) -> tuple[Followed | None, tuple[Event, ...]]:
    """What of the past goes on now, and what ends because it cannot be told to be the same."""
    if known is None or known.source != now.source:
        return None, ()
    waited = now.observed_at - known.observed_at
    if known.network_version == now.network_version and timedelta() <= waited <= MAX_GAP:
        return known, ()
    return None, _ended(known.open)


def _ended(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(replace(event, ended_at=event.seen_at) for event in events)


def _matched(
    events: Sequence[Event], runs: Sequence[SlowRun], network: Network
) -> tuple[dict[SlowRun, Event], list[Event], list[Event]]:
    """Which event each run is: the oldest of those that lie there.

    Returns
    -------
    dict of SlowRun to Event, list of Event, list of Event
        Those seen again, those not seen, and those that others have grown together with.
    """
    run_of = {network.segment_ids[segment]: run for run in runs for segment in run.segments}
    seen: dict[SlowRun, Event] = {}
    left, merged = [], []
    for event in events:
        there = Counter(run_of[segment] for segment in event.segment_ids if segment in run_of)
        free = [run for run in there if run not in seen]
        if free:
            seen[max(free, key=there.__getitem__)] = event
        elif there:
            merged += [event] if event.has_begun else []
        else:
            left.append(event)
    return seen, left, merged


def _event(run: SlowRun, network: Network, now: Followed) -> Event:
    """What a run is when it is seen for the first time."""
    codes = network.stretch_codes[list(run.segments)].tolist()
    most, first, last = (network.stretches[code] for code in (mode(codes), codes[0], codes[-1]))
    ids = tuple(network.segment_ids[segment] for segment in run.segments)
    return Event(
        id=_id(now, ids[-1]),
        source=now.source,
        network_version=now.network_version,
        place=replace(
            most, start=first.start, end=last.end, segments=run.segments, length_m=run.length_m
        ),
        segment_ids=ids,
        delay_s=run.delay_s,
        max_delay_s=run.delay_s,
        trend="steady",
        started_at=now.observed_at,
        seen_at=now.observed_at,
        delays_s=(run.delay_s,),
    )


def _updated(event: Event, seen: Event) -> Event:
    """An event that is seen again."""
    delays_s = (*event.delays_s, seen.delay_s)[-TREND_SNAPSHOTS:]
    return replace(
        seen,
        id=event.id,
        started_at=event.started_at,
        max_delay_s=max(event.max_delay_s, seen.delay_s),
        trend=_trend(delays_s),
        delays_s=delays_s,
        snapshots=event.snapshots + 1,
        cause=event.cause,
    )


def _trend(delays_s: Sequence[float]) -> Trend:
    if len(delays_s) < TREND_SNAPSHOTS:
        return "steady"
    change = delays_s[-1] / delays_s[0] - 1.0
    if abs(change) < TREND_SHARE:
        return "steady"
    return "growing" if change > 0 else "easing"


def _id(now: Followed, segment_id: str) -> str:
    """The same for the same event, so that writing it again after a fault makes no second one."""
    content = f"{now.source} {now.observed_at.isoformat()} {segment_id}"
    return hashlib.blake2b(content.encode(), digest_size=_ID_BYTES).hexdigest()


def _age(event: Event) -> tuple[datetime, str]:
    return event.started_at, event.id
