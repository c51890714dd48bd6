"""How right the forecasts were, as the page tells it: by period, lead time and zone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
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
from services.operations.database import NothingRecorded, Operations
from services.operations.decisions import latest_decisions
from services.operations.rows import read_entities, read_rows
from services.operations.tables import FORECAST_KINDS, Decision, ForecastScore, Kind
from services.plain.quality import (
    BASELINES,
    FORECASTERS,
    MODEL,
    CalibrationBin,
    ComparedScores,
    LeadQuality,
)
from services.traffic.snapshot import SOURCES, Source

log = logging.getLogger(__name__)

WEEK_DAYS: Final = 7
# Scores change once an hour; a visitor's reload must not read them each time.
KEPT_FOR: Final = timedelta(seconds=60)
SHOWN_DECISIONS: Final = 8


@dataclass(frozen=True)
class QualityReport:
    """All that is known of the quality of the forecasts.

    Attributes
    ----------
    source : {"live", "archive", "demo"}
        Whose traffic they were evaluated by.
    first_day, yesterday : date
        Local to the city; the week goes from ``first_day`` to ``yesterday``.
    decisions : sequence of Decision
        The newest first.
    """

    source: Source
    yesterday: date
    first_day: date
    leads: Sequence[LeadQuality]
    decisions: Sequence[Decision]


def quality_report(city: City, session: Session, preferred: Source, now: datetime) -> QualityReport:
    """What the scores of the last days amount to.

    Parameters
    ----------
    preferred : {"live", "archive", "demo"}
        Whose traffic the page shows; where nothing was evaluated by it, the source
        evaluated last.
    now : datetime
        Aware.
    """
    yesterday = city.local(now).date() - timedelta(days=1)
    first_day = yesterday - timedelta(days=WEEK_DAYS - 1)
    source = _scored_source(session, preferred, first_day)
    rows: list[ForecastScore] = read_entities(
        session,
        select(ForecastScore)
        .where(ForecastScore.source == source)
        .where(ForecastScore.day.between(first_day, yesterday))
        .order_by(ForecastScore.day),
    )
    leads = [
        _lead_quality(
            city,
            kind,
            lead,
            yesterday,
            [r for r in rows if (r.kind, r.lead_minutes) == (kind, lead)],
        )
        for kind in FORECAST_KINDS
        for lead in sorted({row.lead_minutes for row in rows if row.kind == kind})
    ]
    decisions = latest_decisions(session, limit=SHOWN_DECISIONS)
    return QualityReport(source, yesterday, first_day, leads, decisions)


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


class QualityReader:
    """Gives the report to pages; the last one is kept for a minute. Safe to share.

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
        self._kept: tuple[Source, datetime, QualityReport | None] | None = None

    def report(self, preferred: Source) -> QualityReport | None:
        """The report as of now; None while nothing has ever been recorded.

        Raises
        ------
        StorageError
            When the database cannot be read.
        """
        now = self._clock()
        with self._lock:
            kept = self._kept
            if kept is None or kept[0] != preferred or not now - KEPT_FOR < kept[1] <= now:
                kept = preferred, now, self._read(preferred, now)
                self._kept = kept
            return kept[2]

    def _read(self, preferred: Source, now: datetime) -> QualityReport | None:
        try:
            with self._operations.begin() as session:
                return quality_report(self._city, session, preferred, now)
        except NothingRecorded:
            return None
        except StorageError as error:
            log.warning("the quality of the forecasts cannot be read: %s", error)
            raise


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
    city: City, kind: Kind, lead_minutes: int, yesterday: date, rows: Sequence[ForecastScore]
) -> LeadQuality:
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
    )


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
