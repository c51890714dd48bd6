"""What each segment did in each quarter of an hour of a day, one small file a day.

history/quarters/source=live/date=2026-11-22.parquet   a row a segment, 96 bytes a column

A year of a corridor is read in a second, its rows in minutes. Made of a compacted day, of today's
too; a file that is damaged, or of rows that changed since, is made again. Speeds count at most the
limit, as in travel times (``services.traffic.zone_ratios``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import set_aside, write_atomically
from services.base.parquet_file import ParquetForm, texts
from services.history import compaction, day_files, layout, rows
from services.history.by_day import IN_PROCESS, DayMap
from services.history.day_counts import COUNTED_COLUMNS, CountedRows, rows_by_network
from services.history.history import History
from services.traffic.snapshot import Source
from services.traffic.status import Status

log = logging.getLogger(__name__)

QUARTER_SECONDS: Final = 900
QUARTERS_PER_DAY: Final = 96
FORMAT: Final = 1
STEPS_PER_KMH: Final = 2
_MOST: Final = 255
_STANDSTILL_KMH: Final = 1.0
_FORM: Final = ParquetForm(b"traffic_quarters", "a file of quarters of an hour", StorageError)
_CELLS: Final = pa.binary(QUARTERS_PER_DAY)
COUNTS: Final[Mapping[str, Status]] = {
    "heavy": Status.HEAVY,
    "congested": Status.CONGESTED,
    "closed": Status.IMPOSSIBLE,
}
"""Statuses that are counted; those that are known and neither are free-flowing."""
COLUMNS: Final = ("steps", "known", *COUNTS)


@dataclass(frozen=True, eq=False)
class Quarters:
    """A UTC day of some segments by quarters of an hour.

    Attributes
    ----------
    segment_ids : tuple of str
    cells : dict of array of uint8, shape (segments, QUARTERS_PER_DAY)
        ``steps``: space-mean speed in half km/h, 0 where nothing was known; ``known``: how many
        observations had a speed; ``heavy``, ``congested``, ``closed``: how many were that.
    snapshots : array of int, shape (QUARTERS_PER_DAY,)
        How many observation times there were.
    """

    segment_ids: tuple[str, ...]
    cells: dict[str, NDArray[np.uint8]]
    snapshots: NDArray[np.int64]


def quarters_of_rows(parts: Sequence[CountedRows]) -> Quarters:
    """The quarters of a UTC day.

    Parameters
    ----------
    parts : sequence of CountedRows
        All rows of the day, those on one network together.
    """
    segment_ids = tuple(dict.fromkeys(key for part in parts for key in part.network.segment_ids))
    place_of = {key: place for place, key in enumerate(segment_ids)}
    shape = (len(segment_ids), QUARTERS_PER_DAY)
    counts = {name: np.zeros(shape[0] * shape[1]) for name in ("slowness", *COLUMNS[1:])}
    seconds: list[NDArray[np.int64]] = []
    for part in parts:
        places = np.array([place_of[key] for key in part.network.segment_ids], np.int64)
        quarter = part.time_s % rows.SECONDS_PER_DAY // QUARTER_SECONDS
        cell = places[part.segment] * QUARTERS_PER_DAY + quarter
        of_part = _counted(part, cell, shape[0] * shape[1])
        for name, amounts in of_part.items():
            counts[name] += amounts
        seconds.append(rows.ranks(part.time_s % rows.SECONDS_PER_DAY)[0])
    slowness, known = counts.pop("slowness"), counts["known"]
    mean_kmh = np.divide(known, slowness, out=np.zeros(len(known)), where=known > 0)
    # What was known is never told as unknown, however slow.
    steps = np.where(known > 0, np.clip(np.rint(mean_kmh * STEPS_PER_KMH), 1, _MOST), 0)
    cells = {"steps": steps} | {name: np.minimum(counts[name], _MOST) for name in COLUMNS[1:]}
    times = np.unique(np.concatenate([np.empty(0, np.int64), *seconds]))
    return Quarters(
        segment_ids,
        {name: values.reshape(shape).astype(np.uint8) for name, values in cells.items()},
        np.bincount(times // QUARTER_SECONDS, minlength=QUARTERS_PER_DAY),
    )


def _counted(
    part: CountedRows, cell: NDArray[np.int64], cells: int
) -> dict[str, NDArray[np.float64]]:
    known = part.known
    limit_kmh = part.network.speed_limit_kmh[part.segment[known]]
    # A limit that is not known bounds nothing.
    bounded_kmh = np.fmin(np.maximum(part.speed_kmh[known], _STANDSTILL_KMH), limit_kmh)
    found: dict[str, NDArray[np.float64]] = {
        "slowness": np.bincount(cell[known], 1.0 / bounded_kmh, cells).astype(np.float64),
        "known": np.bincount(cell[known], minlength=cells).astype(np.float64),
    }
    for name, status in COUNTS.items():
        found[name] = np.bincount(cell[part.status == status], minlength=cells).astype(np.float64)
    return found


def renew_quarters(history: History, map_days: DayMap = IN_PROCESS) -> list[date]:
    """Make the files of compacted days that have none, or one of other rows.

    The caller holds ``layout.exclusive``.

    Returns
    -------
    list of date
        The days made.

    Raises
    ------
    StorageError
    """
    place = history.data_dir, history.source
    marks = compaction.compacted_days(*place, history.networks)
    lacking = [day for day, mark in marks.items() if _mark_of(*place, day) != mark]
    for day, made in zip(lacking, map_days(quarters_of_day, history, lacking), strict=True):
        columns: dict[str, pa.Array] = {"segment_id": pa.array(made.segment_ids, pa.string())}
        columns |= {name: _as_bytes(values) for name, values in made.cells.items()}
        header = {"format": FORMAT, "mark": marks[day], "snapshots": made.snapshots.tolist()}
        write_atomically(
            layout.quarters_file(*place, day),
            _FORM.encode(pa.table(columns), header, use_dictionary=["segment_id"]),
        )
    return lacking


def quarters_of_day(history: History, day: date) -> Quarters:
    """A UTC day out of its rows, as they are by now.

    Raises
    ------
    StorageError
    """
    table = day_files.read_day(history.data_dir, history.source, day, COUNTED_COLUMNS)
    return quarters_of_rows(list(rows_by_network(table, history.networks)))


def read_quarters(
    data_dir: Path, source: Source, day: date, columns: Iterable[str] = COLUMNS
) -> Quarters | None:
    """The file of a UTC day; None where there is none. A damaged one is set aside.

    Parameters
    ----------
    columns : iterable of str
        Some of :data:`COLUMNS`: each takes a fifth of the time.
    """
    path = layout.quarters_file(data_dir, source, day)
    wanted = list(columns)
    try:
        with _FORM.opened(path) as (file, header):
            if header["format"] != FORMAT:
                return None
            # Threads take as long for so little, and on a busy machine longer.
            table = file.read(columns=["segment_id", *wanted], use_threads=False)
            snapshots = np.array(header["snapshots"], np.int64)
            if snapshots.shape != (QUARTERS_PER_DAY,):
                raise ValueError("snapshots of another number of quarters")
            cells = {name: _as_cells(table.column(name)) for name in wanted}
            return Quarters(texts(table.column("segment_id")), cells, snapshots)
    except FileNotFoundError:
        return None
    except StorageError as error:
        set_aside(path, error)
        return None


def remove_quarters(data_dir: Path, source: Source, days: Iterable[date]) -> None:
    """Let the files of some days go.

    Raises
    ------
    StorageError
    """
    for day in days:
        path = layout.quarters_file(data_dir, source, day)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot remove {path}: {error.strerror}") from error


def _mark_of(data_dir: Path, source: Source, day: date) -> str | None:
    """What tells the rows that a day's file was made of; None without a sound one."""
    path = layout.quarters_file(data_dir, source, day)
    try:
        header = _FORM.header(pq.read_metadata(path))
        return str(header["mark"]) if header["format"] == FORMAT else None
    except (pa.ArrowException, KeyError, TypeError, ValueError, OSError):
        return None


def _as_bytes(values: NDArray[np.uint8]) -> pa.Array:
    content = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(_CELLS, len(values), [None, content])


def _as_cells(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    if column.type != _CELLS or column.null_count:
        raise TypeError(f"cells of type {column.type}, {column.null_count} of them null")
    values = column.combine_chunks()
    found = np.frombuffer(values.buffers()[1] or b"", np.uint8, len(values) * QUARTERS_PER_DAY,
                          values.offset * QUARTERS_PER_DAY)  # fmt: skip
    return found.reshape(len(values), QUARTERS_PER_DAY)
