"""How much of the archive's time was observed.

Told of every view that has too little to go on, and in the frame of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import numpy as np
from numpy.typing import NDArray

from services.base.errors import StorageError
from services.history import day_files, layout
from services.history.quarters import QUARTER_SECONDS, QUARTERS_PER_DAY, read_quarters
from services.plain.trends.coverage import Coverage, CoverageQuery
from services.trends.archive import Archive, Report


def answer_coverage(archive: Archive, _query: CoverageQuery, report: Report) -> Coverage:
    """Say how much is there, of today too."""
    observed = _observed_quarters(archive, report)
    if not len(observed):
        return Coverage(archive.today)
    days = _local_days(archive, observed)
    return Coverage(
        today=archive.today,
        first_day=days[0],
        last_day=days[-1],
        days=len(days),
        share=len(observed) / int(observed[-1] - observed[0] + 1),
    )


def _observed_quarters(archive: Archive, report: Report) -> NDArray[np.int64]:
    """The quarters of an hour in which something was observed, counted from 1970, in order."""
    days = layout.days(archive.data_dir, archive.source)
    found = [np.empty(0, np.int64)]
    for count, day in enumerate(days):
        report(count, len(days))
        first = int(datetime.combine(day, time(), UTC).timestamp()) // QUARTER_SECONDS
        found.append(first + np.flatnonzero(_is_observed(archive, day)))
    report(len(days), len(days))
    return np.concatenate(found)


def _is_observed(archive: Archive, day: date) -> NDArray[np.bool_]:
    """Of each quarter of a UTC day; of one whose rows are damaged as its quarters tell."""
    is_observed = np.zeros(QUARTERS_PER_DAY, bool)
    place = archive.data_dir, archive.source, day
    try:
        seconds = set(_seconds(day_files.day_files(*place)))
    except StorageError:
        archive.unread.add(day)
        seconds = set()
    if seconds:
        is_observed[np.array(sorted(seconds)) // QUARTER_SECONDS] = True
    elif (kept := read_quarters(*place, ())) is not None:
        is_observed = kept.snapshots > 0
    return is_observed


def _seconds(found: day_files.DayFiles) -> Iterator[int]:
    if found.header is not None:
        yield from found.header.seconds
    for path in found.snapshots:
        second = layout.second_of_day(path)
        if second is not None:
            yield second


def _local_days(archive: Archive, quarters: NDArray[np.int64]) -> list[date]:
    # Offsets of a city are whole hours: an hour is of one day.
    per_hour = 3_600 // QUARTER_SECONDS
    hours = np.unique(quarters // per_hour).tolist()
    moments = (datetime.fromtimestamp(hour * 3_600, UTC) for hour in hours)
    return list(dict.fromkeys(archive.city.local(moment).date() for moment in moments))
