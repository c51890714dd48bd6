"""The quality of the forecasts as plain metrics, for whoever publishes or watches them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from services.city.city import City
from services.learn.summary import quality_report
from services.metrics.definitions import (
    FORECAST_COVERAGE,
    FORECAST_SKILL,
    FORECAST_SKILL_DROP,
    INPUT_DRIFT,
)
from services.metrics.samples import Sample
from services.operations.database import NothingRecorded, Operations
from services.operations.rows import read_entities
from services.operations.tables import DriftMeasure
from services.plain.quality import FORECASTERS, LeadQuality
from services.traffic.snapshot import Source


def quality_metrics(
    city: City, operations: Operations, source: Source, now: datetime
) -> list[Sample]:
    """Skill, its drop, coverage and drift as last recorded.

    Parameters
    ----------
    now : datetime
        Aware.

    Returns
    -------
    list of Sample
        Of the metrics ``services.metrics.definitions.QUALITY``; nothing while nothing is recorded.

    Raises
    ------
    StorageError
        When the database cannot be read.
    """
    try:
        with operations.begin() as session:
            report = quality_report(city, session, source, now)
            newest = select(func.max(DriftMeasure.day)).where(DriftMeasure.source == source)
            drift = read_entities(
                session,
                select(DriftMeasure)
                .where(DriftMeasure.source == source)
                .where(DriftMeasure.day == newest.scalar_subquery())
                .order_by(DriftMeasure.zone),
            )
    except NothingRecorded:
        return []
    of_leads = report.leads if report.source == source else []
    return [
        *(metric for lead in of_leads for metric in _metrics_of(lead)),
        *(
            Sample(INPUT_DRIFT.name, {"zone": row.zone, "hour_class": row.hour_class}, row.distance)
            for row in drift
        ),
    ]


def _metrics_of(lead: LeadQuality) -> list[Sample]:
    labels = {"kind": lead.kind, "lead_minutes": str(lead.lead_minutes)}
    if lead.week is None:
        return []
    found = []
    for baseline, value in lead.week.skill.items():
        with_baseline = labels | {"baseline": baseline}
        if value is None:
            continue
        found.append(Sample(FORECAST_SKILL.name, with_baseline, value))
        last = None if lead.yesterday is None else lead.yesterday.skill[baseline]
        if last is not None:
            found.append(Sample(FORECAST_SKILL_DROP.name, with_baseline, value - last))
    for forecaster in FORECASTERS:
        covered = lead.week.coverage[forecaster]
        if covered is not None:
            of_forecaster = labels | {"forecaster": forecaster}
            found.append(Sample(FORECAST_COVERAGE.name, of_forecaster, covered))
    return found
