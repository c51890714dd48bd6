"""The curve of a day at a place, against what is usual, another day and the mean of a period."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import InvalidRequest
from services.plain.trends.curve import Band, CurveAnswer, CurveQuery, Measure
from services.plain.trends.marks import Mark
from services.trends.archive import Archive, Report
from services.trends.day_grid import DayGrid
from services.trends.expected import expected_today
from services.trends.marks import marks
from services.trends.measures import MEASURED, rounded, told
from services.trends.periods import MIN_USUAL_DAYS, days_of, is_holiday, next_like, usual_days
from services.trends.places import Place

_BAND: Final = (0.10, 0.50, 0.90)
_QUARTERS_PER_HOUR: Final = 4
_WEEK: Final = timedelta(weeks=1)
MOST_MARKS: Final = 12
"""No figure shows more numbers than one reads."""


def answer_curve(archive: Archive, query: CurveQuery, report: Report) -> CurveAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    if query.day > archive.today:
        raise InvalidRequest("jour", query.day.isoformat(), "a day that has come")
    place = archive.place(query.place)
    city = archive.city
    usual = usual_days(city, query.day, archive.today)
    others = [] if query.other_day is None else [query.other_day]
    period = [] if query.period is None else days_of(city, query.period, archive.today)
    asked = list(dict.fromkeys([query.day, *usual, *others, *period]))
    grids: dict[date, _Day] = {}
    shown: list[DayGrid] = []
    for grid in archive.days(place, asked, report):
        grids[grid.day] = _Day(grid, query.measure)
        # Of the whole network it takes 3 MB: of the other days only their values stay.
        if grid.day == query.day:
            shown.append(grid)
    [grid] = shown
    today = grids[query.day]
    band = _band([grids[day] for day in usual], today)
    happened = _marks(archive, place, query.day)
    return CurveAnswer(
        start=grid.start,
        clock=grid.clock,
        measure=query.measure,
        values=told(today.values),
        statuses={name: rounded(share) for name, share in grid.status_shares().items()},
        usual=band,
        usual_from=None
        if band
        else _usual_from(next_like(city, query.day), [grids[day] for day in usual]),
        forecast=expected_today(archive, grid, query.measure, band),
        marks=happened[:MOST_MARKS],
        marks_left_out=max(0, len(happened) - MOST_MARKS),
        other=told(grids[others[0]].at(today.clock)) if others else None,
        mean=_mean([grids[day] for day in period], today) if period else None,
        observed_share=float((grid.snapshots > 0).mean()),
        lacking=[day for day in asked if not grids[day].is_observed],
        is_holiday=is_holiday(city, query.day),
    )


def _usual_from(day: date, before: Sequence[_Day]) -> date:
    """Where this day, and every one of its name from then on, is observed."""
    seen = sum(one.is_observed for one in before)
    return day + (MIN_USUAL_DAYS - seen) * _WEEK


def _marks(archive: Archive, place: Place, day: date) -> list[Mark]:
    """Those of a day, those that cost the most first."""
    if archive.operations is None:
        return []
    found = marks(archive, archive.operations, place, day, day)
    # What is of no road comes first: it explains the whole day.
    rank = {"event": 1, "roadwork": 2}
    worst_first = sorted(found, key=lambda mark: -(mark.delay_s or 0.0))
    return sorted(worst_first, key=lambda mark: rank.get(mark.kind, 0))


class _Day:
    """What is kept of a day once its grid is let go."""

    def __init__(self, grid: DayGrid, measure: Measure) -> None:
        self.day = grid.day
        self.is_observed = grid.is_observed
        self.values = MEASURED[measure](grid)
        # By the city's clock: on days of another length hours are compared with the same hour.
        self.clock = np.rint(grid.local_hours * _QUARTERS_PER_HOUR).astype(np.int64)

    def at(self, clock: NDArray[np.int64]) -> NDArray[np.float64]:
        """The values at some quarters of the clock; NaN where the day has none."""
        by_clock = np.full(25 * _QUARTERS_PER_HOUR, np.nan)
        by_clock[self.clock] = self.values
        return by_clock[clock]


def _band(days: Sequence[_Day], today: _Day) -> Band | None:
    seen = [day.at(today.clock) for day in days if day.is_observed]
    if len(seen) < MIN_USUAL_DAYS:
        return None
    values = np.array(seen)
    enough = (~np.isnan(values)).sum(axis=0) >= MIN_USUAL_DAYS
    with warnings.catch_warnings():
        # Of quarters that were never seen there is none.
        warnings.simplefilter("ignore", RuntimeWarning)
        low, middle, high = np.nanquantile(values, _BAND, axis=0)
    low, middle, high = (np.where(enough, one, np.nan) for one in (low, middle, high))
    return Band(told(low), told(middle), told(high), len(seen))


def _mean(days: Sequence[_Day], today: _Day) -> list[float | None]:
    values = np.array([day.at(today.clock) for day in days])
    count = (~np.isnan(values)).sum(axis=0)
    total = np.nansum(values, axis=0)
    return told(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))
