"""The kinds of the days to come, as the worker writes them and pages read them.

A forecast is asked for by the day of the week; which date that is, and whether it is an
ordinary day, decides what of the week's table is shown.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

from services.errors import StorageError
from services.files import FileStamp, read_if_present, stamp_of, write_atomically

log = logging.getLogger(__name__)

FILE_NAME: Final = "calendar.json"
# A page asks for a week; the worker may be away for another one.
DAYS_AHEAD: Final = 15
_DAYS_A_WEEK: Final = 7
_SUNDAY: Final = 6


class DayType(StrEnum):
    """What kind of day it is for the traffic."""

    WORKING_DAY = "working_day"
    SCHOOL_HOLIDAY = "school_holiday"
    WEEKEND = "weekend"
    PUBLIC_HOLIDAY = "public_holiday"


@dataclass(frozen=True)
class ForecastDay:
    """A day that a forecast is asked for.

    Attributes
    ----------
    date : date
    weekday : int
        0 for Monday to 6 for Sunday: as it was asked for.
    day_type : DayType
    """

    date: date
    weekday: int
    day_type: DayType

    @property
    def like_weekday(self) -> int:
        """Whose forecast holds: on public holidays people drive as on Sundays."""
        return weekday_like(self.weekday, self.day_type)


def weekday_like(weekday: int, day_type: DayType) -> int:
    """The day of the week whose traffic a day has, 0 for Monday to 6 for Sunday."""
    return _SUNDAY if day_type is DayType.PUBLIC_HOLIDAY else weekday


class CachedDayTypes:
    """Gives the kinds of the days to come; reads them again only when they changed.

    Safe to share between threads.

    Parameters
    ----------
    data_dir : Path
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME
        self._lock = threading.Lock()
        self._stamp: FileStamp | None = None
        self._types: Mapping[date, DayType] = {}

    def coming(self, weekday: int, today: date) -> ForecastDay:
        """The next day of a name, today included.

        Parameters
        ----------
        weekday : int
            0 for Monday to 6 for Sunday.
        today : date
            In Rennes.
        """
        day = today + timedelta(days=(weekday - today.weekday()) % _DAYS_A_WEEK)
        return ForecastDay(day, weekday, self._current().get(day) or _looked_up(day))

    def _current(self) -> Mapping[date, DayType]:
        stamp = stamp_of(self._path)
        with self._lock:
            if stamp != self._stamp:
                self._stamp = stamp
                self._types = self._read()
            return self._types

    def _read(self) -> Mapping[date, DayType]:
        try:
            return read_day_types(self._path)
        except StorageError as error:
            log.error("each day has to be looked up: %s", error)
            return {}


def _looked_up(day: date) -> DayType:
    """The kind of a day that the worker did not write down: it has just begun, or is long gone."""
    # A third of a second, which a page waits for in those cases only.
    from services.calendar import calendar  # noqa: PLC0415

    return calendar().day_type(day)


def write_day_types(data_dir: Path, types: Mapping[date, DayType]) -> None:
    """Replace the kinds of the days to come.

    Raises
    ------
    StorageError
    """
    content = {day.isoformat(): str(day_type) for day, day_type in types.items()}
    write_atomically(data_dir / FILE_NAME, orjson.dumps(content))


def read_day_types(path: Path) -> Mapping[date, DayType]:
    """Read back :func:`write_day_types`; nothing where there is no file yet.

    Raises
    ------
    StorageError
        When it is no such file.
    """
    document = read_if_present(path)
    if document is None:
        return {}
    try:
        content = orjson.loads(document)
        return {date.fromisoformat(day): DayType(name) for day, name in content.items()}
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError) as error:
        raise StorageError(f"{path} is no calendar: {error}") from error
