"""The quality of the forecasts as plain metrics, for whoever publishes or watches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from services.learn.summary import LeadQuality, quality_report
from services.learn.tally import FORECASTERS
from services.operations import DriftMeasure, NothingRecorded, Operations, read_entities
from services.traffic.snapshot import Source

SKILL: Final = "traffic_forecast_skill"
SKILL_DROP: Final = "traffic_forecast_skill_drop"
COVERAGE: Final = "traffic_forecast_coverage"
DRIFT: Final = "traffic_input_drift"


@dataclass(frozen=True)
class Metric:
    """One number with its labels, whose values are all of small fixed sets."""

    name: str
    labels: Mapping[str, str]
    value: float


def quality_metrics(operations: Operations, source: Source, now: datetime) -> list[Metric]:
    """Skill, its drop, coverage and drift as last recorded.

    Parameters
    ----------
    operations : Operations
    source : {"live", "archive", "demo"}
    now : datetime
        Aware.

    Returns
    -------
    list of Metric
        ``traffic_forecast_skill``: of the last seven days, against each baseline,
        by ranked probability score; below 0 is worse.
        ``traffic_forecast_skill_drop``: that of the week less yesterday's.
        ``traffic_forecast_coverage``: share inside the band from P10 to P90, of
        every forecaster that gives one; 0.8 is right.
        ``traffic_input_drift``: see ``services.learn.drift``.
        Nothing while nothing is recorded.

    Raises
    ------
    StorageError
        When the database cannot be read.
    """
    try:
        with operations.begin() as session:
            report = quality_report(session, source, now)
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
            Metric(DRIFT, {"zone": row.zone, "hour_class": row.hour_class}, row.distance)
            for row in drift
        ),
    ]


def _metrics_of(lead: LeadQuality) -> list[Metric]:
    labels = {"kind": lead.kind, "lead_minutes": str(lead.lead_minutes)}
    if lead.week is None:
        return []
    found = []
    for baseline, value in lead.week.skill.items():
        with_baseline = labels | {"baseline": baseline}
        if value is None:
            continue
        found.append(Metric(SKILL, with_baseline, value))
        last = None if lead.yesterday is None else lead.yesterday.skill[baseline]
        if last is not None:
            found.append(Metric(SKILL_DROP, with_baseline, value - last))
    for forecaster in FORECASTERS:
        covered = lead.week.coverage[forecaster]
        if covered is not None:
            found.append(Metric(COVERAGE, labels | {"forecaster": forecaster}, covered))
    return found
