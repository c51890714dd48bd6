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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import set_aside
from services.history import compaction, day_files, layout
from services.history.by_day import IN_PROCESS, DayMap
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
from services.history.history import History
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

    def __init__(
        self,
        data_dir: Path,
        source: Source,
        networks: KnownNetworks,
        map_days: DayMap = IN_PROCESS,
    ) -> None:
        self._history = History(data_dir, source, networks)
        self._map_days = map_days
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
            counted = _counts_of_day(self._history, day, _names(holding)) if holding else {}
            if counted is None:
                # What it had added can no longer be told: the others are added up again.
                self._cubes = cubes = _no_cubes()
                break
            for kind, cube in holding.items():
                for counts in counted[kind.file_name]:
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
        lacking = {
            day: _names(kind for kind, cube in cubes.items() if day.isoformat() not in cube.days)
            for day in marks
        }
        added = []
        for names, days in groupby(marks, key=lacking.__getitem__):
            if names:
                added += [day for day in self._add(list(days), marks, names) if day is not None]
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
        added = self._add(list(marks), marks, _names(KINDS))
        for count, (day, _) in enumerate(zip(marks, added, strict=True), start=1):
            report(day, count, len(marks))
        self._save()
        return len(self._cubes[SEGMENTS].days)

    def _marks(self) -> dict[date, str]:
        """Every compacted day, and what tells whether the roll-ups hold it as it is now."""
        history = self._history
        return compaction.compacted_days(history.data_dir, history.source, history.networks)

    def _path(self, kind: Kind) -> Path:
        return path_of(self._history.data_dir, self._history.source, kind)

    def _mark(self, kind: Kind, mark: str) -> str:
        """The mark of a day in one of the roll-ups."""
        reference = self._history.networks.reference
        if kind.counts_free_flow and reference is not None:
            return f"{mark}{_REFERENCE_SIGN}{reference.version}"
        return mark

    def _listed(self, kind: Kind) -> dict[str, str]:
        """The days that a file says are in it; none when it is missing or damaged."""
        if self._cubes is not None:
            return self._cubes[kind].days
        try:
            found = read_columns(self._path(kind), [], [])
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
        path = self._path(kind)
        rows = {day.isoformat(): mark for day, mark in marks.items()}
        if any(rows.get(day) != mark.partition(_REFERENCE_SIGN)[0] for day, mark in others.items()):
            log.warning("days changed under %s: it is made again from the raw days", path)
        else:
            log.info("reference speeds were renewed: %s is made again from the raw days", path)

    def _read(self, kind: Kind) -> Cube:
        path = self._path(kind)
        try:
            cube = read_cube(path, kind.form)
        except StorageError as error:
            set_aside(path, error)
            cube = None
        return cube or Cube(kind.form.measures)

    def _add(
        self, days: Sequence[date], marks: Mapping[date, str], names: tuple[str, ...]
    ) -> Iterator[date | None]:
        """Add days to the cubes of some names; None in place of one whose file is damaged."""
        if self._cubes is None:
            return
        counted_days = self._map_days(_counts_of_day, self._history, days, names)
        for day, counted in zip(days, counted_days, strict=True):
            for kind, cube in self._cubes.items():
                if counted is not None and kind.file_name in names:
                    for counts in counted[kind.file_name]:
                        cube.add(counts)
                    cube.days[day.isoformat()] = self._mark(kind, marks[day])
            yield None if counted is None else day

    def _save(self) -> None:
        for kind, cube in (self._cubes or {}).items():
            path = self._path(kind)
            if cube.days:
                write_cube(path, cube, kind.form)
            else:
                path.unlink(missing_ok=True)


def _counts_of_day(
    history: History, day: date, names: tuple[str, ...]
) -> dict[str, list[Counts]] | None:
    """What a day adds to the roll-ups of some names, by name.

    None where its file turns out damaged, and is set aside.
    """
    path = layout.day_file(history.data_dir, history.source, day)
    table = day_files.sound_tables([path], COUNTED_COLUMNS).get(path)
    if table is None:
        return None
    counted: dict[str, list[Counts]] = {name: [] for name in names}
    for of_network in rows_by_network(table, history.networks):
        for kind in KINDS:
            if kind.file_name in names:
                counted[kind.file_name].append(kind.count(of_network).small())
    return counted


def _names(kinds: Iterable[Kind]) -> tuple[str, ...]:
    return tuple(kind.file_name for kind in kinds)


def _no_cubes() -> Cubes:
    return {kind: Cube(kind.form.measures) for kind in KINDS}
