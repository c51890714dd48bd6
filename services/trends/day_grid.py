"""One day of one place, by time and segment: what every index and view is computed of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.statuses import DATEX_NAMES
from services.traffic.corridor_times import MIN_KNOWN_SHARE as MIN_KNOWN_OF_ROUTE
from services.traffic.corridor_times import route_time_s
from services.traffic.status import Status
from services.traffic.zone_ratios import MIN_KNOWN_SHARE as MIN_KNOWN_OF_AREA
from services.trends.places import Place

STANDSTILL_KMH: Final = 1.0
_MS_TO_KMH: Final = 3.6
_METRES_PER_KM: Final = 1_000.0


@dataclass(frozen=True, eq=False)
class DayGrid:
    """A day in the city at a place; arrays have shape (times, segments).

    Attributes
    ----------
    place : Place
    day : date
    start : datetime
        Its midnight, aware, UTC.
    step_s : int
        Seconds from a time to the next; there are 23 to 25 hours of them.
    speed_kmh : array of float32
        Space-mean, at most the limit; NaN where unknown or closed.
    known, heavy, congested, closed : array of uint8
        How many observations had a speed, and how many were that.
    snapshots : array of int, shape (times,)
        How many observation times there were.
    """

    place: Place
    day: date
    start: datetime
    step_s: int
    speed_kmh: NDArray[np.float32]
    known: NDArray[np.uint8]
    heavy: NDArray[np.uint8]
    congested: NDArray[np.uint8]
    closed: NDArray[np.uint8]
    snapshots: NDArray[np.int64]

    @property
    def is_observed(self) -> bool:
        """Whether anything of the day was kept."""
        return bool(self.snapshots.any())

    @cached_property
    def epoch_s(self) -> NDArray[np.int64]:
        """When each time begins, seconds since 1970 UTC, shape (times,)."""
        return int(self.start.timestamp()) + self.step_s * np.arange(len(self.snapshots))

    @cached_property
    def local_hours(self) -> NDArray[np.float64]:
        """The same as hours of the city's clock, 0 to 24, shape (times,)."""
        city, zero = self.place.network.city, self.start
        moments = (datetime.fromtimestamp(second, zero.tzinfo) for second in self.epoch_s.tolist())
        local = [city.local(moment) for moment in moments]
        return np.array([one.hour + one.minute / 60 + one.second / 3600 for one in local])

    @property
    def clock(self) -> list[str]:
        """What the city's clock shows at each time, such as 08:15."""
        minutes = np.rint(self.local_hours * 60).astype(np.int64).tolist()
        return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes]

    @cached_property
    def times_s(self) -> NDArray[np.float64]:
        """Seconds to drive each segment, NaN where not known."""
        moving_kmh = np.maximum(self.speed_kmh, STANDSTILL_KMH)
        return np.asarray(self.place.length_m * _MS_TO_KMH / moving_kmh, np.float64)

    @cached_property
    def is_known(self) -> NDArray[np.bool_]:
        """Whether the speed is known."""
        return np.asarray(~np.isnan(self.speed_kmh))

    @cached_property
    def known_share(self) -> NDArray[np.float64]:
        """Share of the place's length whose speed is known, 0 to 1, shape (times,)."""
        return np.asarray(self.is_known @ self.place.length_m / self.place.length_m.sum())

    @cached_property
    def is_told(self) -> NDArray[np.bool_]:
        """Whether enough is known to tell anything of the whole place, shape (times,)."""
        if self.place.is_route:
            return (self.known_share >= MIN_KNOWN_OF_ROUTE) & ~self.is_closed
        known = self.is_known.sum(axis=1)
        return np.asarray(known >= np.maximum(1, MIN_KNOWN_OF_AREA * self.speed_kmh.shape[1]))

    @property
    def closed_cells(self) -> NDArray[np.bool_]:
        """Where a segment was closed and at no moment of the step measured."""
        return np.asarray((self.closed > 0) & np.isnan(self.speed_kmh))

    @cached_property
    def is_closed(self) -> NDArray[np.bool_]:
        """Whether a segment was closed, shape (times,)."""
        return np.asarray((self.closed > 0).any(axis=1))

    @cached_property
    def index(self) -> NDArray[np.float64]:
        """Travel time index: actual ÷ free-flow time of what is known, at least 1; NaN untold."""
        has_free = ~np.isnan(self.place.free_s)
        actual_s = np.where(self.is_known & has_free, self.times_s, 0.0).sum(axis=1)
        free_s = self.is_known @ np.where(has_free, self.place.free_s, 0.0)
        is_told = self.is_told & (free_s > 0)
        ratio = np.divide(actual_s, free_s, out=np.full(len(actual_s), np.nan), where=is_told)
        return np.asarray(np.fmax(ratio, np.where(is_told, 1.0, np.nan)))

    @property
    def congestion(self) -> NDArray[np.float64]:
        """Congestion level (``services.traffic.indicators``), shape (times,)."""
        return self.index - 1.0

    @property
    def travel_s(self) -> NDArray[np.float64]:
        """Seconds to drive the whole place at each time, shape (times,); NaN where untold."""
        return np.where(self.is_told, route_time_s(self.times_s, self.place.free_s), np.nan)

    @property
    def place_kmh(self) -> NDArray[np.float64]:
        """Space-mean speed of the place, km/h, shape (times,)."""
        told = np.where(self.is_told, np.where(np.isnan(self.times_s), 0.0, self.times_s).sum(1), 0)
        metres = self.known_share * self.place.length_m.sum()
        kmh = np.full(len(told), np.nan)
        return np.asarray(np.divide(metres * _MS_TO_KMH, told, out=kmh, where=told > 0))

    @cached_property
    def observed(self) -> NDArray[np.int64]:
        """At least how many observations each segment had, shape (times, 1)."""
        return np.maximum(self.snapshots, 1)[:, np.newaxis]

    @property
    def jam_km(self) -> NDArray[np.float64]:
        """Kilometres of jam, the mean of each step, shape (times,); NaN where nothing was kept."""
        km = (self.congested / self.observed * self.place.length_m).sum(axis=1) / _METRES_PER_KM
        return np.where(self.snapshots > 0, km, np.nan)

    def status_shares(self) -> dict[str, NDArray[np.float64]]:
        """Share of the length in each status by DATEX name, shape (times,); they sum to 1."""
        counts = {
            Status.HEAVY: self.heavy.astype(np.float64),
            Status.CONGESTED: self.congested.astype(np.float64),
            Status.IMPOSSIBLE: self.closed.astype(np.float64),
        }
        counts[Status.FREE_FLOW] = np.maximum(
            self.known - counts[Status.HEAVY] - counts[Status.CONGESTED], 0.0
        )
        told = sum(counts.values(), np.zeros(self.known.shape))
        counts[Status.UNKNOWN] = np.maximum(self.observed - told, 0.0)
        total = np.maximum(told + counts[Status.UNKNOWN], 1.0)
        length_m = self.place.length_m
        return {
            DATEX_NAMES[status]: (amount / total * length_m).sum(axis=1) / length_m.sum()
            for status, amount in sorted(counts.items())
        }
