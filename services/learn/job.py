"""The worker's hourly job: scores and drift of every source, whatever fails in one of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from services.base.errors import TrafficError
from services.city.city import City
from services.history import layout
from services.history.by_day import IN_PROCESS, DayMap
from services.learn.drift import measure_drift
from services.learn.hourly import score_past_hours
from services.learn.nowcast_tables import Nowcasts
from services.learn.protocol import ScoredKind
from services.learn.setting_aside import set_aside_what_is_worse
from services.learn.week_tables import WeekTables
from services.learn.zone_tables import ZoneTables
from services.operations.database import Operations
from services.operations.decisions import champion_history
from services.traffic.snapshot import Source

log = logging.getLogger(__name__)

# An archive is shown while the feed is down; it is no new observation.
_SCORED_SOURCES: Final[tuple[Source, ...]] = ("live", "demo")


def score_forecasts(
    city: City,
    data_dir: Path,
    shipped: Path,
    operations: Operations,
    now: datetime,
    *,
    sets_aside: bool = True,
    map_days: DayMap = IN_PROCESS,
) -> None:
    """Score what can be scored now, measure the drift, and set aside what the average outdoes.

    Never raises, but journals.

    Parameters
    ----------
    data_dir, shipped : Path
        Where local models and those that came with the code are.
    now : datetime
        Aware.
    sets_aside : bool
        Whether the choice of models is made here.
    """
    for source in layout.sources(data_dir):
        if source not in _SCORED_SOURCES:
            continue
        try:
            kinds = scored_kinds(city, data_dir, source, shipped, operations)
            score_past_hours(city, data_dir, source, kinds, operations, now=now, map_days=map_days)
            measure_drift(city, data_dir, source, operations, now)
            if source == "live" and sets_aside:
                set_aside_what_is_worse(city, data_dir, shipped, operations, now)
        except (TrafficError, OSError) as error:
            log.error("scoring the forecasts by source %s: %s", source, error)


def scored_kinds(
    city: City, data_dir: Path, source: Source, shipped: Path, operations: Operations
) -> Sequence[ScoredKind]:
    """Every kind of model whose forecasts are scored: a new kind is one more line here.

    Raises
    ------
    StorageError
    """
    with operations.begin() as session:
        of_zones = champion_history(session, "zones")
        of_week = champion_history(session, "week")
    return [
        ZoneTables(city, data_dir, shipped, source, of_zones),
        Nowcasts(city, data_dir, source),
        WeekTables(city, data_dir, shipped, source, of_week),
    ]
