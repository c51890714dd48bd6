"""The days of a period at a place: the mean of each over some of its hours."""

from __future__ import annotations

from typing import Final

import numpy as np

from services.base.errors import InvalidRequest
from services.city.day_types import day_type
from services.plain.trends.days import DaysAnswer, DaysQuery, DayValue
from services.trends.archive import Archive, Report
from services.trends.day_grid import DayGrid
from services.trends.measures import MEASURED
from services.trends.periods import days_of

MIN_KNOWN_SHARE: Final = 0.5
"""Of the time asked for: the mean of a morning is not that of a day."""
_DECIMALS: Final = 4


def answer_days(archive: Archive, query: DaysQuery, report: Report) -> DaysAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    if not query.from_hour < query.to_hour:
        raise InvalidRequest("h2", f"{query.to_hour:g}", "a time after the first one")
    place = archive.place(query.place)
    days = days_of(archive.city, query.period, archive.today)
    return DaysAnswer(
        query.measure,
        [
            DayValue(
                grid.day,
                _mean(grid, query),
                day_type(archive.city, grid.day).value,
                grid.is_observed,
            )
            for grid in archive.days(place, days, report)
        ],
    )


def _mean(grid: DayGrid, query: DaysQuery) -> float | None:
    hours = grid.local_hours
    counts = (hours >= query.from_hour) & (hours < query.to_hour)
    values = MEASURED[query.measure](grid)[counts]
    known = values[~np.isnan(values)]
    # Between two quarters no time is asked for.
    if not len(values) or len(known) < MIN_KNOWN_SHARE * len(values):
        return None
    return round(float(known.mean()), _DECIMALS)
