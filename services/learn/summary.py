"""How right the forecasts were, as the page tells it: by period, lead time and zone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.base.clock import Clock
from services.base.errors import StorageError
from services.city.city import City
from services.learn.scoring_rules import skill
from services.learn.tally import Tally, tally_of
from services.operations.database import (
    READING_TIMEOUT_SECONDS,
    NothingRecorded,
    Operations,
)
from services.operations.decisions import champion_history, latest_decisions
from services.operations.rows import read_entities, read_rows
from services.operations.tables import FORECAST_KINDS, KINDS, Decision, ForecastScore, Kind
from services.plain.quality import (
    BASELINES,
    FORECASTERS,
    MODEL,
    CalibrationBin,
    ComparedScores,
    DayErrors,
    LeadQuality,
)
from services.traffic.snapshot import SOURCES, Source

log = logging.getLogger(__name__)

WEEK_DAYS: Final = 7
HISTORY_DAYS: Final = 30
# Scores change once an hour; a visitor's reload must not read them each time.
KEPT_FOR: Final = timedelta(seconds=60)
# Of each kind of model: some are challenged every night, others hardly ever.
SHOWN_DECISIONS: Final = 4
# What one sentence tells of: the page speaks of the next hour first, and its end is the hardest.
_HEADLINE_KINDS: Final[tuple[Kind, ...]] = ("nowcast", "zones", "week")
_HEADLINE_LEAD_MINUTES: Final = 60


@dataclass(frozen=True)
class QualityReport:
    """What the scores amount to.

    Attributes
    ----------
    source : {"live", "archive", "demo"}
        Whose traffic they were evaluated by.
    first_day, yesterday : date
        Local to the city; the week goes from ``first_day`` to ``yesterday``.
    history_from : date
        From here to ``yesterday`` days are told of one by one.
    """

    source: Source
    yesterday: date
    first_day: date
    history_from: date
    leads: Sequence[LeadQuality]


@dataclass(frozen=True)
class QualityRecord:
    """All that is on record of the quality of the forecasts.

    Attributes
    ----------
    decisions : sequence of Decision
        The last ones of every kind of model, the newest of a kind first.
    in_use_since : mapping of Decision
        By kind, what made its champion the champion.
    """

    report: QualityReport
    decisions: Sequence[Decision]
    in_use_since: Mapping[Kind, Decision]


def quality_report(
    city: City,
    session: Session,
    preferred: Source,
    now: datetime,
    history_days: int = WEEK_DAYS,
) -> QualityReport:
    """What the scores of the last days amount to.

    Parameters
    ----------
    preferred : {"live", "archive", "demo"}
        Whose traffic the page shows; where nothing was evaluated by it, the source
        evaluated last.
    now : datetime
        Aware.
    history_days : int
        How many days are told of one by one; a week at least.
    """
    yesterday = city.local(now).date() - timedelta(days=1)
    first_day = yesterday - timedelta(days=WEEK_DAYS - 1)
    history_from = yesterday - timedelta(days=history_days - 1)
    source = _scored_source(session, preferred, history_from)
    rows: list[ForecastScore] = read_entities(
        session,
        select(ForecastScore)
        .where(ForecastScore.source == source)
        .where(ForecastScore.day.between(first_day, yesterday))
        .order_by(ForecastScore.day),
    )
    days = _daily_errors(city, session, source, (history_from, yesterday))
    scored = {(row.kind, row.lead_minutes) for row in rows} | days.keys()
    leads = [
        _lead_quality(
            city,
            (kind, lead),
            yesterday,
            [r for r in rows if (r.kind, r.lead_minutes) == (kind, lead)],
            days.get((kind, lead), []),
        )
        for kind in FORECAST_KINDS
        for lead in sorted(lead for scored_kind, lead in scored if scored_kind == kind)
    ]
    return QualityReport(source, yesterday, first_day, history_from, leads)


def headline(leads: Iterable[LeadQuality]) -> LeadQuality | None:
    """The one that a single sentence tells of; None when nothing was evaluated in the week.

    It is of the next hour where that was evaluated, and an hour ahead where something was.
    """
    scored = [lead for lead in leads if lead.week is not None]
    return min(
        scored,
        key=lambda lead: (
            lead.lead_minutes != _HEADLINE_LEAD_MINUTES,
            _HEADLINE_KINDS.index(lead.kind),
        ),
        default=None,
    )


def compared_scores(rows: Iterable[ForecastScore]) -> ComparedScores | None:
    """What some rows amount to; None when the model has no case in them."""
    total: dict[str, Tally] = {}
    for row in rows:
        total[row.forecaster] = total.get(row.forecaster, Tally()) + tally_of(row)
    model = total.get(MODEL)
    if model is None or not model.cases:
        return None
    sums = {name: total.get(name, Tally()) for name in FORECASTERS}
    rps = {name: _mean(tally.rps_sum, tally.cases) for name, tally in sums.items()}
    return ComparedScores(
        cases=model.cases,
        rps=rps,
        brier={name: _mean(tally.brier_sum, tally.cases) for name, tally in sums.items()},
        ratio_error={
            name: tally.ratio_error_sum / tally.ratio_cases if tally.ratio_cases else None
            for name, tally in sums.items()
        },
        coverage={
            name: tally.band_hits / tally.band_cases if tally.band_cases else None
            for name, tally in sums.items()
        },
        better_share={name: model.better_than.get(name, 0) / model.cases for name in BASELINES},
        skill={name: skill(rps[MODEL], rps[name]) for name in BASELINES},
    )


_Kept = tuple[Source, datetime, QualityRecord | StorageError | None]


class QualityReader:
    """Gives what is on record to pages; the last answer, a failure too, is kept for a minute.

    Safe to share between threads.

    Parameters
    ----------
    operations : Operations
        Opened for reading only.
    """

    def __init__(self, city: City, operations: Operations, clock: Clock) -> None:
        self._city = city
        self._operations = operations
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def record(self, preferred: Source) -> QualityRecord | None:
        """What is on record as of now; None while nothing has ever been recorded.

        Raises
        ------
        StorageError
            When the database cannot be read.
        """
        found = self._current(preferred)
        if isinstance(found, StorageError):
            raise StorageError(str(found)) from found
        return found

    def _current(self, preferred: Source) -> QualityRecord | StorageError | None:
        """What was read within the last minute; one reads, and nobody waits for long for that."""
        kept, now = self._kept, self._clock()
        if kept is not None and _is_current(kept, preferred, now):
            return kept[2]
        earlier = kept if kept is not None and kept[0] == preferred else None
        if not self._lock.acquire(timeout=READING_TIMEOUT_SECONDS if earlier is None else 0):
            return StorageError("the scores are being read") if earlier is None else earlier[2]
        try:
            kept = self._kept
            if kept is None or not _is_current(kept, preferred, now):
                self._kept = kept = preferred, now, self._read(preferred, now)
            return kept[2]
        finally:
            self._lock.release()

    def headline(self, shown: Source) -> LeadQuality | None:
        """What one sentence beside the traffic tells of; None where there is nothing to tell.

        Parameters
        ----------
        shown : {"live", "archive", "demo"}
            Whose traffic it stands beside: nothing else is told there.
        """
        try:
            record = self.record(shown)
        except StorageError:
            # Journalled when it was read.
            return None
        if record is None or record.report.source != shown:
            return None
        return headline(record.report.leads)

    def _read(self, preferred: Source, now: datetime) -> QualityRecord | StorageError | None:
        try:
            with self._operations.begin() as session:
                return QualityRecord(
                    quality_report(self._city, session, preferred, now, HISTORY_DAYS),
                    [
                        decision
                        for kind in KINDS
                        for decision in latest_decisions(session, kind, SHOWN_DECISIONS)
                    ],
                    {
                        kind: changes[-1]
                        for kind in KINDS
                        if (changes := champion_history(session, kind))
                    },
                )
        except NothingRecorded:
            return None
        except StorageError as error:
            log.warning("the quality of the forecasts cannot be read: %s", error)
            return error


def _is_current(kept: _Kept, preferred: Source, now: datetime) -> bool:
    return kept[0] == preferred and now - KEPT_FOR < kept[1] <= now


def _scored_source(session: Session, preferred: Source, first_day: date) -> Source:
    """The preferred source where it has scores, else the one with the newest."""
    query = (
        select(ForecastScore.source, ForecastScore.day)
        .where(ForecastScore.day >= first_day)
        .distinct()
        .order_by(ForecastScore.day)
    )
    # The last one of a source stays.
    newest = {row.source: row.day for row in read_rows(session, query)}
    known = [source for source in SOURCES if source in newest]
    if preferred in known or not known:
        return preferred
    return max(known, key=lambda source: newest[source])


def _lead_quality(
    city: City,
    series: tuple[Kind, int],
    yesterday: date,
    rows: Sequence[ForecastScore],
    days: Sequence[DayErrors],
) -> LeadQuality:
    """Of one kind and lead time, from the rows of its week."""
    kind, lead_minutes = series
    single = [row for row in rows if row.zone != city.whole_network]
    by_zone = {
        zone: scores
        for zone in city.zone_choices
        for scores in [compared_scores(row for row in rows if row.zone == zone)]
        if scores is not None
    }
    return LeadQuality(
        kind=kind,
        lead_minutes=lead_minutes,
        yesterday=compared_scores(row for row in single if row.day == yesterday),
        week=compared_scores(single),
        zones=by_zone,
        calibration=_calibration(row for row in single if row.forecaster == MODEL),
        days=days,
    )


def _daily_errors(
    city: City, session: Session, source: Source, period: tuple[date, date]
) -> dict[tuple[str, int], list[DayErrors]]:
    """By kind and lead time; no more columns than that takes, for there are thousands of rows."""
    query = (
        select(
            ForecastScore.kind,
            ForecastScore.lead_minutes,
            ForecastScore.day,
            ForecastScore.forecaster,
            ForecastScore.cases,
            ForecastScore.rps_sum,
        )
        .where(ForecastScore.source == source)
        .where(ForecastScore.day.between(*period))
        # It would count every case twice.
        .where(ForecastScore.zone != city.whole_network)
        .order_by(ForecastScore.day)
    )
    sums: dict[tuple[str, int], dict[date, dict[str, tuple[int, float]]]] = {}
    for kind, lead, day, forecaster, cases, rps_sum in read_rows(session, query):
        # SQLite keeps a text in a column of numbers.
        if not (isinstance(cases, int) and isinstance(rps_sum, int | float)):
            continue
        of_day = sums.setdefault((kind, lead), {}).setdefault(day, {})
        known_cases, known_sum = of_day.get(forecaster, (0, 0.0))
        of_day[forecaster] = known_cases + cases, known_sum + rps_sum
    return {
        key: [
            DayErrors(
                day,
                of_day[MODEL][0],
                {name: _mean(of_day[name][1], of_day[name][0]) for name in FORECASTERS},
            )
            for day, of_day in by_day.items()
            # A day is told of when all three were evaluated on it.
            if all(of_day.get(name, (0,))[0] for name in FORECASTERS)
        ]
        for key, by_day in sums.items()
    }


def _calibration(rows: Iterable[ForecastScore]) -> list[CalibrationBin]:
    total = Tally()
    for row in rows:
        total += tally_of(row)
    return [
        CalibrationBin(int(cases), probability / cases, occurred / cases)
        for cases, probability, occurred in total.calibration
        if cases
    ]


def _mean(total: float, cases: int) -> float:
    return total / cases if cases else float("nan")
