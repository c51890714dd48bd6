"""The hours of the week at a place: the mean or a percentile of what its days had.

The hour of a day is the mean of its quarters that are known, at least :data:`MIN_QUARTERS` of them;
by the city's clock, so that the hour that comes twice in October is one of eight quarters, and that
which March leaves out is none. Public holidays are a row of their own and of no weekday, which
shows whether they are like the Sundays that forecasts take them for.
"""

from __future__ import annotations

import warnings
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.city.city import City
from services.city.day_types import DayType, day_type
from services.plain.trends.week import WEEK_ROWS, Statistic, WeekAnswer, WeekQuery
from services.trends.archive import Archive, Report
from services.trends.day_grid import DayGrid
from services.trends.measures import MEASURED, told
from services.trends.periods import days_of

MIN_QUARTERS: Final = 2
MIN_DAYS: Final[dict[Statistic, int]] = {"mean": 1, "p50": 3, "p80": 5, "p95": 10}
"""With fewer days a percentile would be little but the worst or the best of them."""
_QUANTILES: Final[dict[Statistic, float]] = {"p50": 0.50, "p80": 0.80, "p95": 0.95}
_HOURS: Final = 24
_HOLIDAYS: Final = WEEK_ROWS - 1


def answer_week(archive: Archive, query: WeekQuery, report: Report) -> WeekAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    place = archive.place(query.place)
    days = days_of(archive.city, query.period, archive.today)
    rows: list[list[NDArray[np.float64]]] = [[] for _ in range(WEEK_ROWS)]
    lacking, holidays = [], []
    for grid in archive.days(place, days, report):
        if not grid.is_observed:
            lacking.append(grid.day)
            continue
        row = row_of(archive.city, grid.day)
        if row == _HOLIDAYS:
            holidays.append(grid.day)
        rows[row].append(hours_of(grid, MEASURED[query.measure](grid)))
    seen = [np.array(row).reshape(len(row), _HOURS) for row in rows]
    return WeekAnswer(
        measure=query.measure,
        statistic=query.statistic,
        values=[told(_of_days(row, query.statistic)) for row in seen],
        days=[_known(row).tolist() for row in seen],
        holidays=holidays,
        lacking=lacking,
    )


def row_of(city: City, day: date) -> int:
    """0 for Monday to 6 for Sunday; 7 for public holidays."""
    return _HOLIDAYS if day_type(city, day) is DayType.PUBLIC_HOLIDAY else day.weekday()


def hours_of(grid: DayGrid, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each hour of the city's clock, shape (24,); NaN where too little is known."""
    hour = np.floor(grid.local_hours + 1e-6).astype(np.int64)
    is_known = ~np.isnan(values)
    count = np.bincount(hour[is_known], minlength=_HOURS)
    total = np.bincount(hour[is_known], values[is_known], minlength=_HOURS)
    found = np.full(_HOURS, np.nan)
    return np.asarray(np.divide(total, count, out=found, where=count >= MIN_QUARTERS))


def _known(days: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray((~np.isnan(days)).sum(axis=0))


def _of_days(days: NDArray[np.float64], statistic: Statistic) -> NDArray[np.float64]:
    if not len(days):
        return np.full(_HOURS, np.nan)
    with warnings.catch_warnings():
        # Of hours that no day had there is none.
        warnings.simplefilter("ignore", RuntimeWarning)
        if statistic == "mean":
            found = np.nanmean(days, axis=0)
        else:
            found = np.nanquantile(days, _QUANTILES[statistic], axis=0)
    return np.where(_known(days) >= MIN_DAYS[statistic], found, np.nan)
