"""A history of few segments, of which every speed is made up by the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from services.city.rennes import RENNES
from services.history import upkeep, writer
from services.history.networks import KnownNetworks
from services.history.rows import Observations
from services.traffic.network import Network
from services.traffic.status import Status
from services.trends.archive import Archive
from tests.services.history.days import keep_network

TODAY = date(2026, 12, 1)
SpeedsOf = Callable[[datetime], Sequence[float]]
"""Speeds of all segments (km/h) at a time (UTC); NaN where unknown, negative where closed."""


def clock_times(day: date, step_minutes: int = 3) -> list[datetime]:
    """All times of a day in the city: of 23 to 25 hours."""
    start, end = RENNES.midnight(day), RENNES.midnight(day + timedelta(days=1))
    step = timedelta(minutes=step_minutes)
    return [start + step * place for place in range((end - start) // step)]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """An hour of the city's clock, UTC."""
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=RENNES.time_zone)
    return local.astimezone(UTC)


def observe(
    data_dir: Path, network: Network, moments: Sequence[datetime], speeds_of: SpeedsOf
) -> None:
    """Write what was seen at some times, in order; UTC days that were there are replaced."""
    keep_network(data_dir, network)
    for day, times in groupby(moments, key=lambda moment: moment.date()):
        frames = [_frame(network, moment, np.array(speeds_of(moment), float)) for moment in times]
        rows = Observations(network.version, pd.concat(frames, ignore_index=True))
        writer.write_day(data_dir, "live", day, rows)


def keep_up(data_dir: Path, today: date = TODAY) -> None:
    """As the worker does once an hour."""
    upkeep.keep_up(RENNES, data_dir, datetime(*today.timetuple()[:3], 12, tzinfo=UTC), None)


def archive_of(data_dir: Path, network: Network, today: date = TODAY) -> Archive:
    """The archive of what was observed at noon of a day, free flow not being measured."""
    known, noon = KnownNetworks(RENNES, data_dir), at(today, 12)
    network = known.sure(network.version)
    return Archive(RENNES, data_dir, "live", network, today, clock=lambda: noon)


def _frame(network: Network, moment: datetime, kmh: np.ndarray) -> pd.DataFrame:
    share = np.abs(kmh) / network.speed_limit_kmh
    status = np.select(
        [np.isnan(kmh), kmh < 0, share <= 0.30, share < 0.70],
        [Status.UNKNOWN, Status.IMPOSSIBLE, Status.CONGESTED, Status.HEAVY],
        Status.FREE_FLOW,
    )
    return pd.DataFrame(
        {
            "observed_at": moment,
            "segment": np.arange(len(network)),
            "status": status.astype(np.uint8),
            "speed_kmh": np.where(kmh >= 0, kmh, np.nan),
            "travel_time_s": np.nan,
            "reliability_pct": np.where(np.isnan(kmh), 0, 60),
            "probes": np.where(np.isnan(kmh), 0, 1),
        }
    )
