"""Reads a wide table of speeds (a row a time, a column a detector) and an adjacency of them."""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import TrafficError

MINUTES_PER_DAY: Final = 24 * 60
_SATURDAY: Final = 5
_UNKNOWN_TEXTS: Final = frozenset({"", "nan", "na", "null", "none"})


class SpeedTableRefused(TrafficError):
    """A table of speeds, or its adjacency, is not what it has to be."""


@dataclass(frozen=True)
class SpeedTable:
    """Speeds at equally spaced times.

    Attributes
    ----------
    speed : array of float32, shape (rows, detectors)
        In the unit of the file; NaN where unknown.
    """

    detectors: tuple[str, ...]
    speed: NDArray[np.float32]


# Types of days, as places in what is kept of them.
WORKING: Final = 0
OFF: Final = 1
SCHOOL_HOLIDAY: Final = 2


@dataclass(frozen=True)
class RowTimes:
    """Where rows stand in the week.

    Attributes
    ----------
    day : array of int, shape (rows,)
        Days since the first row's day.
    slot : array of int, shape (rows,)
        Step within the day.
    is_weekend : array of bool, shape (rows,)
        Days off: public holidays too, where they are known.
    is_school_holiday : array of bool, shape (rows,), optional
        Of days that are not off; without it, none.
    """

    day: NDArray[np.int64]
    slot: NDArray[np.int64]
    is_weekend: NDArray[np.bool_]
    slots_per_day: int
    is_school_holiday: NDArray[np.bool_] | None = None

    @property
    def day_type(self) -> NDArray[np.int64]:
        """:data:`WORKING`, :data:`OFF` or :data:`SCHOOL_HOLIDAY` of each row."""
        types = np.where(self.is_weekend, OFF, WORKING)
        if self.is_school_holiday is not None:
            types[self.is_school_holiday & ~self.is_weekend] = SCHOOL_HOLIDAY
        return types

    def part(self, rows: slice | NDArray[np.int64]) -> RowTimes:
        """The same for some of the rows."""
        holiday = self.is_school_holiday
        return RowTimes(
            self.day[rows],
            self.slot[rows],
            self.is_weekend[rows],
            self.slots_per_day,
            None if holiday is None else holiday[rows],
        )


def row_times(rows: int, first_day: date, step_minutes: int) -> RowTimes:
    """Times of consecutive rows, the first of them at midnight of ``first_day``.

    Parameters
    ----------
    first_day : date
        In the detectors' own local time.
    step_minutes : int
        Divides a day.

    Examples
    --------
    >>> times = row_times(300, date(2012, 3, 2), 5)
    >>> int(times.day[288]), int(times.slot[288]), bool(times.is_weekend[288])
    (1, 0, True)
    """
    slots_per_day = MINUTES_PER_DAY // step_minutes
    day, slot = np.divmod(np.arange(rows), slots_per_day)
    is_weekend = (first_day.weekday() + day) % 7 >= _SATURDAY
    return RowTimes(day, slot, is_weekend, slots_per_day)


def read_speed_table(path: Path) -> SpeedTable:
    """Read a CSV: a line of detector names, then a line of speeds for every time.

    An empty cell or ``nan`` is an unknown speed.

    Raises
    ------
    SpeedTableRefused
        In one line that says where: no such file, fewer than two columns, no rows,
        lines of unequal length, text, a negative or infinite speed.
    """
    header, *lines = _read_lines(path)
    if len(header) < 2:
        raise SpeedTableRefused(f"{path}: one column; a column for each detector is needed")
    if not lines:
        raise SpeedTableRefused(f"{path}: no line of speeds below the names")
    speed = np.array(
        [_speeds(path, number, line, header) for number, line in enumerate(lines, start=2)],
        dtype=np.float32,
    )
    return SpeedTable(tuple(name.strip() for name in header), speed)


def fingerprint(table: SpeedTable) -> str:
    """What tells a table from every other one: its detectors and speeds, in their order."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\n".join(table.detectors).encode())
    digest.update(table.speed.astype("<f4").tobytes())
    return digest.hexdigest()


def read_adjacency(path: Path, detectors: int) -> NDArray[np.float64]:
    """Read a square table of weights (no header), one row and column a detector.

    Raises
    ------
    SpeedTableRefused
        When it is not square, of another number of detectors, or holds anything but
        weights from 0 on.
    """
    lines = _read_lines(path)
    if len(lines) != detectors or any(len(line) != detectors for line in lines):
        raise SpeedTableRefused(
            f"{path}: {len(lines)} lines of {len(lines[0])} weights; "
            f"{detectors} of {detectors} are needed, as the speeds have {detectors} columns"
        )
    try:
        weights = np.array(lines, dtype=np.float64)
    except ValueError as error:
        raise SpeedTableRefused(f"{path}: a weight is no number") from error
    if not np.all(np.isfinite(weights)) or weights.min() < 0.0:
        raise SpeedTableRefused(f"{path}: a weight is negative or not finite")
    return weights


def _read_lines(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line]
    except OSError as error:
        raise SpeedTableRefused(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SpeedTableRefused(f"{path}: not a CSV file in UTF-8") from error
    if not lines:
        raise SpeedTableRefused(f"{path}: empty")
    return lines


def _speeds(path: Path, number: int, line: list[str], header: list[str]) -> list[float]:
    if len(line) != len(header):
        raise SpeedTableRefused(
            f"{path}, line {number}: {len(line)} cells under {len(header)} names"
        )
    try:
        speeds = [float(cell) for cell in line]
    except ValueError:
        speeds = [_speed(path, number, *pair) for pair in zip(header, line, strict=True)]
    if not all(0.0 <= speed < math.inf or math.isnan(speed) for speed in speeds):
        raise SpeedTableRefused(f"{path}, line {number}: a speed is negative or infinite")
    return speeds


def _speed(path: Path, number: int, name: str, cell: str) -> float:
    if cell.strip().lower() in _UNKNOWN_TEXTS:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise SpeedTableRefused(
            f"{path}, line {number}, column {name!r}: {cell[:40]!r} is no speed"
        ) from None
