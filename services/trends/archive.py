"""The history of one source as the archive's questions read it, a day at a time.

Roll-ups by quarters of an hour for what covers many days (``services.history.quarters``); the rows
themselves, at the feed's own times, for one day (DuckDB on the history's Parquet).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from services.base.clock import Clock, utc_now
from services.base.errors import StorageError, TrafficError
from services.city.city import City
from services.history import day_files, layout
from services.history.history import History
from services.history.networks import KnownNetworks
from services.history.quarters import (
    COLUMNS,
    COUNTS,
    QUARTER_SECONDS,
    QUARTERS_PER_DAY,
    STEPS_PER_KMH,
    Quarters,
    quarters_of_day,
    read_quarters,
)
from services.history.window import newest_network
from services.operations.database import Operations
from services.traffic.network import Network, places_of
from services.traffic.snapshot import Source
from services.traffic.status import has_speed
from services.traffic.store import Store
from services.trends.counts import Costs
from services.trends.day_grid import STANDSTILL_KMH, DayGrid
from services.trends.places import Place, place_of

Report = Callable[[int, int], None]
"""Called with how many days of how many are read; raises where nobody wants the answer any more."""

FINE_STEP_S: Final = 180
_DAY: Final = timedelta(days=1)
_MOST: Final = 255
# What a question may hold besides; the rest of the process's limit is for what it computes.
_DUCKDB_MEMORY: Final = "128MB"


class NoHistory(TrafficError):
    """Nothing was kept of this source yet."""

    reason = "no_history"


def unreported(_done: int, _of: int) -> None:
    """Tell nobody."""


@dataclass(eq=False)
class Archive:
    """The history of one source, on the network of today.

    Attributes
    ----------
    city : City
    data_dir : Path
    source : {"live", "demo"}
    network : Network
        With the reference speeds of the source.
    today : date
        In the city: later days have nothing.
    unread : set of date
        UTC days that could not be read.
    operations : Operations, optional
        Where events and roadworks are on record; without it nothing is told of them.
    clock : Clock
    costs : Costs
        Daily traffic where it is known, and what an hour of a vehicle is worth.
    """

    city: City
    data_dir: Path
    source: Source
    network: Network
    today: date
    unread: set[date] = field(default_factory=set)
    operations: Operations | None = None
    clock: Clock = utc_now
    costs: Costs = field(default_factory=Costs)

    def place(self, key: str) -> Place:
        """The place of a key.

        Raises
        ------
        UnknownPlace
        """
        return place_of(self.network, key)

    def days(
        self, place: Place, days: list[date], report: Report = unreported
    ) -> Iterator[DayGrid]:
        """Days in the city by quarters of an hour, one after the other.

        One without any observation comes as well (:attr:`DayGrid.is_observed`), and so does one
        whose file is damaged, which :attr:`unread` tells.
        """
        read = lru_cache(maxsize=2)(self._cells)
        for count, day in enumerate(days):
            report(count, len(days))
            yield self._day(place, day, read)
        report(len(days), len(days))

    def fine(self, place: Place, day: date) -> DayGrid:
        """A day in the city at the feed's own times.

        Raises
        ------
        StorageError
        """
        start, times = self._span(day, FINE_STEP_S)
        shape = (times, len(place.segments))
        sums = {name: np.zeros(shape) for name in ("slowness", *COLUMNS[1:])}
        seen = np.zeros(times, bool)
        first_s = int(start.timestamp())
        for utc_day in (start.date(), (start + _DAY).date()):
            rows = self._rows(place, utc_day, first_s, first_s + times * FINE_STEP_S)
            _count_rows(rows, first_s, sums, seen)
        slowness, known = sums.pop("slowness"), sums["known"]
        kmh = np.divide(known, slowness, out=np.full(shape, np.nan), where=known > 0)
        cells = {name: np.minimum(count, _MOST).astype(np.uint8) for name, count in sums.items()}
        return DayGrid(
            place, day, start, FINE_STEP_S, kmh.astype(np.float32), **cells,
            snapshots=seen.astype(np.int64),
        )  # fmt: skip

    @property
    def history(self) -> History:
        """The same as its readers know it."""
        known = KnownNetworks(self.city, self.data_dir, [self.network], source=self.source)
        return History(self.data_dir, self.source, known)

    def _span(self, day: date, step_s: int) -> tuple[datetime, int]:
        start, end = self.city.midnight(day), self.city.midnight(day + _DAY)
        return start, int((end - start).total_seconds()) // step_s

    def _day(
        self, place: Place, day: date, read: Callable[[Place, date], tuple[Any, NDArray[np.int64]]]
    ) -> DayGrid:
        start, times = self._span(day, QUARTER_SECONDS)
        skip = (start.hour * 60 + start.minute) * 60 // QUARTER_SECONDS
        both = [read(place, one) for one in (start.date(), (start + _DAY).date())]
        part = slice(skip, skip + times)
        cells = {
            name: np.concatenate([found[name] for found, _ in both], axis=1)[:, part].T
            for name in COLUMNS
        }
        snapshots = np.concatenate([count for _, count in both])[part]
        steps = cells.pop("steps")
        kmh = np.where(steps > 0, steps / np.float32(STEPS_PER_KMH), np.nan).astype(np.float32)
        return DayGrid(place, day, start, QUARTER_SECONDS, kmh, **cells, snapshots=snapshots)

    def _cells(
        self, place: Place, day: date
    ) -> tuple[dict[str, NDArray[np.uint8]], NDArray[np.int64]]:
        """A UTC day of a place, each of shape (segments, QUARTERS_PER_DAY)."""
        shape = (len(place.segments), QUARTERS_PER_DAY)
        found = self._quarters(day)
        if found is None:
            nothing = {name: np.zeros(shape, np.uint8) for name in COLUMNS}
            return nothing, np.zeros(QUARTERS_PER_DAY, np.int64)
        if found.segment_ids == self.network.segment_ids:
            cells = {name: values[place.segments] for name, values in found.cells.items()}
            return cells, found.snapshots
        at = places_of(place.segment_ids, found.segment_ids)
        kept = at >= 0
        cells = {name: np.zeros(shape, np.uint8) for name in COLUMNS}
        for name, values in found.cells.items():
            cells[name][kept] = values[at[kept]]
        return cells, found.snapshots

    def _quarters(self, day: date) -> Quarters | None:
        try:
            # Of today there is more every few minutes than its file has.
            is_whole = day < self.clock().date() and not self._has_news(day)
            found = read_quarters(self.data_dir, self.source, day) if is_whole else None
            if found is None and layout.partition(self.data_dir, self.source, day).is_dir():
                found = quarters_of_day(self.history, day)
        except StorageError:
            self.unread.add(day)
            return None
        return found

    def _has_news(self, day: date) -> bool:
        """Whether snapshots came since the day was folded: until the worker's next upkeep."""
        day_file = layout.day_file(self.data_dir, self.source, day)
        kept = layout.partition(self.data_dir, self.source, day).glob("*.parquet")
        if all(path == day_file for path in kept):
            return False
        return bool(day_files.day_files(self.data_dir, self.source, day).snapshots)

    def _rows(
        self, place: Place, day: date, first_s: int, end_s: int
    ) -> list[tuple[Network, dict[str, NDArray[Any]]]]:
        """The rows of a place on a UTC day, by the network that they are of."""
        known = self.history.networks

        def read(found: day_files.DayFiles) -> list[tuple[Network, dict[str, NDArray[Any]]]]:
            paths = [str(path) for path in found.to_read()]
            if not paths:
                return []
            with duckdb.connect(config={"threads": 1, "memory_limit": _DUCKDB_MEMORY}) as engine:
                versions = engine.execute(_VERSIONS, [paths]).fetchall()
                return [
                    (network, _asked(engine, paths, network, place, (first_s, end_s)))
                    for [version] in versions
                    if (network := known.get(version)) is not None
                ]

        try:
            return day_files.with_retries(self.data_dir, self.source, day, read)
        except (StorageError, duckdb.Error):
            self.unread.add(day)
            return []


