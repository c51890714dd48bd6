"""What was observed in each zone, and what was usual before: all that forecasts are evaluated by.

Ratios are those of ``services.traffic.zone_ratios``, statuses those of
``services.traffic.indicators``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.forecast.observed_counts import ZONE_BIN_CENTRES, ZONE_STATUSES_OF_BINS
from services.history import layout
from services.history.averages import mean_of, smoothed_shares
from services.history.by_day import IN_PROCESS, DayMap
from services.history.cube_files import read_cube
from services.history.cubes import Cube
from services.history.day_counts import counts_of_ratios, zone_times_by_day
from services.history.history import History
from services.history.hour_of_week import HOURS_PER_DAY, HOURS_PER_WEEK, hour_of_week
from services.history.networks import KnownNetworks
from services.history.ratio_histogram import ZONE_BIN_PCT, ZONE_BINS, quantile_pct
from services.history.rollups import ZONE_FORM, ZONES, path_of
from services.learn.tally import Prediction
from services.plain.forecast import QUANTILES
from services.traffic.indicators import zone_status_codes
from services.traffic.snapshot import Source

# More than for a figure that is shown: a wrong one is gone with the next snapshot, a score stays
# and decides between models. At night one segment in three is known, and in the simulated feed
# never less than 43 % of any zone.
MIN_KNOWN_SHARE_TO_EVALUATE: Final = 0.25
# Persistence may look back this far for its last observation: five periods of the feed.
PERSISTENCE_AGE_SECONDS: Final = 900
SECONDS_PER_HOUR: Final = 3_600


class UsualBefore:
    """The usual week as it was known before a day: nothing of the evaluated hour is in it.

    Parameters
    ----------
    base : array of int, shape (HOURS_PER_WEEK, zones, ZONE_BINS)
        Speed ratios counted on days that are not in ``by_day``.
    by_day : mapping
        The same of single UTC days.
    """

    def __init__(
        self, city: City, base: NDArray[np.int64], by_day: Mapping[date, NDArray[np.int64]]
    ) -> None:
        self._city = city
        self._base = base
        self._by_day = by_day

    def counted_before(self, day: date) -> NDArray[np.int64]:
        """Speed ratios counted on all days before a UTC day, shape as ``base``."""
        total = self._base.copy()
        for other, counts in self._by_day.items():
            if other < day:
                total += counts
        return total

    def at(self, hour: datetime) -> Prediction:
        """What was usual at the hour of the week of an aware time, on all days before it.

        An hour of the week never seen yet borrows from the same hour of the other days.
        """
        day = hour.astimezone(UTC).date()
        earlier = [counts for other, counts in self._by_day.items() if other < day]
        slot = hour_of_week(self._city, hour)
        same_hour = slice(slot % HOURS_PER_DAY, None, HOURS_PER_DAY)
        counts = self._base[slot] + sum(counts[slot] for counts in earlier)
        of_any_day = self._base[same_hour].sum(axis=0)
        of_any_day = of_any_day + sum(counts[same_hour].sum(axis=0) for counts in earlier)
        seen = counts.sum(axis=1, keepdims=True) > 0
        return usual_of(np.where(seen, counts, of_any_day))


def usual_of(counts: NDArray[np.int64]) -> Prediction:
    """What the hour-of-week average says of each zone: of counted speed ratios, NaN without any.

    Parameters
    ----------
    counts : array of int, shape (zones, ZONE_BINS)
    """
    total = counts.sum(axis=1)
    shares = smoothed_shares(counts @ ZONE_STATUSES_OF_BINS)
    shares[total == 0] = np.nan
    low, high = (
        np.minimum(quantile_pct(counts, quantile, ZONE_BIN_PCT) / 100, 1.0)
        for quantile in (QUANTILES["p10"], QUANTILES["p90"])
    )
    return Prediction(shares, mean_of(counts @ ZONE_BIN_CENTRES, total), low, high)


@dataclass(frozen=True)
class ObservedZones:
    """What every zone was at every time of some days.

    Attributes
    ----------
    epoch_s : array of int, shape (times,)
        Seconds since 1970 UTC, in order.
    ratio : array, shape (times, zones)
        In the order of ``City.zone_choices``; NaN where too little is known.
    status : array of int, same shape
        Index into ``ZONE_STATUSES``; meaningless where the ratio is NaN.
    counts : mapping
        Speed ratios of each UTC day, shape (HOURS_PER_WEEK, zones, ZONE_BINS).
    """

    city: City
    epoch_s: NDArray[np.int64]
    ratio: NDArray[np.float64]
    status: NDArray[np.int64]
    counts: Mapping[date, NDArray[np.int64]]
    usual: UsualBefore

    def within(self, hour: datetime) -> NDArray[np.int64]:
        """Places of the times within the hour that begins at an aware time."""
        start = int(hour.timestamp())
        bounds = np.searchsorted(self.epoch_s, [start, start + SECONDS_PER_HOUR])
        return np.arange(*bounds.tolist())

    def last_before(self, epoch_s: NDArray[np.int64]) -> NDArray[np.int64]:
        """Place of the last observation at or before each time; -1 where it is too old."""
        place = np.searchsorted(self.epoch_s, epoch_s, side="right") - 1
        known = place >= 0
        age_s = epoch_s[known] - self.epoch_s[place[known]]
        place[known] = np.where(age_s <= PERSISTENCE_AGE_SECONDS, place[known], -1)
        return place


def observed_zones(
    city: City,
    data_dir: Path,
    source: Source,
    first_day: date,
    last_day: date,
    *,
    map_days: DayMap = IN_PROCESS,
) -> ObservedZones:
    """What a history holds of some UTC days, and what was usual before each of them.

    Raises
    ------
    StorageError
        When it cannot be read now.
    """
    history = History(data_dir, source, KnownNetworks(city, data_dir, source=source))
    days = [day for day in layout.days(data_dir, source) if first_day <= day <= last_day]
    times, ratios = [], []
    counts: dict[date, NDArray[np.int64]] = {}
    for day, epoch_s, found in zone_times_by_day(history, days, map_days):
        times.append(epoch_s)
        ratios.append(found.speed_ratios(min_known_share=MIN_KNOWN_SHARE_TO_EVALUATE))
        counts[day] = counts.get(day, 0) + _by_hour_of_week(city, epoch_s, found.speed_ratios())
    epoch_s, ratio = _in_order(times, ratios, len(city.zone_choices))
    base = _counted_on_other_days(city, data_dir, source, counts)
    return ObservedZones(
        city, epoch_s, ratio, zone_status_codes(ratio), counts, UsualBefore(city, base, counts)
    )


def days_around(first: datetime, last: datetime, before: timedelta) -> tuple[date, date]:
    """The UTC days that hold some hours and what came before them.

    Examples
    --------
    >>> days_around(datetime(2026, 11, 2, 3, tzinfo=UTC), datetime(2026, 11, 2, 9, tzinfo=UTC),
    ...             timedelta(hours=4))
    (datetime.date(2026, 11, 1), datetime.date(2026, 11, 2))
    """
    return (first - before).astimezone(UTC).date(), last.astimezone(UTC).date()


def _in_order(
    times: list[NDArray[np.int64]], ratios: list[NDArray[np.float64]], zones: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if not times:
        return np.empty(0, np.int64), np.empty((0, zones))
    epoch_s = np.concatenate(times)
    # A day on two networks tells its times in two runs.
    order = np.argsort(epoch_s, kind="stable")
    return epoch_s[order], np.concatenate(ratios)[order]


def _by_hour_of_week(
    city: City, epoch_s: NDArray[np.int64], ratio: NDArray[np.float64]
) -> NDArray[np.int64]:
    found = counts_of_ratios(city, epoch_s, ratio)
    counts = np.zeros((HOURS_PER_WEEK, ratio.shape[-1], ZONE_BINS), np.int64)
    counts[found.hours] = found.sums["ratios"]
    return counts


def _counted_on_other_days(
    city: City, data_dir: Path, source: Source, counts: Mapping[date, NDArray[np.int64]]
) -> NDArray[np.int64]:
    """The roll-up of the zones without the days that are counted one by one."""
    cube = read_cube(path_of(data_dir, source, ZONES), ZONE_FORM)
    cube = cube or Cube(ZONE_FORM.measures, list(city.zone_choices))
    place = [cube.keys.index(zone) for zone in city.zone_choices]
    base: NDArray[np.int64] = cube.sums["ratios"][:, place].astype(np.int64)
    for day, of_day in counts.items():
        if day.isoformat() in cube.days:
            base -= of_day
    # Should a day have changed since it was rolled up, nothing is seen less than never.
    return np.maximum(base, 0)
