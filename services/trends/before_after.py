"""What changed between two periods at a place, and at the detour beside it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.base.errors import InvalidRequest
from services.city.city import City
from services.city.day_types import DayType, day_type
from services.plain.trends.before_after import (
    BeforeAfterAnswer,
    BeforeAfterQuery,
    MeasuredChange,
    PeriodValues,
    PlaceChange,
)
from services.plain.trends.common import Period
from services.trends.archive import Archive, Report
from services.trends.comparison import Change, PeriodDays, compare_periods
from services.trends.day_grid import DayGrid
from services.trends.indices import MIN_OBSERVED_SHARE
from services.trends.measures import told
from services.trends.periods import days_of
from services.trends.places import Place
from services.trends.several_places import days_of_places

_DAY: Final = timedelta(days=1)
_HOURS_PER_DAY: Final = 24.0
_QUARTERS_PER_HOUR: Final = 4
_QUARTERS: Final = 96


def answer_before_after(
    archive: Archive, query: BeforeAfterQuery, report: Report
) -> BeforeAfterAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    _check(query)
    keys = [query.place] if query.detour is None else [query.place, query.detour]
    places = [archive.place(key) for key in keys]
    periods = [_days(archive, period) for period in (query.before, query.after)]
    found = [[_Period(days, query) for days in periods] for _ in places]
    for _, grids in days_of_places(archive, places, sorted({*periods[0], *periods[1]}), report):
        for grid, of_place in zip(grids, found, strict=True):
            for period in of_place:
                period.add(grid)
    return BeforeAfterAnswer(
        [_place(archive.city, *one) for one in zip(places, found, strict=True)]
    )


def comparable_kind(city: City, day: date) -> Hashable:
    """What a day is compared by: its name, and whether schools are closed."""
    return day.weekday(), day_type(city, day) is DayType.SCHOOL_HOLIDAY


def _check(query: BeforeAfterQuery) -> None:
    before, after = query.before, query.after
    if max(before.first, after.first) <= min(before.last, after.last):
        raise InvalidRequest("du2", after.first.isoformat(), "periods without a day in common")
    if not 0 <= query.from_hour < query.to_hour <= _HOURS_PER_DAY:
        raise InvalidRequest("h2", f"{query.to_hour:g}", "an hour after the first one")


def _days(archive: Archive, period: Period) -> list[date]:
    """Those of a period that are over and are no public holidays."""
    days = days_of(archive.city, period, archive.today - _DAY)
    return [day for day in days if day_type(archive.city, day) is not DayType.PUBLIC_HOLIDAY]


class _Period:
    """What is kept of the days of a period at a place once their grids are let go."""

    def __init__(self, days: Sequence[date], query: BeforeAfterQuery) -> None:
        self._days = set(days)
        self._hours = query.from_hour, query.to_hour
        self._sums, self._counts = np.zeros(_QUARTERS), np.zeros(_QUARTERS)
        self._closed = self._of_hours = 0
        self.values: dict[date, float] = {}

    def add(self, grid: DayGrid) -> None:
        """A day without enough of its hours has no value, but is of the curve."""
        if grid.day not in self._days:
            return
        values = grid.travel_s if grid.place.is_route else grid.index
        hours = grid.local_hours
        known = ~np.isnan(values)
        clock = np.rint(hours * _QUARTERS_PER_HOUR).astype(np.int64)[known]
        self._sums += np.bincount(clock, values[known], _QUARTERS)
        self._counts += np.bincount(clock, minlength=_QUARTERS)
        inside = (hours >= self._hours[0]) & (hours < self._hours[1])
        self._closed += int(grid.is_closed[inside].sum()) if grid.place.is_route else 0
        self._of_hours += int((grid.snapshots[inside] > 0).sum())
        if inside.any() and known[inside].mean() >= MIN_OBSERVED_SHARE:
            self.values[grid.day] = float(values[inside & known].mean())

    def told(self, compared: PeriodDays) -> PeriodValues:
        """As the answer has it."""
        return PeriodValues(
            days=list(self.values),
            values=list(self.values.values()),
            asked=len(self._days),
            compared=compared.days,
            weeks=compared.weeks,
            closed_share=self._closed / self._of_hours if self._of_hours else 0.0,
            curve=told(self._curve()),
        )

    def _curve(self) -> NDArray[np.float64]:
        mean = np.full(_QUARTERS, np.nan)
        np.divide(self._sums, self._counts, out=mean, where=self._counts > 0)
        return mean


def _place(city: City, place: Place, periods: Sequence[_Period]) -> PlaceChange:
    before, after = periods
    kinds = {day: comparable_kind(city, day) for day in (*before.values, *after.values)}
    found = compare_periods(before.values, after.values, kinds)
    return PlaceChange(
        place=place.key,
        unit="s" if place.is_route else "index",
        free=float(np.nansum(place.free_s)) if place.is_route else 1.0,
        before=before.told(found.days_before),
        after=after.told(found.days_after),
        change=_measured(found) if isinstance(found, Change) else None,
        untold=None if isinstance(found, Change) else found.reason,
    )


def _measured(change: Change) -> MeasuredChange:
    return MeasuredChange(
        before=change.before,
        after=change.after,
        low=change.low,
        high=change.high,
        p_value=change.p_value,
        is_beyond_chance=change.is_beyond_chance,
        block_weeks=change.block_weeks,
    )
