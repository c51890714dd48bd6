"""The usual of one hour, read from the roll-ups for the file that the pages compare with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from services.city.chosen import CITY
from services.history.hour_of_week import hour_of_week
from services.history.typical import typical, typical_zones
from services.traffic.network import Network
from services.traffic.snapshot import Source
from services.traffic.usual import UsualRatios
from services.traffic.usual_hour import UsualHour, hour_start


def read_usual_hour(
    data_dir: Path, source: Source, network: Network, moment: datetime
) -> UsualHour:
    """What is usual at the hour of the week of an aware time, as the history knows it now.

    Raises
    ------
    StorageError
    """
    hour = hour_of_week(moment)
    segments = typical(data_dir, source, network, hour)
    by_zone = typical_zones(data_dir, source, network)
    zones = by_zone.loc[[(hour, zone) for zone in CITY.zones]]
    return UsualHour(
        source=source,
        network_version=network.version,
        start=hour_start(moment),
        segments=_usual(segments, counted="known"),
        zones=_usual(zones, counted="times"),
    )


def _usual(table: pd.DataFrame, counted: str) -> UsualRatios:
    """Quantiles and counts of a table of ``services.history.typical``."""
    p10, p50, p90 = (table[name].to_numpy(np.float32) for name in ("p10", "p50", "p90"))
    return UsualRatios(p10, p50, p90, observations=table[counted].to_numpy(np.uint32))
