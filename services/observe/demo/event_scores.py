"""How well unusual events are found: against the incidents that the simulation made.

An event hits an incident where it was seen while the incident is felt, on a segment that the
incident slows at any time. Closures are left out: nobody drives there, so that nothing is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from services.city.rennes import RENNES
from services.history.typical import read_usual_hour
from services.history.upkeep import keep_up
from services.observe.demo.demand import PERIOD_SECONDS
from services.observe.demo.feed import DemoFeed
from services.observe.demo.incidents import InjectedEvent
from services.observe.feeds.reply import check_reply
from services.observe.simulated_history import simulated_times, write_simulated_history
from services.traffic.events import (
    MIN_DELAY_S,
    SNAPSHOTS_TO_BEGIN,
    Event,
    Followed,
    follow_events,
)
from services.traffic.network import Network, places_of
from services.traffic.snapshot import COLUMNS, Snapshot, make_snapshot
from services.traffic.usual_hour import UsualHour, hour_start

_STEP: Final = timedelta(seconds=PERIOD_SECONDS)
_WEEK: Final = timedelta(weeks=1)
_MINUTE_S: Final = 60.0

UsualAt = Callable[[datetime], UsualHour]


@dataclass(frozen=True)
class EventScores:
    """What was found of what there was.

    Attributes
    ----------
    days : float
    events, events_that_hit : int
        Events that were told, and those of them that hit an incident.
    incidents, incidents_found : int
    large, large_found : int
        Incidents that add :data:`services.traffic.events.MIN_DELAY_S` at least at their worst.
    minutes_to_tell : float or None
        Median time from an incident's start until an event that hits it is told.
    """

    days: float
    events: int
    events_that_hit: int
    incidents: int
    incidents_found: int
    large: int
    large_found: int
    minutes_to_tell: float | None


def hits(event: Event, incident: InjectedEvent) -> bool:
    """Whether an event tells of an incident."""
    is_then = event.started_at < incident.end and event.seen_at >= incident.start
    return is_then and not set(event.segment_ids).isdisjoint(incident.segment_ids)


def score(
    events: Sequence[Event], injected: Iterable[InjectedEvent], period: timedelta
) -> EventScores:
    """Score the events of a period against what was injected in it."""
    incidents = [one for one in injected if one.delay_s is not None]
    found = {
        place: [event for event in events if hits(event, incident)]
        for place, incident in enumerate(incidents)
    }
    large = [
        place
        for place, incident in enumerate(incidents)
        if incident.delay_s is not None and incident.delay_s >= MIN_DELAY_S
    ]
    waits = [
        min(_told_at(event) for event in hitting) - incidents[place].start
        for place, hitting in found.items()
        if hitting
    ]
    hitting_ids = {event.id for hitting in found.values() for event in hitting}
    return EventScores(
        days=period / timedelta(days=1),
        events=len(events),
        events_that_hit=len(hitting_ids),
        incidents=len(incidents),
        incidents_found=len(waits),
        large=len(large),
        large_found=sum(bool(found[place]) for place in large),
        minutes_to_tell=(
            median(wait.total_seconds() / _MINUTE_S for wait in waits) if waits else None
        ),
    )


def score_days(feed: DemoFeed, days: int, until: date, weeks: int) -> EventScores:
    """Follow the events of some simulated days, and score them.

    What is usual is that of the weeks before them, as a history of their traffic gives it.

    Parameters
    ----------
    until : date
        The last day, in Rennes.
    weeks : int
        With fewer than three nothing is usual yet.

    Raises
    ------
    ConfigurationError, StorageError
        When the history cannot be written into a temporary directory.
    """
    before = until - timedelta(days=days)
    first_week = (days + 6) // 7
    times = [
        at for at in simulated_times(first_week, until, _STEP) if RENNES.local(at).date() > before
    ]
    with TemporaryDirectory() as name:
        data_dir = Path(name)
        for _ in write_simulated_history(feed, data_dir, simulated_times(weeks, before, _STEP)):
            pass
        keep_up(RENNES, data_dir, times[0] + _WEEK, None)
        network = _network(feed, times[0])

        def usual_at(moment: datetime) -> UsualHour:
            return read_usual_hour(data_dir, "demo", network, moment)

        events = list(followed_events(feed, network, times, usual_at))
    end = times[-1] + _STEP
    return score(events, feed.injected_events(times[0], end), end - times[0])


def followed_events(
    feed: DemoFeed, network: Network, times: Sequence[datetime], usual_at: UsualAt
) -> Iterator[Event]:
    """The events of some times, each as it was when it ended, or at the last of them."""
    known: Followed | None = None
    for _, hour in groupby(snapshots(feed, network, times), key=_hour_of):
        usual: UsualHour | None = None
        for snapshot in hour:
            usual = usual or usual_at(snapshot.observed_at)
            known, ended = follow_events(known, network, snapshot, usual)
            yield from ended
    yield from known.open if known else ()


def snapshots(feed: DemoFeed, network: Network, times: Sequence[datetime]) -> Iterator[Snapshot]:
    """The simulated snapshots of some times, in a network's order."""
    place = places_of(network.segment_ids, feed.network.ids)
    for _, day in groupby(times, key=datetime.date):
        of_day = list(day)
        observed = feed.observations(of_day)
        for row, at in enumerate(of_day):
            yield make_snapshot(
                network_version=network.version,
                observed_at=at,
                received_at=at,
                source="demo",
                columns={name: getattr(observed, name)[row][place] for name in COLUMNS},
            )


def lines_of(scores: EventScores) -> list[str]:
    """The scores in words, one a line."""
    a_day = scores.events / scores.days
    hit = _share(scores.events_that_hit, scores.events)
    found = _share(scores.incidents_found, scores.incidents)
    large = _share(scores.large_found, scores.large)
    to_tell = scores.minutes_to_tell
    told = "never" if to_tell is None else f"{to_tell:.0f} minutes in the median"
    return [
        f"{scores.days:.0f} simulated days: {scores.events} events, {a_day:.1f} a day",
        f"precision: {hit} of the events hit an incident",
        f"recall: {found} of the incidents are hit",
        f"recall: {large} of those that add {MIN_DELAY_S:.0f} s at least",
        f"told after: {told}",
    ]


def _network(feed: DemoFeed, at: datetime) -> Network:
    return check_reply(feed.reply(at), city=RENNES, source="demo", received_at=at).network


def _hour_of(snapshot: Snapshot) -> datetime:
    return hour_start(snapshot.observed_at)


def _told_at(event: Event) -> datetime:
    """No simulated snapshot is missed."""
    return event.started_at + (SNAPSHOTS_TO_BEGIN - 1) * _STEP


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")
