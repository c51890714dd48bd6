"""What happened at a place in a period: what figures of the archive are marked with.

Unusual events, roadworks and changes of model are on record in the operations database; holidays
are the city's; days without data, and those whose data cannot be read, are the archive's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from services.base.errors import StorageError
from services.base.files import ASIDE_SUFFIX
from services.city.day_types import DayType, day_type
from services.history import layout
from services.observe.event_keeper import place_of
from services.operations.database import NothingRecorded, Operations
from services.operations.decisions import champion_changes
from services.operations.events import events_between
from services.operations.tables import EventSource
from services.plain.roadworks import ROADWORK_LEVELS, RoadworkLevel
from services.plain.trends.marks import MARK_KINDS, Mark, MarkKind
from services.traffic.past_roadworks import roadworks_between
from services.traffic.stretch_wording import stretch_parts
from services.trends.archive import Archive
from services.trends.places import Place

log = logging.getLogger(__name__)

MOST_EVENTS: Final = 500
"""Of a place and period: those that cost the most. A network has some tens a day, and no figure
shows thousands."""
MOST_ROADWORKS: Final = 200
_WITHOUT_EFFECT: Final[RoadworkLevel] = "none"
_NOON: Final = time(12)
_ONE_DAY: Final = timedelta(days=1)


def marks(
    archive: Archive, operations: Operations, place: Place, first: date, last: date
) -> tuple[Mark, ...]:
    """What happened at a place on some local days, both included.

    What is on record in a database that cannot be read is left out, with a line in the journal:
    a figure without marks is still a figure.

    Returns
    -------
    tuple of Mark
        In the order of their start; all of an event or a roadwork that reaches beyond the period.
    """
    days = [first + number * _ONE_DAY for number in range((last - first).days + 1)]
    found = [
        *_on_record(lambda: _events(archive, operations, place, first, last)),
        *_on_record(lambda: _roadworks(archive, operations, place, first, last)),
        *_on_record(lambda: _models(archive, operations, first, last)),
        *_holidays(archive, days),
        *_lacking(archive, days),
    ]
    return tuple(sorted(found, key=lambda mark: (mark.start, MARK_KINDS.index(mark.kind))))


def _on_record(read: Callable[[], list[Mark]]) -> list[Mark]:
    try:
        return read()
    except NothingRecorded:
        return []
    except StorageError as error:
        log.error("figures lack marks: %s", error)
        return []


def _events(
    archive: Archive, operations: Operations, place: Place, first: date, last: date
) -> list[Mark]:
    start, end = _span(archive, first, last)
    source = _source(archive)
    with operations.begin() as session:
        rows = events_between(session, source, start, end)
    at_place = set(place.segments.tolist())
    found = []
    for row in rows:
        stretch = place_of(row, archive.network)
        segments = tuple(segment for segment in stretch.segments if segment in at_place)
        if segments:
            found.append(
                Mark(
                    "event",
                    row.started_at,
                    row.ended_at or row.seen_at,
                    what=row.cause,
                    where=tuple(stretch_parts(stretch)),
                    delay_s=row.max_delay_s,
                    segments=segments,
                    lasts=row.ended_at is None,
                    key=row.id,
                )
            )
    return sorted(found, key=lambda mark: -(mark.delay_s or 0.0))[:MOST_EVENTS]


def _roadworks(
    archive: Archive, operations: Operations, place: Place, first: date, last: date
) -> list[Mark]:
    """Those on the place, the worst ones of many; none that is said to have no effect."""
    at_place = set(place.segments.tolist())
    found = roadworks_between(operations, archive.network, _source(archive), first, last)
    there = [
        (one, segments)
        for one in found
        if one.level != _WITHOUT_EFFECT
        and (segments := tuple(segment for segment in one.segments if segment in at_place))
    ]
    there.sort(key=lambda pair: ROADWORK_LEVELS.index(pair[0].level))
    return [
        Mark(
            "roadwork",
            *_span(archive, one.first_day, one.last_day),
            what=one.place,
            detail=one.level,
            segments=segments,
            lasts=one.last_day >= archive.today,
            key=one.roadwork.event_id,
        )
        for one, segments in there[:MOST_ROADWORKS]
    ]


def _models(archive: Archive, operations: Operations, first: date, last: date) -> list[Mark]:
    start, end = _span(archive, first, last)
    with operations.begin() as session:
        decided = champion_changes(session, start, end)
    return [
        Mark("model", one.decided_at, one.decided_at, what=one.version or "", detail=one.kind)
        for one in decided
    ]


def _holidays(archive: Archive, days: Sequence[date]) -> Iterator[Mark]:
    kinds = {day: day_type(archive.city, day) for day in days}
    public = [day for day in days if kinds[day] is DayType.PUBLIC_HOLIDAY]
    for first, last in _runs(public):
        yield Mark("public_holiday", *_span(archive, first, last))
    # Schools are closed at the weekend as well: what lies between two days of holidays is of them.
    off = [day for day in days if kinds[day] is not DayType.WORKING_DAY]
    for first, last in _runs(off):
        school = [
            day
            for day, kind in kinds.items()
            if first <= day <= last and kind is DayType.SCHOOL_HOLIDAY
        ]
        if school:
            yield Mark("school_holiday", *_span(archive, school[0], school[-1]))


def _lacking(archive: Archive, days: Sequence[date]) -> Iterator[Mark]:
    """Days that are over, of the time that is kept, without data or with such that are damaged."""
    kept = layout.days(archive.data_dir, archive.source)
    over = [day for day in days if kept and kept[0] <= day < archive.today]
    why = {day: _why_lacking(archive, day) for day in over}
    for kind in ("no_data", "damaged"):
        for first, last in _runs([day for day in over if why[day] == kind]):
            yield Mark(kind, *_span(archive, first, last))


def _why_lacking(archive: Archive, day: date) -> MarkKind | None:
    """Judged by the UTC day that has the noon of it."""
    noon = datetime.combine(day, _NOON, tzinfo=archive.city.time_zone).astimezone(UTC).date()
    partition = layout.partition(archive.data_dir, archive.source, noon)
    if noon in archive.unread:
        return "damaged"
    if layout.quarters_file(archive.data_dir, archive.source, noon).exists():
        return None
    if next(partition.glob("*.parquet"), None) is not None:
        return None
    return "damaged" if any(partition.glob(f"*{ASIDE_SUFFIX}*")) else "no_data"


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """The first and the last day of each run of days that follow one another."""
    numbered = enumerate(day.toordinal() for day in days)
    for _, run in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        ordinals = [ordinal for _, ordinal in run]
        yield date.fromordinal(ordinals[0]), date.fromordinal(ordinals[-1])


def _span(archive: Archive, first: date, last: date) -> tuple[datetime, datetime]:
    """From the beginning of a local day to the end of another."""
    return archive.city.midnight(first), archive.city.midnight(last + _ONE_DAY)


def _source(archive: Archive) -> EventSource:
    return "demo" if archive.source == "demo" else "live"
