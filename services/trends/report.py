"""A report of a place over a period: the answers of the views, and the mean day with its band.

Nothing is computed here that a view has: each of its figures is the view's own.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.plain.trends.bottlenecks import BottleneckRow, BottlenecksQuery
from services.plain.trends.common import DaysKept, Period
from services.plain.trends.curve import Measure
from services.plain.trends.days import DaysQuery
from services.plain.trends.marks import Mark
from services.plain.trends.reliability import ReliabilityQuery
from services.plain.trends.report import (
    MOST_BOTTLENECKS,
    MOST_MARKS,
    MeanDay,
    ReportAnswer,
    ReportQuery,
)
from services.plain.trends.week import WeekQuery
from services.trends.archive import Archive, Report
from services.trends.bottlenecks import answer_bottlenecks
from services.trends.days import answer_days
from services.trends.marks import marks
from services.trends.measures import MEASURED, told
from services.trends.periods import days_of, is_kept
from services.trends.places import WHOLE, Place
from services.trends.reliability import reliability_of
from services.trends.week import answer_week

_PARTS: Final = 5
_QUARTERS_PER_HOUR: Final = 4
_CLOCK_QUARTERS: Final = 96
# Fewer days have no band: a tenth of them would be none.
MIN_BAND_DAYS: Final = 5
_BAND: Final = (0.10, 0.90)
# Of the marks that are left out where there are too many, these are kept first.
_RANK: Final = {"event": 1, "roadwork": 2}


def answer_report(archive: Archive, query: ReportQuery, report: Report) -> ReportAnswer:
    """Answer.

    Raises
    ------
    UnknownPlace, InvalidRequest, StorageError
    """
    place, period = archive.place(query.place), query.period
    measure: Measure = "time" if place.is_route else "congestion"
    by_period = ReliabilityQuery(place.key, period.first, period.last)
    reliability = reliability_of(archive, by_period, [place.key], _part(report, 0))
    working_days, other_days = _mean_days(archive, place, period, measure, _part(report, 1))
    week = answer_week(archive, WeekQuery(place.key, period, measure), _part(report, 2))
    days = answer_days(archive, DaysQuery(place.key, period, measure), _part(report, 3))
    bottlenecks, found = _bottlenecks(archive, place, period, _part(report, 4))
    happened, left_out = _marks(archive, place, period)
    return ReportAnswer(
        measure=measure,
        reliability=reliability,
        working_days=working_days,
        other_days=other_days,
        week=week,
        days=days,
        bottlenecks=bottlenecks,
        bottlenecks_found=found,
        marks=happened,
        marks_left_out=left_out,
        made_at=archive.clock(),
    )


def _part(report: Report, part: int) -> Report:
    """Tells the days of one of the parts as some of all parts' days."""
    return lambda done, of: report(part * of + done, _PARTS * of)


def _mean_days(
    archive: Archive, place: Place, period: Period, measure: Measure, report: Report
) -> tuple[MeanDay, MeanDay]:
    """Of working days, and of the others."""
    kinds: tuple[DaysKept, DaysKept] = ("ouvres", "we")
    found: dict[DaysKept, list[NDArray[np.float64]]] = {kind: [] for kind in kinds}
    days = days_of(archive.city, period, archive.today)
    for grid in archive.days(place, days, report):
        if not grid.is_observed:
            continue
        quarter = np.rint(grid.local_hours * _QUARTERS_PER_HOUR).astype(np.int64)
        # By the clock: an hour that comes twice counts as it came the second time.
        by_clock = np.full(_CLOCK_QUARTERS, np.nan)
        by_clock[quarter] = MEASURED[measure](grid)
        [kind] = [one for one in kinds if is_kept(archive.city, grid.day, one)]
        found[kind].append(by_clock)
    working, other = (_mean_day(found[kind]) for kind in kinds)
    return working, other


def _mean_day(days: Sequence[NDArray[np.float64]]) -> MeanDay:
    values = np.array(days).reshape(len(days), _CLOCK_QUARTERS)
    count = (~np.isnan(values)).sum(axis=0)
    nothing = np.full(_CLOCK_QUARTERS, np.nan)
    mean = np.divide(np.nansum(values, axis=0), count, out=nothing.copy(), where=count > 0)
    low, high = nothing, nothing
    if len(days):
        with warnings.catch_warnings():
            # Of quarters that were never observed there is none.
            warnings.simplefilter("ignore", RuntimeWarning)
            low, high = np.nanquantile(values, _BAND, axis=0)
    enough = count >= MIN_BAND_DAYS
    low, high = (np.where(enough, bound, np.nan) for bound in (low, high))
    return MeanDay(told(mean), told(low), told(high), len(days))


def _bottlenecks(
    archive: Archive, place: Place, period: Period, report: Report
) -> tuple[Sequence[BottleneckRow], int]:
    """Those of a route; of an area those of all corridors whose heads are in it."""
    is_route = place.kind in ("corridor", "troncon")
    query = BottlenecksQuery(place.key if is_route else WHOLE, period)
    answer = answer_bottlenecks(archive, query, report)
    if is_route or place.key == WHOLE:
        return answer.rows[:MOST_BOTTLENECKS], answer.found
    inside = set(place.segments.tolist())
    rows = [row for row in answer.rows if row.segment in inside]
    return rows[:MOST_BOTTLENECKS], len(rows)


def _marks(archive: Archive, place: Place, period: Period) -> tuple[Sequence[Mark], int]:
    """What happened, in the order of its start; of too much what cost the most."""
    if archive.operations is None:
        return [], 0
    last = min(period.last, archive.today)
    found = marks(archive, archive.operations, place, period.first, last)
    worst_first = sorted(
        found, key=lambda mark: (_RANK.get(mark.kind, 0), -(mark.delay_s or 0.0), mark.start)
    )
    kept = sorted(worst_first[:MOST_MARKS], key=lambda mark: mark.start)
    return kept, max(0, len(found) - MOST_MARKS)
