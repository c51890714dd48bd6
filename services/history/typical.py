"""A usual week: what each segment and zone is like at each hour, read from the roll-ups.

No raw day is read: the sums of all days are on disk, and only the snapshots of
the last hours, which no upkeep has taken in yet, are added to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from services.history import day_files, layout
from services.history.averages import mean_of
from services.history.cube_files import CubeColumns, read_columns, read_cube
from services.history.cubes import Counts, Cube, together
from services.history.day_counts import (
    COUNTED_COLUMNS,
    CountedRows,
    rows_by_network,
    segment_counts,
    zone_counts,
)
from services.history.hour_of_week import HOURS_PER_DAY, HOURS_PER_WEEK, hour_of_week
from services.history.networks import KnownNetworks
from services.history.ratio_histogram import PERMILLE, RATIO_BIN_PCT, ZONE_BIN_PCT, quantile_pct
from services.history.rollups import QUANTILES, SEGMENT_FORM, SEGMENTS, ZONE_FORM, ZONES, path_of
from services.plain.statuses import DATEX_NAMES
from services.traffic.network import Network, places_of
from services.traffic.snapshot import Source
from services.traffic.usual import USUAL_QUANTILES, UsualRatios
from services.traffic.usual_hour import UsualHour, hour_start

_SUMS: Final = (*DATEX_NAMES, "known", "ratio_permille", "slowness_permille")
_LABELS: Final = tuple(label for item in SEGMENT_FORM.measures.values() for label in item.labels)
_DAYS_PER_WEEK: Final = HOURS_PER_WEEK // HOURS_PER_DAY
# Today's snapshots, and yesterday's around midnight.
_DAYS_WITH_NEWS: Final = 2
_NOTHING: Final = CubeColumns([], {}, {})


@dataclass(frozen=True)
class TypicalWeek:
    """What is usual for every segment of a network.

    Attributes
    ----------
    network_version : str
        The network whose order the columns follow.
    days : int
        How many whole days of history it is made of.
    hours : tuple of int
        The hours of the week it tells of, 0 for Monday 0 h in the city.
    values : dict of array, shape (hours, segments)
        ``unknown``, ``freeFlow``, ``heavy``, ``congested``, ``impossible``: how
        often each status was seen. ``known``: how many speeds were seen; the
        others are NaN where none was. ``mean_ratio``, ``p2``, ``p10``, ``p50``, ``p90``,
        ``p98``: speed ÷ limit. ``travel_time_index``: mean of free-flow speed ÷ speed.
    """

    network_version: str
    days: int
    hours: tuple[int, ...]
    values: dict[str, NDArray[Any]]

    def at(self, hour: int) -> pd.DataFrame:
        """One hour: a row for each segment in the network's order, a column for each value."""
        row = self.hours.index(hour)
        return pd.DataFrame({name: matrix[row] for name, matrix in self.values.items()})


def typical(data_dir: Path, source: Source, network: Network, hour: int) -> pd.DataFrame:
    """What is usual for every segment at one hour of the week.

    Returns
    -------
    DataFrame
        The columns of ``TypicalWeek.values``, a row for each segment.

    Raises
    ------
    StorageError
    """
    weekday = hour // HOURS_PER_DAY
    return typical_days(data_dir, source, network, [weekday]).at(hour)


