"""The mean speed of each segment in each hour of a day, one small file a day.

history/hour_speeds/source=live/date=2026-11-22.parquet   a row a segment, a column an hour (UTC)

Half kilometres an hour, 0 where too little was seen: eight weeks of a town are read in a blink
(``services.traffic.reference_speed``), their rows in a minute. Made of a compacted day; a file that
is damaged, or of rows that changed since, is made again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.base.files import set_aside, write_atomically
from services.base.parquet_file import ParquetForm, numbers, texts
from services.city.city import City
from services.history import layout
from services.history.day_counts import CountedRows
from services.history.hour_of_week import HOURS_PER_DAY, hours_of_week
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# Fewer speeds of an hour are single cars. By night most hours have fewer.
MIN_OBSERVATIONS: Final = 3
MIN_OBSERVATIONS_AT_NIGHT: Final = 2
NIGHT_HOURS: Final = (22, 23, 0, 1, 2, 3, 4, 5)

FORMAT: Final = 1
_STEPS_PER_KMH: Final = 2
_MOST_STEPS: Final = 255
_STANDSTILL_KMH: Final = 1.0
_SECONDS_PER_HOUR: Final = 3_600
_COLUMNS: Final = tuple(f"h{hour:02d}" for hour in range(HOURS_PER_DAY))
_FORM: Final = ParquetForm(b"traffic_hour_speeds", "a file of hourly speeds", StorageError)


@dataclass(frozen=True, eq=False)
class HourSpeeds:
    """A UTC day by hours.

    Attributes
    ----------
    segment_ids : tuple of str
    steps : array of uint8, shape (HOURS_PER_DAY, segments)
        Space-mean speed in half km/h; 0 where too little was seen.
    """

    segment_ids: tuple[str, ...]
    steps: NDArray[np.uint8]

    def speed_kmh(self) -> NDArray[np.float32]:
        """The same in km/h; NaN where too little was seen."""
        return np.where(self.steps > 0, self.steps / np.float32(_STEPS_PER_KMH), np.nan).astype(
            np.float32
        )


def hours_of_day(day: date) -> NDArray[np.int64]:
    """When each hour of a UTC day begins, seconds since 1970."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    return int(start.timestamp()) + _SECONDS_PER_HOUR * np.arange(HOURS_PER_DAY)


def hour_speeds(city: City, day: date, parts: list[CountedRows]) -> HourSpeeds:
    """The harmonic means of the known speeds within each hour of a UTC day.

    Speeds above the limit count as the limit, as in travel times.

    Parameters
    ----------
    parts : list of CountedRows
        All rows of the day, those on one network together.
    """
    segment_ids = tuple(dict.fromkeys(key for part in parts for key in part.network.segment_ids))
    place_of = {key: place for place, key in enumerate(segment_ids)}
    cells = HOURS_PER_DAY * len(segment_ids)
    slowness, seen = np.zeros(cells), np.zeros(cells, np.int64)
    for part in parts:
        places = np.array([place_of[key] for key in part.network.segment_ids], np.int64)
        known = part.known
        hour = part.time_s[known] // _SECONDS_PER_HOUR % HOURS_PER_DAY
        cell = hour * len(segment_ids) + places[part.segment[known]]
        limit_kmh = part.network.speed_limit_kmh[part.segment[known]]
        # A limit that is not known bounds nothing.
        bounded_kmh = np.fmin(np.maximum(part.speed_kmh[known], _STANDSTILL_KMH), limit_kmh)
        slowness += np.bincount(cell, 1.0 / bounded_kmh, cells)
        seen += np.bincount(cell, minlength=cells)
    shape = (HOURS_PER_DAY, len(segment_ids))
    local_hour = hours_of_week(city, hours_of_day(day)) % HOURS_PER_DAY
    enough = np.where(np.isin(local_hour, NIGHT_HOURS), MIN_OBSERVATIONS_AT_NIGHT, MIN_OBSERVATIONS)
    is_told = seen.reshape(shape) >= enough[:, np.newaxis]
    mean_kmh = np.divide(seen, slowness, out=np.zeros(cells), where=seen > 0).reshape(shape)
    steps = np.clip(np.rint(mean_kmh * _STEPS_PER_KMH), 1, _MOST_STEPS)
    return HourSpeeds(segment_ids, np.where(is_told, steps, 0).astype(np.uint8))


def write_hour_speeds(
    data_dir: Path, source: Source, day: date, speeds: HourSpeeds, mark: str
) -> None:
    """Keep a day's file.

    Parameters
    ----------
    mark : str
        Tells the rows that it is made of from others.

    Raises
    ------
    StorageError
    """
    columns = {"segment_id": pa.array(speeds.segment_ids, pa.string())}
    columns |= {name: pa.array(steps) for name, steps in zip(_COLUMNS, speeds.steps, strict=True)}
    content = _FORM.encode(pa.table(columns), {"format": FORMAT, "mark": mark})
    write_atomically(layout.hour_speeds_file(data_dir, source, day), content)


def read_hour_speeds(data_dir: Path, source: Source, day: date, mark: str) -> HourSpeeds | None:
    """A day's file; None where there is none of these rows. A damaged one is set aside."""
    path = layout.hour_speeds_file(data_dir, source, day)
    try:
        with _FORM.opened(path) as (file, header):
            if header["format"] != FORMAT or header["mark"] != mark:
                return None
            table = file.read()
            steps = np.stack([numbers(table.column(name)) for name in _COLUMNS])
            if steps.dtype != np.uint8:
                raise TypeError(f"speeds of type {steps.dtype}")
            return HourSpeeds(texts(table.column("segment_id")), steps)
    except FileNotFoundError:
        return None
    except StorageError as error:
        set_aside(path, error)
        return None


def remove_hour_speeds(data_dir: Path, source: Source, days: list[date]) -> None:
    """Let the files of some days go.

    Raises
    ------
    StorageError
    """
    for day in days:
        path = layout.hour_speeds_file(data_dir, source, day)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot remove {path}: {error.strerror}") from error