_VERSIONS: Final = "SELECT DISTINCT network_version FROM read_parquet(?) ORDER BY 1"
_ROWS: Final = """
SELECT epoch(observed_at)::BIGINT AS second, segment::BIGINT AS segment, status::BIGINT AS status,
       coalesce(speed_kmh, 0)::DOUBLE AS speed_kmh, speed_kmh IS NULL AS is_unknown
FROM read_parquet(?)
WHERE network_version = ? AND observed_at >= to_timestamp(?) AND observed_at < to_timestamp(?)
  AND segment IN (SELECT unnest(?::UINTEGER[]))
"""


def _asked(
    engine: duckdb.DuckDBPyConnection,
    paths: list[str],
    network: Network,
    place: Place,
    span_s: tuple[int, int],
) -> dict[str, NDArray[Any]]:
    at = places_of(place.segment_ids, network.segment_ids)
    wanted = at[at >= 0].tolist()
    rows = engine.execute(_ROWS, [paths, network.version, *span_s, wanted]).fetchnumpy()
    column = np.full(len(network), -1)
    column[at[at >= 0]] = np.flatnonzero(at >= 0)
    inside = rows["segment"] < len(network)
    found: dict[str, NDArray[Any]] = {
        name: np.asarray(values)[inside] for name, values in rows.items()
    }
    return found | {"column": column[found["segment"]]}


def _count_rows(
    parts: list[tuple[Network, dict[str, NDArray[Any]]]],
    first_s: int,
    sums: dict[str, NDArray[np.float64]],
    seen: NDArray[np.bool_],
) -> None:
    for network, rows in parts:
        time = (rows["second"] - first_s) // FINE_STEP_S
        seen[time] = True
        status = rows["status"]
        known = ~rows["is_unknown"] & has_speed(status)
        limit_kmh = network.speed_limit_kmh[rows["segment"]]
        # A limit that is not known bounds nothing.
        bounded_kmh = np.fmin(np.maximum(rows["speed_kmh"], STANDSTILL_KMH), limit_kmh)
        amounts: dict[str, NDArray[Any]] = {
            "slowness": np.where(known, 1.0 / bounded_kmh, 0.0),
            "known": known,
        } | {name: status == of for name, of in COUNTS.items()}
        cell = time * sums["known"].shape[1] + rows["column"]
        for name, amount in amounts.items():
            sums[name] += np.bincount(cell, amount, sums[name].size).reshape(sums[name].shape)


def open_archive(
    city: City,
    data_dir: Path,
    source: Source,
    today: date,
    operations: Operations | None = None,
    *,
    costs: Costs | None = None,
) -> Archive:
    """The archive of a source.

    Parameters
    ----------
    city, data_dir, source, today, operations, costs
        As of :class:`Archive`.

    Raises
    ------
    NoHistory
        When nothing was kept of it.
    StorageError
    """
    network = _network_now(city, data_dir, source)
    if network is None:
        raise NoHistory(f"nothing is kept of source {source} yet")
    return Archive(
        city, data_dir, source, network, today, operations=operations, costs=costs or Costs()
    )


def _network_now(city: City, data_dir: Path, source: Source) -> Network | None:
    """The network of the snapshot that is shown, or else that of the newest one kept."""
    store = Store(city, data_dir)
    shown = store.current_snapshot()
    if shown is None or shown.source != source:
        return newest_network(city, data_dir, source)
    return store.network_of(shown).with_reference(store.reference(source))
