"""Roadworks of the past: what lists told of them is kept, and placed on today's network.

A list tells what is announced at its time. What was done on a past day is what held on it and was
still told then: a measure that was put off, cut short or taken back held no longer than lists told
it. The first that is known of a site goes back to the first day that it states, since a site may be
older than what is kept; what a list changed later holds from that list on.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, cast

import msgspec

from services.city.city import City
from services.operations.database import NothingRecorded, Operations
from services.operations.roadworks import keep_measures, last_list_at, measures_between
from services.operations.tables import EventSource, RoadworkMeasure
from services.plain.roadworks import ROADWORK_LEVELS, RoadworkLevel
from services.traffic.network import Network
from services.traffic.placed_roadworks import PlacedRoadwork, segments_of
from services.traffic.roadworks import Measure, Roadwork, RoadworksList

_ID_BYTES: Final = 8
_ONE_DAY: Final = timedelta(days=1)


def keep_list(operations: Operations, told: RoadworksList) -> None:
    """Keep what a list tells; one that tells nothing new only when it was seen last.

    Raises
    ------
    StorageError
    """
    if told.source == "archive":
        return
    with operations.begin() as session:
        keep_measures(session, _rows_of(told, told.source), told.received_at)


def roadworks_between(
    operations: Operations, network: Network, source: EventSource, first: date, last: date
) -> tuple[PlacedRoadwork, ...]:
    """The roadworks of some local days, both included, on a network.

    Returns
    -------
    tuple of PlacedRoadwork
        In the order in which they began. The days of their measures are those on which they held,
        as far as lists told; a site at which nothing was done for a day or more is there twice.

    Raises
    ------
    StorageError
    """
    try:
        with operations.begin() as session:
            rows = measures_between(session, source, first, last)
            newest = last_list_at(session, source)
    except NothingRecorded:
        return ()
    present = [
        site
        for site in _held(network.city, rows, newest)
        if any(one.first_day <= last and one.last_day >= first for one in site.measures)
    ]
    found = segments_of([site.measures for site in present], network)
    placed = [
        PlacedRoadwork(site, site.measures, is_active=True, segments=segments)
        for site, segments in zip(present, found, strict=True)
    ]
    return tuple(sorted(placed, key=lambda one: (one.first_day, one.roadwork.event_id)))


def _rows_of(told: RoadworksList, source: EventSource) -> list[RoadworkMeasure]:
    return [
        RoadworkMeasure(
            id=_id(told, roadwork, measure),
            source=source,
            event_id=roadwork.event_id,
            town=roadwork.town,
            purpose=roadwork.purpose,
            kind=measure.kind,
            comment=measure.comment,
            place=measure.place,
            level=measure.level,
            first_day=measure.first_day,
            last_day=measure.last_day,
            geometry=measure.geometry,
            first_seen_at=told.received_at,
            last_seen_at=told.received_at,
        )
        for roadwork in told.roadworks
        for measure in roadwork.measures
    ]


def _id(told: RoadworksList, roadwork: Roadwork, measure: Measure) -> str:
    content = (told.source, roadwork.event_id, roadwork.town, roadwork.purpose, measure)
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=_ID_BYTES).hexdigest()


def _held(
    city: City, rows: Sequence[RoadworkMeasure], newest: datetime | None
) -> Iterator[Roadwork]:
    """What was done at each site while something was, in turn, with the days of each measure."""
    by_event: dict[str, list[RoadworkMeasure]] = defaultdict(list)
    for row in rows:
        by_event[row.event_id].append(row)
    for event_id, told in by_event.items():
        first_told = min(row.first_seen_at for row in told)
        measures = [_measure(city, row, first_told, newest) for row in told]
        held = [measure for measure in measures if measure.first_day <= measure.last_day]
        for present in _at_a_time(held):
            worst_first = sorted(present, key=lambda one: ROADWORK_LEVELS.index(one.level))
            yield Roadwork(event_id, told[-1].town, told[-1].purpose, tuple(worst_first))


def _measure(
    city: City, row: RoadworkMeasure, first_told: datetime, newest: datetime | None
) -> Measure:
    """A measure with the days on which it held; one that held on none ends before it begins."""
    first_day, last_day = row.first_day, row.last_day
    if row.first_seen_at > first_told:
        first_day = max(first_day, city.local(row.first_seen_at).date())
    if row.last_seen_at != newest:
        last_day = min(last_day, city.local(row.last_seen_at).date())
    return Measure(
        kind=row.kind,
        comment=row.comment,
        place=row.place,
        level=cast("RoadworkLevel", row.level),
        first_day=first_day,
        last_day=last_day,
        geometry=row.geometry,
    )


def _at_a_time(measures: Sequence[Measure]) -> Iterator[list[Measure]]:
    """Those that hold on the same days or follow one another without a day between them."""
    present: list[Measure] = []
    for measure in sorted(measures, key=lambda one: (one.first_day, one.last_day)):
        if present and measure.first_day > max(one.last_day for one in present) + _ONE_DAY:
            yield present
            present = []
        present.append(measure)
    if present:
        yield present