def typical_days(
    data_dir: Path, source: Source, network: Network, days_of_week: Sequence[int]
) -> TypicalWeek:
    """What is usual for every segment on some days of the week (0 is Monday).

    Raises
    ------
    StorageError
    """
    path = path_of(data_dir, source, SEGMENTS)
    found = read_columns(path, [*_SUMS, *QUANTILES], days_of_week) or _NOTHING
    hours = tuple(
        day * HOURS_PER_DAY + hour for day in days_of_week for hour in range(HOURS_PER_DAY)
    )
    order = _order(found.keys, network)
    columns = {
        name: _in_order(found.columns[name], order)
        if found.keys
        else _blank(name, (len(hours), len(network)))
        for name in (*_SUMS, *QUANTILES)
    }
    news = _news(data_dir, source, network, segment_counts)
    fresh = [hour for hour in news.hours.tolist() if hour in hours] if news else []
    if news is not None and fresh:
        days_with_news = sorted({hour // HOURS_PER_DAY for hour in fresh})
        bins = read_columns(path, _LABELS, days_with_news) or _NOTHING
        if bins.days != found.days:
            # An upkeep has just taken the news in: they must not count twice.
            return typical_days(data_dir, source, network, days_of_week)
        for hour in fresh:
            row = days_with_news.index(hour // HOURS_PER_DAY) * HOURS_PER_DAY
            row += hour % HOURS_PER_DAY
            for name, values in _with_news(bins, row, news, hour, network).items():
                columns[name][hours.index(hour)] = values
    return TypicalWeek(network.version, len(found.days), hours, _values(columns))


def typical_zones(data_dir: Path, source: Source, network: Network) -> pd.DataFrame:
    """What is usual for every zone at every hour of the week.

    A zone's speed ratio is that of ``services.traffic.zone_ratios``: free-flow ÷ actual
    time over its known segments.

    Parameters
    ----------
    network : Network
        That of the latest snapshots, to place those that no upkeep has taken in.

    Returns
    -------
    DataFrame
        A row for each hour of the week and zone of ``City.zone_choices``, indexed by
        both: ``times`` (observation times), ``mean_ratio``, ``p2``, ``p10``,
        ``p50``, ``p90``, ``p98``; NaN where there was none.

    Raises
    ------
    StorageError
    """
    cube = read_cube(path_of(data_dir, source, ZONES), ZONE_FORM)
    zones = network.city.zone_choices
    cube = cube or Cube(ZONE_FORM.measures, list(zones))
    news = _news(data_dir, source, network, zone_counts)
    if news is not None:
        cube.add(news)
    place = [cube.keys.index(zone) for zone in zones]
    ratios = cube.sums["ratios"][:, place]
    times = cube.sums["times"][:, place, 0]
    index = pd.MultiIndex.from_product(
        [range(HOURS_PER_WEEK), zones], names=["hour_of_week", "zone"]
    )
    columns = {
        "times": times,
        "mean_ratio": mean_of(cube.sums["ratio_permille"][:, place, 0], times * PERMILLE),
    }
    for name, quantile in QUANTILES.items():
        # The last bin holds the ratio 1 alone: nothing is faster than free flow.
        value = np.minimum(quantile_pct(ratios, quantile, ZONE_BIN_PCT) / 100, 1.0)
        columns[name.removesuffix("_pct")] = value
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)


def read_usual_hour(
    data_dir: Path, source: Source, network: Network, moment: datetime
) -> UsualHour:
    """What is usual at the hour of the week of an aware time, as the history knows it now.

    Raises
    ------
    StorageError
    """
    segments = typical(data_dir, source, network, hour_of_week(network.city, moment))
    by_zone = typical_zones(data_dir, source, network)
    return _usual_hour(segments, by_zone, source, network, moment)


def usual_hours(
    data_dir: Path, source: Source, network: Network
) -> Callable[[datetime], UsualHour]:
    """The same for any time, read once: for whoever looks at weeks.

    Raises
    ------
    StorageError
    """
    week = typical_days(data_dir, source, network, range(_DAYS_PER_WEEK))
    by_zone = typical_zones(data_dir, source, network)

    def usual_at(moment: datetime) -> UsualHour:
        segments = week.at(hour_of_week(network.city, moment))
        return _usual_hour(segments, by_zone, source, network, moment)

    return usual_at


def _usual_hour(
    segments: pd.DataFrame,
    by_zone: pd.DataFrame,
    source: Source,
    network: Network,
    moment: datetime,
) -> UsualHour:
    hour = hour_of_week(network.city, moment)
    # The hour first: to look for pairs, pandas makes an index of them each time.
    zones = pd.DataFrame(by_zone.xs(hour)).loc[list(network.city.zones)]
    return UsualHour(
        source=source,
        network_version=network.version,
        start=hour_start(moment),
        segments=_usual(segments, counted="known"),
        zones=_usual(zones, counted="times"),
    )


def _usual(table: pd.DataFrame, counted: str) -> UsualRatios:
    """Quantiles and counts of one of the tables above."""
    quantiles = {name: table[name].to_numpy(np.float32) for name in USUAL_QUANTILES}
    return UsualRatios(**quantiles, observations=table[counted].to_numpy(np.uint32))


def _news(
    data_dir: Path, source: Source, network: Network, count: Callable[[CountedRows], Counts]
) -> Counts | None:
    """What the snapshots amount to that no upkeep has taken in yet."""
    networks = KnownNetworks(network.city, data_dir, [network], source=source)
    parts = []
    for day in layout.days(data_dir, source)[-_DAYS_WITH_NEWS:]:
        table = day_files.with_retries(data_dir, source, day, _rows_of_snapshots)
        parts += [count(counted) for counted in rows_by_network(table, networks)]
    return together(parts) if parts else None


def _rows_of_snapshots(found: day_files.DayFiles) -> pa.Table:
    return day_files.read_rows(found.snapshots, COUNTED_COLUMNS)


def _with_news(
    bins: CubeColumns, row: int, news: Counts, hour: int, network: Network
) -> dict[str, NDArray[Any]]:
    """The columns of one hour in the order of a network: a row of the bins, its news added."""
    at = news.hours.tolist().index(hour)
    old_order, new_order = _order(bins.keys, network), _order(news.keys, network)
    sums: dict[str, NDArray[Any]] = {}
    for name, measure in SEGMENT_FORM.measures.items():
        for place, label in enumerate(measure.labels):
            sums[label] = _in_order(news.sums[name][at : at + 1, :, place], new_order)
            if bins.keys:
                old = _in_order(bins.columns[label][row : row + 1], old_order)
                sums[label] = sums[label] + old
    ratios = np.stack([sums[label][0] for label in SEGMENT_FORM.measures["ratios"].labels], axis=-1)
    quantiles = {
        name: np.rint(quantile_pct(ratios, quantile, RATIO_BIN_PCT))
        for name, quantile in QUANTILES.items()
    }
    return {name: sums[name][0] for name in _SUMS} | quantiles


def _order(keys: Sequence[str], network: Network) -> NDArray[np.int64] | None:
    """Where each segment of a network stands among some keys; -1 where it does not.

    None when it is the same order: that is the rule, and needs no copying.
    """
    if tuple(keys) == network.segment_ids:
        return None
    return places_of(network.segment_ids, keys)


def _in_order(matrix: NDArray[Any], order: NDArray[np.int64] | None) -> NDArray[Any]:
    """Columns of a matrix in another order; 0, or NaN for floats, for those it lacks.

    The result may be written to.
    """
    if order is None:
        return matrix if matrix.flags.writeable else matrix.copy()
    ordered = matrix[:, order]
    ordered[:, order < 0] = np.nan if np.issubdtype(matrix.dtype, np.floating) else 0
    return ordered


def _blank(name: str, shape: tuple[int, int]) -> NDArray[Any]:
    return np.full(shape, np.nan) if name in QUANTILES else np.zeros(shape, np.int64)


def _values(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    known = columns["known"]
    values = {name: columns[name] for name in (*DATEX_NAMES, "known")}
    values["mean_ratio"] = mean_of(columns["ratio_permille"], known * PERMILLE)
    for name in QUANTILES:
        values[name.removesuffix("_pct")] = columns[name].astype(np.float32) / 100
    values["travel_time_index"] = mean_of(columns["slowness_permille"], known * PERMILLE)
    return values
