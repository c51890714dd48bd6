"""The bottlenecks of a period along all corridors, or along one (:mod:`services.trends.queues`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import InvalidRequest
from services.plain.trends.bottlenecks import (
    MOST_BOTTLENECKS,
    BottleneckRow,
    BottlenecksAnswer,
    BottlenecksQuery,
    QueueDay,
)
from services.traffic.stretch_wording import stretch_parts
from services.trends.along import is_ring, queue_route
from services.trends.archive import Archive, Report
from services.trends.day_grid import DayGrid
from services.trends.periods import days_of
from services.trends.places import WHOLE, Place, keys_of
from services.trends.queues import Bottleneck, Queue, Route, bottlenecks_of, queues_of_day

_QUARTERS_PER_HOUR: Final = 4
_HOURS: Final = 24


def answer_bottlenecks(
    archive: Archive, query: BottlenecksQuery, report: Report
) -> BottlenecksAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    place, routes = _where(archive, query.place)
    days = days_of(archive.city, query.period, archive.today)
    found: list[tuple[date, Queue]] = []
    clocks: dict[date, NDArray[np.float64]] = {}
    by_hour = np.zeros(_HOURS, np.int64)
    for grid in archive.days(place, days, report):
        if not grid.is_observed:
            continue
        clocks[grid.day] = grid.local_hours
        by_hour[np.unique(grid.local_hours[grid.snapshots > 0].astype(np.int64))] += 1
        found.extend((grid.day, queue) for queue in _queues(grid, routes))
    bottlenecks = bottlenecks_of(found, routes)
    return BottlenecksAnswer(
        rows=[_row(place, one, clocks) for one in bottlenecks[:MOST_BOTTLENECKS]],
        found=len(bottlenecks),
        days=len(clocks),
        days_by_hour=by_hour.tolist(),
        asked=len(days),
        corridors=len(routes),
        network_version=archive.network.version,
    )


def _where(archive: Archive, key: str) -> tuple[Place, list[Route]]:
    """What is to be read, and the routes in it."""
    place = archive.place(key)
    if place.kind in ("corridor", "troncon"):
        return place, [queue_route(place)]
    if key != WHOLE:
        raise InvalidRequest("lieu", key, "all corridors, one of them or a stretch")
    corridors = [archive.place(one) for one in keys_of(archive.network)["corridor"]]
    return place, [
        Route(one.key, one.segments, one.length_m, one.free_s, is_ring=is_ring(one))
        for one in corridors
    ]


def _queues(grid: DayGrid, routes: Sequence[Route]) -> list[Queue]:
    hours = grid.local_hours.astype(np.int64)
    return queues_of_day(routes, grid.times_s, grid.closed_cells, hours, grid.step_s)


def _row(
    place: Place, bottleneck: Bottleneck, clocks: dict[date, NDArray[np.float64]]
) -> BottleneckRow:
    network = place.network
    segment = int(place.segments[bottleneck.head])
    queues = [queue for _, queue in bottleneck.queues]
    worst = max(queues, key=lambda queue: queue.lost_s)
    return BottleneckRow(
        head=network.segment_ids[segment],
        segment=segment,
        corridor=worst.route,
        where=stretch_parts(network.stretches[network.stretch_codes[segment]]),
        queues=len(queues),
        days_by_hour=bottleneck.days_by_hour(),
        longest_m=round(max(queue.length_m for queue in queues)),
        mean_length_m=round(float(np.mean([queue.mean_length_m for queue in queues]))),
        mean_duration_s=round(float(np.mean([queue.duration_s for queue in queues]))),
        lost_s=round(bottleneck.lost_s, 1),
        reaches_end=worst.reaches_end,
        history=[
            _day(day, [queue for _, queue in of_day], clocks[day])
            for day, of_day in groupby(bottleneck.queues, key=lambda item: item[0])
        ],
    )


def _day(day: date, queues: Sequence[Queue], clock: NDArray[np.float64]) -> QueueDay:
    first = min(queue.first_step for queue in queues)
    last = max(queue.last_step for queue in queues)
    return QueueDay(
        day=day,
        from_hour=float(clock[first]),
        to_hour=float(clock[last]) + 1 / _QUARTERS_PER_HOUR,
        length_m=round(max(queue.length_m for queue in queues)),
        lost_s=round(sum(queue.lost_s for queue in queues), 1),
        worst_s=round(max(queue.worst_s for queue in queues), 1),
    )
