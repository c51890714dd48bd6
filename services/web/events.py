"""Unusual events as the web role tells them, out of the operations database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from services.observe.event_keeper import place_of
from services.operations.database import NothingRecorded, Operations
from services.operations.events import events_between, open_events
from services.operations.tables import EventSource, TrafficEvent
from services.traffic.events import MAX_GAP
from services.traffic.snapshot import Source
from services.traffic.stretch_wording import stretch_parts
from services.web.latest import TrafficView

MOST_OF_A_DAY: Final = 2_000
"""A bad day has some hundreds."""


def current_events(operations: Operations, view: TrafficView) -> list[TrafficEvent]:
    """The events that last in what is shown, the one that costs the most time first.

    None of an archive: what happened hours ago is not told as if it were now.

    Raises
    ------
    StorageError
    """
    snapshot = view.snapshot
    if snapshot.source == "archive":
        return []

    def read(session: Session) -> list[TrafficEvent]:
        return open_events(session, _source(snapshot.source))

    return [
        event
        for event in _read(operations, read)
        if event.network_version == snapshot.network_version
        and abs(snapshot.observed_at - event.seen_at) <= MAX_GAP
    ]


def events_of_day(operations: Operations, view: TrafficView, day: date) -> list[TrafficEvent]:
    """The events that lasted on a day in the city, in the order they began.

    Those of the source that is shown; beside an archive, of the live feed it is of.

    Raises
    ------
    StorageError
    """
    city = view.network.city
    start, end = city.midnight(day), city.midnight(day + timedelta(days=1))

    def read(session: Session) -> list[TrafficEvent]:
        return events_between(session, _source(view.snapshot.source), start, end, MOST_OF_A_DAY)

    return _read(operations, read)


def event_rows(events: list[TrafficEvent]) -> list[dict[str, Any]]:
    """Events as the API tells them."""
    return [
        {
            "id": event.id,
            "road": event.road,
            "label": event.label,
            "direction": event.direction,
            "sector": event.sector,
            "start": event.start_place or None,
            "end": event.end_place or None,
            "length_m": round(event.length_m),
            "delay_s": round(event.delay_s),
            "max_delay_s": round(event.max_delay_s),
            "trend": event.trend,
            "likely_cause": event.cause or None,
            "started_at": event.started_at,
            "seen_at": event.seen_at,
            "ended_at": event.ended_at,
            "segment_ids": event.segment_ids,
        }
        for event in events
    ]


def encode_events(view: TrafficView, events: list[TrafficEvent]) -> bytes:
    """Events for the page: segments by their places in the network's order."""
    places = [(event, place_of(event, view.network)) for event in events]
    return orjson.dumps(
        {
            "version": view.snapshot.version,
            "events": [
                {
                    "stretch": stretch_parts(place),
                    "segments": place.segments,
                    "delay_s": round(event.delay_s),
                    "trend": event.trend,
                    "since": int(event.started_at.timestamp()),
                    "cause": event.cause,
                }
                for event, place in places
            ],
        }
    )


def _source(shown: Source) -> EventSource:
    return "demo" if shown == "demo" else "live"


def _read(
    operations: Operations, read: Callable[[Session], list[TrafficEvent]]
) -> list[TrafficEvent]:
    try:
        with operations.begin() as session:
            return read(session)
    except NothingRecorded:
        return []
