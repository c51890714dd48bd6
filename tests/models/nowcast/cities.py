"""A small city with a known daily rhythm, as a history on disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from services.base.files import write_atomically
from services.city.rennes import RENNES
from services.history import writer
from services.history.rows import Observations
from services.traffic.network import Network, encode_network
from services.traffic.status import Status
from tests.factories import make_network

# Midnight of a Saturday in Rennes; the Wednesday after it is a public holiday.
START = datetime(2026, 11, 6, 23, tzinfo=UTC)
END = START + timedelta(days=6)
# Three closed rings of roads in both directions, cut in three.
NETWORK = make_network(30)
NEVER_KNOWN = 4
_PEAK_HOUR = 17.0


def every(minutes: int, start: datetime = START, end: datetime = END) -> list[datetime]:
    """Observation times after a start, up to an end."""
    count = int((end - start).total_seconds()) // (60 * minutes)
    return [start + timedelta(minutes=minutes * step) for step in range(1, count + 1)]


def usual_ratio(at: datetime) -> float:
    """0.9 by night, 0.45 at the evening peak of a working day."""
    local = RENNES.local(at)
    is_off = local.weekday() >= 5 or (local.month, local.day) == (11, 11)
    hours = local.hour + local.minute / 60 - _PEAK_HOUR
    return float(0.9 - (0.1 if is_off else 0.45) * np.exp(-0.5 * (hours / 2) ** 2))


def write_city(
    data_dir: Path, times: Sequence[datetime], network: Network = NETWORK, seed: int = 7
) -> None:
    """A history of that rhythm with noise that lasts; a tenth of it unknown."""
    write_atomically(data_dir / "networks" / f"{network.version}.geojson", encode_network(network))
    generator = np.random.default_rng(seed)
    count = len(network)
    noise, noises, draws = np.zeros(count), [], []
    for _ in times:
        noise = 0.9 * noise + generator.normal(0, 0.03, count)
        noises.append(noise)
        draws.append(generator.random(count))
    usual = np.array([usual_ratio(at) for at in times])[:, np.newaxis]
    ratio = np.clip(usual + np.array(noises), 0.1, 1.2)
    status = np.where(np.array(draws) < 0.1, int(Status.UNKNOWN), int(Status.HEAVY))
    status[:, NEVER_KNOWN] = Status.UNKNOWN
    frame = pd.DataFrame(
        {
            "observed_at": pd.Series(times).repeat(count).array,
            "segment": np.tile(np.arange(count), len(times)),
            "status": status.ravel(),
            "speed_kmh": np.round(network.speed_limit_kmh * ratio).astype(int).ravel(),
            "travel_time_s": 10,
            "reliability_pct": 60,
            "probes": 3,
        }
    )
    for day, part in frame.groupby(frame["observed_at"].dt.date):
        writer.write_day(data_dir, "demo", day, Observations(network.version, part))
