"""What a week usually looks like, kept up to date day by day.

history/rollups/source=live/segments.parquet   segment × hour of the week
history/rollups/source=live/zones.parquet      zone × hour of the week

Sums and counts only (``services.history.ratio_histogram``), so that adding a day and
taking it out again are exact, in any order. Each file lists the days that are
in it: it always equals the sum of those, and rebuilding it from the raw days
gives the same file. A day is taken out before its file changes and added again
afterwards; killed in between, the day is simply not there until the next
upkeep. Retention takes days out as well: a usual week is that of the days kept.

Rows are kept by the feed's id of a segment and not by network version: a
version changes with every road that is redrawn, while a speed ratio already is
relative to the limit of its day. A zone's is relative to free flow: when other reference
speeds are there, its roll-up is made again, so that all of its days are told by the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import set_aside
from services.history import compaction, day_files, layout
from services.history.cube_files import CubeForm, read_columns, read_cube, write_cube
from services.history.cubes import Counts, Cube
from services.history.day_counts import (
    COUNTED_COLUMNS,
    SEGMENT_MEASURES,
    ZONE_MEASURES,
    CountedRows,
    rows_by_network,
    segment_counts,
    zone_counts,
)
from services.history.networks import KnownNetworks
from services.history.ratio_histogram import RATIO_BIN_PCT, quantile_pct
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# Between the mark of a day's rows and the version of the reference speeds.
_REFERENCE_SIGN: Final = "@"
QUANTILES: Final = {
    "p2_pct": 0.02,
    "p10_pct": 0.10,
    "p50_pct": 0.50,
    "p90_pct": 0.90,
    "p98_pct": 0.98,
}


def _quantile_columns(sums: Mapping[str, NDArray[Any]]) -> dict[str, pa.Array]:
    columns = {}
    for name, quantile in QUANTILES.items():
        value = quantile_pct(sums["ratios"], quantile, RATIO_BIN_PCT).ravel()
        empty = np.isnan(value)
        whole = np.rint(np.where(empty, 0, value)).astype(np.uint8)
        columns[name] = pa.array(whole, mask=empty)
    return columns


SEGMENT_FORM: Final = CubeForm("segment_id", SEGMENT_MEASURES, _quantile_columns)
ZONE_FORM: Final = CubeForm("zone", ZONE_MEASURES)


@dataclass(frozen=True, eq=False)
class Kind:
    """One of the two roll-ups: its file and how rows are counted for it."""

    file_name: str
    form: CubeForm
    count: Callable[[CountedRows], Counts]
    counts_free_flow: bool
    """Whether other reference speeds make it another one."""


SEGMENTS: Final = Kind("segments.parquet", SEGMENT_FORM, segment_counts, counts_free_flow=False)
ZONES: Final = Kind("zones.parquet", ZONE_FORM, zone_counts, counts_free_flow=True)
KINDS: Final = (SEGMENTS, ZONES)

Cubes = dict[Kind, Cube]


def path_of(data_dir: Path, source: Source, kind: Kind) -> Path:
    """The file of one of the roll-ups."""
    return layout.rollup_dir(data_dir, source) / kind.file_name


class Rollups:
    """Both roll-ups of a source, to be changed; the caller holds ``layout.exclusive``.

    They are read when first needed, and every change is written before the
    method that makes it returns.
    """

    def __init__(self, data_dir: Path, source: Source, networks: KnownNetworks) -> None:
        self._data_dir = data_dir
        self._source = source
        self._networks = networks
        self._cubes: Cubes | None = None

    def forget(self, days: Iterable[date]) -> None:
        """Take days out, before their files change.

        Raises
        ------
        StorageError
        """
        names = {day.isoformat(): day for day in days}
        if not any(names.keys() & self._listed(kind).keys() for kind in KINDS):
            return
        cubes = self._sound_cubes(self._marks())
        for name, day in names.items():
            holding = {kind: cube for kind, cube in cubes.items() if name in cube.days}
            table = self._rows_of_day(day) if holding else None
            if holding and table is None:
                # What it had added can no longer be told: the others are added up again.
                self._cubes = cubes = _no_cubes()
                break
            for kind, cube in holding.items():
                for counts in self._counts(table, kind):
                    cube.subtract(counts)
                del cube.days[name]
        self._save()

    def update(self) -> list[date]:
        """Add the compacted days that are not in yet.

        Returns
        -------
        list of date
            The days added.

        Raises
        ------
        StorageError
        """
        marks = self._marks()
        if all(self._listed(kind) == self._wanted(kind, marks) for kind in KINDS):
            return []
        cubes = self._sound_cubes(marks)
        added = []
        for day, mark in marks.items():
            lacking = [kind for kind, cube in cubes.items() if day.isoformat() not in cube.days]
            if lacking and self._add(day, mark, lacking):
                added.append(day)
        self._save()
        return added

    def rebuild(self, report: Callable[[date, int, int], None]) -> int:
        """Make both again from the raw days.

        Parameters
        ----------
        report : callable
            Called with each day added, its number and how many there are.

        Returns
        -------
        int
            How many days are in them now.

        Raises
        ------
        StorageError
        """
        marks = self._marks()
        self._cubes = _no_cubes()
        for count, (day, mark) in enumerate(marks.items(), start=1):
            self._add(day, mark, KINDS)
            report(day, count, len(marks))
        self._save()
        return len(self._cubes[SEGMENTS].days)

    def _marks(self) -> dict[date, str]:
        """Every compacted day, and what tells whether the roll-ups hold it as it is now."""
        return compaction.compacted_days(self._data_dir, self._source, self._networks)

    def _mark(self, kind: Kind, mark: str) -> str:
        """The mark of a day in one of the roll-ups."""
        reference = self._networks.reference
        if kind.counts_free_flow and reference is not None:
            return f"{mark}{_REFERENCE_SIGN}{reference.version}"
        return mark

    def _listed(self, kind: Kind) -> dict[str, str]:
        """The days that a file says are in it; none when it is missing or damaged."""
        if self._cubes is not None:
            return self._cubes[kind].days
        try:
            found = read_columns(path_of(self._data_dir, self._source, kind), [], [])
        except StorageError:
            return {}
        return found.days if found else {}

    def _sound_cubes(self, marks: Mapping[date, str]) -> Cubes:
        """Both, one that does not fit the raw days any more begun again."""
        if self._cubes is None:
            self._cubes = {kind: self._read(kind) for kind in KINDS}
        for kind, cube in self._cubes.items():
            wanted = self._wanted(kind, marks)
            others = {day: mark for day, mark in cube.days.items() if wanted.get(day) != mark}
            if others:
                self._tell_why(kind, others, marks)
                self._cubes[kind] = Cube(kind.form.measures)
        return self._cubes

    def _wanted(self, kind: Kind, marks: Mapping[date, str]) -> dict[str, str]:
        return {day.isoformat(): self._mark(kind, mark) for day, mark in marks.items()}

    def _tell_why(self, kind: Kind, others: Mapping[str, str], marks: Mapping[date, str]) -> None:
        """Say why one is made again: days changed, or only what they are compared with."""
        path = path_of(self._data_dir, self._source, kind)
        rows = {day.isoformat(): mark for day, mark in marks.items()}
        if any(rows.get(day) != mark.partition(_REFERENCE_SIGN)[0] for day, mark in others.items()):
            log.warning("days changed under %s: it is made again from the raw days", path)
        else:
            log.info("reference speeds were renewed: %s is made again from the raw days", path)

    def _read(self, kind: Kind) -> Cube:
        path = path_of(self._data_dir, self._source, kind)
        try:
            cube = read_cube(path, kind.form)
        except StorageError as error:
            set_aside(path, error)
            cube = None
        return cube or Cube(kind.form.measures)

    def _add(self, day: date, mark: str, kinds: Iterable[Kind]) -> bool:
        """Add a day to some of the cubes; False when its file turns out damaged."""
        table = self._rows_of_day(day)
        if table is None or self._cubes is None:
            return False
        for kind in kinds:
            for counts in self._counts(table, kind):
                self._cubes[kind].add(counts)
            self._cubes[kind].days[day.isoformat()] = self._mark(kind, mark)
        return True

    def _rows_of_day(self, day: date) -> pa.Table | None:
        """The rows of a day's file; None when it turns out damaged, and is set aside."""
        path = layout.day_file(self._data_dir, self._source, day)
        return day_files.sound_tables([path], COUNTED_COLUMNS).get(path)

    def _counts(self, table: pa.Table, kind: Kind) -> Iterator[Counts]:
        for counted in rows_by_network(table, self._networks):
            yield kind.count(counted)

    def _save(self) -> None:
        for kind, cube in (self._cubes or {}).items():
            path = path_of(self._data_dir, self._source, kind)
            if cube.days:
                write_cube(path, cube, kind.form)
            else:
                path.unlink(missing_ok=True)


def _no_cubes() -> Cubes:
    return {kind: Cube(kind.form.measures) for kind in KINDS}
