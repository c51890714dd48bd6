"""Sets an initial model aside where the average of what was observed so far does better.

An initial model learned from simulated traffic; what it says of the live feed is scored as any
other. Once enough was scored, and its ranked probability score over the week is the worse one, the
average is shown instead, until a model that learned from observed traffic becomes the champion.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from services.city.city import City
from services.forecast.champions import model_roots, set_aside
from services.learn.models_in_use import MODEL_FOLDERS, model_in_use
from services.learn.summary import WEEK_DAYS, compared_scores
from services.operations.database import Operations
from services.operations.decisions import record_decision
from services.operations.rows import read_entities
from services.operations.tables import FORECAST_KINDS, Decision, ForecastScore, Kind
from services.plain.quality import MODEL, ModelInUse

log = logging.getLogger(__name__)

# Cases of one hour resemble one another, and those of one day: a few days, each with some hours.
MIN_DAYS_SCORED: Final = 3
MIN_CASES: Final = 1_000


def set_aside_what_is_worse(
    city: City, data_dir: Path, shipped: Path, operations: Operations, now: datetime
) -> list[Decision]:
    """Compare the initial model of each kind with the average over the last week of the live feed.

    Parameters
    ----------
    data_dir, shipped : Path
        Where local models and those that came with the code are.
    now : datetime
        Aware.

    Returns
    -------
    list of Decision
        What was set aside now; each is on record.

    Raises
    ------
    StorageError
        When the scores cannot be read, or the choice not be written.
    """
    found = []
    for kind in FORECAST_KINDS:
        model = model_in_use(kind, data_dir, shipped)
        if model is None or model.is_set_aside or not _is_initial(model):
            continue
        version = model.version
        figures = _figures_where_worse(city, operations, kind, version, now)
        if figures is None:
            continue
        local, _ = model_roots(data_dir, shipped, MODEL_FOLDERS[kind])
        set_aside(local, version)
        decision = Decision(
            kind=kind,
            version=version,
            previous=version,
            action="set_aside",
            reason="worse_than_average",
            decided_by="scoring",
            decided_at=now,
            figures=figures,
        )
        record_decision(operations, decision)
        found.append(decision)
    return found


def _is_initial(model: ModelInUse) -> bool:
    return model.learned_from is not None and model.learned_from.is_simulated


def _figures_where_worse(
    city: City, operations: Operations, kind: Kind, version: str, now: datetime
) -> dict[str, Any] | None:
    today = city.local(now).date()
    query = (
        select(ForecastScore)
        .where(ForecastScore.source == "live")
        .where(ForecastScore.kind == kind)
        .where(ForecastScore.model_version == version)
        .where(ForecastScore.day >= today - timedelta(days=WEEK_DAYS))
        # It would count every case twice.
        .where(ForecastScore.zone != city.whole_network)
        .order_by(ForecastScore.day)
    )
    with operations.begin() as session:
        rows: list[ForecastScore] = read_entities(session, query)
    scores = compared_scores(rows)
    days = sorted({row.day for row in rows})
    if scores is None or scores.cases < MIN_CASES or len(days) < MIN_DAYS_SCORED:
        return None
    model, average = scores.rps[MODEL], scores.rps["average"]
    if model <= average:
        return None
    return {
        "champion_rps": model,
        "average_rps": average,
        "cases": scores.cases,
        "judged_days": len(days),
        "judged_first_day": str(days[0]),
        "judged_last_day": str(days[-1]),
    }
