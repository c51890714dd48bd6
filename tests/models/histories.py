"""Small histories with a known weekly rhythm, in memory and on disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from models.zones.dataset import ZoneHistory
from services.base.files import write_atomically
from services.city.rennes import RENNES
from services.history import writer
from services.history.rows import Observations
from services.plain.statuses import ZONE_STATUSES
from services.traffic.network import encode_network
from services.traffic.snapshot import Source
from services.traffic.status import Status
from tests.factories import make_network

# A Sunday, 23 h in UTC: midnight of Monday 2026-11-02 in Rennes.
START = datetime(2026, 11, 1, 23, tzinfo=UTC)
FREE, DENSE, BLOCKED = range(len(ZONE_STATUSES))
# Of the limit; of free flow, in every zone on the same side of the bounds.
_RATIOS = (0.9, 0.45, 0.25)
_STATUSES = (Status.FREE_FLOW, Status.HEAVY, Status.CONGESTED)


def rhythm(day: int, hour: int) -> int:
    """The usual status: blocked at 8 and 17 h of working days, dense in between, free at night."""
    if day < 5 and hour in (8, 17):
        return BLOCKED
    return DENSE if 9 <= hour < 20 and day < 6 else FREE


def zone_history(weeks: int = 3, exceptions: float = 0.1, seed: int = 5) -> ZoneHistory:
    """Hourly statuses of every zone, a share of them drawn at random instead of the usual."""
    generator = np.random.default_rng(seed)
    rows = []
    for moment in _moments(weeks):
        local = RENNES.local(moment)
        for zone in range(len(RENNES.zone_choices)):
            status = rhythm(local.weekday(), local.hour)
            if generator.random() < exceptions:
                status = int(generator.integers(3))
            rows.append((moment, local.date(), local.weekday(), local.hour, zone, status))
    columns = ["observed_at", "date", "day", "hour", "zone", "status"]
    return ZoneHistory(RENNES, "demo", pd.DataFrame(rows, columns=columns))


def write_history(data_dir: Path, weeks: int = 3, source: Source = "demo") -> None:
    """The same rhythm as observations of a small network, on disk."""
    network = make_network(10)
    write_atomically(data_dir / "networks" / f"{network.version}.geojson", encode_network(network))
    moments, count = _moments(weeks), len(network)
    local = [RENNES.local(moment) for moment in moments]
    usual = np.array([rhythm(moment.weekday(), moment.hour) for moment in local])
    ratios = np.array(_RATIOS)[usual, np.newaxis]
    frame = pd.DataFrame(
        {
            "observed_at": pd.Series(moments).repeat(count).array,
            "segment": np.tile(np.arange(count), len(moments)),
            "status": np.array(_STATUSES, int)[usual].repeat(count),
            "speed_kmh": np.round(network.speed_limit_kmh * ratios).astype(int).ravel(),
            "travel_time_s": 10,
            "reliability_pct": 60,
            "probes": 3,
        }
    )
    for day, part in frame.groupby(frame["observed_at"].dt.date):
        writer.write_day(data_dir, source, day, Observations(network.version, part))


def _moments(weeks: int) -> list[datetime]:
    return [START + timedelta(hours=step) for step in range(weeks * 7 * 24)]
