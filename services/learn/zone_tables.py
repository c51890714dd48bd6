"""The zone × day × hour model as something to be scored: what its champion's table said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from services.city.city import City
from services.city.day_types import day_type, weekday_like
from services.forecast.champions import model_roots
from services.forecast.zone_forecasts import FORECASTS_FILE, decode_table
from services.learn.champion_tables import ChampionTables
from services.learn.observations import ObservedZones
from services.learn.protocol import evaluate_zones
from services.learn.tally import Evaluated, Prediction
from services.operations.tables import Decision, Kind
from services.traffic.snapshot import Source

LEADS_MINUTES: Final = (60, 1_440)


class ZoneTables:
    """What the champions of the zones model had forecast.

    The table says the same of an hour however long before: the lead times, an
    hour and a day, are those of the persistence it is compared with.

    Parameters
    ----------
    data_dir, shipped : Path
        Where local models and those that came with the code are.
    source : {"live", "archive", "demo"}
        Whose history says what was observed.
    champions : sequence of Decision
        Every change of champion on record, the oldest first.
    """

    kind: Kind = "zones"
    leads_minutes: tuple[int, ...] = LEADS_MINUTES

    def __init__(
        self,
        city: City,
        data_dir: Path,
        shipped: Path,
        source: Source,
        champions: Sequence[Decision],
    ) -> None:
        self._city = city
        self._source = source
        roots = model_roots(data_dir, shipped)
        self._tables = ChampionTables(roots, champions, FORECASTS_FILE, partial(decode_table, city))

    def evaluated(
        self, observed: ObservedZones, hour: datetime, lead_minutes: int
    ) -> Evaluated | None:
        """See :class:`services.learn.protocol.ScoredKind`."""
        table = self._tables.at(hour)
        local = self._city.local(hour)
        if table is None or table.trained_on.has_learned(self._source, local.date()):
            return None
        # What the page had shown of that date.
        weekday = weekday_like(local.weekday(), day_type(self._city, local.date()))
        shares = [table.at(weekday, local.hour, zone).shares for zone in self._city.zone_choices]
        times = len(observed.within(hour))
        said = Prediction(np.broadcast_to(shares, (times, *np.shape(shares))))
        return evaluate_zones(observed, hour, lead_minutes, table.model_version, said)
