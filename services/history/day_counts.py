"""From the rows of a day to what they add to a usual week, and to how long the zones took.

No speed where the status is unknown or the road closed. A zone's
speed ratio is that of ``services.traffic.zone_ratios``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.city.city import City
from services.history import day_files, rows
from services.history.by_day import IN_PROCESS, DayMap
from services.history.cubes import Counts, Measure
from services.history.history import History
from services.history.hour_of_week import hours_of_week
from services.history.networks import KnownNetworks
from services.history.ratio_histogram import (
    PERMILLE,
    RATIO_BIN_PCT,
    RATIO_BINS,
    ZONE_BINS,
    ratio_bins,
    zone_bins,
)
from services.plain.statuses import DATEX_NAMES
from services.traffic.network import Network
from services.traffic.status import has_speed
from services.traffic.zone_ratios import ZoneTimes, travel_times_s, zone_times

STATUSES: Final = len(DATEX_NAMES)
SEGMENT_MEASURES: Final = {
    "statuses": Measure(DATEX_NAMES),
    "known": Measure(["known"]),
    "ratio_permille": Measure(["ratio_permille"], np.int64),
    "slowness_permille": Measure(["slowness_permille"], np.int64),
    "ratios": Measure([f"ratio_{RATIO_BIN_PCT * place:03d}_pct" for place in range(RATIO_BINS)]),
}
"""Of a segment: observations by status; those with a speed; the sums of speed ÷ limit
and of free-flow ÷ actual speed (travel time index), in ‰; speed ratios by bin."""

ZONE_MEASURES: Final = {
    "times": Measure(["times"]),
    "ratio_permille": Measure(["ratio_permille"], np.int64),
    "ratios": Measure([f"ratio_{place:03d}_pct" for place in range(ZONE_BINS)]),
}
"""Of a zone: observation times; the sum of its speed ratios in ‰; speed ratios by bin."""

COUNTED_COLUMNS: Final = ("observed_at", "segment", "network_version", "status", "speed_kmh")


class CountedRows:
    """Rows of one UTC day on one network, as arrays of shape (rows,)."""

    def __init__(self, table: pa.Table, network: Network) -> None:
        self.network = network
        self.segment = rows.segments(table).astype(np.int64)
        self.time_s = rows.epoch_seconds(table)
        self.status = table["status"].to_numpy().astype(np.int64)
        self.speed_kmh = table["speed_kmh"].fill_null(0).to_numpy().astype(np.int64)
        self.known = ~table["speed_kmh"].is_null().to_numpy() & has_speed(self.status)
        self.limit_kmh = np.rint(network.speed_limit_kmh).astype(np.int64)[self.segment]


def rows_by_network(table: pa.Table, networks: KnownNetworks) -> Iterator[CountedRows]:
    """The rows of each network that is known; those of others cannot be placed."""
    codes, versions = rows.version_codes(table)
    for code, version in enumerate(versions):
        network = networks.get(version)
        if network is None:
            continue
        of_network = table if len(versions) == 1 else table.filter(pa.array(codes == code))
        in_network = rows.segments(of_network) < len(network)
        if not in_network.all():
            of_network = of_network.filter(pa.array(in_network))
        if len(of_network):
            yield CountedRows(of_network, network)


def segment_counts(counted: CountedRows) -> Counts:
    """What rows amount to, by hour of the week and segment."""
    hours, slot = rows.ranks(hours_of_week(counted.network.city, counted.time_s))
    segments = len(counted.network)
    shape = (len(hours), segments)
    cell = slot * segments + counted.segment
    known = counted.known
    at, speed, limit = cell[known], counted.speed_kmh[known], counted.limit_kmh[known]
    # The slowest known speed stands for a standstill, as in services.traffic.zone_ratios.
    slowness = PERMILLE * limit // np.clip(speed, 1, limit)
    return Counts(
        hours,
        counted.network.segment_ids,
        {
            "statuses": _count(cell * STATUSES + counted.status, (*shape, STATUSES)),
            "known": _count(at, (*shape, 1)),
            "ratio_permille": _count(at, (*shape, 1), PERMILLE * speed // limit),
            "slowness_permille": _count(at, (*shape, 1), slowness),
            "ratios": _count(at * RATIO_BINS + ratio_bins(speed, limit), (*shape, RATIO_BINS)),
        },
    )


def zone_counts(counted: CountedRows) -> Counts:
    """What rows amount to, by hour of the week and zone, the whole network included."""
    epoch_s, times = observed_zone_times(counted)
    return counts_of_ratios(counted.network.city, epoch_s, times.speed_ratios())


def counts_of_ratios(city: City, times: NDArray[np.int64], ratio: NDArray[np.float64]) -> Counts:
    """What zones' speed ratios, shape (times, zones), amount to by hour of the week."""
    hours, slot = rows.ranks(hours_of_week(city, times))
    zones = ratio.shape[-1]
    cell = slot[:, np.newaxis] * zones + np.arange(zones)
    told = ~np.isnan(ratio)
    at, value = cell[told], ratio[told]
    shape = (len(hours), zones)
    permille = np.rint(value * PERMILLE).astype(np.int64)
    return Counts(
        hours,
        city.zone_choices,
        {
            "times": _count(at, (*shape, 1)),
            "ratio_permille": _count(at, (*shape, 1), permille),
            "ratios": _count(at * ZONE_BINS + zone_bins(value), (*shape, ZONE_BINS)),
        },
    )


def observed_zone_times(counted: CountedRows) -> tuple[NDArray[np.int64], ZoneTimes]:
    """The observation times of some rows, in order, and the zones at each of them.

    Returns
    -------
    epoch_s : array of int, shape (times,)
        Seconds since 1970 UTC.
    times : ZoneTimes
        Of shape (times, zones).
    """
    epoch_s, time = rows.ranks(counted.time_s)
    known = counted.known
    speed_kmh = np.full((len(epoch_s), len(counted.network)), np.nan)
    speed_kmh[time[known], counted.segment[known]] = counted.speed_kmh[known]
    return epoch_s, zone_times(counted.network, travel_times_s(counted.network, speed_kmh))


def zone_times_by_day(
    history: History, days: Sequence[date], map_days: DayMap = IN_PROCESS
) -> Iterator[tuple[date, NDArray[np.int64], ZoneTimes]]:
    """The zones at every time of some UTC days, day by day; a day on two networks comes twice.

    Parameters
    ----------
    history : History
        Rows on other networks than those known are left out.

    Yields
    ------
    day : date
    epoch_s : array of int, shape (times,)
        Observation times, seconds since 1970 UTC, in order.
    times : ZoneTimes
        Of shape (times, zones).

    Raises
    ------
    StorageError
        When files cannot be read though nothing is known to be wrong with them.
    """
    for day, found in zip(days, map_days(_zone_times_of_day, history, days), strict=True):
        for epoch_s, times in found:
            yield day, epoch_s, times


def _zone_times_of_day(history: History, day: date) -> list[tuple[NDArray[np.int64], ZoneTimes]]:
    table = day_files.read_day(history.data_dir, history.source, day, COUNTED_COLUMNS)
    return [observed_zone_times(counted) for counted in rows_by_network(table, history.networks)]


def _count(
    cells: NDArray[np.int64], shape: tuple[int, ...], amounts: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """How often each cell occurs, or the sum of its amounts (exact below 2**53)."""
    counted = np.bincount(cells.ravel(), amounts, minlength=int(np.prod(shape)))
    return counted.reshape(shape).astype(np.int64)
