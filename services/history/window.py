"""A stretch of time out of the history, on the network of today: replay, and recent windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.city.city import City
from services.history import day_files, layout, rows
from services.history.networks import KnownNetworks
from services.traffic.network import Network, places_of
from services.traffic.snapshot import Source
from services.traffic.status import Status

_PLACE_COLUMNS: Final = ("observed_at", "segment", "network_version")
# What a segment reads at a time of which nothing was kept.
_NOTHING_KEPT: Final = {
    "status": np.uint8(Status.UNKNOWN),
    "reliability_pct": np.uint8(0),
}
VALUES: Final = ("status", "speed_kmh", "reliability_pct", "probes")
"""What can be asked for. Speed (km/h) and probes are float32, NaN where not known;
the others are uint8, 0 (unknown) where nothing was kept."""


@dataclass(frozen=True)
class Window:
    """What every segment did over some time.

    Attributes
    ----------
    network_version : str
        The network whose order the columns follow.
    epoch_s : array of int, shape (times,)
        Observation times, seconds since 1970 UTC, in order.
    values : dict of array, shape (times, segments)
        Some of :data:`VALUES`.
    """

    network_version: str
    epoch_s: NDArray[np.int64]
    values: dict[str, NDArray[Any]]

    def times(self) -> list[datetime]:
        """Observation times, aware, UTC."""
        return [datetime.fromtimestamp(second, UTC) for second in self.epoch_s.tolist()]


def replay(
    data_dir: Path,
    source: Source,
    day: date,
    network: Network,
    *,
    values: Sequence[str] = ("status",),
) -> Window:
    """A day of the network's city, from midnight to midnight, 23 to 25 hours long.

    Parameters
    ----------
    day : date
        Local to the city.
    network : Network
        On which to show it. Segments that it no longer has are left out; those
        that it has got since are unknown.
    values : sequence of str
        Some of :data:`VALUES`.

    Raises
    ------
    StorageError
    """
    start, end = network.city.midnight(day), network.city.midnight(day + timedelta(days=1))
    return window(data_dir, source, start, end, network, values=values)


def window(
    data_dir: Path,
    source: Source,
    start: datetime,
    end: datetime,
    network: Network,
    *,
    values: Sequence[str] = ("status", "speed_kmh"),
) -> Window:
    """What every segment of a network did from a time on, up to another one (not included).

    Parameters
    ----------
    start, end : datetime
        Aware.
    network : Network
        As for :func:`replay`.
    values : sequence of str
        Some of :data:`VALUES`.

    Raises
    ------
    StorageError
    """
    first, last = int(start.timestamp()), int(end.timestamp()) - 1
    columns = [*_PLACE_COLUMNS, *values]
    tables = [
        _between(day_files.read_day(data_dir, source, day, columns), first, last)
        for day in _utc_days(first, last)
    ]
    networks = KnownNetworks(network.city, data_dir, [network])
    return _window(pa.concat_tables(tables).unify_dictionaries(), network, networks, values)


def newest_network(city: City, data_dir: Path, source: Source) -> Network | None:
    """The network of :func:`newest_observation`.

    Raises
    ------
    StorageError
    """
    found = newest_observation(city, data_dir, source)
    return None if found is None else found[0]


def newest_observation(
    city: City, data_dir: Path, source: Source
) -> tuple[Network, datetime] | None:
    """The network and time of a source's latest observation that can be placed; None without any.

    Raises
    ------
    StorageError
    """
    networks = KnownNetworks(city, data_dir, source=source)
    for day in reversed(layout.days(data_dir, source)):
        table = day_files.read_day(data_dir, source, day, ["observed_at", "network_version"])
        seconds, (codes, versions) = rows.epoch_seconds(table), rows.version_codes(table)
        last_s = {versions[code]: int(seconds[codes == code].max()) for code in np.unique(codes)}
        for version in sorted(last_s, key=last_s.__getitem__, reverse=True):
            network = networks.get(version)
            if network is not None:
                return network, datetime.fromtimestamp(last_s[version], UTC)
    return None


def _utc_days(first_s: int, last_s: int) -> list[date]:
    start = date(1970, 1, 1)
    days = range(first_s // rows.SECONDS_PER_DAY, last_s // rows.SECONDS_PER_DAY + 1)
    return [start + timedelta(days=count) for count in days]


def _between(table: pa.Table, first_s: int, last_s: int) -> pa.Table:
    seconds = rows.epoch_seconds(table)
    inside = (seconds >= first_s) & (seconds <= last_s)
    return table if inside.all() else table.filter(pa.array(inside))


def _window(
    table: pa.Table, network: Network, networks: KnownNetworks, values: Sequence[str]
) -> Window:
    seconds = rows.epoch_seconds(table)
    times, time_place = rows.ranks(seconds)
    place = _places(table, network, networks)
    shown = place >= 0
    cell = time_place[shown] * len(network) + place[shown]
    shape = (len(times), len(network))
    filled = {}
    for name in values:
        content, nothing = _content(table, name)
        matrix = np.full(len(times) * len(network), nothing)
        matrix[cell] = content[shown]
        filled[name] = matrix.reshape(shape)
    return Window(network.version, times, filled)


def _content(table: pa.Table, name: str) -> tuple[NDArray[Any], Any]:
    """A column as an array, and what stands for nothing in it."""
    if name in _NOTHING_KEPT:
        return table[name].to_numpy(), _NOTHING_KEPT[name]
    return table[name].cast(pa.float32()).to_numpy(), np.float32(np.nan)


def _places(table: pa.Table, network: Network, networks: KnownNetworks) -> NDArray[np.int64]:
    """Where each row belongs in a network; -1 where it does not."""
    codes, versions = rows.version_codes(table)
    segments = rows.segments(table).astype(np.int64)
    place = np.full(len(table), -1, np.int64)
    for code, version in enumerate(versions):
        known = networks.get(version)
        if known is None:
            continue
        of_version = (codes == code) & (segments < len(known))
        if version == network.version:
            place[of_version] = segments[of_version]
        else:
            places = places_of(known.segment_ids, network.segment_ids)
            place[of_version] = places[segments[of_version]]
    return place
