"""The average of what was observed at the hours to come, in place of what a nowcaster says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from services.forecast.nowcasts import LEAD_MINUTES, NowcastTable, to_percent
from services.forecast.observed_counts import mean_by_length
from services.history.hour_of_week import HOURS_PER_DAY, hour_of_week
from services.history.typical import typical_days, typical_zones
from services.plain.forecast import QUANTILES
from services.traffic.network import Network


def with_average(data_dir: Path, table: NowcastTable, network: Network) -> NowcastTable:
    """A nowcast with the average in its place, where something was observed at those hours.

    Raises
    ------
    StorageError
        When the history cannot be read.
    """
    city = network.city
    hours = [
        hour_of_week(city, table.observed_at + timedelta(minutes=lead)) for lead in LEAD_MINUTES
    ]
    week = typical_days(
        data_dir, table.source, network, sorted({hour // HOURS_PER_DAY for hour in hours})
    )
    rows = [week.hours.index(hour) for hour in hours]
    ratios = np.stack([week.values[name][rows] for name in QUANTILES])
    by_zone = typical_zones(data_dir, table.source, network)
    zones = np.stack(
        [
            [by_zone.loc[hour][name].loc[list(city.zone_choices)].to_numpy() for hour in hours]
            for name in QUANTILES
        ]
    )
    is_seen = ~np.isnan(ratios[0])
    return replace(
        table,
        percent=np.where(is_seen, to_percent(ratios), table.percent),
        zone_ratios=np.where(np.isnan(zones[0]), table.zone_ratios, zones),
        average_share=mean_by_length(network, is_seen.mean(axis=0), np.ones(len(network), bool)),
    )
