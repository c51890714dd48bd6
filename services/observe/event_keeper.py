"""Unusual events from snapshot to snapshot: kept in the operations database and journalled."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from services.base.errors import StorageError
from services.operations.database import Operations
from services.operations.events import end_others, keep_events, open_events
from services.operations.tables import EventSource, TrafficEvent
from services.traffic.events import (
    MAX_GAP,
    SNAPSHOTS_TO_BEGIN,
    Event,
    Followed,
    Trend,
    follow_events,
)
from services.traffic.network import Network
from services.traffic.placed_roadworks import likely_causes, place_roadworks
from services.traffic.snapshot import Snapshot, Source
from services.traffic.store import Store
from services.traffic.stretches import Cardinal, Direction, Stretch
from services.traffic.usual_hour import UsualHour

log = logging.getLogger(__name__)


class EventKeeper:
    """Follows the events of each source.

    Parameters
    ----------
    store : Store
        Where the roadworks are that may be causes.
    operations : Operations
        One that waits briefly: the snapshot is published afterwards.
    """

    def __init__(self, store: Store, operations: Operations) -> None:
        self._store = store
        self._operations = operations
        self._known: dict[Source, Followed] = {}
        # Whether the database tells of what is known; after a start it may tell of more.
        self._is_written = False

    def follow(self, network: Network, snapshot: Snapshot, usual: UsualHour) -> None:
        """Take in a snapshot of the live or the simulated feed.

        Raises
        ------
        StorageError
            When the database cannot be read or written: what is known is right all the same, and
            written the next time.
        """
        source = snapshot.source
        if source == "archive":
            return
        if source not in self._known:
            kept = self._kept(source, network)
            if kept is not None:
                self._known[source] = kept
        before = self._known.get(source)
        now, ended = follow_events(before, network, snapshot, usual)
        begun = {event.id for event in now.open if event.snapshots == SNAPSHOTS_TO_BEGIN}
        if before is not None:
            begun -= {event.id for event in before.open}
        now = replace(now, events=tuple(self._explained(now, begun, network)))
        self._known[source] = now
        _journal([event for event in now.open if event.id in begun], ended)
        if now.open or ended or not self._is_written:
            self._keep(source, now, ended)

    def _explained(self, now: Followed, begun: set[str], network: Network) -> list[Event]:
        """The events, those that have just begun with their likely causes."""
        if not begun:
            return list(now.events)
        causes = self._causes(now, network)
        return [
            replace(event, cause=cause_of(event, causes)) if event.id in begun else event
            for event in now.events
        ]

    def _causes(self, now: Followed, network: Network) -> dict[int, str]:
        """What may slow each segment, in the publisher's words; nothing where that is not told."""
        try:
            told = self._store.roadworks(now.source)
        except StorageError as error:
            log.error("no causes of unusual events: %s", error)
            return {}
        if told is None:
            return {}
        placed = place_roadworks(told, network, network.city.local(now.observed_at).date())
        found = likely_causes(placed, network)
        return {segment: placed[place].place for segment, place in found.items()}

    def _kept(self, source: EventSource, network: Network) -> Followed | None:
        """What an earlier worker left; nothing where there is nothing open."""
        with self._operations.begin() as session:
            rows = open_events(session, source)
        if not rows:
            return None
        newest = max(rows, key=lambda row: row.seen_at)
        return Followed(
            source=source,
            network_version=newest.network_version,
            observed_at=newest.seen_at,
            events=tuple(
                _event_of(row, network)
                for row in rows
                if _is_beside(row, newest.seen_at, newest.network_version)
            ),
        )

    def _keep(self, source: EventSource, now: Followed, ended: Sequence[Event]) -> None:
        lasting = {event.id for event in now.open}
        self._is_written = False
        with self._operations.begin() as session:
            keep_events(session, [row_of(event, source) for event in (*ended, *now.open)])
            session.flush()
            end_others(session, lasting, source, now.observed_at, MAX_GAP)
        self._is_written = True


def _is_beside(row: TrafficEvent, seen_at: datetime, network_version: str) -> bool:
    """Whether an event may still last with one that was seen later; else it is ended as others."""
    return row.network_version == network_version and seen_at - row.seen_at <= MAX_GAP


def cause_of(event: Event, causes: Mapping[int, str]) -> str:
    """What probably causes an event, of what may slow each segment; "" where nothing does.

    A queue begins at its head, which is what one drives up to last.
    """
    return next(
        (causes[segment] for segment in event.place.segments[::-1] if segment in causes), ""
    )


def _journal(begun: Sequence[Event], ended: Sequence[Event]) -> None:
    for event in begun:
        log.info(
            "unusual event %s (%s): %s, since %s, %.0f s lost over %.0f m%s",
            event.id,
            event.source,
            _place(event),
            event.started_at.isoformat(timespec="minutes"),
            event.delay_s,
            event.place.length_m,
            f", probably {event.cause}" if event.cause else "",
        )
    for event in ended:
        log.info(
            "unusual event %s (%s) is over: %s, last seen at %s, %.0f s lost at its worst",
            event.id,
            event.source,
            _place(event),
            event.seen_at.isoformat(timespec="minutes"),
            event.max_delay_s,
        )


def _place(event: Event) -> str:
    """For the journal, which is in English."""
    place = event.place
    between = " to ".join(name for name in (place.start, place.end) if name)
    return f"{place.label} {place.way}{f' ({between})' if between else ''}"


def row_of(event: Event, source: EventSource) -> TrafficEvent:
    """An event as it is kept."""
    place = event.place
    return TrafficEvent(
        id=event.id,
        source=source,
        network_version=event.network_version,
        road=place.road,
        label=place.label,
        direction=place.direction,
        sector=place.sector,
        start_place=place.start,
        end_place=place.end,
        segment_ids=list(event.segment_ids),
        length_m=place.length_m,
        delay_s=event.delay_s,
        max_delay_s=event.max_delay_s,
        trend=event.trend,
        cause=event.cause,
        started_at=event.started_at,
        seen_at=event.seen_at,
        ended_at=event.ended_at,
    )


def place_of(row: TrafficEvent, network: Network) -> Stretch:
    """Where an event lies: those of its segments that a network has."""
    places = network.index_of_id
    return Stretch(
        key="",
        road=row.road,
        label=row.label,
        direction=cast("Direction", row.direction),
        sector=cast("Cardinal | None", row.sector),
        start=row.start_place,
        end=row.end_place,
        segments=tuple(places[segment] for segment in row.segment_ids if segment in places),
        length_m=row.length_m,
    )


def _event_of(row: TrafficEvent, network: Network) -> Event:
    """An event as it is known again: what is not kept begins anew, its trend among it."""
    return Event(
        id=row.id,
        source=cast("Source", row.source),
        network_version=row.network_version,
        place=place_of(row, network),
        segment_ids=tuple(row.segment_ids),
        delay_s=row.delay_s,
        max_delay_s=row.max_delay_s,
        trend=cast("Trend", row.trend),
        started_at=row.started_at,
        seen_at=row.seen_at,
        delays_s=(row.delay_s,),
        snapshots=SNAPSHOTS_TO_BEGIN,
        cause=row.cause,
    )
