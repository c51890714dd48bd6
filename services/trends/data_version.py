"""What changes when an answer to a question has to be computed anew. Cheap: no file is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from services.base.files import FileStamp, stamp_of
from services.city.city import City
from services.history import layout
from services.trends.messages import Question

_DAY: Final = timedelta(days=1)
# Beside the history: free flow as measured, what is usual, and what networks are known.
_BESIDE: Final = ("reference/{source}.parquet", "networks", "history/rollups/source={source}")
# Of days that are not over: what is written about now and what is to come.
_OF_NOW: Final = (
    "day/{source}.json",
    "roadworks/{source}.json",
    "forecasts/nowcast/current.parquet",
)


def data_version(
    city: City, data_dir: Path, question: Question, days: tuple[date, date] | None, now: datetime
) -> str:
    """A mark of all that an answer is made of.

    Parameters
    ----------
    days : tuple of date, optional
        The first and the last local day that it depends on; None: all that are kept.
    now : datetime
        Aware, UTC.
    """
    mark = hashlib.blake2b(digest_size=16)
    for stamp in _stamps(city, data_dir, question, days, now):
        mark.update(repr(stamp).encode())
    return mark.hexdigest()


def _stamps(
    city: City, data_dir: Path, question: Question, days: tuple[date, date] | None, now: datetime
) -> Iterator[object]:
    today = city.local(now).date()
    yield today
    for name in _BESIDE:
        yield stamp_of(data_dir / name.format(source=question.source))
    if days is None or days[1] >= today:
        for name in _OF_NOW:
            yield stamp_of(data_dir / name.format(source=question.source))
    for day in _utc_days(city, data_dir, question, days):
        yield day, _stamp_of_day(data_dir, question, day)


def _utc_days(
    city: City, data_dir: Path, question: Question, days: tuple[date, date] | None
) -> list[date]:
    kept = layout.days(data_dir, question.source)
    if days is None:
        return kept
    first = city.midnight(days[0]).astimezone(UTC).date()
    last = city.midnight(days[1] + _DAY).astimezone(UTC).date()
    return [day for day in kept if first <= day <= last]


def _stamp_of_day(
    data_dir: Path, question: Question, day: date
) -> tuple[FileStamp | None, FileStamp | None]:
    """A directory changes with each file that is made, replaced or removed in it."""
    return (
        stamp_of(layout.partition(data_dir, question.source, day)),
        stamp_of(layout.quarters_file(data_dir, question.source, day)),
    )
