"""The congestion scan of a route: a day at the feed's own times, or the mean day of a period.

A snapshot holds until the next one, for :data:`HELD_S` at most: a feed is not punctual to the
second. The mean day is the space-mean speed (harmonic mean) by quarters of the city's clock, of
quarters that were seen on at least :data:`MIN_SEEN_SHARE` of the days that were kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from services.plain.roadworks import RoadworkLevel
from services.plain.trends.common import Period
from services.plain.trends.marks import Mark
from services.plain.trends.scan import Outline, ScanAnswer, ScannedQueue, ScanQuery
from services.trends.along import ends_m, passed_places, queue_route, route_place
from services.trends.archive import Archive, Report
from services.trends.day_grid import STANDSTILL_KMH, DayGrid
from services.trends.marks import marks
from services.trends.periods import days_of
from services.trends.places import Place
from services.trends.queues import queues_of_day

HELD_S: Final = 900
MIN_SEEN_SHARE: Final = 0.2
MOST_OUTLINES: Final = 40
_QUARTER_S: Final = 900
_QUARTERS: Final = 96
_MS_TO_KMH: Final = 3.6


@dataclass(frozen=True, eq=False)
class _Field:
    """A diagram; arrays have shape (times, segments)."""

    start: datetime | None
    step_s: int
    local_hours: NDArray[np.float64]
    speed_kmh: NDArray[np.floating]
    is_closed: NDArray[np.bool_]
    days: int
    asked: int

    @property
    def span_s(self) -> int:
        return len(self.local_hours) * self.step_s


def answer_scan(archive: Archive, query: ScanQuery, report: Report) -> ScanAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    place = route_place(archive, query.place)
    if query.period is None:
        field = _day(archive, place, query.day, report)
    else:
        field = _mean_day(archive, place, query.period, report)
    at_m = ends_m(place)
    return ScanAnswer(
        start=field.start,
        step_s=field.step_s,
        local_hours=np.round(field.local_hours, 4).tolist(),
        segments=place.segments.tolist(),
        segment_ids=place.segment_ids,
        network_version=place.network.version,
        ends_m=np.round(at_m, 1).tolist(),
        free_kmh=_told(place.length_m / place.free_s * _MS_TO_KMH, 1),
        speed_kmh=[_whole(speeds) for speeds in field.speed_kmh.T],
        closed=[(int(segment), int(time)) for time, segment in np.argwhere(field.is_closed)],
        places=passed_places(place),
        outlines=_outlines(archive, place, query, field),
        queues=_queues(place, field, at_m),
        days=field.days,
        asked=field.asked,
    )


def _day(archive: Archive, place: Place, day: date, report: Report) -> _Field:
    report(0, 1)
    grid = archive.fine(place, day)
    report(1, 1)
    held = _held(grid.snapshots, grid.step_s)
    speed_kmh = np.where(held[:, np.newaxis] >= 0, grid.speed_kmh[held], np.nan)
    is_closed = (held[:, np.newaxis] >= 0) & grid.closed_cells[held]
    return _Field(
        start=grid.start,
        step_s=grid.step_s,
        local_hours=grid.local_hours,
        speed_kmh=speed_kmh,
        is_closed=is_closed,
        days=int(grid.is_observed),
        asked=1,
    )


def _held(snapshots: NDArray[np.int64], step_s: int) -> NDArray[np.int64]:
    """Which time stands for each: the last with a snapshot, -1 where that is too long ago."""
    times = np.arange(len(snapshots))
    last = np.maximum.accumulate(np.where(snapshots > 0, times, -1))
    return np.where((times - last) * step_s <= HELD_S, last, -1)


def _mean_day(archive: Archive, place: Place, period: Period, report: Report) -> _Field:
    days = days_of(archive.city, period, archive.today)
    shape = (_QUARTERS, len(place.segments))
    slowness, seen, closed = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    observed = 0
    for grid in archive.days(place, days, report):
        if not grid.is_observed:
            continue
        observed += 1
        clock = _clock_quarters(grid)
        is_known = ~np.isnan(grid.speed_kmh)
        np.add.at(slowness, clock, np.where(is_known, 1.0 / grid.speed_kmh, 0.0))
        np.add.at(seen, clock, is_known)
        np.add.at(closed, clock, grid.closed_cells)
    is_told = seen >= max(1.0, MIN_SEEN_SHARE * observed)
    return _Field(
        start=None,
        step_s=_QUARTER_S,
        local_hours=np.arange(_QUARTERS) / 4,
        speed_kmh=np.divide(seen, slowness, out=np.full(shape, np.nan), where=is_told),
        # Closed on most of the days on which anything was told of it.
        is_closed=(closed > seen) & ~is_told,
        days=observed,
        asked=len(days),
    )


def _clock_quarters(grid: DayGrid) -> NDArray[np.int64]:
    return np.floor(grid.local_hours * 4 + 1e-6).astype(np.int64)


def _queues(place: Place, field: _Field, at_m: NDArray[np.float64]) -> list[ScannedQueue]:
    travel_s = place.length_m * _MS_TO_KMH / np.maximum(field.speed_kmh, STANDSTILL_KMH)
    found = queues_of_day(
        [queue_route(place)],
        travel_s,
        field.is_closed,
        field.local_hours.astype(np.int64),
        field.step_s,
    )
    return [
        ScannedQueue(
            head_m=round(float(at_m[queue.head]), 1),
            length_m=round(queue.length_m, 1),
            from_s=queue.first_step * field.step_s,
            to_s=(queue.last_step + 1) * field.step_s,
            worst_s=round(queue.worst_s, 1),
        )
        for queue in found
    ]


def _outlines(archive: Archive, place: Place, query: ScanQuery, field: _Field) -> list[Outline]:
    """Roadworks and events; of a mean day the roadworks alone, for events are of one day."""
    if archive.operations is None:
        return []
    first, last = query.days() or (query.day, query.day)
    found = [
        outline
        for mark in marks(archive, archive.operations, place, first, last)
        if mark.kind == "roadwork" or (mark.kind == "event" and field.start is not None)
        for outline in _outlines_of(mark, place, field)
    ]
    return found[:MOST_OUTLINES]


def _outlines_of(mark: Mark, place: Place, field: _Field) -> Iterator[Outline]:
    from_s, to_s = 0, field.span_s
    if field.start is not None:
        from_s = max(0, math.floor((mark.start - field.start).total_seconds()))
        to_s = min(field.span_s, math.ceil((mark.end - field.start).total_seconds()))
    at_m = [0.0, *ends_m(place).tolist()]
    on_it = [count for count, one in enumerate(place.segments.tolist()) if one in mark.segments]
    if from_s >= to_s:
        return
    for _, run in groupby(enumerate(on_it), key=lambda pair: pair[1] - pair[0]):
        along = [count for _, count in run]
        yield Outline(
            kind="event" if mark.kind == "event" else "roadwork",
            from_m=round(at_m[along[0]], 1),
            to_m=round(at_m[along[-1] + 1], 1),
            from_s=from_s,
            to_s=to_s,
            what=mark.what,
            level=cast("RoadworkLevel", mark.detail) if mark.kind == "roadwork" else None,
            delay_s=mark.delay_s,
        )


def _whole(values: NDArray[np.floating]) -> list[int | None]:
    return [None if math.isnan(value) else round(value) for value in values.tolist()]


def _told(values: NDArray[np.floating], decimals: int) -> list[float | None]:
    return [None if math.isnan(value) else round(value, decimals) for value in values.tolist()]
