"""The zone × day × hour model as something to be scored: what its champion's table said."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from services.champions import champion_version
from services.clock import to_paris
from services.errors import ForecastUnavailable
from services.forecasts import ForecastTable, read_table
from services.operations import Decision, Kind
from services.scoring.observed import ObservedZones
from services.scoring.protocol import ZoneForecasts, judge_zones
from services.scoring.tally import Judged
from services.zones import ZONE_CHOICES

log = logging.getLogger(__name__)

LEADS_MINUTES: Final = (60, 1_440)


class ZoneTables:
    """What the champions of the zones model had forecast.

    The table says the same of an hour however long before: the lead times, an
    hour and a day, are those of the persistence it is compared with.

    Parameters
    ----------
    data_dir, shipped : Path
        Where local models and those that came with the code are.
    champions : sequence of Decision
        Every change of champion on record, the oldest first.
    """

    kind: Kind = "zones"
    leads_minutes: tuple[int, ...] = LEADS_MINUTES

    def __init__(self, data_dir: Path, shipped: Path, champions: Sequence[Decision]) -> None:
        self._roots = (data_dir / "models", shipped)
        self._champions = champions
        self._tables: dict[str, ForecastTable | None] = {}

    def judged(self, observed: ObservedZones, hour: datetime, lead_minutes: int) -> Judged | None:
        """See :class:`services.scoring.protocol.ScoredKind`."""
        table = self._table_at(hour)
        local = to_paris(hour)
        # What a model has learned from is no test of it.
        if table is None or local.date() <= table.trained_on.last_day:
            return None
        shares = [table.at(local.weekday(), local.hour, zone).shares for zone in ZONE_CHOICES]
        times = len(observed.within(hour))
        said = ZoneForecasts(
            table.model_version, np.broadcast_to(shares, (times, *np.shape(shares)))
        )
        return judge_zones(observed, hour, lead_minutes, said)

    def _table_at(self, hour: datetime) -> ForecastTable | None:
        """The table in use when an hour began; None when it cannot be read any more."""
        version = self._version_at(hour)
        if version is None:
            return None
        if version not in self._tables:
            self._tables[version] = self._read(version)
        return self._tables[version]

    def _version_at(self, hour: datetime) -> str | None:
        earlier = [item for item in self._champions if item.decided_at <= hour]
        if earlier:
            return earlier[-1].version
        if self._champions:
            return self._champions[0].previous
        return self._present_champion()

    def _present_champion(self) -> str | None:
        for root in self._roots:
            try:
                version = champion_version(root)
            except ForecastUnavailable as error:
                log.warning("no champion to score: %s", error)
                continue
            if version is not None:
                return version
        return None

    def _read(self, version: str) -> ForecastTable | None:
        problem: ForecastUnavailable | None = None
        for root in self._roots:
            try:
                return read_table(root, version)
            except ForecastUnavailable as error:
                problem = problem or error
        log.warning("forecasts of model %s cannot be scored: %s", version, problem)
        return None
