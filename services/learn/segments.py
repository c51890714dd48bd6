"""What was observed on each segment, and what was usual there before: what weeks are evaluated by.

A matrix of small numbers for each of the few days that an evaluated hour needs, and the
roll-up of the segments for what was usual: no day of history is read for the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.history.averages import mean_of, smoothed_shares
from services.history.cube_files import CubeColumns, read_columns
from services.history.hour_of_week import HOURS_PER_DAY
from services.history.ratio_histogram import PERMILLE
from services.history.rollups import SEGMENTS, path_of
from services.history.window import replay
from services.learn.observations import PERSISTENCE_AGE_SECONDS, SECONDS_PER_HOUR
from services.plain.statuses import DATEX_NAMES
from services.traffic.network import Network, places_of
from services.traffic.snapshot import Source
from services.traffic.status import SPEED_STATUSES

_STATUS_COLUMNS: Final = tuple(DATEX_NAMES[status] for status in SPEED_STATUSES)
_SUM_COLUMNS: Final = (*_STATUS_COLUMNS, "known", "ratio_permille")
# The evaluated day, the one before it, and the same weekday one and two weeks later.
_KEPT_DAYS: Final = 4
_DAYS_PER_WEEK: Final = 7


@dataclass(frozen=True)
class SegmentTimes:
    """Every segment at some times; arrays of shape (times, segments).

    Attributes
    ----------
    status : array of int
        0 for free to 2 for blocked; -1 where unknown or closed.
    ratio : array of float
        Speed ÷ limit; NaN likewise.
    """

    status: NDArray[np.int64]
    ratio: NDArray[np.float64]


@dataclass(frozen=True)
class _Day:
    epoch_s: NDArray[np.int64]
    status: NDArray[np.uint8]
    # Whole km/h as the feed gives them, 0 where unknown.
    speed_kmh: NDArray[np.uint8]


class ObservedSegments:
    """The segments of a history on one network, hour by hour.

    Parameters
    ----------
    network : Network
        Whose order the arrays follow.
    """

    def __init__(self, data_dir: Path, source: Source, network: Network) -> None:
        self.network = network
        # Of functions and not of methods: see ``week_tables``.
        of_this = data_dir, source, network
        self._day = lru_cache(maxsize=_KEPT_DAYS)(partial(_read_day, *of_this))
        self._usual_of_weekday = lru_cache(maxsize=_DAYS_PER_WEEK)(partial(_read_usual, *of_this))

    def times_within(self, hour: datetime, at_most: int) -> NDArray[np.int64]:
        """Some of the times observed within the hour that begins then, evenly spread.

        Raises
        ------
        StorageError
        """
        start = int(hour.timestamp())
        epoch_s = self._day(self.network.city.local(hour).date()).epoch_s
        bounds = np.searchsorted(epoch_s, [start, start + SECONDS_PER_HOUR])
        found = epoch_s[slice(*bounds.tolist())]
        if len(found) <= at_most:
            return found
        return found[np.arange(at_most) * len(found) // at_most]

    def at(self, epoch_s: NDArray[np.int64], day: date) -> SegmentTimes:
        """Every segment as last observed at or before some times of a local day.

        What is older than persistence may be is unknown.

        Raises
        ------
        StorageError
        """
        observed = self._day(day)
        place = np.searchsorted(observed.epoch_s, epoch_s, side="right") - 1
        is_fresh = place >= 0
        is_fresh[is_fresh] = (
            epoch_s[is_fresh] - observed.epoch_s[place[is_fresh]] <= PERSISTENCE_AGE_SECONDS
        )
        shape = (len(epoch_s), len(self.network))
        status, ratio = np.full(shape, -1, np.int64), np.full(shape, np.nan)
        if is_fresh.any():
            chosen = place[is_fresh]
            status[is_fresh], ratio[is_fresh] = _statuses_and_ratios(
                observed.status[chosen], observed.speed_kmh[chosen], self.network.speed_limit_kmh
            )
        return SegmentTimes(status, ratio)

    def usual_before(self, hour: datetime) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What was usual at an hour of the week, without that hour itself and all after it.

        Returns
        -------
        shares : array, shape (segments, statuses)
            NaN where a segment was never seen at that hour of the week before.
        ratio : array, shape (segments,)

        Raises
        ------
        StorageError
        """
        local = self.network.city.local(hour)
        found = self._usual_of_weekday(local.weekday())
        statuses = found.statuses[local.hour].copy()
        known, permille = found.known[local.hour].copy(), found.permille[local.hour].copy()
        for start in _weekly_from(self.network.city, hour, found.last_day):
            if start.date().isoformat() not in found.days:
                continue
            seen = self._hour(start)
            is_known = seen.status >= 0
            for place in range(len(SPEED_STATUSES)):
                statuses[:, place] -= (seen.status == place).sum(axis=0)
            known -= is_known.sum(axis=0)
            permille -= np.where(is_known, PERMILLE * seen.ratio // 1, 0.0).sum(axis=0)
        # Should a day have changed since it was rolled up, nothing is seen less than never.
        statuses = np.maximum(statuses, 0)
        shares = smoothed_shares(statuses)
        shares[statuses.sum(axis=1) == 0] = np.nan
        return shares, np.maximum(mean_of(permille, PERMILLE * known), 0.0)

    def _hour(self, start: datetime) -> SegmentTimes:
        """Every time observed within an hour."""
        day = self.network.city.local(start).date()
        observed = self._day(day)
        first = int(start.timestamp())
        inside = (observed.epoch_s >= first) & (observed.epoch_s < first + SECONDS_PER_HOUR)
        return self.at(observed.epoch_s[inside], day)


@dataclass(frozen=True)
class _Usual:
    """Sums of one weekday over all days rolled up, by local hour and segment."""

    days: frozenset[str]
    statuses: NDArray[np.int64]
    known: NDArray[np.int64]
    permille: NDArray[np.float64]

    @property
    def last_day(self) -> date | None:
        """The last day (UTC) in the sums."""
        return date.fromisoformat(max(self.days)) if self.days else None


def _read_day(data_dir: Path, source: Source, network: Network, day: date) -> _Day:
    window = replay(data_dir, source, day, network, values=("status", "speed_kmh"))
    speed = np.nan_to_num(window.values["speed_kmh"]).astype(np.uint8)
    return _Day(window.epoch_s, window.values["status"], speed)


def _read_usual(data_dir: Path, source: Source, network: Network, weekday: int) -> _Usual:
    found = read_columns(path_of(data_dir, source, SEGMENTS), _SUM_COLUMNS, [weekday])
    return _usual_on(found or CubeColumns([], {}, {}), network)


def _usual_on(found: CubeColumns, network: Network) -> _Usual:
    shape = (HOURS_PER_DAY, len(network))
    sums = {name: np.zeros(shape, np.int64) for name in _SUM_COLUMNS}
    places = places_of(network.segment_ids, found.keys)
    is_there = places >= 0
    if is_there.any():
        for name in _SUM_COLUMNS:
            sums[name][:, is_there] = found.columns[name][:, places[is_there]]
    return _Usual(
        days=frozenset(found.days),
        statuses=np.stack([sums[name] for name in _STATUS_COLUMNS], axis=-1),
        known=sums["known"],
        permille=sums["ratio_permille"].astype(np.float64),
    )


def _weekly_from(city: City, hour: datetime, last_day: date | None) -> list[datetime]:
    """An hour and the same one of the following weeks (local to the city), up to a UTC day."""
    found = []
    while last_day is not None and hour.date() <= last_day:
        found.append(hour)
        hour = (city.local(hour) + timedelta(days=_DAYS_PER_WEEK)).astimezone(hour.tzinfo)
    return found


def _statuses_and_ratios(
    status: NDArray[np.uint8], speed_kmh: NDArray[np.uint8], limit_kmh: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    is_known = np.isin(status, SPEED_STATUSES) & (speed_kmh > 0)
    ranks = status.astype(np.int64) - int(SPEED_STATUSES[0])
    return np.where(is_known, ranks, -1), np.where(is_known, speed_kmh / limit_kmh, np.nan)
