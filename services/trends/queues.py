"""Queues in space and time on a route, and the bottlenecks that they come back at.

Definition
----------
A cell, a segment during one step of time, is slow where free-flow time ÷ actual time is below
:data:`SLOW_SHARE`. Slow cells that touch, along the road or in time, are one queue. So are slow
cells with little between them: up to :data:`BRIDGED_M` of road at one time, known or not, or up to
:data:`BRIDGED_S` in which a segment was not known; nothing is bridged where the road is closed. A
queue is told where it lasts :data:`MIN_DURATION_S`, is :data:`MIN_LENGTH_M` long at least once and
costs who passes :data:`MIN_WORST_S` at least once: a row of lights is none.

Its head is the downstream end, where the speed recovers: of each step the last segment of the
queue, and of the whole queue the one that it is for the longest time, the furthest of equals.

Lost time is that of one driver who passes: seconds more than in free flow over the queue, of what
is known of it. Over a day or a period it is that of one driver who passes in each step of time, for
how many do is not known (the counts of vehicles that a delay in vehicle-hours needs).

A bottleneck is a place: queues whose heads lie within :data:`SAME_HEAD_M` of each other along a
route, named after the head that lost the most. Routes share segments: queues of the same time that
share half of the cells of the smaller are one, told where it loses the most.

Sources
-------
C. Chen, A. Skabardonis, P. Varaiya, "Systematic identification of freeway bottlenecks",
Transportation Research Record 1867, 2004, as PeMS has it: the speed upstream is below 40 mph of 65
(0.62), recovers downstream, and does so in five of seven periods of five minutes.
A. Lund, M. Pack, C. Plaisant, M. Franz, "Algorithms for identifying and ranking bottlenecks using
probe data", 2016, as RITIS has it: speeds below 60 % of the reference speed, neighbours joined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SLOW_SHARE: Final = 0.60
"""Share of the free-flow speed below which a cell is slow."""
BRIDGED_M: Final = 250.0
BRIDGED_S: Final = 1_800.0
MIN_LENGTH_M: Final = 200.0
MIN_DURATION_S: Final = 1_800.0
SAME_HEAD_M: Final = 400.0
MIN_WORST_S: Final = 30.0
SHARED_CELLS: Final = 0.5


@dataclass(frozen=True, eq=False)
class Route:
    """A way along which queues are looked for.

    Attributes
    ----------
    key : str
        Of its corridor.
    segments : array of int, shape (segments,)
        Which columns of the travel times are its segments, in the order of travel.
    length_m, free_s : array of float, shape (segments,)
    is_ring : bool
        Whether the first segment follows the last.
    """

    key: str
    segments: NDArray[np.int64]
    length_m: NDArray[np.float64]
    free_s: NDArray[np.float64]
    is_ring: bool = False


@dataclass(frozen=True)
class Queue:
    """One queue of one day.

    Attributes
    ----------
    route : str
        Key of the route that it was found on.
    head : int
        Column of the head's segment.
    first_step, last_step : int
        Of the day, both included.
    hours : frozenset of int
        Hours of the day, in the city, at which it stood.
    length_m, mean_length_m : float
        The longest that it was, and the mean over the steps that it stood.
    duration_s : float
    lost_s : float
        Seconds lost by one driver who passes in each step, in all.
    worst_s : float
        The most that one who passes loses.
    reaches_end : bool
        Whether the route ends at the head: the queue may go on beyond.
    """

    route: str
    head: int
    first_step: int
    last_step: int
    hours: frozenset[int]
    length_m: float
    mean_length_m: float
    duration_s: float
    lost_s: float
    worst_s: float
    reaches_end: bool


@dataclass(frozen=True)
class Bottleneck:
    """A place where queues come back.

    Attributes
    ----------
    head : int
        Column of the segment that it is named after.
    queues : tuple of (date, Queue)
        In the order of the days; never empty.
    """

    head: int
    queues: tuple[tuple[date, Queue], ...]

    @property
    def lost_s(self) -> float:
        """Seconds lost by one driver who passes in each step of the period."""
        return sum(queue.lost_s for _, queue in self.queues)

    @property
    def days(self) -> int:
        """On how many days a queue stood there."""
        return len({day for day, _ in self.queues})

    def days_by_hour(self) -> list[int]:
        """On how many days a queue stood there at each hour of the day, in the city."""
        at_hour = {(day, hour) for day, queue in self.queues for hour in queue.hours}
        days = Counter(hour for _, hour in at_hour)
        return [days[hour] for hour in range(24)]


def queues_of_day(
    routes: Sequence[Route],
    travel_s: NDArray[np.floating],
    is_closed: NDArray[np.bool_],
    hours: NDArray[np.integer],
    step_s: float,
) -> list[Queue]:
    """The queues of one day on some routes, each once, the one that lost the most first.

    Parameters
    ----------
    routes : sequence of Route
    travel_s : array of float, shape (steps, columns)
        Seconds that each segment takes, NaN where not known (``zone_ratios.travel_times_s``).
    is_closed : array of bool, shape (steps, columns)
    hours : array of int, shape (steps,)
        Hour of the day, in the city, at which each step begins.
    step_s : float
    """
    regions = [
        region for route in routes for region in _regions(route, travel_s, is_closed, hours, step_s)
    ]
    regions.sort(key=lambda region: -region.queue.lost_s)
    if len(routes) == 1:
        # Those of one route have no cell in common.
        return [region.queue for region in regions]
    kept: list[_Region] = []
    # Which of the kept ones each cell is of, 0 for none.
    owner = np.zeros(travel_s.size, np.int64)
    for region in regions:
        if not _is_told(region, kept, owner):
            kept.append(region)
            owner[region.cells] = len(kept)
    return [region.queue for region in kept]


def bottlenecks_of(
    found: Iterable[tuple[date, Queue]], routes: Sequence[Route]
) -> list[Bottleneck]:
    """Queues put together by where their heads are, the place that lost the most first.

    Parameters
    ----------
    found : iterable of (date, Queue)
        Of :func:`queues_of_day` of each day, in the order of the days.
    routes : sequence of Route
        Those that were looked at.
    """
    by_head: dict[int, list[tuple[date, Queue]]] = {}
    for day, queue in found:
        by_head.setdefault(queue.head, []).append((day, queue))
    lost_s = {head: sum(queue.lost_s for _, queue in of) for head, of in by_head.items()}
    heads = sorted(by_head, key=lambda head: (-lost_s[head], head))
    positions = _Positions(routes, heads)
    bottlenecks: list[Bottleneck] = []
    is_left = np.ones(len(heads), np.bool_)
    for place, centre in enumerate(heads):
        if not is_left[place]:
            continue
        is_near = is_left & positions.near(place)
        is_left &= ~is_near
        queues = sorted(
            (item for near in np.flatnonzero(is_near).tolist() for item in by_head[heads[near]]),
            key=lambda item: (item[0], item[1].first_step),
        )
        bottlenecks.append(Bottleneck(centre, tuple(queues)))
    return sorted(bottlenecks, key=lambda bottleneck: -bottleneck.lost_s)


class _Positions:
    """Where along each route the segments of some heads end."""

    def __init__(self, routes: Sequence[Route], heads: Sequence[int]) -> None:
        self._at_m = np.full((len(routes), len(heads)), np.nan)
        self._around_m = np.full((len(routes), 1), np.inf)
        place_of = {head: place for place, head in enumerate(heads)}
        for at_m, around_m, route in zip(self._at_m, self._around_m, routes, strict=True):
            ends_m = np.cumsum(route.length_m)
            for segment, end_m in zip(route.segments.tolist(), ends_m.tolist(), strict=True):
                if segment in place_of:
                    at_m[place_of[segment]] = end_m
            if route.is_ring:
                around_m[:] = ends_m[-1]

    def near(self, place: int) -> NDArray[np.bool_]:
        """Which heads are near one of them along some route, that one included."""
        apart_m = np.abs(self._at_m - self._at_m[:, [place]])
        # What is not on the route is not near.
        near = np.asarray((np.fmin(apart_m, self._around_m - apart_m) <= SAME_HEAD_M).any(axis=0))
        near[place] = True
        return near


@dataclass(frozen=True, eq=False)
class _Region:
    """A queue with its cells, each as step × columns + column."""

    queue: Queue
    cells: NDArray[np.int64]


def _is_told(region: _Region, kept: Sequence[_Region], owner: NDArray[np.int64]) -> bool:
    """Whether it is the same as one that is kept already."""
    shared = np.bincount(owner[region.cells], minlength=1)
    return any(
        shared[number] >= SHARED_CELLS * min(region.cells.size, kept[number - 1].cells.size)
        for number in (np.flatnonzero(shared[1:]) + 1).tolist()
    )


@dataclass(frozen=True, eq=False)
class _Plane:
    """What happens along one route, steps × segments in the order of travel."""

    route: Route
    travel_s: NDArray[np.floating]
    is_closed: NDArray[np.bool_]
    columns: int
    """Of the table that the route is a part of."""
    hours: NDArray[np.integer]
    """Of the day, in the city, at which each step begins."""
    step_s: float

    @property
    def is_slow(self) -> NDArray[np.bool_]:
        # What is not known compares as False.
        slow: NDArray[np.bool_] = self.route.free_s < SLOW_SHARE * self.travel_s
        return slow & ~self.is_closed

    def opened(self) -> _Plane:
        """A ring that begins where it is slow for the shortest time; another route as it is."""
        route = self.route
        if not route.is_ring:
            return self
        first = -int(self.is_slow.sum(axis=0).argmin())
        rolled = replace(
            route,
            segments=np.roll(route.segments, first),
            length_m=np.roll(route.length_m, first),
            free_s=np.roll(route.free_s, first),
        )
        travel_s, is_closed = (
            np.roll(cells, first, axis=1) for cells in (self.travel_s, self.is_closed)
        )
        return replace(self, route=rolled, travel_s=travel_s, is_closed=is_closed)


def _regions(
    route: Route,
    travel_s: NDArray[np.floating],
    is_closed: NDArray[np.bool_],
    hours: NDArray[np.integer],
    step_s: float,
) -> list[_Region]:
    """All queues of one route that last and are long enough."""
    of_route = travel_s[:, route.segments], is_closed[:, route.segments]
    plane = _Plane(route, *of_route, travel_s.shape[1], hours, step_s).opened()
    is_told = ~np.isnan(plane.travel_s) | plane.is_closed
    is_queue = _bridged_in_time(plane.is_slow, is_told, step_s)
    is_queue = _bridged_in_space(is_queue, plane.is_closed, plane.route.length_m)
    labels, count = ndimage.label(is_queue)
    metres, seconds = _by_step(plane, labels, count)
    is_enough = (metres.max(axis=1) >= MIN_LENGTH_M) & (seconds.max(axis=1) >= MIN_WORST_S)
    return [
        _region(plane, labels[box] == label, box, metres[label, box[0]], seconds[label, box[0]])
        for label, box in enumerate(ndimage.find_objects(labels), start=1)
        if is_enough[label] and (box[0].stop - box[0].start) * step_s >= MIN_DURATION_S
    ]


def _by_step(plane: _Plane, labels: NDArray[np.integer], count: int) -> list[NDArray[np.float64]]:
    """How long each queue is at each step, and what is lost in it, shape (1 + queues, steps).

    All of them at once: there are thousands in a year.
    """
    step, along = np.nonzero(labels)
    cell, shape = labels[step, along] * len(labels) + step, (count + 1, len(labels))
    # What is not known delays nobody.
    delay_s = np.fmax(plane.travel_s[step, along] - plane.route.free_s[along], 0.0)
    return [
        np.asarray(np.bincount(cell, amounts, shape[0] * shape[1]).reshape(shape), np.float64)
        for amounts in (plane.route.length_m[along], delay_s)
    ]


def _region(
    plane: _Plane,
    inside: NDArray[np.bool_],
    box: tuple[slice, slice],
    by_step_m: NDArray[np.float64],
    by_step_s: NDArray[np.float64],
) -> _Region:
    """A queue by which cells of a box it has."""
    route, (steps, along) = plane.route, box
    # Of a few numbers Python is quicker.
    metres, seconds = by_step_m.tolist(), by_step_s.tolist()
    head = along.start + _head(inside)
    at_step, at_segment = np.nonzero(inside)
    queue = Queue(
        route=route.key,
        head=int(route.segments[head]),
        first_step=steps.start,
        last_step=steps.stop - 1,
        hours=frozenset(plane.hours[steps].tolist()),
        length_m=max(metres),
        mean_length_m=sum(metres) / len(metres),
        duration_s=len(metres) * plane.step_s,
        lost_s=sum(seconds),
        worst_s=max(seconds),
        reaches_end=not route.is_ring and head == len(route.segments) - 1,
    )
    columns = route.segments[along]
    return _Region(queue, (steps.start + at_step) * plane.columns + columns[at_segment])


def _head(inside: NDArray[np.bool_]) -> int:
    """Which segment is the last one of the queue for the most steps, the furthest of equals."""
    last = int(inside.shape[1]) - 1
    steps = np.bincount(last - inside[:, ::-1].argmax(axis=1), minlength=last + 1)
    return last - int(steps[::-1].argmax())


def _bridged_in_time(
    is_slow: NDArray[np.bool_], is_told: NDArray[np.bool_], step_s: float
) -> NDArray[np.bool_]:
    """Slow, and what is not known for a short time between."""
    before, after = _neighbours(is_slow)
    between = _sum_between(is_told.astype(np.float64), before, after)
    is_short = (after - before - 1) * step_s <= BRIDGED_S
    is_between = (before >= 0) & (after < len(is_slow)) & is_short & (between == 0)
    found: NDArray[np.bool_] = is_slow | is_between
    return found


def _bridged_in_space(
    is_slow: NDArray[np.bool_], is_closed: NDArray[np.bool_], length_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Slow, and what is a short way between, where the road is open."""
    slow, closed = is_slow.T, is_closed.T.astype(np.float64)
    before, after = _neighbours(slow)
    metres = np.broadcast_to(length_m[:, np.newaxis], slow.shape)
    is_short = _sum_between(metres, before, after) <= BRIDGED_M
    is_open = _sum_between(closed, before, after) == 0
    found: NDArray[np.bool_] = (slow | ((before >= 0) & (after < len(slow)) & is_short & is_open)).T
    return found


def _neighbours(is_slow: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Along the first axis, the last slow place up to each (or -1), and the next from it."""
    places = np.arange(len(is_slow))[:, np.newaxis]
    before = np.maximum.accumulate(np.where(is_slow, places, -1), axis=0)
    after = np.where(is_slow, places, len(is_slow))[::-1]
    return before, np.minimum.accumulate(after, axis=0)[::-1]


def _sum_between(
    amounts: NDArray[np.float64], before: NDArray[np.int64], after: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The sum along the first axis over what lies strictly between two places."""
    sums = np.concatenate([np.zeros((1, amounts.shape[1])), np.cumsum(amounts, axis=0)])
    columns = np.arange(amounts.shape[1])
    found: NDArray[np.float64] = sums[after, columns] - sums[before + 1, columns]
    return found
