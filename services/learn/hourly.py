"""Scoring past hours once each: what the worker runs every hour, and catches up with after a stop.

An hour is evaluated when it is over; the sums of its day and the mark that it is
done are written together, so that a run may be killed or repeated anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import Session

from services.city.city import City
from services.history import layout
from services.history.by_day import IN_PROCESS, DayMap
from services.learn.observations import ObservedZones, days_around, observed_zones
from services.learn.protocol import ScoredKind
from services.learn.tally import ScoreKey, Tally, added_up, tallies, tally_of
from services.operations.database import Operations
from services.operations.rows import read_entities
from services.operations.tables import ForecastScore, Kind, ScoredHour
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# The feed is 3 to 5 minutes behind, and is asked every 3: by then the hour's last times are in.
CLOSED_AFTER: Final = timedelta(minutes=10)
# How far back a stopped worker catches up; issued nowcasts are kept for nine days anyway.
CATCH_UP: Final = timedelta(days=14)
# Two years of daily sums, to compare a month with the same one a year ago.
KEPT_DAYS: Final = 800
_HOUR: Final = timedelta(hours=1)

Outcome = str
SCORED: Final[Outcome] = "scored"
NO_OBSERVATIONS: Final[Outcome] = "no_observations"
TOO_LITTLE_KNOWN: Final[Outcome] = "too_little_known"
NO_FORECAST: Final[Outcome] = "no_forecast"
NOTHING_TO_COMPARE: Final[Outcome] = "nothing_to_compare"


@dataclass(frozen=True)
class HourResult:
    """What became of one hour."""

    hour: datetime
    outcome: Outcome
    sums: Mapping[ScoreKey, Tally]

    @property
    def cases(self) -> int:
        """Cases of the model, over all zones and lead times."""
        return sum(t.cases for key, t in self.sums.items() if key.forecaster == "model")


def score_past_hours(
    city: City,
    data_dir: Path,
    source: Source,
    kinds: Iterable[ScoredKind],
    operations: Operations,
    *,
    now: datetime,
    map_days: DayMap = IN_PROCESS,
) -> int:
    """Evaluate every hour that is over and has not been evaluated yet.

    Parameters
    ----------
    source : {"live", "archive", "demo"}
        Whose history says what was observed.
    now : datetime
        Aware.

    Returns
    -------
    int
        How many hours were scored, over all kinds.

    Raises
    ------
    StorageError
        When the history or the database cannot be used now: the next run goes on.
    """
    hours = past_hours(layout.days(data_dir, source), now)
    if not hours:
        return 0
    pending = {kind: _pending(operations, source, kind, hours) for kind in kinds}
    wanted = sorted({hour for of_kind in pending.values() for hour in of_kind})
    if not wanted:
        return 0
    before = timedelta(minutes=max(max(kind.leads_minutes) for kind in pending)) + _HOUR
    days = days_around(wanted[0], wanted[-1], before)
    observed = observed_zones(city, data_dir, source, *days, map_days=map_days)
    scored = 0
    for kind, of_kind in pending.items():
        for day, of_day in groupby(of_kind, key=lambda hour: city.local(hour).date()):
            results = [evaluate_hour(kind, observed, hour) for hour in of_day]
            scored += _keep(operations, source, kind, day, results)
    _forget_old(operations, now)
    if scored:
        log.info("forecasts scored: %d hours of source %s", scored, source)
    return scored


def past_hours(days: Sequence[date], now: datetime) -> list[datetime]:
    """Every hour from the first day of history on that is over, as far back as is caught up.

    Parameters
    ----------
    days : sequence of date
        The UTC days of the history.
    now : datetime
        Aware.

    Returns
    -------
    list of datetime
        When each begins; aware, UTC.
    """
    if not days:
        return []
    end = (now - CLOSED_AFTER).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    start = max(datetime.combine(days[0], time(), tzinfo=UTC), end - CATCH_UP)
    return [start + _HOUR * count for count in range((end - start) // _HOUR)]


def evaluate_hour(kind: ScoredKind, observed: ObservedZones, hour: datetime) -> HourResult:
    """Evaluate what a kind of model had forecast for one hour.

    Raises
    ------
    TrafficError
        When its forecasts cannot be read now.
    """
    at = observed.within(hour)
    if not len(at):
        return HourResult(hour, NO_OBSERVATIONS, {})
    if np.isnan(observed.ratio[at]).all():
        return HourResult(hour, TOO_LITTLE_KNOWN, {})
    evaluated = [kind.evaluated(observed, hour, lead) for lead in kind.leads_minutes]
    told = [item for item in evaluated if item is not None]
    if not told:
        return HourResult(hour, NO_FORECAST, {})
    sums = added_up(tallies(observed.city, item) for item in told)
    return HourResult(hour, SCORED if sums else NOTHING_TO_COMPARE, sums)


def _pending(
    operations: Operations, source: Source, kind: ScoredKind, hours: Sequence[datetime]
) -> list[datetime]:
    query = select(ScoredHour.hour).where(
        ScoredHour.source == source, ScoredHour.kind == kind.kind, ScoredHour.hour >= hours[0]
    )
    with operations.begin() as session:
        done = set(read_entities(session, query.order_by(ScoredHour.hour)))
    return [hour for hour in hours if hour not in done]


def _keep(
    operations: Operations,
    source: Source,
    kind: ScoredKind,
    day: date,
    results: Sequence[HourResult],
) -> int:
    """Add the sums of some hours of a day, and mark them; those marked meanwhile are left out."""
    with operations.begin() as session:
        done = _marked(session, source, kind.kind, [result.hour for result in results])
        fresh = [result for result in results if result.hour not in done]
        session.add_all(
            ScoredHour(
                source=source,
                kind=kind.kind,
                hour=result.hour,
                outcome=result.outcome,
                cases=result.cases,
            )
            for result in fresh
        )
        if sums := added_up(result.sums for result in fresh):
            _add(session, (source, kind.kind, day), sums)
    return sum(result.outcome == SCORED for result in fresh)


def _marked(
    session: Session, source: Source, kind: Kind, hours: Sequence[datetime]
) -> set[datetime]:
    query = select(ScoredHour.hour).where(
        ScoredHour.source == source, ScoredHour.kind == kind, ScoredHour.hour.in_(hours)
    )
    return set(read_entities(session, query.order_by(ScoredHour.hour)))


def _add(
    session: Session, of_day: tuple[Source, Kind, date], sums: Mapping[ScoreKey, Tally]
) -> None:
    """Add to what is there of a day, which is read at once: hundreds of zones and lead times."""
    source, kind, day = of_day
    query = select(ForecastScore).where(
        ForecastScore.source == source, ForecastScore.kind == kind, ForecastScore.day == day
    )
    query = query.order_by(*inspect(ForecastScore).primary_key)
    rows = {_key_of(row): row for row in read_entities(session, query)}
    for key, more in sums.items():
        row = rows.get(key)
        if row is None:
            of_key = {**vars(key), **vars(more)}
            session.add(ForecastScore(source=source, kind=kind, day=day, **of_key))
        else:
            for name, total in vars(tally_of(row) + more).items():
                setattr(row, name, total)


def _key_of(row: ForecastScore) -> ScoreKey:
    return ScoreKey(**{item.name: getattr(row, item.name) for item in fields(ScoreKey)})


def _forget_old(operations: Operations, now: datetime) -> None:
    with operations.begin() as session:
        session.execute(delete(ScoredHour).where(ScoredHour.hour < now - 2 * CATCH_UP))
        oldest = now.date() - timedelta(days=KEPT_DAYS)
        session.execute(delete(ForecastScore).where(ForecastScore.day < oldest))
